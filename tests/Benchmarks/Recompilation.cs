// `recompile`: resident memory over 100,000 compilations of programs that are all different, by one engine with its cache:
// emitted code must be collected, so the memory must stay flat.
using System;
using System.Diagnostics;
using Ppl.Core;
using Ppl.Core.Ir;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Jit;

namespace Ppl.Benchmarks;

internal static class Recompilation
{
    private const int Compilations = 100_000;
    private const int Rows = 10;

    /// <summary>Compiles; the names of models are not used.</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("compilations", "residentMegabytes", "managedMegabytes", "millisecondsEach");
        IEngine engine = new CpuEngine();
        long start = Stopwatch.GetTimestamp();
        for (int i = 1; i <= Compilations; i++)
        {
            Compile(engine, i);
            if (i % (Compilations / Rows) == 0)
            {
                double each = Stopwatch.GetElapsedTime(start).TotalMilliseconds / (Compilations / Rows);
                using var process = Process.GetCurrentProcess();
                table.Add(
                    ("compilations", i),
                    ("residentMegabytes", process.WorkingSet64 / 1e6),
                    ("managedMegabytes", GC.GetTotalMemory(forceFullCollection: false) / 1e6),
                    ("millisecondsEach", each));
                start = Stopwatch.GetTimestamp();
            }
        }

        return table;
    }

    // The value and gradient of sum (x - i)^2 e^x: a different constant, so a different program, each time.
    private static void Compile(IEngine engine, int i)
    {
        var density = Microsoft.FSharp.Core.FuncConvert.FromFunc<Tensor, Tensor>(
            x => Reductions.sum(Elementwise.mul(Elementwise.square(Elementwise.sub(x, Tensor.OfFloat(i))), Elementwise.exp(x))));
        using var instance = Ppl.Core.Transforms.Compile.valueAndGrad(engine, 8, density).NewInstance();
        instance.Invoke();
    }
}
