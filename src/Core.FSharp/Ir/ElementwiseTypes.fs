// The types of the results of elementwise primitives.
// Relies on TypeChecks. Read ReductionTypes next.
module internal Ppl.Core.Ir.ElementwiseTypes

open Ppl.Core
open Ppl.Core.Ir.TypeChecks

let unary op (ty: TensorType) =
    let name = Primitive.name (Primitive.Unary op)

    match op with
    | UnaryOp.Neg
    | UnaryOp.Abs
    | UnaryOp.Sign
    | UnaryOp.Square ->
        requireDType name numbers ty
        ty
    | UnaryOp.Not ->
        requireDType name [ DType.Bool ] ty
        ty
    | UnaryOp.StopGradient -> ty
    | UnaryOp.IsFinite
    | UnaryOp.IsNaN ->
        requireDType name reals ty
        { ty with DType = DType.Bool }
    | _ ->
        requireDType name reals ty
        ty

let binary op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Binary op)
    arity name 2 types
    requireSame name types

    let allowed =
        match op with
        | BinaryOp.Add
        | BinaryOp.Sub
        | BinaryOp.Mul
        | BinaryOp.Div
        | BinaryOp.Max
        | BinaryOp.Min -> numbers
        | BinaryOp.Pow -> reals
        | BinaryOp.Rem
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> integers
        | BinaryOp.And
        | BinaryOp.Or
        | BinaryOp.Xor -> DType.Bool :: integers

    requireDType name allowed types[0]
    types[0]

let special op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Special op)
    arity name (Primitive.specialArity op) types
    requireSame name types
    requireDType name reals types[0]
    types[0]

let compare op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Compare op)
    arity name 2 types
    requireSame name types

    match op with
    | CompareOp.Eq
    | CompareOp.Ne -> ()
    | _ -> requireDType name numbers types[0]

    { types[0] with DType = DType.Bool }

let select (types: TensorType[]) =
    arity "select" 3 types
    requireDType "select" [ DType.Bool ] types[0]
    requireSame "select" types[1..2]

    if types[0].Shape <> types[1].Shape then
        Errors.shapes "select" $"the condition is {types[0]}, the branches are {types[1]}"

    types[1]
