// `dense`: the dense kernels beside OpenBLAS, both on one thread, in alternating blocks of one run. OpenBLAS chooses its
// kernels by processor; OPENBLAS_CORETYPE (SkylakeX, Haswell, ...) makes it choose others where it does not know the machine.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Ppl.Kernels;

namespace Ppl.Benchmarks.LinearAlgebra;

internal static unsafe class DenseKernels
{
    private const int Blocks = 25;
    private const double BlockSeconds = 0.0005;

    /// <summary>The table of all comparisons; the arguments are not used.</summary>
    public static Table Run(string[] _)
    {
        var table = new Table("kernel", "n", "nanoseconds", "gigaflops", "openBlasNanoseconds", "timesAsFast", "goal");
        Console.WriteLine(OpenBlas.Description ?? "OpenBLAS is not installed (baselines.sh): no comparison.");
        foreach (Case one in Cases())
        {
            double[] times = OpenBlas.Description is null ? Minima([one.Ours]) : Minima([one.Ours, one.Theirs]);
            double? theirs = times.Length > 1 ? times[1] : null;
            table.Add(
                ("kernel", one.Kernel),
                ("n", one.Size),
                ("nanoseconds", times[0]),
                ("gigaflops", one.Flops / times[0]),
                ("openBlasNanoseconds", theirs),
                ("timesAsFast", theirs / times[0]),
                ("goal", one.Goal));
        }

        return table;
    }

    private static IEnumerable<Case> Cases()
    {
        int[] sizes = [2, 3, 4, 6, 8, 12, 16, 20, 24, 31, 48, 64, 100, 128, 256, 512, 1024];
        double? ProductGoal(int n) => n < 32 ? 1.0 : n is 256 or 512 or 1024 ? 0.75 : null;
        return sizes.SelectMany(n => new[] { Product64(n, ProductGoal(n)), Product32(n, ProductGoal(n)) });
    }

    private static Case Product64(int n, double? goal)
    {
        double* a = Random<double>(n * n), b = Random<double>(n * n), c = Random<double>(n * n);
        return new Case(
            "product f64", n, 2.0 * n * n * n, goal,
            () => Kernels.Dense.Gemm(n, n, n, 1.0, a, n, false, b, n, false, 0.0, c, n),
            () => OpenBlas.Gemm(n, n, n, a, b, false, c));
    }

    private static Case Product32(int n, double? goal)
    {
        float* a = Random<float>(n * n), b = Random<float>(n * n), c = Random<float>(n * n);
        return new Case(
            "product f32", n, 2.0 * n * n * n, goal,
            () => Kernels.Dense.Gemm(n, n, n, 1.0f, a, n, false, b, n, false, 0.0f, c, n),
            () => OpenBlas.Gemm(n, n, n, a, b, false, c));
    }

    /// <summary>Values in (-1, 1) in aligned memory that stays for the life of the process.</summary>
    private static T* Random<T>(int count)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        var memory = (T*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)(count * sizeof(T)), 64);
        var random = new Random(1);
        for (int i = 0; i < count; i++)
        {
            memory[i] = T.CreateChecked((2.0 * random.NextDouble()) - 1.0);
        }

        return memory;
    }

    // The shortest of the blocks: what other processes do to the machine only ever adds.
    private static double[] Minima(Action[] contestants)
    {
        int[] repetitions = contestants.Select(Repetitions).ToArray();
        double[] best = contestants.Select(_ => double.PositiveInfinity).ToArray();
        for (int block = 0; block < Blocks; block++)
        {
            for (int c = 0; c < contestants.Length; c++)
            {
                best[c] = Math.Min(best[c], Seconds(contestants[c], repetitions[c]) * 1e9 / repetitions[c]);
            }
        }

        return best;
    }

    private static int Repetitions(Action action)
    {
        int repetitions = 1;
        while (Enumerable.Range(0, 3).Min(_ => Seconds(action, repetitions)) < BlockSeconds)
        {
            repetitions *= 2;
        }

        return repetitions;
    }

    private static double Seconds(Action action, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed record Case(string Kernel, int Size, double Flops, double? Goal, Action Ours, Action Theirs);
}
