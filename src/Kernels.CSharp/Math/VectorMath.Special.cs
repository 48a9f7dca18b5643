// The special functions of several arguments in the form that emitted code calls: vectors.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static partial class VectorMath
{
    /// <summary>The angle of the point (x, y) in [-pi, pi]; edges as in C. Error below 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Atan2(Vector512<double> y, Vector512<double> x) => InlineMath.Atan2(y, x);

    /// <summary>
    /// The n-th derivative of digamma: (-1)^(n+1) n! sum of (x + k)^-(n+1) over k = 0, 1, ..., for n = 0, 1, ..., 170
    /// (NaN for any other n). Above n = 1 it is NaN below 0 and the pole (-1)^(n+1) infinity at 0. Error below 5 ulp
    /// for n > 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Polygamma(Vector512<double> n, Vector512<double> x) => InlineMath.Polygamma(n, x);

    /// <summary>
    /// The regularised lower incomplete gamma function P(a, x) = int_0^x t^(a-1) e^-t dt / gamma(a), a and x at least
    /// 0; P(0, x) = 1. Error below 16 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> GammaP(Vector512<double> a, Vector512<double> x) => InlineMath.GammaP(a, x);

    /// <summary>1 - P(a, x), full relative precision in the upper tail. Error below 16 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> GammaQ(Vector512<double> a, Vector512<double> x) => InlineMath.GammaQ(a, x);

    /// <summary>dP(a, x)/da, which is negative. Error below 64 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> GammaPByShape(Vector512<double> a, Vector512<double> x) =>
        InlineMath.GammaPByShape(a, x);

    /// <summary>
    /// The regularised incomplete beta function I(a, b, x) = int_0^x t^(a-1) (1-t)^(b-1) dt / B(a, b) for 1e-300 &lt;
    /// a, b &lt; 1e100 and x in [0, 1]; NaN otherwise. Error below 16 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BetaI(Vector512<double> a, Vector512<double> b, Vector512<double> x) =>
        InlineMath.BetaI(a, b, x);

    /// <summary>dI(a, b, x)/da. Error below 1e-12 of the value, or below 1e-15 where shapes below 1 cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BetaIByA(Vector512<double> a, Vector512<double> b, Vector512<double> x) =>
        InlineMath.BetaIByA(a, b, x);

    /// <summary>dI(a, b, x)/db. Error below 1e-12 of the value, or below 1e-15 where shapes below 1 cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BetaIByB(Vector512<double> a, Vector512<double> b, Vector512<double> x) =>
        InlineMath.BetaIByB(a, b, x);
}
