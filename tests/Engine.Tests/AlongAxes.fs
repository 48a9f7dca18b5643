// Running operations, sorts, extremes and windows along axes of shapes large enough for every kind of loop: the reference
// evaluator, the loop evaluator with small things in registers and without, and machine code agree.
module Ppl.Engine.Tests.AlongAxes

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Lowering
open Ppl.Jit
open Ppl.Core.Tests.Values

let private shapes =
    [ [ 3 ]; [ 30 ]; [ 1030 ]; [ 5; 70 ]; [ 70; 5 ]; [ 6; 7; 8 ]; [ 9; 1; 3 ]; [ 4; 0 ] ]

/// Few different numbers, so that there are ties, or many; and NaN and infinities, if wild.
let private literal dtype isWild (extents: int list) =
    let shape = Shape.ofList extents
    let rng = Random shape.Count

    let real _ =
        match rng.Next 30 with
        | 0 when isWild -> nan
        | 1 when isWild -> infinity
        | 2 when isWild -> -infinity
        | 3 -> -0.0
        | k when k < 15 -> float (rng.Next 4)
        | _ -> 2.0 * rng.NextDouble() - 1.0

    match dtype with
    | DType.F64 -> Literal.create shape (Storage.F64(Array.init shape.Count real))
    | _ -> Literal.create shape (Storage.I32(Array.init shape.Count (fun _ -> rng.Next(-9, 9))))

let private flat (value: Literal) =
    { value with Type = { value.Type with Shape = Shape.ofList [ value.Type.Shape.Count ] } }

/// max(-0, 0) may be either.
let private sameNumbers (x: Literal) (y: Literal) =
    match x.Data, y.Data with
    | Storage.F64 xs, Storage.F64 ys -> Array.forall2 (fun a b -> a = b || (Double.IsNaN a && Double.IsNaN b)) xs ys
    | _ -> x = y

let private check what (f: Tensor[] -> Tensor[]) (arguments: Literal list) =
    let arguments = List.toArray arguments
    let program = Trace.program (arguments |> Array.map _.Type) f
    let expected = Reference.run program arguments |> Array.map flat
    let compiled = (CpuEngine() :> IEngine).Compile(program).Run arguments |> Array.map flat

    let loops small =
        let options = { Lower.defaults with Small = small; FuseProducts = false }
        Evaluate.run (Lower.programWith options program) arguments

    for actual in [ loops 32; loops 2; compiled ] do
        for e, a in Array.zip expected actual do
            if not (sameNumbers e a) then
                Assert.Fail $"{what}: expected %A{e.Data}, got %A{a.Data}"

let private alongAll dtypes isWild (f: DType -> int -> Tensor -> Tensor list) =
    for extents in shapes do
        for dtype in dtypes do
            for axis in 0 .. extents.Length - 1 do
                let x = literal dtype isWild extents
                // Directly, and as something that is computed on the way.
                check $"{x.Type} axis {axis}" (fun args -> f dtype axis args[0] |> List.toArray) [ x ]
                check $"{x.Type} axis {axis}" (fun args -> f dtype axis (Ops.neg args[0]) |> List.toArray) [ x ]

let private numbers = [ DType.F64; DType.I32 ]

[<Fact>]
let ``running operations agree`` () =
    alongAll numbers true (fun dtype axis x ->
        [
            for op in Primitive.members<CumulateOp> do
                if dtype = DType.F64 || op <> CumulateOp.LogSumExp then
                    Ops.cumulate op axis false x
                    Ops.cumulate op axis true x
        ])

[<Fact>]
let ``sorts agree`` () =
    alongAll numbers true (fun _ axis x ->
        [ Ops.sort axis x; Ops.argSort axis x; Arrays.argSortDescending axis x; Ops.neg (Ops.sort axis x) ])

[<Fact>]
let ``extremes agree`` () =
    alongAll numbers true (fun _ axis x ->
        [
            if x.Shape[axis] > 0 then
                Ops.argMax axis x
                Ops.argMin axis x
                Ops.toInt (Ops.toFloat (Ops.argMax axis x))
        ])

