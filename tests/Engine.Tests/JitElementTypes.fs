// Tensors of f32, i64 and u32 through whole engines: edge cases against the reference evaluator on every width, the typed
// ports of instances, matrix products and factorisations, and what a chain of f32 becomes.
module Ppl.Engine.Tests.JitElementTypes

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests
open Ppl.Lowering
open Ppl.Jit
open Ppl.Engine.Tests.LoopPrograms

let private vector dtype n = TensorType.create dtype (Shape.ofList [ n ])
let private exact = { Lower.defaults with FuseProducts = false }

/// The results at every width, lowered with these choices.
let private everyWidth lowering (program: Program) (arguments: Literal[]) : Storage[] list =
    let loops = Lower.programWith lowering program
    let data = arguments |> Array.map _.Data |> Array.toList

    [
        for bits in widths do
            runCode (Compiler.compile (settings bits) loops) data |> List.toArray
    ]

/// The bits of the reference evaluator on every width, straight-line and through loops.
let private agrees (types: TensorType list) f (arguments: Literal list) =
    let program = Trace.program (List.toArray types) f
    let arguments = List.toArray arguments
    let expected = Reference.run program arguments |> Array.map (fun x -> bitsOf x.Data)

    for lowering in [ exact; { exact with Small = 2 } ] do
        for actual in everyWidth lowering program arguments do
            Assert.Equal<int64[][]>(expected, Array.map bitsOf actual)

let private literal (data: Storage) = Literal.create (Shape.ofList [ Storage.length data ]) data

/// Every element type as samples with their extremes, in lengths that leave a tail, that are one and that are none.
let private samplesFor dtype =
    let all = samples (Elem.ofDType dtype)

    [
        all
        Storage.slice 0 29 all
        Storage.slice 8 1 all
        Storage.slice 0 0 all
        Storage.gather (Array.init 101 (fun i -> i * 7 % 32)) all
    ]
    |> List.map literal

[<Fact>]
let ``Conversions between all element types have the bits of the reference`` () =
    for source in DType.all do
        for x in samplesFor source do
            agrees [ x.Type ] (fun xs -> DType.all |> Array.map (fun target -> Ops.convert target xs[0])) [ x ]

[<Fact>]
let ``64-bit integers become f32 by one rounding`` () =
    let halfway = (1L <<< 54) + (1L <<< 30)

    let x =
        literal (Storage.I64 [| halfway; halfway + 1L; halfway - 1L; -halfway - 1L; Int64.MaxValue; Int64.MinValue |])

    agrees [ x.Type ] (fun xs -> [| Ops.toFloat32 xs[0] |]) [ x ]

[<Fact>]
let ``Functions, comparisons and selections of f32 have the bits of the reference`` () =
    for x in samplesFor DType.F32 do
        agrees
            [ x.Type ]
            (fun xs ->
                let x = xs[0]
                let other = Ops.reverse [| 0 |] x

                [|
                    Ops.exp x
                    Ops.softplus x
                    Ops.lgamma x
                    Ops.sign x
                    Ops.pow (Ops.abs x) (Ops.scalarLike x 1.5)
                    Ops.less x other
                    Ops.isFinite x
                    Ops.select (Ops.greater x (Ops.zerosLike x)) x other
                    Ops.max x other
                |])
            [ x ]

[<Fact>]
let ``Reductions and running sums of f32 are exact where f64 is`` () =
    // Multiples of 2^-10 below 2: sums are exact in f64 in any order, and rounded once.
    for n in [ 0; 1; 7; 8; 100; 1003 ] do
        let x = literal (Storage.F32(Array.init n (fun i -> float32 (i * 37 % 2048) / 1024.0f - 0.7f)))

        agrees
            [ x.Type ]
            (fun xs ->
                [| Ops.sum xs[0]; Ops.cumulativeSum 0 xs[0]; Ops.maxAlong [| 0 |] xs[0]; Ops.minAlong [| 0 |] xs[0] |])
            [ x ]

[<Fact>]
let ``Integers of every type reduce, gather and scatter alike`` () =
    for dtype in [ DType.I64; DType.I32; DType.U32 ] do
        for x in samplesFor dtype do
            let places = Tensor.OfInts [| 3; 0; 3; 99; -5 |]

            agrees
                [ x.Type ]
                (fun xs ->
                    [|
                        Ops.sum xs[0]
                        Ops.prodAlong [| 0 |] xs[0]
                        Ops.maxAlong [| 0 |] xs[0]
                        Ops.minAlong [| 0 |] xs[0]
                        Ops.cumulativeSumReversed 0 xs[0]
                        if x.Type.Shape.Count > 0 then
                            Ops.take 0 places xs[0]
                            Ops.scatterAdd 0 places (Ops.take 0 places xs[0]) xs[0]
                    |])
                [ x ]

let private matrix (rng: Random) rows columns =
    Storage.F32(Array.init (rows * columns) (fun _ -> float32 (2.0 * rng.NextDouble() - 1.0)))
    |> Literal.create (Shape.ofList [ rows; columns ])

