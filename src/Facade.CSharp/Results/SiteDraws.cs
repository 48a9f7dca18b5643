// The draws of one site as they are stored: chain by chain, draw after draw, elements row by row.
// Relies on ScalarDraws. Read DrawStore next.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Core;
using Ppl.Core.Models;

namespace Ppl;

/// <summary>The stored draws of one site.</summary>
/// <param name="name">The address.</param>
/// <param name="shape">The extents of one draw.</param>
/// <param name="axes">The named leading axes; as many as there are names.</param>
/// <param name="chains">chains[chain][draw * elements + element]</param>
internal sealed class SiteDraws(string name, int[] shape, IReadOnlyList<Axis> axes, double[][] chains)
{
    public string Name => name;

    public int[] Shape => shape;

    /// <summary>The number of elements of one draw.</summary>
    public int Elements { get; } = shape.Aggregate(1, static (product, extent) => product * extent);

    public IReadOnlyList<string> Labels(int axis) => axis < axes.Count ? axes[axis].Labels : [];

    /// <summary>The place of a label along an axis (PPL6011).</summary>
    public int Place(int axis, string label)
    {
        var labels = Labels(axis);
        for (var i = 0; i < labels.Count; i++)
        {
            if (string.Equals(labels[i], Guard.Given(label), StringComparison.Ordinal))
            {
                return i;
            }
        }

        var known = labels.Count == 0
            ? "the axis has no labels"
            : "known: " + string.Join(", ", Address.nearest(label, labels).Select(static l => $"'{l}'"));
        var what = $"no element is labelled '{label}'; {known}";
        throw new PplException("PPL6011", what, "correct the label, or use the place", name);
    }

    /// <summary>The draws of the element at these places.</summary>
    public ScalarDraws Element(params int[] places)
    {
        for (var axis = 0; axis < places.Length; axis++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(places[axis]);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(places[axis], shape[axis]);
        }

        return Flat(Flatten(places));
    }

    /// <summary>The row-major number of the element at these places.</summary>
    public int Flatten(int[] places)
    {
        var flat = 0;
        for (var axis = 0; axis < places.Length; axis++)
        {
            flat = (flat * shape[axis]) + places[axis];
        }

        return flat;
    }

    /// <summary>The draws of the element with this row-major number.</summary>
    public ScalarDraws Flat(int element) =>
        new(ElementName(element), Array.ConvertAll(chains, chain => Column(chain, element)));

    /// <summary>theta[Choate], theta[0], beta[a,2], mu.</summary>
    public string ElementName(int element)
    {
        var places = Places(element).Select((place, axis) => Labels(axis) is { Count: > 0 } l ? l[place] : $"{place}");
        return shape.Length == 0 ? name : $"{name}[{string.Join(",", places)}]";
    }

    /// <summary>The places along each axis of a row-major number.</summary>
    public int[] Places(int element)
    {
        var places = new int[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            (element, places[axis]) = Math.DivRem(element, shape[axis]);
        }

        return places;
    }

    /// <summary>The elements of one draw.</summary>
    public ReadOnlySpan<double> Draw(int chain, int draw) => chains[chain].AsSpan(draw * Elements, Elements);

    private double[] Column(double[] chain, int element)
    {
        var column = new double[chain.Length / Elements];
        for (var draw = 0; draw < column.Length; draw++)
        {
            column[draw] = chain[(draw * Elements) + element];
        }

        return column;
    }
}
