// The inner loops of ExponentialSums: terms e^(x - top) of one row are added while the largest element of the next row is found.
// Written for 512 bits; the 256- and 128-bit forms are derived from this text when the project is built.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Ppl.Kernels.Lanes;

namespace Ppl.Kernels;

internal unsafe partial struct ExponentialRow<T>
{
    /// <summary>Adds the terms of the whole blocks of eight and those of the padded tail; finds the largest of the next row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddVector512(
        T* x, T* next, nint whole, double* tail, double* nextTail, double ownTop, ref LaneTotals totals)
    {
        for (nint lane = 0; lane < 8; lane += Vector512<double>.Count)
        {
            var shift = Vector512.Create(ownTop);
            var sum0 = Vector512<double>.Zero;
            var sum1 = sum0;
            var check = sum0;
            var top = Vector512.Create(double.NegativeInfinity);
            nint i = lane;
            for (; i + 24 < whole; i += 32)
            {
                AddFour(
                    LoadVector512(x + i), LoadVector512(x + i + 8), LoadVector512(x + i + 16), LoadVector512(x + i + 24),
                    shift, ref sum0, ref sum1, ref check);
                top = Vector512.MaxNative(LoadVector512(next + i), top);
                top = Vector512.MaxNative(LoadVector512(next + i + 8), top);
                top = Vector512.MaxNative(LoadVector512(next + i + 16), top);
                top = Vector512.MaxNative(LoadVector512(next + i + 24), top);
            }

            for (; i < whole; i += 8)
            {
                sum0 += Term(LoadVector512(x + i), shift, ref check);
                top = Vector512.MaxNative(LoadVector512(next + i), top);
            }

            if (tail != null)
            {
                sum1 += Term(Vector512.Load(tail + lane), shift, ref check);
                top = Vector512.MaxNative(Vector512.Load(nextTail + lane), top);
            }

            (sum0 + sum1).Store(totals.Sums + lane);
            check.Store(totals.Checks + lane);
            top.Store(totals.Tops + lane);
        }
    }

    /// <summary>The largest of the whole blocks of eight and of the padded tail, NaN left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SearchVector512(T* x, nint whole, double* tail, ref LaneTotals totals)
    {
        for (nint lane = 0; lane < 8; lane += Vector512<double>.Count)
        {
            var top = Vector512.Create(double.NegativeInfinity);
            for (nint i = lane; i < whole; i += 8)
            {
                top = Vector512.MaxNative(LoadVector512(x + i), top);
            }

            if (tail != null)
            {
                top = Vector512.MaxNative(Vector512.Load(tail + lane), top);
            }

            top.Store(totals.Tops + lane);
        }
    }

    // e^(x - top) for x at most top, as 2^y with y = (x - top) log2 e; `check` becomes NaN where x is. The rounding of y is small
    // beside the largest term, 1, whatever y is, and below y = -1021 a term may be 2^-1021 instead of nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Term(Vector512<double> x, Vector512<double> top, ref Vector512<double> check)
    {
        var y = AtLeast((x - top) * Vector512.Create(Constants.Log2E), -1021.0);
        check += y;
        var shifted = y + Vector512.Create(SixteenthShifter);
        var r = y - (shifted - Vector512.Create(SixteenthShifter));
        return Raise(PowerLessOne(r), shifted);
    }

    // Four terms, step by step side by side: the processor's window is too small to overlap them by itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(
        Vector512<double> x0, Vector512<double> x1, Vector512<double> x2, Vector512<double> x3, Vector512<double> top,
        ref Vector512<double> sum0, ref Vector512<double> sum1, ref Vector512<double> check)
    {
        var scale = Vector512.Create(Constants.Log2E);
        var shifter = Vector512.Create(SixteenthShifter);
        var d0 = x0 - top;
        var d1 = x1 - top;
        var d2 = x2 - top;
        var d3 = x3 - top;
        d0 *= scale;
        d1 *= scale;
        d2 *= scale;
        d3 *= scale;
        var y0 = AtLeast(d0, -1021.0);
        var y1 = AtLeast(d1, -1021.0);
        var y2 = AtLeast(d2, -1021.0);
        var y3 = AtLeast(d3, -1021.0);
        var n0 = y0 + shifter;
        var n1 = y1 + shifter;
        var n2 = y2 + shifter;
        var n3 = y3 + shifter;
        check += (y0 + y1) + (y2 + y3);
        var r0 = n0 - shifter;
        var r1 = n1 - shifter;
        var r2 = n2 - shifter;
        var r3 = n3 - shifter;
        r0 = y0 - r0;
        r1 = y1 - r1;
        r2 = y2 - r2;
        r3 = y3 - r3;
        var c = Vector512.Create(0.00015404211706339442);
        var p0 = Fma(c, r0, Vector512.Create(0.0013333820232828883));
        var p1 = Fma(c, r1, Vector512.Create(0.0013333820232828883));
        var p2 = Fma(c, r2, Vector512.Create(0.0013333820232828883));
        var p3 = Fma(c, r3, Vector512.Create(0.0013333820232828883));
        p0 = Fma(p0, r0, Vector512.Create(0.00961812910205354));
        p1 = Fma(p1, r1, Vector512.Create(0.00961812910205354));
        p2 = Fma(p2, r2, Vector512.Create(0.00961812910205354));
        p3 = Fma(p3, r3, Vector512.Create(0.00961812910205354));
        p0 = Fma(p0, r0, Vector512.Create(0.055504108651954584));
        p1 = Fma(p1, r1, Vector512.Create(0.055504108651954584));
        p2 = Fma(p2, r2, Vector512.Create(0.055504108651954584));
        p3 = Fma(p3, r3, Vector512.Create(0.055504108651954584));
        p0 = Fma(p0, r0, Vector512.Create(0.24022650695910167));
        p1 = Fma(p1, r1, Vector512.Create(0.24022650695910167));
        p2 = Fma(p2, r2, Vector512.Create(0.24022650695910167));
        p3 = Fma(p3, r3, Vector512.Create(0.24022650695910167));
        p0 = Fma(p0, r0, Vector512.Create(0.6931471805599468));
        p1 = Fma(p1, r1, Vector512.Create(0.6931471805599468));
        p2 = Fma(p2, r2, Vector512.Create(0.6931471805599468));
        p3 = Fma(p3, r3, Vector512.Create(0.6931471805599468));
        p0 *= r0;
        p1 *= r1;
        p2 *= r2;
        p3 *= r3;
        sum0 += Raise(p0, n0);
        sum1 += Raise(p1, n1);
        sum0 += Raise(p2, n2);
        sum1 += Raise(p3, n3);
    }

    // (1 + p) 2^n for the multiple n of 1/16 in the low bits of n + the shifter, a normal number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Raise(Vector512<double> p, Vector512<double> shifted)
    {
        var bits = shifted.AsInt64();
        var root = RootVector512(bits);
        var exponent = (bits << 48) & Vector512.Create(Constants.ExponentMask);
        return (Fma(root, p, root).AsInt64() + exponent).AsDouble();
    }

    // 2^r - 1 for |r| at most 1/32: minimax, error below 1e-17 of 2^r.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> PowerLessOne(Vector512<double> r)
    {
        var p = Fma(r, 0.00015404211706339442, Vector512.Create(0.0013333820232828883));
        p = Fma(p, r, Vector512.Create(0.00961812910205354));
        p = Fma(p, r, Vector512.Create(0.055504108651954584));
        p = Fma(p, r, Vector512.Create(0.24022650695910167));
        p = Fma(p, r, Vector512.Create(0.6931471805599468));
        return p * r;
    }
}
