// Reduction of huge arguments by pi/2 (Payne and Hanek 1983) in integer arithmetic: one lane at a time, rarely needed.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

internal static class TrigonometricReduction
{
    /// <summary>Up to here the vector reduction keeps full precision.</summary>
    internal const double FastLimit = 1073741824.0; // 2^30

    // The bits of 2/pi after the binary point, most significant first (1,280 of them: exponents up to 1023 and 192 to
    // spare).
    private static readonly ulong[] TwoOverPiBits =
    {
        0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561,
        0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484,
        0xE99C7026B45F7E41, 0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F,
        0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B,
        0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB, 0xF0CFBC209AF4361D,
    };

    /// <summary>x = quadrant pi/2 + high + low modulo 2 pi; NaN for infinities and NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static (double High, double Low, long Quadrant) ReduceByHalfPi(double x)
    {
        var magnitude = Math.Abs(x);
        if (!(magnitude <= double.MaxValue))
        {
            return (double.NaN, double.NaN, 0);
        }

        if (magnitude < 0.5)
        {
            return (x, 0.0, 0);
        }

        var (quadrant, fraction, negative) = FractionOfQuarterTurns(magnitude);
        var (high, low) = TimesHalfPi(fraction);
        var flip = negative ^ (x < 0.0);
        return (flip ? -high : high, flip ? -low : low, x < 0.0 ? -quadrant : quadrant);
    }

    /// <summary>
    /// x 2/pi = quadrant + (-1)^negative fraction 2^-128 modulo 4, fraction at most 2^127, for x at least 1/2.
    /// </summary>
    private static (long Quadrant, UInt128 Fraction, bool Negative) FractionOfQuarterTurns(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var significand = (ulong)(bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000;
        var exponent = (int)(bits >> 52) - 1075; // x = significand 2^exponent
        // Bits of 2/pi of weight above 2^(1 - exponent) give multiples of 4; 256 bits from there on are enough.
        var start = exponent - 2;
        var p0 = (UInt128)significand * Word(start + 192);
        var p1 = (UInt128)significand * Word(start + 128) + (p0 >> 64);
        var p2 = (UInt128)significand * Word(start + 64) + (p1 >> 64);
        var p3 = unchecked(significand * Word(start) + (ulong)(p2 >> 64));
        // p3 p2 p1 p0 = x 2/pi 2^254 modulo 2^256: two integer bits, then the fraction.
        var quadrant = (long)(p3 >> 62);
        var fraction = (new UInt128(p3, (ulong)p2) << 2) | (ulong)p1 >> 62;
        var negative = fraction > UInt128.One << 127;
        return negative ? (quadrant + 1, unchecked(UInt128.Zero - fraction), true) : (quadrant, fraction, false);
    }

    // 64 bits of 2/pi, the first of weight 2^-(start+1); zeros before the point.
    private static ulong Word(int start)
    {
        var position = start + 64;
        var word = position >> 6;
        var shift = position & 63;
        var first = At(word - 1);
        return shift == 0 ? first : (first << shift) | (At(word) >> (64 - shift));
    }

    private static ulong At(int word) => word < 0 ? 0UL : TwoOverPiBits[word];

    /// <summary>fraction 2^-128 pi/2 as a double-double.</summary>
    private static (double High, double Low) TimesHalfPi(UInt128 fraction)
    {
        var zeros = (int)UInt128.LeadingZeroCount(fraction);
        if (zeros == 128)
        {
            return (0.0, 0.0);
        }

        var shifted = fraction << zeros;
        var scale = BitConverter.Int64BitsToDouble((1023L - zeros) << 52);
        var high = (double)(ulong)(shifted >> 75) * 1.1102230246251565e-16; // 53 bits, 2^-53
        var low = (double)(ulong)((shifted >> 22) & 0x001FFFFFFFFFFFFF) * 1.232595164407831e-32; // the next 53, 2^-106
        var product = high * Constants.PiHalf1;
        var error = Math.FusedMultiplyAdd(high, Constants.PiHalf1, -product);
        error += Math.FusedMultiplyAdd(high, Constants.PiHalf2, low * Constants.PiHalf1);
        var sum = product + error;
        return (sum * scale, (error - (sum - product)) * scale);
    }
}
