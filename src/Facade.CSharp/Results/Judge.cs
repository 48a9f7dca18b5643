// The diagnostics of the core for one scalar, as C# sees them: numbers or null, with the reason for null.
// Relies on Ppl.Inference.Diagnostics and Bridge.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>Estimates from draws[chain][draw], with errors.</summary>
/// <remarks>
/// Diagnostics need chains of equal length. A stopped run has longer and shorter ones: the comparison uses the
/// k longest chains, cut to the shortest of them, k such that the most draws are used.
/// </remarks>
internal sealed class Judge(string name, double[][] draws)
{
    private readonly Lazy<Judged<Chains>> chains = new(() => Bridge.Checked(ChainsModule.check(Comparable(draws))));

    public Estimate Mean() =>
        Estimate(
            "mean",
            c => Bridge.Judged(ChainsModule.mean(c)),
            c => Bridge.Judged(Mcse.mean(c)),
            c => Bridge.Judged(Ess.mean(c)));

    public Estimate Sd() =>
        Estimate(
            "standard deviation",
            c => Bridge.Judged(ChainsModule.sd(c)),
            c => Bridge.Judged(Mcse.sd(c)),
            c => Bridge.Judged(Ess.sd(c)));

    public Estimate Quantile(double p) =>
        Estimate(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{p:G4} quantile"),
            c => new(ChainsModule.quantile(p, c), null),
            c => Bridge.Judged(Mcse.quantile(p, c)),
            c => Bridge.Judged(Ess.quantile(p, c)));

    public double? RHat() => Figure(c => Bridge.Judged(Rhat.rank(c)));

    public double? EssBulk() => Figure(c => Bridge.Judged(Ess.bulk(c)));

    public double? EssTail() => Figure(c => Bridge.Judged(Ess.tail(c)));

    public ScalarSummary Summary(double level) =>
        Ppl.Inference.Diagnostics.Summary.ofDrawsAt(level, name, Comparable(draws));

    /// <summary>The chains that are compared; see the remarks of the class.</summary>
    public static double[][] Comparable(IReadOnlyList<double[]> draws)
    {
        var longest = draws.Select(static d => d.Length).OrderDescending().ToArray();
        if (longest.Length == 0 || longest[0] == longest[^1])
        {
            return [.. draws];
        }

        var length = longest.Select(static (n, i) => (Length: n, Used: (i + 1) * n)).MaxBy(static x => x.Used).Length;
        return [.. draws.Where(d => d.Length >= length).Select(d => d[..length])];
    }

    private double? Figure(Func<Chains, Judged> measure) =>
        chains.Value.Value is { } checkedChains ? measure(checkedChains).Number : null;

    private Estimate Estimate(
        string what,
        Func<Chains, Judged> value,
        Func<Chains, Judged> error,
        Func<Chains, Judged> size)
    {
        if (chains.Value.Value is not { } c)
        {
            return new($"{what} of {name}", null, null, null, chains.Value.Reason);
        }

        var (v, e) = (value(c), error(c));
        return new($"{what} of {name}", v.Number, e.Number, size(c).Number, v.Reason ?? e.Reason);
    }
}

/// <summary>A number, or the reason why there is none.</summary>
internal readonly record struct Judged(double? Number, string? Reason);

/// <summary>A value, or the reason why there is none.</summary>
internal readonly record struct Judged<T>(T? Value, string? Reason)
    where T : class;
