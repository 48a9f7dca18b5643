// The dense kernels on spans of tightly packed matrices, for callers that may not use pointers.
using System;

namespace Ppl.Kernels;

/// <summary>The kernels of <see cref="Dense"/> on spans of tightly packed matrices.</summary>
public static unsafe class PackedDense
{
    /// <summary>C = op(A) op(B) on packed matrices; see the pointer form.</summary>
    public static void Gemm(
        int m, int n, int k, ReadOnlySpan<double> a, bool transposeA, ReadOnlySpan<double> b, bool transposeB, Span<double> c)
    {
        fixed (double* pa = a, pb = b, pc = c)
        {
            Dense.Gemm(m, n, k, 1.0, pa, transposeA ? m : k, transposeA, pb, transposeB ? k : n, transposeB, 0.0, pc, n);
        }
    }

    /// <summary>The same in binary32.</summary>
    public static void Gemm(
        int m, int n, int k, ReadOnlySpan<float> a, bool transposeA, ReadOnlySpan<float> b, bool transposeB, Span<float> c)
    {
        fixed (float* pa = a, pb = b, pc = c)
        {
            Dense.Gemm(m, n, k, 1.0f, pa, transposeA ? m : k, transposeA, pb, transposeB ? k : n, transposeB, 0.0f, pc, n);
        }
    }

    /// <summary>The Cholesky factor of one packed matrix; see the pointer form.</summary>
    public static int Cholesky(int n, ReadOnlySpan<double> a, Span<double> l)
    {
        fixed (double* pa = a, pl = l)
        {
            return Dense.Cholesky(n, pa, n, pl, n);
        }
    }

    /// <summary>The inverse of the Cholesky factor of one packed matrix; see the pointer form.</summary>
    public static void CholeskyInverse(int n, ReadOnlySpan<double> a, Span<double> result)
    {
        fixed (double* pa = a, pr = result)
        {
            Dense.CholeskyInverse(n, pa, n, pr, n);
        }
    }

    /// <summary>The cotangent of one packed matrix from that of its Cholesky factor; see the pointer form.</summary>
    public static void CholeskyVjp(int n, ReadOnlySpan<double> l, ReadOnlySpan<double> c, Span<double> result)
    {
        fixed (double* pl = l, pc = c, pr = result)
        {
            Dense.CholeskyVjp(n, pl, n, pc, n, pr, n);
        }
    }

    /// <summary>X with op(T) X = B in place of the packed matrix B [n, m]; see the pointer form.</summary>
    public static void TriangularSolve(int n, int m, ReadOnlySpan<double> t, bool lower, bool transpose, Span<double> b)
    {
        fixed (double* pt = t, pb = b)
        {
            Dense.TriangularSolve(n, m, pt, n, lower, transpose, false, pb, m);
        }
    }

    /// <summary>X with A X = B (or A' X = B) in place of the packed matrix B [n, m]; see the pointer form.</summary>
    public static void Solve(int n, int m, ReadOnlySpan<double> a, bool transpose, Span<double> b)
    {
        fixed (double* pa = a, pb = b)
        {
            Dense.Solve(n, m, pa, transpose, pb, m);
        }
    }

    /// <summary>A decomposition of one packed matrix A [m, n]; see the pointer form.</summary>
    public static void Decompose(Decomposition kind, int m, int n, ReadOnlySpan<double> a, Span<double> result)
    {
        fixed (double* pa = a, pr = result)
        {
            Dense.Decompose(kind, m, n, pa, pr);
        }
    }
}
