using System;
using Ppl;
using static Ppl.Dist;

var model = new Dose { Level = [-0.86, -0.30, -0.05, 0.73], Animals = 5, Deaths = [0, 1, 3, 5] };
var posterior = await model.Infer().Warmup(1_000).Draws(1_000).Seed(1).RunAsync(new ConsoleProgress());
posterior.Summary().Print();
Console.WriteLine($"Half of the animals die at level {posterior.Map(d => -d.Intercept / d.Slope).Median()}");

[Model]
sealed partial class Dose
{
    [Fixed] public required double[] Level { get; init; }
    [Fixed] public required int Animals { get; init; }
    [Observed] public required int[] Deaths { get; init; }
    [Latent] public static partial Site<Real> Intercept { get; }
    [Latent] public static partial Site<Real> Slope { get; }

    [Body]
    void Define(Prob p) => p.Observe(
        Deaths, BinomialLogit(Animals, p.Sample(Intercept, Normal(0, 2)) + p.Sample(Slope, Normal(0, 10)) * (RealVec)Level));
}
