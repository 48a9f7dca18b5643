open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Trees
open Ppl.Jit

// A curve through data; its parameters are a record, and so is the gradient.
type Curve = { Height: Tensor; Rate: Tensor }

let times = Tensor.OfFloats [| 0.5; 1.0; 2.0; 4.0 |]
let seen = Tensor.OfFloats [| 3.1; 2.5; 1.4; 0.6 |]
let loss curve = Ops.sum (Ops.square (seen - curve.Height * Ops.exp (-curve.Rate * times)))
let start = { Height = Tensor.OfFloat 4.0; Rate = Tensor.OfFloat 0.5 }
let slope = OnTrees.grad loss start

// Derivatives nest and map: a Hessian, and one gradient per row of a matrix of starts.
let flat (x: Tensor) = loss { Height = x[0]; Rate = x[1] }
let hessian = Jacobians.hessian flat (Tensor.OfFloats [| 4.0; 0.5 |])
let starts = Tensor.OfMatrix(array2D [ [ 4.0; 0.5 ]; [ 3.0; 1.0 ]; [ 5.0; 0.2 ] ])
let slopes = Vmap.vmap (Grad.grad flat) starts

// Compiled once, and what it became.
let program = Compile.program [| starts.Type |] (fun xs -> [| Vmap.vmap (Grad.grad flat) xs[0] |])
let engine = CpuEngine()
let compiled = (engine :> Ir.IEngine).Compile program
let again = compiled.Run [| starts.Value |] |> Array.head |> Tensor.OfLiteral
printfn $"{slope.Height} {slope.Rate}\n{hessian}\n{slopes}\n{again}"
printfn $"{Explain.program engine program}"

// An operation of one's own, in another file.
Ppl.Examples.Kepler.show ()
