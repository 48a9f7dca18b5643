// The cotangent of a Cholesky factorisation of up to 16 rows, through the inverse of the factor: products with triangles have
// no chain from row to row as substitutions have. Every element is one chain of multiply-adds in ascending order.
// Written for 512 bits and binary64; the other widths and binary32 are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static unsafe partial class Vector512Cotangents
{
    /// <summary>
    /// The lower triangle, with half the diagonal, of L'^-1 Q L^-1, Q symmetric with the lower triangle of L' C. `work`
    /// holds four matrices of 16 rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Cholesky(int n, double* l, nint ldl, double* c, nint ldc, double* result, nint ldr, double* work)
    {
        var rows = (n + Blocking.TileRows - 1) & -Blocking.TileRows;
        var factor = work;
        var inverse = work + Blocking.CotangentRows * Blocking.CotangentRows;
        var product = inverse + Blocking.CotangentRows * Blocking.CotangentRows;
        var half = product + Blocking.CotangentRows * Blocking.CotangentRows;
        LoadLower(n, rows, l, ldl, factor);
        LoadLower(n, rows, c, ldc, half);
        Invert(n, rows, factor, inverse);

        // Q: the lower triangle of L' C, mirrored.
        Multiply(n, factor, 1, Blocking.CotangentRows, half, true, true, product);
        for (var i = 1; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                product[j * Blocking.CotangentRows + i] = product[i * Blocking.CotangentRows + j];
            }
        }

        Multiply(n, inverse, 1, Blocking.CotangentRows, product, true, false, half);
        Multiply(n, half, Blocking.CotangentRows, 1, inverse, false, true, product);
        StoreLower(n, product, result, ldr);
    }

    // Rows padded with zeros, as is the upper triangle.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadLower(int n, int rows, double* x, nint ld, double* target)
    {
        var width = Vector512<double>.Count;
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < Blocking.CotangentRows; j += width)
            {
                var lower = i < n ? FirstDoubles(i + 1 - j) : Vector512<double>.Zero;
                MaskedMemory.Load(x + i * ld + j, lower).Store(target + i * Blocking.CotangentRows + j);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreLower(int n, double* x, double* target, nint ld)
    {
        var width = Vector512<double>.Count;
        for (var i = 0; i < n; i++)
        {
            x[i * (Blocking.CotangentRows + 1)] /= 2;
            for (var j = 0; j < n; j += width)
            {
                var value = FirstDoubles(i + 1 - j) & Vector512.Load(x + i * Blocking.CotangentRows + j);
                MaskedMemory.Store(target + i * ld + j, FirstDoubles(n - j), value);
            }
        }
    }

    // M = L^-1 by forward substitution; the row above stays in a register.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Invert(int n, int rows, double* l, double* inverse)
    {
        var width = Vector512<double>.Count;
        for (var j = 0; j < Blocking.CotangentRows; j += width)
        {
            for (var i = 0; i < rows; i++)
            {
                Vector512<double>.Zero.Store(inverse + i * Blocking.CotangentRows + j);
            }

            var above = Vector512<double>.Zero;
            for (var i = j; i < n; i++)
            {
                var row = l + i * Blocking.CotangentRows;
                var sum = Vector512.ConditionalSelect(
                    Vector512.Equals(Vector512<double>.Indices, Vector512.Create((double)(i - j))),
                    Vector512<double>.One,
                    Vector512<double>.Zero);
                for (var k = j; k < i - 1; k++)
                {
                    sum = Vector512.FusedMultiplyAdd(
                        Vector512.Create(-row[k]), Vector512.Load(inverse + k * Blocking.CotangentRows + j), sum);
                }

                sum = i > j ? Vector512.FusedMultiplyAdd(Vector512.Create(-row[i - 1]), above, sum) : sum;
                above = sum * Vector512.Create(1 / row[i]);
                above.Store(inverse + i * Blocking.CotangentRows + j);
            }
        }
    }

    // Four rows of F B at a time, F(i, k) = f[i fRow + k fColumn]. `fromRow`: F(i, k) is zero for k below i. `lower`: only
    // the lower triangle of the product is wanted, and B is lower triangular.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(
        int n, double* f, nint fRow, nint fColumn, double* b, bool fromRow, bool lower, double* target)
    {
        var width = Vector512<double>.Count;
        for (var i = 0; i < n; i += Blocking.TileRows)
        {
            for (var j = 0; j < Blocking.CotangentRows; j += width)
            {
                var wanted = j < (lower ? i + Blocking.TileRows : n);
                var first = !wanted ? n : fromRow ? i : lower ? j : 0;
                Vector512<double> s0, s1, s2, s3;
                s0 = s1 = s2 = s3 = Vector512<double>.Zero;
                var a = f + i * fRow + first * fColumn;
                var x = b + first * Blocking.CotangentRows + j;
                for (var k = first; k < n; k++, a += fColumn, x += Blocking.CotangentRows)
                {
                    var row = Vector512.Load(x);
                    s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), row, s0);
                    s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[fRow]), row, s1);
                    s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2 * fRow]), row, s2);
                    s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[3 * fRow]), row, s3);
                }

                var t = target + i * Blocking.CotangentRows + j;
                s0.Store(t);
                s1.Store(t + Blocking.CotangentRows);
                s2.Store(t + 2 * Blocking.CotangentRows);
                s3.Store(t + 3 * Blocking.CotangentRows);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> FirstDoubles(int count) =>
        Vector512.LessThan(Vector512<double>.Indices, Vector512.Create((double)count));
}
