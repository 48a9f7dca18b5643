// kilpisjarvi: a regression on one badly scaled column.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = alpha, beta, log sigma. alpha ~ N(pmualpha, psalpha), beta ~ N(pmubeta, psbeta), sigma flat; y ~ N(alpha + beta
/// x, sigma), N = 62.
/// </summary>
public sealed unsafe class Kilpisjarvi : IHandGradient
{
    private const int N = 62;
    private static readonly DataSet Data = Examples.Data.Load("kilpisjarvi_mod");
    private static readonly double* Y = Memory.Column(Data.Vector("y"));
    private static readonly double* X = Memory.Column(Data.Vector("x"));
    private static readonly double MeanAlpha = Data.Scalar("pmualpha"), MeanBeta = Data.Scalar("pmubeta");
    private static readonly double PrecisionAlpha = Math.Pow(Data.Scalar("psalpha"), -2.0);
    private static readonly double PrecisionBeta = Math.Pow(Data.Scalar("psbeta"), -2.0);
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    private static readonly double Constant =
        (-(N + 2) * V.HalfLogTwoPi) - Math.Log(Data.Scalar("psalpha")) - Math.Log(Data.Scalar("psbeta"));

    public string Name => "kilpisjarvi";

    public string Posterior => "kilpisjarvi_mod-kilpisjarvi";

    public int Dimension => 3;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("alpha");
        q[1] = typical.Real("beta");
        q[2] = typical.Log("sigma");
    }

    private static double Evaluate(double* q, double* g)
    {
        double inverseSigma = Math.Exp(-q[2]);
        Vector512<double> alpha = V.All(q[0]), beta = V.All(q[1]);
        Vector512<double> squares = default, g0 = default, g1 = default;
        for (int i = 0; i < N; i += 8)
        {
            Vector512<double> x = Vector512.LoadAligned(X + i);
            Vector512<double> r = Vector512.LoadAligned(Y + i) - V.Fma(beta, x, alpha);
            if (i > N - 8)
            {
                r &= TailMask;
            }

            squares = V.Fma(r, r, squares);
            g0 += r;
            g1 = V.Fma(r, x, g1);
        }

        double precision = inverseSigma * inverseSigma;
        double quadratic = Vector512.Sum(squares) * precision;
        double a = q[0] - MeanAlpha, b = q[1] - MeanBeta;
        g[0] = (Vector512.Sum(g0) * precision) - (a * PrecisionAlpha);
        g[1] = (Vector512.Sum(g1) * precision) - (b * PrecisionBeta);
        g[2] = quadratic - N + 1.0;
        return (-0.5 * (quadratic + (a * a * PrecisionAlpha) + (b * b * PrecisionBeta))) - ((N - 1) * q[2]) + Constant;
    }
}
