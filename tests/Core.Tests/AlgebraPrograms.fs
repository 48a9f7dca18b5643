// Random programs dense in what the rules of simplification look for: scaled and negated terms, repeated scalars, sums of
// products, slices and pads of one vector, known matrices and vectors, functions of their inverses.
// Relies on RandomBuild.
module Ppl.Core.Tests.AlgebraPrograms

open System
open FsCheck
open FsCheck.FSharp
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms

let private shapes =
    [|
        Shape.scalar
        Shape.scalar
        Shape.ofList [ 4 ]
        Shape.ofList [ 4 ]
        Shape.ofList [ 1 ]
        Shape.ofList [ 4; 3 ]
        Shape.ofList [ 0 ]
    |]

let private someShape (b: Build) = b.OneOf shapes
let private real (b: Build) = b.Need(f64 (someShape b))

/// A constant: any, or one number everywhere.
let private known (b: Build) shape =
    if b.Chance 0.5 then
        b.Constant(b.Literal(f64 shape))
    else
        b.Constant(Literal.fill (f64 shape) (b.OneOf [| 0.0; 1.0; -1.0; 2.0; 0.5; -3.0 |]))

let private move (b: Build) op x = b.One(Primitive.Move op, [| x |])

let private repeated (b: Build) (shape: Shape) =
    let source =
        if shape.Rank = 2 && b.Chance 0.5 then Shape.ofList [ shape[b.Below 2] ]
        elif shape.Rank = 2 && b.Chance 0.3 then Shape.ofList [ 1; shape[1] ]
        else Shape.scalar

    let axes =
        if source.Rank = 1 then
            [| (if source[0] = shape[0] then 0 else 1) |]
        else
            Array.init source.Rank id

    move b (MoveOp.Broadcast(shape, axes)) (b.Need(f64 source))

let private operand (b: Build) shape =
    match b.Below 4 with
    | 0 -> known b shape
    | 1 -> repeated b shape
    | _ -> b.Need(f64 shape)

let private arithmetic (b: Build) =
    let shape = someShape b
    let x, y = operand b shape, operand b shape
    let op = b.OneOf [| BinaryOp.Add; BinaryOp.Sub; BinaryOp.Mul; BinaryOp.Div |]
    let y = if op = BinaryOp.Div && b.Tame then positive b y else y
    b.Add(Primitive.Binary op, [| x; y |]) |> ignore

let private chain (b: Build) =
    let x = real b
    let apply op x = b.Unary(op, (if b.Tame then intoDomain b op x else x))

    let some () =
        b.OneOf
            [|
                UnaryOp.Neg
                UnaryOp.Square
                UnaryOp.Reciprocal
                UnaryOp.Exp
                UnaryOp.Sqrt
                UnaryOp.Sigmoid
                UnaryOp.Log
            |]

    match b.Below 4 with
    | 0 ->
        let inner = b.OneOf [| UnaryOp.Exp; UnaryOp.Reciprocal; UnaryOp.Sqrt; UnaryOp.Sigmoid |]
        b.Unary(UnaryOp.Log, apply inner x) |> ignore
    | 1 ->
        let exponent = b.Constant(Literal.fill (b.TypeOf x) (b.OneOf [| 1.0; 2.0; -1.0; 0.5; 0.0 |]))
        b.Add(Primitive.Binary BinaryOp.Pow, [| (if b.Tame then positive b x else x); exponent |]) |> ignore
    | 2 -> apply UnaryOp.Neg (apply (some ()) x) |> ignore
    | _ -> apply (some ()) (apply (some ()) x) |> ignore

let private total (b: Build) =
    let x = operand b (someShape b)
    let axes = if b.Chance 0.6 then b.Axes x else b.Subset(b.Axes x)
    b.Add(Primitive.Reduce(ReduceOp.Sum, axes), [| x |]) |> ignore

/// Pieces of vectors put to their places and added, as gradients with respect to slices arrive.
let private pieces (b: Build) =
    let n = 4
    let cut = b.Below(n + 1)

    let piece low high =
        let x = b.Need(f64 (Shape.ofList [ n ]))
        let part = move b (MoveOp.Slice([| low |], [| high |], [| 1 |])) x
        move b (MoveOp.Pad([| low |], [| n - high |])) part

    let left, right = piece 0 cut, piece (if b.Chance 0.8 then cut else 0) n
    b.Add(Primitive.Binary BinaryOp.Add, [| left; right |]) |> ignore

