// gp_regr: Gaussian process regression on 11 points. The 55 kernel entries are seven vectors of exp; the matrix,
// bordered by y, is inverted in place by Gauss-Jordan sweeps (no pivoting: it is positive definite), which needs one
// division per pivot and no square root.
using System;
using System.Runtime.Intrinsics;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// q = log rho, log alpha, log sigma. rho ~ Gamma(25, rate 4), alpha ~ HalfNormal(2), sigma ~ HalfNormal(1);
/// y ~ MVN(0, K), K_ij = alpha^2 exp(-(x_i - x_j)^2 / (2 rho^2)) + sigma 1[i=j], N = 11.
/// </summary>
public sealed unsafe class GpRegr : IHandGradient
{
    private const int N = 11, Stride = 16, Pairs = 55;
    private static readonly DataSet Data = Examples.Data.Load("gp_pois_regr");
    private static readonly double* Y = Memory.Column(Data.Vector("y"));
    private static readonly double* Distances = Memory.Buffer(N * Stride), PackedDistances = Memory.Buffer(Pairs);
    private static readonly double* Packed = Memory.Buffer(Pairs);

    // K, bordered by y on the right and below: 12 rows of 12 columns.
    private static readonly double* Matrix = Memory.Buffer((N + 1) * Stride);

    // K times the squared distances, element by element.
    private static readonly double* Weighted = Memory.Buffer(N * Stride);

    // Row k: 1 in column k, else 0; and all bits except in column k.
    private static readonly double* Units = Memory.Buffer(N * Stride), Others = Memory.Buffer(N * Stride);

    // 25 log 4 - log 24!, a half-normal of scale 2 and one of scale 1, the multivariate normal.
    private static readonly double Constant =
        (25.0 * Math.Log(4.0)) - 54.784729398112319190 - ((N + 2) * V.HalfLogTwoPi) + Math.Log(2.0);

    static GpRegr()
    {
        double[] x = Data.Vector("x");
        for (int i = 0, p = 0; i < N; i++)
        {
            for (int j = 0; j < N; j++)
            {
                Distances[(i * Stride) + j] = (x[i] - x[j]) * (x[i] - x[j]);
            }

            for (int j = 0; j < i; j++)
            {
                PackedDistances[p++] = Distances[(i * Stride) + j];
            }

            new Span<double>(Others + (i * Stride), Stride).Fill(BitConverter.Int64BitsToDouble(-1L));
            Others[(i * Stride) + i] = 0.0;
            Units[(i * Stride) + i] = 1.0;
        }
    }

    public string Name => "gp_regr";

    public string Posterior => "gp_pois_regr-gp_regr";

    public int Dimension => 3;

    public delegate*<double*, double*, double> Function => &Evaluate;

    public void TypicalPoint(Typical typical, Span<double> q)
    {
        q[0] = typical.Log("rho");
        q[1] = typical.Log("alpha");
        q[2] = typical.Log("sigma");
    }

    // With a = K^-1 y: d log f = 1/2 tr((a a' - K^-1) dK). Since K^-1 (K - sigma I) = I - sigma K^-1, only the
    // derivative in rho needs a sum over the matrix.
    private static double Evaluate(double* q, double* g)
    {
        double rho = Math.Exp(q[0]), alpha = Math.Exp(q[1]), sigma = Math.Exp(q[2]);
        double inverse = 1.0 / (rho * rho), variance = alpha * alpha;
        Assemble(variance, inverse, sigma);
        double logDeterminant = Math.Log(Invert());
        double* last = Matrix + (N * Stride);
        Vector512<double> left = Vector512.LoadAligned(last), right = Vector512.LoadAligned(last + 8);
        Vector512<double> sum1 = default, sum2 = default;
        double trace = 0.0, norm = 0.0, fit = -last[N];
        for (int i = 0; i < N * Stride; i += Stride)
        {
            double* row = Matrix + i, weighted = Weighted + i;
            double ai = row[N];
            trace += row[i / Stride];
            norm = Math.FusedMultiplyAdd(ai, ai, norm);
            Vector512<double> av = V.All(ai);
            sum1 = V.Fma(V.Fma(av, left, Vector512.LoadAligned(row)), Vector512.LoadAligned(weighted), sum1);
            sum2 = V.Fma(V.Fma(av, right, Vector512.LoadAligned(row + 8)), Vector512.LoadAligned(weighted + 8), sum2);
        }

        g[0] = (-0.5 * Vector512.Sum(sum1 + sum2) * inverse) + 25.0 - (4.0 * rho);
        g[1] = fit - (sigma * norm) - N + (sigma * trace) - (0.25 * variance) + 1.0;
        g[2] = (0.5 * sigma * (norm - trace)) - (sigma * sigma) + 1.0;
        double quadratic = fit + (0.25 * variance) + (sigma * sigma);
        return (-0.5 * (quadratic + logDeterminant)) + (25.0 * q[0]) - (4.0 * rho) + q[1] + q[2] + Constant;
    }

    // The bordered matrix [K, y; y', 0], and K times the squared distances.
    private static void Assemble(double variance, double inverse, double sigma)
    {
        Vector512<double> scale = V.All(-0.5 * inverse), variances = V.All(variance);
        double* matrix = Matrix, packed = Packed, y = Y;
        for (int p = 0; p < Pairs; p += 8)
        {
            (variances * FastMath.Exp(scale * Vector512.LoadAligned(PackedDistances + p))).StoreAligned(packed + p);
        }

        for (int i = 0; i < N; i++)
        {
            double* row = matrix + (i * Stride), column = matrix + i;
            for (int j = 0; j < i; j++)
            {
                row[j] = column[j * Stride] = packed[j];
            }

            packed += i;
            row[i] = variance + sigma;
            row[N] = y[i];
        }

        Vector512.LoadAligned(y).StoreAligned(matrix + (N * Stride));
        Vector512.LoadAligned(y + 8).StoreAligned(matrix + (N * Stride) + 8);
        for (int i = 0; i < N * Stride; i += 8)
        {
            (Vector512.LoadAligned(matrix + i) * Vector512.LoadAligned(Distances + i)).StoreAligned(Weighted + i);
        }
    }

    // Sweeps the eleven pivots: [K, y; y', 0] -> [K^-1, K^-1 y; -(K^-1 y)', -y' K^-1 y]; returns the determinant of K.
    private static double Invert()
    {
        double determinant = 1.0;
        for (int k = 0; k < N; k++)
        {
            double* pivotRow = Matrix + (k * Stride), unit = Units + (k * Stride), others = Others + (k * Stride);
            Vector512<double> others1 = Vector512.LoadAligned(others), others2 = Vector512.LoadAligned(others + 8);
            double pivot = pivotRow[k];
            determinant *= pivot;
            Vector512<double> factor = V.All(1.0 / pivot);
            Vector512<double> left = Vector512.LoadAligned(pivotRow) & others1;
            Vector512<double> right = Vector512.LoadAligned(pivotRow + 8) & others2;
            left = (left + Vector512.LoadAligned(unit)) * factor;
            right = (right + Vector512.LoadAligned(unit + 8)) * factor;
            for (int i = 0; i <= N; i++)
            {
                double* row = Matrix + (i * Stride);
                Vector512<double> f = V.All(-row[k]);
                V.Fma(f, left, Vector512.LoadAligned(row) & others1).StoreAligned(row);
                V.Fma(f, right, Vector512.LoadAligned(row + 8) & others2).StoreAligned(row + 8);
            }

            left.StoreAligned(pivotRow);
            right.StoreAligned(pivotRow + 8);
        }

        return determinant;
    }
}
