// `check`: the hand-written gradients against central differences of their own values.
using System;
using System.Linq;
using Ppl.Benchmarks.Hand;

namespace Ppl.Benchmarks;

internal static class Check
{
    /// <summary>
    /// For every model the largest |g_i - d_i| / (|d_i| + ||g||_inf 1e-3 + 1e-3) over the typical points, where d is Richardson's extrapolation
    /// of two central differences.
    /// </summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "dimension", "logDensity", "maxRelativeError");
        foreach (IHandGradient hand in HandGradients.All.Where(hand => models.Length == 0 || models.Contains(hand.Name)))
        {
            var points = new Points(hand);
            double worst = 0.0;
            for (int i = 0; i < Points.Count; i++)
            {
                worst = Math.Max(worst, RelativeError(hand, points[i]));
            }

            double value = hand.ValueAndGradient(points[0], new double[hand.Dimension]);
            table.Add(("model", hand.Name), ("dimension", hand.Dimension), ("logDensity", value), ("maxRelativeError", worst));
        }

        return table;
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
            worst = Math.Max(worst, Math.Abs(gradient[i] - difference) / (Math.Abs(difference) + (1e-3 * largest) + 1e-3));
        }

        return worst;
    }
}
