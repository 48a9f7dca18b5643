// The derivatives of digamma: psi_n(x) = (-1)^(n+1) n! zeta(n + 1, x), zeta by ten terms and the Euler-Maclaurin sum of the
// rest. Everything is scaled by a power of two near x^(n+1), so that nothing overflows before the result does.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>
    /// The n-th derivative of digamma; see <see cref="VectorMath.Polygamma(Vector512{double}, Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Polygamma(Vector512<double> n, Vector512<double> x)
    {
        var zero = Vector512<double>.Zero;
        var whole = Vector512.Equals(Vector512.Floor(n), n) & ~Less(n, 0.0) & ~Greater(n, Factorials.Largest);
        var high = whole & Greater(n, 1.0);
        var inside = high & Greater(x, 0.0) & Less(x, double.PositiveInfinity);
        var order = Select(inside, n, 2.0);
        var derivative = PolygammaInside(order, Select(inside, x, 1.0));
        // At 0 the pole, at infinity 0, below 0 NaN.
        var half = Vector512.Create(0.5) * Select(high, n, 2.0);
        var even = Vector512.Equals(Vector512.Floor(half), half);
        var pole = Select(Equal(x, 0.0), double.PositiveInfinity, Select(Greater(x, 0.0), zero, double.NaN));
        var value = Select(inside, derivative, pole);
        value = Select(even, -value, value);
        value = Select(high, value, Select(Equal(n, 0.0), Digamma(x), Trigamma(x)));
        return Select(whole, value, double.NaN);
    }

    /// <summary>n! zeta(n + 1, x) for n = 2, 3, ..., 170 and positive finite x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> PolygammaInside(Vector512<double> n, Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var s = n + one;
        var bounded = AtLeast(AtMost(x, 1e300), 1e-300);
        var exponent = Decompose(bounded, out _, out var k);
        var unit = PowerOfTwo(-k);
        var sum = Vector512<double>.Zero;
        for (var j = 0; j < Constants.ZetaTerms; j++)
        {
            sum += ZetaTerm(bounded, j, unit, s, out _);
        }

        var term = ZetaTerm(bounded, Constants.ZetaTerms, unit, s, out var w);
        sum = Vector512.FusedMultiplyAdd(term, ZetaRest(s, w), sum);
        var significand = one;
        var power = Vector512<double>.Zero;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
        {
            var factorial = (int)n.GetElement(lane);
            significand = significand.WithElement(lane, Factorials.Significand[factorial]);
            power = power.WithElement(lane, Factorials.Exponent[factorial]);
        }

        power = AtLeast(AtMost(Fma(-exponent, s, power), 2000.0), -2000.0);
        return Scale(significand * sum, power);
    }

    // ((x + j) unit)^-s for w = x + j; the power would multiply the rounding error of w by s.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ZetaTerm(
        Vector512<double> x, int j, Vector512<double> unit, Vector512<double> s, out Vector512<double> w)
    {
        (w, var low) = ExactSum(x, Vector512.Create((double)j));
        var power = PowOfPositive(w * unit, -s);
        return Vector512.FusedMultiplyAdd(-power, s * (low / w), power);
    }

    // w/(s-1) + 1/2 + sum of B(2j)/(2j)! s (s+1) ... (s+2j-2) / w^(2j-1), which w^-s multiplies.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> ZetaRest(Vector512<double> s, Vector512<double> w)
    {
        ReadOnlySpan<double> bernoulli =
        [
            0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07,
            2.08767569878681e-08, -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13,
            8.586062056277845e-15, -2.174868698558062e-16, 5.5090028283602295e-18, -1.3954464685812522e-19,
        ];
        var one = Vector512.Create(1.0);
        var inverse = one / w;
        var factor = s * inverse;
        var sum = Vector512<double>.Zero;
        var rising = s;
        foreach (var b in bernoulli)
        {
            sum = Fma(factor, b, sum);
            factor *= (rising + one) * inverse * ((rising + Vector512.Create(2.0)) * inverse);
            rising += Vector512.Create(2.0);
        }

        return w / (s - one) + (Vector512.Create(0.5) + sum);
    }
}
