// Families on the positive reals. Thin: the families are Ppl.Core.Probability's. Read Dist.Counts next.
using Ppl.Core.Probability;

namespace Ppl;

public static partial class Dist
{
    /// <summary>The absolute value of a normal variable with location 0.</summary>
    public static Distribution<Real> HalfNormal(Real scale) =>
        new(Positives.halfNormal(scale.Tensor));

    /// <summary>
    /// The absolute value of a normal variable with location 0. One for each element; parameters of one number are
    /// shared.
    /// </summary>
    public static Distribution<RealVec> HalfNormal(RealVec scale) =>
        new(Positives.halfNormal(scale.Tensor));

    /// <summary>The absolute value of a Cauchy variable with location 0.</summary>
    public static Distribution<Real> HalfCauchy(Real scale) =>
        new(Positives.halfCauchy(scale.Tensor));

    /// <summary>
    /// The absolute value of a Cauchy variable with location 0. One for each element; parameters of one number are
    /// shared.
    /// </summary>
    public static Distribution<RealVec> HalfCauchy(RealVec scale) =>
        new(Positives.halfCauchy(scale.Tensor));

    /// <summary>The distribution of exp(z), z normal; loc and scale are those of z.</summary>
    public static Distribution<Real> LogNormal(Real loc, Real scale) =>
        new(Positives.logNormal(loc.Tensor, scale.Tensor));

    /// <summary>
    /// The distribution of exp(z), z normal; loc and scale are those of z. One for each element; parameters of one
    /// number are shared.
    /// </summary>
    public static Distribution<RealVec> LogNormal(RealVec loc, RealVec scale) =>
        new(Positives.logNormal(loc.Tensor, scale.Tensor));

    /// <summary>The exponential distribution with a rate: mean 1/rate.</summary>
    public static Distribution<Real> Exponential(Real rate) =>
        new(Positives.exponential(rate.Tensor));

    /// <summary>
    /// The exponential distribution with a rate: mean 1/rate. One for each element; parameters of one number are
    /// shared.
    /// </summary>
    public static Distribution<RealVec> Exponential(RealVec rate) =>
        new(Positives.exponential(rate.Tensor));

    /// <summary>The gamma distribution with a rate: mean concentration/rate.</summary>
    public static Distribution<Real> Gamma(Real concentration, Real rate) =>
        new(Positives.gamma(concentration.Tensor, rate.Tensor));

    /// <summary>
    /// The gamma distribution with a rate: mean concentration/rate. One for each element; parameters of one number
    /// are shared.
    /// </summary>
    public static Distribution<RealVec> Gamma(RealVec concentration, RealVec rate) =>
        new(Positives.gamma(concentration.Tensor, rate.Tensor));

    /// <summary>The distribution of 1/x, x gamma(concentration, rate = scale).</summary>
    public static Distribution<Real> InverseGamma(Real concentration, Real scale) =>
        new(Positives.inverseGamma(concentration.Tensor, scale.Tensor));

    /// <summary>
    /// The distribution of 1/x, x gamma(concentration, rate = scale). One for each element; parameters of one number
    /// are shared.
    /// </summary>
    public static Distribution<RealVec> InverseGamma(RealVec concentration, RealVec scale) =>
        new(Positives.inverseGamma(concentration.Tensor, scale.Tensor));
}
