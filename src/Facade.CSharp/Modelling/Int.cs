// An integer inside a model. Relies on IValue. Read IntVec next.
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>An integer inside a model: a count, a category, or 0 and 1 for false and true.</summary>
public sealed class Int : IValue<Int>
{
    internal Int(Tensor tensor) => Tensor = Shapes.Require(tensor, 0, nameof(Int));

    /// <inheritdoc/>
    public static int Rank => 0;

    /// <inheritdoc/>
    public Tensor Tensor { get; }

    /// <inheritdoc/>
    public static Int Of(Tensor tensor) => new(tensor);

    /// <summary>A known integer.</summary>
    public static implicit operator Int(int value) => new(Tensor.OfInt(value));

    /// <summary>1 for true, 0 for false.</summary>
    public static implicit operator Int(bool value) => new(Tensor.OfInt(value ? 1 : 0));

    /// <summary>The value, or that it is traced.</summary>
    public override string ToString() => Tensor.ToString();
}
