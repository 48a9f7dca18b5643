// exp and log for the hand-written gradients, cheaper than the runtime's because they leave out what these models
// cannot meet: zero, negative, subnormal, infinite and NaN arguments. Sixteen-entry tables in two registers, then a
// short polynomial; absolute error of the logarithm and relative error of the exponential about 2e-16. Without AVX-512
// the runtime's own functions do the work.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Benchmarks.Hand;

internal static class FastMath
{
    // 1.5 * 2^52: adding it leaves the rounded integer in the low bits.
    private const double Magic = 6755399441055744.0;
    private const double SixteenOverLn2 = 16.0 / 0.69314718055994530942;

    // ln 2 / 16 in two parts, the first with 20 trailing zero bits, so that its product with the integer is exact.
    private static readonly double StepHigh =
        BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(Math.Log(2.0) / 16.0) & ~0xFFFFFL);

    // The second part: what the first leaves of Math.Log(2), and what that leaves of ln 2.
    private static readonly double StepLow = (Math.Log(2.0) / 16.0) - StepHigh + (2.3190468138462996e-17 / 16.0);

    private static readonly Vector512<double> PowersLow = Eight(i => Math.Pow(2.0, i / 16.0));
    private static readonly Vector512<double> PowersHigh = Eight(i => Math.Pow(2.0, (i + 8) / 16.0));
    private static readonly Vector512<double> InversesLow = Eight(Inverse);
    private static readonly Vector512<double> InversesHigh = Eight(i => Inverse(i + 8));
    private static readonly Vector512<double> LogsLow = Eight(i => -Math.Log(Inverse(i)));
    private static readonly Vector512<double> LogsHigh = Eight(i => -Math.Log(Inverse(i + 8)));

    /// <summary>exp(x) for x in [-700, 700]; below, exp(-700).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        if (!Avx512F.IsSupported)
        {
            return Vector512.Exp(x);
        }

        x = Avx512F.Max(x, V.All(-700.0));
        Vector512<double> shifted = V.Fma(x, V.All(SixteenOverLn2), V.All(Magic));
        Vector512<double> k = shifted - V.All(Magic);
        Vector512<double> r = V.Fma(k, V.All(-StepLow), V.Fma(k, V.All(-StepHigh), x));
        Vector512<double> r2 = r * r;
        Vector512<double> low = V.Fma(r, V.All(1.0 / 6.0), V.All(0.5));
        Vector512<double> middle = V.Fma(r, V.All(1.0 / 120.0), V.All(1.0 / 24.0));
        Vector512<double> high = V.Fma(r, V.All(1.0 / 5040.0), V.All(1.0 / 720.0));
        Vector512<double> tail = V.Fma(V.Fma(high, r2, middle), r2, low);
        Vector512<double> minusOne = V.Fma(tail, r2, r);
        Vector512<double> power = Avx512F.PermuteVar8x64x2(PowersLow, shifted.AsInt64(), PowersHigh);
        Vector512<long> exponent = (shifted.AsInt64() << 48) & Vector512.Create(~0xFFFFFFFFFFFFFL);
        return (V.Fma(power, minusOne, power).AsInt64() + exponent).AsDouble();
    }

    /// <summary>log(x) for positive normal x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        if (!Avx512F.IsSupported)
        {
            return Vector512.Log(x);
        }

        return V.Fma(Avx512F.GetExponent(x), V.All(Math.Log(2.0)), LogMantissa(Avx512F.GetMantissa(x, 0)));
    }

    /// <summary>
    /// Multiplies the mantissa of positive normal x into one factor and adds its exponent to another, for the sum of
    /// many logarithms at the cost of one: sum log x = log(mantissa) + exponent log 2. The mantissa may gather 1,000
    /// factors before it overflows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(Vector512<double> x, ref Vector512<double> mantissa, ref Vector512<double> exponent)
    {
        if (Avx512F.IsSupported)
        {
            mantissa *= Avx512F.GetMantissa(x, 0);
            exponent += Avx512F.GetExponent(x);
        }
        else
        {
            exponent += Vector512.Log(x) * V.All(1.0 / Math.Log(2.0));
        }
    }

    // With c the table's reciprocal: log m = -log c + log(1 + (m c - 1)), |m c - 1| < 1/32.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LogMantissa(Vector512<double> m)
    {
        Vector512<long> index = m.AsInt64() >>> 48;
        Vector512<double> inverse = Avx512F.PermuteVar8x64x2(InversesLow, index, InversesHigh);
        Vector512<double> r = V.Fma(m, inverse, -Vector512<double>.One);
        Vector512<double> r2 = r * r, r4 = r2 * r2;
        Vector512<double> p23 = V.Fma(r, V.All(1.0 / 3.0), V.All(-0.5));
        Vector512<double> p45 = V.Fma(r, V.All(1.0 / 5.0), V.All(-0.25));
        Vector512<double> p67 = V.Fma(r, V.All(1.0 / 7.0), V.All(-1.0 / 6.0));
        Vector512<double> p89 = V.Fma(r, V.All(1.0 / 9.0), V.All(-0.125));
        Vector512<double> tail = V.Fma(V.Fma(p89, r2, p67), r4, V.Fma(p45, r2, p23));
        return V.Fma(tail, r2, r) + Avx512F.PermuteVar8x64x2(LogsLow, index, LogsHigh);
    }

    // The reciprocal of the middle of the i-th of 16 parts of [1, 2].
    private static double Inverse(int i) => 1.0 / (1.0 + ((i + 0.5) / 16.0));

    private static Vector512<double> Eight(Func<int, double> f) =>
        Vector512.Create(f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7));
}
