// Scans whose carried numbers are affine in their own past, random but for their shape: what the rules about recurrences are
// tested on, here and with the engine.
module Ppl.Core.Tests.AffineScans

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// What a scan is like.
[<NoComparison>]
type Shape =
    {
        /// Numbers that depend on each other.
        Numbers: int
        Steps: int
        Reverse: bool
        /// Whether the slopes differ between steps.
        Varying: bool
        /// Whether the body computes functions of the numbers (else sums and products alone).
        Functions: bool
        DType: DType
    }

let plain numbers steps =
    {
        Numbers = numbers
        Steps = steps
        Reverse = false
        Varying = false
        Functions = false
        DType = DType.F64
    }

let private sum (terms: Tensor seq) = Seq.reduce (fun (a: Tensor) b -> a + b) terms

/// The next number, spelt in one of several ways.
let private spelt (rng: Random) (terms: (Tensor * Tensor) list) (offset: Tensor) : Tensor =
    let products () = terms |> List.map (fun (a, x) -> a * x) |> sum

    match rng.Next 4 with
    | 0 -> products () + offset
    | 1 -> offset - (terms |> List.map (fun (a, x) -> x * -a) |> sum)
    | 2 -> -(-offset - products ())
    | _ ->
        let half = Ops.scalarLike offset 0.5
        (sum [ for a, x in terms -> a * (x / half) ]) * half + offset

/// The step: numbers that are affine in each other, an integer that counts, the value before last of the first number, and a
/// sum; stacked are the numbers, the count, the remembered value, and functions of the numbers if wanted.
let private step (shape: Shape) (rng: Random) (slopes: int -> Tensor[] -> int -> Tensor) state (slices: Tensor[]) =
    let k = shape.Numbers
    let x = Array.sub state 0 k

    let next =
        Array.init k (fun i -> spelt rng [ for j in 0 .. k - 1 -> slopes i slices j, x[j] ] slices[i])

    let index = state[k] + Ops.scalarLike state[k] 3.0
    let total = state[k + 2] + x[0] * next[k - 1]

    let functions =
        if shape.Functions then
            [| for i in 0..7 -> Ops.exp (Ops.scalarLike x[0] (-0.1 * float (i + 1)) * Ops.square next[0]) |]
        else
            [||]

    Array.append next [| index; x[0]; total |], Array.concat [ next; [| state[k]; state[k + 1] |]; functions ]

/// The types of the arguments: slopes (k k numbers, in each step if they vary), offsets, initial values.
let types (shape: Shape) =
    let k, n = shape.Numbers, shape.Steps
    let real (extents: int list) = TensorType.create shape.DType (Shape.ofList extents)
    [| real (if shape.Varying then [ n; k * k ] else [ k * k ]); real [ n; k ]; real [ k ] |]

/// The scan as a function of slopes, offsets and initial values: all that is carried in the end, and all that is stacked.
let scan (shape: Shape) seed (args: Tensor[]) : Tensor[] =
    let rng = Random(seed: int)
    let k, n = shape.Numbers, shape.Steps
    let column i (x: Tensor) = Ops.reshape (Shape.ofList [ n ]) (Ops.slice 1 i (i + 1) x)
    let offsets = Array.init k (fun i -> column i args[1])
    let own = if shape.Varying then Array.init (k * k) (fun i -> column i args[0]) else [||]

    let slope i (slices: Tensor[]) j = if shape.Varying then slices[k + k * i + j] else Ops.at (k * i + j) args[0]

    let zero = Ops.zeros (TensorType.scalar shape.DType)

    let initial = Array.append (Array.init k (fun i -> Ops.at i args[2])) [| Tensor.OfInt -5; zero; zero |]

    let final, stacked =
        Control.scanBy shape.Reverse n (step shape rng slope) initial (Array.append offsets own)

    Array.append final stacked

let program (shape: Shape) seed : Program = Trace.program (types shape) (scan shape seed)

let private literal (shape: Shape) (ty: TensorType) (number: int -> float) =
    let data = Array.init ty.Shape.Count number

    if shape.DType = DType.F32 then
        Literal.create ty.Shape (Storage.F32(Array.map float32 data))
    else
        Literal.create ty.Shape (Storage.F64 data)

/// Slopes of a stable recurrence (rows sum to less than 1 in magnitude), offsets and initial values in (-1, 1).
let stable (shape: Shape) (rng: Random) : Literal[] =
    let number scale _ = scale * (2.0 * rng.NextDouble() - 1.0)
    let types = types shape

    [|
        literal shape types[0] (number (0.95 / float shape.Numbers))
        literal shape types[1] (number 1.0)
        literal shape types[2] (number 1.0)
    |]

/// Slopes that only exchange the numbers and their signs, integers as offsets and initial values: everything is exact.
let whole (shape: Shape) (rng: Random) : Literal[] =
    let k = shape.Numbers
    let types = types shape

    let slopes =
        Array.init (types[0].Shape.Count / (k * k)) (fun _ ->
            let turn = 1 + rng.Next k
            let sign = Array.init k (fun _ -> if rng.Next 2 = 0 then 1.0 else -1.0)
            Array.init (k * k) (fun i -> if (i / k + turn) % k = i % k then sign[i / k] else 0.0))
        |> Array.concat

    let integer _ = float (rng.Next(-9, 10))

    [|
        literal shape types[0] (fun i -> slopes[i])
        literal shape types[1] integer
        literal shape types[2] integer
    |]

/// The magnitudes of the arguments: the recurrence of these bounds the terms of the other one.
let magnitudes (args: Literal[]) : Literal[] =
    args |> Array.map (fun x -> (Reference.evaluate (Primitive.Unary UnaryOp.Abs) [| x |])[0])
