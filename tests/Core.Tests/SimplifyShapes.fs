// What simplification must leave of known programs: dead parts of loops, known values, and the loops over data in gradients
// of models. Counts and texts are exact, so that a lost rule shows.
module Ppl.Core.Tests.SimplifyShapes

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.TransformCases

let private vector n = TensorType.create DType.F64 (Shape.ofList [ n ])
let private scalarType = TensorType.scalar DType.F64
let private simplified types f = Simplify.program (Trace.program types f)

let private control name (program: Program) =
    program.Equations |> Array.filter (fun eq -> Primitive.name eq.Primitive = name) |> Array.exactlyOne

let private isText (expected: string) program =
    let lines (text: string) = text.Split '\n' |> Array.map _.Trim() |> Array.filter (fun line -> line <> "")
    Assert.Equal<string[]>(lines expected, lines (Text.print program))

// ---- dead code

[<Fact>]
let ``dead outputs, carries, constants and sequences of a scan go`` () =
    let program =
        simplified [| scalarType; scalarType; vector 3; vector 3 |] (fun args ->
            let step (s: Tensor[]) (x: Tensor[]) =
                // The second carry feeds only itself and a dead output, which alone use args[1] and the second sequence.
                let dead = s[1] * args[1] + x[1]
                [| s[0] * args[0] + x[0]; dead |], [| Ops.sin dead; Ops.square s[0] |]

            let state, ys = Control.scan step [| args[0]; args[1] |] [| args[2]; args[3] |]
            [| state[0]; ys[1] |])

    let scan = control "scan" program
    Assert.Equal(4, program.Inputs.Length)

    match scan.Primitive with
    | Primitive.Control(ControlOp.Scan(1, 1, 3, false, body)) ->
        Assert.Equal(3, scan.Args.Length)
        Assert.Equal(2, scan.Outs.Length)
        Assert.Equal(3, body.Inputs.Length)
        Assert.Equal(0, count "sin" program)
    | _ -> Assert.Fail(Text.print program)

[<Fact>]
let ``a carry that another carry needs stays`` () =
    let program =
        simplified [| scalarType; scalarType |] (fun args ->
            let step (s: Tensor[]) (_: Tensor[]) = [| s[0] + s[1]; s[1] * s[2]; s[2] + 1.0 |], [||]
            let state, _ = Control.scanBy false 4 step [| args[0]; args[1]; args[1] |] [||]
            [| state[0] |])

    Assert.Equal(3, (control "scan" program).Outs.Length)

[<Fact>]
let ``dead carries and constants of a while go`` () =
    let program =
        simplified [| scalarType; scalarType |] (fun args ->
            let test (s: Tensor[]) = Ops.less s[0] (Ops.scalar 10.0)
            let step (s: Tensor[]) = [| s[0] + 1.0; s[1] * args[0]; s[2] * args[1] |]
            [| (Control.whileLoop test step [| args[0]; args[0]; args[1] |])[1] |])

    match (control "while" program).Primitive with
    | Primitive.Control(ControlOp.While(1, condition, body)) ->
        // What is tested and what is wanted.
        Assert.Equal(3, condition.Inputs.Length)
        Assert.Equal(2, body.Outputs.Length)
    | _ -> Assert.Fail(Text.print program)

[<Fact>]
let ``dead results and operands of a cond go`` () =
    let program =
        simplified [| scalarType; scalarType |] (fun args ->
            let p = Ops.greater args[0] args[1]

            let results =
                Control.condMany p (fun () -> [| Ops.exp args[0]; Ops.sin args[1] |]) (fun () ->
                    [| args[0]; Ops.cos args[1] |])

            [| results[0] |])

    let cond = control "cond" program
    Assert.Equal(2, cond.Args.Length)
    Assert.Equal(1, cond.Outs.Length)
    Assert.Equal(0, count "sin" program)

// ---- known values

[<Fact>]
let ``known values go into the bodies of loops and are computed there`` () =
    let program =
        Simplify.program (
            Text.parse
                """
                program (%0: f64[], %1: f64[3]) {
                  %2: f64[] = constant 4
                  %3: f64[], %4: f64[3] = scan[constants=1 carry=1 length=3 reverse=false] %2 %0 %1
                    body (%0: f64[], %1: f64[], %2: f64[]) {
                      %3: f64[] = log %0
                      %4: f64[] = exp %3
                      %5: f64[] = sqrt %0
                      %6: f64[] = mul %1 %5
                      %7: f64[] = add %6 %2
                      return %7 %7
                    }
                  return %3
                }
                """
        )

    isText
        """
        program (%0: f64[], %1: f64[3]) {
          %2: f64[] = scan[constants=0 carry=1 length=3 reverse=false] %0 %1
            body (%0: f64[], %1: f64[]) {
              %2: f64[] = constant 2
              %3: f64[] = mul %2 %0
              %4: f64[] = add %3 %1
              return %4
            }
          return %2
        }
        """
        program

