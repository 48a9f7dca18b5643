// Families on the real line and on intervals, as model bodies write them: Normal(0, 5), Normal(theta, Sigma).
// Thin: the families are Ppl.Core.Probability's. Read Dist.Positives next.
using Ppl.Core.Probability;

namespace Ppl;

/// <summary>
/// The distributions, for <c>using static Ppl.Dist</c>. Parameters and their order are Stan's. Known parameters are
/// checked where a site uses the distribution (PPL1010, with site, index and value); random ones give a density of zero
/// where they are invalid.
/// </summary>
public static partial class Dist
{
    /// <summary>The normal distribution; scale is the standard deviation.</summary>
    public static Distribution<Real> Normal(Real loc, Real scale) =>
        new(Reals.normal(loc.Tensor, scale.Tensor));

    /// <summary>
    /// The normal distribution; scale is the standard deviation. One for each element; parameters of one number are
    /// shared.
    /// </summary>
    public static Distribution<RealVec> Normal(RealVec loc, RealVec scale) =>
        new(Reals.normal(loc.Tensor, scale.Tensor));

    /// <summary>Student's t distribution with df degrees of freedom.</summary>
    public static Distribution<Real> StudentT(Real df, Real loc, Real scale) =>
        new(Reals.studentT(df.Tensor, loc.Tensor, scale.Tensor));

    /// <summary>
    /// Student's t distribution with df degrees of freedom. One for each element; parameters of one number are
    /// shared.
    /// </summary>
    public static Distribution<RealVec> StudentT(RealVec df, RealVec loc, RealVec scale) =>
        new(Reals.studentT(df.Tensor, loc.Tensor, scale.Tensor));

    /// <summary>The Cauchy distribution; no moments.</summary>
    public static Distribution<Real> Cauchy(Real loc, Real scale) =>
        new(Reals.cauchy(loc.Tensor, scale.Tensor));

    /// <summary>
    /// The Cauchy distribution; no moments. One for each element; parameters of one number are shared.
    /// </summary>
    public static Distribution<RealVec> Cauchy(RealVec loc, RealVec scale) =>
        new(Reals.cauchy(loc.Tensor, scale.Tensor));

    /// <summary>The Laplace distribution, density exp(-|x - loc|/scale)/(2 scale).</summary>
    public static Distribution<Real> Laplace(Real loc, Real scale) =>
        new(Reals.laplace(loc.Tensor, scale.Tensor));

    /// <summary>
    /// The Laplace distribution, density exp(-|x - loc|/scale)/(2 scale). One for each element; parameters of one
    /// number are shared.
    /// </summary>
    public static Distribution<RealVec> Laplace(RealVec loc, RealVec scale) =>
        new(Reals.laplace(loc.Tensor, scale.Tensor));

    /// <summary>The uniform distribution on low &lt; x &lt; high.</summary>
    public static Distribution<Real> Uniform(Real low, Real high) =>
        new(Intervals.uniform(low.Tensor, high.Tensor));

    /// <summary>
    /// The uniform distribution on low &lt; x &lt; high. One for each element; parameters of one number are shared.
    /// </summary>
    public static Distribution<RealVec> Uniform(RealVec low, RealVec high) =>
        new(Intervals.uniform(low.Tensor, high.Tensor));

    /// <summary>
    /// The beta distribution on 0 &lt; x &lt; 1, density proportional to x^(alpha - 1) (1 - x)^(beta - 1).
    /// </summary>
    public static Distribution<Real> Beta(Real alpha, Real beta) =>
        new(Intervals.beta(alpha.Tensor, beta.Tensor));

    /// <summary>
    /// The beta distribution on 0 &lt; x &lt; 1, density proportional to x^(alpha - 1) (1 - x)^(beta - 1). One for
    /// each element; parameters of one number are shared.
    /// </summary>
    public static Distribution<RealVec> Beta(RealVec alpha, RealVec beta) =>
        new(Intervals.beta(alpha.Tensor, beta.Tensor));
}
