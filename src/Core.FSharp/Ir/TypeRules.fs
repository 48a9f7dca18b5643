// The type of each primitive's results, or a clear error that names the operation and the types it was given. The rules of
// the families are in the files before this one.
// Relies on ElementwiseTypes, ReductionTypes, MoveTypes, MatrixTypes, ControlTypes. Read Reference next.
/// The types of the results of primitives.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.TypeRules

open Ppl.Core
open Ppl.Core.Ir.TypeChecks

/// The type of a random key.
let key = TensorType.create DType.I32 (Shape.ofList [ 2 ])

let private random op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Random op)

    if types.Length = 0 || types[0] <> key then
        Errors.dtypes name $"the first argument must be a key {key}, got ({show types})"

    match op with
    | RandomOp.FoldIn ->
        arity name 2 types

        if types[1] <> TensorType.scalar DType.I32 then
            Errors.dtypes name $"folds in i32[], got {types[1]}"

        key
    | RandomOp.Uniform shape ->
        arity name 1 types
        TensorType.create DType.F64 shape
    | RandomOp.Bits shape ->
        arity name 1 types
        TensorType.create DType.I32 shape

/// The types of the results of a primitive applied to arguments of these types.
let results primitive (types: TensorType[]) : TensorType[] =
    let name = Primitive.name primitive

    match primitive with
    | Primitive.Constant value ->
        arity name 0 types
        [| value.Type |]
    | Primitive.Iota(ty, axis) ->
        arity name 0 types
        requireDType name numbers ty
        checkAxes name ty.Shape [| axis |]
        [| ty |]
    | Primitive.Unary op ->
        arity name 1 types
        [| ElementwiseTypes.unary op types[0] |]
    | Primitive.Binary op -> [| ElementwiseTypes.binary op types |]
    | Primitive.Special op -> [| ElementwiseTypes.special op types |]
    | Primitive.Compare op -> [| ElementwiseTypes.compare op types |]
    | Primitive.Select -> [| ElementwiseTypes.select types |]
    | Primitive.Convert dtype ->
        arity name 1 types
        [| { types[0] with DType = dtype } |]
    | Primitive.Reduce(op, axes) ->
        arity name 1 types
        [| ReductionTypes.reduce op axes types[0] |]
    | Primitive.Cumulate(op, axis, _) ->
        arity name 1 types
        [| ReductionTypes.cumulate op axis types[0] |]
    | Primitive.Order op -> [| ReductionTypes.order op types |]
    | Primitive.Move op -> [| MoveTypes.move op types |]
    | Primitive.Index op -> [| MoveTypes.index op types |]
    | Primitive.Contract axes -> [| MatrixTypes.contract axes types |]
    | Primitive.Factor op -> [| MatrixTypes.factor op types |]
    | Primitive.Fourier _ ->
        arity name 1 types
        [| MatrixTypes.fourier types[0] |]
    | Primitive.Random op -> [| random op types |]
    | Primitive.Control op -> ControlTypes.control op types
    | Primitive.Custom op -> CustomCalls.resultTypes op types
