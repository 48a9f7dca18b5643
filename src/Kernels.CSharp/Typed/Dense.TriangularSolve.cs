// Triangular systems on raw row-major memory. Relies on Vector512Blocks and on the matrix product.
// Written for binary64; the binary32 form is derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

public static unsafe partial class Dense
{
    /// <summary>
    /// X with op(T) X = B, in place of B [n, m] (row stride ldb); T [n, n] lower or upper triangular, the other part
    /// is not read; `unit` takes the diagonal as 1. A zero on the diagonal gives infinities or NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TriangularSolve(
        int n, int m, double* t, int ldt, bool lower, bool transpose, bool unit, double* b, int ldb)
    {
        var (row, column) = transpose ? ((nint)1, (nint)ldt) : (ldt, 1);
        nint bRow = ldb;
        if (n > 0 && lower == transpose)
        {
            FromTheEnd(n, ref t, ref row, ref column, ref b, ref bRow);
        }

        Substitute(n, m, t, row, column, unit, b, bRow);
    }

    // Backward substitution is forward substitution on rows and columns counted from the end: negative strides.
    private static void FromTheEnd(
        int n, ref double* t, ref nint row, ref nint column, ref double* b, ref nint bRow)
    {
        t += (n - 1) * (row + column);
        b += (n - 1) * bRow;
        (row, column, bRow) = (-row, -column, -bRow);
    }

    // By halves on multiples of the panel; every element loses its products in ascending order, however the halves fall.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Substitute(int n, int m, double* t, nint row, nint column, bool unit, double* b, nint bRow)
    {
        if (n <= Panel)
        {
            SolvePanels(1, n, m, t, 0, row, column, unit, b, 0, bRow);
            return;
        }

        var half = Half(n);
        Substitute(half, m, t, row, column, unit, b, bRow);
        Subtract(n - half, m, half, t + half * row, row, column, b, bRow, 1, b + half * bRow, bRow);
        Substitute(n - half, m, t + half * (row + column), row, column, unit, b + half * bRow, bRow);
    }

    // Substitution inside one diagonal block of each of a few matrices, with the widest vectors that the right-hand sides fill.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolvePanels(
        int batch, int n, int m, double* t, nint strideT, nint row, nint column, bool unit, double* b, nint strideB,
        nint bRow)
    {
        if (m >= Vector512<double>.Count && Vector512.IsHardwareAccelerated)
        {
            Vector512Blocks.Solve(batch, n, m, t, strideT, row, column, unit, b, strideB, bRow);
        }
        else if (m >= Vector256<double>.Count && Vector256.IsHardwareAccelerated)
        {
            Vector256Blocks.Solve(batch, n, m, t, strideT, row, column, unit, b, strideB, bRow);
        }
        else if (m >= Vector128<double>.Count)
        {
            Vector128Blocks.Solve(batch, n, m, t, strideT, row, column, unit, b, strideB, bRow);
        }
        else
        {
            for (var j = 0; j < batch * m; j++)
            {
                SolveOne(n, t + j / m * strideT, row, column, unit, b + j / m * strideB + j % m, bRow);
            }
        }
    }

    // One right-hand side, four rows at a time: their last steps run from register to register.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolveOne(int n, double* t, nint row, nint column, bool unit, double* b, nint bRow)
    {
        var i = 0;
        for (; i + 4 <= n; i += 4)
        {
            var y = b + i * bRow;
            var (s0, s1, s2, s3) = (y[0], y[bRow], y[2 * bRow], y[3 * bRow]);
            var a = t + i * row;
            var x = b;
            for (var k = 0; k < i; k++, a += column, x += bRow)
            {
                var z = *x;
                s0 = MinusProduct(a[0], z, s0);
                s1 = MinusProduct(a[row], z, s1);
                s2 = MinusProduct(a[2 * row], z, s2);
                s3 = MinusProduct(a[3 * row], z, s3);
            }

            s0 = Quotient(s0, a, unit);
            s1 = Quotient(MinusProduct(a[row], s0, s1), a + row + column, unit);
            s2 = MinusProduct(a[2 * row + column], s1, MinusProduct(a[2 * row], s0, s2));
            s2 = Quotient(s2, a + 2 * (row + column), unit);
            s3 = MinusProduct(a[3 * row + column], s1, MinusProduct(a[3 * row], s0, s3));
            s3 = Quotient(MinusProduct(a[3 * row + 2 * column], s2, s3), a + 3 * (row + column), unit);
            (y[0], y[bRow], y[2 * bRow], y[3 * bRow]) = (s0, s1, s2, s3);
        }

        for (; i < n; i++)
        {
            var sum = b[i * bRow];
            var a = t + i * row;
            var x = b;
            for (var k = 0; k < i; k++, a += column, x += bRow)
            {
                sum = MinusProduct(*a, *x, sum);
            }

            b[i * bRow] = Quotient(sum, a, unit);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double MinusProduct(double a, double x, double sum) => FixedOrder.MultiplyAdd(-a, x, sum);

    // A product with the reciprocal, which does not wait for the sum as a quotient would.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Quotient(double sum, double* diagonal, bool unit) => unit ? sum : sum * (1 / *diagonal);
}
