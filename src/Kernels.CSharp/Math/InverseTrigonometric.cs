// asin, acos, atan and the angle of a point: one polynomial for atan below tan(pi/8), one for asin below 1/2, and the
// additions of angles that lead there, with the low parts of pi/2 and of the square root.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>asin x; see <see cref="VectorMath.Asin(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Asin(Vector512<double> x)
    {
        // Above 1/2: asin a = pi/2 - 2 asin sqrt((1 - a)/2).
        var a = Vector512.Abs(x);
        var (s, change, outside) = AsinParts(a);
        var inner = Fma(change + change, 1.0, Vector512.Create(-Constants.PiHalf2));
        var outer = Vector512.Create(Constants.PiHalf1) - ((s + s) + inner);
        return CopySign(Select(outside, outer, s + change), x);
    }

    /// <summary>acos x; see <see cref="VectorMath.Acos(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Acos(Vector512<double> x)
    {
        var (s, change, outside) = AsinParts(Vector512.Abs(x));
        var (twice, twiceChange) = (s + s, change + change);
        var pi = Vector512.Create(Constants.Pi);
        var left = pi - (twice + (twiceChange - Vector512.Create(2.0 * Constants.PiHalf2)));
        var signed = CopySign(s, x);
        var middle = Vector512.Create(Constants.PiHalf1)
            - (signed + (CopySign(change, x) - Vector512.Create(Constants.PiHalf2)));
        return Select(outside, Select(Less(x, 0.0), left, twice + twiceChange), middle);
    }

    /// <summary>atan x; see <see cref="VectorMath.Atan(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Atan(Vector512<double> x)
    {
        var a = Vector512.Abs(x);
        var one = Vector512.Create(1.0);
        var large = Greater(a, 1.0 / Constants.TanEighthPi);
        var middle = Vector512.AndNot(Greater(a, Constants.TanEighthPi), large);
        var top = Select(large, -one, Select(middle, a - one, a));
        var bottom = Select(large, a, Select(middle, a + one, one));
        var quarters = Select(large, 2.0, Select(middle, one, 0.0));
        return CopySign(SumOfAngles(quarters, top / bottom), x);
    }

    /// <summary>
    /// The angle of the point (x, y); see <see cref="VectorMath.Atan2(Vector512{double}, Vector512{double})"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Atan2(Vector512<double> y, Vector512<double> x)
    {
        var (zero, one) = (Vector512<double>.Zero, Vector512.Create(1.0));
        var (ax, ay) = (Vector512.Abs(x), Vector512.Abs(y));
        var steep = Vector512.GreaterThan(ay, ax);
        var (low, high) = (Select(steep, ax, ay), Select(steep, ay, ax));
        // Huge coordinates are halved so that their sum is finite; a coordinate that vanishes by that does not count.
        var scale = Select(Greater(high, 1e300), 0.5, one);
        var (p, q) = (low * scale, high * scale);
        var ratio = Select(Equal(high, 0.0), zero, low / high);
        var middle = Greater(ratio, Constants.TanEighthPi);
        var equal = Vector512.Equals(low, high); // also both infinite
        var t = Select(middle, (p - q) / (p + q), ratio);
        t = Select(equal, zero, t);
        middle = Select(equal & Greater(high, 0.0), Vector512.Equals(one, one), middle);
        var negative = Vector512.LessThan(CopySign(one, x), zero);
        var quarters = Select(middle, one, zero);
        quarters = Select(steep, Vector512.Create(2.0) - quarters, quarters);
        quarters = Select(negative, Vector512.Create(4.0) - quarters, quarters);
        var angle = SumOfAngles(quarters, Select(steep ^ negative, -t, t));
        var known = Vector512.Equals(x, x) & Vector512.Equals(y, y);
        return Select(known, CopySign(angle, y), double.NaN);
    }

    /// <summary>quarters pi/4 + atan t for |t| at most tan(pi/8) and 0, 1, 2, 3 or 4 quarters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> SumOfAngles(Vector512<double> quarters, Vector512<double> t)
    {
        var z = t * t;
        var whole = quarters * Vector512.Create(Constants.QuarterPi);
        var low = Fma(quarters, Constants.QuarterPiLow, Fma(quarters, Constants.QuarterPi, -whole));
        return whole + (t + Fma(t * z, Minimax.AtanTail(z), low));
    }

    /// <summary>
    /// asin a = s + change for a at most 1/2; beyond (`outside`) asin sqrt((1 - a)/2) = s + change.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> S, Vector512<double> Change, Vector512<double> Outside) AsinParts(
        Vector512<double> a)
    {
        var outside = Greater(a, 0.5);
        var z = Select(outside, Fma(a, -0.5, Vector512.Create(0.5)), a * a);
        var s = Select(outside, Vector512.Sqrt(z), a);
        var lost = Vector512.FusedMultiplyAdd(-s, s, z) / (s + s); // of the square root
        var low = Select(outside & Greater(s, 0.0), lost, Vector512<double>.Zero);
        return (s, Fma(s * z, Minimax.AsinTail(z), low), outside);
    }
}
