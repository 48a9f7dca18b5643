// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw (2011): one block, spans, eight blocks
// at a time. A pure function of (counter, key): no state, so any block can be computed anywhere, in any order, with
// the same bits.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>Philox4x32 with ten rounds: (128-bit counter, 64-bit key) -> four 32-bit words.</summary>
public static class Philox
{
    private const uint MultiplierA = 0xD2511F53;
    private const uint MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9; // the golden ratio
    private const uint WeylB = 0xBB67AE85; // sqrt(3) - 1
    private const int Rounds = 10;

    /// <summary>One block: counter words c0 (least significant) to c3, key words k0 and k1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (uint W0, uint W1, uint W2, uint W3) Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var a = (ulong)MultiplierA * c0;
            var b = (ulong)MultiplierB * c2;
            (c0, c1, c2, c3) = ((uint)(b >> 32) ^ c1 ^ k0, (uint)b, (uint)(a >> 32) ^ c3 ^ k1, (uint)a);
            k0 += WeylA;
            k1 += WeylB;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>One block as two 64-bit words, W0 + 2^32 W1 and W2 + 2^32 W3, of the counter high 2^64 + low.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (ulong First, ulong Second) Block(ulong counterLow, ulong counterHigh, ulong key)
    {
        var (w0, w1, w2, w3) = Block(
            (uint)counterLow, (uint)(counterLow >> 32), (uint)counterHigh, (uint)(counterHigh >> 32), (uint)key,
                (uint)(key >> 32));
        return (w0 | ((ulong)w1 << 32), w2 | ((ulong)w3 << 32));
    }

    /// <summary>
    /// The uniform number of 64 random bits: (floor(bits / 2^12) + 1/2) / 2^52, in [2^-53, 1 - 2^-53]: never 0 or 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToUniform(ulong bits) =>
        BitConverter.UInt64BitsToDouble((bits >> 12) | 0x3FF0000000000000) - (1.0 - 1.1102230246251565e-16);

    /// <summary>The two uniform numbers of one block; see <see cref="ToUniform(ulong)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double First, double Second) Uniforms(ulong counterLow, ulong counterHigh, ulong key)
    {
        var (first, second) = Block(counterLow, counterHigh, key);
        return (ToUniform(first), ToUniform(second));
    }

    /// <summary>
    /// Fills with the words of the blocks counter, counter + 1, ...: result[4i + j] = word j of block counterLow + i
    /// (the low half of the counter wraps round within itself).
    /// </summary>
    public static void Fill(Span<uint> result, ulong counterLow, ulong counterHigh, ulong key)
    {
        Span<uint> last = stackalloc uint[4];
        for (var i = 0; i < result.Length; i += 4)
        {
            var (first, second) = Block(unchecked(counterLow + (ulong)(i >> 2)), counterHigh, key);
            last[0] = (uint)first;
            last[1] = (uint)(first >> 32);
            last[2] = (uint)second;
            last[3] = (uint)(second >> 32);
            last[..Math.Min(4, result.Length - i)].CopyTo(result[i..]);
        }
    }

    /// <summary>
    /// Fills with uniform numbers in (0, 1): result[2i] and result[2i + 1] are those of block counterLow + i.
    /// </summary>
    public static unsafe void FillUniform(Span<double> result, ulong counterLow, ulong counterHigh, ulong key)
    {
        fixed (double* p = result)
        {
            FillUniform(p, result.Length, counterLow, counterHigh, key);
        }
    }

