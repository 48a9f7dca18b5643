// `gradients`: nanoseconds per value-and-gradient of the compiled models, in one run with hand-written SIMD code, and the
// ratios to both and to Stan's figures (posteriordb's program and, where measured, an expert's).
using System;
using System.Linq;
using Ppl.Benchmarks.Hand;

namespace Ppl.Benchmarks;

internal static unsafe class Gradients
{
    /// <summary>Times the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table(
            "model", "dimension", "nanoseconds", "handNanoseconds", "ratioToHand", "stanNanoseconds", "ratioToStan", "ratioToExpert");
        double logSum = 0.0;
        int count = 0;
        foreach (IHandGradient hand in HandGradients.Named(models))
        {
            var points = new Points(hand);
            using var ours = CompiledGradient.Of(hand.Name);
            double[] times = Timing.Nanoseconds([new CompiledContestant(ours, points), new PointerContestant(hand.Function, points)]);
            StanFigure? stan = StanFigures.Find(hand.Name);
            logSum += Math.Log(times[0] / times[1]);
            count++;
            table.Add(
                ("model", hand.Name),
                ("dimension", hand.Dimension),
                ("nanoseconds", times[0]),
                ("handNanoseconds", times[1]),
                ("ratioToHand", times[0] / times[1]),
                ("stanNanoseconds", stan?.Nanoseconds),
                ("ratioToStan", stan?.Nanoseconds / times[0]),
                ("ratioToExpert", stan?.Expert / times[0]));
        }

        table.Add(("model", "geometric mean"), ("ratioToHand", Math.Exp(logSum / Math.Max(count, 1))));
        return table;
    }
}
