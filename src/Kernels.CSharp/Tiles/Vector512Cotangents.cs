// The cotangent of a Cholesky factorisation of up to 16 rows, through the inverse of the factor: products of triangles, which
// need no transposition and have no chain from row to row as substitutions have. Every element is one chain of
// multiply-adds in ascending order.
// Written for 512 bits and binary64; the other widths and binary32 are derived from this text when the project is built.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

internal static unsafe partial class Vector512Cotangents
{
    /// <summary>
    /// Phi(S + S') for S = M' P M, P = Phi(L' C), M = L^-1. With Y = P M, which is lower triangular like all others here,
    /// row i of S + S' is the sum over k from i of M(k, i) Y(k, .) + Y(k, i) M(k, .). `work` holds four matrices of 16 rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Cholesky(int n, double* l, nint ldl, double* c, nint ldc, double* result, nint ldr, double* work)
    {
        var size = Blocking.CotangentRows * Blocking.CotangentRows;
        var factor = work;
        var inverse = factor + size;
        var half = inverse + size;
        var product = half + size;
        LoadLower(n, l, ldl, factor);
        Invert(n, factor, inverse);
        HalfProduct(n, factor, c, ldc, half);
        ToRow(n, half, inverse, product);
        SumFromRow(n, inverse, product, result, ldr);
    }

    // Rows padded with zeros to whole tiles, as is the upper triangle.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadLower(int n, double* x, nint ld, double* target)
    {
        var width = Vector512<double>.Count;
        for (var j = 0; j < Blocking.CotangentRows; j += width)
        {
            var column = Vector512<double>.Indices + Vector512.Create((double)j);
            var diagonal = Vector512<double>.Zero;
            for (var i = 0; i < n; i++)
            {
                var lower = Vector512.LessThanOrEqual(column, diagonal);
                MaskedMemory.Load(x + i * ld + j, lower).Store(target + i * Blocking.CotangentRows + j);
                diagonal += Vector512<double>.One;
            }

            for (var i = n; i % Blocking.TileRows != 0; i++)
            {
                Vector512<double>.Zero.Store(target + i * Blocking.CotangentRows + j);
            }
        }
    }

