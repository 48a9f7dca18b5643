// wells: a logistic regression on three columns and their products, which are formed on the fly (three loads instead of
// six).
using System;
using System.Linq;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = alpha, beta[6], all flat. switched ~ BernoulliLogit(alpha + x beta), N = 3,020; x = d, a, e, d a, d e, a e with
/// d = centred distance / 100, a = centred arsenic, e = centred education / 4.
/// </summary>
public sealed unsafe class Wells : IHandGradient
{
    private const int N = 3020;
    private static readonly DataSet Data = Examples.Data.Load("wells_data");
    private static readonly double* Y = Memory.Column(Data.Vector("switched"));
    private static readonly double* Distance = Centred("dist", 100.0);
    private static readonly double* Arsenic = Centred("arsenic", 1.0);
    private static readonly double* Education = Centred("educ", 4.0);
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    public string Name => "wells";

    public string Posterior => "wells_data-wells_dae_inter_model";

    public int Dimension => 7;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("alpha");
        for (int k = 1; k <= 6; k++)
        {
            q[k] = typical.Real($"beta[{k}]");
        }
    }

    private static double* Centred(string name, double scale)
    {
        double[] values = Data.Vector(name);
        double mean = values.Average();
        return Memory.Column(values, x => (x - mean) / scale);
    }

    // With e = exp(-|eta|): log p(y) = y eta - max(eta, 0) - log(1 + e), and sigmoid(eta) = 1/(1 + e) or e/(1 + e). The
    // factors 1 + e are at most 2 and a lane meets 378 of them: their product cannot overflow, and one log at the end
    // serves all.
    private static double Evaluate(double* q, double* g)
    {
        Vector512<double> alpha = V.All(q[0]), bd = V.All(q[1]), ba = V.All(q[2]), be = V.All(q[3]);
        Vector512<double> bda = V.All(q[4]), bde = V.All(q[5]), bae = V.All(q[6]), one = Vector512<double>.One;
        Vector512<double> value = default, g0 = default, g1 = default, g2 = default, g3 = default;
        Vector512<double> g4 = default, g5 = default, g6 = default;
        Vector512<double> product = one;
        for (int i = 0; i < N; i += 8)
        {
            Vector512<double> d = Vector512.LoadAligned(Distance + i), a = Vector512.LoadAligned(Arsenic + i);
            Vector512<double> e = Vector512.LoadAligned(Education + i), y = Vector512.LoadAligned(Y + i);
            Vector512<double> slopeD = V.Fma(bda, a, V.Fma(bde, e, bd));
            Vector512<double> eta = V.Fma(d, slopeD, V.Fma(a, V.Fma(bae, e, ba), V.Fma(be, e, alpha)));
            Vector512<double> exp = FastMath.Exp(-Vector512.Abs(eta));
            Vector512<double> total = one + exp;
            Vector512<double> positive = Vector512.GreaterThanOrEqual(eta, Vector512<double>.Zero);
            Vector512<double> r = y - (Vector512.ConditionalSelect(positive, one, exp) / total);
            Vector512<double> v = V.Fma(y, eta, -(eta & positive));
            if (i > N - 8)
            {
                r &= TailMask;
                v &= TailMask;
                total = Vector512.ConditionalSelect(TailMask, total, one);
            }

            Vector512<double> rd = r * d, ra = r * a;
            value += v;
            product *= total;
            g0 += r;
            g1 += rd;
            g2 += ra;
            g3 = V.Fma(r, e, g3);
            g4 = V.Fma(rd, a, g4);
            g5 = V.Fma(rd, e, g5);
            g6 = V.Fma(ra, e, g6);
        }

        g[0] = Vector512.Sum(g0);
        g[1] = Vector512.Sum(g1);
        g[2] = Vector512.Sum(g2);
        g[3] = Vector512.Sum(g3);
        g[4] = Vector512.Sum(g4);
        g[5] = Vector512.Sum(g5);
        g[6] = Vector512.Sum(g6);
        return Vector512.Sum(value - FastMath.Log(product));
    }
}
