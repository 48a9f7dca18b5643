// `gradients`: nanoseconds per value-and-gradient of the compiled models, in one run with hand-written SIMD code, and the
// ratios to both and to Stan's figures (posteriordb's program and, where measured, an expert's). All three pass over the
// data: compression is off here (see `compress`).
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
            (double ours, double byHand) = Nanoseconds(hand);
            StanFigure? stan = StanFigures.Find(hand.Name);
            logSum += Math.Log(ours / byHand);
            count++;
            table.Add(
                ("model", hand.Name),
                ("dimension", hand.Dimension),
                ("nanoseconds", ours),
                ("handNanoseconds", byHand),
                ("ratioToHand", ours / byHand),
                ("stanNanoseconds", stan?.Nanoseconds),
                ("ratioToStan", stan?.Nanoseconds / ours),
                ("ratioToExpert", stan?.Expert / ours));
        }

        table.Add(("model", "geometric mean"), ("ratioToHand", Math.Exp(logSum / Math.Max(count, 1))));
        return table;
    }

    /// <summary>Nanoseconds of the compiled and of the hand-written gradient, in one run.</summary>
    public static (double Ours, double ByHand) Nanoseconds(IHandGradient hand)
    {
        var points = new Points(hand);
        using var ours = CompiledGradient.Of(hand.Name, compress: false);
        double[] times = Timing.Nanoseconds([new CompiledContestant(ours, points), new PointerContestant(hand.Function, points)]);
        return (times[0], times[1]);
    }
}
