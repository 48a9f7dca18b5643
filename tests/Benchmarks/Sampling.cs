// `nuts`: whole runs of 4 chains x (1,000 + 1,000) transitions on one core, compilation not counted, beside Stan's figures:
// seconds, the smallest bulk ESS per second, and gradients per effective draw (leapfrogs while sampling over that ESS).
// The median over several seeds: the ESS of one run is noisy.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Ppl.Benchmarks.Hand;
using Ppl.Core.Ir;
using Ppl.Core.Models;
using Ppl.Examples;
using Ppl.Inference;
using Ppl.Inference.Diagnostics;
using Ppl.Jit;

namespace Ppl.Benchmarks;

// Inside the namespace: the facade has types of these names in an enclosing one.
using NutsOptions = Ppl.Inference.NutsOptions;
using RunOptions = Ppl.Inference.RunOptions;

internal static class Sampling
{
    private static readonly ulong[] Seeds = [1, 2, 3, 4, 5];
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(1);

    /// <summary>Samples from the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table(
            "model", "seconds", "stanSeconds", "secondsRatio", "essPerSecond", "stanEssPerSecond", "ratioToStan", "gradientsPerEss", "stanGradientsPerEss");
        foreach (RealModel model in RealModels.All.Where(m => models.Length == 0 || models.Contains(m.Name)))
        {
            Figures ours = Median(model);
            SamplingFigure? stan = SamplingFigures.Find(model.Name);
            table.Add(
                ("model", model.Name),
                ("seconds", ours.Seconds),
                ("stanSeconds", stan?.Seconds),
                ("secondsRatio", stan?.Seconds / ours.Seconds),
                ("essPerSecond", ours.EssPerSecond),
                ("stanEssPerSecond", stan?.EssPerSecond),
                ("ratioToStan", ours.EssPerSecond / stan?.EssPerSecond),
                ("gradientsPerEss", ours.GradientsPerEss),
                ("stanGradientsPerEss", stan?.GradientsPerEss));
        }

        return table;
    }

    /// <summary>The medians over the seeds.</summary>
    public static Figures Median(RealModel model)
    {
        var target = SamplingTargetModule.ofTarget(Target.OfModel(model.Build()));
        IEngine engine = new CpuEngine();
        Figures Once(ulong seed)
        {
            var d = RunOptions.Default;
            var run = new RunOptions(d.Chains, d.Warmup, d.Draws, seed, 1, d.Start, d.CompressData, d.SplitRecurrences, d.Lanes);
            return Measure(Nuts.sample(engine, NutsOptions.Default, run, target));
        }

        // Not counted: the first runs let the host code around the transitions become hot. The runtime optimises it in the
        // background once a tenth of a second has passed without new methods.
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Warmup)
        {
            Once(0);
            System.Threading.Thread.Sleep(30);
        }

        Figures[] runs = Seeds.Select(Once).ToArray();
        double Of(Func<Figures, double> field) => Timing.Median(runs.Select(field).ToArray());
        return new(Of(f => f.Seconds), Of(f => f.EssPerSecond), Of(f => f.GradientsPerEss));
    }

    private static Figures Measure(RunResult run)
    {
        double seconds = run.Chains.Sum(chain => (chain.WarmupTime + chain.SamplingTime).TotalSeconds);
        double leapfrogs = run.Chains.Sum(chain => chain.Draws.Statistic("leapfrogs")!.Sum());
        double ess = run.Summaries.Min(summary => summary.EssBulk.IsOk ? summary.EssBulk.ResultValue : double.NaN);
        return new(seconds, ess / seconds, leapfrogs / ess);
    }

    /// <summary>Seconds of 4 x 2,000 transitions, smallest bulk ESS per second, leapfrogs per effective draw.</summary>
    public sealed record Figures(double Seconds, double EssPerSecond, double GradientsPerEss);
}

/// <summary>Stan's figures for 4 x (1,000 + 1,000) transitions on one core, without compilation.</summary>
public sealed record SamplingFigure(double Seconds, double EssPerSecond, double GradientsPerEss);

/// <summary>The table of Stan's figures, measured beforehand as those of <see cref="StanFigures"/>.</summary>
public static class SamplingFigures
{
    private static readonly Dictionary<string, SamplingFigure> Figures = new()
    {
        ["eight_schools_noncentered"] = new(0.142, 16_000, 14),
        ["kidscore_interaction"] = new(8.7, 96, 400),
        ["logearn_interaction"] = new(30.0, 37, 588),
        ["nes1972"] = new(36.2, 57, 92),
        ["wells"] = new(2.07, 2_685, 4.5),
        ["arK"] = new(2.74, 928, 49),
        ["arma11"] = new(0.39, 9_200, 5.9),
        ["garch11"] = new(1.00, 1_925, 22),
        ["gp_regr"] = new(0.237, 16_150, 4.9),
        ["low_dim_gauss_mix"] = new(6.2, 650, 6.4),
        ["hmm_example"] = new(2.34, 960, 20),
        ["radon_noncentered"] = new(10.0, 112, 53),
        ["radon_centered"] = new(7.0, 22, 480),
        ["blr"] = new(0.26, 3_172, 73),
    };

    /// <summary>The figure for the model, or null where Stan was not measured.</summary>
    public static SamplingFigure? Find(string model) => Figures.GetValueOrDefault(model);
}
