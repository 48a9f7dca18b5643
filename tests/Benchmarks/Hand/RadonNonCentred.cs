// radon, non-centred: rows in the given order. The county intercepts are gathered; the residuals are scattered into
// eight copies of the accumulators in turn, because neighbouring rows often share a county and would wait for each
// other's stores.
using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = log sigma_alpha, log sigma_y, mu_alpha, beta_1, beta_2, alpha_raw[85]. sigma_alpha, sigma_y ~ HalfNormal(1);
/// mu_alpha, beta ~ N(0,10), alpha_raw ~ N(0,1), alpha = mu_alpha + sigma_alpha alpha_raw,
/// log_radon_n ~ N(alpha[county_n] + beta_1 log_uppm_n + beta_2 floor_n, sigma_y), N = 919.
/// </summary>
public sealed unsafe class RadonNonCentred : IHandGradient
{
    private const int N = 919, J = 85, First = 5, Stride = 96;
    private static readonly DataSet Data = Examples.Data.Load("radon_mn");
    private static readonly double* Y = Memory.Column(Data.Vector("log_radon"));
    private static readonly double* Uranium = Memory.Column(Data.Vector("log_uppm"));
    private static readonly double* Floor = Memory.Column(Data.Vector("floor_measure"));
    private static readonly int* County = Counties();
    private static readonly double* Alpha = Memory.Buffer(J);
    private static readonly double* Residuals = Memory.Buffer(N);
    private static readonly double* Sums = Memory.Buffer(8 * Stride);
    private static readonly Vector512<double> TailMask = Memory.TailMask(N);

    // The last vector of counties overlaps the one before it by three.
    private static readonly Vector512<double> NewCounties = ~Memory.TailMask(3);

    private static readonly double Constant =
        (-(N + J + 5) * V.HalfLogTwoPi) + (2.0 * Math.Log(2.0)) - (3.0 * Math.Log(10.0));

    public string Name => "radon_noncentered";

    public string Posterior => "radon_mn-radon_hierarchical_intercept_noncentered";

