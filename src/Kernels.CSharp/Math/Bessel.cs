// Modified Bessel functions of orders 0 and 1, scaled by e^-|x|: a quotient of polynomials below 8, a polynomial in 1/x
// beyond.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

public static partial class InlineMath
{
    /// <summary>e^-|x| I0(x); see <see cref="VectorMath.BesselI0e(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> BesselI0e(Vector512<double> x)
    {
        var a = Vector512.Abs(x);
        var b = AtMost(a, Constants.BesselSwitch);
        var small = Minimax.BesselI0Top(b) / Minimax.BesselI0Bottom(b);
        var c = AtLeast(a, Constants.BesselSwitch);
        var large = Minimax.BesselI0Large(BesselArgument(c)) / Vector512.Sqrt(c);
        return Select(Greater(a, Constants.BesselSwitch), large, small);
    }

    /// <summary>e^-|x| I1(x); see <see cref="VectorMath.BesselI1e(Vector512{double})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> BesselI1e(Vector512<double> x)
    {
        var a = Vector512.Abs(x);
        var b = AtMost(a, Constants.BesselSwitch);
        var small = b * (Minimax.BesselI1Top(b) / Minimax.BesselI1Bottom(b));
        var c = AtLeast(a, Constants.BesselSwitch);
        var large = Minimax.BesselI1Large(BesselArgument(c)) / Vector512.Sqrt(c);
        return CopySign(Select(Greater(a, Constants.BesselSwitch), large, small), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> BesselArgument(Vector512<double> x) =>
        Vector512.Create(2.0 * Constants.BesselSwitch) / x - Vector512.Create(1.0);
}
