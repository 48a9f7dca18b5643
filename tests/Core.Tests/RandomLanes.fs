// Random programs mapped over lanes: which arguments differ and along which axes, the results lane by lane, and the batched
// program. Shared with the tests of engines. Relies on ShrinkPrograms.
module Ppl.Core.Tests.RandomLanes

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms

/// The program with its constants, of whatever type, as parameters: conditions, counters and indices can differ then.
let liftAll (case: Case) : Case =
    let isConstant (eq: Equation) = eq.Primitive.IsConstant

    let value (eq: Equation) =
        match eq.Primitive with
        | Primitive.Constant value -> value
        | _ -> Errors.bug "liftAll" "not a constant"

    let lifted, rest = case.Program.Equations |> Array.partition isConstant

    {
        Program =
            { case.Program with
                Inputs = Array.append case.Program.Inputs (lifted |> Array.collect _.Outs)
                Equations = rest
            }
        Arguments = Array.append case.Arguments (Array.map value lifted)
    }

/// Moderate values of a type: counters stay small, so that loops end.
let moderate (rng: Random) (ty: TensorType) = Build(rng, Everything, false, 0).Literal ty

let stack (xs: Literal[]) = (Ops.stack (xs |> Array.map Tensor.OfLiteral)).Value

/// x with its first axis moved to another place.
let placed axis (x: Literal) =
    let order = Array.init x.Type.Shape.Rank id |> Array.tail |> Array.insertAt axis 0
    (Ops.transpose order (Tensor.OfLiteral x)).Value

/// Arguments of n lanes: the first lane has those of the case.
[<NoComparison; NoEquality>]
type Lanes =
    {
        Axes: int option[]
        OutAxes: int option[]
        /// For each lane.
        Arguments: Literal[][]
        /// All lanes together.
        Stacked: Literal[]
    }

let lanesOf (rng: Random) n (case: Case) : Lanes =
    let axes =
        case.Arguments
        |> Array.mapi (fun i x ->
            if i = 0 || rng.NextDouble() < 0.7 then Some(rng.Next(x.Type.Shape.Rank + 1)) else None)

    let arguments =
        Array.init n (fun lane ->
            Array.map2
                (fun axis (x: Literal) -> if lane = 0 || Option.isNone axis then x else moderate rng x.Type)
                axes
                case.Arguments)

    let together i axis =
        match axis with
        | Some axis -> placed axis (stack (arguments |> Array.map (fun xs -> xs[i])))
        | None -> case.Arguments[i]

    {
        Axes = axes
        OutAxes = Program.outputTypes case.Program |> Array.map (fun ty -> Some(rng.Next(ty.Shape.Rank + 1)))
        Arguments = arguments
        Stacked = Array.mapi together axes
    }

/// The results lane by lane, put together.
let expected (program: Program) (lanes: Lanes) =
    let results = lanes.Arguments |> Array.map (Reference.run program)

    lanes.OutAxes
    |> Array.mapi (fun i axis -> placed axis.Value (stack (results |> Array.map (fun ys -> ys[i]))))

let batched (program: Program) (lanes: Lanes) =
    Trace.program (lanes.Stacked |> Array.map _.Type) (Vmap.vmapMany lanes.Axes lanes.OutAxes (Trace.replay program))

/// Arguments with the lanes along the axis that `place` gives for the rank of a lane; those without lanes as they are.
let along (place: int -> int) (case: Case) (lanes: Lanes) =
    let together i (axis: int option) (x: Literal) =
        if axis.IsSome then
            placed (place x.Type.Shape.Rank) (stack (lanes.Arguments |> Array.map (fun xs -> xs[i])))
        else
            x

    Array.mapi2 together lanes.Axes case.Arguments

/// A case mapped over lanes along its last axes.
let lanesLast (case: Case) (lanes: Lanes) : Case =
    {
        Program = Vmap.programLast lanes.Arguments.Length (lanes.Axes |> Array.map _.IsSome) case.Program
        Arguments = along id case lanes
    }

/// A case mapped over up to four lanes, along any axes or along the last ones, as a case.
let inLanes (case: Case) : Case =
    let case = liftAll case

    if case.Arguments.Length = 0 then
        case
    else
        let rng = Random(Program.size case.Program)
        let lanes = lanesOf rng (1 + rng.Next 4) case

        if rng.Next 2 = 0 then
            { Program = batched case.Program lanes; Arguments = lanes.Stacked }
        else
            lanesLast case lanes
