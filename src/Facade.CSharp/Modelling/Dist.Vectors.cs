// Families of vectors, and flat priors. Thin: the families are Ppl.Core.Probability's. Read Prob next.
using Ppl.Core;
using Ppl.Core.Probability;
using Ppl.Core.Tensors;

namespace Ppl;

public static partial class Dist
{
    /// <summary>
    /// The Dirichlet distribution on vectors that sum to 1, density proportional to prod x[i]^(concentration[i] - 1).
    /// </summary>
    public static Distribution<RealVec> Dirichlet(RealVec concentration) =>
        new(Vectors.dirichlet(concentration.Tensor));

    /// <summary>
    /// The multivariate normal distribution with a covariance matrix, symmetric and positive definite.
    /// </summary>
    public static Distribution<RealVec> MultivariateNormal(RealVec loc, RealMat covariance) =>
        new(Vectors.multivariateNormal(Lengthened(loc, covariance.Rows), covariance.Tensor));

    /// <summary>
    /// The multivariate normal distribution with the covariance L L', L lower triangular with a positive diagonal.
    /// </summary>
    /// <param name="loc">The mean; one number stands for equal elements.</param>
    /// <param name="scale">L.</param>
    public static Distribution<RealVec> MultivariateNormalCholesky(RealVec loc, RealMat scale) =>
        new(Vectors.multivariateNormalCholesky(Lengthened(loc, scale.Rows), scale.Tensor));

    private static Tensor Lengthened(RealVec x, int length) => Moves.broadcastTo(ShapeModule.ofArray([length]), x.Tensor);

    /// <summary>The density 1 on the reals: improper, so a prior draw does not exist (PPL6007).</summary>
    public static Distribution<Real> Flat() => new(Improper.flat);

    /// <summary>The density 1 on x &gt; 0. Improper.</summary>
    public static Distribution<Real> FlatPositive() => new(Improper.flatPositive);

    /// <summary>
    /// The density 1 on low &lt; x &lt; high. Not divided by the width: it matters where a bound is random.
    /// </summary>
    public static Distribution<Real> FlatBetween(Real low, Real high) =>
        new(Improper.flatInterval(low.Tensor, high.Tensor));

    /// <summary>The density 1 on increasing vectors of this length. Improper.</summary>
    public static Distribution<RealVec> FlatOrdered(int length) => new(Improper.flatOrdered(length));

    /// <summary>The density 1 on increasing vectors of positive numbers of this length. Improper.</summary>
    public static Distribution<RealVec> FlatPositiveOrdered(int length) => new(Improper.flatPositiveOrdered(length));
}
