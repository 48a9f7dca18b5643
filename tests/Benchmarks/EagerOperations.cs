// `eager`: nanoseconds per operation on concrete tensors, small and large; the goal is a microsecond for small ones.
using System;
using System.Diagnostics;
using System.Linq;
using Ppl.Core.Tensors;

namespace Ppl.Benchmarks;

internal static class EagerOperations
{
    private const int Blocks = 21;
    private const double BlockSeconds = 0.005;

    /// <summary>Times each operation; the names of models are not used.</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("operation", "elements", "nanoseconds", "nanosecondsPerElement");
        var one = Tensor.OfFloat(0.5);
        Add(table, "exp", 1, () => Elementwise.exp(one));
        foreach (int n in (int[])[8, 1_000, 1_000_000])
        {
            Tensor x = Numbers(n, 0), y = Numbers(n, 1);
            Add(table, "x + y", n, () => x + y);
            Add(table, "2 x", n, () => 2.0 * x);
            Add(table, "exp x", n, () => Elementwise.exp(x));
            Add(table, "sum x", n, () => Reductions.sum(x));
        }

        return table;
    }

    private static Tensor Numbers(int n, int seed) =>
        Tensor.OfFloats(Enumerable.Range(0, n).Select(i => Math.Sin(i + seed)).ToArray());

    private static void Add(Table table, string name, int elements, Func<Tensor> operation)
    {
        int repetitions = 1;
        while (Seconds(operation, repetitions) < BlockSeconds)
        {
            repetitions *= 2;
        }

        double best = Enumerable.Range(0, Blocks).Min(_ => Seconds(operation, repetitions)) * 1e9 / repetitions;
        table.Add(
            ("operation", name),
            ("elements", elements),
            ("nanoseconds", best),
            ("nanosecondsPerElement", best / elements));
    }

    private static double Seconds(Func<Tensor> operation, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            operation();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
