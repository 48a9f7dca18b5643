// `overview`: the figures of `gradients` and `nuts` that matter most, one row for each real model.
using System.Linq;
using Ppl.Benchmarks.Hand;
using Ppl.Examples;

namespace Ppl.Benchmarks;

internal static class Overview
{
    /// <summary>Measures the models of these names (none: all of them).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "nanoseconds", "ratioToHand", "ratioToStan", "gradientsPerEss", "essPerSecond");
        foreach (RealModel model in RealModels.All.Where(m => models.Length == 0 || models.Contains(m.Name)))
        {
            // One model has no hand-written gradient to stand beside it.
            IHandGradient? hand = HandGradients.Find(model.Name);
            (double Ours, double ByHand)? times = hand is null ? null : Gradients.Nanoseconds(hand);
            Sampling.Figures run = Sampling.Median(model);
            table.Add(
                ("model", model.Name),
                ("nanoseconds", times?.Ours),
                ("ratioToHand", times?.Ours / times?.ByHand),
                ("ratioToStan", StanFigures.Find(model.Name)?.Nanoseconds / times?.Ours),
                ("gradientsPerEss", run.GradientsPerEss),
                ("essPerSecond", run.EssPerSecond));
        }

        return table;
    }
}
