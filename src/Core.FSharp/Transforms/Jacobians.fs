// Derivatives of functions whose values or second derivatives are wanted whole: products with the Hessian, Jacobians and
// Hessians. Each is a map of the two modes over a basis, so that one program computes all rows or columns together.
// Relies on Grad, Jvp and Vmap. Read Implicit next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// Jacobians and Hessians of functions of tensors.
[<RequireQualifiedAccess>]
module Jacobians =

    let private requireReal name what (x: Tensor) =
        if not (Derivatives.isReal x) then
            Errors.dtypes name $"{what} must be real, it is {x.Type}"

    /// The tensors of a type that are 1 at one place: [n, shape] for n elements.
    let private basis (ty: TensorType) =
        let n = ty.Shape.Count
        let identity = Array.init (n * n) (fun i -> if i / n = i % n then 1.0 else 0.0)
        let rows = Tensor.OfLiteral(Literal.create (Shape.ofList [ n; n ]) (Storage.F64 identity))
        Ops.convert ty.DType (Ops.reshape (Shape.prepend n ty.Shape) rows)

    let private joined (a: Shape) (b: Shape) = Shape.ofArray (Array.append (a.ToArray()) (b.ToArray()))

    /// <summary>
    /// The Jacobians of f at several tensors, d f(xs)_i / d x_j, by one vector-Jacobian product per element of the value.
    /// Shapes: f: [x1], [x2] .. -> [y] gives [y, x1], [y, x2] .., the axes of the value first.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5002: an argument or the value is not real. PPL5006: a loop of unknown
    /// length on the way.</exception>
    let jacobianMany (f: Tensor[] -> Tensor) (xs: Tensor[]) : Tensor[] =
        xs |> Array.iter (requireReal "jacobian" "the argument")
        let values, back = Grad.vjp (fun xs -> [| f xs |]) xs
        requireReal "jacobian" "the value" values[0]
        let rows = Vmap.vmapAll (fun cs -> back cs) [| basis values[0].Type |]
        Array.map2 (fun (x: Tensor) -> Ops.reshape (joined values[0].Shape x.Shape)) xs rows

    /// <summary>
    /// The Jacobian of f at x, d f(x)_i / d x_j, by one vector-Jacobian product per element of the value.
    /// Shapes: f: [x] -> [y] gives [y, x], the axes of the value first. Right for fewer results than arguments.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5002: the argument or the value is not real. PPL5006: a loop of unknown
    /// length on the way.</exception>
    let jacobianReverse (f: Tensor -> Tensor) (x: Tensor) : Tensor = (jacobianMany (fun xs -> f xs[0]) [| x |])[0]

    /// <summary>
    /// The Jacobian of f at x, d f(x)_i / d x_j, by one Jacobian-vector product per element of the argument.
    /// Shapes: f: [x] -> [y] gives [y, x], the axes of the value first. Right for fewer arguments than results; passes loops
    /// of unknown length.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5002: the argument or the value is not real.</exception>
    let jacobianForward (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        requireReal "jacobian" "the argument" x
        let along t = (snd (Jvp.jvp (fun xs -> [| f xs[0] |]) [| x |] [| t |]))[0]
        let columns = Vmap.vmap along (basis x.Type)
        requireReal "jacobian" "the value" columns
        let value = Shape.tail columns.Shape
        let matrix = Ops.reshape (Shape.ofList [ x.Shape.Count; value.Count ]) columns
        Ops.reshape (joined value x.Shape) (Ops.transpose [| 1; 0 |] matrix)

    /// <summary>
    /// The Jacobian of f at x, d f(x)_i / d x_j: forward where there are fewer arguments than results, else in reverse.
    /// Shapes: f: [x] -> [y] gives [y, x], the axes of the value first.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5002: the argument or the value is not real. PPL5006: a loop of unknown
    /// length on the way of a reverse derivative.</exception>
    let jacobian (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let closure = Trace.closure [| x.Type |] (fun xs -> [| f xs[0] |])
        let value = (Program.outputTypes closure.Program)[0]
        let f x = (Trace.replay closure.Program (Array.append closure.Captured [| x |]))[0]

        if x.Shape.Count < value.Shape.Count then jacobianForward f x else jacobianReverse f x

    /// <summary>
    /// The Hessian of f at x times a direction, forward over reverse: one gradient's work, times a small factor.
    /// Shapes: f: [x] -> f64[]; direction and result have the type of x.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: the value is not a real scalar, or the direction is not of the type
    /// of x. PPL5002: the argument is not real.</exception>
    let hvp (f: Tensor -> Tensor) (x: Tensor) (direction: Tensor) : Tensor =
        requireReal "hvp" "the argument" x
        (snd (Jvp.jvp (fun xs -> [| Grad.grad f xs[0] |]) [| x |] [| direction |]))[0]

    /// <summary>
    /// The Hessian of f at x, d (d f / d x_i) / d x_j, forward over reverse: one product with it per element of x.
    /// Shapes: f: [x] -> f64[] gives [x, x]. Symmetric up to rounding.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: the value is not a real scalar. PPL5002: the argument is not
    /// real.</exception>
    let hessian (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        requireReal "hessian" "the argument" x
        jacobianForward (Grad.grad f) x
