// What is known of a model class without running it: written by the generator, read by everything after.
using System.Collections.Generic;

namespace Ppl;

/// <summary>A declared site of a model.</summary>
/// <param name="Name">The address.</param>
/// <param name="Axes">The axes along the leading dimensions, outermost first.</param>
public sealed record SiteInfo(string Name, IReadOnlyList<string> Axes);

/// <summary>The name of a model and its declared sites, in the order of declaration.</summary>
/// <param name="Name">The model's name in reports and files.</param>
/// <param name="Sites">The declared sites.</param>
public sealed record ModelSchema(string Name, IReadOnlyList<SiteInfo> Sites);

/// <summary>What a data member of a model is.</summary>
public enum DataKind
{
    /// <summary>The labels of an axis.</summary>
    Axis,

    /// <summary>Data that the model explains.</summary>
    Observed,

    /// <summary>Data that the model takes as given.</summary>
    Fixed,
}

/// <summary>A data member of a model, with its value.</summary>
/// <param name="Name">The member's name; for an axis also the axis's.</param>
/// <param name="Kind">What the member is.</param>
/// <param name="Axes">The axes along the dimensions of the value, outermost first.</param>
/// <param name="Value">The value: an array, a number, or null where it is missing.</param>
public sealed record DataMember(string Name, DataKind Kind, IReadOnlyList<string> Axes, object? Value);
