// lgamma, digamma, trigamma: rational functions near the roots, asymptotic series beyond, reflection below (rare, and
// out of line).
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>log |gamma(x)|; see <see cref="VectorMath.Lgamma(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Lgamma(Vector512<double> x)
    {
        var result = LgammaAboveMinusHalf(x);
        return Vector512.LessThanAny(x, Vector512.Create(-0.5)) ? LgammaReflected(x, result) : result;
    }

    /// <summary>The derivative of log gamma; see <see cref="VectorMath.Digamma(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Digamma(Vector512<double> x)
    {
        var result = DigammaOfPositive(x);
        return Vector512.LessThanAny(x, Vector512<double>.Zero) ? DigammaReflected(x, result) : result;
    }

    /// <summary>The second derivative of log gamma; see <see cref="VectorMath.Trigamma(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Trigamma(Vector512<double> x)
    {
        var result = TrigammaOfPositive(x);
        return Vector512.LessThanAny(x, Vector512<double>.Zero) ? TrigammaReflected(x, result) : result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LgammaAboveMinusHalf(Vector512<double> x)
    {
        // [-1/2, 1/2): lgamma(1+x) - log|x|; [1/2, 1.42): first rational; [1.42, 3): second;
        // [3, 4): log(x-1) + lgamma(x-1); beyond: Stirling's series.
        var one = Vector512.Create(1.0);
        var small = Less(x, 0.5);
        var first = Less(x, 1.42);
        var shifted = Vector512.GreaterThanOrEqual(x, Vector512.Create(3.0));
        var large = Vector512.GreaterThanOrEqual(x, Vector512.Create(4.0));
        var below = x - one;
        var u = Select(first, Select(small, x, below), x - Select(shifted, 3.0, Vector512.Create(2.0)));
        var v = u + Vector512.Create(0.5); // so that hardly any terms cancel
        var quotient = Minimax.LgammaTop(first, v) / Minimax.LgammaBottom(first, v);
        var bend = Select(first, 0.7, Vector512.Create(0.36)) + quotient;
        var slope = Select(first, -Constants.EulerGamma, Vector512.Create(Constants.OneMinusEulerGamma));
        var centre = u * Vector512.FusedMultiplyAdd(u, bend, slope);
        var log = Log(Select(Vector512.AndNot(shifted, large), below, Vector512.Abs(x)));
        var shift = Select(small, -log, Select(shifted, log, Vector512<double>.Zero));
        var inverse = one / x;
        var series = inverse * Minimax.Stirling(inverse * inverse);
        var stirling = Vector512.FusedMultiplyAdd(
            x - Vector512.Create(0.5), log - one, Vector512.Create(Constants.HalfLogTwoPi - 0.5) + series);
        return Select(large, stirling, centre + shift);
    }

    // gamma(-z) gamma(z) = -pi / (z sin(pi z)), for z > 1/2.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> LgammaReflected(Vector512<double> x, Vector512<double> otherwise)
    {
        var reflected = Less(x, -0.5);
        var z = Select(reflected, -x, 1.25);
        var sine = Vector512.Abs(Sin(Vector512.Create(Constants.Pi) * DistanceToInteger(z)));
        var log = Log(Vector512.Create(Constants.Pi) / (AtMost(z, 1e300) * sine));
        var atPole = Vector512.Equals(sine, Vector512<double>.Zero);
        var value = Select(atPole, double.PositiveInfinity, log - LgammaAboveMinusHalf(z));
        return Select(reflected, value, otherwise);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> DigammaOfPositive(Vector512<double> x)
    {
        // (0, 1): digamma(1+x) - 1/x; [1, 3): (x - root) rational; beyond: log x - 1/(2x) - series.
        var one = Vector512.Create(1.0);
        var small = Less(x, 1.0);
        var u = Select(small, x, x - one);
        var fromRoot = (u - Vector512.Create(Constants.DigammaRootMinus1High))
            - Vector512.Create(Constants.DigammaRootMinus1Low);
        var inverse = one / x;
        var centre = Vector512.FusedMultiplyAdd(fromRoot, Minimax.DigammaTop(u) / Minimax.DigammaBottom(u), fromRoot);
        var square = inverse * inverse;
        var tail = Fma(inverse, 0.5, square * Minimax.DigammaTail(square));
        var shifted = centre - Select(small, inverse, Vector512<double>.Zero);
        return Select(Less(x, 3.0), shifted, Log(x) - tail);
    }

    // digamma(-z) = digamma(z) + 1/z + pi cot(pi z).
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> DigammaReflected(Vector512<double> x, Vector512<double> otherwise)
    {
        var reflected = Less(x, 0.0);
        var z = Select(reflected, -x, 1.25);
        var angle = Vector512.Create(Constants.Pi) * DistanceToInteger(z);
        var cotangent = Vector512.Create(Constants.Pi) * Cos(angle) / Sin(angle);
        var value = DigammaOfPositive(z) + (Vector512.Create(1.0) / z + cotangent);
        var atPole = Vector512.Equals(angle, Vector512<double>.Zero);
        return Select(reflected, Select(atPole, double.NaN, value), otherwise);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> TrigammaOfPositive(Vector512<double> x)
    {
        // (0, 1): trigamma(1+x) + 1/x^2; [1, 3): 1/x + rational; beyond: 1/x + 1/(2x^2) + series.
        var one = Vector512.Create(1.0);
        var small = Less(x, 1.0);
        var u = Select(small, x, x - one);
        var inverse = one / Select(small, x + one, x);
        var square = inverse * inverse;
        var centre = inverse + Minimax.TrigammaTop(u) / Minimax.TrigammaBottom(u);
        var shifted = centre + Select(small, one / (x * x), Vector512<double>.Zero);
        var series = Fma(inverse * square, Minimax.TrigammaTail(square), Vector512.Create(0.5) * square);
        return Select(Less(x, 3.0), shifted, inverse + series);
    }

    // trigamma(-z) = pi^2 / sin^2(pi z) + 1/z^2 - trigamma(z), with trigamma(z) - 1/z^2 = trigamma(1+z).
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> TrigammaReflected(Vector512<double> x, Vector512<double> otherwise)
    {
        var reflected = Less(x, 0.0);
        var z = Select(reflected, -x, 1.25);
        var ratio = Vector512.Create(Constants.Pi) / Sin(Vector512.Create(Constants.Pi) * DistanceToInteger(z));
        var value = ratio * ratio - TrigammaOfPositive(z + Vector512.Create(1.0));
        return Select(reflected, value, otherwise);
    }

    /// <summary>z less the nearest integer, exactly; 0 for huge and infinite z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> DistanceToInteger(Vector512<double> z)
    {
        var bounded = AtMost(z, 4503599627370496.0);
        return bounded - Vector512.Floor(bounded + Vector512.Create(0.5));
    }
}
