// wells_data: did households in Bangladesh change to a safer well? A logistic regression with interactions.
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

[Model("wells")]
public sealed partial class Wells
{
    [Observed]
    public required int[] Switched { get; init; }

    [Fixed]
    public required double[,] Predictors { get; init; }

    [Latent]
    public static partial Site<Real> Alpha { get; }

    [Latent]
    public static partial Site<RealVec> Beta { get; }

    [Body]
    private void Define(Prob p)
    {
        var alpha = p.Sample(Alpha, Flat());
        var beta = p.Sample(Beta, Flat().Each(Predictors.GetLength(1)));
        p.Observe(Switched, BernoulliLogit(alpha + Fn.Dot(Predictors, beta)));
    }
}