[<Fact>]
let ``branches on known conditions and loops over known values are run`` () =
    let program =
        simplified [| scalarType |] (fun args ->
            let p = Ops.greater (Ops.sum (Ops.fill (vector 3) 1.0) + 0.0 * Ops.scalar 1.0) (Ops.scalar 2.0)

            let total, _ =
                Control.scan
                    (fun s x -> [| s[0] + x[0] |], [||])
                    [| Ops.scalar 0.0 |]
                    [| Tensor.OfFloats [| 1.0; 2.0; 4.0 |] |]

            [| Control.cond p (fun () -> args[0] * total[0]) (fun () -> args[0]) |])

    isText
        """
        program (%0: f64[]) {
          %1: f64[] = constant 7
          %2: f64[] = mul %1 %0
          return %2
        }
        """
        program

[<Fact>]
let ``a sum of what is repeated is a product`` () =
    let program =
        simplified [| scalarType |] (fun args -> [| Ops.sum (Ops.broadcastTo (Shape.ofList [ 5 ]) (Ops.exp args[0])) |])

    isText
        """
        program (%0: f64[]) {
          %1: f64[] = exp %0
          %2: f64[] = constant 5
          %3: f64[] = mul %2 %1
          return %3
        }
        """
        program

[<Fact>]
let ``factors leave sums, and moments of data are known`` () =
    // sum (s y) - sum (t + y) with known y: no loop is left.
    let y = Tensor.OfFloats [| 1.0; 2.0; 4.5 |]

    let program =
        simplified [| scalarType; scalarType |] (fun args -> [| Ops.sum (args[0] * y) - Ops.sum (args[1] + y) |])

    Assert.Equal(0, count "reduceSum" program)
    Assert.Equal(0, count "broadcast" program)

[<Fact>]
let ``gradients of slices of one vector are a concatenation`` () =
    let program =
        simplified [| vector 6 |] (fun args ->
            let f (q: Tensor) =
                Ops.sum (Ops.exp (Ops.slice 0 0 2 q)) + Ops.sum (Ops.sin (Ops.slice 0 2 5 q)) + Ops.square q[5]

            [| Grad.grad f args[0] |])

    Assert.Equal(0, count "pad" program)
    Assert.Equal(0, count "add" program)
    Assert.Equal(1, count "concat" program)

// ---- models

let private normalLogDensity (y: Tensor) (mu: Tensor) (sigma: Tensor) =
    let z = (y - mu) / sigma
    Ops.sum (-0.5 * Ops.square z - Ops.log sigma - 0.9189385332046727)

[<Fact>]
let ``eight schools: one loop over schools for the density and two for the gradient`` () =
    let y = Tensor.OfFloats [| 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 |]
    let sigma = Tensor.OfFloats [| 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 |]

    let density (q: Tensor) =
        let mu, tau, z = q[0], Ops.exp q[1], Ops.slice 0 2 10 q

        normalLogDensity mu (Ops.scalar 0.0) (Ops.scalar 5.0) - Ops.log1p (Ops.square (tau / 5.0))
        + q[1]
        + normalLogDensity z (Ops.scalar 0.0) (Ops.scalar 1.0)
        + normalLogDensity y (mu + tau * z) sigma

    let program =
        simplified [| vector 10 |] (fun args -> let v, g = Grad.valueAndGrad density args[0] in [| v; g |])
    // sum z^2, sum r^2, d/dmu = sum of r / sigma, d/dtau = sum of z r / sigma.
    Assert.Equal(4, count "reduceSum" program)
    Assert.Equal(0, count "log" program)
    Assert.Equal(1, count "exp" program)
    Assert.Equal(1, count "concat" program)
    Assert.Equal(0, count "pad" program)

[<Fact>]
let ``regression: as many loops over data as coefficients, and one`` () =
    let n = 50
    let x = Tensor.OfMatrix(Array2D.init n 4 (fun i j -> if j = 0 then 1.0 else sin (float (i * j))))
    let y = Tensor.OfFloats(Array.init n (fun i -> cos (float i)))

    let density (q: Tensor) = normalLogDensity y (Ops.dot x (Ops.slice 0 0 4 q)) (Ops.exp q[4]) + q[4]

    let program =
        simplified [| vector 5 |] (fun args -> let v, g = Grad.valueAndGrad density args[0] in [| v; g |])
    // sum r^2 and X' r: four sums over data.
    Assert.Equal(5, count "reduceSum" program)
    Assert.Equal(0, count "dot" program)
    Assert.Equal(0, count "log" program)
    Assert.Equal(0, count "pad" program)

// ---- along an axis

[<Fact>]
let ``what is sorted or has one element along an axis stays as it is`` () =
    let program =
        simplified [| vector 3; vector 1 |] (fun args ->
            [|
                Ops.sort 0 (Ops.sort 0 args[0])
                Ops.sort 0 args[1]
                Ops.cumulativeMax 0 args[1]
                Ops.argSort 0 args[1]
            |])

    isText
        """
        program (%0: f64[3], %1: f64[1]) {
          %2: f64[3] = sort[axis=0] %0
          %3: i32[] = constant 0
          %4: i32[1] = broadcast[axes=] %3
          return %2 %1 %1 %4
        }
        """
        program

[<Fact>]
let ``compiling removes stopGradient, simplification alone keeps it`` () =
    let f (args: Tensor[]) = [| Ops.log (Ops.stopGradient (Ops.exp args[0])) |]
    Assert.Equal(1, count "stopGradient" (simplified [| vector 3 |] f))
    isText "program (%0: f64[3]) {\n return %0\n }" (Compile.program [| vector 3 |] f)
