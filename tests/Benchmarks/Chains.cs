// `chains`: nanoseconds per element of fused elementwise chains and of reductions beyond the caches, compiled by the engine and,
// as one plain loop each, by g++ -O3 -march=native -ffast-math (baselines.sh builds Baselines/chains.cpp; without it that
// column is empty). For reductions also the bytes read per nanosecond, which is the bandwidth in GB/s.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Microsoft.FSharp.Core;
using Ppl.Core;
using Ppl.Core.Ir;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Jit;

namespace Ppl.Benchmarks;

internal static unsafe class Chains
{
    private const int InCache = 1_000;
    private const int BeyondCache = 1 << 24;
    private const int Blocks = 21;
    private const double BlockSeconds = 0.002;

    /// <summary>Times all; the names of models are not used.</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("loop", "elements", "ours", "gcc", "ratio", "gigabytesPerSecond");
        string file = Path.Combine(AppContext.BaseDirectory, "..", "..", "baselines", "libchains.so");
        if (!NativeLibrary.TryLoad(file, out nint library))
        {
            Console.WriteLine("g++: no baselines; run tests/Benchmarks/baselines.sh where there is a g++.");
        }

        Add(table, library, "softplus", InCache, 1, x => Elementwise.log(1.0 + Elementwise.exp(-x)));
        Add(table, library, "tanh_chain", InCache, 1, x => (Elementwise.tanh(x) * x) + 0.5);
        Add(table, library, "gauss", InCache, 1, x => Elementwise.exp(-0.5 * Elementwise.square(x)) * (1.0 + x));
        Add(table, library, "log_gamma", InCache, 1, x => Elementwise.lgamma(3.0 + x) - x);
        Add(table, library, "sum", BeyondCache, 1, Reductions.sum);
        Add(table, library, "log_sum_exp", BeyondCache, 2, LogSumExp);
        return table;
    }

    private static Tensor LogSumExp(Tensor x)
    {
        Tensor highest = Reductions.maxAlong([0], x);
        return highest + Elementwise.log(Reductions.sum(Elementwise.exp(x - highest)));
    }

    private static void Add(Table table, nint library, string name, int n, int passes, Func<Tensor, Tensor> f)
    {
        TensorType type = TensorTypeModule.create(DType.F64, ShapeModule.ofArray([n]));
        var traced = FuncConvert.FromFunc<Tensor[], Tensor[]>(x => [f(x[0])]);
        using IInstance instance = Compile.func(new CpuEngine(), [type], traced).NewInstance();
        Span<double> input = instance.Input(0);
        for (int i = 0; i < n; i++)
        {
            input[i] = Math.Sin(i);
        }

        double ours = Nanoseconds(n, instance.Invoke);
        double? gcc = library == 0 ? null : Baseline(NativeLibrary.GetExport(library, name), n);
        table.Add(
            ("loop", name),
            ("elements", n),
            ("ours", ours),
            ("gcc", gcc),
            ("ratio", ours / gcc),
            ("gigabytesPerSecond", n == BeyondCache ? 8.0 * passes / ours : null));
    }

    private static double Baseline(nint export, int n)
    {
        var function = (delegate* unmanaged<double*, double*, nint, void>)export;
        double* x = Hand.Memory.Buffer(n);
        double* y = Hand.Memory.Buffer(n);
        for (int i = 0; i < n; i++)
        {
            x[i] = Math.Sin(i);
        }

        return Nanoseconds(n, () => function(x, y, n));
    }

    // The least over blocks, per element.
    private static double Nanoseconds(int n, Action run)
    {
        int repetitions = 1;
        while (Seconds(run, repetitions) < BlockSeconds)
        {
            repetitions *= 2;
        }

        return Enumerable.Range(0, Blocks).Min(_ => Seconds(run, repetitions)) * 1e9 / repetitions / n;
    }

    private static double Seconds(Action run, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            run();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
