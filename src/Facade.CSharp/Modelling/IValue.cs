// What the values of a model have in common: each is a thin, typed face of a tensor.
// Relies on Ppl.Core.Tensors. Read Real next.
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>A value inside a model: a tensor of known rank.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface IValue<TSelf>
    where TSelf : IValue<TSelf>
{
    /// <summary>The number of dimensions: 0, 1 or 2.</summary>
    static abstract int Rank { get; }

    /// <summary>The value that a tensor of this rank is.</summary>
    /// <param name="tensor">A tensor of the rank and element type of the implementing type.</param>
    static abstract TSelf Of(Tensor tensor);

    /// <summary>The tensor behind the value.</summary>
    Tensor Tensor { get; }
}

/// <summary>A value of real elements.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface IRealValue<TSelf> : IValue<TSelf>
    where TSelf : IRealValue<TSelf>;
