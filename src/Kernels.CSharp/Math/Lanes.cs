// Small lane-wise helpers shared by the functions of this folder, and the bit-level parts of exp and log.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static partial class Lanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Fma(Vector512<double> a, Vector512<double> b, Vector512<double> c) =>
        Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Fma(Vector512<double> a, double b, Vector512<double> c) =>
        Vector512.FusedMultiplyAdd(a, Vector512.Create(b), c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Select(Vector512<double> mask, Vector512<double> yes, Vector512<double> no) =>
        Vector512.ConditionalSelect(mask, yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Select(Vector512<double> mask, double yes, Vector512<double> no) =>
        Vector512.ConditionalSelect(mask, Vector512.Create(yes), no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Select(Vector512<double> mask, Vector512<double> yes, double no) =>
        Vector512.ConditionalSelect(mask, yes, Vector512.Create(no));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Less(Vector512<double> x, double bound) =>
        Vector512.LessThan(x, Vector512.Create(bound));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Greater(Vector512<double> x, double bound) =>
        Vector512.GreaterThan(x, Vector512.Create(bound));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Equal(Vector512<double> x, double bound) =>
        Vector512.Equals(x, Vector512.Create(bound));

    /// <summary>min(x, bound); a NaN stays: x86 returns the second operand then, ARM the NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> AtMost(Vector512<double> x, double bound) =>
        Vector512.MinNative(Vector512.Create(bound), x);

    /// <summary>max(x, bound); a NaN stays. For bound 0 the sign of a zero depends on the machine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> AtLeast(Vector512<double> x, double bound) =>
        Vector512.MaxNative(Vector512.Create(bound), x);

    /// <summary>The magnitude of `x` with the sign of `sign`.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> CopySign(Vector512<double> x, Vector512<double> sign) =>
        Vector512.ConditionalSelect(Vector512.Create(-0.0), sign, x);

    /// <summary>2^k for integer k in [-1022, 1023].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> PowerOfTwo(Vector512<long> k) =>
        ((k + Vector512.Create(1023L)) << 52).AsDouble();

    /// <summary>
    /// p 2^n with one rounding (also into the subnormal range and to infinity); n integer, |n| at most 2000.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Scale(Vector512<double> p, Vector512<double> n)
    {
        if (Avx512.IsSupported)
        {
            return Avx512.Scale(p, n);
        }

        // The same in two steps, of which the first is exact.
        var k = (n + Vector512.Create(Constants.Shifter)).AsInt64() - Vector512.Create(Constants.ShifterBits);
        var half = k >> 1;
        return p * PowerOfTwo(half) * PowerOfTwo(k - half);
    }

    /// <summary>The integer nearest to x (|x| below 2^50), as a double and, in two's complement, as a long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> RoundToInteger(Vector512<double> x, out Vector512<long> asLong)
    {
        // Adding 1.5 * 2^52 moves the integer part to the low bits of the significand.
        var shifted = x + Vector512.Create(Constants.Shifter);
        asLong = shifted.AsInt64() - Vector512.Create(Constants.ShifterBits);
        return shifted - Vector512.Create(Constants.Shifter);
    }

    /// <summary>x = n log 2 + r with integer n and |r| at most log(2)/2, for |x| below 2000.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> ReduceExp(Vector512<double> x, out Vector512<double> n)
    {
        n = RoundToInteger(x * Vector512.Create(Constants.Log2E), out _);
        return Fma(n, -Constants.Ln2Low, Fma(n, -Constants.Ln2High, x));
    }

    /// <summary>
    /// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for positive normal finite x; returns e as a double.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Decompose(Vector512<double> x, out Vector512<double> f, out Vector512<long> e)
    {
        var bits = x.AsInt64();
        // Subtracting the bits of sqrt(1/2) first makes the exponent field step at sqrt(1/2) instead of at 1.
        var offset = bits - Vector512.Create(Constants.SqrtHalfBits);
        e = offset >> 52;
        f = (bits - (offset & Vector512.Create(Constants.ExponentMask))).AsDouble() - Vector512.Create(1.0);
        // Small integers are converted through the shifter: 64-bit conversions do not exist on every machine.
        return (e + Vector512.Create(Constants.ShifterBits)).AsDouble() - Vector512.Create(Constants.Shifter);
    }

    /// <summary>e log 2 + log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)], below 1 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> LogOfParts(Vector512<double> e, Vector512<double> f)
    {
        // log(1+f) = 2 atanh(s), s = f/(2+f); written as f - (f^2/2 - s (f^2/2 + R)) so that f enters without error.
        var s = f / (f + Vector512.Create(2.0));
        var z = s * s;
        var half = Vector512.Create(0.5) * f * f;
        var inner = s * Fma(z, Minimax.LogTail(z), half);
        return Fma(e, Constants.Ln2High, f - (half - Fma(e, Constants.Ln2Low, inner)));
    }

    /// <summary>log with its edges: -infinity at 0, NaN below, infinity at infinity, NaN at NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> LogEdges(Vector512<double> x, Vector512<double> log)
    {
        if (Avx512.IsSupported)
        {
            return Avx512.LogEdges(x, log);
        }

        var finite = Select(Less(x, double.PositiveInfinity), log, x);
        var edge = Select(Equal(x, 0.0), double.NegativeInfinity, Vector512.Create(double.NaN));
        return Select(Greater(x, 0.0), finite, edge);
    }
}
