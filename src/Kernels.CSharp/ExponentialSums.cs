// Largest elements and sums of exponentials of rows, the two halves of a log-sum-exp, in one pass over memory: a row is short
// enough for the first-level cache, and while its exponentials are added the next row's largest element is found. A long array is
// many rows, whose results are joined. Relies on ExponentialRows (Math/), FixedOrder and VectorMath.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>
/// t = max x and s = sum e^(x - t) of rows; where t is infinite, s is the sum of e^x: 0 or infinity. A NaN makes both NaN. The order
/// of the sums depends on the row's length alone: lane i mod 8, in each lane two sums by turns.
/// </summary>
public static unsafe class ExponentialSums
{
    /// <summary>The elements that a row should have at most: two rows stay in the first-level cache.</summary>
    public const int RowLength = 1024;

    private const int Lanes = 8;

    /// <summary>
    /// tops[i] and sums[i] of the rows x[i n .. i n + n - 1], n at least 1. Each term has an error below 1 ulp and 2^-50 of the largest.
    /// </summary>
    public static void Rows(double* tops, double* sums, double* x, nint rows, nint n) => Run(tops, sums, x, rows, n);

    /// <inheritdoc cref="Rows(double*, double*, double*, nint, nint)"/>
    public static void Rows(double* tops, double* sums, float* x, nint rows, nint n) => Run(tops, sums, x, rows, n);

    /// <summary>
    /// The pair of all from the pairs of parts: row i of the results from partTops[i n ..] and partSums[i n ..], n at least 1.
    /// </summary>
    public static void Join(double* tops, double* sums, double* partTops, double* partSums, nint rows, nint n)
    {
        for (nint row = 0; row < rows; row++)
        {
            (tops[row], sums[row]) = Joined(partTops + row * n, partSums + row * n, n);
        }
    }

    /// <inheritdoc cref="Rows(double*, double*, double*, nint, nint)"/>
    public static void Rows(Span<double> tops, Span<double> sums, ReadOnlySpan<double> x, int n)
    {
        fixed (double* top = tops, sum = sums, source = x)
        {
            Run(top, sum, source, tops.Length, n);
        }
    }

    /// <inheritdoc cref="Rows(double*, double*, double*, nint, nint)"/>
    public static void Rows(Span<double> tops, Span<double> sums, ReadOnlySpan<float> x, int n)
    {
        fixed (double* top = tops, sum = sums)
        {
            fixed (float* source = x)
            {
                Run(top, sum, source, tops.Length, n);
            }
        }
    }

    /// <summary>The pair of all from the pairs of parts, of which there is at least one.</summary>
    public static (double Top, double Sum) Join(ReadOnlySpan<double> partTops, ReadOnlySpan<double> partSums)
    {
        fixed (double* tops = partTops, sums = partSums)
        {
            return Joined(tops, sums, partTops.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Top, double Sum) Joined(double* tops, double* sums, nint n)
    {
        double top = double.NegativeInfinity;
        for (nint i = 0; i < n; i++)
        {
            top = Math.Max(top, tops[i]); // NaN stays
        }

        if (!double.IsFinite(top))
        {
            return Edge(top);
        }

        var lanes = Vector512<double>.Zero;
        var shift = Vector512.Create(top);
        double* block = stackalloc double[2 * Lanes];
        for (nint i = 0; i < n; i += Lanes)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                block[lane] = i + lane < n ? tops[i + lane] : double.NegativeInfinity;
                block[Lanes + lane] = i + lane < n ? sums[i + lane] : 0.0;
            }

            var scale = VectorMath.Exp(Vector512.Load(block) - shift);
            lanes = Vector512.FusedMultiplyAdd(scale, Vector512.Load(block + Lanes), lanes);
        }

        return (top, FixedOrder.Reduce(lanes));
    }

    private static (double Top, double Sum) Edge(double top) =>
        (top, double.IsNegativeInfinity(top) ? 0.0 : top);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T>(double* tops, double* sums, T* x, nint rows, nint n)
        where T : unmanaged
    {
        if (rows == 0)
        {
            return;
        }

        var state = new ExponentialRow<T> { Count = n };
        state.Search(x);
        for (nint row = 0; row < rows; row++)
        {
            // The last row looks at itself once more.
            T* own = x + row * n;
            (tops[row], sums[row]) = Sum(ref state, own, row + 1 < rows ? own + n : own);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (double Top, double Sum) Sum<T>(ref ExponentialRow<T> state, T* own, T* next)
        where T : unmanaged
    {
        double top = state.Top;
        double sum = state.Add(own, double.IsFinite(top) ? top : 0.0, next, out bool isNaN);
        return isNaN ? (double.NaN, double.NaN) : double.IsFinite(top) ? (top, sum) : Edge(top);
    }
}
