// Matrix products in both types: each element against the chain of multiply-adds that defines it, bit by bit, whatever
// blocks, panels and edges it went through; memory around C stays as it was.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Xunit;

namespace Ppl.Kernels.Tests;

public sealed unsafe class GemmTests
{
    private const int Margin = 5; // elements between the rows of C, and around it

    private delegate void Kernel<T>(
        int m, int n, int k, T* a, int lda, bool transposeA, T* b, int ldb, bool transposeB, T* c, int ldc)
        where T : unmanaged;

    // Single rows and columns, every remainder of the tiles, and sizes across each border of the blocks.
    public static IEnumerable<object[]> Shapes()
    {
        int[] small = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17];
        var shapes = from m in small from n in small where (m + n) % 3 == 0 select (m, n, k: (5 * m + n) % 19);
        var columns = Enumerable.Range(1, 60).Select(n => (m: 5, n, k: 7));
        (int, int, int)[] large = [(300, 70, 400), (17, 1601, 30), (9, 40, 800), (257, 193, 385), (1, 500, 300), (600, 3, 500)];
        return shapes.Concat(columns).Concat(large).Distinct().Select(s => new object[] { s.Item1, s.Item2, s.Item3 });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Binary64_products_are_chains(int m, int n, int k) => CheckAll<double>(
        m, n, k, (m, n, k, a, lda, ta, b, ldb, tb, c, ldc) => Dense.Gemm(m, n, k, 1.0, a, lda, ta, b, ldb, tb, 0.0, c, ldc));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Binary32_products_are_chains(int m, int n, int k) => CheckAll<float>(
        m, n, k, (m, n, k, a, lda, ta, b, ldb, tb, c, ldc) => Dense.Gemm(m, n, k, 1.0f, a, lda, ta, b, ldb, tb, 0.0f, c, ldc));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Rows_may_be_split_among_threads(int parts)
    {
        CheckAll<double>(130, 100, 210, (m, n, k, a, lda, ta, b, ldb, tb, c, ldc) =>
        {
            for (var p = parts - 1; p >= 0; p--)
            {
                Dense.GemmRows(m * p / parts, m * (p + 1) / parts, n, k, a, lda, ta, b, ldb, tb, c, ldc);
            }
        });
    }

    [Fact]
    public void The_old_result_is_scaled_and_added()
    {
        foreach (var (m, n, k) in new[] { (3, 5, 4), (70, 90, 300), (4, 4, 0) })
        {
            var (a, b, c) = (Random<float>(m * k, 1), Random<float>(k * n, 2), Random<float>(m * n, 3));
            var expected = Product(m, n, k, a, k, false, b, n, false)
                .Zip(c, (sum, old) => MathF.FusedMultiplyAdd(-0.5f, sum, 3.0f * old)).ToArray();
            fixed (float* pa = a, pb = b, pc = c)
            {
                Dense.Gemm(m, n, k, -0.5f, pa, k, false, pb, n, false, 3.0f, pc, n);
            }

            Assert.Equal(expected, c);
        }
    }

    /// <summary>An element is not a number exactly where its own row or column says so: padding never leaks in.</summary>
    [Theory]
    [InlineData(5, 9, 3)]
    [InlineData(130, 100, 200)]
    public void Infinities_and_NaN_stay_in_their_rows_and_columns(int m, int n, int k)
    {
        var (a, b) = (Random<double>(m * k, 1), Random<double>(k * n, 2));
        (a[(m - 1) * k], b[n / 2], b[n - 1]) = (double.NaN, double.PositiveInfinity, double.NaN);
        var c = new double[m * n];
        fixed (double* pa = a, pb = b, pc = c)
        {
            Dense.Gemm(m, n, k, 1.0, pa, k, false, pb, n, false, 0.0, pc, n);
        }

        for (var i = 0; i < m * n; i++)
        {
            var (row, column) = (i / n, i % n);
            Assert.Equal(row == m - 1 || column == n - 1, double.IsNaN(c[i]));
            Assert.Equal(row != m - 1 && column == n / 2, double.IsInfinity(c[i]));
        }
    }

    private static void CheckAll<T>(int m, int n, int k, Kernel<T> gemm)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (var (transposeA, transposeB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            var (lda, ldb, ldc) = ((transposeA ? m : k) + 3, (transposeB ? k : n) + 1, n + Margin);
            var a = Random<T>(lda * (transposeA ? k : m), 1);
            var b = Random<T>(ldb * (transposeB ? n : k), 2);
            var c = Enumerable.Repeat(T.NaN, m * ldc + 2 * Margin).ToArray();
            fixed (T* pa = a, pb = b, pc = c)
            {
                gemm(m, n, k, pa, lda, transposeA, pb, ldb, transposeB, pc + Margin, ldc);
            }

            var expected = Enumerable.Repeat(T.NaN, c.Length).ToArray();
            var product = Product(m, n, k, a, lda, transposeA, b, ldb, transposeB);
            for (var i = 0; i < m; i++)
            {
                product.AsSpan(i * n, n).CopyTo(expected.AsSpan(Margin + i * ldc));
            }

            Assert.Equal(expected, c);
        }
    }

    private static T[] Product<T>(int m, int n, int k, T[] a, int lda, bool transposeA, T[] b, int ldb, bool transposeB)
        where T : IBinaryFloatingPointIeee754<T>
    {
        var c = new T[m * n];
        for (var i = 0; i < c.Length; i++)
        {
            for (var p = 0; p < k; p++)
            {
                var (row, column) = (i / n, i % n);
                var x = transposeA ? a[p * lda + row] : a[row * lda + p];
                c[i] = T.FusedMultiplyAdd(x, transposeB ? b[column * ldb + p] : b[p * ldb + column], c[i]);
            }
        }

        return c;
    }

    private static T[] Random<T>(int count, ulong seed)
        where T : IBinaryFloatingPointIeee754<T>
    {
        var values = new double[count];
        Philox.FillUniform(values, 0, 0, seed);
        return values.Select(u => T.CreateChecked(2.0 * u - 1.0)).ToArray();
    }
}
