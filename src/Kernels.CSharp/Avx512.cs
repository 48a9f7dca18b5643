// The one operation that AVX-512 has as an instruction and that is dear without it. It is exact up to one final rounding, so
// that its portable form (Lanes.Scale) has the same bits; the tests compare them by running with AVX-512 switched off.
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
}
