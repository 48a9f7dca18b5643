// General square systems by LU factorisation with partial pivoting (Golub and Van Loan 2013, section 3.4): the pivot is the
// first of the largest entries of its column. Every element is one chain of fused multiply-adds in ascending order.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    /// <summary>
    /// X with A X = B, or A' X = B if transpose, in place of B [n, m] (row stride ldb), for packed A [n, n], which is not
    /// changed. A singular A divides by zero: infinities and NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Solve(int n, int m, double* a, bool transpose, double* b, int ldb)
    {
        var lu = FactorCopy(n, a, out var swaps, out _);
        if (!transpose)
        {
            for (var k = 0; k < n; k++)
            {
                SwapRows(b + k * (nint)ldb, b + (nint)swaps[k] * ldb, m);
            }
        }

        TriangularSolve(n, m, lu, n, !transpose, transpose, !transpose, b, ldb);
        TriangularSolve(n, m, lu, n, transpose, transpose, transpose, b, ldb);
        if (transpose)
        {
            for (var k = n - 1; k >= 0; k--)
            {
                SwapRows(b + k * (nint)ldb, b + (nint)swaps[k] * ldb, m);
            }
        }
    }

    /// <summary>log |det A| for packed A [n, n], and the sign of the determinant; -infinity and 0 where A is singular.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double LogAbsDeterminant(int n, double* a, out double sign)
    {
        var lu = FactorCopy(n, a, out _, out var isOdd);
        var sum = 0.0;
        sign = isOdd ? -1.0 : 1.0;
        for (var k = 0; k < n; k++)
        {
            var pivot = lu[k * (nint)(n + 1)];
            sum += VectorMath.Log(Math.Abs(pivot));
            sign *= pivot > 0.0 ? 1.0 : pivot < 0.0 ? -1.0 : pivot;
        }

        sign = sign == 0.0 ? 0.0 : sign;
        return sum;
    }

    /// <summary>L (unit diagonal) and U of a copy with rows exchanged, in scratch memory, and row k's partners.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double* FactorCopy(int n, double* a, out int* swaps, out bool isOdd)
    {
        var size = n * (nint)n;
        var lu = (double*)Scratch.Rent(ScratchUse.Decomposition, size * sizeof(double) + n * sizeof(int));
        swaps = (int*)(lu + size);
        isOdd = false;
        Buffer.MemoryCopy(a, lu, size * sizeof(double), size * sizeof(double));
        for (var k = 0; k < n; k++)
        {
            var best = k;
            for (var i = k + 1; i < n; i++)
            {
                best = Math.Abs(lu[i * (nint)n + k]) > Math.Abs(lu[best * (nint)n + k]) ? i : best;
            }

            swaps[k] = best;
            isOdd ^= best != k;
            var row = lu + k * (nint)n;
            SwapRows(row, lu + best * (nint)n, n);
            var pivot = row[k];
            for (var i = k + 1; i < n && pivot != 0.0; i++)
            {
                var other = lu + i * (nint)n;
                other[k] /= pivot;
                AddMultiple(other + k + 1, -other[k], row + k + 1, n - k - 1);
            }
        }

        return lu;
    }

    private static void SwapRows(double* x, double* y, int count)
    {
        for (var j = 0; j < count && x != y; j++)
        {
            (x[j], y[j]) = (y[j], x[j]);
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
}
