// A number computed from draws, with its Monte Carlo error, or the reason why there is none.
using System.Globalization;
using Ppl.Core;

namespace Ppl;

/// <summary>
/// A number computed from draws, with the error that it has because there are only so many of them. It never holds NaN:
/// where a number cannot be given it is absent, with a reason. There is no conversion to double: ask for the value.
/// </summary>
public sealed record Estimate
{
    private readonly double? value;

    internal Estimate(string what, double? value, double? mcse, double? ess, string? reason)
    {
        What = what;
        this.value = value;
        Mcse = mcse;
        Ess = ess;
        Reason = reason;
    }

    /// <summary>What is estimated, for example mean of mu.</summary>
    public string What { get; }

    /// <summary>Whether there is a value.</summary>
    public bool HasValue => value is not null;

    /// <summary>The estimate.</summary>
    /// <exception cref="PplException">PPL2111: there is none; the message says why.</exception>
    public double Value =>
        value
        ?? throw new PplException("PPL2111", $"there is no {What}: {Reason}", "ask HasValue first, or draw longer");

    /// <summary>The Monte Carlo standard error, or null where it cannot be judged.</summary>
    public double? Mcse { get; }

    /// <summary>The effective sample size of this estimate, or null where it cannot be judged.</summary>
    public double? Ess { get; }

    /// <summary>Why the value or its error is absent; null if both are there.</summary>
    public string? Reason { get; }

    /// <summary>For example 4.41 (MCSE 0.03), or absent: there are no draws.</summary>
    public override string ToString() =>
        value is not { } v ? $"absent: {Reason}"
        : Mcse is { } error ? string.Create(CultureInfo.InvariantCulture, $"{v:G4} (MCSE {error:G2})")
        : string.Create(CultureInfo.InvariantCulture, $"{v:G4} (MCSE absent: {Reason})");
}
