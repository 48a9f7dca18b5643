// How far a run has come, as it is told to whoever listens.
using System;

namespace Ppl;

/// <summary>The phase of a chain.</summary>
public enum RunPhase
{
    /// <summary>Step size and metric are being learnt; nothing is kept.</summary>
    Warmup,

    /// <summary>Draws are kept.</summary>
    Sampling,
}

/// <summary>How far a chain has come. Reported at most every 100 ms for each chain, and when it ends.</summary>
/// <param name="Phase">Warm-up or sampling.</param>
/// <param name="Chain">The chain, counted from 0.</param>
/// <param name="Chains">The number of chains of the run.</param>
/// <param name="Draw">Transitions done, warm-up included.</param>
/// <param name="Total">Transitions to be done, warm-up included.</param>
/// <param name="Divergences">Divergent transitions of the present phase so far.</param>
/// <param name="StepSize">The present step size.</param>
/// <param name="GradientsPerDraw">Mean number of gradients per transition of the present phase.</param>
/// <param name="Eta">The time that the rest of this chain will take at the pace so far.</param>
public readonly record struct RunProgress(
    RunPhase Phase,
    int Chain,
    int Chains,
    int Draw,
    int Total,
    int Divergences,
    double StepSize,
    double GradientsPerDraw,
    TimeSpan Eta);
