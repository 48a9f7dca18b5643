// The regularised incomplete beta function I and its derivatives with respect to both shapes. On the side of the mean where
// the tail T is, with D = x^a y^b / B(a, b), y = 1 - x and logit t = logit x - s, TailIntegral.cs gives
//   T = D int exp(-g(s)) ds,  g = (a - n x) s + n (log(1 + x (e^-s - 1)) + x s),  n = a + b,
// and log t, log(1 - t) in the integrand for the derivatives. Shapes below 8 come from T(a) = D(a)/a + T(a + 1). Where the
// tail is nearly 1 (a below 1 and x below 1/b), its complement comes from the power series with the leading 1 removed.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>
    /// I(a, b, x); see
    /// <see cref="VectorMath.BetaI(Vector512{double}, Vector512{double}, Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BetaI(Vector512<double> a, Vector512<double> b, Vector512<double> x)
    {
        var (legal, inside) = BetaDomain(a, b, x);
        var tail = new BetaTailVector512(Select(inside, a, 1.0), Select(inside, b, 1.0), Select(inside, x, 0.5));
        var sum = BetaSum(tail, out var term);
        var (integral, _, _) = BetaIntegrals(tail, false);
        var lower = Select(
            tail.Shifted, Vector512.FusedMultiplyAdd(term, integral, sum), tail.FactorOverShape * tail.A * integral);
        var upper = Vector512.Create(1.0) - lower;
        if (Vector512.EqualsAny(tail.Small.AsInt64(), Vector512<long>.AllBitsSet))
        {
            upper = Select(tail.Small, BetaComplementOfSmall(tail), upper);
        }

        var edge = Select(Equal(x, 0.0), Vector512<double>.Zero, Vector512.Create(1.0));
        var value = Select(inside, Select(tail.Swapped, upper, lower), edge);
        return Select(legal, value, double.NaN);
    }

    /// <summary>
    /// dI/da; see <see cref="VectorMath.BetaIByA(Vector512{double}, Vector512{double}, Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BetaIByA(Vector512<double> a, Vector512<double> b, Vector512<double> x)
    {
        var (legal, inside) = BetaDomain(a, b, x);
        var tail = new BetaTailVector512(Select(inside, a, 1.0), Select(inside, b, 1.0), Select(inside, x, 0.5));
        var (first, second) = BetaSlopes(tail);
        var value = Select(inside, Select(tail.Swapped, -second, first), Vector512<double>.Zero);
        return Select(legal, value, double.NaN);
    }

    /// <summary>
    /// dI/db; see <see cref="VectorMath.BetaIByB(Vector512{double}, Vector512{double}, Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> BetaIByB(Vector512<double> a, Vector512<double> b, Vector512<double> x)
    {
        var (legal, inside) = BetaDomain(a, b, x);
        var tail = new BetaTailVector512(Select(inside, a, 1.0), Select(inside, b, 1.0), Select(inside, x, 0.5));
        var (first, second) = BetaSlopes(tail);
        var value = Select(inside, Select(tail.Swapped, -first, second), Vector512<double>.Zero);
        return Select(legal, value, double.NaN);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Legal, Vector512<double> Inside) BetaDomain(
        Vector512<double> a, Vector512<double> b, Vector512<double> x)
    {
        var shapes = Greater(a, 1e-300) & Greater(b, 1e-300) & Less(a, Constants.LargestShape) & Less(b, Constants.LargestShape);
        var legal = shapes & ~Less(x, 0.0) & ~Greater(x, 1.0) & Vector512.Equals(x, x);
        return (legal, legal & Greater(x, 0.0) & Less(x, 1.0));
    }

    /// <summary>The first eight terms D(a + k)/(a + k) where the shape is small, and then D(a + 8).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> BetaSum(in BetaTailVector512 t, out Vector512<double> term)
    {
        var one = Vector512.Create(1.0);
        var n = t.A + t.B;
        var sum = Vector512<double>.Zero;
        term = t.FactorOverShape;
        for (var k = 0; k < Constants.TailShift; k++)
        {
            sum += term;
            var shift = Vector512.Create((double)k);
            var ratio = t.X * (n + shift);
            term *= k + 1 < Constants.TailShift ? ratio / (t.A + (shift + one)) : ratio;
        }

        return sum;
    }

    /// <summary>The integrals of exp(-g), log(t/x) exp(-g) and log((1 - t)/y) exp(-g).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Plain, Vector512<double> First, Vector512<double> Second) BetaIntegrals(
        in BetaTailVector512 t, bool withMoments)
    {
        var one = Vector512.Create(1.0);
        var n = t.Shape + t.B;
        var down = ~Greater(t.X, 0.5);
        var sign = Select(down, -1.0, one);
        var p = Select(down, t.X, t.Y);
        // The slope (a y - b x) where the mean is near needs its rounding errors.
        var (left, leftLow) = Multiply(t.Shape, t.Y, t.YLow);
        var (right, rightLow) = Multiply(t.B, t.X, t.XLow);
        var c1 = (left - right) + (leftLow - rightLow);
        var end = TailStart(c1, n * t.X * t.Y);
        for (var i = 0; i < Constants.TailSteps; i++)
        {
            var (bend, rise) = ExpBeyondLinear(sign * end);
            var z = p * rise;
            var g = Vector512.FusedMultiplyAdd(n, p * bend - LogBeyondLinear(z), c1 * end);
            var slope = Vector512.FusedMultiplyAdd(n * (p * sign * rise), (one - p) / (one + z), c1);
            end = TailStep(end, g, slope);
        }

        var (plain, first, second) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        for (var k = 0; k < Quadrature.Count; k++)
        {
            var s = end * Vector512.Create(Quadrature.Nodes[k]);
            var (bend, rise) = ExpBeyondLinear(sign * s);
            var z = p * rise;
            var beyond = LogBeyondLinear(z);
            var g = Vector512.FusedMultiplyAdd(n, p * bend - beyond, c1 * s);
            var weight = Exp(-g) * Vector512.Create(Quadrature.Weights[k]);
            plain += weight;
            if (withMoments)
            {
                var log = z - beyond;
                first = Vector512.FusedMultiplyAdd(weight, -Select(down, s + log, log), first);
                second = Vector512.FusedMultiplyAdd(weight, Select(down, -log, s - log), second);
            }
        }

        return (plain * end, first * end, second * end);
    }

    /// <summary>The derivatives of the tail with respect to its own shape and to the other one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> First, Vector512<double> Second) BetaSlopes(in BetaTailVector512 t)
    {
        var one = Vector512.Create(1.0);
        var n = t.A + t.B;
        var (plain, firstMoment, secondMoment) = BetaIntegrals(t, true);

        // Digamma differences: where the shape is at least 1, through log y - digamma(y), which is small.
        var common = DigammaOfPositive(n);
        var ofSum = LogLessDigamma(AtLeast(n, 1.0));
        var smallB = Less(t.B, 1.0);
        var ofB = LogLessDigamma(AtLeast(t.B, 1.0)) - ofSum;

        // Raised by eight: every term is D(a + k)/(a + k), whose logarithm has these slopes.
        var slope = t.LogX + (common - DigammaOfPositive(t.A + one));
        var otherSlope = t.LogY + Select(smallB, common - DigammaOfPositive(t.B), Log1p(t.A / t.B) + ofB);
        var term = t.FactorOverShape;
        var (first, second) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var k = 0; k < Constants.TailShift; k++)
        {
            first = Vector512.FusedMultiplyAdd(term, slope, first);
            second = Vector512.FusedMultiplyAdd(term, otherSlope, second);
            var shift = Vector512.Create((double)k);
            var step = one / (n + shift);
            var next = t.A + (shift + one);
            var ratio = t.X * (n + shift);
            var last = k + 1 == Constants.TailShift;
            term *= last ? ratio : ratio / next;
            slope += last ? step : step - one / next;
            otherSlope += step;
        }

        first = Vector512.FusedMultiplyAdd(term, Vector512.FusedMultiplyAdd(slope, plain, firstMoment), first);
        second = Vector512.FusedMultiplyAdd(term, Vector512.FusedMultiplyAdd(otherSlope, plain, secondMoment), second);

        // Large shapes: the logarithms of the double-double quotients, which vanish at the mean.
        var d = t.FactorOverShape * t.A;
        var ratioX = Select(smallB, t.LogX + Log1p(t.B / t.A), t.LogRatioX);
        var directSlope = ratioX + (LogLessDigamma(AtLeast(t.A, 1.0)) - ofSum);
        var directOther = Select(smallB, t.LogY + (common - DigammaOfPositive(t.B)), t.LogRatioY + ofB);
        var directFirst = d * Vector512.FusedMultiplyAdd(directSlope, plain, firstMoment);
        var directSecond = d * Vector512.FusedMultiplyAdd(directOther, plain, secondMoment);
        return (Select(t.Shifted, first, directFirst), Select(t.Shifted, second, directSecond));
    }

    // 1 - T = (1 - u) - u a sum of (1-b)_n x^n / ((a+n) n!), u = x^a gamma(a+b) / (gamma(a+1) gamma(b)), whose logarithm is
    // a (log x + the mean of digamma over [b+1, b+1+a]) - log(1 + a/b) - log gamma(1+a).
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> BetaComplementOfSmall(in BetaTailVector512 t)
    {
        var (zero, one, half) = (Vector512<double>.Zero, Vector512.Create(1.0), Vector512.Create(0.5));
        var a = Select(t.Small, t.A, half);
        var b = Select(t.Small, t.B, half);
        var x = Select(t.Small, t.X, half);
        var raised = b + one;
        var mean = zero;
        for (var k = 0; k < Quadrature.Count; k++)
        {
            var step = a * Vector512.Create(Quadrature.Nodes[k]);
            var excess = Log1p(step / raised) - LogLessDigamma(raised + step);
            mean = Fma(excess, Quadrature.Weights[k], mean);
        }

        var exponent = Vector512.FusedMultiplyAdd(
            a, Log(x * raised) + mean, -(Log1p(a / b) + LgammaOfOnePlus(a)));
        var sum = zero;
        for (var n = Constants.BetaSeriesTerms; n >= 1; n--)
        {
            var order = Vector512.Create((double)n);
            sum = (order - b) * (x / order) * (one / (a + order) + sum);
        }

        var drop = Expm1(exponent);
        return Vector512.FusedMultiplyAdd(-(drop + one) * a, sum, -drop);
    }
}
