// Estimates: a number with its error, or absent with a reason; never NaN.
using System;
using System.Linq;
using Ppl.Core;
using Xunit;

namespace Ppl.Facade.Tests;

public class EstimateTests
{
    private static ScalarDraws Draws(params double[][] chains) => new("x", chains);

    private static double[] Wave(int n, double phase) => [.. Enumerable.Range(0, n).Select(i => Math.Sin((2.4 * i) + phase))];

    [Fact]
    public void KnownDrawsHaveKnownFigures()
    {
        var x = Draws([1, 2, 3, 4], [5, 6, 7, 8]);
        Assert.Equal(4.5, x.Mean().Value);
        Assert.Equal(4.5, x.Median().Value);
        Assert.Equal(2.75, x.Quantile(0.25).Value);
        Assert.Equal(Math.Sqrt(6), x.Sd().Value, 14);
        Assert.Equal(0.375, x.Probability(static v => v > 5).Value);
        Assert.Equal([2, 4, 6, 8, 10, 12, 14, 16], x.Map(static v => 2 * v).ToArray());
        Assert.Equal((2, 8), (x.Chains, x.Count));
    }

    [Fact]
    public void TooFewDrawsHaveAValueButNoErrorAndNoRHat()
    {
        var x = Draws([1, 2, 3, 4], [5, 6, 7, 8]);
        Assert.Null(x.Mean().Mcse);
        Assert.Null(x.Mean().Ess);
        Assert.Contains("at least 12", x.Mean().Reason);
        Assert.Null(x.RHat());
        Assert.Null(x.EssBulk());
        Assert.Equal("4.5 (MCSE absent: 4 draws per chain; at least 12 are needed)", x.Mean().ToString());
    }

    [Fact]
    public void EnoughDrawsHaveErrors()
    {
        var x = Draws(Wave(200, 0), Wave(200, 1));
        Assert.True(x.Mean().Mcse > 0);
        Assert.True(x.Mean().Ess > 0);
        Assert.Null(x.Mean().Reason);
        Assert.True(x.RHat() < 1.01);
        Assert.True(x.Probability(static v => v > 0).Mcse > 0);
        var eti = x.Eti(0.5);
        Assert.True(eti.Lower.Value < eti.Upper.Value && eti.Lower.Mcse > 0 && eti.Upper.Mcse > 0);
        Assert.Equal((0.5, IntervalKind.EqualTailed), (eti.Level, eti.Kind));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void DrawsThatAreNotFiniteMakeEstimatesAbsent(double bad)
    {
        var mean = Draws([1, 2, 3], [4, bad, 6]).Mean();
        Assert.False(mean.HasValue);
        Assert.Equal("draw 1 of chain 1 is not finite", mean.Reason);
        Assert.Equal("absent: draw 1 of chain 1 is not finite", mean.ToString());
        var error = Assert.Throws<PplException>(() => mean.Value);
        Assert.Equal("PPL2111", error.Id);
        Assert.Contains("mean of x", error.What);
    }

    [Fact]
    public void ChainsOfAStoppedRunAreComparedWhereMostDrawsAre()
    {
        // Two whole chains and a stub: 2 x 4 draws beat 3 x 1.
        Assert.Equal(2.5, Draws([1, 2, 3, 4], [1, 2, 3, 4], [100]).Mean().Value);
        // 3 x 3 beat 1 x 4.
        Assert.Equal(2, Draws([1, 2, 3, 100], [1, 2, 3], [1, 2, 3]).Mean().Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void SharesAreStrictlyBetweenZeroAndOne(double share)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Draws([1, 2]).Quantile(share));
        Assert.Throws<ArgumentOutOfRangeException>(() => Draws([1, 2]).Eti(share));
    }
}
