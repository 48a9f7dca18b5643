// `lanes`: leapfrogs per second on one core while sampling, of single chains and of 8 chains in the lanes of vectors.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Core.Ir;
using Ppl.Core.Models;
using Ppl.Examples;
using Ppl.Inference;
using Ppl.Jit;

namespace Ppl.Benchmarks;

// Inside the namespace: the facade has types of these names in an enclosing one.
using HmcOptions = Ppl.Inference.HmcOptions;
using NutsOptions = Ppl.Inference.NutsOptions;
using RunOptions = Ppl.Inference.RunOptions;

internal static class Lanes
{
    private const int Chains = 8;
    private const int Repetitions = 9;

    /// <summary>Samples from the models of these names (none: eight schools).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "kernel", "alone", "inLanes", "ratio");
        string[] names = models.Length == 0 ? ["eight_schools_noncentered"] : models;
        foreach (string name in names)
        {
            var target = SamplingTargetModule.ofTarget(Target.OfModel(RealModels.Find(name).Build()));
            IEngine engine = new CpuEngine();
            foreach (string kernel in new[] { "hmc", "nuts" })
            {
                RunResult Sample(int lanes)
                {
                    var d = RunOptions.Default;
                    var run = new RunOptions(Chains, 300, 2_000, 1, 1, d.Start, d.CompressData, d.SplitRecurrences, lanes);
                    return kernel == "hmc"
                        ? Hmc.sample(engine, HmcOptions.Default, run, target)
                        : Nuts.sample(engine, NutsOptions.Default, run, target);
                }

                // In turns, so that a busy machine slows both down.
                var rates = new List<(double Alone, double InLanes)>();
                for (int i = 0; i < Repetitions; i++)
                {
                    rates.Add((Rate(Sample(1), 1), Rate(Sample(Chains), Chains)));
                }

                double alone = rates.Max(rate => rate.Alone), inLanes = rates.Max(rate => rate.InLanes);
                table.Add(
                    ("model", name),
                    ("kernel", kernel),
                    ("alone", alone),
                    ("inLanes", inLanes),
                    ("ratio", inLanes / alone));
            }
        }

        return table;
    }

    // Chains in lanes share one time.
    private static double Rate(RunResult run, int lanes) =>
        run.Chains.Sum(chain => chain.Draws.Statistic("leapfrogs")!.Sum())
        / (run.Chains.Sum(chain => chain.SamplingTime.TotalSeconds) / lanes);
}
