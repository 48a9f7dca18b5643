// L-BFGS: known minima, quadratics in as many steps as theory says, the Wolfe conditions of its line search, what it does
// where there is no progress.
module Ppl.Neural.Tests.LbfgsTests

open System
open Xunit
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Jit
open Ppl.Neural
open Ppl.Neural.Tests.Support

let private minimise f start = Lbfgs.minimise (CpuEngine()) (LbfgsOptions()) f start

let private rosenbrock (x: Tensor) =
    let n = x.Shape[0]
    let a, b = Ops.slice 0 0 (n - 1) x, Ops.slice 0 1 n x
    Ops.sum (100.0 * Ops.square (b - a * a) + Ops.square (1.0 - a))

[<Fact>]
let ``Rosenbrock's valley, 2 and 20 dimensions`` () =
    for n in [ 2; 20 ] do
        let start = Tensor.OfFloats(Array.init n (fun i -> if i % 2 = 0 then -1.2 else 1.0))
        let found = minimise rosenbrock start
        Assert.Equal(Converged, found.Status)
        close 1e-7 (Array.create n 1.0) (found.Parameters.ToFloats())

        Assert.True(
            found.Iterations < 150 && found.Evaluations < 2 * found.Iterations + 20,
            $"{found.Iterations} {found.Evaluations}"
        )

[<Fact>]
let ``trees with fixed and integer parts`` () =
    let target = normal 1 [ 3; 2 ]

    let f (p: {| A: Tensor; B: Tensor list; K: Tensor; Name: string |}) =
        Ops.sum (Ops.square (p.A - target)) + Ops.square (p.B[0] - 2.0) + Ops.sum (Ops.toFloat p.K)

    let start = {| A = normal 2 [ 3; 2 ]; B = [ Ops.scalar 0.0 ]; K = Tensor.OfInts [| 4 |]; Name = "n" |}
    let found = minimise f start
    close 1e-8 (target.ToFloats()) (found.Parameters.A.ToFloats())
    close 1e-8 [ 2.0 ] (found.Parameters.B[0].ToFloats())
    close 1e-8 [ 4.0 ] [ found.Value ]
    Assert.Equal("n", found.Parameters.Name)

[<Fact>]
let ``an ill-conditioned quadratic`` () =
    let scales = Tensor.OfFloats(Array.init 10 (fun i -> Math.Pow(10.0, float i / 2.0)))
    let found = minimise (fun x -> Ops.sum (scales * Ops.square (x - 1.0))) (normal 1 [ 10 ])
    Assert.Equal(Converged, found.Status)
    close 1e-8 (Array.create 10 1.0) (found.Parameters.ToFloats())

[<Fact>]
let ``the end is told`` () =
    let limited =
        Lbfgs.minimise (CpuEngine()) (LbfgsOptions(MaxIterations = 3)) rosenbrock (vector [ -1.2; 1.0 ])

    Assert.Equal(IterationLimit, limited.Status)
    Assert.Equal(3, limited.Iterations)
    Assert.Equal(NotFinite, (minimise (fun x -> Ops.sum (Ops.log x)) (vector [ -1.0 ])).Status)
    Assert.Equal(NoProgress, (minimise (fun x -> Ops.sum (Ops.exp (-x)) - 1e3 * Ops.sum x) (vector [ 0.0 ])).Status)
    fails "PPL5008" (fun () -> minimise (fun _ -> Ops.scalar 1.0) (Tensor.OfInts [| 1 |]) |> ignore)

[<Fact>]
let ``values outside the domain are stepped back from`` () =
    let found = minimise (fun x -> Ops.sum (x - Ops.log x)) (vector [ 0.01; 30.0 ])
    Assert.Equal(Converged, found.Status)
    close 1e-7 [ 1.0; 1.0 ] (found.Parameters.ToFloats())

[<Fact>]
let ``the line search finds strong Wolfe points of hard functions`` () =
    // Moré and Thuente (1994), functions 1 to 3 of their tests, from steps much too small and much too large.
    let conditions: LineSearch.Conditions = { C1 = 1e-3; C2 = 0.1; MaxEvaluations = 60 }

    let functions: (Tensor -> Tensor) list =
        [
            fun a -> -a / (a * a + 2.0)
            fun a -> Ops.pow (a + 0.004) (Ops.scalar 5.0) - 2.0 * Ops.pow (a + 0.004) (Ops.scalar 4.0)
            fun a -> Ops.sqrt (1.0 + Ops.square (a - 1.0)) + 0.1 * Ops.sin (6.0 * a)
        ]

    for f in functions do
        let point a =
            let value, slope = Grad.valueAndGrad f (Ops.scalar a)
            { Step = a; Value = value.ToFloat(); Slope = slope.ToFloat() }

        for first in [ 1e-3; 1e-1; 1e1; 1e3 ] do
            let start = point 0.0

            match LineSearch.search conditions point start first with
            | None -> Assert.Fail $"nothing found from {first}"
            | Some p ->
                Assert.True(p.Value <= start.Value + 1e-3 * p.Step * start.Slope)
                Assert.True(abs p.Slope <= 0.1 * abs start.Slope)
