// Jacobians, Hessians and products with them: closed forms, the two modes against each other, symmetry, and nesting in maps
// and gradients over the cases of DifferentiableCases.
module Ppl.Core.Tests.JacobianTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.Values
open Ppl.Core.Tests.TransformCases
open Ppl.Core.Tests.DifferentiableCases

let private floats (x: Tensor) = x.ToFloats()

let private close (tolerance: float) (expected: float[]) (actual: float[]) =
    Assert.Equal(expected.Length, actual.Length)

    Array.iter2
        (fun (e: float) (a: float) ->
            Assert.True(abs (e - a) <= tolerance * (1.0 + abs e + abs a), $"expected %A{expected}, got %A{actual}"))
        expected
        actual

[<Fact>]
let ``the Jacobian of a function of a matrix`` () =
    // f(x)_i = x_i0 exp x_i1, so d f_i / d x_jk = [i = j] (exp x_i1, x_i0 exp x_i1).
    let x = Tensor.OfMatrix(array2D [ [ 0.5; 0.1 ]; [ -1.0; 0.3 ]; [ 2.0; -0.4 ] ])
    let f (x: Tensor) = Ops.prodAlong [| 1 |] (Ops.concat 1 [| Ops.slice 1 0 1 x; Ops.exp (Ops.slice 1 1 2 x) |])
    let entries = floats x

    let expected =
        [|
            for i in 0..2 do
                for j in 0..2 do
                    let e = exp entries[2 * i + 1]
                    if i = j then e else 0.0
                    if i = j then entries[2 * i] * e else 0.0
        |]

    for jacobian in [ Jacobians.jacobian; Jacobians.jacobianForward; Jacobians.jacobianReverse ] do
        let result = jacobian f x
        Assert.Equal(Shape.ofList [ 3; 3; 2 ], result.Shape)
        close 1e-15 expected (floats result)

[<Fact>]
let ``the mode is the one with fewer products`` () =
    let products f n =
        let program = Trace.program [| TensorType.create DType.F64 (Shape.ofList [ n ]) |] f
        program.Types |> Seq.map _.Shape.Count |> Seq.max

    // 2 arguments and 50 results, and the other way round: never 50 products of 50 elements.
    let wide (x: Tensor) = Ops.sin (x[0] * Ops.toFloat (Ops.iota 50) + x[1])
    let tall (x: Tensor) = Ops.stack [| Ops.sum (Ops.sin x); Ops.sum (Ops.exp x) |]
    Assert.True(products (fun xs -> [| Jacobians.jacobian wide xs[0] |]) 2 < 2500)
    Assert.True(products (fun xs -> [| Jacobians.jacobian tall xs[0] |]) 50 < 2500)
    Assert.True(products (fun xs -> [| Jacobians.jacobianReverse wide xs[0] |]) 2 >= 2500)

[<Fact>]
let ``the Jacobian through a triangular solve and a Cholesky factor`` () =
    // x = S^-1 b for S = a a' + 3 I: dx/db = S^-1.
    let a = Tensor.OfMatrix(array2D [ [ 1.0; 0.2; 0.4 ]; [ -0.3; 0.8; 0.1 ]; [ 0.5; -0.6; 0.9 ] ])

    let s =
        Ops.dot a (Ops.transpose [| 1; 0 |] a)
        + 3.0 * Tensor.OfMatrix(Array2D.init 3 3 (fun i j -> if i = j then 1.0 else 0.0))

    let solve (s: Tensor) (b: Tensor) =
        let l = Ops.cholesky s
        Ops.triangularSolve true true l (Ops.triangularSolve true false l b)

    let f (b: Tensor) = Ops.flatten (solve s (Ops.reshape (Shape.ofList [ 3; 1 ]) b))
    let inverse = Jacobians.jacobian f (Tensor.OfFloats [| 0.3; -0.7; 1.1 |])
    let identity = Ops.dot s inverse
    close 1e-14 [| for i in 0..8 -> if i % 4 = 0 then 1.0 else 0.0 |] (floats identity)
    // Second derivatives of b' S^-1 b in b, through the factor: 2 S^-1.
    let quadratic (b: Tensor) = Ops.dot b (f b)
    close 1e-13 (floats (2.0 * inverse)) (floats (Jacobians.hessian quadratic (Tensor.OfFloats [| 0.3; -0.7; 1.1 |])))

let private weighted f (xs: Tensor[]) =
    let ys: Tensor[] = f xs
    let rng = Random 3

    ys
    |> Array.filter (fun y -> y.DType = DType.F64)
    |> Array.map (fun y -> Ops.sum (tensor (random rng y.Type) * y))
    |> Array.reduce (+)

/// Each case as a function of its first argument.
let private ofFirst (case: Smooth) (x: Tensor) = weighted case.Function (Array.append [| x |] (tensors case.At[1..]))

[<Fact>]
let ``products with the Hessian are the Hessian times the direction, and it is symmetric`` () =
    for case in all do
        let x = tensor case.At[0]
        let f = ofFirst case
        let n = x.Shape.Count
        let matrix = Ops.reshape (Shape.ofList [ n; n ]) (Jacobians.hessian f x)
        close 1e-9 (floats matrix) (floats (Ops.transpose [| 1; 0 |] matrix))
        let v = tensor (random (Random 4) x.Type)
        close 1e-9 (floats (Ops.dot matrix (Ops.flatten v))) (floats (Jacobians.hvp f x v))
        // Reverse over reverse says the same.
        let reverse = Grad.grad (fun x -> Ops.sum (v * Grad.grad f x)) x
        close 1e-9 (floats reverse) (floats (Jacobians.hvp f x v))

[<Fact>]
let ``Hessians of lanes are the Hessians of each`` () =
    let f (x: Tensor) = Ops.sum (Ops.exp (Ops.sin x)) * Ops.prodAlong [| 0 |] x
    let xs = Tensor.OfMatrix(array2D [ [ 0.3; 0.7 ]; [ -0.2; 1.1 ]; [ 0.9; 0.4 ] ])
    let together = Vmap.vmap (Jacobians.hessian f) xs
    let each = Ops.stack (Array.init 3 (fun i -> Jacobians.hessian f xs[i]))
    Assert.Equal(each.Value, together.Value)

[<Fact>]
let ``forward Jacobians pass loops of unknown length`` () =
    let f (x: Tensor) =
        (Control.whileLoop (fun s -> Ops.less (Ops.sum s[0]) (Ops.scalar 10.0)) (fun s -> [| 2.0 * s[0] |]) [| x |])[0]

    let x = Tensor.OfFloats [| 1.0; 2.0 |]
    Assert.Equal<float[]>([| 4.0; 0.0; 0.0; 4.0 |], floats (Jacobians.jacobianForward f x))
    let error = Assert.Throws<PplException>(fun () -> Jacobians.jacobian f x |> ignore)
    Assert.Equal("PPL5006", error.Id)

[<Fact>]
let ``errors of Jacobians name what is not real`` () =
    let fails f x = Assert.Throws<PplException>(fun () -> f x |> ignore)
    let argument = fails (Jacobians.jacobian id) (Tensor.OfInts [| 1; 2 |])
    Assert.Equal("PPL5002", argument.Id)
    Assert.Contains("i32[2]", argument.Message)
    let value = fails (Jacobians.jacobian Ops.toInt) (Tensor.OfFloats [| 1.0; 2.0 |])
    Assert.Equal("PPL5002", value.Id)
    Assert.Contains("the value", value.Message)
    let vector = fails (Jacobians.hessian id) (Tensor.OfFloats [| 1.0; 2.0 |])
    Assert.Equal("PPL5001", vector.Id)
