// Substitution in one block that fits in the first-level cache (up to 32 rows). Each row is gathered in registers from the
// finished rows, so that a step waits for its last multiply-add and its diagonal element only.
// Every element is one chain of fused multiply-adds in the order of the inner index: the same bits for any vector width.
// Written for 512 bits and binary64; the other widths and binary32 are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static unsafe partial class Vector512Blocks
{
    /// <summary>Square roots in place of `count` elements, a multiple of the width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SquareRoots(double* x, int count)
    {
        for (var i = 0; i < count; i += Vector512<double>.Count)
        {
            Vector512.Sqrt(Vector512.Load(x + i)).Store(x + i);
        }
    }

    /// <summary>
    /// Substitution for T X = B in place of B [n, m], m at least the vector's width, for each of a few matrices, which lie strideT
    /// and strideB apart; T(i, k) = t[i row + k column].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Solve(
        int batch, int n, int m, double* t, nint strideT, nint row, nint column, bool unit, double* b, nint strideB,
        nint bRow)
    {
        var width = Vector512<double>.Count;
        var j = 0;
        while (j < m)
        {
            // The last two vectors may overlap: each row is loaded into both before either is stored, and they stay equal there.
            var last = m - j <= 2 * width;
            var second = last ? m - width : m - j >= 3 * width ? j + width : j;

            // The same rows of one matrix after the other: while some wait for each other, those of the next are computed.
            for (var i = 0; i < n; i += Blocking.SolvedRows)
            {
                for (var at = 0; at < batch; at++)
                {
                    var own = b + at * strideB;
                    SolveRows(i, n, t + at * strideT, row, column, unit, own + j, own + second, bRow);
                }
            }

            j = last ? m : m - j >= 3 * width ? j + 2 * width : j + width;
        }
    }

    // The rows from i on, four or what is left: the last steps of four run from register to register.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolveRows(
        int i, int n, double* t, nint row, nint column, bool unit, double* b0, double* b1, nint bRow)
    {
        if (i + Blocking.SolvedRows <= n)
        {
            SolveFour(i, t + i * row, row, column, unit, b0, b1, bRow);
            return;
        }

        for (; i < n; i++)
        {
            var y0 = b0 + i * bRow;
            var y1 = b1 + i * bRow;
            var (s0, s1) = (Vector512.Load(y0), Vector512.Load(y1));
            var a = t + i * row;
            var x0 = b0;
            var x1 = b1;
            for (var k = 0; k < i; k++, a += column, x0 += bRow, x1 += bRow)
            {
                Subtract(*a, Vector512.Load(x0), Vector512.Load(x1), ref s0, ref s1);
            }

            Finish(a, unit, ref s0, ref s1, y0, y1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SolveFour(
        int i, double* a, nint row, nint column, bool unit, double* x0, double* x1, nint bRow)
    {
        var y0 = x0 + i * bRow;
        var y1 = x1 + i * bRow;
        var (r0, r1) = (Vector512.Load(y0), Vector512.Load(y1));
        var (s0, s1) = (Vector512.Load(y0 + bRow), Vector512.Load(y1 + bRow));
        var (u0, u1) = (Vector512.Load(y0 + 2 * bRow), Vector512.Load(y1 + 2 * bRow));
        var (v0, v1) = (Vector512.Load(y0 + 3 * bRow), Vector512.Load(y1 + 3 * bRow));
        for (var k = 0; k < i; k++, a += column, x0 += bRow, x1 += bRow)
        {
            var (z0, z1) = (Vector512.Load(x0), Vector512.Load(x1));
            Subtract(*a, z0, z1, ref r0, ref r1);
            Subtract(a[row], z0, z1, ref s0, ref s1);
            Subtract(a[2 * row], z0, z1, ref u0, ref u1);
            Subtract(a[3 * row], z0, z1, ref v0, ref v1);
        }

        Finish(a, unit, ref r0, ref r1, y0, y1);
        Subtract(a[row], r0, r1, ref s0, ref s1);
        Subtract(a[2 * row], r0, r1, ref u0, ref u1);
        Subtract(a[3 * row], r0, r1, ref v0, ref v1);
        a += column;
        Finish(a + row, unit, ref s0, ref s1, y0 + bRow, y1 + bRow);
        Subtract(a[2 * row], s0, s1, ref u0, ref u1);
        Subtract(a[3 * row], s0, s1, ref v0, ref v1);
        a += column;
        Finish(a + 2 * row, unit, ref u0, ref u1, y0 + 2 * bRow, y1 + 2 * bRow);
        Subtract(a[3 * row], u0, u1, ref v0, ref v1);
        Finish(a + 3 * row + column, unit, ref v0, ref v1, y0 + 3 * bRow, y1 + 3 * bRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(
        double a, Vector512<double> x0, Vector512<double> x1, ref Vector512<double> s0, ref Vector512<double> s1)
    {
        var factor = -Vector512.Create(a);
        s0 = Vector512.FusedMultiplyAdd(factor, x0, s0);
        s1 = Vector512.FusedMultiplyAdd(factor, x1, s1);
    }

    // The reciprocal does not wait for the sum as a quotient would.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        double* diagonal, bool unit, ref Vector512<double> s0, ref Vector512<double> s1, double* y0, double* y1)
    {
        if (!unit)
        {
            var inverse = Vector512.Create(1 / *diagonal);
            (s0, s1) = (s0 * inverse, s1 * inverse);
        }

        s0.Store(y0);
        s1.Store(y1);
    }
}
