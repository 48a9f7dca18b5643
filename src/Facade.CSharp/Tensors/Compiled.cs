// Compiled functions of trees for C#. Thin: the work is done by Ppl.Core.Trees.TreeFunction.
using System;
using Ppl.Core.Ir;
using Ppl.Core.Trees;
using Ppl.Jit;

namespace Ppl;

/// <summary>
/// A function of one tree that is traced and compiled at its first call, and again only for arguments of another structure or
/// with other tensor types. Thread-safe.
/// </summary>
public sealed class Compiled<A, R>
{
    private readonly TreeFunction<A, R> function;

    internal Compiled(Func<A, R> f, IEngine engine) => function = new(engine, FunctionBridge.Of(f));

    /// <summary>How often the function has been traced so far.</summary>
    public int TraceCount => function.TraceCount;

    /// <summary>The value of the function.</summary>
    public R Invoke(A argument) => function.Invoke(argument);
}

/// <summary>A compiled function of two trees; see <see cref="Compiled{A, R}"/>.</summary>
public sealed class Compiled<A, B, R>
{
    private readonly Compiled<(A, B), R> function;

    internal Compiled(Func<A, B, R> f, IEngine engine) => function = new(both => f(both.Item1, both.Item2), engine);

    /// <summary>How often the function has been traced so far.</summary>
    public int TraceCount => function.TraceCount;

    /// <summary>The value of the function.</summary>
    public R Invoke(A first, B second) => function.Invoke((first, second));
}

/// <summary>Compiling functions of trees of tensors.</summary>
public static class Compiled
{
    /// <summary>A function, compiled for this processor unless another engine is given.</summary>
    public static Compiled<A, R> Function<A, R>(Func<A, R> f, IEngine? engine = null) =>
        new(Guard.Given(f), engine ?? new CpuEngine());

    /// <summary>A function of two arguments, compiled for this processor unless another engine is given.</summary>
    public static Compiled<A, B, R> Function<A, B, R>(Func<A, B, R> f, IEngine? engine = null) =>
        new(Guard.Given(f), engine ?? new CpuEngine());

    /// <summary>
    /// The value and gradient of a function of parameters and data, with respect to the parameters; compiled for this processor unless
    /// another engine is given.
    /// </summary>
    public static Compiled<P, D, (Core.Tensors.Tensor Value, P Gradient)> ValueAndGrad<P, D>(
        Func<P, D, Core.Tensors.Tensor> f,
        IEngine? engine = null)
    {
        Guard.Given(f);
        return Function((P parameters, D data) => Autodiff.ValueAndGrad<P>(p => f(p, data), parameters), engine);
    }
}
