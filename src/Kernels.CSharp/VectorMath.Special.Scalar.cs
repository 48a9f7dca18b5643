// The special functions of several arguments in the form that emitted code calls: scalars.
// A scalar is one lane of the 128-bit form, so it has the same bits as a lane of any vector.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static partial class VectorMath
{
    /// <summary>The angle of the point (x, y) in [-pi, pi]; edges as in C. Error below 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Atan2(double y, double x) =>
        InlineMath.Atan2(Vector128.Create(y), Vector128.Create(x)).ToScalar();

    /// <summary>
    /// The n-th derivative of digamma: (-1)^(n+1) n! sum of (x + k)^-(n+1) over k = 0, 1, ..., for n = 0, 1, ..., 170
    /// (NaN for any other n). Above n = 1 it is NaN below 0 and the pole (-1)^(n+1) infinity at 0. Error below 5 ulp
    /// for n > 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Polygamma(double n, double x) =>
        InlineMath.Polygamma(Vector128.Create(n), Vector128.Create(x)).ToScalar();

    /// <summary>
    /// The regularised lower incomplete gamma function P(a, x) = int_0^x t^(a-1) e^-t dt / gamma(a), a and x at least
    /// 0; P(0, x) = 1. Error below 16 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double GammaP(double a, double x) =>
        InlineMath.GammaP(Vector128.Create(a), Vector128.Create(x)).ToScalar();

    /// <summary>1 - P(a, x), full relative precision in the upper tail. Error below 16 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double GammaQ(double a, double x) =>
        InlineMath.GammaQ(Vector128.Create(a), Vector128.Create(x)).ToScalar();

    /// <summary>dP(a, x)/da, which is negative. Error below 64 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double GammaPByShape(double a, double x) =>
        InlineMath.GammaPByShape(Vector128.Create(a), Vector128.Create(x)).ToScalar();

    /// <summary>
    /// The regularised incomplete beta function I(a, b, x) = int_0^x t^(a-1) (1-t)^(b-1) dt / B(a, b) for 1e-300 &lt;
    /// a, b &lt; 1e100 and x in [0, 1]; NaN otherwise. Error below 16 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double BetaI(double a, double b, double x) =>
        InlineMath.BetaI(Vector128.Create(a), Vector128.Create(b), Vector128.Create(x)).ToScalar();

    /// <summary>dI(a, b, x)/da. Error below 1e-12 of the value, or below 1e-15 where shapes below 1 cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double BetaIByA(double a, double b, double x) =>
        InlineMath.BetaIByA(Vector128.Create(a), Vector128.Create(b), Vector128.Create(x)).ToScalar();

    /// <summary>dI(a, b, x)/db. Error below 1e-12 of the value, or below 1e-15 where shapes below 1 cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double BetaIByB(double a, double b, double x) =>
        InlineMath.BetaIByB(Vector128.Create(a), Vector128.Create(b), Vector128.Create(x)).ToScalar();
}
