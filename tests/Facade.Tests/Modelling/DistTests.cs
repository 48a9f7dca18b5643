// Distributions as bodies write them: which overload is meant, and what is refused at once. The densities themselves are
// tested in Core.Tests.
using System;
using Xunit;
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

public class DistTests
{
    private static double Density<T>(Distribution<T> d, T x)
        where T : IValue<T> => d.LogDensity(x).Tensor.ToFloat();

    private static double LogNormalDensity(double x, double loc, double scale) =>
        (-0.5 * Math.Pow((x - loc) / scale, 2)) - Math.Log(scale * Math.Sqrt(2 * Math.PI));

    [Fact]
    public void NumbersGiveAScalarAndArraysAVector()
    {
        Distribution<Real> scalar = Normal(0, 5);
        Distribution<RealVec> vector = Normal(0, new[] { 1.0, 2 });
        Real mu = 1;
        Distribution<RealVec> mixed = Normal(mu, new[] { 1.0, 2 });
        Assert.Equal(LogNormalDensity(1.5, 0, 5), Density(scalar, 1.5), 13);
        Assert.Equal(LogNormalDensity(1, 0, 1) + LogNormalDensity(-1, 0, 2), Density<RealVec>(vector, new[] { 1.0, -1 }), 13);
        Assert.Equal(LogNormalDensity(1, 1, 1) + LogNormalDensity(-1, 1, 2), Density<RealVec>(mixed, new[] { 1.0, -1 }), 13);
    }

    [Fact]
    public void EachCopiesAlongAnAxis()
    {
        string[] school = ["a", "b", "c"];
        var expected = LogNormalDensity(1, 0, 5) + LogNormalDensity(2, 0, 5) + LogNormalDensity(3, 0, 5);
        Assert.Equal(expected, Density<RealVec>(Normal(0, 5).Each(school), new[] { 1.0, 2, 3 }), 13);
        Assert.Equal(expected, Density<RealMat>(Normal(0, new[] { 5.0, 5, 5 }).Each(1), new[,] { { 1.0, 2, 3 } }), 13);
    }

    [Fact]
    public void CountsAreIntegers()
    {
        Assert.Equal(Math.Log(0.3), Density(Bernoulli(0.3), true), 13);
        Assert.Equal((3 * Math.Log(2)) - 2 - Math.Log(6), Density(Poisson(2), 3), 13);
        Assert.Equal(Math.Log(3 * 0.25 * 0.5), Density(Binomial(3, 0.5), 2), 13);
        Assert.Equal(Math.Log(0.5), Density(Categorical(new[] { 0.2, 0.5, 0.3 }), 1), 13);
        Assert.Equal(2 * Math.Log(0.7), Density<IntVec>(Bernoulli(0.3).Each(2), new[] { false, false }), 13);
    }

    [Fact]
    public void TheMultivariateNormalTakesACovariance()
    {
        var d = MultivariateNormal(0, new[,] { { 4.0, 0 }, { 0, 9 } });
        Assert.Equal(LogNormalDensity(1, 0, 2) + LogNormalDensity(1, 0, 3), Density<RealVec>(d, new[] { 1.0, 1 }), 13);
    }

    [Fact]
    public void ACoreDistributionOfAnotherRankIsRefused() =>
        Assert.Throws<ArgumentException>(() => Distribution<RealVec>.Of(Ppl.Core.Probability.Improper.flat));
}
