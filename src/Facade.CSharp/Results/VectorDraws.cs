// The draws of a vector and of a matrix: elements by label or by place. Relies on ScalarDraws.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace Ppl;

/// <summary>The draws of a vector: one <see cref="ScalarDraws"/> for each element.</summary>
public sealed class VectorDraws : IReadOnlyList<ScalarDraws>
{
    private readonly SiteDraws site;

    internal VectorDraws(SiteDraws site) => this.site = site;

    /// <summary>The address.</summary>
    public string Name => site.Name;

    /// <summary>The number of elements.</summary>
    public int Count => site.Shape[0];

    /// <summary>The labels of the axis; empty if it has none.</summary>
    public IReadOnlyList<string> Labels => site.Labels(0);

    /// <summary>The element at a place, counted from 0.</summary>
    public ScalarDraws this[int index] => site.Element(index);

    /// <summary>The element with a label (PPL6011 for an unknown one, with the nearest labels).</summary>
    public ScalarDraws this[string label] => site.Element(site.Place(0, label));

    /// <summary>The means of the elements.</summary>
    public Estimate[] Mean() => [.. this.Select(static x => x.Mean())];

    /// <summary>The standard deviations of the elements.</summary>
    public Estimate[] Sd() => [.. this.Select(static x => x.Sd())];

    /// <inheritdoc/>
    public IEnumerator<ScalarDraws> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The draws of a matrix: one <see cref="ScalarDraws"/> for each element.</summary>
public sealed class MatrixDraws
{
    private readonly SiteDraws site;

    internal MatrixDraws(SiteDraws site) => this.site = site;

    /// <summary>The address.</summary>
    public string Name => site.Name;

    /// <summary>The number of rows.</summary>
    public int Rows => site.Shape[0];

    /// <summary>The number of columns.</summary>
    public int Columns => site.Shape[1];

    /// <summary>The labels of the rows; empty if they have none.</summary>
    public IReadOnlyList<string> RowLabels => site.Labels(0);

    /// <summary>The labels of the columns; empty if they have none.</summary>
    public IReadOnlyList<string> ColumnLabels => site.Labels(1);

    /// <summary>The element at a place, counted from 0.</summary>
    public ScalarDraws this[int row, int column] => site.Element(row, column);

    /// <summary>The element with labels (PPL6011 for an unknown one, with the nearest labels).</summary>
    public ScalarDraws this[string row, string column] => site.Element(site.Place(0, row), site.Place(1, column));
}
