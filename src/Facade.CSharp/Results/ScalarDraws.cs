// The draws of one number and what people ask of them. Every figure comes with its Monte Carlo error.
// Relies on Ppl.Inference.Diagnostics through Judge. Read VectorDraws next.
using System;
using System.Linq;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>The draws of one number, chain by chain, and the estimates made from them.</summary>
public sealed class ScalarDraws
{
    private readonly double[][] draws;
    private readonly Judge judge;

    internal ScalarDraws(string name, double[][] draws)
    {
        Name = name;
        this.draws = draws;
        judge = new Judge(name, draws);
    }

    /// <summary>The name, for example mu or theta[Choate].</summary>
    public string Name { get; }

    /// <summary>The number of chains.</summary>
    public int Chains => draws.Length;

    /// <summary>The number of draws of all chains together.</summary>
    public int Count => draws.Sum(static chain => chain.Length);

    /// <summary>The draws of one chain, in order.</summary>
    public ReadOnlySpan<double> Chain(int chain) => draws[chain];

    /// <summary>The draws of all chains, chain by chain.</summary>
    public double[] ToArray() => [.. draws.SelectMany(static chain => chain)];

    /// <summary>The mean.</summary>
    public Estimate Mean() => judge.Mean();

    /// <summary>The standard deviation.</summary>
    public Estimate Sd() => judge.Sd();

    /// <summary>The median.</summary>
    public Estimate Median() => judge.Quantile(0.5);

    /// <summary>The value below which a share of the draws lies (type 7, the default of R and NumPy).</summary>
    /// <param name="probability">The share, strictly between 0 and 1.</param>
    public Estimate Quantile(double probability) => judge.Quantile(Share(probability, nameof(probability)));

    /// <summary>The equal-tailed interval.</summary>
    /// <param name="level">The probability that it holds, strictly between 0 and 1.</param>
    public Interval Eti(double level = 0.89)
    {
        Share(level, nameof(level));
        var half = 0.5 * level;
        return new(judge.Quantile(0.5 - half), judge.Quantile(0.5 + half), level, IntervalKind.EqualTailed);
    }

    /// <summary>The probability of a statement about the number: the share of the draws for which it holds.</summary>
    public Estimate Probability(Func<double, bool> statement)
    {
        Guard.Given(statement);
        var indicator = Map($"P({Name})", x => statement(x) ? 1.0 : 0.0);
        return indicator.judge.Mean();
    }

    /// <summary>The draws of a function of the number.</summary>
    public ScalarDraws Map(Func<double, double> function) => Map($"f({Name})", Guard.Given(function));

    /// <summary>The draws of a function of the number, under a name.</summary>
    public ScalarDraws Map(string name, Func<double, double> function)
    {
        Guard.Given(function);
        return new(Guard.Given(name), Array.ConvertAll(draws, chain => Array.ConvertAll(chain, x => function(x))));
    }

    /// <summary>
    /// Rank-normalised split R-hat: up to 1.01 the chains agree. Null where it cannot be judged (one short chain,
    /// constant draws).
    /// </summary>
    public double? RHat() => judge.RHat();

    /// <summary>The effective sample size of the centre, or null where it cannot be judged.</summary>
    public double? EssBulk() => judge.EssBulk();

    /// <summary>The effective sample size of the tails, or null where it cannot be judged.</summary>
    public double? EssTail() => judge.EssTail();

    /// <summary>Name, mean and standard deviation.</summary>
    public override string ToString() => $"{Name}: mean {Mean()}, sd {Sd()}, {Count} draws";

    internal ScalarSummary Summarise(double level) => judge.Summary(level);

    private static double Share(double value, string name) =>
        value > 0 && value < 1
            ? value
            : throw new ArgumentOutOfRangeException(name, value, "a probability strictly between 0 and 1 is needed");
}
