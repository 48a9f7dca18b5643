// `check`: the hand-written gradients against central differences of their own values, and their exp and log against
// Math's.
using System;
using System.Runtime.Intrinsics;
using Ppl.Benchmarks.Hand;

namespace Ppl.Benchmarks;

internal static class Check
{
    // Central differences of a sum over thousands of rows carry an error of about 1e-6.
    private const double Limit = 1e-5;

    /// <summary>
    /// For every model the largest |g_i - d_i| / (|d_i| + ||g||_inf 1e-3 + 1e-3) over the typical points, where d is
    /// Richardson's extrapolation of two central differences; an exception if it is too large.
    /// </summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "dimension", "logDensity", "maxRelativeError");
        foreach (IHandGradient hand in HandGradients.Named(models))
        {
            var points = new Points(hand);
            double worst = 0.0;
            for (int i = 0; i < Points.Count; i++)
            {
                worst = Math.Max(worst, RelativeError(hand, points[i]));
            }

            double value = hand.ValueAndGradient(points[0], new double[hand.Dimension]);
            Require(hand.Name, worst);
            table.Add(
                ("model", hand.Name),
                ("dimension", hand.Dimension),
                ("logDensity", value),
                ("maxRelativeError", worst));
        }

        double exp = FunctionError(FastMath.Exp, Math.Exp, u => 1400.0 * (u - 0.5), Math.Abs);
        double log = FunctionError(
            FastMath.Log, Math.Log, u => Math.Exp(20.0 * (u - 0.5)), x => Math.Max(1.0, Math.Abs(x)));
        Require("exp and log", Math.Max(exp, log) / 1e-15 * Limit);
        table.Add(("model", "FastMath.Exp"), ("maxRelativeError", exp));
        table.Add(("model", "FastMath.Log"), ("maxRelativeError", log));
        return table;
    }

    private static void Require(string name, double error)
    {
        if (!(error <= Limit))
        {
            throw new InvalidOperationException($"{name}: relative error {error:0.0e+00}.");
        }
    }

    // The largest |f(x) - exact(x)| / scale(exact(x)) over 10,001 arguments x = argument(u), u from 0 to 1.
    private static double FunctionError(
        Func<Vector512<double>, Vector512<double>> f,
        Func<double, double> exact,
        Func<double, double> argument,
        Func<double, double> scale)
    {
        double worst = 0.0;
        for (int i = 0; i <= 10_000; i++)
        {
            double x = argument(i / 10_000.0), expected = exact(x);
            worst = Math.Max(worst, Math.Abs(f(Vector512.Create(x))[i % 8] - expected) / scale(expected));
        }

        return worst;
    }

    private static double RelativeError(IHandGradient hand, ReadOnlySpan<double> point)
    {
        double[] q = point.ToArray(), gradient = new double[q.Length], scratch = new double[q.Length];
        hand.ValueAndGradient(q, gradient);
        double largest = 0.0, worst = 0.0;
        foreach (double g in gradient)
        {
            largest = Math.Max(largest, Math.Abs(g));
        }

        for (int i = 0; i < q.Length; i++)
        {
            double Central(double h)
            {
                double centre = q[i];
                q[i] = centre + h;
                double up = hand.ValueAndGradient(q, scratch);
                q[i] = centre - h;
                double down = hand.ValueAndGradient(q, scratch);
                q[i] = centre;
                return (up - down) / (2.0 * h);
            }

            double step = 3e-4 * Math.Max(0.1, Math.Abs(q[i]));
            double difference = ((4.0 * Central(step)) - Central(2.0 * step)) / 3.0;
            double scale = Math.Abs(difference) + (1e-3 * largest) + 1e-3;
            worst = Math.Max(worst, Math.Abs(gradient[i] - difference) / scale);
        }

        return worst;
    }
}
