// kidscore_interaction: a regression on mother's high school, mother's IQ and their product.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = beta[4], log sigma. sigma ~ HalfCauchy(2.5), beta flat,
/// kid_score ~ N(b1 + b2 mom_hs + b3 mom_iq + b4 mom_hs mom_iq, sigma), N = 434.
/// </summary>
public sealed unsafe class KidscoreInteraction : IHandGradient
{
    private const int N = 434;
    private static readonly DataSet Data = Examples.Data.Load("kidiq");
    private static readonly double* Y = Memory.Column(Data.Vector("kid_score"));
    private static readonly double* HighSchool = Memory.Column(Data.Vector("mom_hs"));
    private static readonly double* Iq = Memory.Column(Data.Vector("mom_iq"));
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    private static readonly double Constant = (-N * V.HalfLogTwoPi) + Math.Log(2.0 / (Math.PI * 2.5)) + Math.Log(6.25);

    public string Name => "kidscore_interaction";

    public string Posterior => "kidiq-kidscore_interaction";

    public int Dimension => 5;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        for (int k = 0; k < 4; k++)
        {
            q[k] = typical.Real($"beta[{k + 1}]");
        }

        q[4] = typical.Log("sigma");
    }

    // With v = (2.5 / sigma)^2: log(1 + (sigma/2.5)^2) = log(1 + v) + 2 log sigma - log 6.25.
    private static double Evaluate(double* q, double* g)
    {
        double inverseSigma = Math.Exp(-q[4]);
        double v = 6.25 * inverseSigma * inverseSigma;
        double prior = -Math.Log(1.0 + v);
        double value = InteractionRegression.Evaluate(q, g, Y, HighSchool, Iq, N, TailMask, inverseSigma);
        g[4] += 1.0 - (2.0 / (1.0 + v));
        return value + prior - q[4] + Constant;
    }
}
