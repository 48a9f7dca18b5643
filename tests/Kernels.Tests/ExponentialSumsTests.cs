// Largest elements and sums of exponentials of rows: against sums of accurate terms, edge cases, recorded bits.
using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class ExponentialSumsTests
{
    public static TheoryData<int> Lengths => [1, 2, 7, 8, 9, 31, 32, 33, 64, 100, 1023, 1024, 2048];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rows_are_near_sums_of_accurate_terms(int n)
    {
        const int rows = 3;
        double[] x = Waves(rows * n);
        var (tops, sums) = Rows(x, n);
        for (int row = 0; row < rows; row++)
        {
            double[] own = x[(row * n)..((row + 1) * n)];
            double top = own.Max();
            double expected = CompensatedSum(own.Select(value => Math.Exp(value - top)));
            Assert.Equal(top, tops[row]);
            Assert.InRange(sums[row] / expected - 1.0, -9e-16, 9e-16);
        }
    }

    [Fact]
    public void Each_term_is_right_over_the_whole_range()
    {
        // The second element's term is what the sum exceeds 1 by: no more than 2^-50 of the largest term is lost.
        double worst = 0.0;
        for (int i = 0; i <= 20_000; i++)
        {
            double x = -0.04 * i;
            double term = Rows([0.0, x], 2).Sums[0] - 1.0;
            worst = Math.Max(worst, Math.Abs(term - Math.Exp(x)));
        }

        Assert.InRange(worst, 0.0, Math.ScaleB(1.0, -50));
    }

    [Theory]
    [InlineData(double.NaN, 1.0, double.NaN, double.NaN)]
    [InlineData(double.NaN, double.PositiveInfinity, double.NaN, double.NaN)]
    [InlineData(double.NaN, double.NegativeInfinity, double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, 1.0, double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, 1.0, 1.0, 1.0)]
    [InlineData(double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity, 0.0)]
    [InlineData(double.MaxValue, -double.MaxValue, double.MaxValue, 1.0)]
    [InlineData(-0.0, 0.0, 0.0, 2.0)]
    public void Edges(double first, double second, double top, double sum)
    {
        foreach (double[] x in new double[][] { [first, second], [second, first] })
        {
            var (tops, sums) = Rows(x, 2);
            Assert.Equal((top, sum), (tops[0], sums[0]));
            Assert.Equal((top, sum), ExponentialSums.Join(x, [1.0, 1.0]));
        }
    }

    [Fact]
    public void Parts_join_to_the_whole()
    {
        double[] x = Waves(5 * 700);
        var (tops, sums) = Rows(x, 700);
        var (top, sum) = ExponentialSums.Join(tops, sums);
        Assert.Equal(x.Max(), top);
        double expected = x.Sum(value => Math.Exp(value - top));
        Assert.InRange(sum / expected - 1.0, -1e-15, 1e-15);
    }

    [Fact]
    public void Single_precision_is_read_as_it_is()
    {
        float[] x = Waves(3 * 77).Select(value => (float)value).ToArray();
        var (tops, sums) = (new double[3], new double[3]);
        ExponentialSums.Rows(tops, sums, x, 77);
        var expected = Rows(x.Select(value => (double)value).ToArray(), 77);
        Assert.Equal(expected.Tops, tops);
        Assert.Equal(expected.Sums, sums);
    }

    // Recorded; the same for every width of vectors.
    [Fact]
    public void Sums_have_the_recorded_bits()
    {
        double[] sums = Rows(Waves(3 * 1021), 1021).Sums;
        Assert.Equal(
            [4633995503220760907L, 4634228449718925977L, 4634410259755144940L],
            sums.Select(BitConverter.DoubleToInt64Bits));
    }

    // Made by exactly rounded operations: the same on every machine.
    private static double[] Waves(int n) =>
        Enumerable.Range(0, n).Select(i => (i * 7919L % 1009 - 504) / 64.0 + i % 13 / 128.0).ToArray();

    private static double CompensatedSum(IEnumerable<double> terms)
    {
        var (sum, lost) = (0.0, 0.0);
        foreach (double term in terms)
        {
            double next = sum + (term - lost);
            lost = next - sum - (term - lost);
            sum = next;
        }

        return sum;
    }

    private static (double[] Tops, double[] Sums) Rows(double[] x, int n)
    {
        var (tops, sums) = (new double[x.Length / n], new double[x.Length / n]);
        ExponentialSums.Rows(tops, sums, x, n);
        return (tops, sums);
    }
}
