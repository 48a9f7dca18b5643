// Numbers of about 106 bits as unevaluated sums of two doubles (Dekker 1971; Hida, Li and Bailey 2001), with the few
// operations that TriangularFactor needs. The low part is at most half a unit in the last place of the high part.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>A sum high + low.</summary>
internal readonly struct DoubleDouble(double high, double low)
{
    public double High { get; } = high;

    public double Low { get; } = low;

    public static implicit operator DoubleDouble(double x) => new(x, 0.0);

    public static DoubleDouble operator -(DoubleDouble x) => new(-x.High, -x.Low);

    public static DoubleDouble operator -(DoubleDouble x, DoubleDouble y) => x + -y;

    public static DoubleDouble operator +(DoubleDouble x, DoubleDouble y)
    {
        double sum = x.High + y.High;
        double part = sum - x.High;
        double error = (x.High - (sum - part)) + (y.High - part);
        return Normalized(sum, error + x.Low + y.Low);
    }

    public static DoubleDouble operator *(DoubleDouble x, DoubleDouble y)
    {
        double product = x.High * y.High;
        double error = Math.FusedMultiplyAdd(x.High, y.High, -product);
        return Normalized(product, error + ((x.High * y.Low) + (x.Low * y.High)));
    }

    public static DoubleDouble operator /(DoubleDouble x, DoubleDouble y)
    {
        double first = x.High / y.High;
        double second = (x - (y * first)).High / y.High;
        double third = (x - (y * first) - (y * second)).High / y.High;
        return Normalized(first, second) + third;
    }

    /// <summary>The square root of a positive number: Newton's step from the double nearest to it.</summary>
    public static DoubleDouble Sqrt(DoubleDouble x)
    {
        double root = Math.Sqrt(x.High);
        return Normalized(root, (x - ((DoubleDouble)root * root)).High / (2.0 * root));
    }

    /// <summary>The sum of eight, always in the same order.</summary>
    public static DoubleDouble Sum(Vector512<double> high, Vector512<double> low)
    {
        DoubleDouble sum = 0.0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
        {
            sum += Normalized(high[lane], low[lane]);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DoubleDouble Normalized(double high, double low)
    {
        double sum = high + low;
        return new(sum, low - (sum - high));
    }
}

/// <summary>A sum of products that is rounded once, at the end: about 106 bits on the way.</summary>
public struct ExtendedSum(double start)
{
    private DoubleDouble sum = start;

    /// <summary>The sum, rounded to a double.</summary>
    public readonly double Value => sum.High;

    /// <summary>Adds x y.</summary>
    public void AddProduct(double x, double y) => sum += (DoubleDouble)x * y;
}
