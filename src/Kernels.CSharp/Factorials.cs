// n! for n up to 170 as a significand in [1, 2) and an exponent, correctly rounded from exact integers.
using System.Numerics;

namespace Ppl.Kernels;

internal static class Factorials
{
    /// <summary>The largest n for which n! is a finite binary64.</summary>
    internal const int Largest = 170;

    internal static readonly double[] Significand = new double[Largest + 1];
    internal static readonly double[] Exponent = new double[Largest + 1];

    static Factorials()
    {
        var factorial = BigInteger.One;
        for (var n = 0; n <= Largest; n++)
        {
            factorial *= n == 0 ? 1 : n;
            var bits = (int)factorial.GetBitLength();
            // The leading 64 bits, to nearest: what is cut off below cannot reach half of a unit of binary64.
            var leading = bits > 64 ? factorial >> (bits - 64) : factorial << (64 - bits);
            Significand[n] = (double)(ulong)leading / 9223372036854775808.0; // 2^63
            Exponent[n] = bits - 1;
        }
    }
}
