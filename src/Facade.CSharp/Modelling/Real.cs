// A real number inside a model. Relies on IValue. Read RealVec next.
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>
/// A real number inside a model: known, or a random quantity while the model is traced. There are no comparison
/// operators: <c>if (mu &gt; 0)</c> does not compile, because one program must serve all values of mu.
/// </summary>
public sealed class Real : IRealValue<Real>
{
    internal Real(Tensor tensor) => Tensor = Shapes.Require(tensor, 0, nameof(Real));

    /// <inheritdoc/>
    public static int Rank => 0;

    /// <inheritdoc/>
    public Tensor Tensor { get; }

    /// <inheritdoc/>
    public static Real Of(Tensor tensor) => new(tensor);

    /// <summary>A known number.</summary>
    public static implicit operator Real(double value) => new(Tensor.OfFloat(value));

    /// <summary>An integer as a real.</summary>
    public static implicit operator Real(Int value) => new(Elementwise.toFloat(value.Tensor));

    /// <summary>-x</summary>
    public static Real operator -(Real x) => new(-x.Tensor);

    /// <summary>The sum.</summary>
    public static Real operator +(Real x, Real y) => new(x.Tensor + y.Tensor);

    /// <summary>The difference.</summary>
    public static Real operator -(Real x, Real y) => new(x.Tensor - y.Tensor);

    /// <summary>The product.</summary>
    public static Real operator *(Real x, Real y) => new(x.Tensor * y.Tensor);

    /// <summary>The quotient.</summary>
    public static Real operator /(Real x, Real y) => new(x.Tensor / y.Tensor);

    /// <summary>The sum, element by element.</summary>
    public static RealVec operator +(Real x, RealVec y) => new(x.Tensor + y.Tensor);

    /// <summary>The difference, element by element.</summary>
    public static RealVec operator -(Real x, RealVec y) => new(x.Tensor - y.Tensor);

    /// <summary>The product, element by element.</summary>
    public static RealVec operator *(Real x, RealVec y) => new(x.Tensor * y.Tensor);

    /// <summary>The quotient, element by element.</summary>
    public static RealVec operator /(Real x, RealVec y) => new(x.Tensor / y.Tensor);

    /// <summary>The sum, element by element.</summary>
    public static RealVec operator +(RealVec x, Real y) => new(x.Tensor + y.Tensor);

    /// <summary>The difference, element by element.</summary>
    public static RealVec operator -(RealVec x, Real y) => new(x.Tensor - y.Tensor);

    /// <summary>The product, element by element.</summary>
    public static RealVec operator *(RealVec x, Real y) => new(x.Tensor * y.Tensor);

    /// <summary>The quotient, element by element.</summary>
    public static RealVec operator /(RealVec x, Real y) => new(x.Tensor / y.Tensor);

    /// <summary>The value, or that it is traced.</summary>
    public override string ToString() => Tensor.ToString();
}
