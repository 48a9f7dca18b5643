// Tensors for C#, for `using static Ppl.Tensors`. Thin: the functions are Ppl.Core.Tensors.Ops; the operators + - * / belong to
// Tensor.
using Ppl.Core;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>
/// Making tensors and computing with them. Arguments of functions of two tensors are broadcast against each other, right-aligned; shapes
/// that do not fit are an error (PPL5001).
/// </summary>
public static class Tensors
{
    /// <summary>A real scalar.</summary>
    public static Tensor Scalar(double x) => Tensor.OfFloat(x);

    /// <summary>A real vector.</summary>
    public static Tensor Vector(params double[] xs) => Tensor.OfFloats(Guard.Given(xs));

    /// <summary>A vector of integers.</summary>
    public static Tensor Vector(params int[] xs) => Tensor.OfInts(Guard.Given(xs));

    /// <summary>A real matrix.</summary>
    public static Tensor Matrix(double[,] xs) => Tensor.OfMatrix(Guard.Given(xs));

    /// <summary>Real zeros: f64[shape].</summary>
    public static Tensor Zeros(params int[] shape) => Fill(0, shape);

    /// <summary>One real number everywhere: f64[shape].</summary>
    public static Tensor Fill(double x, params int[] shape) =>
        Moves.fill(new(DType.F64, Shape.OfArray(Guard.Given(shape))), x);

    // ---- elementwise

    /// <summary>e^x</summary>
    public static Tensor Exp(Tensor x) => Elementwise.exp(x);

    /// <summary>ln x</summary>
    public static Tensor Log(Tensor x) => Elementwise.log(x);

    /// <summary>The square root.</summary>
    public static Tensor Sqrt(Tensor x) => Elementwise.sqrt(x);

    /// <summary>x^2</summary>
    public static Tensor Square(Tensor x) => Elementwise.square(x);

    /// <summary>|x|</summary>
    public static Tensor Abs(Tensor x) => Elementwise.abs(x);

    /// <summary>sin x</summary>
    public static Tensor Sin(Tensor x) => Elementwise.sin(x);

    /// <summary>cos x</summary>
    public static Tensor Cos(Tensor x) => Elementwise.cos(x);

    /// <summary>tanh x</summary>
    public static Tensor Tanh(Tensor x) => Elementwise.tanh(x);

    /// <summary>1 / (1 + e^-x)</summary>
    public static Tensor Sigmoid(Tensor x) => Elementwise.sigmoid(x);

    /// <summary>ln(1 + e^x)</summary>
    public static Tensor Softplus(Tensor x) => Elementwise.softplus(x);

    /// <summary>x^y</summary>
    public static Tensor Pow(Tensor x, Tensor y) => Elementwise.pow(x, y);

    /// <summary>The larger.</summary>
    public static Tensor Max(Tensor x, Tensor y) => Elementwise.max(x, y);

    /// <summary>The smaller.</summary>
    public static Tensor Min(Tensor x, Tensor y) => Elementwise.min(x, y);

    /// <summary>x where the condition holds, else y.</summary>
    public static Tensor Select(Tensor condition, Tensor x, Tensor y) => Elementwise.select(condition, x, y);

    /// <summary>Whether x &lt; y.</summary>
    public static Tensor Less(Tensor x, Tensor y) => Elementwise.less(x, y);

    /// <summary>Whether x &gt; y.</summary>
    public static Tensor Greater(Tensor x, Tensor y) => Elementwise.greater(x, y);

    // ---- reductions

    /// <summary>The sum over axes; over all axes if none is named.</summary>
    public static Tensor Sum(Tensor x, params int[] axes) =>
        Guard.Given(axes).Length == 0 ? Reductions.sum(x) : Reductions.sumAlong(axes, x);

    /// <summary>The mean of all elements.</summary>
    public static Tensor Mean(Tensor x) => Reductions.mean(x);

    /// <summary>ln of the sum of e^x over axes; over all axes if none is named.</summary>
    public static Tensor LogSumExp(Tensor x, params int[] axes) =>
        Guard.Given(axes).Length == 0 ? Reductions.logSumExp(x) : Reductions.logSumExpAlong(axes, x);

    // ---- rearrangement and access

    /// <summary>The same elements in row-major order under another shape.</summary>
    public static Tensor Reshape(Tensor x, params int[] shape) => Moves.reshape(Shape.OfArray(Guard.Given(shape)), x);

    /// <summary>Axis i of the result is axis permutation[i] of x.</summary>
    public static Tensor Transpose(Tensor x, params int[] permutation) => Moves.transpose(Guard.Given(permutation), x);

    /// <summary>Tensors one after the other along an axis.</summary>
    public static Tensor Concat(int axis, params Tensor[] xs) => Moves.concat(axis, Guard.Given(xs));

    /// <summary>Tensors of one shape as the elements of a new first axis.</summary>
    public static Tensor Stack(params Tensor[] xs) => Moves.stack(Guard.Given(xs));

    /// <summary>The elements of x along an axis at these places.</summary>
    public static Tensor Take(Tensor x, Tensor indices, int axis = 0) => Moves.take(axis, indices, x);

    // ---- linear algebra

    /// <summary>The product over the last axis of x and the first of y: inner, matrix-vector and matrix-matrix products.</summary>
    public static Tensor Dot(Tensor x, Tensor y) => Matrices.dot(x, y);

    /// <summary>The lower triangular L with L L' = x.</summary>
    public static Tensor Cholesky(Tensor x) => Matrices.cholesky(x);

    // ---- Fourier transforms along the last axis

    /// <summary>y_k = the sum over j of x_j e^(-2 pi i j k / n), of any length n; real and imaginary parts of one type.</summary>
    public static (Tensor Re, Tensor Im) Fft(Tensor re, Tensor im) => Fourier.fft(re, im);

    /// <summary>The inverse of Fft: x_j = 1/n times the sum over k of y_k e^(2 pi i j k / n).</summary>
    public static (Tensor Re, Tensor Im) InverseFft(Tensor re, Tensor im) => Fourier.ifft(re, im);

    /// <summary>The first n / 2 + 1 elements of the Fourier transform of n real numbers; the others are their conjugates.</summary>
    public static (Tensor Re, Tensor Im) RealFft(Tensor x) => Fourier.rfft(x);

    /// <summary>The n real numbers whose transform begins with these n / 2 + 1 elements.</summary>
    public static Tensor InverseRealFft(int n, Tensor re, Tensor im) => Fourier.irfft(n, re, im);

    /// <summary>The full convolution z_k = the sum over j of x_j y_(k-j), by Fourier transforms.</summary>
    public static Tensor FftConvolve(Tensor x, Tensor y) => Fourier.fftConvolve(x, y);
}
