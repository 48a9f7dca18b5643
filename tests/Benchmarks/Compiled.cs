// The contestant that the benchmarks are about: a real model's log density, differentiated, simplified and compiled.
using System;
using System.Runtime.CompilerServices;
using Ppl.Core.Ir;

using Ppl.Core.Models;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Examples;
using Ppl.Jit;
using TensorProgram = Ppl.Core.Ir.Program;

namespace Ppl.Benchmarks;

/// <summary>Value-and-gradient of a real model, compiled by the CPU engine.</summary>
public sealed class CompiledGradient : IDisposable
{
    private readonly IInstance instance;

    private CompiledGradient(int dimension, TensorProgram program, ICompiled compiled)
    {
        Dimension = dimension;
        Program = program;
        instance = compiled.NewInstance();
    }

    /// <summary>The length of the unconstrained vector.</summary>
    public int Dimension { get; }

    /// <summary>The simplified program.</summary>
    public TensorProgram Program { get; }

    /// <summary>
    /// Compiles the model of that name with an engine of its own, so that nothing comes from a cache; its data are
    /// compressed and its recurrences are in lanes, if asked for.
    /// </summary>
    public static CompiledGradient Of(string model, bool compress = true, bool split = true) => Of(RealModels.Find(model), compress, split);

    /// <inheritdoc cref="Of(string, bool, bool)"/>
    public static CompiledGradient Of(RealModel model, bool compress = true, bool split = true)
    {
        var target = Target.OfModel(model.Build());
        IEngine engine = new CpuEngine();
        var options = new SimplifyOptions(compress, split);
        var compiled = Compile.valueAndGradWith(options, engine, target.Dimension, FSharpFunction(target));
        return new(target.Dimension, compiled.Program, compiled);
    }

    /// <summary>Compiles a function that belongs to no model.</summary>
    public static CompiledGradient Of(int dimension, Func<Tensor, Tensor> logDensity)
    {
        IEngine engine = new CpuEngine();
        var compiled = Compile.valueAndGrad(engine, dimension, Microsoft.FSharp.Core.FuncConvert.FromFunc(logDensity));
        return new(dimension, compiled.Program, compiled);
    }

    /// <summary>Where the point to evaluate at is written.</summary>
    public Span<double> Point => instance.Input(0);

    /// <summary>The gradient at the last point.</summary>
    public ReadOnlySpan<double> Gradient => instance.Output(1);

    /// <summary>The log density at the point; the gradient can be read until the next call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Evaluate()
    {
        instance.Invoke();
        return instance.Output(0)[0];
    }

    /// <inheritdoc/>
    public void Dispose() => instance.Dispose();

    private static Microsoft.FSharp.Core.FSharpFunc<Tensor, Tensor> FSharpFunction(Target target) =>
        Microsoft.FSharp.Core.FuncConvert.FromFunc<Tensor, Tensor>(target.LogDensity);
}

/// <summary>A compiled gradient at the points, through the public interface of instances.</summary>
public sealed class CompiledContestant(CompiledGradient gradient, Points points) : Contestant
{
    /// <inheritdoc/>
    public override double Sweep(int times)
    {
        double sum = 0.0;
        Span<double> q = gradient.Point;
        for (int n = 0; n < times; n++)
        {
            for (int i = 0; i < Points.Count; i++)
            {
                points[i].CopyTo(q);
                sum += gradient.Evaluate();
            }
        }

        return sum;
    }
}
