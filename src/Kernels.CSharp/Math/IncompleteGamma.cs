// The regularised incomplete gamma functions P and Q = 1 - P, and the derivative of P with respect to the shape. With
// D = x^a e^-x / gamma(a) and t = x e^-s (P, below the mean) or t = x e^s (Q, above it), TailIntegral.cs gives
//   P = D int exp(-(a - x) s - x (e^-s - 1 + s)) ds,   Q = D int exp(-(x - a) s - x (e^s - 1 - s)) ds,
// and the derivative with respect to a has the factor log t in the integrand. Shapes below 8 come from
// P(a) = D(a)/a + P(a + 1). The exponent of D is a double-double: D is right to a few ulp for every size of a.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>P(a, x); see <see cref="VectorMath.GammaP(Vector512{double}, Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> GammaP(Vector512<double> a, Vector512<double> x)
    {
        var inside = IsInsideGamma(a, x);
        var (p, _, _) = GammaParts(Select(inside, a, 1.0), Select(inside, x, 1.0), false);
        return Select(inside, p, GammaPEdges(a, x));
    }

    /// <summary>Q(a, x); see <see cref="VectorMath.GammaQ(Vector512{double}, Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> GammaQ(Vector512<double> a, Vector512<double> x)
    {
        var inside = IsInsideGamma(a, x);
        var (_, q, _) = GammaParts(Select(inside, a, 1.0), Select(inside, x, 1.0), false);
        return Select(inside, q, Vector512.Create(1.0) - GammaPEdges(a, x));
    }

    /// <summary>dP/da; see <see cref="VectorMath.GammaPByShape(Vector512{double}, Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> GammaPByShape(Vector512<double> a, Vector512<double> x)
    {
        var inside = IsInsideGamma(a, x);
        var (_, _, slope) = GammaParts(Select(inside, a, 1.0), Select(inside, x, 1.0), true);
        var edges = GammaPEdges(a, x);
        return Select(inside, slope, edges - edges);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> IsInsideGamma(Vector512<double> a, Vector512<double> x) =>
        ~Less(a, 0.0) & Greater(x, 0.0) & Less(a, double.PositiveInfinity) & Less(x, double.PositiveInfinity);

    // P where an argument is 0, infinite, negative or NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> GammaPEdges(Vector512<double> a, Vector512<double> x)
    {
        var (zero, one) = (Vector512<double>.Zero, Vector512.Create(1.0));
        var atZero = Select(Equal(x, 0.0), zero, one);
        var edge = Select(Equal(a, double.PositiveInfinity), zero, atZero);
        var undefined = ~(Less(a, double.PositiveInfinity) | Less(x, double.PositiveInfinity))
            | (Equal(a, 0.0) & Equal(x, 0.0));
        var known = ~Less(a, 0.0) & ~Less(x, 0.0) & Vector512.Equals(a, a) & Vector512.Equals(x, x);
        return Select(known & ~undefined, edge, double.NaN);
    }

    /// <summary>P, Q and (if asked) dP/da for finite a at least 0 and positive finite x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> P, Vector512<double> Q, Vector512<double> Slope) GammaParts(
        Vector512<double> a, Vector512<double> x, bool withSlope)
    {
        var (zero, one) = (Vector512<double>.Zero, Vector512.Create(1.0));
        var upper = Greater(x, 1.0) & Vector512.GreaterThan(x, a);
        var below1 = Less(a, 1.0);
        var (d1, logRatio) = GammaFactor(a, x, below1);
        var d = Select(below1, a * d1, d1);
        var shifted = Less(a, Constants.TailShift) & ~upper;

        // P = sum of eight terms + D(a + 8) int, or D int alone.
        var term = Select(below1, d1, d1 / a);
        var (sum, sumSlope) = (zero, zero);
        var slope = withSlope ? Log(x) - DigammaOfPositive(a + one) : zero;
        for (var k = 1; k <= Constants.TailShift; k++)
        {
            sum += term;
            if (withSlope)
            {
                sumSlope = Vector512.FusedMultiplyAdd(term, slope, sumSlope);
                slope -= k < Constants.TailShift ? one / (a + Vector512.Create((double)k)) : zero;
            }

            term *= k < Constants.TailShift ? x / (a + Vector512.Create((double)k)) : x;
        }

        var shape = Select(shifted, a + Vector512.Create((double)Constants.TailShift), a);
        var (integral, moment) = GammaIntegral(shape, x, upper, withSlope);
        var lower = Select(shifted, Vector512.FusedMultiplyAdd(term, integral, sum), d * integral);
        var q = Select(upper, d * integral, one - lower);
        var small = below1 & ~upper;
        if (Vector512.EqualsAny(small.AsInt64(), Vector512<long>.AllBitsSet) && !withSlope)
        {
            q = Select(small, GammaQOfSmall(Select(small, a, 0.5), Select(small, x, 0.5)), q);
        }

        var p = Select(upper, one - q, lower);
        if (!withSlope)
        {
            return (p, q, zero);
        }

        // log x - digamma(a) = log(x/a) + (log a - digamma(a)); for a below 1, a digamma(a) = a digamma(a+1) - 1.
        var logLess = logRatio + LogLessDigamma(Select(below1, one, a));
        var direct = d * Vector512.FusedMultiplyAdd(logLess, integral, -moment);
        var raised = Vector512.FusedMultiplyAdd(term, Vector512.FusedMultiplyAdd(slope, integral, -moment), sumSlope);
        var fromSmall = a * Vector512.FusedMultiplyAdd(Log(x), integral, moment)
            - Fma(integral, -1.0, a * DigammaOfPositive(a + one) * integral);
        var above = Select(below1, d1 * fromSmall, d * Vector512.FusedMultiplyAdd(logLess, integral, moment));
        return (p, q, Select(upper, -above, Select(shifted, raised, direct)));
    }

    /// <summary>D = x^a e^-x / gamma(a), without its factor a where a is below 1, and log(x/a) for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> D, Vector512<double> LogRatio) GammaFactor(
        Vector512<double> a, Vector512<double> x, Vector512<double> below1)
    {
        var (zero, one) = (Vector512<double>.Zero, Vector512.Create(1.0));
        var raised = Select(below1, a + one, a);
        var tiny = Less(x, Constants.TinyArgument);
        var (high, low) = LogOfQuotient(
            Select(tiny, x * Vector512.Create(2.582249878086909e120), x), zero, raised); // 2^400
        var (shiftHigh, shiftLow) = ExactSum(high, Select(tiny, -400.0 * Constants.Ln2High, zero));
        (high, low) = (shiftHigh, low + shiftLow - Select(tiny, 400.0 * Constants.Ln2Low, zero));
        var (power, powerLow) = Multiply(a, high, low);
        var (rest, restLow) = ExactSum(raised, -x);
        var (exponent, exponentLow) = ExactSum(power, rest);
        var rounding = Select(
            Less(Vector512.Abs(exponent), 1e5), (powerLow + restLow + exponentLow) - StirlingRest(raised), zero);
        var value = ExpOfSum(exponent, rounding) * Vector512.Sqrt(raised * Vector512.Create(Constants.TwoPiInverse));
        return (Select(below1, value / raised, value), high);
    }

    /// <summary>The integral of exp(-g) and, if asked, that of s exp(-g).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Integral, Vector512<double> Moment) GammaIntegral(
        Vector512<double> a, Vector512<double> x, Vector512<double> upper, bool withMoment)
    {
        var sign = Select(upper, 1.0, Vector512.Create(-1.0));
        var c1 = Select(upper, x - a, a - x);
        var end = TailStart(c1, x);
        for (var i = 0; i < Constants.TailSteps; i++)
        {
            var (bend, rise) = ExpBeyondLinear(sign * end);
            var g = Vector512.FusedMultiplyAdd(x, bend, c1 * end);
            end = TailStep(end, g, Vector512.FusedMultiplyAdd(x * sign, rise, c1));
        }

        var (integral, moment) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var k = 0; k < Quadrature.Count; k++)
        {
            var s = end * Vector512.Create(Quadrature.Nodes[k]);
            var (bend, _) = ExpBeyondLinear(sign * s);
            var weight = Exp(-Vector512.FusedMultiplyAdd(x, bend, c1 * s)) * Vector512.Create(Quadrature.Weights[k]);
            integral += weight;
            moment = withMoment ? Vector512.FusedMultiplyAdd(weight, s, moment) : moment;
        }

        return (integral * end, moment * end);
    }

    // For a < 1 and x <= 1, with u = x^a / gamma(a + 1): Q = (1 - u) + u a sum of (-1)^(n+1) x^n / ((a + n) n!).
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> GammaQOfSmall(Vector512<double> a, Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var exponent = Vector512.FusedMultiplyAdd(a, Log(x), -LgammaOfOnePlus(a));
        var sum = Vector512<double>.Zero;
        for (var n = 18; n >= 1; n--)
        {
            // sum of x^n/n! (-1)^(n+1) / (a+n) by x (1/(a+1) - x/2 (1/(a+2) - x/3 (...)))
            var order = Vector512.Create((double)n);
            sum = x / order * (one / (a + order) - sum);
        }

        var drop = Expm1(exponent);
        return Vector512.FusedMultiplyAdd((drop + one) * a, sum, -drop);
    }
}
