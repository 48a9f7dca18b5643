// The discrete Fourier transform of rows of complex numbers, each row as its real parts and then its imaginary parts.
// Lengths with no prime factor above 13 by Stockham's passes (FourierPlan), others by Bluestein's chirp (ChirpPlan).
// Source: Van Loan, Computational Frameworks for the Fast Fourier Transform, SIAM (1992), sections 1.7, 2.3 and 4.2.
using System;

namespace Ppl.Kernels;

/// <summary>Fourier transforms of any length; nothing is allocated after the first transform of a length.</summary>
public static unsafe class FourierTransform
{
    /// <summary>
    /// For each row x [2, n] of pairs, y_k = sum over j of x_j e^(-2 pi i j k / n), or e^(+2 pi i j k / n) if inverse (so that
    /// the two together multiply by n). The root mean square of the errors is below 6e-16 times that of y (random x, lengths to
    /// 65536). The rows x and y do not overlap.
    /// </summary>
    public static void Run(int rows, int n, bool inverse, double* x, double* y)
    {
        if (n == 0)
        {
            return;
        }

        var plan = FourierPlans.Of(n);
        var scratch = (double*)Scratch.Rent(ScratchUse.Fourier, plan.ScratchLength * sizeof(double));

        nint size = n;
        for (var row = 0; row < rows; row++, x += 2 * size, y += 2 * size)
        {
            var source = Parts.Row(x, n);
            var target = Parts.Row(y, n);
            if (inverse)
            {
                // Exchanged on both sides, one direction is the other.
                plan.Run(source.Exchanged, target.Exchanged, scratch);
            }
            else
            {
                plan.Run(source, target, scratch);
            }
        }

        GC.KeepAlive(plan);
    }

    /// <summary>The same on spans.</summary>
    public static void Run(int rows, int n, bool inverse, ReadOnlySpan<double> x, Span<double> y)
    {
        var length = 2L * rows * n;
        if (x.Length < length || y.Length < length)
        {
            throw new ArgumentException($"{rows} rows of {n} pairs need {length} numbers, got {x.Length} and {y.Length}");
        }

        fixed (double* px = x, py = y)
        {
            Run(rows, n, inverse, px, py);
        }
    }
}
