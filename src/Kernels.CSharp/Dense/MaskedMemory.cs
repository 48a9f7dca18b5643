// Loads and stores of the first lanes of a vector, for the edges of matrices: nothing outside is touched.
// A lane is on where the mask has all bits set.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

internal static unsafe class MaskedMemory
{
    /// <summary>The lanes that are on, and zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Load(double* x, Vector512<double> mask) =>
        Avx512F.IsSupported
            ? Avx512F.MaskLoad(x, mask, Vector512<double>.Zero)
            : Vector512.Create(Load(x, mask.GetLower()), Load(x + 4, mask.GetUpper()));

    /// <inheritdoc cref="Load(double*, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Load(double* x, Vector256<double> mask) =>
        Avx.IsSupported
            ? Avx.MaskLoad(x, mask)
            : Vector256.Create(Load(x, mask.GetLower()), Load(x + 2, mask.GetUpper()));

    /// <inheritdoc cref="Load(double*, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<double> Load(double* x, Vector128<double> mask) =>
        Avx.IsSupported ? Avx.MaskLoad(x, mask) : LoadLanes(x, mask);

    /// <inheritdoc cref="Load(double*, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load(float* x, Vector512<float> mask) =>
        Avx512F.IsSupported
            ? Avx512F.MaskLoad(x, mask, Vector512<float>.Zero)
            : Vector512.Create(Load(x, mask.GetLower()), Load(x + 8, mask.GetUpper()));

    /// <inheritdoc cref="Load(double*, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Load(float* x, Vector256<float> mask) =>
        Avx.IsSupported
            ? Avx.MaskLoad(x, mask)
            : Vector256.Create(Load(x, mask.GetLower()), Load(x + 4, mask.GetUpper()));

    /// <inheritdoc cref="Load(double*, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Load(float* x, Vector128<float> mask) =>
        Avx.IsSupported ? Avx.MaskLoad(x, mask) : LoadLanes(x, mask);

    /// <summary>Stores the lanes that are on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(double* x, Vector512<double> mask, Vector512<double> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(x, mask, value);
        }
        else
        {
            Store(x, mask.GetLower(), value.GetLower());
            Store(x + 4, mask.GetUpper(), value.GetUpper());
        }
    }

    /// <inheritdoc cref="Store(double*, Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(double* x, Vector256<double> mask, Vector256<double> value)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(x, mask, value);
        }
        else
        {
            Store(x, mask.GetLower(), value.GetLower());
            Store(x + 2, mask.GetUpper(), value.GetUpper());
        }
    }

    /// <inheritdoc cref="Store(double*, Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(double* x, Vector128<double> mask, Vector128<double> value)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(x, mask, value);
        }
        else
        {
            StoreLanes(x, mask, value);
        }
    }

    /// <inheritdoc cref="Store(double*, Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(float* x, Vector512<float> mask, Vector512<float> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(x, mask, value);
        }
        else
        {
            Store(x, mask.GetLower(), value.GetLower());
            Store(x + 8, mask.GetUpper(), value.GetUpper());
        }
    }

    /// <inheritdoc cref="Store(double*, Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(float* x, Vector256<float> mask, Vector256<float> value)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(x, mask, value);
        }
        else
        {
            Store(x, mask.GetLower(), value.GetLower());
            Store(x + 4, mask.GetUpper(), value.GetUpper());
        }
    }

    /// <inheritdoc cref="Store(double*, Vector512{double}, Vector512{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(float* x, Vector128<float> mask, Vector128<float> value)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(x, mask, value);
        }
        else
        {
            StoreLanes(x, mask, value);
        }
    }

    private static Vector128<T> LoadLanes<T>(T* x, Vector128<T> mask)
        where T : unmanaged
    {
        var result = Vector128<T>.Zero;
        var on = Vector128.ExtractMostSignificantBits(mask);
        for (var i = 0; i < Vector128<T>.Count; i++)
        {
            if (((on >> i) & 1) != 0)
            {
                result = result.WithElement(i, x[i]);
            }
        }

        return result;
    }

    private static void StoreLanes<T>(T* x, Vector128<T> mask, Vector128<T> value)
        where T : unmanaged
    {
        var on = Vector128.ExtractMostSignificantBits(mask);
        for (var i = 0; i < Vector128<T>.Count; i++)
        {
            if (((on >> i) & 1) != 0)
            {
                x[i] = value.GetElement(i);
            }
        }
    }
}
