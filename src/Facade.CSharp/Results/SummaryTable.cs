// The summary table: ArviZ's columns and rounding, as typed rows, text and CSV. The figures and the rounding are
// Ppl.Inference.Diagnostics.Summary's. Relies on Judge and Csv.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>The summary of the draws of one number; null where a figure cannot be given.</summary>
/// <param name="Name">The name, for example theta[Choate].</param>
/// <param name="Mean">The mean.</param>
/// <param name="Sd">The standard deviation.</param>
/// <param name="EtiLower">The lower bound of the equal-tailed interval.</param>
/// <param name="EtiUpper">The upper bound of the equal-tailed interval.</param>
/// <param name="EssBulk">The effective sample size of the centre.</param>
/// <param name="EssTail">The effective sample size of the tails.</param>
/// <param name="RHat">Rank-normalised split R-hat.</param>
/// <param name="McseMean">The Monte Carlo standard error of the mean.</param>
/// <param name="McseSd">The Monte Carlo standard error of the standard deviation.</param>
public sealed record SummaryRow(
    string Name,
    double? Mean,
    double? Sd,
    double? EtiLower,
    double? EtiUpper,
    double? EssBulk,
    double? EssTail,
    double? RHat,
    double? McseMean,
    double? McseSd);

/// <summary>One row for each number of a posterior.</summary>
public sealed class SummaryTable : IReadOnlyList<SummaryRow>
{
    private readonly ScalarSummary[] summaries;
    private readonly SummaryRow[] rows;

    internal SummaryTable(double level, IEnumerable<ScalarSummary> summaries)
    {
        Level = level;
        this.summaries = [.. summaries];
        rows = Array.ConvertAll(this.summaries, Row);
    }

    /// <summary>The probability that the intervals hold.</summary>
    public double Level { get; }

    /// <summary>The number of rows.</summary>
    public int Count => rows.Length;

    /// <summary>A row.</summary>
    public SummaryRow this[int index] => rows[index];

    /// <summary>The row of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public SummaryRow this[string name] =>
        rows.FirstOrDefault(row => row.Name == name) ?? throw new KeyNotFoundException($"there is no row '{name}'");

    /// <summary>
    /// The table as text, columns aligned. Mean and sd show the digits that their Monte Carlo error leaves standing; an
    /// absent figure is a dash.
    /// </summary>
    public override string ToString()
    {
        string[][] table = [["", .. Columns], .. summaries.Select(static s => (string[])[s.Name, .. Summary.cells(s)])];
        var widths = Enumerable.Range(0, table[0].Length).Select(i => table.Max(row => row[i].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in table)
        {
            var cells = row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The table as CSV with all digits; an absent figure is an empty cell.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder();
        text.AppendJoin(',', ["name", .. Columns]).Append('\n');
        foreach (var r in rows)
        {
            double?[] figures =
                [r.Mean, r.Sd, r.EtiLower, r.EtiUpper, r.EssBulk, r.EssTail, r.RHat, r.McseMean, r.McseSd];
            text.AppendJoin(',', [Csv.Text(r.Name), .. figures.Select(Csv.Number)]).Append('\n');
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public IEnumerator<SummaryRow> GetEnumerator() => rows.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private string[] Columns => Summary.columns(Level);

    private static SummaryRow Row(ScalarSummary s)
    {
        return new(
            s.Name,
            Bridge.Number(s.Mean),
            Bridge.Number(s.Sd),
            Bridge.Number(s.EtiLower),
            Bridge.Number(s.EtiUpper),
            Bridge.Number(s.EssBulk),
            Bridge.Number(s.EssTail),
            Bridge.Number(s.RHat),
            Bridge.Number(s.McseMean),
            Bridge.Number(s.McseSd));
    }
}
