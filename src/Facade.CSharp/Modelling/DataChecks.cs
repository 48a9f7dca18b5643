// What the data of a model class must be before anything runs: there, not empty, as long as their axes, finite.
// Whether they fit their distributions (PPL1005) is the core's question. Relies on ModelSchema.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Models;

namespace Ppl;

/// <summary>Checks of the data members of a model; each error names the member, the index and the value.</summary>
internal static class DataChecks
{
    /// <summary>The axes that the labels define. Faults of the labels are Require's.</summary>
    public static IReadOnlyDictionary<string, Axis> Axes(IReadOnlyList<DataMember> data) =>
        data.Where(static m => m.Kind == DataKind.Axis && m.Value is string[])
            .Select(static m => (m.Name, Labels: (string[])m.Value!))
            .ToDictionary(static a => a.Name, static a => new Axis(a.Name, a.Labels.Length, a.Labels));

    /// <summary>PPL1001 to PPL1004, PPL1011 to PPL1013 for the first member at fault.</summary>
    public static void Require(IReadOnlyList<DataMember> data)
    {
        var sizes = new Dictionary<string, int>();
        foreach (var member in data.OrderBy(static m => m.Kind))
        {
            var value = member.Value ?? throw Missing(member);
            if (member.Kind == DataKind.Axis)
            {
                sizes[member.Name] = Labels(member, value).Length;
                continue;
            }

            Extents(member, value, sizes);
            Finite(member, value);
        }
    }

    /// <summary>PPL1013: a member or site names an axis that the model does not have.</summary>
    public static PplException UnknownAxis(string site, string axis, IEnumerable<string> known)
    {
        var names = string.Join(", ", known.Order());
        return new(
            "PPL1013",
            $"the model has no axis '{axis}'; it has {(names.Length == 0 ? "none" : names)}",
            "mark a string[] property with [Axis] and name it with nameof",
            site);
    }

    private static string[] Labels(DataMember member, object value)
    {
        var labels = value as string[] ?? throw Labelling(member, "an axis is a string[]", 0);
        if (labels.Length == 0)
        {
            throw Empty(member, "the axis has no labels");
        }

        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < labels.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(labels[i]))
            {
                throw Labelling(member, $"the label at index {i} is empty", i);
            }

            if (!first.TryAdd(labels[i], i))
            {
                var what = $"the label '{labels[i]}' stands at index {first[labels[i]]} and again at index {i}";
                throw Labelling(member, what, i);
            }
        }

        return labels;
    }

    private static void Extents(DataMember member, object value, Dictionary<string, int> sizes)
    {
        if (value is not Array array)
        {
            return;
        }

        if (array.Length == 0)
        {
            throw Empty(member, "the data are empty");
        }

        for (var i = 0; i < member.Axes.Count; i++)
        {
            var axis = member.Axes[i];
            if (!sizes.TryGetValue(axis, out var size))
            {
                throw UnknownAxis(member.Name, axis, sizes.Keys);
            }

            if (i >= array.Rank || array.GetLength(i) != size)
            {
                var found = i < array.Rank ? $"{array.GetLength(i)} elements" : "no such dimension";
                throw new PplException(
                    "PPL1004",
                    $"the axis {axis} has {size} labels, but dimension {i} of the data has {found}",
                    $"give one element for each label of {axis}, in the same order",
                    member.Name);
            }
        }
    }

    private static void Finite(DataMember member, object value)
    {
        var numbers = value switch
        {
            double x => [x],
            double[] xs => xs,
            double[,] xs => xs.Cast<double>(),
            _ => [],
        };
        var (index, bad) = numbers.Index().FirstOrDefault(static x => !double.IsFinite(x.Item), (-1, 0));
        if (index < 0)
        {
            return;
        }

        var isNaN = double.IsNaN(bad);
        var shown = bad.ToString(CultureInfo.InvariantCulture);
        throw new PplException(
            isNaN ? "PPL1001" : "PPL1002",
            $"the value at index {index} is {shown}",
            isNaN
                ? "remove the missing elements, or give them a latent site of their own"
                : "remove them, or model them as censored",
            member.Name,
            index);
    }

    private static PplException Missing(DataMember member) =>
        new(
            "PPL1011",
            $"the {(member.Kind == DataKind.Axis ? "labels" : "data")} of '{member.Name}' are missing (null)",
            $"set {member.Name} where the model is made",
            member.Name);

    private static PplException Empty(DataMember member, string what) =>
        new("PPL1003", what, $"give {member.Name} at least one element", member.Name);

    private static PplException Labelling(DataMember member, string what, int index) =>
        new("PPL1012", what, "give each element of the axis a label of its own", member.Name, index);
}
