// Reads the golden tables (golden/make_golden.py) and measures errors against them in units in the last place.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace Ppl.Kernels.Tests;

/// <summary>One point: the arguments, and the true value as high + low.</summary>
public sealed record GoldenPoint(double[] Arguments, double High, double Low);

public static class Golden
{
    public static IReadOnlyList<GoldenPoint> Read(string function) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "golden", function + ".csv"))
            .Select(line => line.Split(',').Select(FromHex).ToArray())
            .Select(row => new GoldenPoint(row[..^2], row[^2], row[^1]))
            .ToList();

    /// <summary>
    /// |actual - true value| in ulps of the true value; 0 when both are NaN or equal, infinity when the kind differs.
    /// </summary>
    public static double UlpError(double actual, GoldenPoint point)
    {
        if (double.IsNaN(point.High) || double.IsInfinity(point.High) || point.High == 0.0)
        {
            return SameBits(actual, point.High) ? 0.0 : double.PositiveInfinity;
        }

        return double.IsFinite(actual)
            ? Math.Abs((actual - point.High - point.Low) / Ulp(point.High))
            : double.PositiveInfinity;
    }

    /// <summary>Prints the largest error of a table, and fails where an error is above the bound.</summary>
    public static void AssertWithin(
        ITestOutputHelper output,
        string table,
        double bound,
        Func<GoldenPoint, double> error,
        Func<GoldenPoint, double> value,
        string unit = "ulp")
    {
        var points = Read(table);
        var worst = points.MaxBy(error)!;
        output.WriteLine($"{table}: {error(worst):G3} {unit} at {string.Join(", ", worst.Arguments)}");
        var wrong = points.Where(p => !(error(p) <= bound))
            .Select(p => $"{table}({string.Join(", ", p.Arguments)}) = {value(p)}, true {p.High}, error {error(p):G3}");
        Assert.Empty(wrong.Take(10));
    }

    /// <summary>Equal bits; any NaN equals any other.</summary>
    public static bool SameBits(double a, double b) =>
        (double.IsNaN(a) && double.IsNaN(b)) || BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);

    private static double Ulp(double x) => Math.BitIncrement(Math.Abs(x)) - Math.Abs(x);

    private static double FromHex(string hex) =>
        BitConverter.Int64BitsToDouble(long.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
