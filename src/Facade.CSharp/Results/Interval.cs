// An interval that holds a stated share of the draws.
using System.Globalization;

namespace Ppl;

/// <summary>How the bounds of an interval are chosen.</summary>
public enum IntervalKind
{
    /// <summary>The same probability below the lower and above the upper bound.</summary>
    EqualTailed,
}

/// <summary>An interval that holds a stated probability.</summary>
/// <param name="Lower">The lower bound with its error.</param>
/// <param name="Upper">The upper bound with its error.</param>
/// <param name="Level">The probability that the interval holds.</param>
/// <param name="Kind">How the bounds are chosen.</param>
public sealed record Interval(Estimate Lower, Estimate Upper, double Level, IntervalKind Kind)
{
    /// <summary>For example 89% [-0.61, 9.2].</summary>
    public override string ToString() =>
        Lower.HasValue && Upper.HasValue
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * Level:G4}% [{Lower.Value:G3}, {Upper.Value:G3}]")
            : $"absent: {Lower.Reason}";
}
