// What the lowering is for: one loop where one is enough, no memory for what fits in registers, no copies in loops; and
// shapes large enough for every kind of loop nest, against the reference evaluator.
module Ppl.Engine.Tests.LoweringShapes

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Lowering

let private f64 extents = TensorType.create DType.F64 (Shape.ofList extents)
let private i32 extents = TensorType.create DType.I32 (Shape.ofList extents)

/// Numbers without a pattern that sums could hide behind.
let private literal (seed: int) (ty: TensorType) =
    let rng = Random seed
    let n = ty.Shape.Count

    match ty.DType with
    | DType.F64 -> Storage.F64(Array.init n (fun _ -> 2.0 * rng.NextDouble() - 1.0))
    | DType.F32 -> Storage.F32(Array.init n (fun _ -> float32 (2.0 * rng.NextDouble() - 1.0)))
    | DType.I64 -> Storage.I64(Array.init n (fun _ -> rng.NextInt64(-2L, 12L)))
    | DType.I32 -> Storage.I32(Array.init n (fun _ -> rng.Next(-2, 12)))
    | DType.U32 -> Storage.U32(Array.init n (fun _ -> uint32 (rng.Next 12)))
    | DType.Bool -> Storage.Bool(Array.init n (fun _ -> rng.Next 2 = 0))
    |> Literal.create ty.Shape

let private loopsOf types f = Compile.program types f |> Lower.program

/// The same with recurrences stepped one by one.
let private plainLoopsOf types f =
    Trace.program types f
    |> Simplify.programWith { SimplifyOptions.Default with SplitRecurrences = false }
    |> Lower.program

/// The statements of a block and of all blocks inside it.
let rec private statements (block: Block) : Stmt list =
    [
        for statement in block do
            statement

            match statement with
            | Stmt.For(_, _, _, _, body) -> yield! statements body
            | Stmt.If(_, first, second) ->
                yield! statements first
                yield! statements second
            | Stmt.Parallel blocks ->
                for body in blocks do
                    yield! statements body
            | Stmt.While(test, _, body) ->
                yield! statements test
                yield! statements body
            | _ -> ()
    ]

let private count choose (program: LoopProgram) = statements program.Body |> List.filter choose |> List.length

let private isFor statement =
    match statement with
    | Stmt.For _ -> true
    | _ -> false

let private isCopy statement =
    match statement with
    | Stmt.Copy _ -> true
    | _ -> false

/// Within the rounding of sums of some hundred numbers near 1.
let private agrees types f =
    let program = Trace.program types f
    let arguments = types |> Array.mapi literal
    let expected = Reference.run program arguments

    for options in [ Lower.defaults; { Lower.defaults with Small = 2 } ] do
        let loops = Lower.programWith options program
        let actual = Evaluate.run loops arguments

        for e, a in Array.zip expected actual do
            match e.Data, a.Data with
            | Storage.F64 xs, Storage.F64 ys ->
                Array.iter2 (fun (x: float) y -> Assert.True(abs (x - y) <= 1e-11 * (1.0 + abs x), $"{x} {y}")) xs ys
            | Storage.I32 xs, Storage.I32 ys -> Assert.Equal<int>(xs, ys)
            | Storage.Bool xs, Storage.Bool ys -> Assert.Equal<bool>(xs, ys)
            | _ -> Assert.Fail "another element type"

let private regression n (parameters: Tensor) =
    let x i = Tensor.OfLiteral(literal i (f64 [ n ]))
    let mean = parameters[0] + parameters[1] * x 1 + parameters[2] * x 2 + parameters[3] * x 3
    let scale = Ops.exp parameters[4]
    Ops.neg (Ops.sum (Ops.square ((x 4 - mean) / scale))) - Tensor.OfFloat(float n) * parameters[4]

[<Fact>]
let ``the gradient of a regression is one pass over the data, without scratch memory`` () =
    // 434 observations: vectors and a masked tail.
    let program =
        loopsOf [| f64 [ 5 ] |] (fun args ->
            let value, gradient = Grad.valueAndGrad (regression 434) args[0]
            [| value; gradient |])

    Assert.Equal(1, count isFor program)
    Assert.Equal(0, program.ScratchLength)

