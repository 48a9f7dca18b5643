// The passes of FourierPlan one number at a time, for strides below 8: short transforms, and the first passes of lengths that
// are no multiple of 64.
using System;
using System.Runtime.CompilerServices;

namespace Ppl.Kernels;

/// <summary>The passes without lanes.</summary>
internal static unsafe class ScalarPasses
{
    /// <summary>A pass of radix 2, 4 or an odd one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int radix, nint m, nint s, double* w, Parts x, Parts y)
    {
        var a = stackalloc Complex[Radices.Largest];
        var b = stackalloc Complex[Radices.Largest];
        var roots = w + 2 * (radix - 1) * m;
        for (nint p = 0; p < m; p++)
        {
            for (nint q = 0; q < s; q++)
            {
                var (from, to) = (q + s * p, q + s * radix * p);
                for (var j = 0; j < radix; j++)
                {
                    a[j] = new Complex(x.Re[from + s * m * j], x.Im[from + s * m * j]);
                }

                Transform(radix, roots, a, b);
                (y.Re[to], y.Im[to]) = (b[0].Re, b[0].Im);
                for (var k = 1; k < radix; k++)
                {
                    var power = w + p + 2 * (k - 1) * m;
                    var product = b[k] * new Complex(power[0], power[m]);
                    (y.Re[to + s * k], y.Im[to + s * k]) = (product.Re, product.Im);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(int radix, double* roots, Complex* a, Complex* b)
    {
        switch (radix)
        {
            case 2:
                (b[0], b[1]) = (a[0] + a[1], a[0] - a[1]);
                break;
            case 4:
                var (even, odd) = (a[0] + a[2], a[0] - a[2]);
                var (sum, turned) = (a[1] + a[3], (a[1] - a[3]).Turned);
                (b[0], b[1], b[2], b[3]) = (even + sum, odd + turned, even - sum, odd - turned);
                break;
            default:
                Odd(radix, roots, a, b);
                break;
        }
    }

    /// <summary>As Vector512Passes.Odd.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Odd(int r, double* roots, Complex* a, Complex* b)
    {
        b[0] = a[0];
        for (var j = 1; j < r; j++)
        {
            b[0] += a[j];
        }

        for (var k = 1; k <= r / 2; k++)
        {
            var (even, odd) = (a[0], new Complex(0, 0));
            for (var j = 1; j <= r / 2; j++)
            {
                var root = roots + 2 * (j * k % r);
                even += root[0] * (a[j] + a[r - j]);
                odd += -root[1] * (a[j] - a[r - j]);
            }

            (b[k], b[r - k]) = (even + odd.Turned, even - odd.Turned);
        }
    }

    private readonly record struct Complex(double Re, double Im)
    {
        /// <summary>-i times this.</summary>
        internal Complex Turned => new(Im, -Re);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Complex operator +(Complex a, Complex b) => new(a.Re + b.Re, a.Im + b.Im);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Complex operator -(Complex a, Complex b) => new(a.Re - b.Re, a.Im - b.Im);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Complex operator *(double scale, Complex a) => new(scale * a.Re, scale * a.Im);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Complex operator *(Complex a, Complex b) =>
            new(Math.FusedMultiplyAdd(a.Re, b.Re, -(a.Im * b.Im)), Math.FusedMultiplyAdd(a.Re, b.Im, a.Im * b.Re));
    }
}
