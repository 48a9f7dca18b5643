// Factorisation and substitution of a batch of small matrices, one matrix in each lane: element (i, j) of all of them is
// the vector at (i n + j) widths. The operations on a lane are those of Vector512Blocks on one matrix: the same bits.
// Written for 512 bits and binary64; the other widths and binary32 are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static unsafe partial class Vector512Batches
{
    /// <summary>
    /// In place: the lower part of A becomes L, the upper one zeros. From the first pivot on that is not positive and
    /// finite or has no finite reciprocal, a lane's columns are NaN from the diagonal down.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Cholesky(int n, double* x)
    {
        nint width = Vector512<double>.Count;
        var step = n * width;

        // Below the diagonal D V' column by column, above it V: V(k, i) = (D V')(i, k) / D(k).
        for (var k = 0; k < n; k++)
        {
            var factors = x + k * width; // V(m, k), m = 0, 1, ...
            var i = k;
            for (; i + 4 <= n; i += 4)
            {
                var row = x + i * step;
                var entry = row + k * width;
                var (s0, s1) = (Vector512.Load(entry), Vector512.Load(entry + step));
                var (s2, s3) = (Vector512.Load(entry + 2 * step), Vector512.Load(entry + 3 * step));
                var factor = factors;
                for (var m = 0; m < k; m++, row += width, factor += step)
                {
                    var f = -Vector512.Load(factor);
                    s0 = Vector512.FusedMultiplyAdd(f, Vector512.Load(row), s0);
                    s1 = Vector512.FusedMultiplyAdd(f, Vector512.Load(row + step), s1);
                    s2 = Vector512.FusedMultiplyAdd(f, Vector512.Load(row + 2 * step), s2);
                    s3 = Vector512.FusedMultiplyAdd(f, Vector512.Load(row + 3 * step), s3);
                }

                s0.Store(entry);
                s1.Store(entry + step);
                s2.Store(entry + 2 * step);
                s3.Store(entry + 3 * step);
            }

            for (; i < n; i++)
            {
                var row = x + i * step;
                var sum = Vector512.Load(row + k * width);
                var factor = factors;
                for (var m = 0; m < k; m++, row += width, factor += step)
                {
                    sum = Vector512.FusedMultiplyAdd(-Vector512.Load(factor), Vector512.Load(row), sum);
                }

                sum.Store(row);
            }

            Divide(n, k, x);
        }

        Finish(n, x);
    }

    /// <summary>
    /// X with T X = B in place of B [n, m]; T(i, k) = t[i row + k column] and B(i, j) = b[i bRow + j width], in widths.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Solve(int n, int m, double* t, nint row, nint column, bool unit, double* b, nint bRow)
    {
        nint width = Vector512<double>.Count;
        for (var j = 0; j < m; j++, b += width)
        {
            var i = 0;
            for (; i + 2 <= n; i += 2)
            {
                var a = t + i * row;
                var x = b;
                var y = b + i * bRow;
                var (s0, s1) = (Vector512.Load(y), Vector512.Load(y + bRow));
                for (var k = 0; k < i; k++, a += column, x += bRow)
                {
                    var z = Vector512.Load(x);
                    s0 = Vector512.FusedMultiplyAdd(-Vector512.Load(a), z, s0);
                    s1 = Vector512.FusedMultiplyAdd(-Vector512.Load(a + row), z, s1);
                }

                s0 = unit ? s0 : s0 * (Vector512<double>.One / Vector512.Load(a));
                s0.Store(y);
                s1 = Vector512.FusedMultiplyAdd(-Vector512.Load(a + row), s0, s1);
                s1 = unit ? s1 : s1 * (Vector512<double>.One / Vector512.Load(a + row + column));
                s1.Store(y + bRow);
            }

            if (i < n)
            {
                var a = t + i * row;
                var x = b;
                var sum = Vector512.Load(b + i * bRow);
                for (var k = 0; k < i; k++, a += column, x += bRow)
                {
                    sum = Vector512.FusedMultiplyAdd(-Vector512.Load(a), Vector512.Load(x), sum);
                }

                sum = unit ? sum : sum * (Vector512<double>.One / Vector512.Load(a));
                sum.Store(b + i * bRow);
            }
        }
    }

    // Row k of V from column k, with NaN as the pivot where it is not positive and finite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Divide(int n, int k, double* x)
    {
        nint width = Vector512<double>.Count;
        var step = n * width;
        var diagonal = x + k * (step + width);
        var pivot = Vector512.Load(diagonal);
        var inverse = Vector512<double>.One / pivot;
        var good = Vector512.GreaterThan(inverse, Vector512<double>.Zero)
            & Vector512.LessThan(inverse, Vector512.Create(double.PositiveInfinity));
        inverse = Vector512.ConditionalSelect(good, inverse, Vector512.Create(double.NaN));
        Vector512.ConditionalSelect(good, pivot, inverse).Store(diagonal);
        for (var i = 1; i < n - k; i++)
        {
            (Vector512.Load(diagonal + i * step) * inverse).Store(diagonal + i * width);
        }
    }

    // L = V' sqrt(D), and zeros above the diagonal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(int n, double* x)
    {
        nint width = Vector512<double>.Count;
        var step = n * width;
        for (var k = 0; k < n; k++)
        {
            var diagonal = x + k * (step + width);
            var root = Vector512.Sqrt(Vector512.Load(diagonal));
            root.Store(diagonal);
            for (var i = 1; i < n - k; i++)
            {
                (Vector512.Load(diagonal + i * width) * root).Store(diagonal + i * step);
                Vector512<double>.Zero.Store(diagonal + i * width);
            }
        }
    }
}