/// |result - reference| <= k 2^-24 sum |a| |b|, the bound that Primitive.Contract states; the kernel runs in f32.
[<Fact>]
let ``Matrix products of f32 keep the stated bound`` () =
    let rng = Random 11

    for rows, inner, columns in [ 3, 5, 2; 1, 700, 1; 40, 90, 33; 64, 64, 64 ] do
        let a, b = matrix rng rows inner, matrix rng inner columns
        let program = Trace.program [| a.Type; b.Type |] (fun xs -> [| Ops.dot xs[0] xs[1] |])
        let run (arguments: Literal[]) = Literal.float32s (Array.head (Reference.run program arguments))
        let size (x: Literal) = Array.head (Reference.evaluate (Primitive.Unary UnaryOp.Abs) [| x |])
        let expected, scale = run [| a; b |], run [| size a; size b |]
        let results = everyWidth Lower.defaults program [| a; b |] |> List.map Array.head

        for result in results do
            Assert.Equal<int64[]>(bitsOf results.Head, bitsOf result)

            match result with
            | Storage.F32 actual ->
                for i in 0 .. actual.Length - 1 do
                    let bound = float inner * Math.ScaleB(1.0, -24) * float scale[i] + 1e-12
                    Assert.True(abs (float actual[i] - float expected[i]) <= bound, $"{rows} {inner} {columns}: {i}")
            | _ -> Assert.Fail "not f32"

[<Fact>]
let ``Factorisations of f32 are those of f64, rounded`` () =
    let rng = Random 5
    let n = 12
    let root = matrix rng n n

    let f (xs: Tensor[]) =
        let s = Ops.dot xs[0] (Ops.transpose [| 1; 0 |] xs[0])

        let l =
            Ops.cholesky (
                s + Ops.convert s.DType (Tensor.OfMatrix(Array2D.init n n (fun i j -> if i = j then 4.0 else 0.0)))
            )

        // Of the argument itself: vectors of neighbouring values turn with the last digit of a matrix.
        let struct (q, r) = LinearAlgebra.qr xs[0]
        let struct (w, v) = LinearAlgebra.eigh xs[0]
        let struct (u, d, _) = LinearAlgebra.svd xs[0]
        let struct (re, im) = Ops.fft xs[0] xs[0]

        [|
            l
            Ops.triangularSolve true false l xs[0]
            LinearAlgebra.solve xs[0] l
            LinearAlgebra.logAbsDet xs[0]
            q
            r
            w
            v
            u
            d
            re
            im
        |]

    let program = Trace.program [| root.Type |] f
    let expected = Reference.run program [| root |]

    for results in everyWidth Lower.defaults program [| root |] do
        for expected, actual in Array.zip expected results do
            let actual = Literal.create expected.Type.Shape actual
            let scale = 1.0 + (Literal.widened expected |> Array.fold (fun most x -> max most (abs x)) 0.0)
            Assert.True(Values.distance expected actual < 1e-6 * scale)

[<Fact>]
let ``Instances have typed ports for f32`` () =
    let ty = vector DType.F32 13
    let program = Trace.program [| ty; vector DType.F64 2 |] (fun xs -> [| 2.0 * xs[0] + 1.0; xs[1] |])

    for engine in [ CpuEngine() :> IEngine; LoopEngine() ] do
        use instance = (engine.Compile program).NewInstance()

        for i in 0..12 do
            (instance.InputFloat32 0)[i] <- float32 i

        instance.SetInput(1, Literal.fill (vector DType.F64 2) 3.0)
        instance.Invoke()
        Assert.Equal<float32[]>(Array.init 13 (fun i -> 2.0f * float32 i + 1.0f), (instance.OutputFloat32 0).ToArray())
        Assert.Equal(7.0, instance.Read(0, 3))
        instance.Feed(0, 0)
        instance.Invoke()
        Assert.Equal(15.0, instance.Read(0, 3))
        let refused (action: unit -> unit) = Assert.Equal("PPL5002", (Assert.Throws<PplException> action).Id)
        refused (fun () -> instance.Input(0).Clear())
        refused (fun () -> instance.InputFloat32(1).Clear())
        refused (fun () -> instance.OutputFloat32(1).ToArray() |> ignore)

[<Fact>]
let ``Arguments and results of every element type come back as they are`` () =
    for dtype in DType.all do
        for x in samplesFor dtype do
            agrees [ x.Type ] (fun xs -> [| Ops.reverse [| 0 |] xs[0] |]) [ x ]

/// A chain of arithmetic on f32 is one loop over vectors: nothing is widened, nothing is done by element.
[<Fact>]
let ``A chain of f32 stays in f32`` () =
    let ty = vector DType.F32 4096

    let program =
        Compile.program [| ty; ty |] (fun xs ->
            [| Ops.max (0.5 * xs[0] * xs[1] - 1.5) (Ops.abs xs[1]) / (xs[0] + 3.0) |])

    let loops = Lower.program program
    let text = Print.program loops
    Assert.DoesNotContain("real", text)
    Assert.Equal(1, text.Split("for ").Length - 1)
    Assert.All(loops.Values, (fun ty -> Assert.True(ty.Elem = Elem.Single || ty.Elem = Elem.Int)))

/// Gradients of a small model in f32, engine against reference.
[<Fact>]
let ``Gradients of f32 programs run`` () =
    let rng = Random 3
    let x, w = matrix rng 30 4, literal (Storage.F32 [| 0.3f; -0.2f; 0.5f; 0.1f |])

    let loss (x: Tensor) (w: Tensor) =
        let score = Ops.dot x w
        Ops.sum (Ops.softplus score - 0.3 * score) + 0.5 * Ops.sum (Ops.square w)

    let program =
        Compile.program [| x.Type; w.Type |] (fun xs ->
            let value, gradient = Grad.valueAndGrad (loss xs[0]) xs[1]
            [| value; gradient |])

    let expected = Reference.run program [| x; w |]
    let actual = (CpuEngine() :> IEngine).Compile(program).Run [| x; w |]
    Assert.Equal(DType.F32, actual[1].Type.DType)

    for expected, actual in Array.zip expected actual do
        Assert.True(Values.distance expected actual < 2e-5)
