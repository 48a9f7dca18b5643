// Operations from outside, for tests: one with a reverse rule, two results and no batching rule; one with a forward rule and a
// batching rule; and variants whose rules are wrong.
module Ppl.Core.Tests.CustomCases

open Ppl.Core
open Ppl.Core.Tensors

let private ofReals (ty: TensorType) (data: float[]) =
    let data = if ty.DType = DType.F32 then Storage.F32(Array.map float32 data) else Storage.F64 data
    Tensor.OfLiteral(Literal.create ty.Shape data)

let private reals (x: Tensor) = Literal.widened x.Value

/// x y - y / 2, and the sum of x y; reverse rule.
type Twist(version: string) =
    inherit CustomOperation("twist", version)

    override _.ResultTypes arguments =
        if arguments.Length <> 2 || arguments[0] <> arguments[1] || not (DType.isReal arguments[0].DType) then
            Errors.shapes "twist" "takes two real tensors of one type"

        [| arguments[0]; TensorType.scalar arguments[0].DType |]

    override _.Evaluate arguments =
        let x, y = reals arguments[0], reals arguments[1]
        let total = Array.fold2 (fun sum x y -> sum + x * y) 0.0 x y
        let ty = arguments[0].Type

        [|
            ofReals ty (Array.map2 (fun x y -> x * y - 0.5 * y) x y)
            ofReals (TensorType.scalar ty.DType) [| total |]
        |]

    override _.Vjp(arguments, _, cotangents) =
        let x, y = arguments[0], arguments[1]
        let c = cotangents[0] + Ops.broadcastTo x.Shape cotangents[1]
        [| c * y; c * x - 0.5 * cotangents[0] |]

/// x / (1 + x^2), element by element; forward rule and batching rule.
type Bump() =
    inherit CustomOperation("bump", "2.0")

    override _.ResultTypes arguments =
        if arguments.Length <> 1 || not (DType.isReal arguments[0].DType) then
            Errors.dtypes "bump" "takes one real tensor"

        [| arguments[0] |]

    override _.Evaluate arguments =
        [| ofReals arguments[0].Type (reals arguments[0] |> Array.map (fun x -> x / (1.0 + x * x))) |]

    override _.Jvp(arguments, _, tangents) =
        let s = Ops.square arguments[0]
        [| tangents[0] * (1.0 - s) / Ops.square (1.0 + s) |]

    override this.Batch(_, arguments, _) = this.Apply arguments

let twist = Twist "1"
let bump = Bump()

/// All that occur in random programs.
let all: Ir.ICustomOperation[] = [| twist; bump |]
