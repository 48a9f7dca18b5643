// The inner kernels of the matrix product: tiles of C held in registers, rows of four by up to three vectors.
// Every element is one chain of fused multiply-adds over k = 0, 1, 2, ...: the same bits for any tile, blocking, vector
// width. Edges: rows that do not exist repeat the last one (its sums are stored more than once, and are equal), columns
// that do not exist are masked.
// Written for 512 bits and binary64; the other widths and binary32 are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ppl.Kernels;

internal static unsafe partial class Vector512Tiles
{
    /// <summary>The whole of a block product, panel of columns by panel of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply(in DoubleBlock p)
    {
        var width = Vector512<double>.Count;
        for (var j = 0; j < p.Columns;)
        {
            var columns = p.Columns - j;
            var vectors = Blocking.PanelVectors((columns + width - 1) / width);
            columns = Math.Min(columns, vectors * width);
            var b = p.B + j * p.BPanel;
            var bRow = p.BRow == 0 ? vectors * width : p.BRow;
            if (p.Rows == 1)
            {
                Row(p, b, bRow, p.C + j, columns);
                j += columns;
                continue;
            }

            for (var i = 0; i < p.Rows; i += Blocking.TileRows)
            {
                var rows = Math.Min(p.Rows - i, Blocking.TileRows);
                var a = p.A + i * p.APanel;
                var c = p.C + i * p.CRow + j;
                if (vectors == 3)
                {
                    Tile3(p, a, rows, b, bRow, c, columns);
                }
                else if (vectors == 2)
                {
                    Tile2(p, a, rows, b, bRow, c, columns);
                }
                else
                {
                    Tile1(p, a, rows, b, bRow, c, columns);
                }
            }

            j += columns;
        }
    }

    /// <summary>
    /// Columns of B [inner, columns] with row stride `ld` as panels one behind the other, each with rows of whole
    /// vectors. What fills up the last one is not read.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(int inner, int columns, double* b, nint ld, double* packed)
    {
        var width = Vector512<double>.Count;
        for (var j = 0; j < columns;)
        {
            var rest = columns - j;
            var vectors = Blocking.PanelVectors((rest + width - 1) / width);
            var last = (vectors - 1) * width;
            var mask = FirstDoubles(rest - last);
            var source = b + j;
            for (var k = 0; k < inner; k++, source += ld, packed += last + width)
            {
                for (var v = 0; v < last; v += width)
                {
                    Vector512.Store(Vector512.Load(source + v), packed + v);
                }

                MaskedMemory.Load(source + last, mask).Store(packed + last);
            }

            j += vectors * width;
        }
    }

