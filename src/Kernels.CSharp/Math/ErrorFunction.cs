// erf, erfc, the normal distribution function, its logarithm and its inverse.
// One polynomial for exp(z^2) erfc(z) on all of z >= 0, one for erf below 0.7; exp(-z^2) from z^2 in double-double.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>erf x; see <see cref="VectorMath.Erf(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Erf(Vector512<double> x)
    {
        var a = AtMost(Vector512.Abs(x), 6.0); // erfc(6) is below half an ulp of 1
        var outside = Vector512.Create(1.0) - ExpOfMinusSquare(a, 1.0) * Erfcx(a);
        return CopySign(Select(Less(a, Constants.SmallErf), ErfOfSmall(a), outside), x);
    }

    /// <summary>erfc x; see <see cref="VectorMath.Erfc(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Erfc(Vector512<double> x)
    {
        var a = AtMost(Vector512.Abs(x), 28.0);
        var tail = ExpOfMinusSquare(a, 1.0) * Erfcx(a);
        var outside = Select(Less(x, 0.0), Vector512.Create(2.0) - tail, tail);
        var inside = Vector512.Create(1.0) - ErfOfSmall(AtLeast(AtMost(x, 1.0), -1.0));
        return Select(Less(a, Constants.SmallErf), inside, outside);
    }

    /// <summary>
    /// The standard normal distribution function; see <see cref="VectorMath.Ndtr(Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Ndtr(Vector512<double> x)
    {
        var a = AtMost(Vector512.Abs(x), 40.0);
        var z = a * Vector512.Create(Constants.InvSqrt2);
        var tail = ExpOfMinusSquare(a, 0.5) * NormalTail(a);
        var outside = Select(Less(x, 0.0), tail, Vector512.Create(1.0) - tail);
        var centre = Fma(CopySign(ErfOfSmall(z), x), 0.5, Vector512.Create(0.5));
        return Select(Less(z, Constants.SmallErf), centre, outside);
    }

    /// <summary>
    /// log of the normal distribution function; see <see cref="VectorMath.LogNdtr(Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LogNdtr(Vector512<double> x)
    {
        // Near 0: log(1/2 + erf/2). Below: -x^2/2 + log(scaled tail), no cancellation. Above: log(1 - tail).
        var (zero, one, middle) = (Vector512<double>.Zero, Vector512.Create(1.0), Vector512.Create(0.5));
        var a = AtMost(Vector512.Abs(x), 1e160);
        var z = a * Vector512.Create(Constants.InvSqrt2);
        var near = Less(z, Constants.SmallErf);
        var below = Vector512.AndNot(Less(x, 0.0), near);
        var scaledTail = NormalTail(a);
        var (square, squareLow) = ScaledSquare(a, 0.5);
        var tail = ExpOfMinus(AtMost(square, 800.0), Select(Less(square, 800.0), squareLow, zero)) * scaledTail;
        var start = Select(near, middle, one);
        var change = Select(near, middle * CopySign(ErfOfSmall(z), x), -tail);
        var u = start + change;
        var log = LogOfSum(Select(below, scaledTail, u), Select(below, zero, (start - u) + change));
        // Where the square overflows, its low part is not a number.
        return Select(below, (log - Select(Less(square, 1e300), squareLow, zero)) - square, log);
    }

    /// <summary>The normal quantile function; see <see cref="VectorMath.Ndtri(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Ndtri(Vector512<double> p)
    {
        var q = p - Vector512.Create(0.5);
        return NormalQuantile(q, Select(Less(q, 0.0), p, Vector512.Create(1.0) - p));
    }

    /// <summary>The inverse of erf; see <see cref="VectorMath.Erfinv(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Erfinv(Vector512<double> x)
    {
        // erf z = 2 Phi(sqrt(2) z) - 1.
        var half = Vector512.Create(0.5);
        var tail = half * (Vector512.Create(1.0) - Vector512.Abs(x));
        return Vector512.Create(Constants.InvSqrt2) * NormalQuantile(half * x, tail);
    }

    /// <summary>The normal quantile of 1/2 + q, whose distance from the nearer end is `tail`.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> NormalQuantile(Vector512<double> q, Vector512<double> tail)
    {
        var x = Fma(-q, q, Vector512.Create(0.180625));
        var centre = Fma(q, 2.5, q * (Minimax.NdtriCentreTop(x) / Minimax.NdtriCentreBottom(x)));
        var r = Vector512.Sqrt(-Log(tail));
        var near = Less(r, 5.0);
        var t = AtMost(r, 28.0) - Select(near, 1.6, Vector512.Create(5.0));
        var slope = Select(near, 1.0, Vector512.Create(1.4));
        var outside = Vector512.FusedMultiplyAdd(
            r, slope, Minimax.NdtriTailTop(near, t) / Minimax.NdtriTailBottom(near, t));
        var edge = Select(Equal(r, double.PositiveInfinity), r, outside);
        return Select(Less(Vector512.Abs(q), 0.425), centre, CopySign(edge, q));
    }

    /// <summary>erf x for |x| below 0.7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ErfOfSmall(Vector512<double> x) => Fma(x, Minimax.ErfTail(x * x), x);

    /// <summary>exp(z^2) erfc(z) for z at least 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Erfcx(Vector512<double> z)
    {
        // (1 + 2z) exp(z^2) erfc(z) is nearly constant, so that the rounding of its argument does not count.
        var t = Fma(Vector512.Create(1.0) / (z + Vector512.Create(4.0)), -8.0, Vector512.Create(1.0));
        return Minimax.Erfcx(t) / Fma(z, 2.0, Vector512.Create(1.0));
    }

    /// <summary>exp(x^2/2) (1 - Phi(x)) for x at least 0: Erfcx without the rounding of x/sqrt(2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> NormalTail(Vector512<double> x)
    {
        var t = Fma(Vector512.Create(1.0) / (x + Vector512.Create(6.0)), -12.0, Vector512.Create(1.0));
        return Minimax.NormalTail(t) / Fma(x, 1.5, Vector512.Create(1.0));
    }

    /// <summary>factor x^2 = high + low, exactly, for a factor that is a power of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> High, Vector512<double> Low) ScaledSquare(Vector512<double> x, double factor)
    {
        var scaled = Vector512.Create(factor) * x;
        var high = scaled * x;
        return (high, Vector512.FusedMultiplyAdd(scaled, x, -high));
    }

    /// <summary>exp(-factor x^2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ExpOfMinusSquare(Vector512<double> x, double factor)
    {
        var (high, low) = ScaledSquare(x, factor);
        return ExpOfMinus(high, low);
    }

    /// <summary>
    /// exp(-high - low) for high in [0, 900] and small low; not yet rounded into the subnormal range.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ExpOfMinus(Vector512<double> high, Vector512<double> low)
    {
        var r = ReduceExp(-high, out var n) - low;
        return Scale(Vector512.Create(1.0) + Fma(r * r, Minimax.ExpTail(r), r), n);
    }
}
