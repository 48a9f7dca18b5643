// Stockham's self-sorting transform, decimated in frequency. With n = r m the pass of radix r and stride s maps, for p < m and
// q < s,
//   y[q + s (r p + k)] = w^(p k) * sum over j of x[q + s (p + m j)] e^(-2 pi i j k / r),   w = e^(-2 pi i / n),
// and what is left are r s interleaved transforms of length m: the next pass has n := m and s := r s.
// Where s is at least 8, lanes are neighbours in q. The pass of radix 8 has s = 1 and its lanes are neighbours in p.
using System.Runtime.Intrinsics;

namespace Ppl.Kernels;

/// <summary>A transform whose length has no prime factor above 13.</summary>
internal sealed unsafe class FourierPlan : Plan
{
    // The choice of code must not depend on the machine.
    private const int Lanes = 8;

    private readonly int n;
    private readonly Pass[] passes;
    private readonly FourierTable table;

    internal FourierPlan(int n, int[] radices)
    {
        this.n = n;
        passes = new Pass[radices.Length];
        nint size = 0;
        var (count, stride) = (n, 1);
        for (var i = 0; i < radices.Length; i++)
        {
            var radix = radices[i];
            count /= radix;
            passes[i] = new Pass(radix, count, stride, size);
            size += 2 * (nint)count * (radix - 1) + 2 * radix;
            stride *= radix;
        }

        table = new FourierTable(size);
        foreach (var pass in passes)
        {
            Fill(pass, table.Pointer + pass.Table);
        }
    }

    internal override nint ScratchLength => passes.Length > 1 ? 2 * (nint)n : 0;

    internal override void Run(Parts x, Parts y, double* scratch)
    {
        if (passes.Length == 0)
        {
            (*y.Re, *y.Im) = (*x.Re, *x.Im);
            return;
        }

        // Results go to scratch and y in turn, so that the last ones go to y.
        for (var i = 0; i < passes.Length; i++)
        {
            var last = (passes.Length - i) % 2 == 1;
            var target = last ? y : Parts.Row(scratch, n);
            Run(passes[i], table.Pointer + passes[i].Table, x, target);
            x = target;
        }
    }

    /// <summary>
    /// The powers w^(p k), k = 1 ... r - 1: for each k the real parts for all p, then the imaginary ones. Then the r-th roots of
    /// unity, as pairs.
    /// </summary>
    private static void Fill(Pass pass, double* table)
    {
        for (var k = 1; k < pass.Radix; k++)
        {
            for (var p = 0; p < pass.Count; p++)
            {
                var (re, im) = Roots.Of((long)p * k, (long)pass.Radix * pass.Count);
                table[p] = re;
                table[pass.Count + p] = im;
            }

            table += 2 * pass.Count;
        }

        for (var k = 0; k < pass.Radix; k++)
        {
            (table[2 * k], table[2 * k + 1]) = Roots.Of(k, pass.Radix);
        }
    }

    private static void Run(Pass pass, double* w, Parts x, Parts y)
    {
        var (radix, m, s) = (pass.Radix, (nint)pass.Count, (nint)pass.Stride);
        if (radix != 8 && s < Lanes)
        {
            ScalarPasses.Run(radix, m, s, w, x, y);
        }
        else if (Vector512.IsHardwareAccelerated)
        {
            Vector512Passes.Run(radix, m, s, w, x, y);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256Passes.Run(radix, m, s, w, x, y);
        }
        else
        {
            Vector128Passes.Run(radix, m, s, w, x, y);
        }
    }

    private readonly record struct Pass(int Radix, int Count, int Stride, nint Table);
}
