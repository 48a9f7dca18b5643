// `scaling`: milliseconds of each phase of compilation for programs of 200 to 20,000 equations, and the time per equation
// beside that of the smallest: linear means about 1.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Ppl.Core.Ir;
using Ppl.Core.Transforms;
using Ppl.Jit;
using Ppl.Lowering;
using TensorProgram = Ppl.Core.Ir.Program;

namespace Ppl.Benchmarks;

internal static class Scaling
{
    private static readonly int[] Sizes = [200, 1_000, 5_000, 20_000];
    private static readonly int[] Depths = [1, 2, 3, 4, 5];

    /// <summary>Times every family; names of families choose some.</summary>
    public static Table Run(string[] names)
    {
        var table = new Table(
            "program", "equations", "trace", "simplify", "lower", "emit", "jit", "milliseconds", "perEquationRatio");
        foreach (ProgramFamily family in GeneratedPrograms.All)
        {
            Add(table, Sizes.Select(size => (family, size)));
        }

        Add(table, Depths.Select(depth => (GeneratedPrograms.Nest(depth), 0)));
        return table;
    }

    // The first member is the one that the others are compared with.
    private static void Add(Table table, IEnumerable<(ProgramFamily Family, int Size)> members)
    {
        double first = double.NaN;
        foreach ((ProgramFamily family, int size) in members)
        {
            int repetitions = size > 1_000 ? 3 : 7;
            Phases best = Enumerable.Range(0, repetitions).Select(_ => Measure(family, size)).MinBy(p => p.Total)!;
            double each = best.Total / best.Equations;
            first = double.IsNaN(first) ? each : first;
            table.Add(
                ("program", family.Name),
                ("equations", best.Equations),
                ("trace", best.Trace),
                ("simplify", best.Simplify),
                ("lower", best.Lower),
                ("emit", best.Emit),
                ("jit", best.Jit),
                ("milliseconds", best.Total),
                ("perEquationRatio", each / first));
        }
    }

    private sealed record Phases(int Equations, double Trace, double Simplify, double Lower, double Emit, double Jit)
    {
        public double Total => Trace + Simplify + Lower + Emit + Jit;
    }

    private static Phases Measure(ProgramFamily family, int size)
    {
        CompilerSettings settings = CompilerSettings.Default;
        (TensorProgram traced, double trace) = Time(() => family.Trace(size));
        (TensorProgram program, double simplify) = Time(() => Simplify.program(traced));
        (LoopProgram loops, double lower) = Time(() => Lower.program(program));
        (_, double emit) = Time(() => Compiler.bodies(settings, loops));
        (_, double compile) = Time(() => Compiler.compile(settings, loops));
        return new(ProgramModule.size(traced), trace, simplify, lower, emit, Math.Max(0.0, compile - emit));
    }

    private static (T Result, double Milliseconds) Time<T>(Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        T result = work();
        return (result, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}
