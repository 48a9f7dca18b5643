// Cells of CSV files: culture-free, exact, and harmless in a spreadsheet.
using System;
using System.Globalization;

namespace Ppl;

/// <summary>Cells of CSV files.</summary>
internal static class Csv
{
    /// <summary>
    /// Text: quoted where it holds a separator, a quote or a line break, and where a spreadsheet would take it for a
    /// formula (= + - @ in front).
    /// </summary>
    public static string Text(string text)
    {
        var quoted = text.Length > 0 && (text.AsSpan().IndexOfAny(",\"\r\n") >= 0 || "=+-@".Contains(text[0]));
        return quoted ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
    }

    /// <summary>The shortest text that reads back to the same number; NaN, Inf and -Inf as R writes them.</summary>
    public static string Number(double x) =>
        double.IsFinite(x) ? x.ToString("R", CultureInfo.InvariantCulture)
        : double.IsNaN(x) ? "NaN"
        : x > 0 ? "Inf"
        : "-Inf";

    /// <summary>A number, or an empty cell.</summary>
    public static string Number(double? x) => x is { } value ? Number(value) : "";
}
