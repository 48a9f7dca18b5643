// sinh, cosh and the inverses of the hyperbolic functions; powers of two, logarithms to base 2, cube roots, log(1 - e^x).
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>sinh x; see <see cref="VectorMath.Sinh(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Sinh(Vector512<double> x)
    {
        var a = Vector512.Abs(x);
        var t = Expm1(AtMost(a, Constants.LargestExponent));
        var half = Vector512.Create(0.5) * (t + t / (t + Vector512.Create(1.0)));
        return CopySign(Select(Greater(a, Constants.LargestExponent), HalfExp(a), half), x);
    }

    /// <summary>cosh x; see <see cref="VectorMath.Cosh(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Cosh(Vector512<double> x)
    {
        var a = Vector512.Abs(x);
        var t = Exp(AtMost(a, Constants.LargestExponent));
        var half = Vector512.Create(0.5);
        return Select(Greater(a, Constants.LargestExponent), HalfExp(a), Fma(t, 0.5, half / t));
    }

    /// <summary>e^a / 2 where e^a alone may be infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> HalfExp(Vector512<double> a)
    {
        var r = ReduceExp(AtLeast(AtMost(a, 712.0), 0.0), out var n);
        var p = Vector512.Create(1.0) + Fma(r * r, Minimax.ExpTail(r), r);
        return Scale(p, n - Vector512.Create(1.0));
    }

    /// <summary>asinh x; see <see cref="VectorMath.Asinh(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Asinh(Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var a = Vector512.Abs(x);
        var square = AtMost(a, 1e100) * AtMost(a, 1e100);
        return CopySign(LogOfSumWithRoot(a, a + square / (one + Vector512.Sqrt(one + square))), x);
    }

    /// <summary>acosh x; see <see cref="VectorMath.Acosh(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Acosh(Vector512<double> x)
    {
        var t = AtMost(x, 1e100) - Vector512.Create(1.0);
        var log = LogOfSumWithRoot(x, t + Vector512.Sqrt(Vector512.FusedMultiplyAdd(t, t, t + t)));
        return Select(Less(x, 1.0), double.NaN, log);
    }

    /// <summary>log(1 + t), or log(2 a) where a is so large that this is the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LogOfSumWithRoot(Vector512<double> a, Vector512<double> t)
    {
        var large = Greater(a, 1e18);
        return Log1p(Select(large, a, t)) + Select(large, Constants.Ln2High, Vector512<double>.Zero);
    }

    /// <summary>atanh x; see <see cref="VectorMath.Atanh(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Atanh(Vector512<double> x)
    {
        var a = Vector512.Abs(x);
        return CopySign(Vector512.Create(0.5) * Log1p((a + a) / (Vector512.Create(1.0) - a)), x);
    }

    /// <summary>2^x; see <see cref="VectorMath.Exp2(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp2(Vector512<double> x)
    {
        var bounded = AtLeast(AtMost(x, 1025.0), -1080.0);
        var n = RoundToInteger(bounded, out _);
        var d = bounded - n;
        var r = d * Vector512.Create(Constants.Ln2High);
        var low = Fma(d, Constants.Ln2Low, Fma(d, Constants.Ln2High, -r));
        return Scale(Vector512.Create(1.0) + (Fma(r * r, Minimax.ExpTail(r), low) + r), n);
    }

    /// <summary>log2 x; see <see cref="VectorMath.Log2(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log2(Vector512<double> x)
    {
        var subnormal = Less(x, Constants.MinNormal);
        var e = Decompose(Select(subnormal, x * Vector512.Create(Constants.TwoTo54), x), out var f, out _);
        e -= Select(subnormal, 54.0, Vector512<double>.Zero);
        var log = LogOfParts(Vector512<double>.Zero, f);
        return LogEdges(x, Fma(log, Constants.Log2E, Fma(log, Constants.Log2ELow, e)));
    }

    /// <summary>The cube root of x; see <see cref="VectorMath.Cbrt(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Cbrt(Vector512<double> x)
    {
        // exp(log(a)/3), then one step of Newton's method with the cube in double-double; 2^300 keeps that in range.
        var one = Vector512.Create(1.0);
        var (tiny, huge) = (Less(Vector512.Abs(x), 1e-200), Greater(Vector512.Abs(x), 1e200));
        var up = Vector512.Create(2.037035976334486e90); // 2^300
        var down = Vector512.Create(4.909093465297727e-91);
        var a = Vector512.Abs(x) * Select(tiny, up, Select(huge, down, one));
        var t = Exp(Vector512.Create(1.0 / 3.0) * Log(a));
        var square = t * t;
        var squareLow = Vector512.FusedMultiplyAdd(t, t, -square);
        var excess = Vector512.FusedMultiplyAdd(square, t, -a) + squareLow * t;
        var root = t - excess / (Vector512.Create(3.0) * square);
        var back = Select(tiny, 7.888609052210118e-31, Select(huge, 1.2676506002282294e30, one)); // 2^-100, 2^100
        var isEdge = Equal(x, 0.0) | ~Less(Vector512.Abs(x), double.PositiveInfinity);
        return Select(isEdge, x, CopySign(root * back, x));
    }

    /// <summary>log(1 - e^x); see <see cref="VectorMath.Log1mExp(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log1mExp(Vector512<double> x)
    {
        // Near 0 the difference is -expm1(x); below -log 2 it is 1 - e^x, whose rounding error is known.
        var one = Vector512.Create(1.0);
        var near = Greater(x, -Constants.Ln2High);
        var e = Exp(x);
        var rounded = one - e;
        var u = Select(near, -Expm1(x), rounded);
        var lost = Select(near, Vector512<double>.Zero, (one - rounded) - e);
        var subnormal = Less(u, Constants.MinNormal);
        var log = LogOfSum(Select(subnormal, u * Vector512.Create(Constants.TwoTo54), u), lost);
        var shift = Select(subnormal, 54.0 * Constants.Ln2High, Vector512<double>.Zero);
        return LogEdges(u, log - shift);
    }
}
