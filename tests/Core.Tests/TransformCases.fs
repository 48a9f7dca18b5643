// What the tests of transformations share: functions of tensors as programs, pairings, central differences, and random
// programs as functions of all their real constants.
module Ppl.Core.Tests.TransformCases

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Tests.ShrinkPrograms

let typeOf (x: Literal) = x.Type
let tensor (x: Literal) = Tensor.OfLiteral x
let tensors (xs: Literal[]) = Array.map tensor xs
let values (xs: Tensor[]) = xs |> Array.map _.Value
let traced (f: Tensor[] -> Tensor[]) (xs: Literal[]) = Trace.program (Array.map typeOf xs) f

/// The function traced for these arguments, and run on them.
let run f xs = Reference.run (traced f xs) xs

/// Numbers in (-1, 1) of a type; zeros for integers and truth values.
let random (rng: Random) (ty: TensorType) =
    match ty.DType with
    | DType.F64 ->
        Literal.create ty.Shape (Storage.F64(Array.init ty.Shape.Count (fun _ -> 2.0 * rng.NextDouble() - 1.0)))
    | DType.F32 ->
        Literal.create
            ty.Shape
            (Storage.F32(Array.init ty.Shape.Count (fun _ -> float32 (2.0 * rng.NextDouble() - 1.0))))
    | _ -> Literal.fill ty 0.0

/// Reals of another precision; integers and truth values stay.
let convertTo dtype (x: Literal) =
    if DType.isReal x.Type.DType then
        (Reference.evaluate (Primitive.Convert dtype) [| x |])[0]
    else
        x

/// The type in f32.
let narrowed (ty: TensorType) = if DType.isReal ty.DType then { ty with DType = DType.F32 } else ty

let private realParts (xs: Literal[]) =
    xs |> Array.collect (fun x -> if x.Type.DType = DType.F64 then Literal.floats x else [||])

/// The inner product over the real parts, and the sum of the absolute values of its terms.
let pairing (xs: Literal[]) (ys: Literal[]) =
    let terms = Array.map2 (*) (realParts xs) (realParts ys)
    Array.sum terms, Array.sumBy abs terms

let isReal (x: Literal) = x.Type.DType = DType.F64

/// x + h t on the real parts.
let step h (xs: Literal[]) (ts: Literal[]) =
    Array.map2
        (fun (x: Literal) (t: Literal) ->
            if isReal x then
                let moved = Array.map2 (fun a b -> a + h * b) (Literal.floats x) (Literal.floats t)
                Literal.create x.Type.Shape (Storage.F64 moved)
            else
                x)
        xs
        ts

/// d/dh f(x + h t) at 0 for a real function, by the central difference of fourth order.
let slope h (f: Literal[] -> float) xs ts =
    let at k = f (step (k * h) xs ts)
    (8.0 * (at 1.0 - at -1.0) - (at 2.0 - at -2.0)) / (12.0 * h)

/// The program with its real constants as parameters.
let liftConstants (case: Case) : Case =
    let lifted, rest =
        case.Program.Equations
        |> Array.partition (fun eq ->
            match eq.Primitive with
            | Primitive.Constant value -> isReal value
            | _ -> false)

    let value (eq: Equation) =
        match eq.Primitive with
        | Primitive.Constant value -> value
        | _ -> Errors.bug "liftConstants" "not a constant"

    {
        Program =
            { case.Program with
                Inputs = Array.append case.Program.Inputs (lifted |> Array.collect _.Outs)
                Equations = rest
            }
        Arguments = Array.append case.Arguments (Array.map value lifted)
    }

/// Every equation of a program and of those inside it, changed.
let rec mapEquations (change: Equation -> Equation) (program: Program) : Program =
    let inside = mapEquations change

    let equation (eq: Equation) = change { eq with Primitive = Program.mapChildren inside eq.Primitive }

    { program with Equations = Array.map equation program.Equations }

/// All equations of a program and of those inside it.
let rec equations (program: Program) : Equation seq =
    seq {
        for eq in program.Equations do
            yield eq
            yield! Program.children eq.Primitive |> Seq.collect equations
    }

/// How many equations have a primitive of this name.
let count name program = equations program |> Seq.filter (fun eq -> Primitive.name eq.Primitive = name) |> Seq.length
