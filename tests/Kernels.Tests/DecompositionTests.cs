// Solves and decompositions by their laws: products give the matrix back, factors are orthonormal, ordered and signed as
// documented, and singular matrices give what is promised. Residuals are in units of rounding times the size.
using System;
using System.Linq;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed class DecompositionTests
{
    private const double Epsilon = 1.1102230246251565e-16;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(5, 1)]
    [InlineData(33, 7)]
    [InlineData(100, 100)]
    public void Solve_has_a_small_residual(int n, int columns)
    {
        var (a, b) = (Random(n * n, 1), Random(n * columns, 2));
        foreach (var transpose in new[] { false, true })
        {
            var x = b.ToArray();
            PackedDense.Solve(n, columns, a, transpose, x);
            var product = new double[n * columns];
            PackedDense.Gemm(n, columns, n, a, transpose, x, false, product);
            AssertClose(b, product, 100.0 * n * Largest(a) * Largest(x));
        }
    }

    [Fact]
    public void Determinants_are_those_of_small_matrices()
    {
        Assert.Equal((Math.Log(2.0), -1.0), Determinant(2, [1.0, 2.0, 3.0, 4.0]), Near);
        Assert.Equal((Math.Log(6.0), -1.0), Determinant(3, [0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 3.0]), Near);
        Assert.Equal((double.NegativeInfinity, 0.0), Determinant(2, [1.0, 2.0, 2.0, 4.0]));
        Assert.Equal((0.0, 1.0), Determinant(0, []));
        // det(A^2) = det(A)^2, and a permutation of rows changes the sign alone.
        var a = Random(49, 3);
        var square = new double[49];
        PackedDense.Gemm(7, 7, 7, a, false, a, false, square);
        Assert.Equal(2.0 * Determinant(7, a).Log, Determinant(7, square).Log, 1e-11);
        var exchanged = a[7..14].Concat(a[..7]).Concat(a[14..]).ToArray();
        Assert.Equal(-Determinant(7, a).Sign, Determinant(7, exchanged).Sign);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    [InlineData(9, 3)]
    [InlineData(60, 41)]
    public void Qr_gives_the_matrix_back(int m, int n)
    {
        var a = Random(m * n, 4);
        var (q, r) = (new double[m * n], new double[n * n]);
        Split(Decomposition.Qr, m, n, a, q, r);
        AssertOrthonormal(m, n, q);
        var product = new double[m * n];
        PackedDense.Gemm(m, n, n, q, false, r, false, product);
        AssertClose(a, product, 100.0 * m);
        for (var i = 0; i < n; i++)
        {
            Assert.True(r[i * n + i] > 0.0);
            Assert.All(Enumerable.Range(0, i), j => Assert.Equal(0.0, r[i * n + j]));
        }
    }

    [Fact]
    public void Qr_of_dependent_columns_stays_orthonormal()
    {
        double[] a = [1.0, 2.0, 0.0, 2.0, 4.0, 0.0, 3.0, 6.0, 0.0, 1.0, 2.0, 0.0];
        var (q, r) = (new double[12], new double[9]);
        Split(Decomposition.Qr, 4, 3, a, q, r);
        AssertOrthonormal(4, 3, q);
        Assert.Equal(0.0, r[8], 1e-14);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    [InlineData(100)]
    public void Eigenvectors_diagonalise(int n)
    {
        var a = Symmetric(n);
        var (w, v) = (new double[n], new double[n * n]);
        Split(Decomposition.Eigh, n, n, a, w, v);
        AssertOrthonormal(n, n, v);
        Assert.Equal(w.Order(), w);
        var (left, right) = (new double[n * n], v.Select((x, i) => x * w[i % n]).ToArray());
        PackedDense.Gemm(n, n, n, a, false, v, false, left);
        AssertClose(right, left, 100.0 * n * Largest(w));
        AssertOriented(n, n, v);
    }

    [Fact]
    public void Eigenvalues_of_known_matrices()
    {
        var (w, v) = (new double[3], new double[9]);
        Split(Decomposition.Eigh, 3, 3, [2.0, 99.0, 99.0, 0.0, -1.0, 99.0, 0.0, 0.0, 2.0], w, v); // lower triangle alone
        Assert.Equal([-1.0, 2.0, 2.0], w);
        Split(Decomposition.Eigh, 3, 3, [2.0, -1.0, 0.0, -1.0, 2.0, -1.0, 0.0, -1.0, 2.0], w, v);
        AssertClose([2.0 - Math.Sqrt(2.0), 2.0, 2.0 + Math.Sqrt(2.0)], w, 10.0);
        Split(Decomposition.Eigh, 3, 3, [1.0, 0.0, 0.0, double.NaN, 1.0, 0.0, 0.0, 0.0, 1.0], w, v);
        Assert.All(w.Concat(v), x => Assert.True(double.IsNaN(x)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 5)]
    [InlineData(7, 3)]
    [InlineData(3, 7)]
    [InlineData(60, 40)]
    public void Singular_vectors_give_the_matrix_back(int m, int n)
    {
        AssertSvd(m, n, Random(m * n, 6));
    }

    [Fact]
    public void Singular_values_of_matrices_of_low_rank()
    {
        AssertSvd(4, 3, [1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0, 1.0, 2.0, 3.0]);
        AssertSvd(3, 3, new double[9]);
        AssertSvd(2, 3, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }

    private static void AssertSvd(int m, int n, double[] a)
    {
        var k = Math.Min(m, n);
        var (u, s, v) = (new double[m * k], new double[k], new double[n * k]);
        Split(Decomposition.Svd, m, n, a, u, s, v);
        AssertOrthonormal(m, k, u);
        AssertOrthonormal(n, k, v);
        Assert.Equal(s.OrderDescending(), s);
        Assert.All(s, x => Assert.True(x >= 0.0));
        var product = new double[m * n];
        PackedDense.Gemm(m, n, k, u.Select((x, i) => x * s[i % k]).ToArray(), false, v, true, product);
        AssertClose(a, product, 100.0 * Math.Max(m, n) * Math.Max(1.0, s[0]));
        AssertOriented(n, k, v);
    }

    private static void AssertOrthonormal(int m, int n, double[] q)
    {
        var gram = new double[n * n];
        PackedDense.Gemm(n, n, m, q, true, q, false, gram);
        AssertClose(Enumerable.Range(0, n * n).Select(i => i / n == i % n ? 1.0 : 0.0).ToArray(), gram, 100.0 * m);
    }

    private static void AssertOriented(int rows, int columns, double[] v)
    {
        for (var j = 0; j < columns; j++)
        {
            var column = Enumerable.Range(0, rows).Select(i => v[i * columns + j]).ToArray();
            Assert.True(column.First(x => Math.Abs(x) == column.Max(Math.Abs)) > 0.0);
        }
    }

    private static void Split(Decomposition kind, int m, int n, double[] a, params double[][] parts)
    {
        var result = new double[Dense.DecompositionLength(kind, m, n)];
        PackedDense.Decompose(kind, m, n, a, result);
        var start = 0;
        foreach (var part in parts)
        {
            result.AsSpan(start, part.Length).CopyTo(part);
            start += part.Length;
        }

        Assert.Equal(result.Length, start);
    }

    private static (double Log, double Sign) Determinant(int n, double[] a)
    {
        var (log, sign) = (new double[1], new double[1]);
        PackedDense.Decompose(Decomposition.LogAbsDeterminant, n, n, a, log);
        PackedDense.Decompose(Decomposition.DeterminantSign, n, n, a, sign);
        return (log[0], sign[0]);
    }

    private static bool Near((double Log, double Sign) x, (double Log, double Sign) y) =>
        Math.Abs(x.Log - y.Log) < 1e-14 && x.Sign == y.Sign;

    private static void AssertClose(double[] expected, double[] actual, double units)
    {
        Assert.All(
            expected.Zip(actual),
            pair => Assert.True(Math.Abs(pair.First - pair.Second) <= units * Epsilon, $"{pair.First} and {pair.Second}"));
    }

    private static double Largest(double[] x) => x.Max(Math.Abs);

    private static double[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(_ => 2.0 * random.NextDouble() - 1.0).ToArray();
    }

    private static double[] Symmetric(int n)
    {
        var a = Random(n * n, 5);
        return Enumerable.Range(0, n * n).Select(i => a[Math.Max(i / n, i % n) * n + Math.Min(i / n, i % n)]).ToArray();
    }
}
