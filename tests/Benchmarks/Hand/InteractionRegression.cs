// A regression on two columns and their product, shared by kidscore_interaction and logearn_interaction.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ppl.Benchmarks.Hand;

internal static unsafe class InteractionRegression
{
    /// <summary>
    /// sum_n log N(y_n; b1 + b2 a_n + b3 b_n + b4 a_n b_n, sigma) without its constant, q = b1..b4, log sigma; the
    /// gradient of b1..b4 goes to g[0..3], that of log sigma (without prior and Jacobian) to g[4]. One pass; the
    /// incomplete last vector, masked, starts the sums.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Evaluate(
        double* q, double* g, double* y, double* a, double* b, int n, Vector512<double> tailMask, double inverseSigma)
    {
        Vector512<double> b1 = V.All(q[0]), b2 = V.All(q[1]), b3 = V.All(q[2]), b4 = V.All(q[3]);
        int full = n / 8 * 8;
        Vector512<double> av = Vector512.LoadAligned(a + full), bv = Vector512.LoadAligned(b + full);
        Vector512<double> mean = V.Fma(bv, V.Fma(b4, av, b3), V.Fma(b2, av, b1));
        Vector512<double> r = (Vector512.LoadAligned(y + full) - mean) & tailMask;
        Vector512<double> ra = r * av;
        Vector512<double> squares = r * r, g1 = r, g2 = ra, g3 = r * bv, g4 = ra * bv;
        for (int i = 0; i < full; i += 8)
        {
            av = Vector512.LoadAligned(a + i);
            bv = Vector512.LoadAligned(b + i);
            r = Vector512.LoadAligned(y + i) - V.Fma(bv, V.Fma(b4, av, b3), V.Fma(b2, av, b1));
            ra = r * av;
            squares = V.Fma(r, r, squares);
            g1 += r;
            g2 += ra;
            g3 = V.Fma(r, bv, g3);
            g4 = V.Fma(ra, bv, g4);
        }

        double precision = inverseSigma * inverseSigma;
        double quadratic = Vector512.Sum(squares) * precision;
        g[0] = Vector512.Sum(g1) * precision;
        g[1] = Vector512.Sum(g2) * precision;
        g[2] = Vector512.Sum(g3) * precision;
        g[3] = Vector512.Sum(g4) * precision;
        g[4] = quadratic - n;
        return (-0.5 * quadratic) - (n * q[4]);
    }
}
