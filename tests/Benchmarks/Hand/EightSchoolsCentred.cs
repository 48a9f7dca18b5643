// Eight schools, centred: everything in one vector.
using System;
using System.Linq;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = mu, log tau, theta[8]. mu ~ N(0,5), tau ~ HalfCauchy(5), theta ~ N(mu, tau), y ~ N(theta, sigma).
/// </summary>
public sealed unsafe class EightSchoolsCentred : IHandGradient
{
    private static readonly DataSet Data = Examples.Data.Load("eight_schools");
    private static readonly double* Y = Memory.Column(Data.Vector("y"));
    private static readonly double* InverseVariance = Memory.Column(Data.Vector("sigma"), s => 1.0 / (s * s));

    private static readonly double Constant =
        (-17.0 * V.HalfLogTwoPi) - Data.Vector("sigma").Sum(Math.Log) - Math.Log(5.0) + Math.Log(2.0 / (Math.PI * 5.0))
        + Math.Log(25.0);

    public string Name => "eight_schools_centered";

    public string Posterior => "eight_schools-eight_schools_centered";

    public int Dimension => 10;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("mu");
        q[1] = typical.Log("tau");
        for (int j = 0; j < 8; j++)
        {
            q[2 + j] = typical.Real($"theta[{j + 1}]");
        }
    }

    // With v = 25 / tau^2: log(1 + (tau/5)^2) = log(1 + v) + 2 log tau - log 25, so that only 1 / tau is needed.
    private static double Evaluate(double* q, double* g)
    {
        double mu = q[0];
        double inverseTau = Math.Exp(-q[1]);
        Vector512<double> theta = Vector512.Load(q + 2);
        Vector512<double> residual = Vector512.LoadAligned(Y) - theta;
        Vector512<double> weighted = residual * Vector512.LoadAligned(InverseVariance);
        Vector512<double> z = (theta - V.All(mu)) * V.All(inverseTau);
        Vector512<double> prior = z * V.All(inverseTau);
        (weighted - prior).Store(g + 2);
        double priorSquares = Vector512.Sum(z * z);
        double squares = Vector512.Sum(residual * weighted) + priorSquares;
        double v = 25.0 * inverseTau * inverseTau;
        g[0] = Vector512.Sum(prior) - (mu * (1.0 / 25.0));
        g[1] = priorSquares - 7.0 - (2.0 / (1.0 + v));
        return Constant - (0.5 * (squares + (mu * mu * (1.0 / 25.0)))) - Math.Log(1.0 + v) - (9.0 * q[1]);
    }
}
