// How the sampler worked: per chain, and per draw by name. Relies on Ppl.Inference. Read StanCsv next.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Core;
using Ppl.Inference;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>How the sampler worked in one chain.</summary>
/// <param name="Chain">The chain, counted from 0.</param>
/// <param name="Draws">The number of draws.</param>
/// <param name="StepSize">The step size of the draws.</param>
/// <param name="AcceptanceRate">The mean acceptance statistic; null without draws.</param>
/// <param name="Divergences">The number of divergent draws.</param>
/// <param name="Gradients">The number of gradients that the draws cost.</param>
/// <param name="EBfmi">The estimated Bayesian fraction of missing information; null where it cannot be judged.</param>
/// <param name="WarmupTime">The time of the warm-up.</param>
/// <param name="SamplingTime">The time of the draws.</param>
public sealed record ChainStatistics(
    int Chain,
    int Draws,
    double StepSize,
    double? AcceptanceRate,
    int Divergences,
    long Gradients,
    double? EBfmi,
    TimeSpan WarmupTime,
    TimeSpan SamplingTime);

/// <summary>How the sampler worked.</summary>
public sealed class RunStatistics
{
    private readonly ChainResult[] chains;

    internal RunStatistics(RunOutcome outcome)
    {
        chains = outcome.Result.Chains;
        Sampler = outcome.Result.Sampler.Name;
        Seed = outcome.Settings.Seed;
        CompileTime = outcome.CompileTime;
        Elapsed = outcome.Result.Elapsed;
        Chains = [.. chains.Select(Statistics)];
        Names = ["lp", .. chains[0].Draws.StatisticNames];
    }

    /// <summary>The sampler: nuts or hmc.</summary>
    public string Sampler { get; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>The time from the model to the compiled sampler.</summary>
    public TimeSpan CompileTime { get; }

    /// <summary>The time of the run, compilation not included.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>The chains.</summary>
    public IReadOnlyList<ChainStatistics> Chains { get; }

    /// <summary>The number of divergent draws of all chains.</summary>
    public int Divergences => Chains.Sum(static c => c.Divergences);

    /// <summary>
    /// The names of the statistics that every draw has, for example lp, acceptance, leapfrogs, energy.
    /// </summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>
    /// A statistic of every draw, [chain][draw]; truth values are 0 and 1 (PPL5008 for an unknown name).
    /// </summary>
    public double[][] Values(string name) => Array.ConvertAll(chains, chain => Column(chain, Guard.Given(name)));

    private static double[] Column(ChainResult chain, string name) =>
        name == "lp"
            ? [.. chain.Draws.LogDensities]
            : chain.Draws.Statistic(name)
                ?? throw new PplException(
                    "PPL5008",
                    $"the sampler has no statistic '{name}'",
                    $"the statistics are lp, {string.Join(", ", chain.Draws.StatisticNames)}");

    private static ChainStatistics Statistics(ChainResult chain)
    {
        var acceptance = Column(chain, "acceptance");
        return new(
            chain.Chain,
            chain.Draws.Count,
            chain.StepSize,
            acceptance.Length == 0 ? null : acceptance.Average(),
            Column(chain, "diverging").Count(static x => x != 0),
            (long)Column(chain, "leapfrogs").Sum(),
            Bridge.Number(Energy.bfmi(Column(chain, "energy"))),
            chain.WarmupTime,
            chain.SamplingTime);
    }
}
