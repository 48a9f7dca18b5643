// A vector of reals inside a model. Relies on IValue and Real. Read RealMat next.
using System;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>
/// A vector of reals inside a model. Operators work element by element; a <see cref="Real"/> beside a vector acts on
/// every element. Vectors of different lengths do not mix (PPL5001).
/// </summary>
public sealed class RealVec : IRealValue<RealVec>
{
    // A scalar that stands for any number of equal elements has rank 0: it takes the length of what it meets.
    internal RealVec(Tensor tensor) => Tensor = Shapes.RequireAtMost(tensor, 1, nameof(RealVec));

    /// <inheritdoc/>
    public static int Rank => 1;

    /// <inheritdoc/>
    public Tensor Tensor { get; }

    /// <summary>The number of elements.</summary>
    public int Length => Shapes.Extent(Tensor, 0, nameof(RealVec));

    /// <summary>The element at a place, counted from 0.</summary>
    public Real this[int index] => new(Tensor[index]);

    /// <summary>The elements at these places, counted from 0: element i of the result is element indices[i].</summary>
    public RealVec this[int[] indices] => new(Shapes.Take(Tensor, indices, nameof(RealVec)));

    /// <summary>The elements at these places, which may be random.</summary>
    public RealVec this[IntVec indices] => new(Moves.take(0, indices.Tensor, Tensor));

    /// <summary>A run of elements, as in <c>x[1..]</c>.</summary>
    public RealVec this[Range range]
    {
        get
        {
            var (start, length) = range.GetOffsetAndLength(Length);
            return new(Moves.slice(0, start, start + length, Tensor));
        }
    }

    /// <inheritdoc/>
    public static RealVec Of(Tensor tensor) => new(tensor);

    /// <summary>Known numbers; they are copied.</summary>
    public static implicit operator RealVec(double[] values) => new(Tensor.OfFloats(Guard.Given(values)));

    /// <summary>Known integers as reals.</summary>
    public static implicit operator RealVec(int[] values) => new(Elementwise.toFloat(Tensor.OfInts(Guard.Given(values))));

    /// <summary>The same number for every element.</summary>
    public static implicit operator RealVec(double value) => new(Tensor.OfFloat(value));

    /// <summary>The same number for every element.</summary>
    public static implicit operator RealVec(Real value) => new(value.Tensor);

    /// <summary>Integers as reals.</summary>
    public static implicit operator RealVec(IntVec values) => new(Elementwise.toFloat(values.Tensor));

    /// <summary>-x</summary>
    public static RealVec operator -(RealVec x) => new(-x.Tensor);

    /// <summary>The sum, element by element.</summary>
    public static RealVec operator +(RealVec x, RealVec y) => new(x.Tensor + y.Tensor);

    /// <summary>The difference, element by element.</summary>
    public static RealVec operator -(RealVec x, RealVec y) => new(x.Tensor - y.Tensor);

    /// <summary>The product, element by element.</summary>
    public static RealVec operator *(RealVec x, RealVec y) => new(x.Tensor * y.Tensor);

    /// <summary>The quotient, element by element.</summary>
    public static RealVec operator /(RealVec x, RealVec y) => new(x.Tensor / y.Tensor);

    /// <summary>The value, or that it is traced.</summary>
    public override string ToString() => Tensor.ToString();
}
