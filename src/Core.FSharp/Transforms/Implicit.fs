// Functions defined by equations: fixed points and roots, found by iteration and differentiated by the implicit function theorem.
//   f(theta, y) = 0:  dy/dtheta = -(df/dy)^-1 df/dtheta, so the cotangent of theta is -(df/dtheta)' w with (df/dy)' w = c.
// The derivative does not look into the iteration: its cost and memory do not depend on how many steps there were. It is made of
// ordinary equations, so that it batches and has derivatives in its turn.
// Relies on Jacobians, LinearAlgebra and Control.customGrad. Read Facts next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// When an iteration ends.
[<Struct>]
type IterationOptions =
    {
        /// A step of at most tolerance (1 + max |y|) is the last one.
        Tolerance: float
        /// So many steps without such a one are a failure: the result is NaN.
        MaxIterations: int
    }

    /// Steps of 1e-12 relative to 1 + max |y|, at most 200.
    static member Default = { Tolerance = 1e-12; MaxIterations = 200 }

/// Fixed points and roots as differentiable functions of their parameters.
[<RequireQualifiedAccess>]
module Implicit =

    let private number (like: Tensor) x = Ops.fill (TensorType.scalar like.DType) x
    let private allAxes (x: Tensor) = Array.init x.Shape.Rank id
    let private largest x = Ops.maxAlong (allAxes x) (Ops.abs x)

    /// x with A x = b for A: [n, n], b: [n]; a singular matrix gives infinities or NaN.
    let private linearSolve (a: Tensor) (b: Tensor) : Tensor =
        Ops.reshape b.Shape (LinearAlgebra.solve a (Ops.reshape (Shape.ofList [ b.Shape.Count; 1 ]) b))

    /// Repeats y <- step y until a step is small; NaN if none is.
    let private iterate (options: IterationOptions) (step: Tensor -> Tensor) (initial: Tensor) : Tensor =
        let goesOn (state: Tensor[]) =
            Ops.logicalAnd (Ops.logicalNot state[1]) (Ops.less state[2] (Tensor.OfInt options.MaxIterations))

        let next (state: Tensor[]) =
            let y = step state[0]
            let bound = number y options.Tolerance * (number y 1.0 + largest y)
            let isLast = Ops.logicalAnd (Ops.lessEqual (largest (y - state[0])) bound) (Ops.isFinite bound)
            [| y; isLast; state[2] + Tensor.OfInt 1 |]

        let final = Control.whileLoop goesOn next [| initial; Tensor.OfBool false; Tensor.OfInt 0 |]
        Ops.select final[1] final[0] (number initial nan)

    let private requireReal name (y: Tensor) =
        if not (Derivatives.isReal y) || y.Shape.Count = 0 then
            Errors.dtypes name $"the unknown must be real and not empty, it is {y.Type}"

    /// f, if its values have the type of the unknown.
    let private checkedAt name (f: Tensor[] -> Tensor -> Tensor) theta (y: Tensor) =
        let value = f theta y

        if value.Type <> y.Type then
            Errors.shapes name $"the function gives {value.Type} where the unknown is {y.Type}"

        value

    let private square (y: Tensor) (jacobian: Tensor) =
        Ops.reshape (Shape.ofList [ y.Shape.Count; y.Shape.Count ]) jacobian

    /// The solution that `find` finds, with the derivative of a root of f.
    let private root (f: Tensor[] -> Tensor -> Tensor) find (initial: Tensor) (theta: Tensor[]) =
        let backward (xs: Tensor[]) (ys: Tensor[]) (cs: Tensor[]) =
            let theta, y = xs[1..], ys[0]
            let slopes = square y (Jacobians.jacobianForward (f theta) y)
            let w = Ops.reshape y.Shape (linearSolve (Ops.transpose [| 1; 0 |] slopes) (Ops.flatten cs[0]))
            let _, back = Grad.vjp (fun theta -> [| f theta y |]) theta
            Array.append [| Ops.zerosLike xs[0] |] (back [| -w |])

        (Control.customGrad (fun xs -> [| find xs[1..] xs[0] |]) backward (Array.append [| initial |] theta))[0]

    /// <summary>
    /// y with y = g theta y, by repeating y &lt;- g theta y from the initial value; differentiable in theta.
    /// Law: d y / d theta = (1 - dg/dy)^-1 dg/dtheta at the fixed point, whatever the way there.
    /// Shapes: initial, y and g theta y have one type, n elements; derivatives solve one n x n system.
    /// NaN where the iteration does not converge. Tensors that g captures are constants: pass what is differentiated as theta.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: g gives another type. PPL5002: the unknown is not real, or empty.
    /// PPL5008: a derivative with respect to a captured tensor.</exception>
    let fixedPoint
        (options: IterationOptions)
        (g: Tensor[] -> Tensor -> Tensor)
        (initial: Tensor)
        (theta: Tensor[])
        : Tensor =
        requireReal "fixedPoint" initial
        let g = checkedAt "fixedPoint" g
        root (fun theta y -> g theta y - y) (fun theta -> iterate options (g theta)) initial theta

    /// <summary>
    /// y with f theta y = 0, by Newton's iteration y &lt;- y - (df/dy)^-1 f from the initial value; differentiable in theta.
    /// Law: d y / d theta = -(df/dy)^-1 df/dtheta at the root, whatever the way there.
    /// Shapes: initial, y and f theta y have one type, n elements; steps and derivatives solve one n x n system.
    /// NaN where the iteration does not converge. Tensors that f captures are constants: pass what is differentiated as theta.
    /// Many equations of their own, one per element: Vmap.vmap over the function that solves one.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: f gives another type. PPL5002: the unknown is not real, or empty.
    /// PPL5008: a derivative with respect to a captured tensor.</exception>
    let solve
        (options: IterationOptions)
        (f: Tensor[] -> Tensor -> Tensor)
        (initial: Tensor)
        (theta: Tensor[])
        : Tensor =
        requireReal "solve" initial
        let f = checkedAt "solve" f

        let newton theta (y: Tensor) =
            let slopes = square y (Jacobians.jacobianForward (f theta) y)
            y - Ops.reshape y.Shape (linearSolve slopes (Ops.flatten (f theta y)))

        root f (fun theta -> iterate options (newton theta)) initial theta
