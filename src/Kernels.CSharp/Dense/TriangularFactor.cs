// The triangular factor of a QR decomposition in double-double arithmetic: Householder reflections of blocks of rows into
// the triangle above them (Golub and Van Loan, Matrix Computations, 6.5.4). It stands for all rows in later computations,
// whose rounding errors no longer average out over the rows: hence the extended precision, after which the rounding of
// the factor to doubles is the only error. Lanes are rows; every sum has one fixed order whatever the width of vectors.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>Triangular factors of matrices given by their columns.</summary>
public static class TriangularFactor
{
    // Rows that are reflected together: few enough for all columns to stay in the cache.
    private const int BlockRows = 64;

    /// <summary>
    /// The upper triangular R with R'R = A'A, row-major of order n, for the m by n matrix A of these columns of finite
    /// numbers; the diagonal has either sign. Each column of R is within some units in the last place of its norm of the
    /// exact factor. About 40 m n^2 floating-point operations; columns are scaled by powers of two, so that nothing
    /// overflows on the way.
    /// </summary>
    public static double[] Compute(double[][] columns)
    {
        int n = columns.Length;
        int rows = n == 0 ? 0 : columns[0].Length;
        int height = Math.Min(BlockRows, (rows + 7) & ~7);
        int[] exponents = Array.ConvertAll(columns, Exponent);
        var triangle = new DoubleDouble[n * n];
        var high = new double[n * height];
        var low = new double[n * height];
        for (int first = 0; first < rows; first += height)
        {
            int count = Math.Min(height, rows - first);
            Array.Clear(high);
            Array.Clear(low);
            for (int j = 0; j < n; j++)
            {
                for (int i = 0; i < count; i++)
                {
                    high[(j * height) + i] = columns[j][first + i] * PowerOfTwo(-exponents[j]);
                }
            }

            Absorb(triangle, n, height, high, low);
        }

        var factor = new double[n * n];
        for (int i = 0; i < n * n; i++)
        {
            factor[i] = triangle[i].High * PowerOfTwo(exponents[i % n]);
        }

        return factor;
    }

    // The exponent of the largest element, within the range of both 2^e and 2^-e.
    private static int Exponent(double[] column)
    {
        double largest = 0.0;
        foreach (double x in column)
        {
            largest = Math.Max(largest, Math.Abs(x));
        }

        return largest == 0.0 ? 0 : Math.Clamp(Math.ILogB(largest), -1000, 1000);
    }

    private static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((exponent + 1023L) << 52);

    // Reflects a block, whose columns follow each other, into the triangle.
    private static void Absorb(DoubleDouble[] triangle, int n, int height, double[] high, double[] low)
    {
        for (int k = 0; k < n; k++)
        {
            int pivot = k * height;
            DoubleDouble tail = Dot(high, low, pivot, pivot, height);
            if (tail.High <= 0.0)
            {
                continue;
            }

            DoubleDouble alpha = triangle[(k * n) + k];
            DoubleDouble norm = DoubleDouble.Sqrt((alpha * alpha) + tail);
            DoubleDouble beta = alpha.High > 0.0 ? -norm : norm;
            DoubleDouble tau = (beta - alpha) / beta;
            Scale(high, low, pivot, (DoubleDouble)1.0 / (alpha - beta), height);
            triangle[(k * n) + k] = beta;
            for (int j = k + 1; j < n; j++)
            {
                int column = j * height;
                DoubleDouble weight = tau * (triangle[(k * n) + j] + Dot(high, low, pivot, column, height));
                triangle[(k * n) + j] -= weight;
                Subtract(high, low, column, weight, pivot, height);
            }
        }
    }

    // The sum of the products of two columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleDouble Dot(double[] high, double[] low, int x, int y, int height)
    {
        Vector512<double> sum = default, rest = default;
        for (int i = 0; i < height; i += Vector512<double>.Count)
        {
            var (product, error) = Product(Load(high, x + i), Load(low, x + i), Load(high, y + i), Load(low, y + i));
            var (next, lost) = Sum(sum, product);
            sum = next;
            rest += lost + error;
        }

        return DoubleDouble.Sum(sum, rest);
    }

    // column = factor column
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(double[] high, double[] low, int column, DoubleDouble factor, int height)
    {
        Vector512<double> fh = Vector512.Create(factor.High), fl = Vector512.Create(factor.Low);
        for (int i = column; i < column + height; i += Vector512<double>.Count)
        {
            var (product, error) = Product(fh, fl, Load(high, i), Load(low, i));
            Store(high, low, i, product, error);
        }
    }

    // column -= factor pivot
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Subtract(double[] high, double[] low, int column, DoubleDouble factor, int pivot, int height)
    {
        Vector512<double> fh = Vector512.Create(-factor.High), fl = Vector512.Create(-factor.Low);
        for (int i = 0; i < height; i += Vector512<double>.Count)
        {
            var (product, error) = Product(fh, fl, Load(high, pivot + i), Load(low, pivot + i));
            var (sum, lost) = Sum(Load(high, column + i), product);
            Store(high, low, column + i, sum, lost + error + Load(low, column + i));
        }
    }

    // The product of two double-doubles, not normalized.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Product, Vector512<double> Error) Product(
        Vector512<double> xh, Vector512<double> xl, Vector512<double> yh, Vector512<double> yl)
    {
        Vector512<double> product = xh * yh;
        Vector512<double> error = Vector512.FusedMultiplyAdd(xh, yh, -product);
        error = Vector512.FusedMultiplyAdd(xh, yl, error);
        return (product, Vector512.FusedMultiplyAdd(xl, yh, error));
    }

    // x + y and what was lost (Knuth).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Sum, Vector512<double> Lost) Sum(Vector512<double> x, Vector512<double> y)
    {
        Vector512<double> sum = x + y;
        Vector512<double> part = sum - x;
        return (sum, (x - (sum - part)) + (y - part));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Load(double[] array, int i) =>
        Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(array), (nuint)i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(double[] high, double[] low, int i, Vector512<double> h, Vector512<double> l)
    {
        Vector512<double> sum = h + l;
        sum.StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(high), (nuint)i);
        (l - (sum - h)).StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(low), (nuint)i);
    }
}
