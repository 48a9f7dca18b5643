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
        var shifted = y + Vector512.Create(Constants.Shifter);
        var r = y - (shifted - Vector512.Create(Constants.Shifter));
        return Raise(PowerVector512(r), shifted);
    }

    // Four terms, step by step side by side: the processor's window is too small to overlap them by itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(
        Vector512<double> x0, Vector512<double> x1, Vector512<double> x2, Vector512<double> x3, Vector512<double> top,
        ref Vector512<double> sum0, ref Vector512<double> sum1, ref Vector512<double> check)
    {
        var scale = Vector512.Create(Constants.Log2E);
        var shifter = Vector512.Create(Constants.Shifter);
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
        var c = Vector512.Create(4.078071929588337e-10);
        var p0 = Fma(c, r0, Vector512.Create(7.072570412814423e-09));
        var p1 = Fma(c, r1, Vector512.Create(7.072570412814423e-09));
        var p2 = Fma(c, r2, Vector512.Create(7.072570412814423e-09));
        var p3 = Fma(c, r3, Vector512.Create(7.072570412814423e-09));
        p0 = Fma(p0, r0, Vector512.Create(1.0180647659234139e-07));
        p1 = Fma(p1, r1, Vector512.Create(1.0180647659234139e-07));
        p2 = Fma(p2, r2, Vector512.Create(1.0180647659234139e-07));
        p3 = Fma(p3, r3, Vector512.Create(1.0180647659234139e-07));
        p0 = Fma(p0, r0, Vector512.Create(1.3215442675329823e-06));
        p1 = Fma(p1, r1, Vector512.Create(1.3215442675329823e-06));
        p2 = Fma(p2, r2, Vector512.Create(1.3215442675329823e-06));
        p3 = Fma(p3, r3, Vector512.Create(1.3215442675329823e-06));
        p0 = Fma(p0, r0, Vector512.Create(1.5252727385193868e-05));
        p1 = Fma(p1, r1, Vector512.Create(1.5252727385193868e-05));
        p2 = Fma(p2, r2, Vector512.Create(1.5252727385193868e-05));
        p3 = Fma(p3, r3, Vector512.Create(1.5252727385193868e-05));
        p0 = Fma(p0, r0, Vector512.Create(0.0001540353044157213));
        p1 = Fma(p1, r1, Vector512.Create(0.0001540353044157213));
        p2 = Fma(p2, r2, Vector512.Create(0.0001540353044157213));
        p3 = Fma(p3, r3, Vector512.Create(0.0001540353044157213));
        p0 = Fma(p0, r0, Vector512.Create(0.0013333558153439966));
        p1 = Fma(p1, r1, Vector512.Create(0.0013333558153439966));
        p2 = Fma(p2, r2, Vector512.Create(0.0013333558153439966));
        p3 = Fma(p3, r3, Vector512.Create(0.0013333558153439966));
        p0 = Fma(p0, r0, Vector512.Create(0.009618129107607003));
        p1 = Fma(p1, r1, Vector512.Create(0.009618129107607003));
        p2 = Fma(p2, r2, Vector512.Create(0.009618129107607003));
        p3 = Fma(p3, r3, Vector512.Create(0.009618129107607003));
        p0 = Fma(p0, r0, Vector512.Create(0.05550410866479039));
        p1 = Fma(p1, r1, Vector512.Create(0.05550410866479039));
        p2 = Fma(p2, r2, Vector512.Create(0.05550410866479039));
        p3 = Fma(p3, r3, Vector512.Create(0.05550410866479039));
        p0 = Fma(p0, r0, Vector512.Create(0.24022650695910097));
        p1 = Fma(p1, r1, Vector512.Create(0.24022650695910097));
        p2 = Fma(p2, r2, Vector512.Create(0.24022650695910097));
        p3 = Fma(p3, r3, Vector512.Create(0.24022650695910097));
        p0 = Fma(p0, r0, Vector512.Create(0.6931471805599457));
        p1 = Fma(p1, r1, Vector512.Create(0.6931471805599457));
        p2 = Fma(p2, r2, Vector512.Create(0.6931471805599457));
        p3 = Fma(p3, r3, Vector512.Create(0.6931471805599457));
        p0 = Fma(p0, r0, Vector512.Create(1.0));
        p1 = Fma(p1, r1, Vector512.Create(1.0));
        p2 = Fma(p2, r2, Vector512.Create(1.0));
        p3 = Fma(p3, r3, Vector512.Create(1.0));
        sum0 += Raise(p0, n0);
        sum1 += Raise(p1, n1);
        sum0 += Raise(p2, n2);
        sum1 += Raise(p3, n3);
    }

    // p 2^n for the integer n in the low bits of n + the shifter, a normal number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Raise(Vector512<double> p, Vector512<double> shifted) =>
        (p.AsInt64() + (shifted.AsInt64() << 52)).AsDouble();

    // 2^r for |r| at most 1/2: minimax with value 1 at 0, error below 5e-17.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> PowerVector512(Vector512<double> r)
    {
        var p = Fma(r, 4.078071929588337e-10, Vector512.Create(7.072570412814423e-09));
        p = Fma(p, r, Vector512.Create(1.0180647659234139e-07));
        p = Fma(p, r, Vector512.Create(1.3215442675329823e-06));
        p = Fma(p, r, Vector512.Create(1.5252727385193868e-05));
        p = Fma(p, r, Vector512.Create(0.0001540353044157213));
        p = Fma(p, r, Vector512.Create(0.0013333558153439966));
        p = Fma(p, r, Vector512.Create(0.009618129107607003));
        p = Fma(p, r, Vector512.Create(0.05550410866479039));
        p = Fma(p, r, Vector512.Create(0.24022650695910097));
        p = Fma(p, r, Vector512.Create(0.6931471805599457));
        return Fma(p, r, Vector512.Create(1.0));
    }
}
