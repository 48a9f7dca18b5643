// The same posterior in the form in which one would write it first. Its draws are not to be trusted, and the diagnostics
// say so.
using static Ppl.Dist;

namespace Ppl.Examples.EightSchools;

/// <summary>Partial pooling of the effects of eight schools, as one would write it first.</summary>
[Model("eight-schools-centred")]
public sealed partial class CentredEightSchools
{
    /// <summary>The names of the schools.</summary>
    [Axis]
    public required string[] School { get; init; }

    /// <summary>The estimated effect of each school.</summary>
    [Observed(nameof(School))]
    public required double[] Y { get; init; }

    /// <summary>The standard error of each estimate.</summary>
    [Fixed(nameof(School))]
    public required double[] Sigma { get; init; }

    /// <summary>The mean effect of all schools there could be.</summary>
    [Latent]
    public static partial Site<Real> Mu { get; }

    /// <summary>How much schools differ.</summary>
    [Latent]
    public static partial Site<Real> Tau { get; }

    /// <summary>The effect of each school.</summary>
    [Latent(nameof(School))]
    public static partial Site<RealVec> Theta { get; }

    [Body]
    private void Define(Prob p)
    {
        var mu = p.Sample(Mu, Normal(0, 5));
        var tau = p.Sample(Tau, HalfCauchy(5));
        var theta = p.Sample(Theta, Normal(mu, tau).Each(School));
        p.Observe(Y, Normal(theta, Sigma));
    }
}
