// gp_regr: Gaussian process regression on 11 points. The 55 kernel entries are seven vectors of exp; the matrix, bordered by y, is
// inverted in place by Gauss-Jordan sweeps (no pivoting: it is positive definite), which needs one division per pivot and no square root.
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
    private static readonly double* Distances = PackedDistances();
    private static readonly double* Packed = Memory.Buffer(Pairs);
    private static readonly double* Weights = Memory.Buffer(N * Stride);
    private static readonly double* Matrix = Memory.Buffer(N * Stride);
    private static readonly double* Units = UnitRows();

    // 25 log 4 - log 24!, a half-normal of scale 2 and one of scale 1, the multivariate normal.
    private static readonly double Constant = (25.0 * Math.Log(4.0)) - 54.784729398112319190 - ((N + 2) * V.HalfLogTwoPi) + Math.Log(2.0);

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

    // (x_i - x_j)^2 for i > j, row by row.
    private static double* PackedDistances()
    {
        double[] x = Data.Vector("x");
        double* packed = Memory.Buffer(Pairs);
        for (int i = 0, p = 0; i < N; i++)
        {
            for (int j = 0; j < i; j++, p++)
            {
                packed[p] = (x[i] - x[j]) * (x[i] - x[j]);
            }
        }

        return packed;
    }

    // Row k: 1 in column k, else 0.
    private static double* UnitRows()
    {
        double* rows = Memory.Buffer(N * Stride);
        for (int k = 0; k < N; k++)
        {
            rows[(k * Stride) + k] = 1.0;
        }

        return rows;
    }

    // With a = K^-1 y: d log f = 1/2 tr((a a' - K^-1) dK). Since K^-1 (K - sigma I) = I - sigma K^-1, only the derivative in rho
    // needs a sum over the matrix.
    private static double Evaluate(double* q, double* g)
    {
        double rho = Math.Exp(q[0]), alpha = Math.Exp(q[1]), sigma = Math.Exp(q[2]);
        double inverse = 1.0 / (rho * rho);
        Assemble(alpha * alpha, inverse, sigma);
        double determinant = Invert();
        double trace = 0.0, fit = 0.0, norm = 0.0;
        Vector512<double> sum = default;
        double* a = Matrix + N;
        for (int i = 0; i < N; i++)
        {
            double* row = Matrix + (i * Stride);
            double ai = row[N];
            trace += row[i];
            fit = Math.FusedMultiplyAdd(ai, Y[i], fit);
            norm = Math.FusedMultiplyAdd(ai, ai, norm);
        }

        for (int i = 0, p = 0; i < N; i++)
        {
            double* row = Matrix + (i * Stride);
            for (int j = 0; j < i; j++, p++)
            {
                Weights[p] = (row[N] * a[j * Stride]) - row[j];
            }
        }

        for (int p = 0; p < Pairs; p += 8)
        {
            sum = V.Fma(Vector512.LoadAligned(Weights + p), Vector512.LoadAligned(Packed + p) * Vector512.LoadAligned(Distances + p), sum);
        }

        g[0] = (Vector512.Sum(sum) * inverse) + 25.0 - (4.0 * rho);
        g[1] = fit - (sigma * norm) - N + (sigma * trace) - (0.25 * alpha * alpha) + 1.0;
        g[2] = (0.5 * sigma * (norm - trace)) - (sigma * sigma) + 1.0;
        double quadratic = fit + (0.25 * alpha * alpha) + (sigma * sigma);
        return (-0.5 * (quadratic + Math.Log(determinant))) + (25.0 * q[0]) - (4.0 * rho) + q[1] + q[2] + Constant;
    }

    private static void Assemble(double variance, double inverse, double sigma)
    {
        Vector512<double> scale = V.All(-0.5 * inverse), variances = V.All(variance);
        for (int p = 0; p < Pairs; p += 8)
        {
            (variances * FastMath.Exp(scale * Vector512.LoadAligned(Distances + p))).StoreAligned(Packed + p);
        }

        for (int i = 0, p = 0; i < N; i++)
        {
            double* row = Matrix + (i * Stride);
            for (int j = 0; j < i; j++, p++)
            {
                row[j] = Matrix[(j * Stride) + i] = Packed[p];
            }

            row[i] = variance + sigma;
            row[N] = Y[i];
        }
    }

    // [K | y] -> [K^-1 | K^-1 y]; returns the determinant, the product of the pivots.
    private static double Invert()
    {
        double determinant = 1.0;
        for (int k = 0; k < N; k++)
        {
            double* pivotRow = Matrix + (k * Stride);
            double* unit = Units + (k * Stride);
            double pivot = pivotRow[k];
            determinant *= pivot;
            pivotRow[k] = 1.0;
            Vector512<double> factor = V.All(1.0 / pivot);
            Vector512<double> left = Vector512.LoadAligned(pivotRow) * factor, right = Vector512.LoadAligned(pivotRow + 8) * factor;
            for (int i = 0; i < N; i++)
            {
                double* row = Matrix + (i * Stride);
                Vector512<double> f = V.All(-row[k]);
                V.Fma(f, left, V.Fma(f, Vector512.LoadAligned(unit), Vector512.LoadAligned(row))).StoreAligned(row);
                V.Fma(f, right, V.Fma(f, Vector512.LoadAligned(unit + 8), Vector512.LoadAligned(row + 8))).StoreAligned(row + 8);
            }

            left.StoreAligned(pivotRow);
            right.StoreAligned(pivotRow + 8);
        }

        return determinant;
    }
}