    /// <summary>The same on raw memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static unsafe void FillUniform(double* result, nint count, ulong counterLow, ulong counterHigh, ulong key)
    {
        nint i = 0;
        for (; i + 16 <= count; i += 16)
        {
            var counters = Vector512.Create(unchecked(counterLow + (ulong)(i >> 1))) + Vector512<ulong>.Indices;
            var (first, second) = Uniforms(counters, Vector512.Create(counterHigh), key);
            Interleave(first, second, result + i);
        }

        const int SingleBlocks = 3; // so many one by one take less time than eight at once
        if (count - i > 2 * SingleBlocks)
        {
            var rest = stackalloc double[16];
            FillUniform(rest, 16, unchecked(counterLow + (ulong)(i >> 1)), counterHigh, key);
            new ReadOnlySpan<double>(rest, (int)(count - i)).CopyTo(new Span<double>(result + i, (int)(count - i)));
            return;
        }

        for (; i < count; i += 2)
        {
            var (first, second) = Uniforms(unchecked(counterLow + (ulong)(i >> 1)), counterHigh, key);
            result[i] = first;
            if (i + 1 < count)
            {
                result[i + 1] = second;
            }
        }
    }

    /// <summary>
    /// Eight blocks: lane l holds the two 64-bit words of the block of counterLow[l], counterHigh[l].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (Vector512<ulong> First, Vector512<ulong> Second) Block(
        Vector512<ulong> counterLow, Vector512<ulong> counterHigh, ulong key) => Blocks(counterLow, counterHigh, key);

    /// <summary>Eight blocks as uniform numbers; see <see cref="ToUniform(ulong)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (Vector512<double> First, Vector512<double> Second) Uniforms(
        Vector512<ulong> counterLow, Vector512<ulong> counterHigh, ulong key)
    {
        var (first, second) = Blocks(counterLow, counterHigh, key);
        return (ToUniform(first), ToUniform(second));
    }

    // Every 64-bit lane carries one 32-bit word in its low half; the high half is ignored by the 32-bit products.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ulong> First, Vector512<ulong> Second) Blocks(
        Vector512<ulong> counterLow, Vector512<ulong> counterHigh, ulong key)
    {
        var (c0, c1, c2, c3) = (counterLow, counterLow >> 32, counterHigh, counterHigh >> 32);
        var (k0, k1) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            var a = LowHalfProduct(c0, MultiplierA);
            var b = LowHalfProduct(c2, MultiplierB);
            (c0, c1, c2, c3) = ((b >> 32) ^ c1 ^ Vector512.Create((ulong)k0), b,
                (a >> 32) ^ c3 ^ Vector512.Create((ulong)k1), a);
            k0 += WeylA;
            k1 += WeylB;
        }

        var low = Vector512.Create(0xFFFFFFFFUL);
        return ((c0 & low) | (c1 << 32), (c2 & low) | (c3 << 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> LowHalfProduct(Vector512<ulong> x, uint multiplier)
    {
        if (System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
        {
            return System.Runtime.Intrinsics.X86.Avx512F.Multiply(x.AsUInt32(),
                Vector512.Create(multiplier).AsUInt32());
        }

        return (x & Vector512.Create(0xFFFFFFFFUL)) * Vector512.Create((ulong)multiplier);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ToUniform(Vector512<ulong> bits) =>
        ((bits >> 12) | Vector512.Create(0x3FF0000000000000UL)).AsDouble() - Vector512.Create(1.0
            - 1.1102230246251565e-16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Interleave(Vector512<double> first, Vector512<double> second, double* result)
    {
        Vector512.Shuffle(first, Vector512.Create(0L, 0, 1, 1, 2, 2, 3, 3)).Store(result);
        Vector512.Shuffle(first, Vector512.Create(4L, 4, 5, 5, 6, 6, 7, 7)).Store(result + 8);
        var odd = Vector512.Create(0L, -1, 0, -1, 0, -1, 0, -1).AsDouble();
        var low = Vector512.Shuffle(second, Vector512.Create(0L, 0, 1, 1, 2, 2, 3, 3));
        var high = Vector512.Shuffle(second, Vector512.Create(4L, 4, 5, 5, 6, 6, 7, 7));
        Vector512.ConditionalSelect(odd, low, Vector512.Load(result)).Store(result);
        Vector512.ConditionalSelect(odd, high, Vector512.Load(result + 8)).Store(result + 8);
    }
}
