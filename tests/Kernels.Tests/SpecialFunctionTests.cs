// The functions of several arguments against their golden tables, and the same bits for every width.
using System;
using System.Linq;
using System.Reflection;
using System.Runtime.Intrinsics;
using Xunit;
using Xunit.Abstractions;

namespace Ppl.Kernels.Tests;

public sealed class SpecialFunctionTests(ITestOutputHelper output)
{
    public static TheoryData<string> Functions => new(
        "Atan2", "Polygamma", "GammaP", "GammaQ", "GammaPByShape", "BetaI", "BetaIByA", "BetaIByB");

    // The bounds are those of the doc comments.
    [Theory]
    [InlineData("Atan2", 2.5)]
    [InlineData("Polygamma", 5.0)]
    [InlineData("GammaP", 16.0)]
    [InlineData("GammaQ", 16.0)]
    [InlineData("GammaPByShape", 64.0)]
    [InlineData("BetaI", 16.0)]
    public void Agrees_with_the_golden_table(string function, double bound)
    {
        var f = Of(typeof(double), function);
        double Value(GoldenPoint p) => (double)f.Invoke(null, p.Arguments.Cast<object>().ToArray())!;
        Golden.AssertWithin(output, function, bound, p => Golden.UlpError(Value(p), p), Value);
    }

    // Shapes below 1 leave a derivative that is a small difference.
    [Theory]
    [InlineData("BetaIByA")]
    [InlineData("BetaIByB")]
    public void Derivatives_by_a_shape_agree_with_the_golden_table(string function)
    {
        var f = Of(typeof(double), function);
        double Value(GoldenPoint p) => (double)f.Invoke(null, p.Arguments.Cast<object>().ToArray())!;
        double Error(GoldenPoint p) => double.IsNaN(p.High)
            ? Golden.UlpError(Value(p), p)
            : Math.Abs(Value(p) - p.High - p.Low) / Math.Max(Math.Abs(p.High), 1e-3);
        Golden.AssertWithin(output, function, 1e-12, Error, Value, "of the value");
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Every_width_gives_the_same_bits(string function)
    {
        var points = Golden.Read(function);
        var count = points.Count / 8 * 8;
        var arity = points[0].Arguments.Length;
        var columns = Enumerable.Range(0, arity)
            .Select(k => points.Take(count).Select(p => p.Arguments[k]).ToArray())
            .ToArray();
        var f = Of(typeof(double), function);
        var expected = Enumerable.Range(0, count)
            .Select(i => (double)f.Invoke(null, columns.Select(c => (object)c[i]).ToArray())!)
            .ToArray();
        foreach (var actual in new[] { Map512(function, columns), Map256(function, columns), Map128(function, columns) })
        {
            var wrong = Enumerable.Range(0, count).Where(i => !Golden.SameBits(expected[i], actual[i]));
            Assert.Empty(wrong.Select(i => $"{function}({string.Join(", ", columns.Select(c => c[i]))})").Take(5));
        }
    }

    private static MethodInfo Of(Type type, string function) =>
        typeof(VectorMath).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Single(m => m.Name == function && m.ReturnType == type);

    private static double[] Map512(string function, double[][] columns) =>
        Map(function, typeof(Vector512<double>), 8, columns, (c, i) => Vector512.Create(c, i),
            (v, r, i) => ((Vector512<double>)v).CopyTo(r, i));

    private static double[] Map256(string function, double[][] columns) =>
        Map(function, typeof(Vector256<double>), 4, columns, (c, i) => Vector256.Create(c, i),
            (v, r, i) => ((Vector256<double>)v).CopyTo(r, i));

    private static double[] Map128(string function, double[][] columns) =>
        Map(function, typeof(Vector128<double>), 2, columns, (c, i) => Vector128.Create(c, i),
            (v, r, i) => ((Vector128<double>)v).CopyTo(r, i));

    private static double[] Map(
        string function, Type type, int lanes, double[][] columns, Func<double[], int, object> load,
        Action<object, double[], int> store)
    {
        var f = Of(type, function);
        var result = new double[columns[0].Length];
        for (var i = 0; i < result.Length; i += lanes)
        {
            var at = i;
            store(f.Invoke(null, columns.Select(c => load(c, at)).ToArray())!, result, i);
        }

        return result;
    }
}
