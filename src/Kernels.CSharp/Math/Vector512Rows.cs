// The inner kernel of dense linear algebra: rows of C from rows of B, vectorised along the rows.
// Every element is one chain of fused multiply-adds over k = 0, 1, 2, ...: the same bits for any tile and any vector
// width.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static unsafe class Vector512Rows
{
    private const int TileRows = 4;

    /// <summary>
    /// C -= A B (subtract) or C = alpha A B + beta C, with A(i, k) = a[i aRow + k aColumn], and B, C row-major.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Combine(in RowProduct p)
    {
        var width = Vector512<double>.Count;
        var j = 0;
        for (; j + 2 * width <= p.Columns; j += 2 * width)
        {
            Strip2(p, j);
        }

        for (; j + width <= p.Columns; j += width)
        {
            Strip1(p, j);
        }

        for (; j < p.Columns; j++)
        {
            ScalarStrip(p, j);
        }
    }

    // Two vectors of columns, four rows at a time: eight accumulators hide the latency of the multiply-adds.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Strip2(in RowProduct p, int j)
    {
        var (inner, aRow, aColumn, bRow) = (p.Inner, p.ARow, p.AColumn, p.BRow);
        var i = 0;
        for (; i + TileRows <= p.Rows; i += TileRows)
        {
            var c = p.C + i * p.CRow + j;
            var width = Vector512<double>.Count;
            Vector512<double> s00 = p.StartVector512(c), s01 = p.StartVector512(c + width);
            Vector512<double> s10 = p.StartVector512(c + p.CRow), s11 = p.StartVector512(c + p.CRow + width);
            Vector512<double> s20 = p.StartVector512(c + 2 * p.CRow), s21 = p.StartVector512(c + 2 * p.CRow + width);
            Vector512<double> s30 = p.StartVector512(c + 3 * p.CRow), s31 = p.StartVector512(c + 3 * p.CRow + width);
            var a = p.A + i * p.ARow;
            var b = p.B + j;
            for (var k = 0; k < inner; k++, a += aColumn, b += bRow)
            {
                var (b0, b1) = (Vector512.Load(b), Vector512.Load(b + width));
                var a0 = Vector512.Create(a[0]);
                var a1 = Vector512.Create(a[aRow]);
                var a2 = Vector512.Create(a[2 * aRow]);
                var a3 = Vector512.Create(a[3 * aRow]);
                (s00, s01) = (Vector512.FusedMultiplyAdd(a0, b0, s00), Vector512.FusedMultiplyAdd(a0, b1, s01));
                (s10, s11) = (Vector512.FusedMultiplyAdd(a1, b0, s10), Vector512.FusedMultiplyAdd(a1, b1, s11));
                (s20, s21) = (Vector512.FusedMultiplyAdd(a2, b0, s20), Vector512.FusedMultiplyAdd(a2, b1, s21));
                (s30, s31) = (Vector512.FusedMultiplyAdd(a3, b0, s30), Vector512.FusedMultiplyAdd(a3, b1, s31));
            }

            p.Finish(c, s00);
            p.Finish(c + width, s01);
            p.Finish(c + p.CRow, s10);
            p.Finish(c + p.CRow + width, s11);
            p.Finish(c + 2 * p.CRow, s20);
            p.Finish(c + 2 * p.CRow + width, s21);
            p.Finish(c + 3 * p.CRow, s30);
            p.Finish(c + 3 * p.CRow + width, s31);
        }

        for (; i < p.Rows; i++)
        {
            Row(p, i, j);
            Row(p, i, j + Vector512<double>.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Strip1(in RowProduct p, int j)
    {
        var (inner, aRow, aColumn, bRow) = (p.Inner, p.ARow, p.AColumn, p.BRow);
        var i = 0;
        for (; i + TileRows <= p.Rows; i += TileRows)
        {
            var c = p.C + i * p.CRow + j;
            var (s0, s1) = (p.StartVector512(c), p.StartVector512(c + p.CRow));
            var (s2, s3) = (p.StartVector512(c + 2 * p.CRow), p.StartVector512(c + 3 * p.CRow));
            var a = p.A + i * p.ARow;
            var b = p.B + j;
            for (var k = 0; k < inner; k++, a += aColumn, b += bRow)
            {
                var row = Vector512.Load(b);
                s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), row, s0);
                s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[aRow]), row, s1);
                s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2 * aRow]), row, s2);
                s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[3 * aRow]), row, s3);
            }

            p.Finish(c, s0);
            p.Finish(c + p.CRow, s1);
            p.Finish(c + 2 * p.CRow, s2);
            p.Finish(c + 3 * p.CRow, s3);
        }

        for (; i < p.Rows; i++)
        {
            Row(p, i, j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(in RowProduct p, int i, int j)
    {
        var c = p.C + i * p.CRow + j;
        var sum = p.StartVector512(c);
        var a = p.A + i * p.ARow;
        var b = p.B + j;
        for (var k = 0; k < p.Inner; k++, a += p.AColumn, b += p.BRow)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Create(*a), Vector512.Load(b), sum);
        }

        p.Finish(c, sum);
    }

    // One column, four rows at a time: four independent chains.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScalarStrip(in RowProduct p, int j)
    {
        var (inner, aRow, aColumn, bRow) = (p.Inner, p.ARow, p.AColumn, p.BRow);
        var i = 0;
        for (; i + TileRows <= p.Rows; i += TileRows)
        {
            var c = p.C + i * p.CRow + j;
            var (s0, s1) = (p.Start(c), p.Start(c + p.CRow));
            var (s2, s3) = (p.Start(c + 2 * p.CRow), p.Start(c + 3 * p.CRow));
            var a = p.A + i * p.ARow;
            var b = p.B + j;
            for (var k = 0; k < inner; k++, a += aColumn, b += bRow)
            {
                s0 = Math.FusedMultiplyAdd(a[0], *b, s0);
                s1 = Math.FusedMultiplyAdd(a[aRow], *b, s1);
                s2 = Math.FusedMultiplyAdd(a[2 * aRow], *b, s2);
                s3 = Math.FusedMultiplyAdd(a[3 * aRow], *b, s3);
            }

            p.Finish(c, s0);
            p.Finish(c + p.CRow, s1);
            p.Finish(c + 2 * p.CRow, s2);
            p.Finish(c + 3 * p.CRow, s3);
        }

        for (; i < p.Rows; i++)
        {
            var c = p.C + i * p.CRow + j;
            var sum = p.Start(c);
            for (var k = 0; k < inner; k++)
            {
                sum = Math.FusedMultiplyAdd(p.A[i * aRow + k * aColumn], p.B[k * bRow + j], sum);
            }

            p.Finish(c, sum);
        }
    }
}

internal unsafe ref partial struct RowProduct
{
    /// <summary>What the accumulators of the elements at c start from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly Vector512<double> StartVector512(double* c) =>
        Subtract ? -Vector512.Load(c) : Vector512<double>.Zero;

    /// <summary>Stores the finished sum into the elements at c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void Finish(double* c, Vector512<double> sum)
    {
        if (Subtract)
        {
            (-sum).Store(c);
        }
        else if (Beta == 0.0)
        {
            (Vector512.Create(Alpha) * sum).Store(c);
        }
        else
        {
            Vector512.FusedMultiplyAdd(
                Vector512.Create(Alpha), sum, Vector512.Create(Beta) * Vector512.Load(c)).Store(c);
        }
    }
}
