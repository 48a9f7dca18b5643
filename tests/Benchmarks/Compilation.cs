// `compile`: milliseconds from a model on its data to a compiled gradient, warm (the compiler's own code is hot, the model's
// is not): tracing, simplification, lowering, emission and RyuJIT's work together.
using System;
using System.Diagnostics;
using System.Linq;
using Ppl.Benchmarks.Hand;
using Ppl.Core.Ir;

namespace Ppl.Benchmarks;

internal static class Compilation
{
    private const int Repetitions = 15;

    /// <summary>Times the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "equations", "milliseconds", "firstMilliseconds");
        foreach (IHandGradient hand in HandGradients.Named(models))
        {
            double[] times = Enumerable.Range(0, Repetitions).Select(_ => Milliseconds(hand.Name)).ToArray();
            using var ours = CompiledGradient.Of(hand.Name);
            table.Add(
                ("model", hand.Name),
                ("equations", ProgramModule.size(ours.Program)),
                ("milliseconds", Timing.Median(times)),
                ("firstMilliseconds", times[0]));
        }

        return table;
    }

    private static double Milliseconds(string model)
    {
        long start = Stopwatch.GetTimestamp();
        using var compiled = CompiledGradient.Of(model);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
