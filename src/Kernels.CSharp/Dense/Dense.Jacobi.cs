// Eigenvalues of symmetric matrices by cyclic Jacobi rotations, singular values by one-sided ones (Hestenes 1958): short, and
// accurate also in the small values (Demmel and Veselic 1992). About n^3 operations times 4 a sweep, 6 to 10 sweeps.
// Columns are kept as rows, so that rotations run along memory. Squares must not leave the range: entries between 1e-150 and
// 1e150. A matrix with an infinity or NaN has NaN everywhere.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    private const int MaxSweeps = 60;
    private const double Negligible = 1.1102230246251565e-16; // 2^-53

    /// <summary>
    /// Eigenvalues w, ascending, and orthonormal eigenvectors, the columns of V [n, n], of the symmetric matrix whose lower
    /// triangle is in packed A [n, n]. Of each vector the first of the largest components is positive.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Eigh(int n, double* a, double* w, double* v)
    {
        var size = n * (nint)n;
        if (!IsFinite(a, size))
        {
            new Span<double>(w, n).Fill(double.NaN);
            new Span<double>(v, n * n).Fill(double.NaN);
            return;
        }

        var s = (double*)Scratch.Rent(ScratchUse.Decomposition, 2 * size * sizeof(double) + n * sizeof(int));
        var vectors = s + size;
        var order = (int*)(vectors + size);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                s[i * (nint)n + j] = s[j * (nint)n + i] = a[i * (nint)n + j];
            }
        }

        SetIdentity(n, vectors);
        for (var sweep = 0; sweep < MaxSweeps && SweepSymmetric(n, s, vectors); sweep++)
        {
        }

        for (var i = 0; i < n; i++)
        {
            w[i] = s[i * (nint)(n + 1)];
        }

        Sort(n, w, order, ascending: true);
        for (var j = 0; j < n; j++)
        {
            StoreColumn(n, vectors + order[j] * (nint)n, Orientation(n, vectors + order[j] * (nint)n), v + j, n);
        }
    }

    /// <summary>
    /// U [m, k], singular values s [k], descending, and V [n, k] with A = U diag(s) V', k the smaller of m and n, and
    /// orthonormal columns, for packed A [m, n]. Of each column of V the first of the largest components is positive.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Svd(int m, int n, double* a, double* u, double* s, double* v)
    {
        var k = Math.Min(m, n);
        if (!IsFinite(a, m * (nint)n))
        {
            new Span<double>(u, m * k).Fill(double.NaN);
            new Span<double>(s, k).Fill(double.NaN);
            new Span<double>(v, n * k).Fill(double.NaN);
            return;
        }

        // Of the longer side: `columns` [k, length] are rotated, `rotations` [k, k] remember how.
        var length = Math.Max(m, n);
        var columns = (double*)Scratch.Rent(
            ScratchUse.Decomposition, (k * (nint)length + k * (nint)k) * sizeof(double) + k * sizeof(int));
        var rotations = columns + k * (nint)length;
        var order = (int*)(rotations + k * (nint)k);
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                columns[m >= n ? j * (nint)length + i : i * (nint)length + j] = a[i * (nint)n + j];
            }
        }

        SetIdentity(k, rotations);
        for (var sweep = 0; sweep < MaxSweeps && SweepColumns(k, length, columns, rotations); sweep++)
        {
        }

        for (var j = 0; j < k; j++)
        {
            s[j] = Math.Sqrt(FixedOrder.Dot(columns + j * (nint)length, columns + j * (nint)length, length));
        }

        Sort(k, s, order, ascending: false);
        StoreSingularVectors(k, length, columns, rotations, order, s, m >= n ? u : v, m >= n ? v : u, m >= n);
    }

    // One rotation for each pair of rows that needs one; whether there was any.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool SweepSymmetric(int n, double* s, double* vectors)
    {
        var largest = 0.0;
        for (nint i = 0; i < n * (nint)n; i++)
        {
            largest = Math.Max(largest, Math.Abs(s[i]));
        }

        var rotated = false;
        for (var p = 0; p < n - 1; p++)
        {
            for (var q = p + 1; q < n; q++)
            {
                var x = s + p * (nint)n;
                var y = s + q * (nint)n;
                var (alpha, beta, gamma) = (x[p], y[q], x[q]);
                if (Math.Abs(gamma) <= Negligible * Math.Max(Math.Sqrt(Math.Abs(alpha * beta)), 1e-3 * Negligible * largest))
                {
                    continue;
                }

                rotated = true;
                var (t, cosine, sine) = Rotation(alpha, beta, gamma);
                Rotate(x, y, cosine, sine, n);
                for (var k = 0; k < n; k++)
                {
                    s[k * (nint)n + p] = x[k];
                    s[k * (nint)n + q] = y[k];
                }

                (x[p], y[q]) = (Math.FusedMultiplyAdd(-t, gamma, alpha), Math.FusedMultiplyAdd(t, gamma, beta));
                (x[q], y[p]) = (0.0, 0.0);
                Rotate(vectors + p * (nint)n, vectors + q * (nint)n, cosine, sine, n);
            }
        }

        return rotated;
    }

    // One rotation for each pair of columns that are not orthogonal yet; whether there was any.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool SweepColumns(int k, int length, double* columns, double* rotations)
    {
        var rotated = false;
        for (var p = 0; p < k - 1; p++)
        {
            for (var q = p + 1; q < k; q++)
            {
                var x = columns + p * (nint)length;
                var y = columns + q * (nint)length;
                var (alpha, beta) = (FixedOrder.Dot(x, x, length), FixedOrder.Dot(y, y, length));
                var gamma = FixedOrder.Dot(x, y, length);
                if (Math.Abs(gamma) <= 4.0 * Negligible * Math.Sqrt(alpha * beta))
                {
                    continue;
                }

                rotated = true;
                var (_, cosine, sine) = Rotation(alpha, beta, gamma);
                Rotate(x, y, cosine, sine, length);
                Rotate(rotations + p * (nint)k, rotations + q * (nint)k, cosine, sine, k);
            }
        }

        return rotated;
    }

    // The smaller rotation that makes the off-diagonal element of [alpha, gamma; gamma, beta] zero.
    private static (double Tangent, double Cosine, double Sine) Rotation(double alpha, double beta, double gamma)
    {
        var zeta = (beta - alpha) / (2.0 * gamma);
        var t = (zeta >= 0.0 ? 1.0 : -1.0) / (Math.Abs(zeta) + Math.Sqrt(Math.FusedMultiplyAdd(zeta, zeta, 1.0)));
        var cosine = 1.0 / Math.Sqrt(Math.FusedMultiplyAdd(t, t, 1.0));
        return (t, cosine, t * cosine);
    }

    // x, y = cosine x - sine y, sine x + cosine y.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(double* x, double* y, double cosine, double sine, int count)
    {
        var (c, s) = (Vector256.Create(cosine), Vector256.Create(sine));
        var j = 0;
        for (; j + 4 <= count; j += 4)
        {
            var (left, right) = (Vector256.Load(x + j), Vector256.Load(y + j));
            Vector256.FusedMultiplyAdd(-s, right, c * left).Store(x + j);
            Vector256.FusedMultiplyAdd(s, left, c * right).Store(y + j);
        }

        for (; j < count; j++)
        {
            var (left, right) = (x[j], y[j]);
            x[j] = Math.FusedMultiplyAdd(-sine, right, cosine * left);
            y[j] = Math.FusedMultiplyAdd(sine, left, cosine * right);
        }
    }

    // `longer` from the normalised columns, `shorter` from the rotations; V is `shorter` if m >= n.
    private static void StoreSingularVectors(
        int k, int length, double* columns, double* rotations, int* order, double* s, double* longer, double* shorter,
        bool rightIsShorter)
    {
        for (var j = 0; j < k; j++)
        {
            var column = columns + order[j] * (nint)length;
            if (s[j] == 0.0)
            {
                Complete(j, k, length, longer, column);
            }
            else
            {
                for (var i = 0; i < length; i++)
                {
                    column[i] /= s[j];
                }
            }

            var rotation = rotations + order[j] * (nint)k;
            var sign = rightIsShorter ? Orientation(k, rotation) : Orientation(length, column);
            StoreColumn(length, column, sign, longer + j, k);
            StoreColumn(k, rotation, sign, shorter + j, k);
        }
    }

    // A unit vector orthogonal to the first j stored columns: of the unit vectors the one that lies least in their span.
    private static void Complete(int j, int k, int length, double* stored, double* column)
    {
        var (best, smallest) = (0, double.PositiveInfinity);
        for (var i = 0; i < length; i++)
        {
            var inside = 0.0;
            for (var c = 0; c < j; c++)
            {
                inside = Math.FusedMultiplyAdd(stored[i * (nint)k + c], stored[i * (nint)k + c], inside);
            }

            (best, smallest) = inside < smallest ? (i, inside) : (best, smallest);
        }

        new Span<double>(column, length).Clear();
        column[best] = 1.0;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var c = 0; c < j; c++)
            {
                var along = 0.0;
                for (var i = 0; i < length; i++)
                {
                    along = Math.FusedMultiplyAdd(stored[i * (nint)k + c], column[i], along);
                }

                for (var i = 0; i < length; i++)
                {
                    column[i] = Math.FusedMultiplyAdd(-along, stored[i * (nint)k + c], column[i]);
                }
            }
        }

        var norm = Math.Sqrt(FixedOrder.Dot(column, column, length));
        for (var i = 0; i < length; i++)
        {
            column[i] /= norm;
        }
    }

    // Insertion sort; order[j] is where element j was. Equal elements stay in order.
    private static void Sort(int n, double* x, int* order, bool ascending)
    {
        for (var i = 0; i < n; i++)
        {
            var (value, j) = (x[i], i);
            for (; j > 0 && (ascending ? x[j - 1] > value : x[j - 1] < value); j--)
            {
                (x[j], order[j]) = (x[j - 1], order[j - 1]);
            }

            (x[j], order[j]) = (value, i);
        }
    }

    // 1 or -1: the sign of the first of the largest components.
    private static double Orientation(int n, double* x)
    {
        var best = 0;
        for (var i = 1; i < n; i++)
        {
            best = Math.Abs(x[i]) > Math.Abs(x[best]) ? i : best;
        }

        return n > 0 && x[best] < 0.0 ? -1.0 : 1.0;
    }

    private static void StoreColumn(int n, double* x, double sign, double* column, int stride)
    {
        for (var i = 0; i < n; i++)
        {
            column[i * (nint)stride] = sign * x[i];
        }
    }

    private static void SetIdentity(int n, double* x)
    {
        new Span<double>(x, n * n).Clear();
        for (var i = 0; i < n; i++)
        {
            x[i * (nint)(n + 1)] = 1.0;
        }
    }

    private static bool IsFinite(double* x, nint count)
    {
        for (nint i = 0; i < count; i++)
        {
            if (!double.IsFinite(x[i]))
            {
                return false;
            }
        }

        return true;
    }
}
