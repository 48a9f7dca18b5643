// The types of the results of reductions, running operations, sorts and searches.
// Relies on TypeChecks. Read MoveTypes next.
module internal Ppl.Core.Ir.ReductionTypes

open Ppl.Core
open Ppl.Core.Ir.TypeChecks

let reduce op axes (ty: TensorType) =
    let name = Primitive.name (Primitive.Reduce(op, axes))
    checkAxes name ty.Shape axes

    match op with
    | ReduceOp.Any
    | ReduceOp.All -> requireDType name [ DType.Bool ] ty
    | _ -> requireDType name numbers ty

    { ty with Shape = Shape.without axes ty.Shape }

let cumulate op axis (ty: TensorType) =
    let name = Primitive.name (Primitive.Cumulate(op, axis, false))
    requireDType name (if op = CumulateOp.LogSumExp then reals else numbers) ty
    checkAxes name ty.Shape [| axis |]
    ty

let order op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Order op)

    let alongAxis axis =
        arity name 1 types
        requireDType name numbers types[0]
        checkAxes name types[0].Shape [| axis |]

    match op with
    | OrderOp.Sort axis ->
        alongAxis axis
        types[0]
    | OrderOp.ArgSort axis ->
        alongAxis axis
        { types[0] with DType = DType.I32 }
    | OrderOp.ArgMax axis
    | OrderOp.ArgMin axis ->
        alongAxis axis
        let result = Shape.without [| axis |] types[0].Shape

        if types[0].Shape[axis] = 0 && result.Count > 0 then
            Errors.range name $"there is no element along axis {axis} of {types[0]}"

        TensorType.create DType.I32 result
    | OrderOp.SearchSorted _ ->
        arity name 2 types
        requireDType name numbers types[0]
        let outer (shape: Shape) = shape.ToArray()[.. shape.Rank - 2]

        if types[1].DType <> types[0].DType then
            Errors.dtypes name $"the arguments differ in type: {show types}"

        if
            types[0].Shape.Rank = 0
            || types[1].Shape.Rank <> types[0].Shape.Rank
            || outer types[0].Shape <> outer types[1].Shape
        then
            Errors.shapes name $"the arguments may differ along the last axis only: {show types}"

        { types[1] with DType = DType.I32 }
