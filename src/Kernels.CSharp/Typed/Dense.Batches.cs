// Factorisations and triangular systems of many matrices: small ones go into the lanes of the vectors, as many at a time
// as there are lanes; the rest one by one. Relies on Vector512Batches.
// Written for binary64; the binary32 form is derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    /// <summary>
    /// `batch` factorisations as <see cref="Cholesky(int, double*, int, double*, int)"/>, with the same bits; strides
    /// are the distances from one matrix to the next. Returns the number that failed, failures[i] (if given) where.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int CholeskyBatch(
        int batch, int n, double* a, nint strideA, int lda, double* l, nint strideL, int ldl, int* failures)
    {
        var (count, i) = (0, 0);
        if (FitsLanes(n) && lda == n && ldl == n)
        {
            for (var lanes = Lanes<double>(); i + lanes <= batch; i += lanes)
            {
                count += CholeskyLanes(
                    n, lanes, a + i * strideA, strideA, l + i * strideL, strideL, failures == null ? null : failures + i);
            }
        }

        for (; i < batch; i++)
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
    /// `batch` triangular systems, as one after the other with the same bits; strides are the distances from one matrix
    /// to the next.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TriangularSolveBatch(
        int batch, int n, int m, double* t, nint strideT, int ldt, bool lower, bool transpose, bool unit, double* b,
        nint strideB, int ldb)
    {
        var i = 0;
        if (FitsLanes(n) && m < Lanes<double>() && ldt == n && ldb == m)
        {
            for (var lanes = Lanes<double>(); i + lanes <= batch; i += lanes)
            {
                SolveLanes(lanes, n, m, t + i * strideT, strideT, lower, transpose, unit, b + i * strideB, strideB);
            }
        }

        if (n > 0 && n <= Panel)
        {
            var (row, column) = transpose ? ((nint)1, (nint)ldt) : (ldt, 1);
            nint bRow = ldb;
            var first = t;
            var sides = b;
            if (lower == transpose)
            {
                FromTheEnd(n, ref first, ref row, ref column, ref sides, ref bRow);
            }

            for (; i < batch; i += Blocking.SolvedMatrices)
            {
                var count = Math.Min(Blocking.SolvedMatrices, batch - i);
                SolvePanels(
                    count, n, m, first + i * strideT, strideT, row, column, unit, sides + i * strideB, strideB, bRow);
            }
        }

        for (; i < batch; i++)
        {
            TriangularSolve(n, m, t + i * strideT, ldt, lower, transpose, unit, b + i * strideB, ldb);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static int CholeskyLanes(
        int n, int lanes, double* a, nint strideA, double* l, nint strideL, int* failures)
    {
        var stack = stackalloc double[LaneElements * LargestLanes<double>() + LargestLanes<double>()];
        var x = (double*)Align(stack);
        TransposeTiles.Copy(lanes, n * n, a, strideA, x, lanes);
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512Batches.Cholesky(n, x);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256Batches.Cholesky(n, x);
        }
        else
        {
            Vector128Batches.Cholesky(n, x);
        }

        TransposeTiles.Copy(n * n, lanes, x, lanes, l, strideL);
        var count = 0;
        for (var lane = 0; lane < lanes; lane++)
        {
            // What is not a number in one column is none in the last.
            var failed = -1;
            if (double.IsNaN(x[(n * n - 1) * lanes + lane]))
            {
                count++;
                failed = 0;
                while (!double.IsNaN(x[failed * (n + 1) * lanes + lane]))
                {
                    failed++;
                }
            }

            if (failures != null)
            {
                failures[lane] = failed;
            }
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void SolveLanes(
        int lanes, int n, int m, double* t, nint strideT, bool lower, bool transpose, bool unit, double* b, nint strideB)
    {
        var stack = stackalloc double[2 * LaneElements * LargestLanes<double>() + LargestLanes<double>()];
        var matrices = (double*)Align(stack);
        var sides = matrices + n * n * lanes;
        TransposeTiles.Copy(lanes, n * n, t, strideT, matrices, lanes);
        TransposeTiles.Copy(lanes, n * m, b, strideB, sides, lanes);
        var (row, column, bRow) = ((nint)n * lanes, (nint)lanes, (nint)m * lanes);
        (row, column) = transpose ? (column, row) : (row, column);
        var x = sides;
        if (lower == transpose)
        {
            // Backward: from the end, with negative strides.
            matrices += (n - 1) * (row + column);
            x += (n - 1) * bRow;
            (row, column, bRow) = (-row, -column, -bRow);
        }

        if (Vector512.IsHardwareAccelerated)
        {
            Vector512Batches.Solve(n, m, matrices, row, column, unit, x, bRow);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256Batches.Solve(n, m, matrices, row, column, unit, x, bRow);
        }
        else
        {
            Vector128Batches.Solve(n, m, matrices, row, column, unit, x, bRow);
        }

        TransposeTiles.Copy(n * m, lanes, sides, lanes, b, strideB);
    }
}
