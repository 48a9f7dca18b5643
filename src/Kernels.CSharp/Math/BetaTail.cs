// The side of the incomplete beta integral that is computed, lane by lane, and its factor D = x^a y^b / B(a, b), whose
// exponent is a double-double: a log(x n/a) + b log(y n/b), with shapes below 1 raised by 1.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>A tail of the beta distribution with shapes A, B below X, Y = 1 - X; lanes may be swapped.</summary>
    private readonly ref struct BetaTailVector512
    {
        internal readonly Vector512<double> A, B, X, XLow, Y, YLow;

        /// <summary>A, raised by 8 where it is small.</summary>
        internal readonly Vector512<double> Shape;

        /// <summary>D/A.</summary>
        internal readonly Vector512<double> FactorOverShape;

        /// <summary>log X and log Y; log(X n/A) and log(Y n/B) where no shape is below 1.</summary>
        internal readonly Vector512<double> LogX, LogY, LogRatioX, LogRatioY;

        /// <summary>Masks: the tail above x; A below 8; the tail may be close to 1.</summary>
        internal readonly Vector512<double> Swapped, Shifted, Small;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal BetaTailVector512(Vector512<double> a, Vector512<double> b, Vector512<double> x)
        {
            var (zero, one) = (Vector512<double>.Zero, Vector512.Create(1.0));
            var y = one - x;
            var yLow = (one - y) - x;
            var smallLeft = Less(a, 1.0) & Less(x, 0.5) & Less(b * x, 1.0);
            var smallRight = Less(b, 1.0) & Less(y, 0.5) & Less(a * y, 1.0);
            var above = Vector512.GreaterThan(b * x, a * y);
            Swapped = smallRight | Vector512.AndNot(above, smallLeft);
            Small = smallLeft | smallRight;
            (A, B) = (Select(Swapped, b, a), Select(Swapped, a, b));
            (X, XLow) = (Select(Swapped, y, x), Select(Swapped, yLow, zero));
            (Y, YLow) = (Select(Swapped, x, y), Select(Swapped, zero, yLow));
            Shifted = Less(A, Constants.TailShift);
            Shape = Select(Shifted, A + Vector512.Create((double)Constants.TailShift), A);
            LogX = Select(Greater(X, 0.5), Log1p(-Y), Log(X));
            LogY = Select(Greater(Y, 0.5), Log1p(-X), Log(Y));
            FactorOverShape = Factor(A, B, X, XLow, Y, YLow, out LogRatioX, out LogRatioY);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<double> Factor(
            Vector512<double> a, Vector512<double> b, Vector512<double> x, Vector512<double> xLow,
            Vector512<double> y, Vector512<double> yLow,
            out Vector512<double> logRatioX, out Vector512<double> logRatioY)
        {
            var one = Vector512.Create(1.0);
            var (smallA, smallB) = (Less(a, 1.0), Less(b, 1.0));
            var (raisedA, raisedB) = (Select(smallA, a + one, a), Select(smallB, b + one, b));
            var (n, nLow) = ExactSum(raisedA, raisedB);
            var (powerX, powerXLow) = Power(a, x, xLow, n, nLow, raisedA, out logRatioX);
            var (powerY, powerYLow) = Power(b, y, yLow, n, nLow, raisedB, out logRatioY);
            var (exponent, exponentLow) = ExactSum(powerX, powerY);
            var stirling = StirlingRest(n) - (StirlingRest(raisedA) + StirlingRest(raisedB));
            var low = Select(
                Less(Vector512.Abs(exponent), 1e5), (powerXLow + powerYLow + exponentLow) + stirling,
                Vector512<double>.Zero);
            var root = Vector512.Sqrt((raisedA / n) * raisedB * Vector512.Create(Constants.TwoPiInverse));
            var value = ExpOfSum(exponent, low) * root;
            // What raising the shapes has changed in gamma(a+b) / (gamma(a) gamma(b)).
            var sum = a + b;
            value *= Select(smallA, n / raisedA, one / a) * Select(smallB, b * (n / raisedB), one);
            value *= Select(smallA | smallB, one / sum, one);
            return value * Select(smallA & smallB, one / (sum + one), one);
        }

        /// <summary>a log(x n / raised) as a double-double.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static (Vector512<double> High, Vector512<double> Low) Power(
            Vector512<double> a, Vector512<double> x, Vector512<double> xLow, Vector512<double> n,
            Vector512<double> nLow, Vector512<double> raised, out Vector512<double> log)
        {
            var zero = Vector512<double>.Zero;
            var tiny = Less(x, Constants.TinyArgument);
            var scale = Select(tiny, 2.582249878086909e120, Vector512.Create(1.0)); // 2^400
            var (scaled, scaledLow) = (x * scale, xLow * scale);
            var (top, topLow) = Multiply(scaled, n, nLow);
            var (high, low) = LogOfQuotient(
                top, Vector512.FusedMultiplyAdd(scaledLow, n, topLow), raised);
            var (shifted, shiftedLow) = ExactSum(high, Select(tiny, -400.0 * Constants.Ln2High, zero));
            log = shifted;
            return Multiply(a, shifted, low + shiftedLow - Select(tiny, 400.0 * Constants.Ln2Low, zero));
        }
    }
}
