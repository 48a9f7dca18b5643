// Symmetric elimination of one block that fits in the first-level cache (up to 32 rows), four rows at a time: what the
// finished rows contribute is gathered in registers, the pivots of the four follow from each other as scalars, and only then
// the four rows are finished. So a pivot waits for a reciprocal and two multiplications, not for vectors on their way
// through memory.
// Every element is one chain of fused multiply-adds in the order of the inner index: the same bits for any vector width.
// Written for 512 bits and binary64; the other widths and binary32 are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static unsafe partial class Vector512Elimination
{
    /// <summary>
    /// W = D V for a symmetric matrix whose lower part is in `a` and whose upper part in `w`; V, upper triangular with ones on the diagonal, goes to `v`, and -W
    /// takes the place of the matrix: L = V' sqrt(D), which keeps the square roots off the chain from pivot to pivot. All
    /// have rows of `stride` elements, a multiple of two vectors, and as many rows as a multiple of four; what lies outside of
    /// n by n and below the diagonal of W is garbage, and touches nothing else. The squared pivots D go to `squares`. Returns -1,
    /// or the index of the first of them that is not positive and finite or has no finite reciprocal.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Factor(int n, double* a, nint lda, double* w, double* v, int stride, double* squares)
    {
        var scalars = stackalloc double[RowScalars.Count];
        for (var k = 0; k < n; k += Blocking.TileRows)
        {
            var failed = Rows(n, k, a, lda, w, v, stride, squares, scalars);
            if (failed >= 0)
            {
                return failed;
            }
        }

        return -1;
    }

    /// <summary>
    /// As Factor, and L^-1 = sqrt(D)^-1 V'^-1 [n, n] to `result`: the identity is eliminated along with the matrix, while the
    /// pivots are waited for. `u` takes -V'^-1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Invert(
        int n, double* a, nint lda, double* w, double* v, double* u, int stride, double* squares, double* result, nint ldr)
    {
        var scalars = stackalloc double[RowScalars.Count];
        for (var k = 0; k < n; k += Blocking.TileRows)
        {
            var failed = Rows(n, k, a, lda, w, v, stride, squares, scalars);
            var roots = (A: Root(scalars[0]), B: Root(scalars[1]), C: Root(scalars[2]), D: Root(scalars[3]));
            for (var j = 0; j < n; j += Vector512<double>.Count)
            {
                InverseRows(n, k, j, v, u, stride, scalars, roots, result + k * ldr + j, ldr);
            }

            if (failed >= 0)
            {
                return failed;
            }
        }

        return -1;
    }

    // Rows k to k + 3 of W and V.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Rows(
        int n, int k, double* a, nint lda, double* w, double* v, int stride, double* squares, double* scalars)
    {
        var pair = 2 * Vector512<double>.Count;
        var first = k & -pair;
        if (k == 0 && n >= Blocking.TileRows)
        {
            // Not from w, where the elements may still be on their way.
            Pivots(a, 1, lda, squares, scalars);
        }
        else
        {
            for (var j = first; j < n; j += pair)
            {
                Gather(k, w + j, v + k, stride);
            }

            Pivots(w + k * stride + k, stride, 1, squares + k, scalars);
        }

        for (var i = k; i < k + Blocking.TileRows; i++)
        {
            for (var j = 0; j < first; j += pair / 2)
            {
                Vector512<double>.Zero.Store(v + i * stride + j);
            }
        }

        for (var j = first; j < n; j += pair)
        {
            Finish(k, j, w + k * stride + j, v + k * stride + j, stride, scalars);
        }

        var failed = FirstFailure(Math.Min(Blocking.TileRows, n - k), scalars);
        return failed >= 0 ? k + failed : -1;
    }

    // Takes the products with all earlier blocks of rows from two vectors of four rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather(int k, double* w, double* factors, int stride)
    {
        var width = Vector512<double>.Count;
        var row = w + k * stride;
        var (a0, a1) = (Vector512.Load(row), Vector512.Load(row + width));
        var (b0, b1) = (Vector512.Load(row + stride), Vector512.Load(row + stride + width));
        var (c0, c1) = (Vector512.Load(row + 2 * stride), Vector512.Load(row + 2 * stride + width));
        var (d0, d1) = (Vector512.Load(row + 3 * stride), Vector512.Load(row + 3 * stride + width));
        for (var i = 0; i < k; i++, w += stride, factors += stride)
        {
            var (z0, z1) = (Vector512.Load(w), Vector512.Load(w + width));
            var factor = Vector512.Create(factors[0]);
            (a0, a1) = (Vector512.FusedMultiplyAdd(factor, z0, a0), Vector512.FusedMultiplyAdd(factor, z1, a1));
            factor = Vector512.Create(factors[1]);
            (b0, b1) = (Vector512.FusedMultiplyAdd(factor, z0, b0), Vector512.FusedMultiplyAdd(factor, z1, b1));
            factor = Vector512.Create(factors[2]);
            (c0, c1) = (Vector512.FusedMultiplyAdd(factor, z0, c0), Vector512.FusedMultiplyAdd(factor, z1, c1));
            factor = Vector512.Create(factors[3]);
            (d0, d1) = (Vector512.FusedMultiplyAdd(factor, z0, d0), Vector512.FusedMultiplyAdd(factor, z1, d1));
        }

        a0.Store(row);
        a1.Store(row + width);
        b0.Store(row + stride);
        b1.Store(row + stride + width);
        c0.Store(row + 2 * stride);
        c1.Store(row + 2 * stride + width);
        d0.Store(row + 3 * stride);
        d1.Store(row + 3 * stride + width);
    }

    // The scalars of four rows whose 4 x 4 block begins at w; rows and columns lie so far apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pivots(double* w, nint row, nint column, double* squares, double* scalars)
    {
        var (p0, w01, w02, w03) = (w[0], w[column], w[2 * column], w[3 * column]);
        var i0 = 1 / p0;
        var (v01, v02, v03) = (w01 * i0, w02 * i0, w03 * i0);
        w += row + column;
        var p1 = MinusProduct(v01, w01, w[0]);
        var (w12, w13) = (MinusProduct(v01, w02, w[column]), MinusProduct(v01, w03, w[2 * column]));
        var i1 = 1 / p1;
        var (v12, v13) = (w12 * i1, w13 * i1);
        w += row + column;
        var p2 = MinusProduct(v12, w12, MinusProduct(v02, w02, w[0]));
        var w23 = MinusProduct(v12, w13, MinusProduct(v02, w03, w[column]));
        var i2 = 1 / p2;
        var v23 = w23 * i2;
        var p3 = MinusProduct(v23, w23, MinusProduct(v13, w13, MinusProduct(v03, w03, w[row + column])));
        (squares[0], squares[1], squares[2], squares[3]) = (p0, p1, p2, p3);
        (scalars[0], scalars[1], scalars[2], scalars[3]) = (i0, i1, i2, 1 / p3);
        (scalars[RowScalars.V01], scalars[RowScalars.V02], scalars[RowScalars.V03]) = (-v01, -v02, -v03);
        (scalars[RowScalars.V12], scalars[RowScalars.V13], scalars[RowScalars.V23]) = (-v12, -v13, -v23);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstFailure(int count, double* reciprocals)
    {
        for (var i = 0; i < count; i++)
        {
            if (!(reciprocals[i] > 0) || double.IsPositiveInfinity(reciprocals[i]))
            {
                return i;
            }
        }

        return -1;
    }

    // What the rows of a block take from each other, in two vectors from column j on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(int k, int j, double* w, double* v, int stride, double* scalars)
    {
        var width = Vector512<double>.Count;
        var column = Vector512<double>.Indices + Vector512.Create((double)(j - k));
        for (var end = w + 2 * width; w < end; w += width, v += width, column += Vector512.Create((double)width))
        {
            var (a, b) = (Vector512.Load(w), Vector512.Load(w + stride));
            var (c, d) = (Vector512.Load(w + 2 * stride), Vector512.Load(w + 3 * stride));
            FinishRows(scalars, a, ref b, ref c, ref d);
            (-a).Store(w);
            (-b).Store(w + stride);
            (-c).Store(w + 2 * stride);
            (-d).Store(w + 3 * stride);
            Behind(a * Vector512.Create(scalars[0]), column, 0).Store(v);
            Behind(b * Vector512.Create(scalars[1]), column, 1).Store(v + stride);
            Behind(c * Vector512.Create(scalars[2]), column, 2).Store(v + 2 * stride);
            Behind(d * Vector512.Create(scalars[3]), column, 3).Store(v + 3 * stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishRows(
        double* scalars, Vector512<double> a, ref Vector512<double> b, ref Vector512<double> c, ref Vector512<double> d)
    {
        b = Add(scalars[RowScalars.V01], a, b);
        c = Add(scalars[RowScalars.V12], b, Add(scalars[RowScalars.V02], a, c));
        d = Add(scalars[RowScalars.V23], c, Add(scalars[RowScalars.V13], b, Add(scalars[RowScalars.V03], a, d)));
    }

    // One vector of four rows of L^-1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InverseRows(
        int n, int k, int j, double* v, double* u, int stride, double* scalars,
        (Vector512<double> A, Vector512<double> B, Vector512<double> C, Vector512<double> D) roots, double* result, nint ldr)
    {
        var column = Vector512<double>.Indices + Vector512.Create((double)(j - k));
        var (a, b, c, d) = (Unit(column, 0), Unit(column, 1), Unit(column, 2), Unit(column, 3));
        if (j < k + Blocking.TileRows)
        {
            var above = u + j * stride + j;
            var factors = v + j * stride + k;
            for (var i = j; i < k; i++, above += stride, factors += stride)
            {
                var z = Vector512.Load(above);
                a = Vector512.FusedMultiplyAdd(Vector512.Create(factors[0]), z, a);
                b = Vector512.FusedMultiplyAdd(Vector512.Create(factors[1]), z, b);
                c = Vector512.FusedMultiplyAdd(Vector512.Create(factors[2]), z, c);
                d = Vector512.FusedMultiplyAdd(Vector512.Create(factors[3]), z, d);
            }

            FinishRows(scalars, a, ref b, ref c, ref d);
            var row = u + k * stride + j;
            (-a).Store(row);
            (-b).Store(row + stride);
            (-c).Store(row + 2 * stride);
            (-d).Store(row + 3 * stride);
            (a, b) = (a * roots.A, b * roots.B);
            (c, d) = (c * roots.C, d * roots.D);
        }

        Store(n - j, n - 1 - k, result, ldr, a, b, c, d);
    }

    // Rows up to `last` of four, and so many columns. Rows that do not exist come first and are overwritten; masked stores
    // take several times as long as others.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(
        int columns, int last, double* target, nint ld, Vector512<double> a, Vector512<double> b, Vector512<double> c,
        Vector512<double> d)
    {
        var (row1, row2, row3) = (Math.Min(1, last) * ld, Math.Min(2, last) * ld, Math.Min(3, last) * ld);
        if (columns >= Vector512<double>.Count)
        {
            d.Store(target + row3);
            c.Store(target + row2);
            b.Store(target + row1);
            a.Store(target);
            return;
        }

        var inside = Vector512.LessThan(Vector512<double>.Indices, Vector512.Create((double)columns));
        MaskedMemory.Store(target + row3, inside, d);
        MaskedMemory.Store(target + row2, inside, c);
        MaskedMemory.Store(target + row1, inside, b);
        MaskedMemory.Store(target, inside, a);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Root(double x) => Vector512.Create(FixedOrder.SquareRoot(x));

    // The elements of a row behind its diagonal, 1 on it, and zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Behind(Vector512<double> row, Vector512<double> column, int diagonal) =>
        Vector512.ConditionalSelect(
            Vector512.GreaterThan(column, Vector512.Create((double)diagonal)), row, Unit(column, diagonal));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Unit(Vector512<double> column, int at) =>
        Vector512<double>.One & Vector512.Equals(column, Vector512.Create((double)at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double MinusProduct(double a, double x, double sum) => FixedOrder.MultiplyAdd(-a, x, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Add(double factor, Vector512<double> x, Vector512<double> sum) =>
        Vector512.FusedMultiplyAdd(Vector512.Create(factor), x, sum);
}
