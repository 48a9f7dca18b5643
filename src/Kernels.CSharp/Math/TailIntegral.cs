// What the incomplete gamma and beta functions share. Both are, up to a factor D, integrals over s >= 0 of exp(-g(s)) with
// g convex and g(0) = 0: the logarithm of their integrand is concave in log t and in logit t. The integral is cut where
// g is 40 and taken by one Gauss-Legendre rule, so that every lane does the same work whatever its arguments.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>Where c1 s + c2 s^2 / 2 is 40: the start of the search for the end of the integral.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> TailStart(Vector512<double> c1, Vector512<double> c2) =>
        Vector512.Create(2.0 * Constants.TailExponent)
        / (c1 + Vector512.Sqrt(Fma(c2, 2.0 * Constants.TailExponent, c1 * c1)));

    /// <summary>One step of Newton's method for sqrt(g(s)) = sqrt(40).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> TailStep(Vector512<double> s, Vector512<double> g, Vector512<double> slope)
    {
        var excess = g - Vector512.Sqrt(Vector512.Create(Constants.TailExponent) * g);
        return s - (excess + excess) / slope;
    }

    /// <summary>e^v - 1 - v, without cancellation, and e^v - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Bend, Vector512<double> Expm1) ExpBeyondLinear(Vector512<double> v)
    {
        // For r = v/2: e^v - 1 - v = (e^r - 1)^2 + 2 (e^r - 1 - r).
        var a = Vector512.Abs(v);
        var near = Less(a, 0.3465735902799726);
        var r = Select(near, v, Vector512.Create(0.5) * v);
        var bend = r * r * Minimax.ExpTail(r);
        var rise = r + bend;
        var twice = Vector512.FusedMultiplyAdd(rise, rise, bend + bend);
        var far = Exp(v) - Vector512.Create(1.0);
        bend = Select(near, bend, Select(Less(a, 0.6931471805599453), twice, far - v));
        return (bend, Select(near, rise, Select(Less(a, 0.6931471805599453), v + twice, far)));
    }

    /// <summary>z - log(1 + z) without cancellation, for z above -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LogBeyondLinear(Vector512<double> z)
    {
        // As in LogOfParts: log(1+f) = f - (f^2/2 - s (f^2/2 + R)).
        var near = Less(Vector512.Abs(z), 0.29);
        var f = Select(near, z, Vector512<double>.Zero);
        var s = f / (f + Vector512.Create(2.0));
        var square = s * s;
        var half = Vector512.Create(0.5) * f * f;
        return Select(near, half - s * Fma(square, Minimax.LogTail(square), half), z - Log1p(z));
    }

    /// <summary>log((top + topLow) / bottom) as a double-double, for positive finite operands and quotient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> High, Vector512<double> Low) LogOfQuotient(
        Vector512<double> top, Vector512<double> topLow, Vector512<double> bottom)
    {
        var quotient = top / bottom;
        var rest = (Vector512.FusedMultiplyAdd(-quotient, bottom, top) + topLow) / bottom;
        var (high, low) = PreciseLog(quotient);
        return (high, low + rest / quotient);
    }

    /// <summary>a + b = sum + low, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Sum, Vector512<double> Low) ExactSum(Vector512<double> a, Vector512<double> b)
    {
        var sum = a + b;
        var back = sum - a;
        return (sum, (a - (sum - back)) + (b - back));
    }

    /// <summary>a (high + low) as a double-double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> High, Vector512<double> Low) Multiply(
        Vector512<double> a, Vector512<double> high, Vector512<double> low)
    {
        var product = a * high;
        return (product, Vector512.FusedMultiplyAdd(a, low, Vector512.FusedMultiplyAdd(a, high, -product)));
    }

    /// <summary>e^(high + low) for high up to 700; 0 far below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ExpOfSum(Vector512<double> high, Vector512<double> low)
    {
        var (sum, rest) = ExactSum(high, low);
        rest = Select(Greater(sum, -900.0), rest, Vector512<double>.Zero);
        var r = ReduceExp(AtLeast(AtMost(sum, 700.0), -900.0), out var n) + rest;
        return Scale(Vector512.Create(1.0) + Fma(r * r, Minimax.ExpTail(r), r), n);
    }

    /// <summary>log gamma(y) - ((y - 1/2) log y - y + log(2 pi)/2) for y at least 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> StirlingRest(Vector512<double> y)
    {
        var inverse = Vector512.Create(1.0) / y;
        var x = AtMost(y, 4.0) - Vector512.Create(1.0);
        var low = Minimax.StirlingLowTop(x) / Minimax.StirlingLowBottom(x);
        return Select(Less(y, 4.0), low, inverse * Minimax.Stirling(inverse * inverse));
    }

    /// <summary>log y - digamma(y) for y at least 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LogLessDigamma(Vector512<double> y)
    {
        var inverse = Vector512.Create(1.0) / y;
        var square = inverse * inverse;
        var tail = Fma(inverse, 0.5, square * Minimax.DigammaTail(square));
        return Select(Less(y, 3.0), Log(y) - DigammaOfPositive(y), tail);
    }

    /// <summary>log gamma(1 + u) for u in [0, 1], small u included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LgammaOfOnePlus(Vector512<double> x)
    {
        var first = Less(x, 0.42);
        var u = Select(first, x, x - Vector512.Create(1.0));
        var v = u + Vector512.Create(0.5);
        var bend = Select(first, 0.7, Vector512.Create(0.36))
            + Minimax.LgammaTop(first, v) / Minimax.LgammaBottom(first, v);
        var slope = Select(first, -Constants.EulerGamma, Vector512.Create(Constants.OneMinusEulerGamma));
        return u * Vector512.FusedMultiplyAdd(u, bend, slope);
    }
}
