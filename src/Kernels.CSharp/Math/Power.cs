// x^y = exp(y log x) with log x and the product in double-double (error of log x about 2^-66, relative).
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>x^y; see <see cref="VectorMath.Pow(Vector512{double}, Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Pow(Vector512<double> x, Vector512<double> y)
    {
        var result = PowOfPositive(x, y);
        var infinity = Vector512.Create(double.PositiveInfinity);
        var plain = Greater(x, 0.0) & Vector512.LessThan(x, infinity) & Vector512.LessThan(Vector512.Abs(y), infinity);
        return Vector512.EqualsAll(plain.AsInt64(), Vector512<long>.AllBitsSet) ? result : PowEdges(x, y, result,
            plain);
    }

    /// <summary>x^y for positive finite x and finite y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> PowOfPositive(Vector512<double> x, Vector512<double> y)
    {
        var (logHigh, logLow) = PreciseLog(x);
        var high = y * logHigh;
        var low = Vector512.FusedMultiplyAdd(y, logLow, Vector512.FusedMultiplyAdd(y, logHigh, -high));
        // Where the result over- or underflows the low part may be NaN, and it does not matter.
        low = Select(Less(Vector512.Abs(high), 800.0), low, Vector512<double>.Zero);
        var r = ReduceExp(AtLeast(AtMost(high, 710.0), -746.0), out var n) + low;
        return Scale(Vector512.Create(1.0) + Fma(r * r, Minimax.ExpTail(r), r), n);
    }

    /// <summary>log x as a double-double, for positive finite x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> High, Vector512<double> Low) PreciseLog(Vector512<double> x)
    {
        var subnormal = Less(x, Constants.MinNormal);
        var e = Decompose(Select(subnormal, x * Vector512.Create(Constants.TwoTo54), x), out var f, out _);
        e -= Select(subnormal, 54.0, Vector512<double>.Zero);

        var (high, low) = PreciseLogOnePlus(f);
        var scaled = e * Vector512.Create(Constants.Ln2High);
        var scaledLow = Fma(e, Constants.Ln2Low, Vector512.FusedMultiplyAdd(e, Vector512.Create(Constants.Ln2High),
            -scaled));
        var sum = scaled + high;
        return (sum, ((scaled - sum) + high) + (scaledLow + low));
    }

    // log(1+f) = 2s + (2/3) s^3 + s^5 tail(s^2), s = f/(2+f); the first two terms in double-double.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> High, Vector512<double> Low) PreciseLogOnePlus(Vector512<double> f)
    {
        var two = Vector512.Create(2.0);
        var d = f + two;
        var dLow = f - (d - two);
        var inverse = Vector512.Create(1.0) / d;
        var s = f * inverse;
        var sLow = inverse * Vector512.FusedMultiplyAdd(-s, dLow, Vector512.FusedMultiplyAdd(-s, d, f));
        var z = s * s;
        var zLow = Vector512.FusedMultiplyAdd(s + s, sLow, Vector512.FusedMultiplyAdd(s, s, -z));
        var cube = s * z;
        var cubeLow = Vector512.FusedMultiplyAdd(
            s, zLow, Vector512.FusedMultiplyAdd(sLow, z, Vector512.FusedMultiplyAdd(s, z, -cube)));
        var third = Vector512.Create(Constants.TwoThirdsHigh);
        var tail = z * Minimax.PowTail(z);
        var factor = third + tail;
        var factorLow = ((third - factor) + tail) + Vector512.Create(Constants.TwoThirdsLow);
        var term = cube * factor;
        var termLow = Vector512.FusedMultiplyAdd(
            cube, factorLow, Vector512.FusedMultiplyAdd(cubeLow, factor, Vector512.FusedMultiplyAdd(cube, factor,
            -term)));
        var twice = s + s;
        var high = twice + term;
        return (high, ((twice - high) + term) + Vector512.FusedMultiplyAdd(two, sLow, termLow));
    }

    // Everything but a positive finite base with a finite exponent, by the rules of C's pow (IEEE 754, 9.2.1).
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> PowEdges(
        Vector512<double> x, Vector512<double> y, Vector512<double> otherwise, Vector512<double> plain)
    {
        var one = Vector512.Create(1.0);
        var a = Vector512.Abs(x);
        var degenerate = Equal(a, 0.0) | Equal(a, double.PositiveInfinity) | Equal(Vector512.Abs(y),
            double.PositiveInfinity);
        var grows = ~(Vector512.GreaterThan(a, one) ^ Greater(y, 0.0));
        var atEdge = Select(grows, double.PositiveInfinity, Vector512<double>.Zero);
        var magnitude = Select(degenerate, Select(Equal(a, 1.0), one, atEdge), PowOfPositive(a, y));

        var whole = Vector512.Equals(Vector512.Floor(y), y);
        var half = Vector512.Create(0.5) * y;
        var odd = whole & ~Vector512.Equals(Vector512.Floor(half), half);
        var signed = Select(odd, CopySign(magnitude, x), magnitude);
        var undefined = Less(x, 0.0) & Greater(x, double.NegativeInfinity) & ~whole;
        var nan = ~(Vector512.Equals(x, x) & Vector512.Equals(y, y));
        var value = Select(undefined | nan, double.NaN, signed);
        value = Select(Equal(y, 0.0) | Equal(x, 1.0), one, value);
        return Select(plain, otherwise, value);
    }
}
