// A vector of integers inside a model. Relies on Int. Read Distribution next.
using System;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>A vector of integers inside a model: counts, categories, or 0 and 1 for false and true.</summary>
public sealed class IntVec : IValue<IntVec>
{
    internal IntVec(Tensor tensor) => Tensor = Shapes.RequireAtMost(tensor, 1, nameof(IntVec));

    /// <inheritdoc/>
    public static int Rank => 1;

    /// <inheritdoc/>
    public Tensor Tensor { get; }

    /// <summary>The number of elements.</summary>
    public int Length => Shapes.Extent(Tensor, 0, nameof(IntVec));

    /// <summary>The element at a place, counted from 0.</summary>
    public Int this[int index] => new(Tensor[index]);

    /// <inheritdoc/>
    public static IntVec Of(Tensor tensor) => new(tensor);

    /// <summary>Known integers; they are copied.</summary>
    public static implicit operator IntVec(int[] values) => new(Tensor.OfInts(Guard.Given(values)));

    /// <summary>1 for true, 0 for false.</summary>
    public static implicit operator IntVec(bool[] values) =>
        new(Tensor.OfInts(Array.ConvertAll(Guard.Given(values), static b => b ? 1 : 0)));

    /// <summary>The same integer for every element.</summary>
    public static implicit operator IntVec(int value) => new(Tensor.OfInt(value));

    /// <summary>The same integer for every element.</summary>
    public static implicit operator IntVec(Int value) => new(value.Tensor);

    /// <summary>The value, or that it is traced.</summary>
    public override string ToString() => Tensor.ToString();
}
