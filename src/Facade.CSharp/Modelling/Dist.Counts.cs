// Families of counts and categories. Thin: the families are Ppl.Core.Probability's. Read Dist.Vectors next.
using Ppl.Core.Probability;

namespace Ppl;

public static partial class Dist
{
    /// <summary>1 with a probability, else 0.</summary>
    public static Distribution<Int> Bernoulli(Real probability) =>
        new(Categories.bernoulli(probability.Tensor));

    /// <summary>1 with a probability, else 0. One for each element; parameters of one number are shared.</summary>
    public static Distribution<IntVec> Bernoulli(RealVec probability) =>
        new(Categories.bernoulli(probability.Tensor));

    /// <summary>1 with the probability 1/(1 + exp(-logit)), else 0: accurate in both tails.</summary>
    public static Distribution<Int> BernoulliLogit(Real logit) =>
        new(Categories.bernoulliLogit(logit.Tensor));

    /// <summary>
    /// 1 with the probability 1/(1 + exp(-logit)), else 0: accurate in both tails. One for each element; parameters
    /// of one number are shared.
    /// </summary>
    public static Distribution<IntVec> BernoulliLogit(RealVec logit) =>
        new(Categories.bernoulliLogit(logit.Tensor));

    /// <summary>The number of successes in independent trials.</summary>
    public static Distribution<Int> Binomial(Int trials, Real probability) =>
        new(Counts.binomial(trials.Tensor, probability.Tensor));

    /// <summary>
    /// The number of successes in independent trials. One for each element; parameters of one number are shared.
    /// </summary>
    public static Distribution<IntVec> Binomial(IntVec trials, RealVec probability) =>
        new(Counts.binomial(trials.Tensor, probability.Tensor));

    /// <summary>The number of successes in independent trials with the probability 1/(1 + exp(-logit)).</summary>
    public static Distribution<Int> BinomialLogit(Int trials, Real logit) =>
        new(Counts.binomialLogit(trials.Tensor, logit.Tensor));

    /// <summary>
    /// The number of successes in independent trials with the probability 1/(1 + exp(-logit)). One for each element;
    /// parameters of one number are shared.
    /// </summary>
    public static Distribution<IntVec> BinomialLogit(IntVec trials, RealVec logit) =>
        new(Counts.binomialLogit(trials.Tensor, logit.Tensor));

    /// <summary>The Poisson distribution with a rate.</summary>
    public static Distribution<Int> Poisson(Real rate) =>
        new(Counts.poisson(rate.Tensor));

    /// <summary>
    /// The Poisson distribution with a rate. One for each element; parameters of one number are shared.
    /// </summary>
    public static Distribution<IntVec> Poisson(RealVec rate) =>
        new(Counts.poisson(rate.Tensor));

    /// <summary>The Poisson distribution with the rate exp(logRate).</summary>
    public static Distribution<Int> PoissonLog(Real logRate) =>
        new(Counts.poissonLog(logRate.Tensor));

    /// <summary>
    /// The Poisson distribution with the rate exp(logRate). One for each element; parameters of one number are
    /// shared.
    /// </summary>
    public static Distribution<IntVec> PoissonLog(RealVec logRate) =>
        new(Counts.poissonLog(logRate.Tensor));

    /// <summary>
    /// The negative binomial distribution with the variance mean + mean^2/concentration (Stan's neg_binomial_2).
    /// </summary>
    public static Distribution<Int> NegativeBinomial(Real mean, Real concentration) =>
        new(Counts.negativeBinomial2(mean.Tensor, concentration.Tensor));

    /// <summary>
    /// The negative binomial distribution with the variance mean + mean^2/concentration (Stan's neg_binomial_2). One
    /// for each element; parameters of one number are shared.
    /// </summary>
    public static Distribution<IntVec> NegativeBinomial(RealVec mean, RealVec concentration) =>
        new(Counts.negativeBinomial2(mean.Tensor, concentration.Tensor));

    /// <summary>A category from 0 on with these probabilities, which sum to 1 (PPL1010).</summary>
    public static Distribution<Int> Categorical(RealVec probabilities) =>
        new(Categories.categorical(probabilities.Tensor));

    /// <summary>A category from 0 on for each row of probabilities.</summary>
    public static Distribution<IntVec> Categorical(RealMat probabilities) =>
        new(Categories.categorical(probabilities.Tensor));

    /// <summary>A category from 0 on with probabilities proportional to exp(logits).</summary>
    public static Distribution<Int> CategoricalLogit(RealVec logits) => new(Categories.categoricalLogit(logits.Tensor));

    /// <summary>A category from 0 on for each row of logits.</summary>
    public static Distribution<IntVec> CategoricalLogit(RealMat logits) =>
        new(Categories.categoricalLogit(logits.Tensor));
}
