// blr (sblrc): a regression on five columns without intercept; the padding rows are zero and need no mask.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = beta[5], log sigma. beta ~ N(0,10), sigma ~ HalfNormal(10), y ~ N(X beta, sigma), N = 100.
/// </summary>
public sealed unsafe class Blr : IHandGradient
{
    private const int N = 100;
    private static readonly DataSet Data = Examples.Data.Load("sblrc");
    private static readonly double* Y = Memory.Column(Data.Vector("y"));
    private static readonly double* X1 = Predictor(0), X2 = Predictor(1), X3 = Predictor(2);
    private static readonly double* X4 = Predictor(3), X5 = Predictor(4);

    private static readonly double Constant = (-(N + 6) * V.HalfLogTwoPi) - (6.0 * Math.Log(10.0)) + Math.Log(2.0);

    public string Name => "blr";

    public string Posterior => "sblrc-blr";

    public int Dimension => 6;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        for (int k = 0; k < 5; k++)
        {
            q[k] = typical.Real($"beta[{k + 1}]");
        }

        q[5] = typical.Log("sigma");
    }

    private static double* Predictor(int k)
    {
        double[,] x = Data.Matrix("X");
        double* column = Memory.Buffer(N);
        for (int n = 0; n < N; n++)
        {
            column[n] = x[n, k];
        }

        return column;
    }

    private static double Evaluate(double* q, double* g)
    {
        double inverseSigma = Math.Exp(-q[5]), sigma = 1.0 / inverseSigma;
        Vector512<double> b1 = V.All(q[0]), b2 = V.All(q[1]), b3 = V.All(q[2]), b4 = V.All(q[3]), b5 = V.All(q[4]);
        Vector512<double> squares = default, g1 = default, g2 = default, g3 = default, g4 = default, g5 = default;
        for (int i = 0; i < N; i += 8)
        {
            Vector512<double> x1 = Vector512.LoadAligned(X1 + i), x2 = Vector512.LoadAligned(X2 + i);
            Vector512<double> x3 = Vector512.LoadAligned(X3 + i), x4 = Vector512.LoadAligned(X4 + i);
            Vector512<double> x5 = Vector512.LoadAligned(X5 + i);
            Vector512<double> odd = V.Fma(b5, x5, V.Fma(b3, x3, b1 * x1)), even = V.Fma(b4, x4, b2 * x2);
            Vector512<double> r = Vector512.LoadAligned(Y + i) - odd - even;
            squares = V.Fma(r, r, squares);
            g1 = V.Fma(r, x1, g1);
            g2 = V.Fma(r, x2, g2);
            g3 = V.Fma(r, x3, g3);
            g4 = V.Fma(r, x4, g4);
            g5 = V.Fma(r, x5, g5);
        }

        double precision = inverseSigma * inverseSigma;
        double quadratic = Vector512.Sum(squares) * precision;
        g[0] = (Vector512.Sum(g1) * precision) - (0.01 * q[0]);
        g[1] = (Vector512.Sum(g2) * precision) - (0.01 * q[1]);
        g[2] = (Vector512.Sum(g3) * precision) - (0.01 * q[2]);
        g[3] = (Vector512.Sum(g4) * precision) - (0.01 * q[3]);
        g[4] = (Vector512.Sum(g5) * precision) - (0.01 * q[4]);
        g[5] = quadratic - N + 1.0 - (0.01 * sigma * sigma);
        double normals = (q[0] * q[0]) + (q[1] * q[1]) + (q[2] * q[2]) + (q[3] * q[3]) + (q[4] * q[4]);
        normals += sigma * sigma;
        return (-0.5 * (quadratic + (0.01 * normals))) - ((N - 1) * q[5]) + Constant;
    }
}
