// Reductions in one fixed order: eight lanes (element i goes to lane i mod 8), then lanes l and l+4, l and l+2, l and
// l+1. The order does not depend on the machine's vector width: where 512-bit vectors do not exist they are split by
// the runtime.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>Sums whose order, and so whose bits, depend on the length alone.</summary>
public static unsafe class FixedOrder
{
    /// <summary>((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Reduce(Vector512<double> lanes)
    {
        var four = lanes.GetLower() + lanes.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        return two.ToScalar() + two.GetElement(1);
    }

    /// <summary>sum_i x[i], lanes first, then <see cref="Reduce"/>; 0 for n = 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(double* x, nint n)
    {
        var lanes = Vector512<double>.Zero;
        nint i = 0;
        for (; i + 8 <= n; i += 8)
        {
            lanes += Vector512.Load(x + i);
        }

        return Reduce(i < n ? lanes + LoadTail(x + i, n - i) : lanes);
    }

    /// <summary>
    /// sum_i x[i] y[i] with fused multiply-adds in each lane, then <see cref="Reduce"/>; 0 for n = 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(double* x, double* y, nint n)
    {
        var lanes = Vector512<double>.Zero;
        nint i = 0;
        for (; i + 8 <= n; i += 8)
        {
            lanes = Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(y + i), lanes);
        }

        return Reduce(
            i < n ? Vector512.FusedMultiplyAdd(LoadTail(x + i, n - i), LoadTail(y + i, n - i), lanes) : lanes);
    }

    /// <summary>a b + c, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double MultiplyAdd(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    /// <inheritdoc cref="MultiplyAdd(double, double, double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>The square root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double SquareRoot(double x) => Math.Sqrt(x);

    /// <inheritdoc cref="SquareRoot(double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SquareRoot(float x) => MathF.Sqrt(x);

    // The last, incomplete block; the missing elements are zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LoadTail(double* x, nint count)
    {
        var padded = stackalloc double[8];
        Vector512<double>.Zero.Store(padded);
        for (nint i = 0; i < count; i++)
        {
            padded[i] = x[i];
        }

        return Vector512.Load(padded);
    }
}
