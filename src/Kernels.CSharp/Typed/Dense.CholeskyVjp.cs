// The reverse mode of the Cholesky factorisation. Relies on Vector512Cotangents for small matrices, and on the matrix product
// and triangular systems for larger ones.
// Written for binary64; the binary32 form is derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    /// <summary>
    /// The cotangent of A (its lower triangle; zeros above) from that of L in A = L L', of which the lower triangles are
    /// read: Phi(S + S'), S = L'^-1 Phi(L' C) L^-1, where Phi takes the lower triangle and half the diagonal. `result`
    /// [n, n] may not overlap l or c. Murray (2016), Differentiation of the Cholesky decomposition, eq. (10).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void CholeskyVjp(int n, double* l, int ldl, double* c, int ldc, double* result, int ldr)
    {
        if (n > Blocking.CotangentRows)
        {
            LargeCholeskyVjp(n, l, ldl, c, ldc, result, ldr);
            return;
        }

        var stack = stackalloc double[4 * Blocking.CotangentRows * Blocking.CotangentRows + LargestLanes<double>()];
        var work = (double*)Align(stack);
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512Cotangents.Cholesky(n, l, ldl, c, ldc, result, ldr, work);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256Cotangents.Cholesky(n, l, ldl, c, ldc, result, ldr, work);
        }
        else
        {
            Vector128Cotangents.Cholesky(n, l, ldl, c, ldc, result, ldr, work);
        }
    }

    // S + S' is G = L'^-1 Q L^-1 with Q symmetric, its lower triangle that of L' C: two solutions with a transpose between.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LargeCholeskyVjp(int n, double* l, int ldl, double* c, int ldc, double* result, int ldr)
    {
        var size = (nint)n * n;
        var factor = (double*)Scratch.Rent(ScratchUse.Result, 3 * size * sizeof(double));
        var x = factor + size;
        var y = x + size;
        CopyTriangle(n, l, ldl, 1, factor, n);
        CopyTriangle(n, c, ldc, 1, x, n);
        Gemm(n, n, n, 1, factor, n, true, x, n, false, 0, y, n);
        for (var i = 1; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                y[j * (nint)n + i] = y[i * (nint)n + j];
            }
        }

        TriangularSolve(n, n, factor, n, true, true, false, y, n);
        TransposeTiles.Copy(n, n, y, n, x, n);
        TriangularSolve(n, n, factor, n, true, true, false, x, n);
        CopyTriangle(n, x, n, 2, result, ldr);
    }

    // The lower triangle, its diagonal divided, and zeros above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyTriangle(int n, double* x, int ldx, double divisor, double* target, int ldt)
    {
        for (var i = 0; i < n; i++)
        {
            var row = new Span<double>(target + i * (nint)ldt, n);
            new ReadOnlySpan<double>(x + i * (nint)ldx, i + 1).CopyTo(row);
            row[(i + 1)..].Clear();
            row[i] /= divisor;
        }
    }
}