[<Fact>]
let ``small vectors never touch memory`` () =
    let program =
        loopsOf [| f64 [ 5 ] |] (fun args ->
            let value, gradient = Grad.valueAndGrad (regression 12) args[0]
            [| value; gradient |])

    Assert.Equal(0, count isFor program)
    Assert.Equal(0, program.ScratchLength)

[<Fact>]
let ``a recursion over scalars lives in variables`` () =
    let program =
        plainLoopsOf [| f64 [ 3 ]; f64 [ 100 ] |] (fun args ->
            let step (carry: Tensor[]) (xs: Tensor[]) =
                let variance = args[0].[0] + args[0].[1] * Ops.square xs[0] + args[0].[2] * carry[0]
                [| variance; carry[1] + Ops.log variance |], [||]

            let carried, _ = Control.scan step [| Tensor.OfFloat 1.0; Tensor.OfFloat 0.0 |] [| args[1] |]
            [| carried[1] |])

    Assert.Equal(1, count isFor program)
    Assert.Equal(0, program.ScratchLength)

[<Fact>]
let ``rows of a carried matrix are written in place`` () =
    let program =
        loopsOf [| f64 [ 20; 10 ]; f64 [ 10 ] |] (fun args ->
            Control.whileLoop
                (fun s -> Ops.less s[0] (Tensor.OfInt 20))
                (fun s ->
                    let row = Ops.reshape (Shape.ofList [ 1; 10 ]) (s[2] * Ops.toFloat s[0])
                    let table = Ops.dynamicUpdate [| s[0]; Tensor.OfInt 0 |] row s[1]
                    [| s[0] + Tensor.OfInt 1; table; s[2] + Ops.reshape (Shape.ofList [ 10 ]) row |])
                [| Tensor.OfInt 0; args[0]; args[1] |])

    // The one copy brings the argument into the loop's memory.
    Assert.Equal(1, count isCopy program)

[<Fact>]
let ``a scan that reads one row of a large carried table and sets another does not copy the table`` () =
    let program =
        loopsOf [| f64 [ 400; 10 ] |] (fun args ->
            let step (s: Tensor[]) _ =
                let next = s[0] + Tensor.OfInt 1
                [| next; Ops.setRow next (2.0 * Ops.row s[0] s[1]) s[1] |], [||]

            fst (Control.scanBy false 399 step [| Tensor.OfInt 0; args[0] |] [||]))

    let sizes =
        statements program.Body
        |> List.choose (function
            | Stmt.Copy(_, _, count) -> Some count
            | _ -> None)

    // The argument into the loop's memory, once; from there into the result, at most once; one row per turn.
    Assert.True(List.length (List.filter ((=) 4000) sizes) <= 2, $"%A{sizes}")
    Assert.True(program.ScratchLength < 4000 + 100, $"{program.ScratchLength} elements of scratch memory")

    let inside =
        program.Body
        |> Array.collect (function
            | Stmt.For(_, _, 399, _, body) -> body
            | _ -> [||])

    Assert.Equal(
        0,
        statements inside
        |> List.filter (function
            | Stmt.Copy(_, _, n) -> n > 10
            | _ -> false)
        |> List.length
    )

[<Fact>]
let ``buffers with disjoint lives share memory`` () =
    let program =
        loopsOf [| f64 [ 50; 50 ] |] (fun args ->
            let mutable x = args[0]

            for _ in 1..8 do
                x <- Ops.dot x x

            [| x |])

    Assert.True(program.ScratchLength <= 2 * (2504 + 8), $"{program.ScratchLength} elements for 8 products")

[<Fact>]
let ``a scatter over many rows is right`` () =
    let types = [| f64 [ 12 ]; f64 [ 301 ] |]

    agrees types (fun args ->
        let indices = Tensor.OfLiteral(literal 9 (i32 [ 301 ]))
        let value x = Ops.sum (Ops.square (args[1] - Ops.take 0 indices (Ops.exp x)))
        let v, g = Grad.valueAndGrad value args[0]
        [| v; g |])

