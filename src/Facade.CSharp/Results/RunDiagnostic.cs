// What is wrong with a run, as data, and one verdict over all. Relies on Ppl.Inference.Diagnostics through Bridge.
using System.Collections.Generic;
using System.Linq;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>How much a diagnostic matters.</summary>
public enum DiagnosticSeverity
{
    /// <summary>Costs time, not correctness.</summary>
    Info,

    /// <summary>The result may be wrong: look before using it.</summary>
    Warning,

    /// <summary>The result must not be used.</summary>
    Error,
}

/// <summary>A draw of a run.</summary>
/// <param name="Chain">The chain, counted from 0.</param>
/// <param name="Draw">The draw within the chain, counted from 0.</param>
public readonly record struct DrawPosition(int Chain, int Draw);

/// <summary>One thing that is wrong with a run.</summary>
/// <param name="Id">The id, for example PPL2101: the name of a page in docs/diagnostics.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Site">The number concerned, for example theta[Choate]; null if the whole run is.</param>
/// <param name="Chain">The chain concerned; null if several are.</param>
/// <param name="Value">What was found: a fraction of draws, an R-hat, an ESS, an E-BFMI.</param>
/// <param name="Limit">The limit that the value passed.</param>
/// <param name="Positions">The draws concerned; empty unless single draws are.</param>
/// <param name="Message">What was found, in one sentence.</param>
/// <param name="Advice">What to do.</param>
public sealed record RunDiagnostic(
    string Id,
    DiagnosticSeverity Severity,
    string? Site,
    int? Chain,
    double Value,
    double Limit,
    IReadOnlyList<DrawPosition> Positions,
    string Message,
    string Advice)
{
    internal static RunDiagnostic Of(Diagnostic d) =>
        new(
            d.Id,
            (DiagnosticSeverity)(int)d.Severity,
            Bridge.Value(d.Site),
            Bridge.Value(d.Chain),
            d.Value,
            d.Limit,
            [.. d.Positions.Select(static p => new DrawPosition(p.Item1, p.Item2))],
            d.Message,
            d.Advice);

    /// <summary>Id, what was found, and what to do.</summary>
    public override string ToString() => $"{Id}  {Message}\n  Do: {Advice}";
}

/// <summary>The verdict over a run.</summary>
public enum HealthVerdict
{
    /// <summary>Nothing was found.</summary>
    Good,

    /// <summary>Something was found that may have bent the result.</summary>
    LookAtThis,

    /// <summary>Too little to judge by: one chain, or too few draws.</summary>
    CannotJudge,

    /// <summary>The chains contradict each other.</summary>
    DoNotUse,
}

/// <summary>Whether the draws of a run can be trusted.</summary>
/// <param name="Verdict">One word.</param>
public sealed record Health(HealthVerdict Verdict)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Ok => Verdict == HealthVerdict.Good;

    /// <summary>The exit code of a program that reports this run: 0 where nothing was found, else 3.</summary>
    public int ExitCode => Ok ? 0 : 3;

    /// <summary>The verdict in words.</summary>
    public override string ToString() =>
        Verdict switch
        {
            HealthVerdict.Good => "OK: the chains agree and nothing was found",
            HealthVerdict.LookAtThis => "look at this: something was found that may have bent the result",
            HealthVerdict.CannotJudge => "cannot judge: too few chains or draws",
            _ => "do not use: the chains contradict each other",
        };
}
