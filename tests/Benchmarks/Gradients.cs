// `gradients`: nanoseconds per value-and-gradient.
using System.Linq;
using Ppl.Benchmarks.Hand;

namespace Ppl.Benchmarks;

internal static unsafe class Gradients
{
    /// <summary>Times every model.</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "dimension", "hand", "stan", "stanOverHand", "expertOverHand");
        foreach (IHandGradient hand in HandGradients.All.Where(hand => models.Length == 0 || models.Contains(hand.Name)))
        {
            var points = new Points(hand);
            double nanoseconds = Timing.Nanoseconds([new PointerContestant(hand.Function, points)]).Single();
            StanFigure? stan = StanFigures.Find(hand.Name);
            table.Add(
                ("model", hand.Name),
                ("dimension", hand.Dimension),
                ("hand", nanoseconds),
                ("stan", stan?.Nanoseconds),
                ("stanOverHand", stan?.Nanoseconds / nanoseconds),
                ("expertOverHand", stan?.Expert / nanoseconds));
        }

        return table;
    }
}
