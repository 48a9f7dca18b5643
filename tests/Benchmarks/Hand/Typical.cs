// Points near a reference posterior: draws from independent normals with the reference medians and a fraction of the
// spreads (on the log or logit scale where the transform has one). Not posterior draws: the correlations are unknown,
// hence the fraction.
using System;
using System.Collections.Generic;
using Ppl.Examples;

namespace Ppl.Benchmarks.Hand;

/// <summary>Draws typical values of one posterior's parameters, with a fixed seed.</summary>
public sealed class Typical
{
    private const double Fraction = 0.1;
    private readonly Random random;
    private readonly IReadOnlyDictionary<string, Summary> summaries;

    /// <summary>Typical values for the reference posterior of that name.</summary>
    public Typical(string posterior, int seed)
    {
        random = new Random(seed);
        summaries = Reference.Load(posterior);
    }

    /// <summary>A standard normal draw.</summary>
    public double Normal() =>
        Math.Sqrt(-2.0 * Math.Log(1.0 - random.NextDouble())) * Math.Cos(2.0 * Math.PI * random.NextDouble());

    /// <summary>A typical value of a real parameter.</summary>
    public double Real(string parameter) => Draw(parameter, x => x);

    /// <summary>The logarithm of a typical value of a positive parameter.</summary>
    public double Log(string parameter) => Draw(parameter, Math.Log);

    /// <summary>The log-odds of a typical value of a parameter between 0 and 1.</summary>
    public double Logit(string parameter) => Draw(parameter, x => Math.Log(x / (1.0 - x)));

    // The 5% and 95% quantiles of a normal are 3.29 standard deviations apart.
    private double Draw(string parameter, Func<double, double> transform)
    {
        Summary s = summaries[parameter];
        double sd = (transform(s.Q95) - transform(s.Q05)) / 3.29;
        return transform(s.Q50) + (Fraction * sd * Normal());
    }
}
