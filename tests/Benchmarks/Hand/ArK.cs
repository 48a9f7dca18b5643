// arK: an autoregression of order 5, as a regression on five shifted (unaligned) views of the series.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = alpha, beta[5], log sigma. alpha, beta ~ N(0,10), sigma ~ HalfCauchy(2.5),
/// y_t ~ N(alpha + sum_k beta_k y_{t-k}, sigma), t = 6..200.
/// </summary>
public sealed unsafe class ArK : IHandGradient
{
    private const int N = 195;
    private static readonly double* Series = Memory.Column(Data.Load("arK").Vector("y"));
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    private static readonly double Constant =
        (-(N + 6) * V.HalfLogTwoPi) - (6.0 * Math.Log(10.0)) + Math.Log(2.0 / (Math.PI * 2.5)) + Math.Log(6.25);

    public string Name => "arK";

    public string Posterior => "arK-arK";

    public int Dimension => 7;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("alpha");
        for (int k = 1; k <= 5; k++)
        {
            q[k] = typical.Real($"beta[{k}]");
        }

        q[6] = typical.Log("sigma");
    }

    private static double Evaluate(double* q, double* g)
    {
        double inverseSigma = Math.Exp(-q[6]);
        double v = 6.25 * inverseSigma * inverseSigma;
        double prior = -Math.Log(1.0 + v);
        Vector512<double> alpha = V.All(q[0]), b1 = V.All(q[1]), b2 = V.All(q[2]);
        Vector512<double> b3 = V.All(q[3]), b4 = V.All(q[4]), b5 = V.All(q[5]);
        Vector512<double> squares = default, g0 = default, g1 = default, g2 = default;
        Vector512<double> g3 = default, g4 = default, g5 = default;
        for (int i = 0; i < N; i += 8)
        {
            double* y = Series + i;
            Vector512<double> y5 = Vector512.Load(y), y4 = Vector512.Load(y + 1), y3 = Vector512.Load(y + 2);
            Vector512<double> y2 = Vector512.Load(y + 3), y1 = Vector512.Load(y + 4);
            Vector512<double> odd = V.Fma(b5, y5, V.Fma(b3, y3, V.Fma(b1, y1, alpha)));
            Vector512<double> even = V.Fma(b4, y4, b2 * y2);
            Vector512<double> r = Vector512.Load(y + 5) - odd - even;
            if (i > N - 8)
            {
                r &= TailMask;
            }

            squares = V.Fma(r, r, squares);
            g0 += r;
            g1 = V.Fma(r, y1, g1);
            g2 = V.Fma(r, y2, g2);
            g3 = V.Fma(r, y3, g3);
            g4 = V.Fma(r, y4, g4);
            g5 = V.Fma(r, y5, g5);
        }

        double precision = inverseSigma * inverseSigma;
        double quadratic = Vector512.Sum(squares) * precision;
        g[0] = (Vector512.Sum(g0) * precision) - (0.01 * q[0]);
        g[1] = (Vector512.Sum(g1) * precision) - (0.01 * q[1]);
        g[2] = (Vector512.Sum(g2) * precision) - (0.01 * q[2]);
        g[3] = (Vector512.Sum(g3) * precision) - (0.01 * q[3]);
        g[4] = (Vector512.Sum(g4) * precision) - (0.01 * q[4]);
        g[5] = (Vector512.Sum(g5) * precision) - (0.01 * q[5]);
        g[6] = quadratic - N + 1.0 - (2.0 / (1.0 + v));
        double normals = (q[0] * q[0]) + (q[1] * q[1]) + (q[2] * q[2]) + (q[3] * q[3]) + (q[4] * q[4]) + (q[5] * q[5]);
        return (-0.5 * (quadratic + (0.01 * normals))) - ((N + 1) * q[6]) + prior + Constant;
    }
}
