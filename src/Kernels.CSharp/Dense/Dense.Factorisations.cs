// Cholesky factorisation and triangular systems on raw row-major memory, one matrix or a batch.
// Both subtract products in ascending (or descending) order of the inner index, whatever the block size.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    private const int Panel = 32;

    /// <summary>
    /// L lower triangular with L L' = A (only the lower part of A [n, n] is read; the upper part of L is set to 0). a
    /// and l may be the same matrix. Returns -1, or the index of the first pivot that is not positive and finite:
    /// that column of L and all columns behind it are NaN from the diagonal down. Up to 32 rows, a squared pivot below
    /// 2^-1024, which has no finite reciprocal, counts as not positive.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Cholesky(int n, double* a, int lda, double* l, int ldl)
    {
        if (n <= Panel)
        {
            return CholeskySmall(n, a, lda, l, ldl);
        }

        CopyLower(n, a, lda, l, ldl);
        // Transposed columns of the panel, so that row updates run along contiguous memory.
        var columns = (double*)Scratch.Rent(ScratchUse.Result, Panel * (nint)n * sizeof(double));
        for (var k0 = 0; k0 < n; k0 += Panel)
        {
            var k1 = Math.Min(k0 + Panel, n);
            var failed = FactorPanel(n, k0, k1, l, ldl, columns);
            if (failed >= 0)
            {
                FillLowerFrom(n, failed, l, ldl);
                return failed;
            }

            UpdateBehindPanel(n, k0, k1, l, ldl, columns);
        }

        return -1;
    }

    /// <summary>
    /// `batch` factorisations; returns the number that failed, failures[i] (if given) as <see cref="Cholesky"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int CholeskyBatch(
        int batch, int n, double* a, nint strideA, int lda, double* l, nint strideL, int ldl, int* failures)
    {
        var count = 0;
        for (var i = 0; i < batch; i++)
        {
            var failed = Cholesky(n, a + i * strideA, lda, l + i * strideL, ldl);
            count += failed >= 0 ? 1 : 0;
            if (failures != null)
            {
                failures[i] = failed;
            }
        }

        return count;
    }

    /// <summary>
    /// X with op(T) X = B, in place of B [n, m] (row stride ldb); T [n, n] lower or upper triangular, the other part
    /// is not read; `unit` takes the diagonal as 1. A zero on the diagonal gives infinities or NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TriangularSolve(
        int n, int m, double* t, int ldt, bool lower, bool transpose, bool unit, double* b, int ldb)
    {
        var (row, column) = transpose ? ((nint)1, (nint)ldt) : (ldt, 1);
        var forward = lower != transpose;
        for (var start = 0; start < n; start += Panel)
        {
            var count = Math.Min(Panel, n - start);
            // Backward substitution is forward substitution on rows and columns counted from the end: negative strides.
            var (first, step) = forward ? ((nint)start, (nint)1) : (n - 1 - start, -1);
            var diagonal = t + first * (row + column);
            var rhs = b + first * ldb;
            SolvePanel(count, m, diagonal, row * step, column * step, unit, rhs, step * ldb);
            var rest = n - start - count;
            Subtract(
                rest, m, count, diagonal + count * step * row, row * step, column * step, rhs, step * ldb,
                rhs + count * step * ldb, step * ldb);
        }
    }

    /// <summary>`batch` triangular systems; see <see cref="TriangularSolve"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TriangularSolveBatch(
        int batch, int n, int m, double* t, nint strideT, int ldt, bool lower, bool transpose, bool unit, double* b,
        nint strideB, int ldb)
    {
        for (var i = 0; i < batch; i++)
        {
            TriangularSolve(n, m, t + i * strideT, ldt, lower, transpose, unit, b + i * strideB, ldb);
        }
    }

    // Substitution inside one diagonal block, with the widest vectors that the right-hand sides fill.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolvePanel(int n, int m, double* t, nint row, nint column, bool unit, double* b, nint bRow)
    {
        if (m >= 8 && Vector512.IsHardwareAccelerated)
        {
            Vector512Blocks.Solve(n, m, t, row, column, unit, b, bRow);
        }
        else if (m >= 4 && Vector256.IsHardwareAccelerated)
        {
            Vector256Blocks.Solve(n, m, t, row, column, unit, b, bRow);
        }
        else if (m >= 2)
        {
            Vector128Blocks.Solve(n, m, t, row, column, unit, b, bRow);
        }
        else if (m == 1)
        {
            SolveOne(n, t, row, column, unit, b, bRow);
        }
    }

    // One right-hand side. Products with the reciprocal, which does not wait for the sum as a quotient would.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolveOne(int n, double* t, nint row, nint column, bool unit, double* b, nint bRow)
    {
        for (var i = 0; i < n; i++)
        {
            var sum = b[i * bRow];
            var a = t + i * row;
            var x = b;
            for (var k = 0; k < i; k++, a += column, x += bRow)
            {
                sum = Math.FusedMultiplyAdd(-*a, *x, sum);
            }

            b[i * bRow] = unit ? sum : sum * (1.0 / *a);
        }
    }

    // y += factor x, each element on its own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMultiple(double* y, double factor, double* x, int count)
    {
        var j = 0;
        for (; j + 4 <= count; j += 4)
        {
            var old = Vector256.Load(y + j);
            Vector256.FusedMultiplyAdd(Vector256.Create(factor), Vector256.Load(x + j), old).Store(y + j);
        }

        for (; j < count; j++)
        {
            y[j] = Math.FusedMultiplyAdd(factor, x[j], y[j]);
        }
    }

    // The whole matrix as one block, transposed and padded on the stack.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CholeskySmall(int n, double* a, int lda, double* l, int ldl)
    {
        const int CacheLine = 64;
        var stride = (n + 15) & ~15;
        var stack = stackalloc double[2 * Panel * Panel + Panel + CacheLine / sizeof(double)];
        var pivots = (double*)(((nuint)stack + CacheLine - 1) & ~(nuint)(CacheLine - 1));
        var w = pivots + stride;
        var v = w + n * stride;
        for (var i = 0; i < w + n * stride - pivots; i += 4)
        {
            Vector256<double>.Zero.Store(pivots + i); // so that what fills the rows up is harmless
        }

        TransposeTiles.Copy(n, n, a, lda, w, stride, null);
        int failed;
        if (Vector512.IsHardwareAccelerated)
        {
            failed = Vector512Blocks.Eliminate(n, w, v, stride, pivots);
            Vector512Blocks.SquareRoots(pivots, stride);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            failed = Vector256Blocks.Eliminate(n, w, v, stride, pivots);
            Vector256Blocks.SquareRoots(pivots, stride);
        }
        else
        {
            failed = Vector128Blocks.Eliminate(n, w, v, stride, pivots);
            Vector128Blocks.SquareRoots(pivots, stride);
        }

        TransposeTiles.Copy(n, n, v, stride, l, ldl, pivots);
        for (var i = 0; i < n; i++)
        {
            var row = l + i * (nint)ldl;
            row[i] = pivots[i];
            for (var j = i + 1; j < n; j++)
            {
                row[j] = 0.0;
            }
        }

        if (failed >= 0)
        {
            FillLowerFrom(n, failed, l, ldl);
        }

        return failed;
    }

    // Columns k0..k1 of all rows; leaves the part of these columns below k1 transposed in `columns` [k1 - k0, n].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FactorPanel(int n, int k0, int k1, double* l, int ldl, double* columns)
    {
        for (var k = k0; k < k1; k++)
        {
            var diagonal = l + k * (nint)(ldl + 1);
            if (!(*diagonal > 0.0) || double.IsPositiveInfinity(*diagonal))
            {
                return k;
            }

            var pivot = Math.Sqrt(*diagonal);
            *diagonal = pivot;
            var column = columns + (k - k0) * (nint)n;
            for (var i = k + 1; i < n; i++)
            {
                var entry = l + i * (nint)ldl + k;
                column[i] = *entry /= pivot;
            }

            // Row i loses l(i,k) l(j,k) for the columns j of the panel up to its diagonal.
            for (var i = k + 1; i < n; i++)
            {
                var target = l + i * (nint)ldl;
                var last = Math.Min(i, k1 - 1);
                AddMultiple(target + k + 1, -column[i], column + k + 1, last - k);
            }
        }

        return -1;
    }

    // Rows behind the panel, in blocks, each up to the end of its own diagonal block.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UpdateBehindPanel(int n, int k0, int k1, double* l, int ldl, double* columns)
    {
        for (var i0 = k1; i0 < n; i0 += Panel)
        {
            var i1 = Math.Min(i0 + Panel, n);
            var row = l + i0 * (nint)ldl;
            Subtract(i1 - i0, i1 - k1, k1 - k0, row + k0, ldl, 1, columns + k1, n, row + k1, ldl);
            ClearAboveDiagonal(i0, i1, l, ldl);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyLower(int n, double* a, int lda, double* l, int ldl)
    {
        for (var i = 0; i < n; i++)
        {
            var source = a + i * (nint)lda;
            var target = l + i * (nint)ldl;
            if (source != target)
            {
                new ReadOnlySpan<double>(source, i + 1).CopyTo(new Span<double>(target, i + 1));
            }
        }

        ClearAboveDiagonal(0, n, l, ldl);
    }

    // Of rows i0..i1 the columns behind the diagonal, up to column i1: what a block update has written there.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ClearAboveDiagonal(int i0, int i1, double* l, int ldl)
    {
        for (var i = i0; i < i1; i++)
        {
            new Span<double>(l + i * (nint)ldl + i + 1, i1 - i - 1).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillLowerFrom(int n, int column, double* l, int ldl)
    {
        for (var i = column; i < n; i++)
        {
            new Span<double>(l + i * (nint)ldl + column, i - column + 1).Fill(double.NaN);
        }
    }
}
