// The one file that knows FSharp.Core: lists and options go in and out here, and nowhere else.
// Relies on Ppl.Core.
using System.Collections.Generic;
using System.Linq;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using Ppl.Core.Models;
using Ppl.Core.Probability;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>Conversions between C# and FSharp.Core types.</summary>
internal static class Bridge
{
    /// <summary>A site with named leading axes.</summary>
    public static Site Site(string address, IEnumerable<Axis> axes) => new(address, ListModule.OfSeq<Axis?>(axes));

    /// <summary>Independent copies along a new leading axis.</summary>
    public static IDistribution Copies(IDistribution distribution, int count) =>
        distribution.Expand(ListModule.OfSeq([count]));

    /// <summary>A number or the reason why there is none.</summary>
    public static Judged Judged(FSharpResult<double, Absence> result) =>
        result.IsOk ? new(result.ResultValue, null) : new(null, result.ErrorValue.Describe());

    /// <summary>A value or the reason why there is none.</summary>
    public static Judged<T> Checked<T>(FSharpResult<T, Absence> result)
        where T : class => result.IsOk ? new(result.ResultValue, null) : new(null, result.ErrorValue.Describe());

    /// <summary>A number, or null where there is none.</summary>
    public static double? Number(FSharpResult<double, Absence> result) => Judged(result).Number;

    /// <summary>An option as a value or null.</summary>
    public static int? Value(FSharpOption<int>? option) => option?.Value;

    /// <summary>An option as a reference or null.</summary>
    public static T? Value<T>(FSharpOption<T>? option)
        where T : class => option?.Value;

    /// <summary>All diagnostics of a run: divergences, tree depth, E-BFMI, R-hat and ESS.</summary>
    public static Diagnostic[] Diagnostics(
        bool[][] divergent,
        bool[][] saturated,
        int limit,
        double[][] energies,
        IReadOnlyList<ScalarSummary> summaries)
    {
        var limits = Limits.Default;
        FSharpResult<double, Absence>[] eBfmi = [.. energies.Select(Energy.bfmi)];
        return
        [
            .. Warnings.divergences(limits, divergent),
            .. Warnings.treeDepth(limits, limit, saturated),
            .. Warnings.eBfmi(limits, eBfmi),
            .. Warnings.ofSummaries(limits, divergent.Length, summaries),
        ];
    }

    /// <summary>One word over a run.</summary>
    public static Verdict Verdict(int chains, IEnumerable<ScalarSummary> summaries, IEnumerable<Diagnostic> diagnostics) =>
        Warnings.verdict(chains, summaries, ListModule.OfSeq(diagnostics));
}
