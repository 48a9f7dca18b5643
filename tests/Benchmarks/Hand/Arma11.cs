// arma11: a forward recursion for the errors and a reverse sweep for their adjoints; bound by the latency of one FMA
// per step.
using System;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = mu, phi, theta, log sigma. mu ~ N(0,10), phi, theta ~ N(0,2), sigma ~ HalfCauchy(2.5); e_1 = y_1 - mu - phi mu,
/// e_t = y_t - mu - phi y_{t-1} - theta e_{t-1}, e_t ~ N(0, sigma), T = 200.
/// </summary>
public sealed unsafe class Arma11 : IHandGradient
{
    private const int T = 200;
    private static readonly double* Y = Memory.Column(Data.Load("arma").Vector("y"));
    private static readonly double* Errors = Memory.Buffer(T);

    private static readonly double Constant =
        (-(T + 3) * V.HalfLogTwoPi) - Math.Log(10.0 * 2.0 * 2.0) + Math.Log(2.0 / (Math.PI * 2.5)) + Math.Log(6.25);

    public string Name => "arma11";

    public string Posterior => "arma-arma11";

    public int Dimension => 4;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("mu");
        q[1] = typical.Real("phi");
        q[2] = typical.Real("theta");
        q[3] = typical.Log("sigma");
    }

    // The adjoint of e_t, up to the factor -1/sigma^2: a_t = e_t - theta a_{t+1}.
    private static double Evaluate(double* q, double* g)
    {
        double mu = q[0], phi = q[1], theta = q[2];
        double inverseSigma = Math.Exp(-q[3]);
        double v = 6.25 * inverseSigma * inverseSigma;
        double prior = -Math.Log(1.0 + v);
        double* y = Y, errors = Errors;

        double e = y[0] - mu - (phi * mu);
        double squares = e * e;
        errors[0] = e;
        for (int t = 1; t < T; t++)
        {
            e = Math.FusedMultiplyAdd(-theta, e, y[t] - Math.FusedMultiplyAdd(phi, y[t - 1], mu));
            errors[t] = e;
            squares = Math.FusedMultiplyAdd(e, e, squares);
        }

        double adjoint = 0.0, gMu = 0.0, gPhi = 0.0, gTheta = 0.0;
        for (int t = T - 1; t > 0; t--)
        {
            adjoint = Math.FusedMultiplyAdd(-theta, adjoint, errors[t]);
            gMu += adjoint;
            gPhi = Math.FusedMultiplyAdd(adjoint, y[t - 1], gPhi);
            gTheta = Math.FusedMultiplyAdd(adjoint, errors[t - 1], gTheta);
        }

        adjoint = Math.FusedMultiplyAdd(-theta, adjoint, errors[0]);
        double precision = inverseSigma * inverseSigma;
        double quadratic = squares * precision;
        g[0] = ((gMu + (adjoint * (1.0 + phi))) * precision) - (0.01 * mu);
        g[1] = ((gPhi + (adjoint * mu)) * precision) - (0.25 * phi);
        g[2] = (gTheta * precision) - (0.25 * theta);
        g[3] = quadratic - T + 1.0 - (2.0 / (1.0 + v));
        double normals = (0.01 * mu * mu) + (0.25 * phi * phi) + (0.25 * theta * theta);
        return (-0.5 * (quadratic + normals)) - ((T + 1) * q[3]) + prior + Constant;
    }
}
