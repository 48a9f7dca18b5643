// `dense`: the dense kernels, and Fourier transforms, beside OpenBLAS (which has none), both on one thread, in alternating blocks of one
// run. OpenBLAS chooses its kernels by processor, or as OPENBLAS_CORETYPE in the environment says (the first line tells which): a
// machine may say Haswell, the ones for 256 bits. So where there are 512-bit vectors a second process measures again with
// OPENBLAS_CORETYPE=SkylakeX: the columns with that name, whose ratios are of that process.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.Intrinsics;
using System.Text.Json;
using Ppl.Kernels;

namespace Ppl.Benchmarks.LinearAlgebra;

internal static unsafe class DenseKernels
{
    private const int Blocks = 25, Batch = 64;
    private const double BlockSeconds = 0.0005;

    private const string CoreType = "OPENBLAS_CORETYPE", Stronger = "SkylakeX";

    /// <summary>The table of all comparisons; the arguments are not used.</summary>
    public static Table Run(string[] _)
    {
        var table = new Table(
            "kernel", "n", "nanoseconds", "gigaflops", "openBlasNanoseconds", "timesAsFast", "skylakeXNanoseconds",
            "timesAsFastAsSkylakeX", "goal");
        Console.WriteLine(OpenBlas.Description ?? "OpenBLAS is not installed (baselines.sh): no comparison.");
        JsonElement[] stronger = RunStronger();
        int number = 0;
        foreach (Case one in Cases())
        {
            double[] times = OpenBlas.Description is null || one.Theirs is null ? Minima([one.Ours]) : Minima([one.Ours, one.Theirs]);
            double? theirs = times.Length > 1 ? times[1] : null;
            JsonElement? other = number < stronger.Length ? stronger[number] : null;
            number++;
            table.Add(
                ("kernel", one.Kernel),
                ("n", one.Size),
                ("nanoseconds", times[0]),
                ("gigaflops", one.Flops / times[0]),
                ("openBlasNanoseconds", theirs),
                ("timesAsFast", theirs / times[0]),
                ("skylakeXNanoseconds", Number(other, "openBlasNanoseconds")),
                ("timesAsFastAsSkylakeX", Number(other, "timesAsFast")),
                ("goal", one.Goal));
        }

        return table;
    }

    private static double? Number(JsonElement? row, string column) =>
        row is { } found && found.TryGetProperty(column, out JsonElement value) ? value.GetDouble() : null;

