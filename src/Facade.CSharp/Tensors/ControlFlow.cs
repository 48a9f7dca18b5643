// Branches and loops on trees for C#. Thin: the functions are Ppl.Core.Trees.TreeControl.
using System;
using Microsoft.FSharp.Core;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Core.Trees;

namespace Ppl;

/// <summary>Branches, loops and derivatives by hand on trees of tensors (see <see cref="Tree"/>), as parts of tensor programs.</summary>
/// <remarks>
/// The functions may use whatever tensors are around them. States keep their structure and tensor types from turn to turn, and
/// branches give the same ones: anything else is an error that names the place (PPL5501).
/// </remarks>
public static class ControlFlow
{
    /// <summary>
    /// The result of one of two functions: of the first where the condition (a scalar) holds. Only that one is computed when the
    /// program runs.
    /// </summary>
    public static R Cond<R>(Tensor condition, Func<R> whenTrue, Func<R> whenFalse) =>
        TreeControl.cond(condition, FunctionBridge.Of(Guard.Given(whenTrue)), FunctionBridge.Of(Guard.Given(whenFalse)));

    /// <summary>
    /// Repeats a step while a condition holds: the final state. It has a forward derivative only (else PPL5006): its length is not
    /// known.
    /// </summary>
    public static S While<S>(Func<S, Tensor> condition, Func<S, S> step, S initial) =>
        TreeControl.whileLoop(FunctionBridge.Of(Guard.Given(condition)), FunctionBridge.Of(Guard.Given(step)), initial);

    /// <summary>
    /// Folds a step over the slices of a tree along the first axes of its tensors, which must have the same extent: the final state
    /// and the outputs of all steps, stacked.
    /// </summary>
    public static (S State, Y Outputs) Scan<S, X, Y>(Func<S, X, (S State, Y Output)> step, S initial, X sequences) =>
        TreeControl.scan(FunctionBridge.Step(Guard.Given(step)), initial, sequences).ToValueTuple();

    /// <summary>As Scan, from the last slice to the first; outputs stay in the order of the slices.</summary>
    public static (S State, Y Outputs) ScanBack<S, X, Y>(Func<S, X, (S State, Y Output)> step, S initial, X sequences) =>
        TreeControl.scanBack(FunctionBridge.Step(Guard.Given(step)), initial, sequences).ToValueTuple();

    /// <summary>As Scan; derivatives keep the state of every sqrt(length)-th step only, and compute the others again.</summary>
    public static (S State, Y Outputs) ScanCheckpointed<S, X, Y>(
        Func<S, X, (S State, Y Output)> step,
        S initial,
        X sequences) =>
        TreeControl.scanCheckpointed(FunctionBridge.Step(Guard.Given(step)), initial, sequences).ToValueTuple();

    /// <summary>A fixed number of steps: the final state and the outputs of all steps, stacked.</summary>
    public static (S State, Y Outputs) Repeat<S, Y>(int length, Func<S, (S State, Y Output)> step, S initial)
    {
        Guard.Given(step);
        return TreeControl.repeat(length, FuncConvert.FromFunc<S, Tuple<S, Y>>(s => step(s).ToTuple()), initial).ToValueTuple();
    }

    /// <summary>
    /// A function of each slice of a tree along the first axes of its tensors; the results are stacked. Each turn runs alone: less
    /// memory than <see cref="Autodiff.Vmap{P, R}"/>, which runs all together.
    /// </summary>
    public static Y Map<X, Y>(Func<X, Y> f, X sequences) => TreeControl.map(FunctionBridge.Of(Guard.Given(f)), sequences);

    /// <summary>
    /// The value of a function, computed apart: derivatives keep its argument instead of what it computes on the way, and compute it
    /// again.
    /// </summary>
    public static R Checkpoint<P, R>(Func<P, R> f, P argument) =>
        TreeControl.checkpoint(FunctionBridge.Of(Guard.Given(f)), argument);

    /// <summary>
    /// The value of a function with a derivative that the caller knows better: backward(argument, result, c) is (df/dx)' c, for a
    /// cotangent c of the result, and linear in c. Tensors that the functions capture are constants (else PPL5008).
    /// </summary>
    public static R CustomGrad<P, R>(Func<P, R> f, Func<P, R, R, P> backward, P argument) =>
        TreeControl.customGrad(FunctionBridge.Of(Guard.Given(f)), FunctionBridge.Of(Guard.Given(backward)), argument);

    /// <summary>
    /// y with y = g(theta, y), by repetition from an initial value; differentiable in theta by the implicit function theorem. NaN
    /// where it does not converge.
    /// </summary>
    public static Tensor FixedPoint<P>(Func<P, Tensor, Tensor> g, Tensor initial, P theta, IterationOptions? options = null) =>
        TreeControl.fixedPoint(options ?? IterationOptions.Default, FunctionBridge.Of(Guard.Given(g)), initial, theta);

    /// <summary>
    /// y with f(theta, y) = 0, by Newton's iteration from an initial value; differentiable in theta by the implicit function theorem.
    /// NaN where it does not converge.
    /// </summary>
    public static Tensor Root<P>(Func<P, Tensor, Tensor> f, Tensor initial, P theta, IterationOptions? options = null) =>
        TreeControl.solve(options ?? IterationOptions.Default, FunctionBridge.Of(Guard.Given(f)), initial, theta);
}
