// Two operations that AVX-512 has as one instruction each. They are defined exactly, so that their portable forms in
// Lanes.cs (Scale, LogEdges) have the same bits; the tests compare them by running with AVX-512 switched off.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

internal static class Avx512
{
    internal static bool IsSupported
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.VL.IsSupported;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Scale(Vector512<double> p, Vector512<double> n) => Avx512F.Scale(p, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Scale(Vector256<double> p, Vector256<double> n) => Avx512F.VL.Scale(p, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<double> Scale(Vector128<double> p, Vector128<double> n) => Avx512F.VL.Scale(p, n);

    // What vfixupimm makes of each class of x, four bits a class, from the lowest: quiet and signalling NaN: NaN;
    // 0: -infinity; 1: keep; -infinity: NaN; infinity: infinity; other negative: NaN; other positive: keep.
    private const long LogTable = 0x03530422;

    /// <summary>log, but as <see cref="Lanes"/>.LogEdges says where x is not positive and finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> LogEdges(Vector512<double> x, Vector512<double> log) =>
        Avx512F.Fixup(log, x, Vector512.Create(LogTable), 0);

    /// <inheritdoc cref="LogEdges(Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> LogEdges(Vector256<double> x, Vector256<double> log) =>
        Avx512F.VL.Fixup(log, x, Vector256.Create(LogTable), 0);

    /// <inheritdoc cref="LogEdges(Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<double> LogEdges(Vector128<double> x, Vector128<double> log) =>
        Avx512F.VL.Fixup(log, x, Vector128.Create(LogTable), 0);
}
