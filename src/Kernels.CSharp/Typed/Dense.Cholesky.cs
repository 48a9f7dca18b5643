// Cholesky factorisation on raw row-major memory. Relies on Vector512Elimination (32 rows at most) and on
// the matrix product; see Dense.TriangularSolve.cs and Dense.Batches.cs next.
// Written for binary64; the binary32 form is derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    /// <summary>
    /// L lower triangular with L L' = A (only the lower part of A [n, n] is read; the upper part of L is set to 0). a
    /// and l may be the same matrix. Returns -1, or the index of the first pivot that is not positive and finite:
    /// that column of L and all columns behind it are NaN from the diagonal down. A squared pivot without a finite
    /// reciprocal (below 2^-1024, in binary32 below 2^-128) counts as not positive.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Cholesky(int n, double* a, int lda, double* l, int ldl)
    {
        if (n <= Panel)
        {
            return CholeskySmall(n, a, lda, l, ldl);
        }

        CopyLower(n, a, lda, l, ldl);
        var failed = Factor(n, l, ldl);
        for (var i = 0; i < n; i++)
        {
            new Span<double>(l + i * (nint)ldl + i + 1, n - i - 1).Clear();
        }

        if (failed >= 0)
        {
            FillFrom(n, failed, l, ldl);
        }

        return failed;
    }

    // In place, by halves on multiples of the panel: [A11; A21 A22] -> L11; L21 = A21 L11'^-1; L22 of A22 - L21 L21'.
    // Every element loses its products in ascending order, however the halves fall.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Factor(int n, double* l, int ldl)
    {
        if (n <= Panel)
        {
            return CholeskySmall(n, l, ldl, l, ldl);
        }

        var half = Half(n);
        var failed = Factor(half, l, ldl);
        if (failed >= 0)
        {
            return failed;
        }

        var below = l + half * (nint)ldl;
        SolveRight(n - half, half, l, ldl, below, ldl);
        SubtractGram(n - half, half, below, below + half, ldl);
        failed = Factor(n - half, below + half, ldl);
        return failed >= 0 ? half + failed : -1;
    }

    // X with X L' = B in place of B [m, n].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolveRight(int m, int n, double* l, int ldl, double* b, int ldb)
    {
        if (n <= Panel)
        {
            SolveRightPanel(m, n, l, ldl, b, ldb);
            return;
        }

        var half = Half(n);
        var below = l + half * (nint)ldl;
        SolveRight(m, half, l, ldl, b, ldb);
        Subtract(m, n - half, half, b, ldb, 1, below, 1, ldl, b + half, ldb);
        SolveRight(m, n - half, below + half, ldl, b + half, ldb);
    }

    // The rows of B as columns of right-hand sides, some at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void SolveRightPanel(int m, int n, double* l, int ldl, double* b, int ldb)
    {
        const int Rows = 64;
        var columns = stackalloc double[Panel * Rows];
        for (var i = 0; i < m; i += Rows)
        {
            var rows = Math.Min(Rows, m - i);
            var block = b + i * (nint)ldb;
            TransposeTiles.Copy(rows, n, block, ldb, columns, rows);
            SolvePanels(1, n, rows, l, 0, ldl, 1, false, columns, 0, rows);
            TransposeTiles.Copy(n, rows, columns, rows, block, ldb);
        }
    }

    // The lower part of C -= X X'; parts of the upper one change as well.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SubtractGram(int n, int inner, double* x, double* c, int ld)
    {
        const int Smallest = 96;
        if (n <= Smallest)
        {
            Subtract(n, n, inner, x, ld, 1, x, 1, ld, c, ld);
            return;
        }

        var half = Half(n);
        var below = half * (nint)ld;
        SubtractGram(half, inner, x, c, ld);
        Subtract(n - half, half, inner, x + below, ld, 1, x, 1, ld, c + below, ld);
        SubtractGram(n - half, inner, x + below, c + below + half, ld);
    }

    // The whole matrix as one block, transposed and padded on the stack.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static int CholeskySmall(int n, double* a, int lda, double* l, int ldl)
    {
        var stride = PaddedStride<double>(n);
        var stack = stackalloc double[2 * Panel * Panel + Panel + LargestLanes<double>()];
        var pivots = (double*)Align(stack);
        var w = pivots + Panel;
        var v = w + PaddedRows(n) * stride;
        LoadTransposed(n, a, lda, w, stride);
        for (var j = n & -Vector256<double>.Count; j < stride; j += Vector256<double>.Count)
        {
            Vector256<double>.Zero.Store(pivots + j);
        }

        int failed;
        if (Vector512.IsHardwareAccelerated)
        {
            failed = Vector512Elimination.Factor(n, a, lda, w, v, stride, pivots);
            Vector512Blocks.SquareRoots(pivots, stride);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            failed = Vector256Elimination.Factor(n, a, lda, w, v, stride, pivots);
            Vector256Blocks.SquareRoots(pivots, stride);
        }
        else
        {
            failed = Vector128Elimination.Factor(n, a, lda, w, v, stride, pivots);
            Vector128Blocks.SquareRoots(pivots, stride);
        }

        TransposeTiles.Copy(n, n, v, stride, l, ldl, pivots);
        if (failed >= 0)
        {
            FillFrom(n, failed, l, ldl);
        }

        return failed;
    }

    /// <summary>
    /// L^-1 for L L' = A, lower triangular with zeros above, for at most <see cref="LargestInverse"/> rows. Rows of `result`
    /// from the first pivot on that is not positive and finite are NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void CholeskyInverse(int n, double* a, int lda, double* result, int ldr)
    {
        var stride = PaddedStride<double>(n);
        var stack = stackalloc double[3 * LargestInverse * Panel + LargestInverse + LargestLanes<double>()];
        var pivots = (double*)Align(stack);
        var w = pivots + LargestInverse;
        var v = w + PaddedRows(n) * stride;
        var u = v + PaddedRows(n) * stride;
        LoadTransposed(n, a, lda, w, stride);
        var failed =
            Vector512.IsHardwareAccelerated ? Vector512Elimination.Invert(n, a, lda, w, v, u, stride, pivots, result, ldr)
            : Vector256.IsHardwareAccelerated ? Vector256Elimination.Invert(n, a, lda, w, v, u, stride, pivots, result, ldr)
            : Vector128Elimination.Invert(n, a, lda, w, v, u, stride, pivots, result, ldr);
        for (var i = failed >= 0 ? failed : n; i < n; i++)
        {
            new Span<double>(result + i * (nint)ldr, n).Fill(double.NaN);
        }
    }

    // The transpose of A, with zeros behind its rows, and rows of the unit matrix that make a multiple of four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadTransposed(int n, double* a, int lda, double* w, int stride)
    {
        var width = Vector256<double>.Count;
        for (var i = 0; i < n; i++)
        {
            for (var j = n & -width; j < stride; j += width)
            {
                Vector256<double>.Zero.Store(w + i * stride + j);
            }
        }

        for (var i = n; i < PaddedRows(n); i++)
        {
            for (var j = 0; j < stride; j += width)
            {
                Vector256<double>.Zero.Store(w + i * stride + j);
            }

            w[i * stride + i] = 1;
        }

        TransposeTiles.Copy(n, n, a, lda, w, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyLower(int n, double* a, int lda, double* l, int ldl)
    {
        if (a == l)
        {
            return;
        }

        for (var i = 0; i < n; i++)
        {
            new ReadOnlySpan<double>(a + i * (nint)lda, i + 1).CopyTo(new Span<double>(l + i * (nint)ldl, i + 1));
        }
    }

    // NaN in the lower triangle from that column on; the upper one may not have been written yet.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillFrom(int n, int column, double* l, int ldl)
    {
        for (var i = 0; i < n; i++)
        {
            var row = new Span<double>(l + i * (nint)ldl, n);
            row[(i + 1)..].Clear();
            if (i >= column)
            {
                row[column..(i + 1)].Fill(double.NaN);
            }
        }
    }
}
