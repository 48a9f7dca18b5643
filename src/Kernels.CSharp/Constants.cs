// Constants of the elementary functions. Those with a low part are a double-double: value = high + low to 106 bits.
using System.Runtime.CompilerServices;

// Stack buffers of this assembly are written before they are read.
[module: SkipLocalsInit]

namespace Ppl.Kernels;

internal static class Constants
{
    internal const double Shifter = 6755399441055744.0; // 1.5 * 2^52
    internal const long ShifterBits = 0x4338000000000000;
    internal const long SqrtHalfBits = 0x3FE6A09E667F3BCD;
    internal const long ExponentMask = unchecked((long)0xFFF0000000000000);
    internal const double MinNormal = 2.2250738585072014e-308; // 2^-1022
    internal const double TwoTo54 = 18014398509481984.0;

    internal const double Log2E = 1.4426950408889634;
    internal const double Ln2High = 0.6931471805599453;
    internal const double Ln2Low = 2.3190468138462996e-17;

    internal const double SmallErf = 0.7; // below, erf has its own polynomial
    internal const double InvSqrt2 = 0.7071067811865476;
    internal const double TwoOverPi = 0.6366197723675814;
    internal const double PiHalf1 = 1.5707963267948966;
    internal const double PiHalf2 = 6.123233995736766e-17;
    internal const double PiHalf3 = -1.4973849048591698e-33;

    internal const double QuarterPi = 0.7853981633974483;
    internal const double QuarterPiLow = 3.061616997868383e-17;
    internal const double TanEighthPi = 0.41421356237309503;
    internal const double Log2ELow = 2.0355273740931033e-17;

    internal const double EulerGamma = 0.5772156649015329;
    internal const double OneMinusEulerGamma = 0.42278433509846713;
    internal const double HalfLogTwoPi = 0.9189385332046728;
    internal const double Pi = 3.141592653589793;
    internal const double TwoThirdsHigh = 0.6666666666666666;
    internal const double TwoThirdsLow = 3.700743415417188e-17;
    internal const double DigammaRootMinus1High = 0.46163214496836236; // the positive root of digamma, less one
    internal const double DigammaRootMinus1Low = -1.5522348162858677e-17;

    internal const double TwoPiInverse = 0.15915494309189535;
    internal const double LargestExponent = 709.0; // above, e^x is infinite while sinh and cosh are not yet
    internal const double BesselSwitch = 8.0;
    internal const int ZetaTerms = 10;

    internal const double TailExponent = 40.0; // where the integrand exp(-g) has become negligible
    internal const int TailSteps = 5;
    internal const int TailShift = 8; // shapes below are raised by so much: then 32 nodes are enough
    internal const double TinyArgument = 1e-200; // below, arguments are scaled by 2^400
    internal const double LargestShape = 1e100; // larger shapes are refused: their products would leave the range
    internal const int BetaSeriesTerms = 60;
}
