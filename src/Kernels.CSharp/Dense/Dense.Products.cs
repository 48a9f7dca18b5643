// Products with a vector and transposition on raw row-major memory. Operands of a result may not overlap it.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>
/// Dense linear algebra on row-major binary64 matrices in raw memory. Each element is summed in an order that depends
/// on the shape alone, with fused multiply-adds: the same bits on every machine and for every split of a batch.
/// </summary>
public static unsafe partial class Dense
{
    /// <summary>Rows of the blocks that factorisations and solutions treat without the matrix product.</summary>
    private const int Panel = 32;

    /// <summary>The most rows for which the inverse of a Cholesky factor comes with the factorisation.</summary>
    public const int LargestInverse = Blocking.CotangentRows;

    /// <summary>
    /// y = alpha op(A) x + beta y; A [rows, columns] as stored with row stride lda. y is not read when beta = 0.
    /// Without transposition an element is a <see cref="FixedOrder.Dot"/>; with it, a chain over the rows of A in
    /// ascending order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gemv(
        int rows, int columns, double alpha, double* a, int lda, bool transpose, double* x, double beta, double* y)
    {
        if (transpose)
        {
            Gemm(1, columns, rows, alpha, x, rows, false, a, lda, false, beta, y, columns);
            return;
        }

        for (var i = 0; i < rows; i++)
        {
            var dot = FixedOrder.Dot(a + i * (nint)lda, x, columns);
            y[i] = beta == 0.0 ? alpha * dot : Math.FusedMultiplyAdd(alpha, dot, beta * y[i]);
        }
    }

    /// <summary>`batch` matrix-vector products; see <see cref="Gemv"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GemvBatch(
        int batch, int rows, int columns, double alpha, double* a, nint strideA, int lda, bool transpose, double* x,
        nint strideX, double beta, double* y, nint strideY)
    {
        for (var i = 0; i < batch; i++)
        {
            Gemv(rows, columns, alpha, a + i * strideA, lda, transpose, x + i * strideX, beta, y + i * strideY);
        }
    }

    /// <summary>target [columns, rows] = the transpose of source [rows, columns] with row stride ld.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(double* source, int rows, int columns, int ld, double* target)
    {
        if (rows <= Panel && columns <= Panel)
        {
            TransposeTiles.Copy(rows, columns, source, ld, target, rows, null);
            return;
        }

        const int Tile = 8; // a cache line
        for (var i0 = 0; i0 < rows; i0 += Tile)
        {
            var i1 = Math.Min(i0 + Tile, rows);
            for (var j = 0; j < columns; j++)
            {
                for (var i = i0; i < i1; i++)
                {
                    target[j * (nint)rows + i] = source[i * (nint)ld + j];
                }
            }
        }
    }

    /// <summary>Elements of the largest matrices that go into lanes.</summary>
    private const int LaneElements = 16 * 16;

    // Matrices smaller than that gain nothing from lanes, larger ones leave the first-level cache.
    private static bool FitsLanes(int n) => n > 1 && n * n <= LaneElements;

    // The next cache line; callers leave room for it.
    private static void* Align(void* x) => (void*)(((nuint)x + 63) & ~(nuint)63);

    private static int LargestLanes<T>() => Vector512<T>.Count;

    // Rows of whole pairs of vectors of any width.
    private static int PaddedStride<T>(int n) => (n + 2 * LargestLanes<T>() - 1) & (-2 * LargestLanes<T>());

    // Whole tiles of rows.
    private static int PaddedRows(int n) => (n + Blocking.TileRows - 1) & -Blocking.TileRows;

    private static int Lanes<T>() =>
        Vector512.IsHardwareAccelerated ? Vector512<T>.Count
        : Vector256.IsHardwareAccelerated ? Vector256<T>.Count
        : Vector128<T>.Count;

    // The first part of more rows than a panel holds, a multiple of the panel.
    private static int Half(int n) => (n + 2 * Panel - 1) / (2 * Panel) * Panel;
}
