// How far rounding may move the results of a program: it is run again with every real result multiplied by 1 + d, with random
// |d| <= 1e-11, some 1e5 times the rounding of one operation. What another order of the same arithmetic gives must lie within
// the spread of such runs. Also tells whether everything on the way stays finite and moderate.
module Ppl.Core.Tests.Perturbation

open System
open Ppl.Core
open Ppl.Core.Ir

/// Runs a program, with every value on the way passed through a function.
let rec observe (see: Literal -> Literal) (program: Program) (args: Literal[]) : Literal[] =
    let values: Literal[] = Array.zeroCreate program.Types.Length
    Array.iter2 (fun v arg -> values[v] <- arg) program.Inputs args

    for eq in program.Equations do
        let results = evaluate see eq.Primitive (eq.Args |> Array.map (fun v -> values[v]))
        Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

    program.Outputs |> Array.map (fun v -> values[v])

and private evaluate see primitive (args: Literal[]) =
    match primitive with
    | Primitive.Control(ControlOp.Cond(a, b)) -> observe see (if (Literal.bools args[0])[0] then a else b) args[1..]
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let mutable carry = args[constants..]
        let whole () = Array.append args[.. constants - 1] carry

        let goesOn () = (Literal.bools (Array.head (observe see condition (whole ()))))[0]

        while goesOn () do
            carry <- observe see body (whole ())

        carry
    | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
        // One step at a time, by scans of length 1 over the rows.
        scan see constants carry length reverse body args
    | Primitive.Control(ControlOp.Checkpoint body | ControlOp.CustomGrad(_, body, _)) -> observe see body args
    | _ -> Reference.evaluate primitive args |> Array.map see

and private scan see constants carry length reverse body (args: Literal[]) =
    let mutable state = args[constants .. constants + carry - 1]
    let types = args |> Array.map _.Type
    let op = Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body))
    let stacked = (TypeRules.results op types)[carry..]
    let rows: Literal[][] = Array.create length [||]

    let row index (x: Literal) =
        let take = Primitive.Index(IndexOp.Take 0)
        (Reference.evaluate take [| x; Literal.i32 index |])[0]

    for step in 0 .. length - 1 do
        let index = if reverse then length - 1 - step else step
        let slices = args[constants + carry ..] |> Array.map (row index)
        let results = observe see body (Array.concat [ args[.. constants - 1]; state; slices ])
        state <- results[.. carry - 1]
        rows[index] <- results[carry..]

    let stack n (ty: TensorType) =
        if length = 0 then
            Literal.fill ty 0.0
        else
            let asRow (x: Literal) =
                (Reference.evaluate (Primitive.Move(MoveOp.Reshape(Shape.prepend 1 x.Type.Shape))) [| x |])[0]

            (Reference.evaluate (Primitive.Move(MoveOp.Concat 0)) (rows |> Array.map (fun r -> asRow r[n])))[0]

    Array.append state (Array.mapi stack stacked)

let private jitter (rng: Random) (x: Literal) =
    match x.Data with
    | Storage.F64 data ->
        let move v = v * (1.0 + 1e-11 * (2.0 * rng.NextDouble() - 1.0))
        { x with Data = Storage.F64(Array.map move data) }
    | _ -> x

/// Runs that differ as much as rounding could make them differ, and more.
let perturbed count program args =
    Array.init count (fun k ->
        let rng = Random(100 + k)
        observe (jitter rng) program (Array.map (jitter rng) args))

/// What happens on the way.
type Course =
    /// Only finite numbers, zero or between 1e-70 and 1e70.
    | Moderate
    /// NaN besides.
    | WithNaN
    /// Infinities or extreme numbers besides.
    | Extreme

/// The worst that happens on the way.
let course program args =
    let mutable worst = Moderate

    let note (x: Literal) =
        match x.Data with
        | Storage.F64 data ->
            for v in data do
                if Double.IsNaN v then
                    (if worst = Moderate then
                         worst <- WithNaN)
                elif v <> 0.0 && (abs v > 1e70 || abs v < 1e-70) then
                    worst <- Extreme
        | _ -> ()

        x

    Array.iter (note >> ignore) args
    observe note program args |> ignore
    worst

let private sameKind (a: float) (b: float) =
    Double.IsNaN a = Double.IsNaN b && (Double.IsNaN a || abs a = infinity || Double.IsFinite b)

/// Whether these results are those of the program up to rounding.
let agrees (program: Program) (args: Literal[]) (results: Literal[]) =
    let expected = Reference.run program args
    let others = perturbed 8 program args

    let close n =
        match expected[n].Data, results[n].Data with
        | Storage.F64 xs, Storage.F64 ys ->
            let near i =
                let spread = others |> Array.map (fun o -> abs ((Literal.floats o[n])[i] - xs[i])) |> Array.max
                // Not <= alone: a spread that is NaN allows what it likes for numbers that are finite.
                sameKind xs[i] ys[i]
                && (Double.IsNaN xs[i]
                    || Double.IsNaN spread
                    || xs[i] = ys[i]
                    || abs (xs[i] - ys[i]) <= spread + 1e-14 * abs xs[i])

            xs.Length = ys.Length && Seq.forall near (seq { 0 .. xs.Length - 1 })
        | _ -> expected[n] = results[n] || others |> Array.exists (fun o -> o[n] <> expected[n])

    expected.Length = results.Length && Seq.forall close (seq { 0 .. expected.Length - 1 })
