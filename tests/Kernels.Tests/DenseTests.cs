// Dense kernels: products and factorisations against MathNet and residual bounds, fixed order against the definition.
using System;
using System.Linq;
using MathNet.Numerics.LinearAlgebra;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed unsafe class DenseTests
{
    private const double Epsilon = 2.220446049250313e-16;

    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 1, 17, 5 }, { 5, 1, 9 }, { 4, 16, 3 }, { 7, 33, 20 }, { 13, 8, 0 }, { 64, 64, 64 },
        { 101, 57, 130 },
    };

    public static TheoryData<int> Sizes => new(1, 2, 3, 7, 8, 31, 32, 33, 65, 100, 200, 330);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gemm_is_a_chain_of_multiply_adds(int m, int n, int k)
    {
        foreach (var (transposeA, transposeB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            foreach (var (alpha, beta) in new[] { (1.0, 0.0), (-0.5, 2.0) })
            {
                var a = Random(m * k, 1);
                var b = Random(k * n, 2);
                var c = beta == 0.0 ? Enumerable.Repeat(double.NaN, m * n).ToArray() : Random(m * n, 3);
                var expected = new double[m * n];
                for (var i = 0; i < m * n; i++)
                {
                    var sum = 0.0;
                    for (var p = 0; p < k; p++)
                    {
                        var x = transposeA ? a[p * m + i / n] : a[i / n * k + p];
                        sum = Math.FusedMultiplyAdd(x, transposeB ? b[i % n * k + p] : b[p * n + i % n], sum);
                    }

                    expected[i] = beta == 0.0 ? alpha * sum : Math.FusedMultiplyAdd(alpha, sum, beta * c[i]);
                }

                fixed (double* pa = a, pb = b, pc = c)
                {
                    var (lda, ldb) = (transposeA ? m : k, transposeB ? k : n);
                    Dense.Gemm(m, n, k, alpha, pa, lda, transposeA, pb, ldb, transposeB, beta, pc, n);
                }

                AssertSameBits(expected, c);
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 12)]
    [InlineData(20, 131)]
    public void Gemv_agrees_with_MathNet(int rows, int columns)
    {
        var a = Random(rows * columns, 4);
        var matrix = Matrix<double>.Build.DenseOfRowMajor(rows, columns, a);
        foreach (var transpose in new[] { false, true })
        {
            var x = Random(transpose ? rows : columns, 5);
            var y = Random(transpose ? columns : rows, 6);
            var op = transpose ? matrix.Transpose() : matrix;
            var start = Vector<double>.Build.Dense((double[])y.Clone());
            var expected = 2.0 * (op * Vector<double>.Build.Dense(x)) - 3.0 * start;
            fixed (double* pa = a, px = x, py = y)
            {
                Dense.Gemv(rows, columns, 2.0, pa, columns, transpose, px, -3.0, py);
            }

            Assert.All(y.Zip(expected), p => Assert.Equal(p.Second, p.First, 4.0 * (rows + columns) * Epsilon));
        }
    }

    /// <summary>Residual bound of Higham (2002), theorem 10.3: |L L' - A| at most gamma(n+1) |L| |L'|.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void Cholesky_satisfies_the_residual_bound(int n)
    {
        var a = PositiveDefinite(n);
        var l = a.ToRowMajorArray();
        Assert.Equal(-1, Factor(n, l, l));
        var factor = Matrix<double>.Build.DenseOfRowMajor(n, n, l);
        var residual = (factor * factor.Transpose() - a).PointwiseAbs();
        var bound = (n + 1) * Epsilon * 1.1 * (factor.PointwiseAbs() * factor.PointwiseAbs().Transpose());
        Assert.True((bound * 2.0 - residual).Enumerate().Min() >= 0.0);
        Assert.Equal(0.0, factor.StrictlyUpperTriangle().L1Norm());
        Assert.True((factor - a.Cholesky().Factor).L2Norm() <= 100.0 * n * Epsilon * factor.L2Norm());
    }

    /// <summary>
    /// The definition: l(i,j) subtracts l(i,k) l(j,k) in ascending k, however the matrix is cut. In a diagonal block of
    /// 32 rows the square roots of the pivots come last; below it the reciprocals of the diagonal are factors.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(77)]
    [InlineData(230)]
    public void Cholesky_subtracts_in_order(int n)
    {
        var a = PositiveDefinite(n).ToRowMajorArray();
        var actual = new double[n * n];
        Assert.Equal(-1, Factor(n, a, actual));
        var expected = new double[n * n];
        var scaled = new double[n * n]; // in diagonal blocks: the factor times its pivots, column by column
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var (sum, first) = (a[i * n + j], j / 32 * 32);
                for (var k = 0; k < first; k++)
                {
                    sum = Math.FusedMultiplyAdd(-expected[i * n + k], expected[j * n + k], sum);
                }

                var inside = i < first + 32;
                for (var k = first; k < j; k++)
                {
                    var quotient = scaled[j * n + k] * (1.0 / scaled[k * n + k]);
                    sum = inside
                        ? Math.FusedMultiplyAdd(-quotient, scaled[i * n + k], sum)
                        : Math.FusedMultiplyAdd(-expected[i * n + k], expected[j * n + k], sum);
                }

                scaled[i * n + j] = sum;
                var pivot = scaled[j * n + j];
                expected[i * n + j] = i == j ? Math.Sqrt(sum)
                    : inside ? sum * (1.0 / pivot) * Math.Sqrt(pivot)
                    : sum * (1.0 / expected[j * n + j]);
                Assert.Equal(expected[i * n + j], actual[i * n + j]);
            }
        }
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(5, 3)]
    [InlineData(80, 50)]
    [InlineData(200, 199)]
    public void Cholesky_reports_the_first_bad_pivot(int n, int bad)
    {
        var a = PositiveDefinite(n).ToRowMajorArray();
        a[bad * n + bad] = -1.0;
        var l = new double[n * n];
        Assert.Equal(bad, Factor(n, a, l));
        for (var i = 0; i < n * n; i++)
        {
            var (row, column) = (i / n, i % n);
            Assert.Equal(column >= bad && row >= column, double.IsNaN(l[i]));
            Assert.True(row >= column || l[i] == 0.0);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(15)]
    [InlineData(16)]
    public void Inverse_of_the_Cholesky_factor_satisfies_the_residual_bound(int n)
    {
        var a = PositiveDefinite(n);
        var entries = a.ToRowMajorArray();
        for (var i = 0; i < n * n; i++)
        {
            // Only the lower triangle is read.
            entries[i] = i % n > i / n ? double.NaN : entries[i];
        }

        var inverse = Inverse(n, entries);
        for (var i = 0; i < n; i++)
        {
            Assert.All(inverse[(i * n + i + 1)..((i + 1) * n)], x => Assert.Equal(0.0, x));
        }

        var m = Matrix<double>.Build.DenseOfRowMajor(n, n, inverse);
        var l = a.Cholesky().Factor;
        var bound = 4.0 * (n + 2) * Epsilon * (m.PointwiseAbs() * l.PointwiseAbs());
        var residual = (m * l - Matrix<double>.Build.DenseIdentity(n)).PointwiseAbs();
        Assert.True((bound - residual).Enumerate().Min() >= 0.0 || n == 1);
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(5, 3)]
    [InlineData(11, 6)]
    [InlineData(16, 15)]
    public void Inverse_of_the_Cholesky_factor_ends_at_the_first_bad_pivot(int n, int bad)
    {
        var a = PositiveDefinite(n).ToRowMajorArray();
        var expected = Inverse(n, a);
        a[bad * n + bad] = -1.0;
        var inverse = Inverse(n, a);
        Assert.Equal(expected[..(bad * n)], inverse[..(bad * n)]);
        Assert.All(inverse[(bad * n)..], x => Assert.True(double.IsNaN(x)));
    }

    private static double[] Inverse(int n, double[] a)
    {
        var inverse = new double[n * n];
        PackedDense.CholeskyInverse(n, a, inverse);
        return inverse;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Triangular_solutions_satisfy_the_residual_bound(int n)
    {
        var factor = PositiveDefinite(n).Cholesky().Factor;
        foreach (var m in new[] { 1, 3, 16, 37 })
        {
            foreach (var (lower, transpose, unit) in
                     from lower in new[] { false, true }
                     from transpose in new[] { false, true }
                     from unit in new[] { false, true }
                     select (lower, transpose, unit))
            {
                var triangle = unit ? 0.1 / n * factor : factor.Clone();
                triangle = lower ? triangle : triangle.Transpose();
                if (unit)
                {
                    triangle.SetDiagonal(Enumerable.Repeat(1.0, n).ToArray());
                }

                // The other triangle and the unit diagonal must not be read.
                var stored = triangle.MapIndexed(
                    (i, j, v) => (lower ? j > i : j < i) || (unit && i == j) ? double.NaN : v);
                var x = Random(n * m, 7);
                var b = Matrix<double>.Build.DenseOfRowMajor(n, m, x);
                fixed (double* pt = stored.ToRowMajorArray(), px = x)
                {
                    Dense.TriangularSolve(n, m, pt, n, lower, transpose, unit, px, m);
                }

                var solution = Matrix<double>.Build.DenseOfRowMajor(n, m, x);
                var op = transpose ? triangle.Transpose() : triangle;
                var residual = (op * solution - b).PointwiseAbs();
                var bound = 2.2 * (n + 1) * Epsilon * (op.PointwiseAbs() * solution.PointwiseAbs());
                Assert.True((bound - residual).Enumerate().Min() >= 0.0, $"n {n}, m {m}, {lower}, {transpose}, {unit}");
            }
        }
    }

    /// <summary>The binary32 forms, which are derived from the text of the others: their residuals.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(32)]
    [InlineData(150)]
    public void Binary32_factors_and_solutions_satisfy_the_residual_bound(int n)
    {
        const int M = 19;
        const double Epsilon32 = 1.1920929e-7;
        var a = PositiveDefinite(n);
        var l = a.ToRowMajorArray().Select(x => (float)x).ToArray();
        var x = Random(n * M, 7).Select(v => (float)v).ToArray();
        var b = Matrix<double>.Build.DenseOfRowMajor(n, M, x.Select(v => (double)v));
        fixed (float* pl = l, px = x)
        {
            Assert.Equal(-1, Dense.Cholesky(n, pl, n, pl, n));
            Dense.TriangularSolve(n, M, pl, n, true, true, false, px, M);
        }

        var factor = Matrix<double>.Build.DenseOfRowMajor(n, n, l.Select(v => (double)v));
        var solution = Matrix<double>.Build.DenseOfRowMajor(n, M, x.Select(v => (double)v));
        var (size, transposed) = (factor.PointwiseAbs(), factor.Transpose());
        var bound = 2.2 * (n + 1) * Epsilon32;
        Assert.True((bound * size * size.Transpose() - (factor * transposed - a).PointwiseAbs()).Enumerate().Min() >= 0.0);
        var residual = (transposed * solution - b).PointwiseAbs();
        Assert.True((bound * (size.Transpose() * solution.PointwiseAbs()) - residual).Enumerate().Min() >= 0.0);
    }

    [Fact]
    public void A_solution_does_not_depend_on_its_neighbours()
    {
        const int N = 50, M = 21;
        var factor = PositiveDefinite(N).Cholesky().Factor.ToRowMajorArray();
        var all = Random(N * M, 8);
        var single = Enumerable.Range(0, N).Select(i => all[i * M + 20]).ToArray();
        fixed (double* pt = factor, pa = all, ps = single)
        {
            Dense.TriangularSolve(N, M, pt, N, true, false, false, pa, M);
            Dense.TriangularSolve(N, 1, pt, N, true, false, false, ps, 1);
        }

        AssertSameBits(single, Enumerable.Range(0, N).Select(i => all[i * M + 20]).ToArray());
    }

    /// <summary>Against the formula evaluated with MathNet, with margins that a dropped term or half would not meet.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_cotangent_of_a_factorisation_is_Murrays(int n)
    {
        var l = PositiveDefinite(n).Cholesky().Factor;
        var c = Matrix<double>.Build.DenseOfRowMajor(n, n, Random(n * n, 15));
        var inverse = l.Inverse();
        var s = inverse.Transpose() * Phi(l.Transpose() * c.LowerTriangle()) * inverse;
        var expected = Phi(s + s.Transpose());
        var (result, result32) = (new double[n * n], new float[n * n]);

        // The upper triangles must not be read.
        var hidden = Matrix<double>.Build.Dense(n, n, (i, j) => j > i ? double.NaN : 0.0);
        fixed (double* pl = (l + hidden).ToRowMajorArray(), pc = (c + hidden).ToRowMajorArray(), pr = result)
        {
            Dense.CholeskyVjp(n, pl, n, pc, n, pr, n);
        }

        fixed (float* pl = Singles(l + hidden), pc = Singles(c + hidden), pr = result32)
        {
            Dense.CholeskyVjp(n, pl, n, pc, n, pr, n);
        }

        var scale = inverse.L2Norm() * inverse.L2Norm() * (l.Transpose() * c).L2Norm() * l.L2Norm() * inverse.L2Norm();
        for (var i = 0; i < n * n; i++)
        {
            Assert.Equal(expected[i / n, i % n], result[i], 10.0 * n * Epsilon * scale);
            Assert.Equal(expected[i / n, i % n], result32[i], 10.0 * n * 1.2e-7 * scale);
        }

        static Matrix<double> Phi(Matrix<double> x) => x.MapIndexed((i, j, v) => i > j ? v : i == j ? 0.5 * v : 0.0);
        static float[] Singles(Matrix<double> x) => x.ToRowMajorArray().Select(v => (float)v).ToArray();
    }

    /// <summary>Matrices in lanes, the rest one by one: the same bits as single calls, failures included.</summary>
    [Theory]
    [InlineData(1, 9)]
    [InlineData(2, 17)]
    [InlineData(5, 8)]
    [InlineData(11, 19)]
    [InlineData(16, 33)]
    [InlineData(17, 9)]
    public void Matrices_in_lanes_are_single_calls(int n, int batch)
    {
        const int M = 2;
        var m = Math.Min(n, M);
        var shift = Random(batch, 13);
        var a = shift.SelectMany(s => (PositiveDefinite(n) * (2.0 + s)).ToRowMajorArray()).ToArray();
        a[3 * n * n + (n / 2) * (n + 1)] = double.PositiveInfinity;
        a[(batch - 1) * n * n] = -1.0;
        var b = Random(batch * n * m, 14);
        var (l, expected, failures) = (new double[a.Length], new double[a.Length], new int[batch]);
        fixed (double* pa = a, pl = l, pe = expected)
        fixed (int* pf = failures)
        {
            Assert.Equal(2, Dense.CholeskyBatch(batch, n, pa, n * n, n, pl, n * n, n, pf));
            for (var i = 0; i < batch; i++)
            {
                Assert.Equal(failures[i], Dense.Cholesky(n, pa + i * n * n, n, pe + i * n * n, n));
            }

            Assert.Equal(expected, l);
            foreach (var (lower, transpose, unit) in
                     from lower in new[] { false, true }
                     from transpose in new[] { false, true }
                     from unit in new[] { false, true }
                     select (lower, transpose, unit))
            {
                var (x, y) = (b.ToArray(), b.ToArray());
                fixed (double* px = x, py = y)
                {
                    Dense.TriangularSolveBatch(batch, n, m, pa, n * n, n, lower, transpose, unit, px, n * m, m);
                    for (var i = 0; i < batch; i++)
                    {
                        Dense.TriangularSolve(n, m, pa + i * n * n, n, lower, transpose, unit, py + i * n * m, m);
                    }
                }

                Assert.Equal(y, x);
            }
        }
    }

    [Fact]
    public void Batches_are_the_single_calls()
    {
        const int Batch = 3, N = 6;
        var a = Enumerable.Range(0, Batch).SelectMany(_ => PositiveDefinite(N).ToRowMajorArray()).ToArray();
        a[N * N] = -1.0; // the second matrix fails at once
        var (l, c, y) = (new double[a.Length], new double[a.Length], new double[Batch * N]);
        var b = Random(a.Length, 9);
        var expected = new double[N * N];
        var failures = new int[Batch];
        fixed (double* pa = a, pl = l, pc = c, py = y, pb = b, pe = expected)
        fixed (int* pf = failures)
        {
            Assert.Equal(1, Dense.CholeskyBatch(Batch, N, pa, N * N, N, pl, N * N, N, pf));
            Assert.Equal([-1, 0, -1], failures);
            Dense.GemmBatch(Batch, N, N, N, 1.0, pa, 0, N, false, pb, N * N, N, true, 0.0, pc, N * N, N);
            Dense.Gemm(N, N, N, 1.0, pa, N, false, pb + N * N, N, true, 0.0, pe, N);
            AssertSameBits(expected, c[(N * N)..(2 * N * N)]);
            Dense.GemvBatch(Batch, N, N, 1.0, pa, N * N, N, true, pb, N, 0.0, py, N);
            Dense.Gemv(N, N, 1.0, pa + 2 * N * N, N, true, pb + 2 * N, 0.0, pe);
            AssertSameBits(expected[..N], y[(2 * N)..]);
            Dense.TriangularSolveBatch(Batch, N, 1, pl, N * N, N, true, false, false, py, N, 1);
            Dense.TriangularSolve(N, 1, pl + 2 * N * N, N, true, false, false, pe, 1);
            AssertSameBits(expected[..N], y[(2 * N)..]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(1003)]
    public void Sums_use_eight_lanes(int n)
    {
        var (x, y) = (Random(n, 10), Random(n, 11));
        var (sums, dots) = (new double[8], new double[8]);
        for (var i = 0; i < n; i++)
        {
            sums[i % 8] += x[i];
            dots[i % 8] = Math.FusedMultiplyAdd(x[i], y[i], dots[i % 8]);
        }

        fixed (double* px = x, py = y)
        {
            Assert.Equal(Tree(sums), FixedOrder.Sum(px, n));
            Assert.Equal(Tree(dots), FixedOrder.Dot(px, py, n));
        }

        static double Tree(double[] l) => ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
    }

    private static int Factor(int n, double[] a, double[] l)
    {
        fixed (double* pa = a, pl = l)
        {
            return Dense.Cholesky(n, pa, n, pl, n);
        }
    }

    private static double[] Random(int count, ulong seed)
    {
        var values = new double[count];
        Philox.FillUniform(values, 0, 0, seed);
        return values.Select(u => 2.0 * u - 1.0).ToArray();
    }

    private static Matrix<double> PositiveDefinite(int n)
    {
        var root = Matrix<double>.Build.DenseOfRowMajor(n, n, Random(n * n, 12));
        return root * root.Transpose() + Matrix<double>.Build.DenseIdentity(n);
    }

    private static void AssertSameBits(double[] expected, double[] actual) =>
        Assert.Equal(expected.Select(BitConverter.DoubleToInt64Bits), actual.Select(BitConverter.DoubleToInt64Bits));
}
