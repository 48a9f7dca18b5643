// hmm_example: forward and backward recursions in probability space. They do not depend on each other, so one loop runs
// both and their latencies overlap; the scales are pulled out every 8 steps. Emissions before and expectations after
// are vector passes.
using System;
using System.Linq;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = logit theta1[1], logit theta2[1], log mu[1], log(mu[2] - mu[1]). theta1, theta2: the rows of the transition
/// matrix, flat on the simplex; mu positive-ordered, mu1 ~ N(3,1), mu2 ~ N(10,1); y_t ~ N(mu_{z_t}, 1), no initial
/// distribution, T = 100.
/// </summary>
public sealed unsafe class HmmExample : IHandGradient
{
    private const int T = 100;
    private const int Block = 8;
    private const double Constant = -(T + 2) * V.HalfLogTwoPi;
    private static readonly double* Y = Memory.Column(Data.Load("hmm_example").Vector("y"));
    private static readonly double* Emission1 = Memory.Buffer(T), Emission2 = Memory.Buffer(T);
    private static readonly double* Alpha1 = Memory.Buffer(T), Alpha2 = Memory.Buffer(T);
    private static readonly double* Beta1 = Memory.Buffer(T), Beta2 = Memory.Buffer(T);

    // The factors pulled out of alpha: (T - 1) / 8 rounded up, and the last sum; the rest stays 1.
    private static readonly double* Scales = Memory.Column(Enumerable.Repeat(1.0, 16).ToArray());
    private static readonly Vector512<double> TailMask = Memory.TailMask(T), TransitionMask = Memory.TailMask(T - 1);

    public string Name => "hmm_example";

    public string Posterior => "hmm_example-hmm_example";

