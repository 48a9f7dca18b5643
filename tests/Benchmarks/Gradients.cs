// `gradients`: nanoseconds per value-and-gradient, and their ratios to Stan's (posteriordb's program and, where
// measured, an expert's).
using System.Linq;
using Ppl.Benchmarks.Hand;

namespace Ppl.Benchmarks;

internal static unsafe class Gradients
{
    /// <summary>Times the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "dimension", "handNanoseconds", "stanNanoseconds", "handToStan", "handToExpert");
        foreach (IHandGradient hand in HandGradients.Named(models))
        {
            var points = new Points(hand);
            double nanoseconds = Timing.Nanoseconds([new PointerContestant(hand.Function, points)]).Single();
            StanFigure? stan = StanFigures.Find(hand.Name);
            table.Add(
                ("model", hand.Name),
                ("dimension", hand.Dimension),
                ("handNanoseconds", nanoseconds),
                ("stanNanoseconds", stan?.Nanoseconds),
                ("handToStan", nanoseconds / stan?.Nanoseconds),
                ("handToExpert", nanoseconds / stan?.Expert));
        }

        return table;
    }
}
