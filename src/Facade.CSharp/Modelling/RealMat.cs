// A matrix of reals inside a model. Relies on IValue and Real. Read Int next.
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>
/// A matrix of reals inside a model, row by row. Operators work element by element; the matrix product is
/// <see cref="Fn.Dot(RealMat, RealVec)"/>.
/// </summary>
public sealed class RealMat : IRealValue<RealMat>
{
    // As in RealVec, rank 0 stands for equal elements.
    internal RealMat(Tensor tensor) => Tensor = Shapes.RequireAtMost(tensor, 2, nameof(RealMat));

    /// <inheritdoc/>
    public static int Rank => 2;

    /// <inheritdoc/>
    public Tensor Tensor { get; }

    /// <summary>The number of rows.</summary>
    public int Rows => Shapes.Extent(Tensor, 0, nameof(RealMat));

    /// <summary>The number of columns.</summary>
    public int Columns => Shapes.Extent(Tensor, 1, nameof(RealMat));

    /// <summary>A row.</summary>
    public RealVec this[int row] => new(Tensor[row]);

    /// <summary>An element.</summary>
    public Real this[int row, int column] => new(Tensor[row][column]);

    /// <summary>The rows at these places: row i of the result is row rows[i].</summary>
    public RealMat this[int[] rows] => new(Shapes.Take(Tensor, rows, nameof(RealMat)));

    /// <inheritdoc/>
    public static RealMat Of(Tensor tensor) => new(tensor);

    /// <summary>Known numbers; they are copied.</summary>
    public static implicit operator RealMat(double[,] values) => new(Tensor.OfMatrix(Guard.Given(values)));

    /// <summary>The same number for every element.</summary>
    public static implicit operator RealMat(double value) => new(Tensor.OfFloat(value));

    /// <summary>The same number for every element.</summary>
    public static implicit operator RealMat(Real value) => new(value.Tensor);

    /// <summary>-x</summary>
    public static RealMat operator -(RealMat x) => new(-x.Tensor);

    /// <summary>The sum, element by element.</summary>
    public static RealMat operator +(RealMat x, RealMat y) => new(x.Tensor + y.Tensor);

    /// <summary>The difference, element by element.</summary>
    public static RealMat operator -(RealMat x, RealMat y) => new(x.Tensor - y.Tensor);

    /// <summary>The product, element by element.</summary>
    public static RealMat operator *(RealMat x, RealMat y) => new(x.Tensor * y.Tensor);

    /// <summary>The quotient, element by element.</summary>
    public static RealMat operator /(RealMat x, RealMat y) => new(x.Tensor / y.Tensor);

    /// <summary>The value, or that it is traced.</summary>
    public override string ToString() => Tensor.ToString();
}
