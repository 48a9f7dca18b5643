// The triangular factor: R'R = A'A to the rounding of R, checked in extended precision, for matrices of all forms.
using System;
using System.Linq;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class TriangularFactorTests
{
    private const double Epsilon = 2.220446049250313e-16;

    public static TheoryData<int, int> Shapes => new()
    {
        { 0, 0 }, { 0, 3 }, { 1, 1 }, { 1, 4 }, { 3, 5 }, { 7, 7 }, { 8, 2 }, { 63, 9 }, { 64, 9 }, { 65, 9 }, { 1000, 20 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_of_columns_are_kept(int rows, int columns)
    {
        foreach (double spread in new[] { 0.0, 30.0, 150.0 })
        {
            Check(Columns(rows, columns, spread));
        }
    }

    [Fact]
    public void Columns_may_be_zero_or_equal_or_nearly_so()
    {
        double[][] a = Columns(100, 6, 0.0);
        a[1] = new double[100];
        a[3] = a[2];
        a[4] = Array.ConvertAll(a[2], x => x * (1.0 + Epsilon));
        Check(a);
        double[] r = TriangularFactor.Compute(a);
        Assert.Equal(0.0, r[7]);
        Assert.True(Math.Abs(r[(3 * 6) + 3]) < 1e-28 * Math.Abs(r[2]));
    }

    [Fact]
    public void What_is_left_of_a_close_fit_is_accurate()
    {
        // The last column is the sum of the others and a vector of norm 1e-12, orthogonal to them.
        double[][] a = [new double[200], new double[200], new double[200]];
        for (int i = 0; i < 200; i++)
        {
            double sign = i % 2 == 0 ? 1.0 : -1.0;
            a[0][i] = 1.0;
            a[1][i] = i / 2;
            a[2][i] = 1.0 + (i / 2) + (sign * Math.ScaleB(1.0, -40));
        }

        double left = TriangularFactor.Compute(a)[8];
        Assert.Equal(Math.Sqrt(200.0) * Math.ScaleB(1.0, -40), Math.Abs(left), 1e-26);
    }

    private static double[][] Columns(int rows, int columns, double spread)
    {
        var rng = new Random((rows * 100) + columns);
        return Enumerable.Range(0, columns).Select(_ => Column(rows, rng, spread)).ToArray();
    }

    private static double[] Column(int rows, Random rng, double spread)
    {
        double scale = Math.Pow(10.0, spread * ((2.0 * rng.NextDouble()) - 1.0));
        return Enumerable.Range(0, rows).Select(_ => scale * ((2.0 * rng.NextDouble()) - 1.0)).ToArray();
    }

    // Each column is scaled to a norm near 1, so that the products neither overflow nor vanish.
    private static void Check(double[][] a)
    {
        int n = a.Length;
        double[] r = TriangularFactor.Compute(a);
        Assert.Equal(n * n, r.Length);
        double[] scales = Array.ConvertAll(a, column => Scale(column));
        for (int j = 0; j < n; j++)
        {
            for (int k = 0; k < n; k++)
            {
                Assert.True(k >= j || r[(j * n) + k] == 0.0);
                double expected = Product(a[j].Length, i => a[j][i] * scales[j], i => a[k][i] * scales[k]);
                double actual = Product(n, i => r[(i * n) + j] * scales[j], i => r[(i * n) + k] * scales[k]);
                Assert.Equal(expected, actual, 4.0 * Epsilon);
            }
        }
    }

    // A power of two.
    private static double Scale(double[] column)
    {
        double largest = column.Select(Math.Abs).DefaultIfEmpty(0.0).Max();
        return largest == 0.0 ? 1.0 : Math.ScaleB(1.0, -Math.ILogB(largest * Math.Sqrt(column.Length)) - 1);
    }

    private static double Product(int count, Func<int, double> x, Func<int, double> y)
    {
        var sum = new ExtendedSum(0.0);
        for (int i = 0; i < count; i++)
        {
            sum.AddProduct(x(i), y(i));
        }

        return sum.Value;
    }
}
