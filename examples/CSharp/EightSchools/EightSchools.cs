// The eight schools (Rubin 1981; Gelman et al., Bayesian Data Analysis, section 5.5): how much does coaching help, in
// points of a test, in schools whose estimates are as noisy as they are different? Read CentredEightSchools next.
using static Ppl.Dist;

namespace Ppl.Examples.EightSchools;

/// <summary>Partial pooling of the effects of eight schools, in the form that samplers like.</summary>
[Model("eight-schools")]
public sealed partial class EightSchools
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

    /// <summary>The place of each school among all, in units of tau.</summary>
    [Latent(nameof(School))]
    public static partial Site<RealVec> Z { get; }

    /// <summary>The effect of each school.</summary>
    [Latent(nameof(School))]
    public static partial Site<RealVec> Theta { get; }

    [Body]
    private void Define(Prob p)
    {
        var mu = p.Sample(Mu, Normal(0, 5));
        var tau = p.Sample(Tau, HalfCauchy(5));

        // Not theta ~ Normal(mu, tau): where tau is small, that density has a neck that no step size fits.
        var z = p.Sample(Z, Normal(0, 1).Each(School));
        var theta = p.Deterministic(Theta, mu + tau * z);
        p.Observe(Y, Normal(theta, Sigma));
    }
}
