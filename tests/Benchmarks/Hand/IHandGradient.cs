// What a hand-written gradient offers to the harness. Relies on nothing of the system under test.
using System;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// One hand-written log density with gradient on the unconstrained scale (Stan's transforms, log-Jacobians and all
/// normalising constants included; a half-normal or half-Cauchy prior has its factor 2). It streams the data: no
/// sufficient statistics. The implementations keep their data and buffers in static memory: they allocate nothing and
/// are not thread safe.
/// </summary>
public unsafe interface IHandGradient
{
    /// <summary>The model's name in the tables.</summary>
    string Name { get; }

    /// <summary>The name of the reference posterior.</summary>
    string Posterior { get; }

    /// <summary>The length of the unconstrained vector.</summary>
    int Dimension { get; }

    /// <summary>
    /// (q, gradient) -> log density. Both arrays have <see cref="Dimension"/> elements; no alignment is assumed.
    /// </summary>
    delegate*<double*, double*, double> Function { get; }

    /// <summary>Fills q with a point near the reference posterior.</summary>
    void TypicalPoint(Typical typical, Span<double> q);

    /// <summary>The safe face of <see cref="Function"/>.</summary>
    double ValueAndGradient(ReadOnlySpan<double> q, Span<double> gradient)
    {
        if (q.Length != Dimension || gradient.Length != Dimension)
        {
            throw new ArgumentException(
                $"{Name}: expected two spans of length {Dimension}, got {q.Length} and {gradient.Length}.");
        }

        fixed (double* pq = q, pg = gradient)
        {
            return Function(pq, pg);
        }
    }
}