    // The rows of this command in a process of its own, where OpenBLAS takes its kernels for 512-bit vectors; none where it does
    // already, or where there are no such vectors.
    private static JsonElement[] RunStronger()
    {
        bool isStronger = OpenBlas.Description?.EndsWith(Stronger, StringComparison.Ordinal) ?? true;
        if (isStronger || !Vector512.IsHardwareAccelerated)
        {
            return [];
        }

        string file = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = Self.With("dense", "--json", file);
            start.RedirectStandardOutput = true;
            start.Environment[CoreType] = Stronger;
            using Process child = Process.Start(start)!;
            child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            return child.ExitCode == 0
                ? JsonDocument.Parse(File.ReadAllText(file)).RootElement.EnumerateArray().ToArray()
                : throw new InvalidOperationException($"The comparison with {Stronger} kernels ended with {child.ExitCode}.");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IEnumerable<Case> Cases()
    {
        int[] sizes = [2, 3, 4, 6, 8, 12, 16, 20, 24, 31, 48, 64, 100, 128, 256, 512, 1024];
        double? ProductGoal(int n) => n < 32 ? 1.0 : n is 256 or 512 or 1024 ? 0.75 : null;
        var products = sizes.SelectMany(n => new[] { Product64(n, ProductGoal(n)), Product32(n, ProductGoal(n)) });
        int[] large = [16, 32, 64, 128, 256, 512, 1024];
        var factors = large.SelectMany(n => new[] { Cholesky(n, n == 512 ? 0.6 : null), Solve(n) });
        int[] small = [4, 5, 8, 11, 12, 16];
        var batches = small.SelectMany(n => new[] { CholeskyBatch(n), SolveBatch(n, 1), SolveBatch(n, n) });
        int[] lengths = [16, 64, 256, 1000, 1009, 1024, 4096, 65536];
        return products.Concat(factors).Concat(batches).Concat(lengths.Select(Fourier));
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

    private static Case Cholesky(int n, double? goal)
    {
        double* a = PositiveDefinite(n, 1), l = Random<double>(n * n);
        return new Case(
            "cholesky", n, n * (double)n * n / 3.0, goal,
            () => Kernels.Dense.Cholesky(n, a, n, l, n),
            () =>
            {
                Copy(n * n, a, l);
                OpenBlas.Cholesky(n, l);
            });
    }

    private static Case Solve(int n)
    {
        double* l = Factors(n, 1), b = Random<double>(n * n), x = Random<double>(n * n);
        return new Case(
            "solve, n right-hand sides", n, n * (double)n * n, null,
            () =>
            {
                Copy(n * n, b, x);
                Kernels.Dense.TriangularSolve(n, n, l, n, true, false, false, x, n);
            },
            () =>
            {
                Copy(n * n, b, x);
                OpenBlas.Solve(n, n, l, false, x);
            });
    }

    // The usual count of operations, whatever the plan does.
    private static Case Fourier(int n)
    {
        double* x = Random<double>(2 * n), y = Random<double>(2 * n);
        return new Case("fourier", n, 5.0 * n * Math.Log2(n), null, () => Kernels.FourierTransform.Run(1, n, false, x, y), null);
    }

    private static Case CholeskyBatch(int n)
    {
        int size = n * n;
        double* a = PositiveDefinite(n, Batch), l = Random<double>(Batch * size);
        return new Case(
            $"{Batch} x cholesky", n, Batch * (double)size * n / 3.0, 3.0,
            () => Kernels.Dense.CholeskyBatch(Batch, n, a, size, n, l, size, n, null),
            () =>
            {
                Copy(Batch * size, a, l);
                for (int i = 0; i < Batch; i++)
                {
                    OpenBlas.Cholesky(n, l + (i * size));
                }
            });
    }

    private static Case SolveBatch(int n, int m)
    {
        int size = n * n, sides = n * m;
        double* l = Factors(n, Batch), b = Random<double>(Batch * sides), x = Random<double>(Batch * sides);
        return new Case(
            $"{Batch} x solve, {(m == 1 ? "one right-hand side" : "n right-hand sides")}", n, Batch * (double)size * m, 3.0,
            () =>
            {
                Copy(Batch * sides, b, x);
                Kernels.Dense.TriangularSolveBatch(Batch, n, m, l, size, n, true, false, false, x, sides, m);
            },
            () =>
            {
                Copy(Batch * sides, b, x);
                for (int i = 0; i < Batch; i++)
                {
                    OpenBlas.Solve(n, m, l + (i * size), false, x + (i * sides));
                }
            });
    }

    private static void Copy(int count, double* source, double* target) =>
        new ReadOnlySpan<double>(source, count).CopyTo(new Span<double>(target, count));

    private static double* Factors(int n, int batch)
    {
        double* a = PositiveDefinite(n, batch);
        Kernels.Dense.CholeskyBatch(batch, n, a, n * n, n, a, n * n, n, null);
        return a;
    }

    private static double* PositiveDefinite(int n, int batch)
    {
        double* root = Random<double>(batch * n * n), a = Random<double>(batch * n * n);
        Kernels.Dense.GemmBatch(batch, n, n, n, 1.0, root, n * n, n, false, root, n * n, n, true, 0.0, a, n * n, n);
        for (int i = 0; i < batch * n; i++)
        {
            a[(i / n * n * n) + (i % n * (n + 1))] += 1.0;
        }

        return a;
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

    private sealed record Case(string Kernel, int Size, double Flops, double? Goal, Action Ours, Action? Theirs);
}