    // The elements of C that the next tile reads.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchTile(double* c, nint cRow, int columns)
    {
        const int CacheLine = 64;
        for (var i = 0; i < Blocking.TileRows; i++, c += cRow)
        {
            for (var j = 0; j < columns; j += CacheLine / sizeof(double))
            {
                Sse.Prefetch0(c + j);
            }

            Sse.Prefetch0(c + columns - 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> FirstDoubles(int count) =>
        Vector512.LessThan(Vector512<double>.Indices, Vector512.Create((double)count));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3(in DoubleBlock p, double* a, int rows, double* b, nint bRow, double* c, int columns)
    {
        var width = Vector512<double>.Count;
        var mask = FirstDoubles(columns - 2 * width);
        var (aColumn, inner) = (p.AColumn, p.Inner);
        var a1 = rows > 1 ? a + p.ARow : a;
        var a2 = rows > 2 ? a1 + p.ARow : a1;
        var a3 = rows > 3 ? a2 + p.ARow : a2;
        var c1 = rows > 1 ? c + p.CRow : c;
        var c2 = rows > 2 ? c1 + p.CRow : c1;
        var c3 = rows > 3 ? c2 + p.CRow : c2;
        if (inner >= Blocking.PrefetchInner && Sse.IsSupported)
        {
            PrefetchTile(c3 + p.CRow, p.CRow, 3 * width);
        }

        Vector512<double> s00, s01, s02, s10, s11, s12, s20, s21, s22, s30, s31, s32;
        if (p.Start == 0)
        {
            s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = s30 = s31 = s32 = Vector512<double>.Zero;
        }
        else
        {
            var sign = Vector512.Create((double)p.Start);
            (s00, s01) = (sign * Vector512.Load(c), sign * Vector512.Load(c + width));
            s02 = sign * MaskedMemory.Load(c + 2 * width, mask);
            (s10, s11) = (sign * Vector512.Load(c1), sign * Vector512.Load(c1 + width));
            s12 = sign * MaskedMemory.Load(c1 + 2 * width, mask);
            (s20, s21) = (sign * Vector512.Load(c2), sign * Vector512.Load(c2 + width));
            s22 = sign * MaskedMemory.Load(c2 + 2 * width, mask);
            (s30, s31) = (sign * Vector512.Load(c3), sign * Vector512.Load(c3 + width));
            s32 = sign * MaskedMemory.Load(c3 + 2 * width, mask);
        }

        nint at = 0;
        for (var k = 0; k < inner; k++, at += aColumn, b += bRow)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + width);
            var b2 = MaskedMemory.Load(b + 2 * width, mask);
            var x = Vector512.Create(a[at]);
            s00 = Vector512.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(x, b1, s01);
            s02 = Vector512.FusedMultiplyAdd(x, b2, s02);
            x = Vector512.Create(a1[at]);
            s10 = Vector512.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(x, b1, s11);
            s12 = Vector512.FusedMultiplyAdd(x, b2, s12);
            x = Vector512.Create(a2[at]);
            s20 = Vector512.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(x, b1, s21);
            s22 = Vector512.FusedMultiplyAdd(x, b2, s22);
            x = Vector512.Create(a3[at]);
            s30 = Vector512.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(x, b1, s31);
            s32 = Vector512.FusedMultiplyAdd(x, b2, s32);
        }

        if (p.Start < 0)
        {
            (s00, s01, s02, s10, s11, s12) = (-s00, -s01, -s02, -s10, -s11, -s12);
            (s20, s21, s22, s30, s31, s32) = (-s20, -s21, -s22, -s30, -s31, -s32);
        }

        s00.Store(c);
        s01.Store(c + width);
        MaskedMemory.Store(c + 2 * width, mask, s02);
        s10.Store(c1);
        s11.Store(c1 + width);
        MaskedMemory.Store(c1 + 2 * width, mask, s12);
        s20.Store(c2);
        s21.Store(c2 + width);
        MaskedMemory.Store(c2 + 2 * width, mask, s22);
        s30.Store(c3);
        s31.Store(c3 + width);
        MaskedMemory.Store(c3 + 2 * width, mask, s32);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2(in DoubleBlock p, double* a, int rows, double* b, nint bRow, double* c, int columns)
    {
        var width = Vector512<double>.Count;
        var mask = FirstDoubles(columns - width);
        var (aColumn, inner) = (p.AColumn, p.Inner);
        var a1 = rows > 1 ? a + p.ARow : a;
        var a2 = rows > 2 ? a1 + p.ARow : a1;
        var a3 = rows > 3 ? a2 + p.ARow : a2;
        var c1 = rows > 1 ? c + p.CRow : c;
        var c2 = rows > 2 ? c1 + p.CRow : c1;
        var c3 = rows > 3 ? c2 + p.CRow : c2;
        Vector512<double> s00, s01, s10, s11, s20, s21, s30, s31;
        if (p.Start == 0)
        {
            s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = Vector512<double>.Zero;
        }
        else
        {
            var sign = Vector512.Create((double)p.Start);
            (s00, s01) = (sign * Vector512.Load(c), sign * MaskedMemory.Load(c + width, mask));
            (s10, s11) = (sign * Vector512.Load(c1), sign * MaskedMemory.Load(c1 + width, mask));
            (s20, s21) = (sign * Vector512.Load(c2), sign * MaskedMemory.Load(c2 + width, mask));
            (s30, s31) = (sign * Vector512.Load(c3), sign * MaskedMemory.Load(c3 + width, mask));
        }

        nint at = 0;
        for (var k = 0; k < inner; k++, at += aColumn, b += bRow)
        {
            var b0 = Vector512.Load(b);
            var b1 = MaskedMemory.Load(b + width, mask);
            var x = Vector512.Create(a[at]);
            s00 = Vector512.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(x, b1, s01);
            x = Vector512.Create(a1[at]);
            s10 = Vector512.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(x, b1, s11);
            x = Vector512.Create(a2[at]);
            s20 = Vector512.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(x, b1, s21);
            x = Vector512.Create(a3[at]);
            s30 = Vector512.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(x, b1, s31);
        }

        if (p.Start < 0)
        {
            (s00, s01, s10, s11) = (-s00, -s01, -s10, -s11);
            (s20, s21, s30, s31) = (-s20, -s21, -s30, -s31);
        }

        s00.Store(c);
        MaskedMemory.Store(c + width, mask, s01);
        s10.Store(c1);
        MaskedMemory.Store(c1 + width, mask, s11);
        s20.Store(c2);
        MaskedMemory.Store(c2 + width, mask, s21);
        s30.Store(c3);
        MaskedMemory.Store(c3 + width, mask, s31);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(in DoubleBlock p, double* a, int rows, double* b, nint bRow, double* c, int columns)
    {
        var mask = FirstDoubles(columns);
        var (aColumn, inner) = (p.AColumn, p.Inner);
        var a1 = rows > 1 ? a + p.ARow : a;
        var a2 = rows > 2 ? a1 + p.ARow : a1;
        var a3 = rows > 3 ? a2 + p.ARow : a2;
        var c1 = rows > 1 ? c + p.CRow : c;
        var c2 = rows > 2 ? c1 + p.CRow : c1;
        var c3 = rows > 3 ? c2 + p.CRow : c2;
        Vector512<double> s0, s1, s2, s3;
        s0 = s1 = s2 = s3 = Vector512<double>.Zero;
        if (p.Start != 0)
        {
            var sign = Vector512.Create((double)p.Start);
            (s0, s1) = (sign * MaskedMemory.Load(c, mask), sign * MaskedMemory.Load(c1, mask));
            (s2, s3) = (sign * MaskedMemory.Load(c2, mask), sign * MaskedMemory.Load(c3, mask));
        }

        nint at = 0;
        for (var k = 0; k < inner; k++, at += aColumn, b += bRow)
        {
            var row = MaskedMemory.Load(b, mask);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[at]), row, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a1[at]), row, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a2[at]), row, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[at]), row, s3);
        }

        if (p.Start < 0)
        {
            (s0, s1, s2, s3) = (-s0, -s1, -s2, -s3);
        }

        MaskedMemory.Store(c, mask, s0);
        MaskedMemory.Store(c1, mask, s1);
        MaskedMemory.Store(c2, mask, s2);
        MaskedMemory.Store(c3, mask, s3);
    }

    // One row alone: up to three vectors, the last one masked.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(in DoubleBlock p, double* b, nint bRow, double* c, int columns)
    {
        var width = Vector512<double>.Count;
        var (first, second, third) = (FirstDoubles(columns), FirstDoubles(columns - width), FirstDoubles(columns - 2 * width));
        var (s0, s1, s2) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        if (p.Start != 0)
        {
            var sign = Vector512.Create((double)p.Start);
            s0 = sign * MaskedMemory.Load(c, first);
            s1 = sign * MaskedMemory.Load(c + width, second);
            s2 = sign * MaskedMemory.Load(c + 2 * width, third);
        }

        var a = p.A;
        for (var k = 0; k < p.Inner; k++, a += p.AColumn, b += bRow)
        {
            var x = Vector512.Create(*a);
            s0 = Vector512.FusedMultiplyAdd(x, MaskedMemory.Load(b, first), s0);
            s1 = Vector512.FusedMultiplyAdd(x, MaskedMemory.Load(b + width, second), s1);
            s2 = Vector512.FusedMultiplyAdd(x, MaskedMemory.Load(b + 2 * width, third), s2);
        }

        if (p.Start < 0)
        {
            (s0, s1, s2) = (-s0, -s1, -s2);
        }

        MaskedMemory.Store(c, first, s0);
        MaskedMemory.Store(c + width, second, s1);
        MaskedMemory.Store(c + 2 * width, third, s2);
    }
}