let private dot left right (l: int list) (r: int list) =
    agrees [| f64 left; f64 right |] (fun args ->
        let axes =
            {
                BatchLeft = [||]
                BatchRight = [||]
                ContractLeft = List.toArray l
                ContractRight = List.toArray r
            }

        let operand = Ops.exp args[0]
        [| Ops.dotGeneral axes operand args[1]; operand |])

[<Fact>]
let ``products of every shape and orientation agree`` () =
    for rows in [ 1; 3; 40 ] do
        for inner in [ 1; 2; 7; 33; 70 ] do
            for columns in [ 1; 5; 37 ] do
                dot [ rows; inner ] [ inner; columns ] [ 1 ] [ 0 ]
                dot [ inner; rows ] [ columns; inner ] [ 0 ] [ 1 ]

[<Fact>]
let ``reductions of every shape agree`` () =
    for shape in [ [ 3; 70 ]; [ 70; 3 ]; [ 40; 50 ]; [ 5; 6; 40 ]; [ 40; 6; 5 ]; [ 9; 30; 11 ] ] do
        for axes in [ [| 0 |]; [| 1 |]; [| 0; 1 |] ] do
            agrees [| f64 shape |] (fun args ->
                let x = Ops.exp args[0]
                [| Ops.sumAlong axes x; Ops.maxAlong axes (x * args[0]); Ops.sum x |])

[<Fact>]
let ``loop programs print`` () =
    let program = loopsOf [| f64 [ 20 ] |] (fun args -> [| Ops.sum (Ops.square args[0]) |])

    let expected =
        [
            "b0: real 20 input 0"
            "b1: real 1 output 0"
            "v0 = load.8 b0[0]"
            "v1 = load.8 b0[8]"
            "v2 = load.8 b0[16]"
            "v3 = mul.8 v0 v0"
            "v4 = fma.8 v1 v1 v3"
            "v5 = fma.8 v2 v2 v4"
            "v6 = laneMask 4"
            "v7 = select.8 v6 v5 v4"
            "v8 = reduceSum v7"
            "store.1 b1[0] v8"
        ]

    Assert.Equal(String.concat "\n" expected + "\n", Print.program program)

[<Fact>]
let ``triangular solutions agree, also where the right-hand side lies transposed in memory`` () =
    for n, k in [ 3, 5; 11, 11; 11, 1; 12, 40 ] do
        for lower, transposed in List.allPairs [ true; false ] [ true; false ] do
            let diagonal n =
                let entries = Array.init (n * n) (fun at -> if at % (n + 1) = 0 then float n else 0.0)
                Ops.reshape (Shape.ofList [ n; n ]) (Tensor.OfFloats entries)

            let types = [| f64 [ n; n ]; f64 [ n; k ]; f64 [ k; n ] |]

            let solutions (args: Tensor[]) =
                let solve = Ops.triangularSolve lower transposed (args[0] + diagonal n)
                let another = Ops.triangularSolve true false (diagonal k) args[2]
                [| solve args[1]; solve (Ops.transpose [| 1; 0 |] another) |]

            agrees types solutions

            let program = Compile.program types solutions
            let arguments = types |> Array.mapi literal

            let isTransposed =
                function
                | Stmt.Call(Kernel.TriangularSolve(_, _, _, _, _, _, _, _, t)) -> t
                | _ -> false

            Assert.Equal((if k = 1 then 0 else 1), count isTransposed (Lower.program program))
            let compiled = Compile.func (Ppl.Jit.CpuEngine()) types solutions

            for expected, actual in Array.zip (Evaluate.run (Lower.program program) arguments) (compiled.Run arguments) do
                Assert.Equal<float>(Literal.floats expected, Literal.floats actual)

