// The keyed streams of tensor programs: which Philox counters serve key derivation, uniform numbers and raw bits.
// The reference evaluator and every engine call these functions, so that a key means the same draws everywhere.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

/// <summary>
/// Draws of a 64-bit key (first key word low). The fourth counter word tells the purposes apart, so that deriving keys and
/// drawing numbers from one key never share a block.
/// </summary>
public static class RandomStream
{
    private const uint FoldTag = 0x666F6C64; // "fold"
    private const uint UniformTag = 0x756E6966; // "unif"
    private const uint BitsTag = 0x62697473; // "bits"

    /// <summary>The key of two key words as they lie in an i32[2] tensor.</summary>
    public static ulong Key(int first, int second) => (uint)first | ((ulong)(uint)second << 32);

    /// <summary>The key derived from a key and a number: the first two words of the block (data, 0, 0, "fold").</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong FoldIn(ulong key, int data)
    {
        var (w0, w1, _, _) = Philox.Block((uint)data, 0, 0, FoldTag, (uint)key, (uint)(key >> 32));
        return w0 | ((ulong)w1 << 32);
    }

    /// <summary>Uniform numbers in (0, 1): elements 2b and 2b + 1 from block (b, 0, 0, "unif").</summary>
    public static void Uniform(Span<double> result, ulong key) =>
        Philox.FillUniform(result, 0, (ulong)UniformTag << 32, key);

    /// <summary>Random words: elements 4b to 4b + 3 from block (b, 0, 0, "bits").</summary>
    public static void Bits(Span<uint> result, ulong key) => Philox.Fill(result, 0, (ulong)BitsTag << 32, key);
}
