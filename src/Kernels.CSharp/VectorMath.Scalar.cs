// The elementary and special functions in the form that emitted code calls: scalars.
// A scalar is one lane of the 128-bit form, so it has the same bits as a lane of any vector.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static partial class VectorMath
{
    /// <summary>
    /// e^x; 0 at -infinity, infinity above 709.78; results in the subnormal range are rounded once. Error below 1
    /// ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Exp(double x) => InlineMath.Exp(Vector128.Create(x)).ToScalar();

    /// <summary>e^x - 1, also for small x; -1 at -infinity; keeps -0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Expm1(double x) => InlineMath.Expm1(Vector128.Create(x)).ToScalar();

    /// <summary>log x, subnormal x included; -infinity at 0, NaN below 0. Error below 1 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Log(double x) => InlineMath.Log(Vector128.Create(x)).ToScalar();

    /// <summary>log(1 + x), also for small x; -infinity at -1, NaN below; keeps -0. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Log1p(double x) => InlineMath.Log1p(Vector128.Create(x)).ToScalar();

    /// <summary>tanh x; keeps -0. Error below 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Tanh(double x) => InlineMath.Tanh(Vector128.Create(x)).ToScalar();

    /// <summary>1/(1 + e^-x), full relative precision in the lower tail. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sigmoid(double x) => InlineMath.Sigmoid(Vector128.Create(x)).ToScalar();

    /// <summary>log(1 + e^x), full relative precision in the lower tail, x for large x. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Softplus(double x) => InlineMath.Softplus(Vector128.Create(x)).ToScalar();

    /// <summary>2/sqrt(pi) int_0^x e^(-t^2) dt; keeps -0. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Erf(double x) => InlineMath.Erf(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// 1 - erf x, full relative precision in the upper tail down to the subnormal range. Error below 3.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Erfc(double x) => InlineMath.Erfc(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// log |gamma(x)|; infinity at 0, -1, -2, ... and at both infinities. Error below 2.5 ulp;
    /// below -1/2, where zeros lie close to poles, 4 ulp of the largest term of the reflection formula.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Lgamma(double x) => InlineMath.Lgamma(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// d/dx log gamma(x); -infinity at +0, infinity at -0, NaN at -1, -2, ... Error below 3 ulp; below 0, 8 ulp
    /// of the largest term of the reflection formula.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Digamma(double x) => InlineMath.Digamma(Vector128.Create(x)).ToScalar();

    /// <summary>d^2/dx^2 log gamma(x); infinity at 0, -1, -2, ... Error below 3.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Trigamma(double x) => InlineMath.Trigamma(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// The standard normal distribution function, full relative precision in the lower tail. Error below 3.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Ndtr(double x) => InlineMath.Ndtr(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// log of the standard normal distribution function, full relative precision in both tails. Error below 3.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double LogNdtr(double x) => InlineMath.LogNdtr(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// The quantile function of the standard normal distribution; -infinity at 0, infinity at 1, NaN outside [0, 1].
    /// Error below 2 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Ndtri(double x) => InlineMath.Ndtri(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// sin x for every finite x (huge arguments by exact integer reduction); NaN at the infinities; keeps -0. Error
    /// below 1 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sin(double x) => InlineMath.Sin(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// cos x for every finite x (huge arguments by exact integer reduction); NaN at the infinities. Error below 1
    /// ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Cos(double x) => InlineMath.Cos(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// x^y; edges as in C: 1 for y = 0 or x = 1, NaN for negative x with fractional y. Error below 1.5 ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Pow(double x, double y) => InlineMath.Pow(Vector128.Create(x), Vector128.Create(y)).ToScalar();

    /// <summary>tan x for every finite x; NaN at the infinities; keeps -0. Error below 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Tan(double x) => InlineMath.Tan(Vector128.Create(x)).ToScalar();

    /// <summary>asin x; NaN outside [-1, 1]; keeps -0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Asin(double x) => InlineMath.Asin(Vector128.Create(x)).ToScalar();

    /// <summary>acos x; NaN outside [-1, 1]. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Acos(double x) => InlineMath.Acos(Vector128.Create(x)).ToScalar();

    /// <summary>atan x; keeps -0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Atan(double x) => InlineMath.Atan(Vector128.Create(x)).ToScalar();

    /// <summary>sinh x; keeps -0. Error below 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sinh(double x) => InlineMath.Sinh(Vector128.Create(x)).ToScalar();

    /// <summary>cosh x. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Cosh(double x) => InlineMath.Cosh(Vector128.Create(x)).ToScalar();

    /// <summary>asinh x; keeps -0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Asinh(double x) => InlineMath.Asinh(Vector128.Create(x)).ToScalar();

    /// <summary>acosh x; NaN below 1. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Acosh(double x) => InlineMath.Acosh(Vector128.Create(x)).ToScalar();

    /// <summary>atanh x; infinite at -1 and 1, NaN beyond; keeps -0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Atanh(double x) => InlineMath.Atanh(Vector128.Create(x)).ToScalar();

    /// <summary>2^x, exact for integers; results in the subnormal range are rounded once. Error below 1 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Exp2(double x) => InlineMath.Exp2(Vector128.Create(x)).ToScalar();

    /// <summary>log2 x, exact for powers of two; -infinity at 0, NaN below 0. Error below 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Log2(double x) => InlineMath.Log2(Vector128.Create(x)).ToScalar();

    /// <summary>The cube root of x; keeps -0. Error below 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Cbrt(double x) => InlineMath.Cbrt(Vector128.Create(x)).ToScalar();

    /// <summary>
    /// log(1 - e^x) for x at most 0, full precision near 0 and far below; -infinity at 0, NaN above. Error below 3.5
    /// ulp.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Log1mExp(double x) => InlineMath.Log1mExp(Vector128.Create(x)).ToScalar();

    /// <summary>The inverse of erf; infinite at -1 and 1, NaN beyond; keeps -0. Error below 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Erfinv(double x) => InlineMath.Erfinv(Vector128.Create(x)).ToScalar();

    /// <summary>e^-|x| I0(x), the modified Bessel function of order 0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double BesselI0e(double x) => InlineMath.BesselI0e(Vector128.Create(x)).ToScalar();

    /// <summary>e^-|x| I1(x), the modified Bessel function of order 1; keeps -0. Error below 4 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double BesselI1e(double x) => InlineMath.BesselI1e(Vector128.Create(x)).ToScalar();
}
