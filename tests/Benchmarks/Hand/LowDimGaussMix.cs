// low_dim_gauss_mix: a mixture of two normals, one exp and one division per observation, one log at the end.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = mu[1], log(mu[2] - mu[1]), log sigma[2], logit theta. mu ordered, each ~ N(0,2) (the ordering adds no factor 2);
/// sigma ~ HalfNormal(2), theta ~ Beta(5,5), y ~ theta N(mu1, sigma1) + (1 - theta) N(mu2, sigma2), N = 1,000.
/// </summary>
public sealed unsafe class LowDimGaussMix : IHandGradient
{
    private const int N = 1000;
    private static readonly double* Y = Memory.Column(Data.Load("low_dim_gauss_mix").Vector("y"));

    // Four normals with scale 2, two of them halves; 1 / B(5,5) = 630.
    private static readonly double Constant =
        (-(N + 4) * V.HalfLogTwoPi) - (4.0 * Math.Log(2.0)) + (2.0 * Math.Log(2.0)) + Math.Log(630.0);

    public string Name => "low_dim_gauss_mix";

    public string Posterior => "low_dim_gauss_mix-low_dim_gauss_mix";

    public int Dimension => 5;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Real("mu[1]");
        q[1] = Math.Log(typical.Real("mu[2]") - q[0]);
        q[2] = typical.Log("sigma[1]");
        q[3] = typical.Log("sigma[2]");
        q[4] = typical.Logit("theta");
    }

    // With l1, l2 the two components' log densities and e = exp(-|l2 - l1|): log(e^l1 + e^l2) = max(l1, l2) + log(1 +
    // e), and the responsibilities are 1/(1 + e) for the larger and e/(1 + e) for the smaller. The factors 1 + e are at
    // most 2 and a lane meets 125 of them: their product cannot overflow, and one log at the end serves all.
    private static double Evaluate(double* q, double* g)
    {
        double step = Math.Exp(q[1]), mu1 = q[0], mu2 = mu1 + step;
        double inverse1 = Math.Exp(-q[2]), inverse2 = Math.Exp(-q[3]);
        double theta = 1.0 / (1.0 + Math.Exp(-q[4])), rest = 1.0 - theta;
        double logTheta = Math.Log(theta), logRest = Math.Log(rest);
        Vector512<double> m1 = V.All(mu1), m2 = V.All(mu2), s1 = V.All(inverse1), s2 = V.All(inverse2);
        Vector512<double> c1 = V.All(logTheta - q[2]), c2 = V.All(logRest - q[3]), one = Vector512<double>.One;
        Vector512<double> minusHalf = V.All(-0.5);
        Vector512<double> value = default, weight = default, a1 = default, b1 = default, a2 = default, b2 = default;
        Vector512<double> product = one;
        for (int i = 0; i < N; i += 8)
        {
            Vector512<double> y = Vector512.LoadAligned(Y + i);
            Vector512<double> z1 = (y - m1) * s1, z2 = (y - m2) * s2;
            Vector512<double> l1 = V.Fma(minusHalf * z1, z1, c1), l2 = V.Fma(minusHalf * z2, z2, c2);
            Vector512<double> difference = l1 - l2;
            Vector512<double> exp = FastMath.Exp(-Vector512.Abs(difference));
            Vector512<double> total = one + exp;
            Vector512<double> first = Vector512.GreaterThanOrEqual(difference, Vector512<double>.Zero);
            Vector512<double> w1 = Vector512.ConditionalSelect(first, one, exp) / total;
            Vector512<double> w2 = one - w1;
            value += Vector512.ConditionalSelect(first, l1, l2);
            product *= total;
            Vector512<double> wz1 = w1 * z1, wz2 = w2 * z2;
            weight += w1;
            a1 += wz1;
            a2 += wz2;
            b1 = V.Fma(wz1, z1, b1);
            b2 = V.Fma(wz2, z2, b2);
        }

        double sigma1 = 1.0 / inverse1, sigma2 = 1.0 / inverse2, w = Vector512.Sum(weight);
        double gMu2 = (Vector512.Sum(a2) * inverse2) - (0.25 * mu2);
        g[0] = (Vector512.Sum(a1) * inverse1) - (0.25 * mu1) + gMu2;
        g[1] = (step * gMu2) + 1.0;
        g[2] = Vector512.Sum(b1) - w - (0.25 * sigma1 * sigma1) + 1.0;
        g[3] = Vector512.Sum(b2) - (N - w) - (0.25 * sigma2 * sigma2) + 1.0;
        g[4] = w - (N * theta) + (5.0 * (rest - theta));
        double normals = (mu1 * mu1) + (mu2 * mu2) + (sigma1 * sigma1) + (sigma2 * sigma2);
        double prior = (5.0 * (logTheta + logRest)) - (0.125 * normals) + q[1] + q[2] + q[3];
        return Vector512.Sum(value + FastMath.Log(product)) + prior + Constant;
    }
}