[<Fact>]
let ``searches agree`` () =
    for dtype in numbers do
        for extents in [ [ 40 ]; [ 3; 40 ]; [ 2; 3; 9 ] ] do
            let sorted =
                (Reference.evaluate (Primitive.Order(OrderOp.Sort(extents.Length - 1))) [| literal dtype true extents |])[0]

            let values = literal dtype true (List.updateAt (extents.Length - 1) 23 extents)

            check
                $"{sorted.Type}"
                (fun args -> [| Ops.searchSorted false args[0] args[1]; Ops.searchSorted true args[0] args[1] |])
                [ sorted; values ]

[<Fact>]
let ``a compiled sort allocates nothing`` () =
    let x = literal DType.F64 false [ 3000 ]
    let program = Trace.program [| x.Type |] (fun args -> [| Ops.sort 0 args[0]; Ops.argSort 0 args[0] |])
    use instance = ((CpuEngine() :> IEngine).Compile program).NewInstance()
    instance.SetInput(0, x)
    instance.Invoke()
    let before = GC.GetAllocatedBytesForCurrentThread()
    instance.Invoke()
    Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread())

[<Fact>]
let ``windows agree`` () =
    for extents, axes, sizes, strides, dilations in
        [
            [ 40 ], [| 0 |], [| 3 |], [| 1 |], [| 1 |]
            [ 40; 9 ], [| 0 |], [| 5 |], [| 2 |], [| 3 |]
            [ 2; 12; 14; 3 ], [| 1; 2 |], [| 3; 2 |], [| 1; 2 |], [| 1; 2 |]
            [ 3; 30 ], [| 1; 0 |], [| 4; 2 |], [| 3; 1 |], [| 1; 1 |]
        ] do
        let f (args: Tensor[]) =
            let y = Ops.windows axes sizes strides dilations args[0]
            let z = Ops.windows axes sizes strides dilations (Ops.neg args[0])
            [| y; Ops.neg z; Ops.maxAlong [| y.Shape.Rank - 1 |] z |]

        check $"{extents}" f [ literal DType.F64 true extents ]

[<Fact>]
let ``convolutions and their gradients agree`` () =
    // Small integers: sums are exact in every order.
    let whole (extents: int list) =
        let rng = Random 7
        let shape = Shape.ofList extents
        Literal.create shape (Storage.F64(Array.init shape.Count (fun _ -> float (rng.Next(-3, 4)))))

    for options in [ Convolution.defaults 2; { Strides = [| 2; 1 |]; Dilations = [| 1; 2 |]; Padding = Padding.Same } ] do
        let loss (args: Tensor[]) = Ops.sum (Ops.square (Convolution.convolve options args[0] args[1]))

        let f (args: Tensor[]) =
            let value, gradients = Ppl.Core.Transforms.Grad.valueAndGradMany loss args
            Array.append [| value |] gradients

        check "convolution" f [ whole [ 3; 3; 4; 9 ]; whole [ 2; 9; 10; 4 ] ]

[<Fact>]
let ``turns of a map are marked as independent, those of a scan are not`` () =
    let x = literal DType.F64 false [ 30; 20 ]
    let loops f = Lower.program (Trace.program [| x.Type |] f)
    let map = loops (fun args -> [| Control.map (fun row -> Ops.cumulativeSum 0 row) args[0] |])

    let outermost =
        map.Body
        |> Array.choose (function
            | Stmt.For(counter, _, 30, _, _) -> Some counter
            | _ -> None)

    Assert.Equal<int>(outermost, Set.toArray map.Independent)
    Assert.Single outermost |> ignore

    let scan =
        loops (fun args ->
            let state, _ = Control.scan (fun s row -> [| s[0] * row[0] |], [||]) [| args[0].[0] |] [| args[0] |]
            state)

    Assert.Empty scan.Independent