    public int Dimension => First + J;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Log("sigma_alpha");
        q[1] = typical.Log("sigma_y");
        q[2] = typical.Real("mu_alpha");
        q[3] = typical.Real("beta[1]");
        q[4] = typical.Real("beta[2]");
        for (int j = 0; j < J; j++)
        {
            q[First + j] = typical.Real($"alpha_raw[{j + 1}]");
        }
    }

    // From 0; the padding rows belong to county 0 and have a residual of 0.
    private static int* Counties()
    {
        int[] counties = Data.Ints("county_idx");
        int* memory = (int*)NativeMemory.AlignedAlloc((N + 8) * sizeof(int), 64);
        for (int n = 0; n < N + 8; n++)
        {
            memory[n] = n < N ? counties[n] - 1 : 0;
        }

        return memory;
    }

    private static double Evaluate(double* q, double* g)
    {
        double sigmaAlpha = Math.Exp(q[0]), inverseSigma = Math.Exp(-q[1]), precision = inverseSigma * inverseSigma;
        double sigmaY = 1.0 / inverseSigma;
        double rawSquares = Intercepts(q, sigmaAlpha);
        double quadratic = Likelihood(q, g) * precision;
        Scatter();
        Adjoints(q, g, sigmaAlpha, precision);
        g[0] = (sigmaAlpha * (g[0] - sigmaAlpha)) + 1.0;
        g[1] = quadratic - N - (sigmaY * sigmaY) + 1.0;
        g[2] -= 0.01 * q[2];
        g[3] = (g[3] * precision) - (0.01 * q[3]);
        g[4] = (g[4] * precision) - (0.01 * q[4]);
        double squares = rawSquares + (sigmaAlpha * sigmaAlpha) + (sigmaY * sigmaY);
        squares += 0.01 * ((q[2] * q[2]) + (q[3] * q[3]) + (q[4] * q[4]));
        return (-0.5 * (quadratic + squares)) - ((N - 1) * q[1]) + q[0] + Constant;
    }

    // alpha = mu_alpha + sigma_alpha alpha_raw; returns the sum of alpha_raw^2.
    private static double Intercepts(double* q, double sigmaAlpha)
    {
        double* raw = q + First;
        Vector512<double> scale = V.All(sigmaAlpha), mean = V.All(q[2]);
        Vector512<double> z = Vector512.Load(raw + J - 8);
        V.Fma(scale, z, mean).Store(Alpha + J - 8);
        Vector512<double> squares = (z * z) & NewCounties;
        for (int j = 0; j < J - 8; j += 8)
        {
            z = Vector512.Load(raw + j);
            V.Fma(scale, z, mean).StoreAligned(Alpha + j);
            squares = V.Fma(z, z, squares);
        }

        return Vector512.Sum(squares);
    }

    // Stores the residuals; g[3], g[4]: their products with the two columns; returns the sum of their squares.
    private static double Likelihood(double* q, double* g)
    {
        Vector512<double> b1 = V.All(q[3]), b2 = V.All(q[4]), squares = default, g1 = default, g2 = default;
        double* alpha = Alpha;
        for (int n = 0; n < N; n += 8)
        {
            int* c = County + n;
            Vector512<double> u = Vector512.LoadAligned(Uranium + n), f = Vector512.LoadAligned(Floor + n);
            Vector512<double> a = Vector512.Create(
                alpha[c[0]], alpha[c[1]], alpha[c[2]], alpha[c[3]], alpha[c[4]], alpha[c[5]], alpha[c[6]], alpha[c[7]]);
            Vector512<double> r = Vector512.LoadAligned(Y + n) - V.Fma(b2, f, V.Fma(b1, u, a));
            if (n > N - 8)
            {
                r &= TailMask;
            }

            r.StoreAligned(Residuals + n);
            squares = V.Fma(r, r, squares);
            g1 = V.Fma(r, u, g1);
            g2 = V.Fma(r, f, g2);
        }

        g[3] = Vector512.Sum(g1);
        g[4] = Vector512.Sum(g2);
        return Vector512.Sum(squares);
    }

    private static void Scatter()
    {
        double* sums = Sums;
        new Span<double>(sums, 8 * Stride).Clear();
        for (int n = 0; n < N; n += 8)
        {
            int* c = County + n;
            double* residual = Residuals + n;
            sums[c[0]] += residual[0];
            (sums + Stride)[c[1]] += residual[1];
            (sums + (2 * Stride))[c[2]] += residual[2];
            (sums + (3 * Stride))[c[3]] += residual[3];
            (sums + (4 * Stride))[c[4]] += residual[4];
            (sums + (5 * Stride))[c[5]] += residual[5];
            (sums + (6 * Stride))[c[6]] += residual[6];
            (sums + (7 * Stride))[c[7]] += residual[7];
        }
    }

    // From the sums of residuals per county to the gradient in alpha_raw; g[0]: in sigma_alpha, g[2]: in mu_alpha.
    private static void Adjoints(double* q, double* g, double sigmaAlpha, double precision)
    {
        Vector512<double> scale = V.All(sigmaAlpha), weight = V.All(precision);
        Vector512<double> total = default, cross = default;
        for (int k = 0; k < J; k += 8)
        {
            int j = Math.Min(k, J - 8);
            double* s = Sums + j;
            Vector512<double> adjoint = Vector512.Load(s);
            for (int copy = 1; copy < 8; copy++)
            {
                adjoint += Vector512.Load(s + (copy * Stride));
            }

            adjoint *= weight;
            Vector512<double> z = Vector512.Load(q + First + j);
            V.Fma(scale, adjoint, -z).Store(g + First + j);
            if (j < k)
            {
                adjoint &= NewCounties;
            }

            total += adjoint;
            cross = V.Fma(adjoint, z, cross);
        }

        g[0] = Vector512.Sum(cross);
        g[2] = Vector512.Sum(total);
    }
}
