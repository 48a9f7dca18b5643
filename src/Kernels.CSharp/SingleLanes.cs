// Between lanes of 64 bits and as many lanes of 32: binary64 to binary32 and back, and masks. At 128 bits the two lanes of 32
// bits are the lower half of a vector.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

/// <summary>
/// Conversions of lanes for emitted code. Each has the same lanes for every width; rounding is to the nearest, ties to even.
/// </summary>
public static class SingleLanes
{
    /// <summary>Eight lanes as binary64, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Widen512(Vector256<float> x) => Vector512.WidenLower(x.ToVector512Unsafe());

    /// <summary>Four lanes as binary64, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Widen256(Vector128<float> x) => Vector256.WidenLower(x.ToVector256Unsafe());

    /// <summary>The two lower lanes as binary64, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Widen128(Vector128<float> x) => Vector128.WidenLower(x);

    /// <summary>Eight lanes rounded to binary32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Narrow512(Vector512<double> x) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector256Single(x) : Vector256.Narrow(x.GetLower(), x.GetUpper());

    /// <summary>Four lanes rounded to binary32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Narrow256(Vector256<double> x) =>
        Avx.IsSupported ? Avx.ConvertToVector128Single(x) : Vector128.Narrow(x.GetLower(), x.GetUpper());

    /// <summary>Two lanes rounded to binary32, in the lower half; the upper half is unspecified.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Narrow128(Vector128<double> x) => Vector128.Narrow(x, x);

    /// <summary>A mask of eight lanes of 64 bits as lanes of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> NarrowMask512(Vector512<double> x)
    {
        var mask = x.AsInt64();
        return (Avx512F.IsSupported ? Avx512F.ConvertToVector256Int32(mask) : Vector256.Narrow(mask.GetLower(), mask.GetUpper()))
            .AsSingle();
    }

    /// <summary>A mask of four lanes of 64 bits as lanes of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> NarrowMask256(Vector256<double> x)
    {
        var mask = x.AsInt64();
        return Vector128.Narrow(mask.GetLower(), mask.GetUpper()).AsSingle();
    }

    /// <summary>A mask of two lanes of 64 bits as lanes of 32, in the lower half; the upper half is unspecified.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> NarrowMask128(Vector128<double> x)
    {
        var mask = x.AsInt64();
        return Vector128.Narrow(mask, mask).AsSingle();
    }
}
