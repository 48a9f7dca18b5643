// The state-space model of the `kalman` benchmark: its constants and its simulated observations, which both contestants
// read. Relies on nothing of the system under test.
using System;

namespace Ppl.Benchmarks.Hand;

/// <summary>
/// A damped local linear trend (level, slope) and a damped cycle of known frequency, seen as their sum:
/// x_{t+1} = F x_t + N(0, Q), y_t = h' x_t + N(0, R), x_0 ~ N(0, 10 I), t = 0 .. 999.
/// Parameters: log q, log R, logit phi, logit rho with Q = q D and F = F0 + phi F1 + rho F2.
/// </summary>
internal static class StateSpace
{
    public const int T = 1000;
    public const int States = 4;
    public const int Dimension = 4;
    public const double InitialVariance = 10.0;
    private const double Frequency = 0.3;
    private const int Seed = 20260102;

    /// <summary>The constant part of F.</summary>
    public static readonly double[,] F0 = { { 1, 1, 0, 0 }, { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { 0, 0, 0, 0 } };

    /// <summary>The part of F that the damping of the slope scales.</summary>
    public static readonly double[,] F1 = { { 0, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 0, 0 }, { 0, 0, 0, 0 } };

    /// <summary>The part of F that the damping of the cycle scales: a rotation.</summary>
    public static readonly double[,] F2 =
    {
        { 0, 0, 0, 0 },
        { 0, 0, 0, 0 },
        { 0, 0, Math.Cos(Frequency), Math.Sin(Frequency) },
        { 0, 0, -Math.Sin(Frequency), Math.Cos(Frequency) },
    };

    /// <summary>The process noise, up to its scale.</summary>
    public static readonly double[,] D = { { 1, 0, 0, 0 }, { 0, 0.1, 0, 0 }, { 0, 0, 0.5, 0 }, { 0, 0, 0, 0.5 } };

    /// <summary>What an observation sees of the state.</summary>
    public static readonly double[] H = [1, 0, 1, 0];

    /// <summary>Where the observations come from, and the typical points from near it.</summary>
    public static readonly double[] Truth = [Math.Log(0.1), Math.Log(0.5), 2.0, 3.0];

    /// <summary>The observations.</summary>
    public static readonly double[] Y = Simulate();

    /// <summary>The typical point with this number: the truth and a tenth of a standard normal in each coordinate.</summary>
    public static double[] TypicalPoint(int number)
    {
        var random = new Random(Seed + 1 + number);
        return Array.ConvertAll(Truth, x => x + (0.1 * Normal(random)));
    }

    private static double[] Simulate()
    {
        var random = new Random(Seed);
        double q = Math.Exp(Truth[0]), r = Math.Exp(Truth[1]);
        double phi = 1.0 / (1.0 + Math.Exp(-Truth[2])), rho = 1.0 / (1.0 + Math.Exp(-Truth[3]));
        var x = new double[States];
        var y = new double[T];
        for (int t = 0; t < T; t++)
        {
            var next = new double[States];
            for (int i = 0; i < States; i++)
            {
                y[t] += H[i] * x[i];
                next[i] = Math.Sqrt(q * D[i, i]) * Normal(random);
                for (int k = 0; k < States; k++)
                {
                    next[i] += (F0[i, k] + (phi * F1[i, k]) + (rho * F2[i, k])) * x[k];
                }
            }

            y[t] += Math.Sqrt(r) * Normal(random);
            x = next;
        }

        return y;
    }

    // Box and Muller's transform.
    private static double Normal(Random random) =>
        Math.Sqrt(-2.0 * Math.Log(1.0 - random.NextDouble())) * Math.Cos(2.0 * Math.PI * random.NextDouble());
}
