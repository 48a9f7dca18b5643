// The families as users write them: normal 0.0 5.0, normal mu tau, binomial n 0.5. Parameters may be tensors, floats, ints
// or arrays of them. This is the one place with statically resolved type parameters: F# applies an implicit conversion to
// arguments of methods only (and warns, FS3391), not of let-bound curried functions, and a family has up to three
// parameters, each of five types. The conversion is inlined; the families themselves take tensors.
// Relies on the families. Open this module in models.
namespace Ppl.Core.Probability

open Ppl.Core
open Ppl.Core.Tensors

/// The conversions of parameters to tensors, as overloads of one operator that inlined functions resolve.
type Lift =
    /// The only value.
    | Lift

    /// A tensor is itself.
    static member ($)(Lift, x: Tensor) : Tensor = x

    /// A real scalar.
    static member ($)(Lift, x: float) : Tensor = Tensor.OfFloat x

    /// An integer scalar.
    static member ($)(Lift, x: int) : Tensor = Tensor.OfInt x

    /// A vector of reals.
    static member ($)(Lift, x: float[]) : Tensor = Tensor.OfFloats x

    /// A vector of integers.
    static member ($)(Lift, x: int[]) : Tensor = Tensor.OfInts x

    /// A matrix of reals.
    static member ($)(Lift, x: float[,]) : Tensor = Tensor.OfMatrix x

/// The families, with parameters of any type that has a conversion above; the order of the parameters is Stan's.
module Families =

    /// A parameter as a tensor.
    let inline lift x : Tensor = Lift $ x

    /// The normal distribution; scale is the standard deviation.
    let inline normal loc scale = Reals.normal (lift loc) (lift scale)

    /// Student's t distribution.
    let inline studentT df loc scale = Reals.studentT (lift df) (lift loc) (lift scale)

    /// The Cauchy distribution.
    let inline cauchy loc scale = Reals.cauchy (lift loc) (lift scale)

    /// The Laplace (double exponential) distribution.
    let inline laplace loc scale = Reals.laplace (lift loc) (lift scale)

    /// The absolute value of a normal variable with location 0.
    let inline halfNormal scale = Positives.halfNormal (lift scale)

    /// The absolute value of a Cauchy variable with location 0.
    let inline halfCauchy scale = Positives.halfCauchy (lift scale)

    /// The exponential distribution with a rate.
    let inline exponential rate = Positives.exponential (lift rate)

    /// The distribution of exp of a normal variable; loc and scale are those of the logarithm.
    let inline logNormal loc scale = Positives.logNormal (lift loc) (lift scale)

    /// The gamma distribution with a rate.
    let inline gamma concentration rate = Positives.gamma (lift concentration) (lift rate)

    /// The distribution of the reciprocal of a gamma variable.
    let inline inverseGamma concentration scale = Positives.inverseGamma (lift concentration) (lift scale)

    /// The uniform distribution between two bounds.
    let inline uniform low high = Intervals.uniform (lift low) (lift high)

    /// The beta distribution.
    let inline beta alpha beta = Intervals.beta (lift alpha) (lift beta)

    /// 1 with a probability, else 0.
    let inline bernoulli probs = Categories.bernoulli (lift probs)

    /// 1 with the probability of these log-odds, else 0.
    let inline bernoulliLogit logits = Categories.bernoulliLogit (lift logits)

    /// The number of successes in totalCount trials.
    let inline binomial totalCount probs = Counts.binomial (lift totalCount) (lift probs)

    /// The number of successes in totalCount trials, by log-odds.
    let inline binomialLogit totalCount logits = Counts.binomialLogit (lift totalCount) (lift logits)

    /// The Poisson distribution.
    let inline poisson rate = Counts.poisson (lift rate)

    /// The Poisson distribution by the logarithm of its rate.
    let inline poissonLog logRate = Counts.poissonLog (lift logRate)

    /// The negative binomial distribution by its mean and concentration.
    let inline negativeBinomial2 mean concentration = Counts.negativeBinomial2 (lift mean) (lift concentration)

    /// A category from 0 on, with these probabilities along the last axis.
    let inline categorical probs = Categories.categorical (lift probs)

    /// A category from 0 on, with probabilities proportional to exp of these along the last axis.
    let inline categoricalLogit logits = Categories.categoricalLogit (lift logits)

    /// The Dirichlet distribution.
    let inline dirichlet concentration = Vectors.dirichlet (lift concentration)

    /// The multivariate normal distribution by the Cholesky factor of its covariance.
    let inline multivariateNormalCholesky loc scaleTril = Vectors.multivariateNormalCholesky (lift loc) (lift scaleTril)

    /// The multivariate normal distribution by its covariance.
    let inline multivariateNormal loc covariance = Vectors.multivariateNormal (lift loc) (lift covariance)

    /// n independent copies along a new first axis.
    let iid n (distribution: IDistribution) : IDistribution = distribution.Expand [ n ]

    /// Independent copies along new first axes of these extents.
    let each extents (distribution: IDistribution) : IDistribution = distribution.Expand extents
