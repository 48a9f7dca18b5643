// `chains`: nanoseconds per element of fused elementwise chains and of reductions beyond the caches, compiled by the engine and,
// as one plain loop each, by g++ -O3 -march=native -ffast-math (baselines.sh builds Baselines/chains.cpp; without it that
// column is empty). For reductions also the bytes of the array per nanosecond, in GB/s, and that as a part of the bandwidth: what
// hand-written loops that only read an array reach in the same run on as many threads, the best of several.
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
        var table = new Table("loop", "elements", "threads", "ours", "gcc", "ratio", "gigabytesPerSecond", "ofBandwidth");
        string file = Path.Combine(AppContext.BaseDirectory, "..", "..", "baselines", "libchains.so");
        if (!NativeLibrary.TryLoad(file, out nint library))
        {
            Console.WriteLine("g++: no baselines; run tests/Benchmarks/baselines.sh where there is a g++.");
        }

        Add(table, library, "softplus", InCache, 1, x => Elementwise.log(1.0 + Elementwise.exp(-x)));
        Add(table, library, "tanh_chain", InCache, 1, x => (Elementwise.tanh(x) * x) + 0.5);
        Add(table, library, "gauss", InCache, 1, x => Elementwise.exp(-0.5 * Elementwise.square(x)) * (1.0 + x));
        Add(table, library, "log_gamma", InCache, 1, x => Elementwise.lgamma(3.0 + x) - x);
        double[] bandwidth = [Bandwidth.Measure(1), 0.0];
        Add(table, library, "sum", BeyondCache, 1, Reductions.sum, bandwidth[0]);
        Add(table, library, "log_sum_exp", BeyondCache, 1, Reductions.logSumExp, bandwidth[0]);
        Add(table, 0, "log_sum_exp_in_cache", InCache * 8, 1, Reductions.logSumExp, bandwidth[0]);
        Add(table, 0, "log_sum_exp_of_tanh", BeyondCache, 1, x => Reductions.logSumExp(Elementwise.tanh(x)), bandwidth[0]);
        Add(table, 0, "sum_f32", BeyondCache, 1, Reductions.sum, bandwidth[0], DType.F32);
        Add(table, 0, "log_sum_exp_f32", BeyondCache, 1, Reductions.logSumExp, bandwidth[0], DType.F32);
        Timing.UseAllCores();
        bandwidth[1] = Bandwidth.Measure(2);
        Add(table, 0, "sum", BeyondCache, 2, Reductions.sum, bandwidth[1]);
        Add(table, 0, "log_sum_exp", BeyondCache, 2, Reductions.logSumExp, bandwidth[1]);
        Timing.PinToOneCore();
        Console.WriteLine($"Reading alone: {bandwidth[0]:0.0} GB/s on one thread, {bandwidth[1]:0.0} on two.");
        return table;
    }

    private static void Add(
        Table table, nint library, string name, int n, int threads, Func<Tensor, Tensor> f, double bandwidth = 0.0,
        DType? dtype = null)
    {
        DType elements = dtype ?? DType.F64;
        TensorType type = TensorTypeModule.create(elements, ShapeModule.ofArray([n]));
        var traced = FuncConvert.FromFunc<Tensor[], Tensor[]>(x => [f(x[0])]);
        var engine = new CpuEngine(new CpuOptions { Threads = threads });
        using IInstance instance = Compile.func(engine, [type], traced).NewInstance();
        instance.SetInput(0, Sines(type));
        double ours = Nanoseconds(n, instance.Invoke);
        double? gcc = library == 0 ? null : Baseline(NativeLibrary.GetExport(library, name), n);
        double? rate = bandwidth == 0.0 ? null : (elements.IsF32 ? 4.0 : 8.0) / ours;
        table.Add(
            ("loop", name),
            ("elements", n),
            ("threads", threads),
            ("ours", ours),
            ("gcc", gcc),
            ("ratio", ours / gcc),
            ("gigabytesPerSecond", rate),
            ("ofBandwidth", rate / bandwidth));
    }

    private static Literal Sines(TensorType type)
    {
        double[] values = Enumerable.Range(0, type.Shape.Count).Select(i => Math.Sin(i)).ToArray();
        return LiteralModule.create(
            type.Shape,
            type.DType.IsF32 ? Storage.NewF32(Array.ConvertAll(values, x => (float)x)) : Storage.NewF64(values));
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
