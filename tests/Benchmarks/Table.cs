// The result rows of all commands, as an aligned text table and as JSON.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Ppl.Benchmarks;

/// <summary>Rows of named columns; a missing or null value is an empty cell, and absent from the JSON.</summary>
public sealed class Table(params string[] columns)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly List<Dictionary<string, object>> rows = [];

    /// <summary>Adds a row; the values are strings or numbers.</summary>
    public void Add(params (string Column, object? Value)[] cells) =>
        rows.Add(cells.Where(cell => cell.Value is not null).ToDictionary(cell => cell.Column, cell => cell.Value!));

    /// <summary>Writes the aligned text: the first column to the left, the others to the right.</summary>
    public void Print(TextWriter output)
    {
        string Cell(Dictionary<string, object> row, string column) =>
            row.TryGetValue(column, out object? value) ? Text(value) : "";
        string[][] lines = rows.Select(row => columns.Select(c => Cell(row, c)).ToArray()).Prepend(columns).ToArray();
        int[] widths = columns.Select((_, c) => lines.Max(line => line[c].Length)).ToArray();
        foreach (string[] line in lines)
        {
            IEnumerable<string> cells =
                line.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]));
            output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    /// <summary>Writes the rows as an array of objects.</summary>
    public void WriteJson(string file) => File.WriteAllText(file, JsonSerializer.Serialize(rows, Indented) + "\n");

    private static string Text(object value) => value switch
    {
        double x when Math.Abs(x) >= 100.0 => x.ToString("#,0", CultureInfo.InvariantCulture),
        double x when Math.Abs(x) >= 0.01 || x == 0.0 => x.ToString("0.00", CultureInfo.InvariantCulture),
        double x => x.ToString("0.0e+00", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
