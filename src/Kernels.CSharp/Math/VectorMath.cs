// The elementary and special functions in the form that emitted code calls: vectors.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>
/// Elementary and special functions of binary64, lane by lane, with the same bits for every vector width and for the
/// scalar form, on every machine (fused multiply-add throughout; the payload of a NaN is not specified). Out of line
/// and fully optimised at the first call; <see cref="InlineMath"/> is the form that inlines. Errors are in units in
/// the last place of the true value, measured against 50-digit values at some 4,000 points of each function.
/// </summary>
public static partial class VectorMath
{
    /// <summary>
    /// e^x; 0 at -infinity, infinity above 709.78; results in the subnormal range are rounded once. Error below 1
    /// ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Exp(Vector512<double> x) => InlineMath.Exp(x);

    /// <summary>e^x - 1, also for small x; -1 at -infinity; keeps -0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Expm1(Vector512<double> x) => InlineMath.Expm1(x);

    /// <summary>log x, subnormal x included; -infinity at 0, NaN below 0. Error below 1 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log(Vector512<double> x) => InlineMath.Log(x);

    /// <summary>log(1 + x), also for small x; -infinity at -1, NaN below; keeps -0. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log1p(Vector512<double> x) => InlineMath.Log1p(x);

    /// <summary>tanh x; keeps -0. Error below 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Tanh(Vector512<double> x) => InlineMath.Tanh(x);

    /// <summary>1/(1 + e^-x), full relative precision in the lower tail. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Sigmoid(Vector512<double> x) => InlineMath.Sigmoid(x);

    /// <summary>log(1 + e^x), full relative precision in the lower tail, x for large x. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Softplus(Vector512<double> x) => InlineMath.Softplus(x);

    /// <summary>2/sqrt(pi) int_0^x e^(-t^2) dt; keeps -0. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Erf(Vector512<double> x) => InlineMath.Erf(x);

    /// <summary>
    /// 1 - erf x, full relative precision in the upper tail down to the subnormal range. Error below 3.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Erfc(Vector512<double> x) => InlineMath.Erfc(x);

    /// <summary>
    /// log |gamma(x)|; infinity at 0, -1, -2, ... and at both infinities. Error below 2.5 ulp;
    /// below -1/2, where zeros lie close to poles, 4 ulp of the largest term of the reflection formula.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Lgamma(Vector512<double> x) => InlineMath.Lgamma(x);

    /// <summary>
    /// d/dx log gamma(x); -infinity at +0, infinity at -0, NaN at -1, -2, ... Error below 3 ulp; below 0, 8 ulp
    /// of the largest term of the reflection formula.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Digamma(Vector512<double> x) => InlineMath.Digamma(x);

    /// <summary>d^2/dx^2 log gamma(x); infinity at 0, -1, -2, ... Error below 3.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Trigamma(Vector512<double> x) => InlineMath.Trigamma(x);

    /// <summary>
    /// The standard normal distribution function, full relative precision in the lower tail. Error below 3.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Ndtr(Vector512<double> x) => InlineMath.Ndtr(x);

    /// <summary>
    /// log of the standard normal distribution function, full relative precision in both tails. Error below 3.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> LogNdtr(Vector512<double> x) => InlineMath.LogNdtr(x);

    /// <summary>
    /// The quantile function of the standard normal distribution; -infinity at 0, infinity at 1, NaN outside [0, 1].
    /// Error below 2 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Ndtri(Vector512<double> x) => InlineMath.Ndtri(x);

    /// <summary>
    /// sin x for every finite x (huge arguments by exact integer reduction); NaN at the infinities; keeps -0. Error
    /// below 1 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Sin(Vector512<double> x) => InlineMath.Sin(x);

    /// <summary>
    /// cos x for every finite x (huge arguments by exact integer reduction); NaN at the infinities. Error below 1
    /// ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Cos(Vector512<double> x) => InlineMath.Cos(x);

    /// <summary>
    /// x^y; edges as in C: 1 for y = 0 or x = 1, NaN for negative x with fractional y. Error below 1.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Pow(Vector512<double> x, Vector512<double> y) => InlineMath.Pow(x, y);

    /// <summary>tan x for every finite x; NaN at the infinities; keeps -0. Error below 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Tan(Vector512<double> x) => InlineMath.Tan(x);

    /// <summary>asin x; NaN outside [-1, 1]; keeps -0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Asin(Vector512<double> x) => InlineMath.Asin(x);

    /// <summary>acos x; NaN outside [-1, 1]. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Acos(Vector512<double> x) => InlineMath.Acos(x);

    /// <summary>atan x; keeps -0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Atan(Vector512<double> x) => InlineMath.Atan(x);

    /// <summary>sinh x; keeps -0. Error below 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Sinh(Vector512<double> x) => InlineMath.Sinh(x);

    /// <summary>cosh x. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Cosh(Vector512<double> x) => InlineMath.Cosh(x);

    /// <summary>asinh x; keeps -0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Asinh(Vector512<double> x) => InlineMath.Asinh(x);

    /// <summary>acosh x; NaN below 1. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Acosh(Vector512<double> x) => InlineMath.Acosh(x);

    /// <summary>atanh x; infinite at -1 and 1, NaN beyond; keeps -0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Atanh(Vector512<double> x) => InlineMath.Atanh(x);

    /// <summary>2^x, exact for integers; results in the subnormal range are rounded once. Error below 1 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Exp2(Vector512<double> x) => InlineMath.Exp2(x);

    /// <summary>log2 x, exact for powers of two; -infinity at 0, NaN below 0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log2(Vector512<double> x) => InlineMath.Log2(x);

    /// <summary>The cube root of x; keeps -0. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Cbrt(Vector512<double> x) => InlineMath.Cbrt(x);

    /// <summary>
    /// log(1 - e^x) for x at most 0, full precision near 0 and far below; -infinity at 0, NaN above. Error below 3.5
    /// ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Log1mExp(Vector512<double> x) => InlineMath.Log1mExp(x);

    /// <summary>The inverse of erf; infinite at -1 and 1, NaN beyond; keeps -0. Error below 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Erfinv(Vector512<double> x) => InlineMath.Erfinv(x);

    /// <summary>e^-|x| I0(x), the modified Bessel function of order 0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BesselI0e(Vector512<double> x) => InlineMath.BesselI0e(x);

    /// <summary>e^-|x| I1(x), the modified Bessel function of order 1; keeps -0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BesselI1e(Vector512<double> x) => InlineMath.BesselI1e(x);
}
