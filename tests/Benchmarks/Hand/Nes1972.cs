// nes1972: a regression with an intercept and eight columns, one pass over nine streams.
using System;
using System.Linq;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = beta[9], log sigma. All flat, partyid7 ~ N(b1 + b2 real_ideo + b3 race_adj + b4 1[age=2] + b5 1[age=3] + b6
/// 1[age=4] + b7 educ1 + b8 gender + b9 income, sigma), N = 1,330.
/// </summary>
public sealed unsafe class Nes1972 : IHandGradient
{
    private const int N = 1330;
    private const double Constant = -N * V.HalfLogTwoPi;
    private static readonly DataSet Data = Examples.Data.Load("nes1972");
    private static readonly double* Y = Memory.Column(Data.Vector("partyid7"));
    private static readonly double* Ideology = Memory.Column(Data.Vector("real_ideo"));
    private static readonly double* Race = Memory.Column(Data.Vector("race_adj"));
    private static readonly double* Age2 = Memory.Column(Data.Vector("age_discrete"), a => a == 2.0 ? 1.0 : 0.0);
    private static readonly double* Age3 = Memory.Column(Data.Vector("age_discrete"), a => a == 3.0 ? 1.0 : 0.0);
    private static readonly double* Age4 = Memory.Column(Data.Vector("age_discrete"), a => a == 4.0 ? 1.0 : 0.0);
    private static readonly double* Education = Memory.Column(Data.Vector("educ1"));
    private static readonly double* Gender = Memory.Column(Data.Vector("gender"));
    private static readonly double* Income = Memory.Column(Data.Vector("income"));
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    public string Name => "nes1972";

    public string Posterior => "nes1972-nes";

    public int Dimension => 10;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        for (int k = 0; k < 9; k++)
        {
            q[k] = typical.Real($"beta[{k + 1}]");
        }

        q[9] = typical.Log("sigma");
    }

    private static double Evaluate(double* q, double* g)
    {
        double inverseSigma = Math.Exp(-q[9]);
        Vector512<double> b1 = V.All(q[0]), b2 = V.All(q[1]), b3 = V.All(q[2]), b4 = V.All(q[3]), b5 = V.All(q[4]);
        Vector512<double> b6 = V.All(q[5]), b7 = V.All(q[6]), b8 = V.All(q[7]), b9 = V.All(q[8]);
        Vector512<double> squares = default, g1 = default, g2 = default, g3 = default, g4 = default, g5 = default;
        Vector512<double> g6 = default, g7 = default, g8 = default, g9 = default;
        for (int i = 0; i < N; i += 8)
        {
            Vector512<double> x2 = Vector512.LoadAligned(Ideology + i), x3 = Vector512.LoadAligned(Race + i);
            Vector512<double> x4 = Vector512.LoadAligned(Age2 + i), x5 = Vector512.LoadAligned(Age3 + i);
            Vector512<double> x6 = Vector512.LoadAligned(Age4 + i), x7 = Vector512.LoadAligned(Education + i);
            Vector512<double> x8 = Vector512.LoadAligned(Gender + i), x9 = Vector512.LoadAligned(Income + i);
            Vector512<double> even = V.Fma(b8, x8, V.Fma(b6, x6, V.Fma(b4, x4, V.Fma(b2, x2, b1))));
            Vector512<double> odd = V.Fma(b9, x9, V.Fma(b7, x7, V.Fma(b5, x5, b3 * x3)));
            Vector512<double> r = Vector512.LoadAligned(Y + i) - even - odd;
            if (i > N - 8)
            {
                r &= TailMask;
            }

            squares = V.Fma(r, r, squares);
            g1 += r;
            g2 = V.Fma(r, x2, g2);
            g3 = V.Fma(r, x3, g3);
            g4 = V.Fma(r, x4, g4);
            g5 = V.Fma(r, x5, g5);
            g6 = V.Fma(r, x6, g6);
            g7 = V.Fma(r, x7, g7);
            g8 = V.Fma(r, x8, g8);
            g9 = V.Fma(r, x9, g9);
        }

        double precision = inverseSigma * inverseSigma;
        double quadratic = Vector512.Sum(squares) * precision;
        g[0] = Vector512.Sum(g1) * precision;
        g[1] = Vector512.Sum(g2) * precision;
        g[2] = Vector512.Sum(g3) * precision;
        g[3] = Vector512.Sum(g4) * precision;
        g[4] = Vector512.Sum(g5) * precision;
        g[5] = Vector512.Sum(g6) * precision;
        g[6] = Vector512.Sum(g7) * precision;
        g[7] = Vector512.Sum(g8) * precision;
        g[8] = Vector512.Sum(g9) * precision;
        g[9] = quadratic - N + 1.0;
        return (-0.5 * quadratic) - ((N - 1) * q[9]) + Constant;
    }
}
