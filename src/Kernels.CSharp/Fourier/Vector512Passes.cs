// The passes of FourierPlan in lanes. Written for 512 bits; the 256- and 128-bit forms are derived from this text when the
// project is built. Every lane does the same operations whatever the width: the same bits.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>Lanes of complex numbers.</summary>
internal readonly unsafe struct Vector512Complex(Vector512<double> re, Vector512<double> im)
{
    internal Vector512<double> Re
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => re;
    }

    internal Vector512<double> Im
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => im;
    }

    /// <summary>-i times this.</summary>
    internal Vector512Complex Turned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(im, -re);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Complex operator +(Vector512Complex a, Vector512Complex b) => new(a.Re + b.Re, a.Im + b.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Complex operator -(Vector512Complex a, Vector512Complex b) => new(a.Re - b.Re, a.Im - b.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Complex operator *(Vector512<double> scale, Vector512Complex a) => new(scale * a.Re, scale * a.Im);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512Complex operator *(Vector512Complex a, Vector512Complex b) =>
        new(Vector512.FusedMultiplyAdd(a.Re, b.Re, -(a.Im * b.Im)), Vector512.FusedMultiplyAdd(a.Re, b.Im, a.Im * b.Re));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512Complex Load(Parts from) => new(Vector512.Load(from.Re), Vector512.Load(from.Im));

    /// <summary>The number w_p of a table whose imaginary parts follow m real ones, in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512Complex Splat(double* w, nint m) => new(Vector512.Create(w[0]), Vector512.Create(w[m]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Store(Parts to)
    {
        Re.Store(to.Re);
        Im.Store(to.Im);
    }
}

/// <summary>The passes with lanes.</summary>
internal static unsafe class Vector512Passes
{
    private static nint Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512<double>.Count;
    }

    /// <summary>A pass of radix 8 with stride 1 and a count of at least 8, or another one with a stride of at least 8.</summary>
    internal static void Run(int radix, nint m, nint s, double* w, Parts x, Parts y)
    {
        switch (radix)
        {
            case 8:
                Eight(m, w, x, y);
                break;
            case 4:
                Four(m, s, w, x, y);
                break;
            case 2:
                Two(m, s, w, x, y);
                break;
            default:
                Odd(radix, m, s, w, x, y);
                break;
        }
    }

    /// <summary>b_k = sum over j of a_j (-i)^(j k)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512Complex B0, Vector512Complex B1, Vector512Complex B2, Vector512Complex B3) Quarter(
        Vector512Complex a0, Vector512Complex a1, Vector512Complex a2, Vector512Complex a3)
    {
        var (even, odd) = (a0 + a2, a0 - a2);
        var (sum, turned) = (a1 + a3, (a1 - a3).Turned);
        return (even + sum, odd + turned, even - sum, odd - turned);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(nint m, double* w, Parts x, Parts y)
    {
        var half = Vector512.Create(0.70710678118654752440);
        var memory = stackalloc double[16 * Vector512<double>.Count];
        var tile = Parts.Row(memory, 8 * Width);
        for (nint next = 0; next < m; next += Width)
        {
            // The last lanes may be done twice.
            var p = next <= m - Width ? next : m - Width;
            var from = x + p;
            var (a0, a4) = (Vector512Complex.Load(from), Vector512Complex.Load(from + 4 * m));
            var (a1, a5) = (Vector512Complex.Load(from + m), Vector512Complex.Load(from + 5 * m));
            var (a2, a6) = (Vector512Complex.Load(from + 2 * m), Vector512Complex.Load(from + 6 * m));
            var (a3, a7) = (Vector512Complex.Load(from + 3 * m), Vector512Complex.Load(from + 7 * m));
            var (d1, d3) = (a1 - a5, a3 - a7);
            var (b0, b2, b4, b6) = Quarter(a0 + a4, a1 + a5, a2 + a6, a3 + a7);
            // The eighth roots of unity: e^(-pi i / 4) d = (d - i d) / sqrt 2, e^(-3 pi i / 4) d = (-i d - d) / sqrt 2.
            var (b1, b3, b5, b7) = Quarter(a0 - a4, half * (d1 + d1.Turned), (a2 - a6).Turned, half * (d3.Turned - d3));
            b0.Store(tile);
            Keep(1, b1, w + p, m, tile);
            Keep(2, b2, w + p, m, tile);
            Keep(3, b3, w + p, m, tile);
            Keep(4, b4, w + p, m, tile);
            Keep(5, b5, w + p, m, tile);
            Keep(6, b6, w + p, m, tile);
            Keep(7, b7, w + p, m, tile);
            TransposeTiles.Copy(8, Vector512<double>.Count, tile.Re, Width, y.Re + 8 * p, 8);
            TransposeTiles.Copy(8, Vector512<double>.Count, tile.Im, Width, y.Im + 8 * p, 8);
        }
    }

    /// <summary>Row k of a tile: b times w^(p k) for as many p as there are lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(nint k, Vector512Complex b, double* w, nint m, Parts tile)
    {
        var power = w + 2 * (k - 1) * m;
        (b * Vector512Complex.Load(Parts.Row(power, m))).Store(tile + k * Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(nint m, nint s, double* w, Parts x, Parts y)
    {
        var step = m * s;
        for (nint p = 0; p < m; p++)
        {
            var (w1, w2) = (Vector512Complex.Splat(w + p, m), Vector512Complex.Splat(w + p + 2 * m, m));
            var w3 = Vector512Complex.Splat(w + p + 4 * m, m);
            var (from, to) = (p * s, 4 * p * s);
            for (nint next = 0; next < s; next += Width)
            {
                var q = next <= s - Width ? next : s - Width;
                var u = x + (from + q);
                var v = y + (to + q);
                var (b0, b1, b2, b3) = Quarter(
                    Vector512Complex.Load(u), Vector512Complex.Load(u + step),
                    Vector512Complex.Load(u + 2 * step), Vector512Complex.Load(u + 3 * step));
                b0.Store(v);
                (b1 * w1).Store(v + s);
                (b2 * w2).Store(v + 2 * s);
                (b3 * w3).Store(v + 3 * s);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(nint m, nint s, double* w, Parts x, Parts y)
    {
        var step = m * s;
        for (nint p = 0; p < m; p++)
        {
            var w1 = Vector512Complex.Splat(w + p, m);
            var (from, to) = (p * s, 2 * p * s);
            for (nint next = 0; next < s; next += Width)
            {
                var q = next <= s - Width ? next : s - Width;
                var u = x + (from + q);
                var v = y + (to + q);
                var (a, b) = (Vector512Complex.Load(u), Vector512Complex.Load(u + step));
                (a + b).Store(v);
                ((a - b) * w1).Store(v + s);
            }
        }
    }

    /// <summary>
    /// Odd r: with the sums and differences of x_j and x_(r-j), y_k and y_(r-k) are x_0 + sum of cos (2 pi j k / r) times the
    /// sums, minus and plus i times the sum of sin (2 pi j k / r) times the differences.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Odd(int r, nint m, nint s, double* w, Parts x, Parts y)
    {
        var (half, step) = (r / 2, m * s);
        var roots = w + 2 * (r - 1) * m;
        var sums = stackalloc Vector512Complex[half + 1];
        var differences = stackalloc Vector512Complex[half + 1];
        for (nint p = 0; p < m; p++)
        {
            for (nint next = 0; next < s; next += Width)
            {
                var q = next <= s - Width ? next : s - Width;
                var u = x + (p * s + q);
                var v = y + (r * p * s + q);
                var first = Vector512Complex.Load(u);
                var total = first;
                for (var j = 1; j <= half; j++)
                {
                    var a = Vector512Complex.Load(u + j * step);
                    var b = Vector512Complex.Load(u + (r - j) * step);
                    sums[j] = a + b;
                    differences[j] = a - b;
                    total += sums[j];
                }

                total.Store(v);
                for (var k = 1; k <= half; k++)
                {
                    var (even, odd) = (first, default(Vector512Complex));
                    for (var j = 1; j <= half; j++)
                    {
                        var root = roots + 2 * (j * k % r);
                        even += Vector512.Create(root[0]) * sums[j];
                        odd += Vector512.Create(-root[1]) * differences[j];
                    }

                    var up = Vector512Complex.Splat(w + p + 2 * (k - 1) * m, m);
                    var down = Vector512Complex.Splat(w + p + 2 * (r - k - 1) * m, m);
                    ((even + odd.Turned) * up).Store(v + k * s);
                    ((even - odd.Turned) * down).Store(v + (r - k) * s);
                }
            }
        }
    }
}
