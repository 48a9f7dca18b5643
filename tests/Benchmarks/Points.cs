// The points at which gradients are timed and checked: 64 points near the reference posterior, with a fixed seed, in
// aligned memory.
using System;
using Ppl.Benchmarks.Hand;

namespace Ppl.Benchmarks;

/// <summary>Points of one model's unconstrained space, one behind the other.</summary>
public sealed unsafe class Points
{
    /// <summary>The number of points.</summary>
    public const int Count = 64;

    private const int Seed = 20260101;

    /// <summary>Typical points of the model.</summary>
    public Points(IHandGradient model)
    {
        Dimension = model.Dimension;
        Address = Memory.Buffer(Count * Dimension);
        var typical = new Typical(model.Posterior, Seed);
        for (int i = 0; i < Count; i++)
        {
            model.TypicalPoint(typical, new Span<double>(Address + (i * Dimension), Dimension));
        }
    }

    /// <summary>The points with the numbers 0 to 63 of a space of this dimension.</summary>
    public Points(int dimension, Func<int, double[]> point)
    {
        Dimension = dimension;
        Address = Memory.Buffer(Count * Dimension);
        for (int i = 0; i < Count; i++)
        {
            point(i).CopyTo(new Span<double>(Address + (i * Dimension), Dimension));
        }
    }

    /// <summary>The length of one point.</summary>
    public int Dimension { get; }

    /// <summary>The first point's first coordinate.</summary>
    public double* Address { get; }

    /// <summary>Point i.</summary>
    public ReadOnlySpan<double> this[int i] => new(Address + (i * Dimension), Dimension);
}