[<Fact>]
let ``batches of factorisations, systems and their gradients agree, in lanes, alone and in blocks`` () =
    for batch, n in [ 1, 11; 9, 1; 19, 5; 8, 16; 2, 17; 2, 40 ] do
        let matrices = f64 [ batch; n; n ]

        let logDensity (args: Tensor[]) =
            let each, last = [| 0 |], [| 2 |]
            let axes = { BatchLeft = each; BatchRight = each; ContractLeft = last; ContractRight = last }

            let identity =
                Literal.create
                    (Shape.ofList [ n; n ])
                    (Storage.F64(Array.init (n * n) (fun at -> if at % (n + 1) = 0 then 2.0 else 0.0)))

            let definite =
                Ops.dotGeneral axes args[0] args[0] + Ops.broadcastTo matrices.Shape (Tensor.OfLiteral identity)

            let l = Ops.cholesky definite
            let z = Ops.triangularSolve true false l args[1]
            -0.5 * Ops.sum (Ops.square z) - Ops.sum (Ops.log (Ops.diagonal l))

        agrees [| matrices; f64 [ batch; n; 2 ] |] (fun args ->
            [| (Grad.grad (fun x -> logDensity [| x; args[1] |])) args[0] |])

[<Fact>]
let ``the inverse of a Cholesky factor comes from one elimination`` () =
    let inverses needsFactor (args: Tensor[]) =
        let definite = Ops.dot args[0] (Ops.transpose [| 1; 0 |] args[0]) + LinearAlgebra.identityLike args[0]
        let l = Ops.cholesky definite
        let inverse = Ops.triangularSolve true false l (LinearAlgebra.identityLike definite)
        if needsFactor then [| inverse; l |] else [| inverse |]

    let calls n needsFactor =
        let program = Compile.program [| f64 [ n; n ] |] (inverses needsFactor)
        let text = Print.program (Lower.program program)
        text.Contains "choleskyInverse ", text.Contains "cholesky ", text.Contains "triangularSolve "

    Assert.Equal((true, false, false), calls 11 false)
    Assert.Equal((false, true, true), calls 11 true)
    Assert.Equal((false, true, true), calls 17 false)

    for n in [ 1; 3; 11; 16; 17 ] do
        agrees [| f64 [ n; n ] |] (inverses false)
        agrees [| f64 [ n; n ] |] (inverses true)

    let lanes = Vmap.program 3 [| true |] (Trace.program [| f64 [ 5; 5 ] |] (inverses false))
    agrees [| f64 [ 3; 5; 5 ] |] (Trace.replay lanes)

[<Fact>]
let ``scans with checkpoints keep the states at borders of segments`` () =
    let length, n = 400, 50

    let scratch
        (scan: int -> (Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) -> Tensor[] -> Tensor[] -> Tensor[] * Tensor[])
        =
        let f (x: Tensor) =
            let state, _ =
                scan length (fun (s: Tensor[]) (_: Tensor[]) -> [| Ops.sin (s[0] * x) |], [||]) [| x |] [||]

            Ops.sum state[0]

        let program = Compile.program [| f64 [ n ] |] (fun xs -> [| Grad.grad f xs[0] |])
        (Lower.program program).ScratchLength

    let all, borders = scratch (Control.scanBy false), scratch Control.scanCheckpointed
    Assert.True(all >= length * n, $"{all} elements")
    Assert.True(borders <= 60 * n, $"{borders} elements for {length} states of {n}")

[<Fact>]
let ``checkpoints shrink the memory of gradients`` () =
    // Layers whose derivatives need what was computed on the way: kept for all layers, or for one at a time.
    let layers, n = 8, 1000
    let layer (x: Tensor) = Ops.sin (Ops.exp (Ops.sin (Ops.exp (Ops.cumulativeSum 0 x))))
    let again (x: Tensor) = (Control.checkpoint (fun xs -> [| layer xs[0] |]) [| x |])[0]

    let scratch layer =
        let f x = Ops.sum (Seq.fold (fun x _ -> layer x) x (seq { 1..layers }))

        let program =
            Compile.program [| TensorType.create DType.F64 (Shape.ofList [ n ]) |] (fun xs -> [| Grad.grad f xs[0] |])

        (Lower.program program).ScratchLength

    let kept, recomputed = scratch layer, scratch again
    Assert.True(recomputed * 2 < kept, $"{kept} elements of scratch memory kept, {recomputed} with checkpoints")
    // One tensor at each border of the layers, and what one layer needs.
    Assert.True(recomputed <= (layers + 7) * (n + 16), $"{recomputed} elements")
