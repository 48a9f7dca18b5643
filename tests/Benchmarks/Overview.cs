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
        RealModel[] chosen = RealModels.All.Where(m => models.Length == 0 || models.Contains(m.Name)).ToArray();

        // All gradients first: whole runs leave compilation and collection behind that would be timed with what follows.
        // One model has no hand-written gradient to stand beside it.
        (double Ours, double ByHand)?[] gradients = chosen
            .Select(model => HandGradients.Find(model.Name) is { } hand ? Gradients.Nanoseconds(hand) : ((double, double)?)null)
            .ToArray();

        foreach ((RealModel model, (double Ours, double ByHand)? times) in chosen.Zip(gradients))
        {
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
