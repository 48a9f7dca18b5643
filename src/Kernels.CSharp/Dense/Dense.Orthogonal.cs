// QR by Householder reflections (Golub and Van Loan 2013, section 5.2), row by row, with a nonnegative diagonal of R, so that
// the factors of a matrix of full column rank are unique. Norms are not scaled: entries between 1e-150 and 1e150.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    /// <summary>
    /// Q [m, n] with Q' Q = I and upper triangular R [n, n] with a nonnegative diagonal, Q R = A, for packed A [m, n], m at
    /// least n.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Qr(int m, int n, double* a, double* q, double* r)
    {
        var work = (double*)Scratch.Rent(ScratchUse.Decomposition, 2 * (nint)n * sizeof(double));
        var scales = work + n;
        Buffer.MemoryCopy(a, q, m * (nint)n * sizeof(double), m * (nint)n * sizeof(double));
        for (var j = 0; j < n; j++)
        {
            scales[j] = MakeReflection(m, n, j, q);
            Reflect(m, n, j, scales[j], q, work);
        }

        new Span<double>(r, n * n).Clear();
        for (var i = 0; i < n; i++)
        {
            var flip = q[i * (nint)(n + 1)] < 0.0 ? -1.0 : 1.0;
            for (var j = i; j < n; j++)
            {
                r[i * (nint)n + j] = flip * q[i * (nint)n + j];
            }

            work[i] = flip;
        }

        // The flips have to outlast the reflections, which need the scratch row.
        for (var j = 0; j < n; j++)
        {
            q[j * (nint)(n + 1)] = work[j];
        }

        for (var j = n - 1; j >= 0; j--)
        {
            ExpandColumn(m, n, j, scales[j], q, work);
        }
    }

    // The reflection I - scale v v' that takes column j below the diagonal to its norm; v (with v_j = 1) replaces it.
    private static double MakeReflection(int m, int n, int j, double* q)
    {
        var square = 0.0;
        for (var i = j; i < m; i++)
        {
            square = Math.FusedMultiplyAdd(q[i * (nint)n + j], q[i * (nint)n + j], square);
        }

        var first = q[j * (nint)(n + 1)];
        var norm = Math.Sqrt(square);
        if (norm == 0.0)
        {
            return 0.0;
        }

        var diagonal = first >= 0.0 ? -norm : norm;
        for (var i = j + 1; i < m; i++)
        {
            q[i * (nint)n + j] /= first - diagonal;
        }

        q[j * (nint)(n + 1)] = diagonal;
        return (diagonal - first) / diagonal;
    }

    // Applies the reflection of column j to the columns behind it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Reflect(int m, int n, int j, double scale, double* q, double* work)
    {
        var count = n - j - 1;
        var top = q + j * (nint)n + j + 1;
        Buffer.MemoryCopy(top, work, count * sizeof(double), count * sizeof(double));
        for (var i = j + 1; i < m; i++)
        {
            AddMultiple(work, q[i * (nint)n + j], q + i * (nint)n + j + 1, count);
        }

        AddMultiple(top, -scale, work, count);
        for (var i = j + 1; i < m; i++)
        {
            AddMultiple(q + i * (nint)n + j + 1, -scale * q[i * (nint)n + j], work, count);
        }
    }

    // Column j of Q, times its sign (on the diagonal before), and its reflection applied to the columns behind it.
    private static void ExpandColumn(int m, int n, int j, double scale, double* q, double* work)
    {
        var flip = q[j * (nint)(n + 1)];
        for (var k = j + 1; k < n; k++)
        {
            q[j * (nint)n + k] = 0.0;
        }

        Reflect(m, n, j, scale, q, work);
        for (var i = j + 1; i < m; i++)
        {
            q[i * (nint)n + j] *= -scale * flip;
        }

        q[j * (nint)(n + 1)] = (1.0 - scale) * flip;
    }
}
