// sin, cos and tan: three-part reduction by pi/2 to a double-double remainder, one sine and one cosine polynomial.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>sin x; see <see cref="VectorMath.Sin(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Sin(Vector512<double> x)
    {
        var (high, low, quadrant) = ReduceByHalfPi(x);
        return CopySignOfZero(SinOfQuadrant(high, low, quadrant), x);
    }

    /// <summary>cos x; see <see cref="VectorMath.Cos(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Cos(Vector512<double> x)
    {
        var (high, low, quadrant) = ReduceByHalfPi(x);
        return SinOfQuadrant(high, low, quadrant + Vector512<long>.One);
    }

    /// <summary>tan x; see <see cref="VectorMath.Tan(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Tan(Vector512<double> x)
    {
        var (high, low, quadrant) = ReduceByHalfPi(x);
        var (sine, cosine) = SineAndCosine(high, low);
        var odd = Vector512.Equals(quadrant & Vector512<long>.One, Vector512<long>.One).AsDouble();
        return CopySignOfZero(Select(odd, -cosine, sine) / Select(odd, sine, cosine), x);
    }

    /// <summary>x = quadrant pi/2 + high + low, |high| at most pi/4 (a little more at the edge).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> High, Vector512<double> Low,
        Vector512<long> Quadrant) ReduceByHalfPi(Vector512<double> x)
    {
        var n = RoundToInteger(x * Vector512.Create(Constants.TwoOverPi), out var k);
        var first = Fma(n, -Constants.PiHalf1, x); // exact: a multiple of 2^-53 below 1
        var product = n * Vector512.Create(Constants.PiHalf2);
        var productLow = Vector512.FusedMultiplyAdd(n, Vector512.Create(Constants.PiHalf2), -product);
        var high = first - product;
        var back = high - first;
        var low = (first - (high - back)) - (product + back); // first - product = high + low, exactly
        low = Fma(n, -Constants.PiHalf3, low - productLow);
        if (Vector512.GreaterThanAny(Vector512.Abs(x), Vector512.Create(TrigonometricReduction.FastLimit)))
        {
            ReduceHugeLanes(x, ref high, ref low, ref k);
        }

        return (high, low, k);
    }

    /// <summary>Replaces the lanes with huge x only: what a lane gives never depends on its neighbours.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void ReduceHugeLanes(
        Vector512<double> x, ref Vector512<double> high, ref Vector512<double> low, ref Vector512<long> quadrant)
    {
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
        {
            if (Math.Abs(x.GetElement(lane)) > TrigonometricReduction.FastLimit)
            {
                var (h, l, q) = TrigonometricReduction.ReduceByHalfPi(x.GetElement(lane));
                high = high.WithElement(lane, h);
                low = low.WithElement(lane, l);
                quadrant = quadrant.WithElement(lane, q);
            }
        }
    }

    /// <summary>sin(high + low + quadrant pi/2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> SinOfQuadrant(Vector512<double> high, Vector512<double> low,
        Vector512<long> quadrant)
    {
        var (sine, cosine) = SineAndCosine(high, low);
        var odd = Vector512.Equals(quadrant & Vector512<long>.One, Vector512<long>.One).AsDouble();
        var sign = ((quadrant << 62) & Vector512.Create(long.MinValue)).AsDouble();
        return Select(odd, cosine, sine) ^ sign;
    }

    /// <summary>sin and cos of high + low, |high| at most pi/4 (a little more at the edge).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Sine, Vector512<double> Cosine) SineAndCosine(Vector512<double> high,
        Vector512<double> low)
    {
        var z = high * high;
        var half = Vector512.Create(0.5) * z;
        // The low part enters to first order: sin' = cos = 1 - z/2, cos' = -sin = -high.
        var sine = high + Fma(z * high, Minimax.SinTail(z), Vector512.FusedMultiplyAdd(-half, low, low));
        var top = Vector512.Create(1.0) - half;
        var rounding = (Vector512.Create(1.0) - top) - half;
        var cosine = top + Vector512.FusedMultiplyAdd(z * z, Minimax.CosTail(z), Vector512.FusedMultiplyAdd(-high,
            low, rounding));
        return (sine, cosine);
    }

    // sin(-0) = -0: adding the low part +0 to the high part -0 loses the sign.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> CopySignOfZero(Vector512<double> result, Vector512<double> x) =>
        Select(Equal(x, 0.0), x, result);
}