    // M = L^-1 by forward substitution, four rows at a time: their last steps run from register to register.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Invert(int n, double* l, double* inverse)
    {
        var width = Vector512<double>.Count;
        const int Stride = Blocking.CotangentRows;
        for (var j = 0; j < Stride; j += width)
        {
            for (var i = 0; i < n; i += Blocking.TileRows)
            {
                var a = l + i * Stride + j;
                var x = inverse + j * Stride + j;
                var column = Vector512<double>.Indices + Vector512.Create((double)(j - i));
                var s0 = Unit(column, 0);
                var s1 = Unit(column, 1);
                var s2 = Unit(column, 2);
                var s3 = Unit(column, 3);
                for (var k = j; k < i; k++, a++, x += Stride)
                {
                    var row = Vector512.Load(x);
                    s0 = MinusProduct(a[0], row, s0);
                    s1 = MinusProduct(a[Stride], row, s1);
                    s2 = MinusProduct(a[2 * Stride], row, s2);
                    s3 = MinusProduct(a[3 * Stride], row, s3);
                }

                a = l + i * Stride + i;
                s0 *= Vector512.Create(1 / a[0]);
                s1 = MinusProduct(a[Stride], s0, s1) * Vector512.Create(1 / a[Stride + 1]);
                s2 = MinusProduct(a[2 * Stride + 1], s1, MinusProduct(a[2 * Stride], s0, s2));
                s2 *= Vector512.Create(1 / a[2 * Stride + 2]);
                s3 = MinusProduct(a[3 * Stride + 1], s1, MinusProduct(a[3 * Stride], s0, s3));
                s3 = MinusProduct(a[3 * Stride + 2], s2, s3) * Vector512.Create(1 / a[3 * Stride + 3]);
                x = inverse + i * Stride + j;
                s0.Store(x);
                s1.Store(x + Stride);
                s2.Store(x + 2 * Stride);
                s3.Store(x + 3 * Stride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Unit(Vector512<double> column, int at) =>
        Vector512<double>.One & Vector512.Equals(column, Vector512.Create((double)at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> MinusProduct(double a, Vector512<double> x, Vector512<double> sum) =>
        Vector512.FusedMultiplyAdd(Vector512.Create(-a), x, sum);

    // P = Phi(L' C) from the lower triangles of L and C, whose rows sum over k from their own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfProduct(int n, double* l, double* c, nint ldc, double* target)
    {
        const int Stride = Blocking.CotangentRows;
        for (var j = 0; j < Stride; j += Vector512<double>.Count)
        {
            var column = Vector512<double>.Indices + Vector512.Create((double)j);
            for (var i = 0; i < n; i += Blocking.TileRows)
            {
                Vector512<double> s0, s1, s2, s3;
                s0 = s1 = s2 = s3 = Vector512<double>.Zero;
                for (var k = j < i + Blocking.TileRows ? i : n; k < n; k++)
                {
                    var lower = Vector512.LessThanOrEqual(column, Vector512.Create((double)k));
                    var row = MaskedMemory.Load(c + k * ldc + j, lower);
                    Add(l + k * Stride + i, 1, row, ref s0, ref s1, ref s2, ref s3);
                }

                var t = target + i * Stride + j;
                Phi(s0, column, i).Store(t);
                Phi(s1, column, i + 1).Store(t + Stride);
                Phi(s2, column, i + 2).Store(t + 2 * Stride);
                Phi(s3, column, i + 3).Store(t + 3 * Stride);
            }
        }
    }

    // Zeros behind the diagonal, and half of it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Phi(Vector512<double> row, Vector512<double> column, int i)
    {
        var diagonal = Vector512.Create((double)i);
        var halved = Vector512.ConditionalSelect(
            Vector512.Equals(column, diagonal), row * (Vector512<double>.One / Vector512.Create((double)2)), row);
        return Vector512.ConditionalSelect(Vector512.LessThanOrEqual(column, diagonal), halved, Vector512<double>.Zero);
    }

    // The lower triangle of A B, whose rows sum over k up to their own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToRow(int n, double* a, double* b, double* target)
    {
        const int Stride = Blocking.CotangentRows;
        for (var i = 0; i < n; i += Blocking.TileRows)
        {
            var limit = Math.Min(n, i + Blocking.TileRows);
            for (var j = 0; j < Stride; j += Vector512<double>.Count)
            {
                Vector512<double> s0, s1, s2, s3;
                s0 = s1 = s2 = s3 = Vector512<double>.Zero;
                for (var k = j; k < limit; k++)
                {
                    Add(a + i * Stride + k, Stride, Vector512.Load(b + k * Stride + j), ref s0, ref s1, ref s2, ref s3);
                }

                Store(target + i * Stride + j, s0, s1, s2, s3);
            }
        }
    }

    // Phi(A' B + B' A), whose rows sum over k from their own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumFromRow(int n, double* a, double* b, double* target, nint ld)
    {
        const int Stride = Blocking.CotangentRows;
        for (var j = 0; j < n; j += Vector512<double>.Count)
        {
            var column = Vector512<double>.Indices + Vector512.Create((double)j);
            var inside = Vector512.LessThan(column, Vector512.Create((double)n));
            for (var i = 0; i < n; i += Blocking.TileRows)
            {
                Vector512<double> s0, s1, s2, s3, t0, t1, t2, t3;
                s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = Vector512<double>.Zero;
                for (var k = j < i + Blocking.TileRows ? i : n; k < n; k++)
                {
                    Add(a + k * Stride + i, 1, Vector512.Load(b + k * Stride + j), ref s0, ref s1, ref s2, ref s3);
                    Add(b + k * Stride + i, 1, Vector512.Load(a + k * Stride + j), ref t0, ref t1, ref t2, ref t3);
                }

                // Rows that do not exist come first and are overwritten.
                var t = target + i * ld + j;
                var last = n - 1 - i;
                MaskedMemory.Store(t + Math.Min(3, last) * ld, inside, Phi(s3 + t3, column, i + 3));
                MaskedMemory.Store(t + Math.Min(2, last) * ld, inside, Phi(s2 + t2, column, i + 2));
                MaskedMemory.Store(t + Math.Min(1, last) * ld, inside, Phi(s1 + t1, column, i + 1));
                MaskedMemory.Store(t, inside, Phi(s0 + t0, column, i));
            }
        }
    }

    // Adds the multiples of a row by four factors, `step` apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        double* a, nint step, Vector512<double> row, ref Vector512<double> s0, ref Vector512<double> s1,
        ref Vector512<double> s2, ref Vector512<double> s3)
    {
        s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), row, s0);
        s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[step]), row, s1);
        s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2 * step]), row, s2);
        s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[3 * step]), row, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(
        double* target, Vector512<double> s0, Vector512<double> s1, Vector512<double> s2, Vector512<double> s3)
    {
        s0.Store(target);
        s1.Store(target + Blocking.CotangentRows);
        s2.Store(target + 2 * Blocking.CotangentRows);
        s3.Store(target + 3 * Blocking.CotangentRows);
    }
}
