// Derivatives of functions of trees for C#. Thin: the functions are Ppl.Core.Trees.OnTrees.
using System;
using Ppl.Core.Tensors;
using Ppl.Core.Transforms;
using Ppl.Core.Trees;

namespace Ppl;

/// <summary>
/// Derivatives of functions of trees of tensors (see <see cref="Tree"/>): the gradient of a function of a record is such a record.
/// </summary>
/// <remarks>
/// The functions work on concrete tensors, inside functions that are being compiled, and on each other: gradients of gradients
/// need nothing more. Tensors of integers and truth values get zeros.
/// </remarks>
public static class Autodiff
{
    /// <summary>The gradient of a function with a real scalar value.</summary>
    public static P Grad<P>(Func<P, Tensor> f, P at) => OnTrees.grad(FunctionBridge.Of(Guard.Given(f)), at);

    /// <summary>The value and the gradient of a function with a real scalar value.</summary>
    public static (Tensor Value, P Gradient) ValueAndGrad<P>(Func<P, Tensor> f, P at) =>
        OnTrees.valueAndGrad(FunctionBridge.Of(Guard.Given(f)), at).ToValueTuple();

    /// <summary>The value and the gradient of the first result of a function, and its second result.</summary>
    public static (Tensor Value, R Aside, P Gradient) ValueAndGrad<P, R>(Func<P, (Tensor Value, R Aside)> f, P at)
    {
        var (results, gradient) = OnTrees.valueAndGradWith(FunctionBridge.Pair(Guard.Given(f)), at);
        return (results.Item1, results.Item2, gradient);
    }

    /// <summary>
    /// The value of a function, and the function from a cotangent c of the value to that of the argument: c -> (df/dx)' c.
    /// </summary>
    public static (R Value, Func<R, P> Pullback) Vjp<P, R>(Func<P, R> f, P at)
    {
        var (value, pullback) = OnTrees.vjp(FunctionBridge.Of(Guard.Given(f)), at);
        return (value, FunctionBridge.Back(pullback));
    }

    /// <summary>The gradient of a function, and the product of its Hessian with a tangent of the argument.</summary>
    public static (P Gradient, P Product) Hvp<P>(Func<P, Tensor> f, P at, P tangent) =>
        OnTrees.hvp(FunctionBridge.Of(Guard.Given(f)), at, tangent).ToValueTuple();

    /// <summary>
    /// The derivatives of a function's value by each tensor of a tree, in a tree of the same structure whose tensors have the axes of
    /// the value before their own.
    /// </summary>
    public static P Jacobian<P>(Func<P, Tensor> f, P at) => OnTrees.jacobian(FunctionBridge.Of(Guard.Given(f)), at);

    /// <summary>The second derivatives of a function with a real scalar value by a tensor: its axes, twice.</summary>
    public static Tensor Hessian(Func<Tensor, Tensor> f, Tensor at) => Jacobians.hessian(FunctionBridge.Of(Guard.Given(f)), at);

    /// <summary>
    /// A function of each slice of a tree along the first axes of its tensors; the results are stacked along new first axes.
    /// What the function takes from its surroundings is shared.
    /// </summary>
    public static R Vmap<P, R>(Func<P, R> f, P batch) => OnTrees.vmap(FunctionBridge.Of(Guard.Given(f)), batch);

    /// <summary>The value of a function, and its derivative along a tangent t of the argument: (df/dx) t.</summary>
    public static (R Value, R Tangent) Jvp<P, R>(Func<P, R> f, P at, P tangent) =>
        OnTrees.jvp(FunctionBridge.Of(Guard.Given(f)), at, tangent).ToValueTuple();
}
