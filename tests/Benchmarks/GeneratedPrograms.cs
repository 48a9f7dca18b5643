// Programs of any number of equations, in the shapes that traced models have: what compilation costs per equation is measured
// on them, and must not grow with the number.
using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.FSharp.Core;
using Ppl.Core;
using Ppl.Core.Ir;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Jit;
using TensorProgram = Ppl.Core.Ir.Program;

namespace Ppl.Benchmarks;

/// <summary>A family of programs: about that many equations on a vector of that length.</summary>
internal sealed record ProgramFamily(string Name, int Length, Func<Tensor, int, Tensor> Build)
{
    /// <summary>Traces a member, not simplified.</summary>
    public TensorProgram Trace(int equations)
    {
        TensorType type = TensorTypeModule.create(DType.F64, Vector(Length));
        var body = FuncConvert.FromFunc<Tensor[], Tensor[]>(x => [Build(x[0], equations)]);
        return Ppl.Core.Tensors.Trace.program([type], body);
    }

    internal static Shape Vector(int n) => ShapeModule.ofArray([n]);
}

internal static class GeneratedPrograms
{
    /// <summary>Every family.</summary>
    public static IReadOnlyList<ProgramFamily> All { get; } =
    [
        new("chain", 8, Chain),
        new("long vectors", 1000, Chain),
        new("wide", 8, Wide),
        new("recurrence", 1, (x, n) => Recurrence(Reductions.sum(x), n / 4)),
        new("recurrence gradient", 1, (x, n) => Gradient(y => Recurrence(Reductions.sum(y), n / 14), x)),
        new("small sums", 50, Sums),
        new("nested scans", 8, Scans),
        new("long scan body", 8, (x, n) => Scan(x, y => x + Chain(y, n))),
    ];

    /// <summary>The gradient of a nest of scans of this depth.</summary>
    public static ProgramFamily Nest(int depth) =>
        new($"gradient of {depth} nested scans", 8, (x, _) => Gradient(y => Reductions.sum(Nested(y, depth)), x));

    private static Tensor Nested(Tensor x, int depth) =>
        depth == 0 ? Elementwise.tanh(x) * x : Scan(x, y => (Nested(y, depth - 1) * 0.5) + (0.25 * x));

    // Every value depends on the one before.
    private static Tensor Chain(Tensor x, int equations)
    {
        Tensor y = x;
        for (int i = 0; i < equations / 3; i++)
        {
            y = i % 16 == 0 ? Elementwise.tanh(y) * (1.0 + 1e-3 * i) - x : (y + x) * Elementwise.abs(y) - (0.5 + i);
        }

        return Reductions.sum(y);
    }

    // Layers of 16 values, each from two of the layer before.
    private static Tensor Wide(Tensor x, int equations)
    {
        Tensor[] layer = Enumerable.Range(0, 16).Select(i => x * (1.0 + i)).ToArray();
        for (int row = 0; row < equations / 16; row++)
        {
            Tensor[] last = layer;
            layer = Enumerable.Range(0, 16).Select(i => Node(last[i], last[(5 * i + row) % 16], i + row)).ToArray();
        }

        return Reductions.sum(layer.Aggregate((a, b) => a + b));
    }

    private static Tensor Node(Tensor a, Tensor b, int i) => (i % 4) switch
    {
        0 => a + b,
        1 => a * b,
        2 => a - b,
        _ => Elementwise.max(a, b),
    };

    // h = a h + y / (1 + h^2), written out.
    private static Tensor Recurrence(Tensor a, int steps)
    {
        Tensor h = a;
        for (int t = 0; t < steps; t++)
        {
            h = (a * h) + (Math.Sin(t) / (1.0 + Elementwise.square(h)));
        }

        return h;
    }

    private static Tensor Gradient(Func<Tensor, Tensor> f, Tensor x) =>
        Reductions.sum(Grad.grad(FuncConvert.FromFunc(f), x));

    // A sum of many sums, as a model with many observed sites gives.
    private static Tensor Sums(Tensor x, int equations)
    {
        Tensor total = Reductions.sum(x);
        for (int i = 0; i < equations / 5; i++)
        {
            total += Reductions.sum(Elementwise.square(x - (0.25 * i)) * x);
        }

        return total;
    }

    // Triple nests, one after the other.
    private static Tensor Scans(Tensor x, int equations)
    {
        Tensor y = x;
        for (int i = 0; i < equations / 15; i++)
        {
            double step = 0.1 + (0.01 * i);
            y = Scan(y, a => Scan(a, b => Scan(b, c => Elementwise.tanh(c * step) + b) * 0.5 - a) * 0.25 + x);
        }

        return Reductions.sum(y);
    }

    private static Tensor Scan(Tensor x, Func<Tensor, Tensor> step)
    {
        var body = FuncConvert.FromFunc<Tensor[], FSharpFunc<Tensor[], Tuple<Tensor[], Tensor[]>>>(
            state => FuncConvert.FromFunc<Tensor[], Tuple<Tensor[], Tensor[]>>(_ => new([step(state[0])], [])));
        return Control.scanBy(false, 10, body, [x], []).Item1[0];
    }
}