    public int Dimension => 4;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Logit("theta1[1]");
        q[1] = typical.Logit("theta2[1]");
        q[2] = typical.Log("mu[1]");
        q[3] = Math.Log(typical.Real("mu[2]") - Math.Exp(q[2]));
    }

    private static double Evaluate(double* q, double* g)
    {
        double a11 = 1.0 / (1.0 + Math.Exp(-q[0])), a12 = 1.0 - a11;
        double a21 = 1.0 / (1.0 + Math.Exp(-q[1])), a22 = 1.0 - a21;
        double mu1 = Math.Exp(q[2]), step = Math.Exp(q[3]), mu2 = mu1 + step;
        double value = Emissions(mu1, mu2) + Recursions(a11, a12, a21, a22);
        Expectations(g, a11, a12, a21, a22, mu1, mu2);
        double gMu1 = g[2] - (mu1 - 3.0), gMu2 = g[3] - (mu2 - 10.0);
        g[0] = (g[0] * a11 * a12) + a12 - a11;
        g[1] = (g[1] * a21 * a22) + a22 - a21;
        g[2] = (mu1 * (gMu1 + gMu2)) + 1.0;
        g[3] = (step * gMu2) + 1.0;
        double prior = ((mu1 - 3.0) * (mu1 - 3.0)) + ((mu2 - 10.0) * (mu2 - 10.0));
        return value - (0.5 * prior) + Math.Log(a11 * a12 * a21 * a22) + q[2] + q[3] + Constant;
    }

    // The emission densities over the larger of the two; returns the sum of the larger ones' logs (without constants).
    private static double Emissions(double mu1, double mu2)
    {
        Vector512<double> m1 = V.All(mu1), m2 = V.All(mu2), minusHalf = V.All(-0.5), one = Vector512<double>.One;
        Vector512<double> sum = default;
        for (int t = 0; t < T; t += 8)
        {
            Vector512<double> y = Vector512.LoadAligned(Y + t);
            Vector512<double> d1 = y - m1, d2 = y - m2;
            Vector512<double> l1 = minusHalf * d1 * d1, l2 = minusHalf * d2 * d2;
            Vector512<double> first = Vector512.GreaterThanOrEqual(l1, l2);
            Vector512<double> larger = Vector512.ConditionalSelect(first, l1, l2);
            Vector512<double> ratio = FastMath.Exp(-Vector512.Abs(l1 - l2));
            Vector512.ConditionalSelect(first, one, ratio).StoreAligned(Emission1 + t);
            Vector512.ConditionalSelect(first, ratio, one).StoreAligned(Emission2 + t);
            sum += t > T - 8 ? larger & TailMask : larger;
        }

        return Vector512.Sum(sum);
    }

    // alpha_t(k) = b_t(k) sum_j alpha_{t-1}(j) a_jk and beta_{t-1}(j) = sum_k a_jk b_t(k) beta_t(k), each up to a
    // factor; returns the log of sum_k alpha_T(k) with the factors put back. Eight steps cannot underflow unless an
    // a_jk is below 1e-37.
    private static double Recursions(double a11, double a12, double a21, double a22)
    {
        double* e1 = Emission1, e2 = Emission2, alpha1 = Alpha1, alpha2 = Alpha2, beta1 = Beta1, beta2 = Beta2;
        double f1 = e1[0], f2 = e2[0], b1 = 1.0, b2 = 1.0;
        alpha1[0] = f1;
        alpha2[0] = f2;
        beta1[T - 1] = b1;
        beta2[T - 1] = b2;
        int blocks = 0;
        for (int start = 1; start < T; start += Block)
        {
            int end = Math.Min(start + Block, T);
            double product = f1 + f2, inverse = 1.0 / product, backward = 1.0 / (b1 + b2);
            Scales[blocks++] = product;
            f1 *= inverse;
            f2 *= inverse;
            b1 *= backward;
            b2 *= backward;
            for (int t = start; t < end; t++)
            {
                double previous = f1;
                f1 = Math.FusedMultiplyAdd(f1, a11 * e1[t], f2 * (a21 * e1[t]));
                f2 = Math.FusedMultiplyAdd(previous, a12 * e2[t], f2 * (a22 * e2[t]));
                alpha1[t] = f1;
                alpha2[t] = f2;
                int s = T - t;
                double later = b1;
                b1 = Math.FusedMultiplyAdd(b1, a11 * e1[s], b2 * (a12 * e2[s]));
                b2 = Math.FusedMultiplyAdd(later, a21 * e1[s], b2 * (a22 * e2[s]));
                beta1[s - 1] = b1;
                beta2[s - 1] = b2;
            }
        }

        Scales[blocks] = f1 + f2;
        Vector512<double> first = Vector512.LoadAligned(Scales), second = Vector512.LoadAligned(Scales + 8);
        return Vector512.Sum(FastMath.Log(first) + FastMath.Log(second));
    }

    // g[0], g[1]: derivatives in a11 - a12 and a21 - a22 (expected transitions over probabilities); g[2], g[3]: in mu.
    private static void Expectations(double* g, double a11, double a12, double a21, double a22, double mu1, double mu2)
    {
        Vector512<double> p11 = V.All(a11), p12 = V.All(a12), p21 = V.All(a21), p22 = V.All(a22);
        Vector512<double> m1 = V.All(mu1), m2 = V.All(mu2), one = Vector512<double>.One;
        Vector512<double> row1 = default, row2 = default, g1 = default, g2 = default;
        for (int t = 0; t < T; t += 8)
        {
            Vector512<double> f1 = Vector512.LoadAligned(Alpha1 + t), f2 = Vector512.LoadAligned(Alpha2 + t);
            Vector512<double> w1 = f1 * Vector512.LoadAligned(Beta1 + t), w2 = f2 * Vector512.LoadAligned(Beta2 + t);
            Vector512<double> next1 = Vector512.Load(Emission1 + t + 1) * Vector512.Load(Beta1 + t + 1);
            Vector512<double> next2 = Vector512.Load(Emission2 + t + 1) * Vector512.Load(Beta2 + t + 1);
            Vector512<double> stay = V.Fma(p11, next1, p12 * next2), leave = V.Fma(p21, next1, p22 * next2);
            Vector512<double> flow = (next1 - next2) / V.Fma(f1, stay, f2 * leave);
            Vector512<double> share = w1 / (w1 + w2);
            Vector512<double> y = Vector512.LoadAligned(Y + t);
            Vector512<double> d1 = share * (y - m1), d2 = (one - share) * (y - m2);
            Vector512<double> t1 = f1 * flow, t2 = f2 * flow;
            if (t > T - 8)
            {
                d1 &= TailMask;
                d2 &= TailMask;
                t1 &= TransitionMask;
                t2 &= TransitionMask;
            }

            row1 += t1;
            row2 += t2;
            g1 += d1;
            g2 += d2;
        }

        g[0] = Vector512.Sum(row1);
        g[1] = Vector512.Sum(row2);
        g[2] = Vector512.Sum(g1);
        g[3] = Vector512.Sum(g2);
    }
}
