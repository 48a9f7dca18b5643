// exp, log and what is built on them (expm1, log1p, tanh, sigmoid, softplus), branch-free, in the form that inlines.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

/// <summary>
/// The functions of <see cref="VectorMath"/> in the form that is inlined into the caller: for short programs, where a
/// call costs more than the function. Same bits as <see cref="VectorMath"/>; accuracy and special values are
/// documented there.
/// </summary>
public static partial class InlineMath
{
    /// <summary>e^x; see <see cref="VectorMath.Exp(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        var r = ReduceExp(AtLeast(AtMost(x, 710.0), -746.0), out var n);
        return Scale(Vector512.Create(1.0) + Fma(r * r, Minimax.ExpTail(r), r), n);
    }

    /// <summary>e^x - 1; see <see cref="VectorMath.Expm1(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Expm1(Vector512<double> x)
    {
        var r = ReduceExp(AtLeast(AtMost(x, 710.0), -60.0), out var n);
        var p = Fma(r * r, Minimax.ExpTail(r), r);
        // 2^n (1+p) - 1 = 2 (2^(n-1) p + (2^(n-1) - 1/2)): n - 1 so that 2^1024 does not occur.
        var half = Scale(Vector512.Create(0.5), n);
        var general = Fma(half, p, half - Vector512.Create(0.5));
        return CopySign(Select(Equal(n, 0.0), p, general + general), x);
    }

    /// <summary>log x; see <see cref="VectorMath.Log(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        var subnormal = Less(x, Constants.MinNormal);
        var e = Decompose(Select(subnormal, x * Vector512.Create(Constants.TwoTo54), x), out var f, out _);
        var log = LogOfParts(e - Select(subnormal, 54.0, Vector512<double>.Zero), f);
        return LogEdges(x, log);
    }

    /// <summary>log(1 + x); see <see cref="VectorMath.Log1p(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log1p(Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var u = one + x;
        var back = u - one;
        var lost = (one - (u - back)) + (x - back); // 1 + x = u + lost, exactly
        var log = CopySign(LogOfSum(u, lost), x);
        return LogEdges(u, log);
    }

    /// <summary>tanh x; see <see cref="VectorMath.Tanh(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Tanh(Vector512<double> x)
    {
        var a = AtMost(Vector512.Abs(x), 22.0);
        var t = Expm1(a + a);
        return CopySign(t / (t + Vector512.Create(2.0)), x);
    }

    /// <summary>1/(1 + e^-x); see <see cref="VectorMath.Sigmoid(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Sigmoid(Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var t = Exp(-Vector512.Abs(x));
        return Select(Less(x, 0.0), t, one) / (one + t);
    }

    /// <summary>log(1 + e^x); see <see cref="VectorMath.Softplus(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Softplus(Vector512<double> x)
    {
        // max(x, 0) + log1p(t), t = e^-|x| in [0, 1]: 1 + t needs at most one halving, so no bits have to be taken
        // apart.
        var one = Vector512.Create(1.0);
        var t = Exp(-Vector512.Abs(x));
        var halved = Greater(t, 0.41421356237309503);
        var f = Select(halved, Vector512.Create(0.5) * (t - one), t);
        var log = LogOfParts(Select(halved, 1.0, Vector512<double>.Zero), f);
        return AtLeast(x, 0.0) + log;
    }

    /// <summary>log(u + low) for |low| at most half an ulp of u; u positive, normal and finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> LogOfSum(Vector512<double> u, Vector512<double> low)
    {
        var e = Decompose(u, out var f, out var k);
        return LogOfParts(e, Fma(low, PowerOfTwo(-AtMostThousand(k)), f));
    }

    // 2^-k must stay a normal number; above k = 54 the low part does not count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> AtMostThousand(Vector512<long> k) => Vector512.Min(k, Vector512.Create(1000L));
}
