// logearn_interaction: a regression of log earnings on height, sex and their product.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = beta[4], log sigma. All flat, log(earn) ~ N(b1 + b2 height + b3 male + b4 height male, sigma), N = 1,192.
/// </summary>
public sealed unsafe class LogearnInteraction : IHandGradient
{
    private const int N = 1192;
    private const double Constant = -N * V.HalfLogTwoPi;
    private static readonly DataSet Data = Examples.Data.Load("earnings");
    private static readonly double* Y = Memory.Column(Data.Vector("earn"), Math.Log);
    private static readonly double* Height = Memory.Column(Data.Vector("height"));
    private static readonly double* Male = Memory.Column(Data.Vector("male"));
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    public string Name => "logearn_interaction";

    public string Posterior => "earnings-logearn_interaction";

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

    private static double Evaluate(double* q, double* g)
    {
        double inverseSigma = Math.Exp(-q[4]);
        double value = InteractionRegression.Evaluate(q, g, Y, Height, Male, N, TailMask, inverseSigma);
        g[4] += 1.0;
        return value + q[4] + Constant;
    }
}
