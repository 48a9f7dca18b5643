// Matrix products on raw row-major memory, one matrix or a batch. Operands of C may not overlap C.
// Written for binary64; the binary32 form is derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

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
        var product = new DoubleProduct
        {
            Rows = m,
            Columns = n,
            Inner = k,
            A = a,
            ARow = transposeA ? 1 : lda,
            AColumn = transposeA ? lda : 1,
            B = b,
            BRow = transposeB ? 1 : ldb,
            BColumn = transposeB ? ldb : 1,
            C = c,
            CRow = ldc,
        };
        if (alpha == 1 && beta == 0)
        {
            product.Run();
            return;
        }

        product.C = (double*)Scratch.Rent(ScratchUse.Result, (nint)m * n * sizeof(double));
        product.CRow = n;
        product.Run();
        for (var i = 0; i < m; i++)
        {
            Combine(n, alpha, product.C + i * (nint)n, beta, c + i * (nint)ldc);
        }
    }

    /// <summary>
    /// Rows `from` to `to` (excluded) of C = op(A) op(B), the other rows of C untouched: the parts may be computed by
    /// different threads, and have the same bits as the whole.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GemmRows(
        int from, int to, int n, int k, double* a, int lda, bool transposeA, double* b, int ldb, bool transposeB,
        double* c, int ldc) =>
        Gemm(
            to - from, n, k, 1, a + from * (nint)(transposeA ? 1 : lda), lda, transposeA, b, ldb, transposeB, 0,
            c + from * (nint)ldc, ldc);

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

    // C = alpha x + beta C.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine(int n, double alpha, double* x, double beta, double* c)
    {
        for (var j = 0; j < n; j++)
        {
            c[j] = beta == 0 ? alpha * x[j] : FixedOrder.MultiplyAdd(alpha, x[j], beta * c[j]);
        }
    }

    // C -= A B.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Subtract(
        int rows, int columns, int inner, double* a, nint aRow, nint aColumn, double* b, nint bRow, nint bColumn,
        double* c, nint cRow)
    {
        var product = new DoubleProduct
        {
            Rows = rows,
            Columns = columns,
            Inner = inner,
            A = a,
            ARow = aRow,
            AColumn = aColumn,
            B = b,
            BRow = bRow,
            BColumn = bColumn,
            C = c,
            CRow = cRow,
            Subtract = true,
        };
        product.Run();
    }
}
