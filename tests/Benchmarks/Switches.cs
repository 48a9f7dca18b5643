// `compress` and `recurrences`: nanoseconds per value-and-gradient with one part of simplification on and off, in one run with
// hand-written code that passes over the data step by step, the largest difference of the gradients, and what the part
// costs at compile time.
using System;
using System.Diagnostics;
using System.Linq;
using Ppl.Benchmarks.Hand;
using Ppl.Core.Ir;

namespace Ppl.Benchmarks;

internal static unsafe class Switches
{
    private const int Repetitions = 15;

    /// <summary>Compression of data, on the models of these names (none: all that are compressed).</summary>
    public static Table Compression(string[] models) =>
        Run(models, static (name, on) => CompiledGradient.Of(name, compress: on));

    /// <summary>Recurrences in lanes, on the models of these names (none: all that have any).</summary>
    public static Table Recurrences(string[] models) =>
        Run(models, static (name, on) => CompiledGradient.Of(name, split: on));

    private static Table Run(string[] models, Func<string, bool, CompiledGradient> compile)
    {
        var table = new Table(
            "model", "dimension", "on", "off", "hand", "offToOn", "ratioToStan", "gradientDifference", "compileOn", "compileOff");
        foreach (IHandGradient hand in HandGradients.Named(models))
        {
            using var on = compile(hand.Name, true);
            using var off = compile(hand.Name, false);
            bool isChanged = Text.print(on.Program) != Text.print(off.Program);
            if (!isChanged && models.Length == 0)
            {
                continue;
            }

            var points = new Points(hand);
            double[] times = Timing.Nanoseconds(
                [new CompiledContestant(on, points), new CompiledContestant(off, points), new PointerContestant(hand.Function, points)]);
            table.Add(
                ("model", hand.Name),
                ("dimension", hand.Dimension),
                ("on", times[0]),
                ("off", times[1]),
                ("hand", times[2]),
                ("offToOn", times[1] / times[0]),
                ("ratioToStan", StanFigures.Find(hand.Name)?.Nanoseconds / times[0]),
                ("gradientDifference", Difference(on, off, points)),
                ("compileOn", Milliseconds(() => compile(hand.Name, true))),
                ("compileOff", Milliseconds(() => compile(hand.Name, false))));
        }

        return table;
    }

    // The largest difference of two gradients at the points, relative to the largest element of each gradient.
    private static double Difference(CompiledGradient on, CompiledGradient off, Points points)
    {
        double worst = 0.0;
        for (int i = 0; i < Points.Count; i++)
        {
            points[i].CopyTo(on.Point);
            points[i].CopyTo(off.Point);
            on.Evaluate();
            off.Evaluate();
            double largest = 0.0, difference = 0.0;
            for (int k = 0; k < on.Dimension; k++)
            {
                largest = Math.Max(largest, Math.Abs(off.Gradient[k]));
                difference = Math.Max(difference, Math.Abs(on.Gradient[k] - off.Gradient[k]));
            }

            worst = Math.Max(worst, difference / largest);
        }

        return worst;
    }

    private static double Milliseconds(Func<CompiledGradient> compile)
    {
        double Once(int repetition)
        {
            long start = Stopwatch.GetTimestamp();
            using var compiled = compile();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Timing.Median(Enumerable.Range(0, Repetitions).Select(Once).ToArray());
    }
}
