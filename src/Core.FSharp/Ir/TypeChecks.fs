// What the type rules require of arguments, each with the error that says what was given.
// Relies on Primitive. Read ElementwiseTypes next.
module internal Ppl.Core.Ir.TypeChecks

open Ppl.Core

let show (types: TensorType[]) = types |> Array.map string |> String.concat ", "

let arity name expected (types: TensorType[]) =
    if types.Length <> expected then
        Errors.shapes name $"takes {expected} arguments, got {types.Length} ({show types})"

let atLeast name least (types: TensorType[]) =
    if types.Length < least then
        Errors.shapes name $"takes at least {least} arguments, got {types.Length}"

let requireDType name allowed (ty: TensorType) =
    if not (List.contains ty.DType allowed) then
        let names = allowed |> List.map DType.name |> String.concat " or "
        Errors.dtypes name $"takes {names}, got {ty}"

let requireSameDType name (types: TensorType[]) =
    if types |> Array.exists (fun ty -> ty.DType <> types[0].DType) then
        Errors.dtypes name $"the arguments differ in type: {show types}"

let requireSame name (types: TensorType[]) =
    requireSameDType name types

    if types |> Array.exists (fun ty -> ty <> types[0]) then
        Errors.shapes name $"the arguments differ in shape: {show types}"

let checkAxes name (shape: Shape) (axes: int[]) =
    for axis in axes do
        if axis < 0 || axis >= shape.Rank then
            Errors.axis name $"axis {axis} of a tensor of shape {shape}"

    if (Array.distinct axes).Length <> axes.Length then
        Errors.axis name $"an axis is named twice in %A{axes}"

let reals = [ DType.F64; DType.F32 ]
let integers = [ DType.I64; DType.I32; DType.U32 ]
let numbers = reals @ integers
