// Eight schools, non-centred: everything in one vector; the cost is the latency of exp, log and three horizontal sums.
using System;
using System.Linq;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = mu, log tau, theta_trans[8]. mu ~ N(0,5), tau ~ HalfCauchy(5), theta_trans ~ N(0,1), y ~ N(mu + tau theta_trans,
/// sigma).
/// </summary>
public sealed unsafe class EightSchoolsNonCentred : IHandGradient
{
    private static readonly DataSet Data = Examples.Data.Load("eight_schools");
    private static readonly double* Y = Memory.Column(Data.Vector("y"));
    private static readonly double* InverseVariance = Memory.Column(Data.Vector("sigma"), s => 1.0 / (s * s));

    private static readonly double Constant =
        (-17.0 * V.HalfLogTwoPi) - Data.Vector("sigma").Sum(Math.Log) - Math.Log(5.0) + Math.Log(2.0 / (Math.PI * 5.0));

    public string Name => "eight_schools_noncentered";

    public string Posterior => "eight_schools-eight_schools_noncentered";

    public int Dimension => 10;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("mu");
        q[1] = typical.Log("tau");
        for (int j = 0; j < 8; j++)
        {
            q[2 + j] = typical.Normal();
        }
    }

    private static double Evaluate(double* q, double* g)
    {
        double mu = q[0];
        double tau = Math.Exp(q[1]);
        Vector512<double> z = Vector512.Load(q + 2);
        Vector512<double> residual = Vector512.LoadAligned(Y) - V.Fma(V.All(tau), z, V.All(mu));
        Vector512<double> weighted = residual * Vector512.LoadAligned(InverseVariance);
        (V.Fma(V.All(tau), weighted, -z)).Store(g + 2);
        double squares = Vector512.Sum(V.Fma(residual, weighted, z * z));
        double u = tau * tau * (1.0 / 25.0);
        g[0] = Vector512.Sum(weighted) - (mu * (1.0 / 25.0));
        g[1] = (tau * Vector512.Sum(weighted * z)) - (2.0 * u / (1.0 + u)) + 1.0;
        return Constant - (0.5 * (squares + (mu * mu * (1.0 / 25.0)))) - Math.Log(1.0 + u) + q[1];
    }
}
