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

    /// <summary>1 with the probability 1/(1 + exp(-logit)), else 0: accurate in both tails. One for each element; parameters of one number are shared.</summary>
    public static Distribution<IntVec> BernoulliLogit(RealVec logit) =>
        new(Categories.bernoulliLogit(logit.Tensor));
}