let private rearranged (b: Build) =
    let vector = b.Need(f64 (Shape.ofList [ 4 ]))

    match b.Below 6 with
    | 0 ->
        b.Add(
            Primitive.Move(MoveOp.Concat 0),
            [| b.Need(f64 (Shape.ofList [ 1 ])); vector; b.Need(f64 (Shape.ofList [ 0 ])) |]
        )
        |> ignore
    | 1 ->
        let long = b.One(Primitive.Move(MoveOp.Concat 0), [| vector; b.Need(f64 (Shape.ofList [ 4 ])) |])
        let start = b.Below 5
        move b (MoveOp.Slice([| start |], [| start + 4 |], [| 1 |])) long |> ignore
    | 2 ->
        let x = b.Need(f64 (Shape.ofList [ 4; 3 ]))
        move b (MoveOp.Transpose [| 1; 0 |]) (move b (MoveOp.Transpose [| 1; 0 |]) x) |> ignore
    | 3 ->
        let x = b.Need(f64 (Shape.ofList [ 4; 3 ]))

        move b (MoveOp.Reshape(Shape.ofList [ 4; 3 ])) (move b (MoveOp.Reshape(Shape.ofList [ 12 ])) x)
        |> ignore
    | 4 -> move b (MoveOp.Reverse [| 0 |]) (operand b (Shape.ofList [ 4 ])) |> ignore
    | _ ->
        let start = b.Below 3

        move b (MoveOp.Slice([| start |], [| start + 2 |], [| 1 |])) vector
        |> move b (MoveOp.Reshape(Shape.ofList [ 1; 2 ]))
        |> ignore

let private product (b: Build) =
    let matrix =
        if b.Chance 0.7 then
            known b (Shape.ofList [ 4; 3 ])
        else
            b.Need(f64 (Shape.ofList [ 4; 3 ]))

    let contracted = b.Below 2
    let vector = b.Need(f64 (Shape.ofList [ (if contracted = 0 then 4 else 3) ]))

    let axes matrixFirst =
        let m, v = [| contracted |], [| 0 |]

        {
            BatchLeft = [||]
            BatchRight = [||]
            ContractLeft = (if matrixFirst then m else v)
            ContractRight = (if matrixFirst then v else m)
        }

    match b.Below 3 with
    | 0 -> b.Add(Primitive.Contract(axes true), [| matrix; vector |]) |> ignore
    | 1 -> b.Add(Primitive.Contract(axes false), [| vector; matrix |]) |> ignore
    | _ ->
        let x, y = operand b (Shape.ofList [ 4 ]), operand b (Shape.ofList [ 4 ])
        let inner = { axes true with ContractLeft = [| 0 |]; ContractRight = [| 0 |] }
        b.Add(Primitive.Contract inner, [| x; y |]) |> ignore

let private chosen (b: Build) =
    let shape = someShape b
    let truth = TensorType.create DType.Bool shape

    let p =
        match b.Below 3 with
        | 0 -> b.Constant(Literal.fill truth (float (b.Below 2)))
        | 1 -> move b (MoveOp.Broadcast(shape, [||])) (b.Need(TensorType.scalar DType.Bool))
        | _ -> b.Need truth

    b.Add(Primitive.Select, [| p; operand b shape; operand b shape |]) |> ignore

let private taken (b: Build) =
    let indices = b.Constant(b.Literal(i32 (Shape.ofList [ 4 ])))
    b.Add(Primitive.Index(IndexOp.Take 0), [| operand b (Shape.ofList [ 4 ]); indices |]) |> ignore

let private rules =
    [|
        arithmetic
        arithmetic
        arithmetic
        arithmetic
        chain
        chain
        total
        total
        pieces
        rearranged
        product
        chosen
        taken
    |]

/// A program of about this many equations, and arguments for it; a pure function of the seed.
let generate wild (seed: int) equations : Case =
    let rng = Random seed
    let b = Build(rng, Everything, wild, 0)
    let inputs = shapes |> Array.map (fun shape -> b.Input(f64 shape))
    let arguments = inputs |> Array.map (fun v -> b.Literal(b.TypeOf v))

    for _ in 0..equations do
        b.OneOf rules b

    { Program = b.Finish(inputs, Array.init (1 + b.Below 3) (fun _ -> real b)); Arguments = arguments }

/// Checks a law for this many programs, the same ones in every run.
let forAlgebra count wild (law: Case -> unit) =
    let generator =
        gen {
            let! seed = Gen.choose (0, Int32.MaxValue - 1)
            let! equations = Gen.sized (fun size -> Gen.choose (0, 1 + size / 6))
            return generate wild seed equations
        }

    let config =
        Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(Some { Rnd = Rnd(20240301UL, 1UL); Size = None })

    Check.One(config, Prop.forAll (Arb.fromGenShrink (generator, shrink)) law)
