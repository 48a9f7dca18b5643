// Matrix products on raw row-major memory, one matrix or a batch. Operands of C may not overlap C.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

/// <summary>
/// Dense linear algebra on row-major binary64 matrices in raw memory. Each element is summed in an order that depends
/// on the shape alone, with fused multiply-adds: the same bits on every machine and for every split of a batch.
/// </summary>
public static unsafe partial class Dense
{
    /// <summary>
    /// C = alpha op(A) op(B) + beta C; op(A) [m, k], op(B) [k, n], C [m, n]; op transposes where asked; lda, ldb, ldc
    /// are the row strides of A, B, C as stored. C is not read when beta = 0. C(i, j) sums over k in ascending order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gemm(
        int m, int n, int k, double alpha, double* a, int lda, bool transposeA, double* b, int ldb, bool transposeB,
        double beta, double* c, int ldc)
    {
        if (!transposeB)
        {
            GemmRows(m, n, k, alpha, a, lda, transposeA, b, ldb, beta, c, ldc);
            return;
        }

        var size = (nint)n * k;
        var stack = stackalloc double[size <= Scratch.StackDoubles ? (int)size : 1];
        var packed = size <= Scratch.StackDoubles ? stack : Scratch.Rent(size);
        Transpose(b, n, k, ldb, packed);
        GemmRows(m, n, k, alpha, a, lda, transposeA, packed, n, beta, c, ldc);
    }

    /// <summary>
    /// `batch` products; strideX is the distance from one matrix to the next, 0 to use the same one again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GemmBatch(
        int batch, int m, int n, int k, double alpha, double* a, nint strideA, int lda, bool transposeA, double* b,
        nint strideB, int ldb, bool transposeB, double beta, double* c, nint strideC, int ldc)
    {
        for (var i = 0; i < batch; i++)
        {
            Gemm(
                m, n, k, alpha, a + i * strideA, lda, transposeA, b + i * strideB, ldb, transposeB, beta,
                c + i * strideC, ldc);
        }
    }

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
            GemmRows(1, columns, rows, alpha, x, 0, false, a, lda, beta, y, columns);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GemmRows(
        int m, int n, int k, double alpha, double* a, int lda, bool transposeA, double* b, int ldb, double beta,
        double* c, int ldc)
    {
        var product = new RowProduct
        {
            Rows = m,
            Columns = n,
            Inner = k,
            A = a,
            ARow = transposeA ? 1 : lda,
            AColumn = transposeA ? lda : 1,
            B = b,
            BRow = ldb,
            C = c,
            CRow = ldc,
            Alpha = alpha,
            Beta = beta,
        };
        product.Run();
    }
}
