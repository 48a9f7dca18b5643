// Functions of values inside a model, for `using static Ppl.Fn`. Thin: the functions are Ppl.Core.Tensors.Ops.
using System.Linq;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>Functions of values inside a model: element by element, sums and products.</summary>
public static class Fn
{
    /// <summary>e^x</summary>
    public static T Exp<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.exp(x.Tensor));

    /// <summary>e^x - 1, accurate near 0.</summary>
    public static T Expm1<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.expm1(x.Tensor));

    /// <summary>ln x</summary>
    public static T Log<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.log(x.Tensor));

    /// <summary>ln(1 + x), accurate near 0.</summary>
    public static T Log1p<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.log1p(x.Tensor));

    /// <summary>The square root.</summary>
    public static T Sqrt<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.sqrt(x.Tensor));

    /// <summary>x^2</summary>
    public static T Square<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.square(x.Tensor));

    /// <summary>|x|</summary>
    public static T Abs<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.abs(x.Tensor));

    /// <summary>sin x</summary>
    public static T Sin<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.sin(x.Tensor));

    /// <summary>cos x</summary>
    public static T Cos<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.cos(x.Tensor));

    /// <summary>tanh x</summary>
    public static T Tanh<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.tanh(x.Tensor));

    /// <summary>1/(1 + e^-x)</summary>
    public static T Sigmoid<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.sigmoid(x.Tensor));

    /// <summary>ln(x/(1 - x))</summary>
    public static T Logit<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.logit(x.Tensor));

    /// <summary>ln(1 + e^x)</summary>
    public static T Softplus<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.softplus(x.Tensor));

    /// <summary>The cumulative distribution function of the standard normal distribution.</summary>
    public static T NormalCdf<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.ndtr(x.Tensor));

    /// <summary>ln |Gamma(x)|</summary>
    public static T LogGamma<T>(T x)
        where T : IRealValue<T> => T.Of(Elementwise.lgamma(x.Tensor));

    /// <summary>x to a power.</summary>
    public static T Pow<T>(T x, Real exponent)
        where T : IRealValue<T> => T.Of(Elementwise.pow(x.Tensor, exponent.Tensor));

    /// <summary>The larger, element by element.</summary>
    public static T Max<T>(T x, T y)
        where T : IRealValue<T> => T.Of(Elementwise.max(x.Tensor, y.Tensor));

    /// <summary>The smaller, element by element.</summary>
    public static T Min<T>(T x, T y)
        where T : IRealValue<T> => T.Of(Elementwise.min(x.Tensor, y.Tensor));

    /// <summary>ln(e^x + e^y), element by element, without overflow.</summary>
    public static T LogAddExp<T>(T x, T y)
        where T : IRealValue<T> => T.Of(Reductions.logAddExp(x.Tensor, y.Tensor));

    /// <summary>The sum of all elements.</summary>
    public static Real Sum(RealVec x) => new(Reductions.sum(x.Tensor));

    /// <summary>The sum of all elements.</summary>
    public static Real Sum(RealMat x) => new(Reductions.sum(x.Tensor));

    /// <summary>The arithmetic mean of all elements.</summary>
    public static Real Mean(RealVec x) => new(Reductions.mean(x.Tensor));

    /// <summary>ln of the sum of e^x over all elements, without overflow.</summary>
    public static Real LogSumExp(RealVec x) => new(Reductions.logSumExp(x.Tensor));

    /// <summary>Running sums: element i is x[0] + ... + x[i].</summary>
    public static RealVec CumulativeSum(RealVec x) => new(Reductions.cumulativeSum(0, x.Tensor));

    /// <summary>The inner product, sum of x[i] y[i].</summary>
    public static Real Dot(RealVec x, RealVec y) => new(Matrices.dot(x.Tensor, y.Tensor));

    /// <summary>The matrix-vector product: element i is the sum of x[i, j] y[j].</summary>
    public static RealVec Dot(RealMat x, RealVec y) => new(Matrices.dot(x.Tensor, y.Tensor));

    /// <summary>The matrix product.</summary>
    public static RealMat Dot(RealMat x, RealMat y) => new(Matrices.dot(x.Tensor, y.Tensor));

    /// <summary>The transposed matrix.</summary>
    public static RealMat Transpose(RealMat x) => new(Moves.transpose([1, 0], x.Tensor));

    /// <summary>The lower triangular L with L L' = x, for a symmetric positive definite x.</summary>
    public static RealMat Cholesky(RealMat x) => new(Matrices.cholesky(x.Tensor));

    /// <summary>Numbers as a vector.</summary>
    public static RealVec Stack(params Real[] elements) =>
        new(Moves.stack(Guard.Given(elements).Select(static x => x.Tensor).ToArray()));

    /// <summary>Vectors one after the other.</summary>
    public static RealVec Concat(params RealVec[] parts) =>
        new(Moves.concat(0, Guard.Given(parts).Select(static x => x.Tensor).ToArray()));
}
