// radon_mn: log radon levels of houses in 85 counties, intercepts by county, non-centred.
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

[Model("radon-hierarchical-intercept")]
public sealed partial class Radon
{
    [Axis]
    public required string[] County { get; init; }

    [Observed]
    public required double[] LogRadon { get; init; }

    [Fixed]
    public required double[] LogUranium { get; init; }

    [Fixed]
    public required int[] Floor { get; init; }

    [Fixed]
    public required int[] CountyOf { get; init; }

    [Latent]
    public static partial Site<Real> Mu { get; }

    [Latent]
    public static partial Site<Real> SigmaAlpha { get; }

    [Latent]
    public static partial Site<Real> SigmaY { get; }

    [Latent]
    public static partial Site<RealVec> Beta { get; }

    [Latent(nameof(County))]
    public static partial Site<RealVec> Raw { get; }

    [Latent(nameof(County))]
    public static partial Site<RealVec> Alpha { get; }

    [Body]
    private void Define(Prob p)
    {
        var sigmaAlpha = p.Sample(SigmaAlpha, HalfNormal(1));
        var sigmaY = p.Sample(SigmaY, HalfNormal(1));
        var mu = p.Sample(Mu, Normal(0, 10));
        var beta = p.Sample(Beta, Normal(0, 10).Each(2));
        var raw = p.Sample(Raw, Normal(0, 1).Each(County));
        var alpha = p.Deterministic(Alpha, mu + sigmaAlpha * raw);
        p.Observe(LogRadon, Normal(alpha[CountyOf] + beta[0] * LogUranium + beta[1] * Floor, sigmaY));
    }
}
