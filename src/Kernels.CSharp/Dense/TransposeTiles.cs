// Transposition of small matrices by 4 x 4 tiles in registers, with a scale for each row. Elements are moved and rounded
// one by one, so that the instructions of the machine at hand may be used without changing any result.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

internal static unsafe class TransposeTiles
{
    private const int Tile = 4;

    /// <summary>
    /// target [columns, rows] = the transpose of source [rows, columns], with row strides, source row i times scales[i]
    /// if given.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Copy(
        int rows, int columns, double* source, nint sourceStride, double* target, nint targetStride, double* scales)
    {
        if (rows < Tile || columns < Tile || !Avx.IsSupported)
        {
            CopyElements(rows, columns, source, sourceStride, target, targetStride, scales);
            return;
        }

        // The last tile of a row or column overlaps the one before.
        for (var i = 0; i < rows; i += Tile)
        {
            var i0 = i + Tile <= rows ? i : rows - Tile;
            for (var j = 0; j < columns; j += Tile)
            {
                var j0 = j + Tile <= columns ? j : columns - Tile;
                CopyTile(
                    source + i0 * sourceStride + j0, sourceStride, target + j0 * targetStride + i0, targetStride,
                    scales == null ? Vector256<double>.One : Vector256.Load(scales + i0));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyTile(
        double* source, nint sourceStride, double* target, nint targetStride, Vector256<double> scales)
    {
        var (r0, r1) = (Vector256.Load(source), Vector256.Load(source + sourceStride));
        var (r2, r3) = (Vector256.Load(source + 2 * sourceStride), Vector256.Load(source + 3 * sourceStride));
        var (low01, high01) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1));
        var (low23, high23) = (Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
        (Avx.Permute2x128(low01, low23, 0x20) * scales).Store(target);
        (Avx.Permute2x128(high01, high23, 0x20) * scales).Store(target + targetStride);
        (Avx.Permute2x128(low01, low23, 0x31) * scales).Store(target + 2 * targetStride);
        (Avx.Permute2x128(high01, high23, 0x31) * scales).Store(target + 3 * targetStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyElements<T>(
        int rows, int columns, T* source, nint sourceStride, T* target, nint targetStride, T* scales)
        where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var x = source[i * sourceStride + j];
                target[j * targetStride + i] = scales == null ? x : x * scales[i];
            }
        }
    }

    /// <summary>target [columns, rows] = the transpose of source [rows, columns], with row strides.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(
        int rows, int columns, double* source, nint sourceStride, double* target, nint targetStride) =>
        Copy(rows, columns, source, sourceStride, target, targetStride, null);

    /// <inheritdoc cref="Copy(int, int, double*, nint, double*, nint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(
        int rows, int columns, float* source, nint sourceStride, float* target, nint targetStride) =>
        Copy(rows, columns, source, sourceStride, target, targetStride, null);

    /// <inheritdoc cref="Copy(int, int, double*, nint, double*, nint, double*)"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Copy(
        int rows, int columns, float* source, nint sourceStride, float* target, nint targetStride, float* scales)
    {
        if (rows < Tile || columns < Tile || !Sse.IsSupported)
        {
            CopyElements(rows, columns, source, sourceStride, target, targetStride, scales);
            return;
        }

        for (var i = 0; i < rows; i += Tile)
        {
            var i0 = i + Tile <= rows ? i : rows - Tile;
            for (var j = 0; j < columns; j += Tile)
            {
                var j0 = j + Tile <= columns ? j : columns - Tile;
                CopyTile(
                    source + i0 * sourceStride + j0, sourceStride, target + j0 * targetStride + i0, targetStride,
                    scales == null ? Vector128<float>.One : Vector128.Load(scales + i0));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyTile(
        float* source, nint sourceStride, float* target, nint targetStride, Vector128<float> scales)
    {
        var (r0, r1) = (Vector128.Load(source), Vector128.Load(source + sourceStride));
        var (r2, r3) = (Vector128.Load(source + 2 * sourceStride), Vector128.Load(source + 3 * sourceStride));
        var (low01, high01) = (Sse.UnpackLow(r0, r1), Sse.UnpackHigh(r0, r1));
        var (low23, high23) = (Sse.UnpackLow(r2, r3), Sse.UnpackHigh(r2, r3));
        (Sse.MoveLowToHigh(low01, low23) * scales).Store(target);
        (Sse.MoveHighToLow(low23, low01) * scales).Store(target + targetStride);
        (Sse.MoveLowToHigh(high01, high23) * scales).Store(target + 2 * targetStride);
        (Sse.MoveHighToLow(high23, high01) * scales).Store(target + 3 * targetStride);
    }
}
