// garch11: a forward recursion for the variances, a vector pass over the likelihood, a reverse sweep for the adjoints.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = mu, log alpha0, logit alpha1, logit(beta1 / (1 - alpha1)), all flat on their supports.
/// h_1 = sigma1^2, h_t = alpha0 + alpha1 (y_{t-1} - mu)^2 + beta1 h_{t-1}, y_t ~ N(mu, sqrt h_t), T = 200.
/// </summary>
public sealed unsafe class Garch11 : IHandGradient
{
    private const int T = 200;
    private const double Constant = -T * V.HalfLogTwoPi;
    private static readonly DataSet Data = Examples.Data.Load("garch");
    private static readonly double* Y = Memory.Column(Data.Vector("y"));
    private static readonly double InitialVariance = Data.Scalar("sigma1") * Data.Scalar("sigma1");
    private static readonly double* Variances = Memory.Buffer(T);
    private static readonly double* Locals = Memory.Buffer(T);

    public string Name => "garch11";

    public string Posterior => "garch-garch11";

    public int Dimension => 4;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("mu");
        q[1] = typical.Log("alpha0");
        q[2] = typical.Logit("alpha1");
        double share = Math.Exp(typical.Log("beta1")) * (1.0 + Math.Exp(q[2]));
        q[3] = -Math.Log((1.0 / Math.Min(share, 0.95)) - 1.0);
    }

    // log f = -1/2 sum (log h + r^2/h); its own derivative in h_t is l_t = (r^2/h - 1)/(2 h); adjoint a_t = l_t + beta1
    // a_{t+1}.
    private static double Evaluate(double* q, double* g)
    {
        double mu = q[0];
        double alpha0 = Math.Exp(q[1]);
        double alpha1 = 1.0 / (1.0 + Math.Exp(-q[2]));
        double share = 1.0 / (1.0 + Math.Exp(-q[3]));
        double room = 1.0 - alpha1;
        double beta1 = room * share;
        double jacobian = Math.Log(alpha0 * alpha1 * room * room * share * (1.0 - share));
        double* y = Y, variances = Variances, locals = Locals;

        double h = InitialVariance;
        variances[0] = h;
        for (int t = 1; t < T; t++)
        {
            double r = y[t - 1] - mu;
            h = Math.FusedMultiplyAdd(beta1, h, Math.FusedMultiplyAdd(alpha1 * r, r, alpha0));
            variances[t] = h;
        }

        Vector512<double> exponent = default, quadratic = default, direct = default;
        Vector512<double> muV = V.All(mu), half = V.All(0.5), one = Vector512<double>.One, mantissa = one;
        for (int t = 0; t < T; t += 8)
        {
            Vector512<double> r = Vector512.LoadAligned(y + t) - muV;
            Vector512<double> hv = Vector512.LoadAligned(variances + t);
            Vector512<double> inverse = one / hv;
            Vector512<double> scaled = r * inverse;
            FastMath.Multiply(hv, ref mantissa, ref exponent);
            direct += scaled;
            quadratic = V.Fma(r, scaled, quadratic);
            (half * inverse * V.Fma(r, scaled, -one)).StoreAligned(locals + t);
        }

        double adjoint = 0.0, g0 = 0.0, g1 = 0.0, gBeta = 0.0, gMu = 0.0;
        for (int t = T - 1; t > 0; t--)
        {
            double r = y[t - 1] - mu;
            adjoint = Math.FusedMultiplyAdd(beta1, adjoint, locals[t]);
            double weighted = adjoint * r;
            g0 += adjoint;
            gMu += weighted;
            g1 = Math.FusedMultiplyAdd(weighted, r, g1);
            gBeta = Math.FusedMultiplyAdd(adjoint, variances[t - 1], gBeta);
        }

        g[0] = Vector512.Sum(direct) - (2.0 * alpha1 * gMu);
        g[1] = (alpha0 * g0) + 1.0;
        g[2] = (alpha1 * room * (g1 - (share * gBeta))) + 1.0 - (3.0 * alpha1);
        g[3] = (beta1 * (1.0 - share) * gBeta) + 1.0 - (2.0 * share);
        Vector512<double> logs = V.Fma(exponent, V.All(Math.Log(2.0)), FastMath.Log(mantissa));
        return (-0.5 * Vector512.Sum(logs + quadratic)) + jacobian + Constant;
    }
}
