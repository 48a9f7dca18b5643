// kidiq-kidscore_interaction of posteriordb: test scores of children by their mothers' IQ and schooling.
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

[Model("kidscore-interaction")]
public sealed partial class Kidscore
{
    [Observed]
    public required double[] Score { get; init; }

    [Fixed]
    public required double[,] Predictors { get; init; }

    [Latent]
    public static partial Site<RealVec> Beta { get; }

    [Latent]
    public static partial Site<Real> Sigma { get; }

    [Body]
    private void Define(Prob p)
    {
        var beta = p.Sample(Beta, Flat().Each(4));
        var sigma = p.Sample(Sigma, HalfCauchy(2.5));
        p.Observe(Score, Normal(Fn.Dot(Predictors, beta), sigma));
    }
}
