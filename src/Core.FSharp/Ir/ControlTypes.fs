// The types of the results of control flow: sub-programs must fit their operands and each other.
// Relies on TypeChecks. Read TypeRules next.
module internal Ppl.Core.Ir.ControlTypes

open Ppl.Core
open Ppl.Core.Ir.TypeChecks

let private outputs (program: Program) = program.Outputs |> Array.map (fun v -> program.Types[v])
let private inputs (program: Program) = program.Inputs |> Array.map (fun v -> program.Types[v])

let private requireTypes name what (expected: TensorType[]) (actual: TensorType[]) =
    if expected.Length <> actual.Length || Array.exists2 (<>) expected actual then
        Errors.shapes name $"{what}: expected ({show expected}), got ({show actual})"

let private requireCounts name (counts: int list) (types: TensorType[]) =
    if List.exists (fun n -> n < 0) counts || List.sum counts > types.Length then
        Errors.range name $"{counts} constants and carried values among {types.Length} arguments"

let control op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Control op)
    let flag = TensorType.scalar DType.Bool

    match op with
    | ControlOp.Cond(whenTrue, whenFalse) ->
        requireTypes name "the condition" [| flag |] types[0..0]
        requireTypes name "the operands of the first branch" (inputs whenTrue) types[1..]
        requireTypes name "the operands of the second branch" (inputs whenFalse) types[1..]
        requireTypes name "the results of the branches differ" (outputs whenTrue) (outputs whenFalse)
        outputs whenTrue
    | ControlOp.While(constants, condition, body) ->
        requireCounts name [ constants ] types
        requireTypes name "the arguments of the condition" (inputs condition) types
        requireTypes name "the arguments of the body" (inputs body) types
        requireTypes name "the result of the condition" [| flag |] (outputs condition)
        requireTypes name "the body must give back what it carries" types[constants..] (outputs body)
        types[constants..]
    | ControlOp.Scan(constants, carry, length, _, body) ->
        requireCounts name [ constants; carry ] types

        if length < 0 then
            Errors.range name $"the length {length} is negative"

        let slice (ty: TensorType) =
            if ty.Shape.Rank = 0 || ty.Shape[0] <> length then
                Errors.shapes name $"a sequence of length {length} is needed, got {ty}"

            { ty with Shape = Shape.tail ty.Shape }

        let fixedCount = constants + carry

        requireTypes
            name
            "the arguments of the body"
            (inputs body)
            (Array.append types[.. fixedCount - 1] (Array.map slice types[fixedCount..]))

        let results = outputs body

        requireTypes
            name
            "the body must give back what it carries"
            types[constants .. fixedCount - 1]
            results[.. carry - 1]

        let stack (ty: TensorType) = { ty with Shape = Shape.prepend length ty.Shape }
        Array.append results[.. carry - 1] (Array.map stack results[carry..])
    | ControlOp.Checkpoint body ->
        requireTypes name "the arguments of the body" (inputs body) types
        outputs body
    | ControlOp.CustomGrad(captured, body, vjp) ->
        requireCounts name [ captured ] types
        requireTypes name "the arguments of the body" (inputs body) types
        let results = outputs body
        requireTypes name "the arguments of the derivative" (Array.concat [ types; results; results ]) (inputs vjp)
        requireTypes name "the derivative must give one cotangent per argument" types[captured..] (outputs vjp)
        results
