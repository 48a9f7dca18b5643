// Values under a map over lanes: with the lanes along a new axis, the first or the last one, or one value for all of them; and
// the analysis of which variables of a program differ between lanes, given which inputs do. What is shared is computed once.
// Relies on Ops. Read Batching next.
module internal Ppl.Core.Transforms.Lanes

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// Which axis of values runs over the lanes. As the first one, a lane is contiguous, as code for one lane expects. As the
/// last one, the lanes are beside each other, as the elements of a vector: one instruction serves them all.
[<RequireQualifiedAccess>]
type LanePlace =
    | First
    | Last

/// The axis of the lanes.
[<Struct>]
type LaneAxis =
    {
        Count: int
        Place: LanePlace
    }

    /// A shape with the lanes.
    member this.Add(shape: Shape) : Shape =
        match this.Place with
        | LanePlace.First -> Shape.prepend this.Count shape
        | LanePlace.Last -> Shape.ofArray (Array.append (shape.ToArray()) [| this.Count |])

    /// A type with the lanes.
    member this.Add(ty: TensorType) : TensorType = TensorType.create ty.DType (this.Add ty.Shape)

    /// The place of the lanes among the axes of a shape that has them.
    member this.In(shape: Shape) : int =
        match this.Place with
        | LanePlace.First -> 0
        | LanePlace.Last -> shape.Rank - 1

    /// The places of the other axes.
    member this.Others(shape: Shape) : int[] =
        match this.Place with
        | LanePlace.First -> Array.init (shape.Rank - 1) ((+) 1)
        | LanePlace.Last -> Array.init (shape.Rank - 1) id

/// So many lanes along the first axis.
let inFront count : LaneAxis = { Count = count; Place = LanePlace.First }

/// A value in every lane.
[<NoComparison; NoEquality>]
type Lane =
    {
        Value: Tensor
        /// Whether Value has the axis of the lanes; else it is the value of every lane.
        Varies: bool
    }

let shared value = { Value = value; Varies = false }
let varying value = { Value = value; Varies = true }

/// The type of a value in one lane, for lanes along the first axis.
let typeInLane (x: Lane) : TensorType =
    let ty = x.Value.Type
    if x.Varies then TensorType.create ty.DType (Shape.tail ty.Shape) else ty

/// The value in every lane, along their axis, repeated if it is shared.
let spread (lanes: LaneAxis) (x: Lane) : Tensor =
    if x.Varies then
        x.Value
    else
        let shape = lanes.Add x.Value.Shape
        Ops.broadcastAlong shape (lanes.Others shape) x.Value

/// One axis moved to another place; the others keep their order.
let moveAxis from into (x: Tensor) =
    let others = Array.init x.Shape.Rank id |> Array.filter ((<>) from)
    Ops.transpose (Array.insertAt into from others) x

/// x where the lane is in the mask, else y; both with the lanes.
let choose (lanes: LaneAxis) (mask: Tensor) (x: Tensor) (y: Tensor) =
    Ops.select (Ops.broadcastAlong x.Shape [| lanes.In x.Shape |] mask) x y

// ---- which variables vary

/// Which variables of a program are read, by equations or as results.
let read (program: Program) : bool[] =
    let isRead = Array.zeroCreate program.Types.Length

    for eq in program.Equations do
        for v in eq.Args do
            isRead[v] <- true

    for v in program.Outputs do
        isRead[v] <- true

    isRead

/// The variables that differ between lanes, given which inputs do.
let rec variables (program: Program) (inputs: bool[]) : bool[] =
    let varies = Array.zeroCreate program.Types.Length
    let isRead = read program
    Array.iter2 (fun v on -> varies[v] <- on) program.Inputs inputs

    for eq in program.Equations do
        let args = eq.Args |> Array.map (fun v -> varies[v])

        if Array.contains true args then
            Array.iter2 (fun v on -> varies[v] <- on) eq.Outs (results isRead eq args)

    varies

/// The results of a program that differ between lanes.
and outputs (program: Program) inputs : bool[] =
    let varies = variables program inputs
    program.Outputs |> Array.map (fun v -> varies[v])

and private results (isRead: bool[]) (eq: Equation) (args: bool[]) : bool[] =
    match eq.Primitive with
    | Primitive.Control(ControlOp.Cond(a, b)) ->
        if args[0] then
            Array.create eq.Outs.Length true
        else
            Array.map2 (||) (outputs a args[1..]) (outputs b args[1..])
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let live = eq.Outs |> Array.map (fun v -> isRead[v])
        snd (whileLoop constants condition body live args)
    | Primitive.Control(ControlOp.Scan(constants, carry, _, _, body)) -> scan constants carry body args
    | Primitive.Control(ControlOp.Checkpoint body) -> outputs body args
    | _ -> Array.create eq.Outs.Length true

/// Whether the condition of a loop differs between lanes, and which carried values do, once they have settled. Where the
/// lanes stop at different times, every carried value differs that the body changes and whose final value is read: counters
/// that steer the loop alone stay one number for all lanes.
and whileLoop constants (condition: Program) (body: Program) (live: bool[]) (args: bool[]) : bool * bool[] =
    let test = (outputs condition args)[0]
    let outs = outputs body args
    let changes i = body.Outputs[i] <> body.Inputs[constants + i]

    let settled =
        outs |> Array.mapi (fun i on -> args[constants + i] || on || (test && live[i] && changes i))

    if settled = args[constants..] then
        test, settled
    else
        whileLoop constants condition body live (Array.append args[.. constants - 1] settled)

/// Which results of a scan differ between lanes, once what is carried has settled; the carry comes first.
and scan constants carry (body: Program) (args: bool[]) : bool[] =
    let outs = outputs body args
    let settled = Array.init carry (fun i -> args[constants + i] || outs[i])

    if settled = args[constants .. constants + carry - 1] then
        Array.append settled outs[carry..]
    else
        scan constants carry body (Array.concat [ args[.. constants - 1]; settled; args[constants + carry ..] ])
