// The shape rules of the typed values, in one place. Relies on Ppl.Core.
using System;
using Ppl.Core;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>Checks of the ranks, extents and indices of tensors behind typed values.</summary>
internal static class Shapes
{
    /// <summary>The tensor, if it has this rank (PPL5001).</summary>
    public static Tensor Require(Tensor tensor, int rank, string type) =>
        tensor.Shape.Rank == rank ? tensor : throw Mismatch(tensor, rank, type);

    /// <summary>The tensor, if it has this rank or is a scalar that stands for equal elements (PPL5001).</summary>
    public static Tensor RequireAtMost(Tensor tensor, int rank, string type) =>
        tensor.Shape.Rank == rank || tensor.Shape.Rank == 0 ? tensor : throw Mismatch(tensor, rank, type);

    /// <summary>The extent along an axis; a scalar that stands for equal elements has none (PPL5003).</summary>
    public static int Extent(Tensor tensor, int axis, string type) =>
        axis < tensor.Shape.Rank
            ? tensor.Shape[axis]
            : throw new PplException(
                "PPL5003",
                $"this {type} is one number for all elements and has no length of its own",
                "give it a length by adding it to a vector, or use the number itself");

    /// <summary>Elements (or rows) at known places, each inside the extent (PPL5004).</summary>
    public static Tensor Take(Tensor tensor, int[] indices, string type)
    {
        var extent = Extent(tensor, 0, type);
        var wrong = Array.FindIndex(Guard.Given(indices), i => i < 0 || i >= extent);
        if (wrong >= 0)
        {
            throw new PplException(
                "PPL5004",
                $"indexing a {type} of {extent} elements: place {wrong} of the indices holds {indices[wrong]}",
                $"indices count from 0 and must be below {extent}; data that count from 1 need 1 subtracted",
                null!,
                wrong,
                null!);
        }

        return Moves.take(0, Tensor.OfInts(indices), tensor);
    }

    private static PplException Mismatch(Tensor tensor, int rank, string type) =>
        new(
            "PPL5001",
            $"a {type} has {rank} dimensions, got {tensor.Type}",
            "use the type that fits: Real for one number, RealVec for a vector, RealMat for a matrix");
}
