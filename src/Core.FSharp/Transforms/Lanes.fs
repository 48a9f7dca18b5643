// Values under a map over lanes: with the lanes along a new first axis, or one value for all of them; and the analysis of
// which variables of a program differ between lanes, given which inputs do. What is shared is computed once.
// Relies on Ops. Read Batching next.
module internal Ppl.Core.Transforms.Lanes

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// A value in every lane.
[<NoComparison; NoEquality>]
type Lane =
    {
        Value: Tensor
        /// Whether the first axis of Value runs over the lanes; else the value is that of every lane.
        Varies: bool
    }

    /// The type of the value in one lane.
    member this.Type =
        let ty = this.Value.Type
        if this.Varies then TensorType.create ty.DType (Shape.tail ty.Shape) else ty

let shared value = { Value = value; Varies = false }
let varying value = { Value = value; Varies = true }

/// The value in every lane along the first axis, repeated if it is shared.
let spread n (x: Lane) : Tensor =
    if x.Varies then
        x.Value
    else
        let shape = x.Value.Shape
        Ops.broadcastAlong (Shape.prepend n shape) (Array.init shape.Rank ((+) 1)) x.Value

/// One axis moved to another place; the others keep their order.
let moveAxis from into (x: Tensor) =
    let others = Array.init x.Shape.Rank id |> Array.filter ((<>) from)
    Ops.transpose (Array.insertAt into from others) x

/// x where the lane is in the mask, else y; both with the lanes in front.
let choose (mask: Tensor) (x: Tensor) (y: Tensor) = Ops.select (Ops.broadcastAlong x.Shape [| 0 |] mask) x y

// ---- which variables vary

/// The variables that differ between lanes, given which inputs do.
let rec variables (program: Program) (inputs: bool[]) : bool[] =
    let varies = Array.zeroCreate program.Types.Length
    Array.iter2 (fun v on -> varies[v] <- on) program.Inputs inputs

    for eq in program.Equations do
        let args = eq.Args |> Array.map (fun v -> varies[v])

        if Array.contains true args then
            Array.iter2 (fun v on -> varies[v] <- on) eq.Outs (results eq args)

    varies

/// The results of a program that differ between lanes.
and outputs (program: Program) inputs : bool[] =
    let varies = variables program inputs
    program.Outputs |> Array.map (fun v -> varies[v])

and private results (eq: Equation) (args: bool[]) : bool[] =
    match eq.Primitive with
    | Primitive.Control(ControlOp.Cond(a, b)) ->
        if args[0] then
            Array.create eq.Outs.Length true
        else
            Array.map2 (||) (outputs a args[1..]) (outputs b args[1..])
    | Primitive.Control(ControlOp.While(constants, condition, body)) -> snd (whileLoop constants condition body args)
    | Primitive.Control(ControlOp.Scan(constants, carry, _, _, body)) -> scan constants carry body args
    | Primitive.Control(ControlOp.Checkpoint body) -> outputs body args
    | _ -> Array.create eq.Outs.Length true

/// Whether the condition of a loop differs between lanes, and which carried values do, once they have settled. Where the
/// lanes stop at different times, every carried value differs that the body changes.
and whileLoop constants (condition: Program) (body: Program) (args: bool[]) : bool * bool[] =
    let test = (outputs condition args)[0]
    let outs = outputs body args
    let changes i = body.Outputs[i] <> body.Inputs[constants + i]

    let settled = outs |> Array.mapi (fun i on -> args[constants + i] || on || (test && changes i))

    if settled = args[constants..] then
        test, settled
    else
        whileLoop constants condition body (Array.append args[.. constants - 1] settled)

/// Which results of a scan differ between lanes, once what is carried has settled; the carry comes first.
and scan constants carry (body: Program) (args: bool[]) : bool[] =
    let outs = outputs body args
    let settled = Array.init carry (fun i -> args[constants + i] || outs[i])

    if settled = args[constants .. constants + carry - 1] then
        Array.append settled outs[carry..]
    else
        scan constants carry body (Array.concat [ args[.. constants - 1]; settled; args[constants + carry ..] ])
