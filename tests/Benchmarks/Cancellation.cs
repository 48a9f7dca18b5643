// `cancel`: milliseconds from the request to stop a run to its end, with everything drawn so far in hand. Runs of 800,000
// draws are stopped at ten moments each, the first of them while the program is still being compiled.
using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Ppl.Core.Models;
using Ppl.Examples;
using Ppl.Inference;
using Ppl.Jit;

namespace Ppl.Benchmarks;

// Inside the namespace: the facade has types of these names in an enclosing one.
using NutsOptions = Ppl.Inference.NutsOptions;
using RunOptions = Ppl.Inference.RunOptions;

internal static class Cancellation
{
    private static readonly int[] MomentsMilliseconds = [1, 5, 10, 20, 50, 100, 150, 200, 300, 400];

    /// <summary>Stops runs of the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "medianMilliseconds", "worstMilliseconds", "drawsKept");
        foreach (RealModel model in RealModels.All.Where(m => models.Length == 0 || models.Contains(m.Name)))
        {
            (double Milliseconds, int Draws)[] stops = MomentsMilliseconds.Select(moment => Stop(model, moment)).ToArray();
            table.Add(
                ("model", model.Name),
                ("medianMilliseconds", Timing.Median(stops.Select(stop => stop.Milliseconds).ToArray())),
                ("worstMilliseconds", stops.Max(stop => stop.Milliseconds)),
                ("drawsKept", (double)stops.Sum(stop => stop.Draws)));
        }

        return table;
    }

    private static (double Milliseconds, int Draws) Stop(RealModel model, int moment)
    {
        using var stop = new CancellationTokenSource();
        long requested = 0;
        var timer = new Thread(() =>
        {
            Thread.Sleep(moment);
            requested = Stopwatch.GetTimestamp();
            stop.Cancel();
        });
        timer.Start();
        var d = RunOptions.Default;
        var run = new RunOptions(d.Chains, 100, 200_000, 1, 1, d.Start, d.CompressData, d.SplitRecurrences, d.Lanes);
        var control = new RunControl(stop.Token, null, TimeSpan.FromSeconds(1.0));
        var target = SamplingTargetModule.ofTarget(Target.OfModel(model.Build()));
        RunResult result = Nuts.sampleWith(control, new CpuEngine(), NutsOptions.Default, run, target);
        if (requested == 0)
        {
            throw new InvalidOperationException($"The run of {model.Name} ended before it was stopped.");
        }

        double milliseconds = Stopwatch.GetElapsedTime(requested).TotalMilliseconds;
        timer.Join();
        return (milliseconds, result.Chains.Sum(chain => chain.Draws.Count));
    }
}
