// The one file that knows FSharp.Core: lists and options go in and out here, and nowhere else.
// Relies on Ppl.Core.
using System.Collections.Generic;
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
}
