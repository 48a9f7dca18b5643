// Removes what no result needs: equations, constants and sequences of loops, outputs and carries of scans.
// Relies on Program. Read Simplify next.
module internal Ppl.Core.Transforms.DeadCode

open Ppl.Core
open Ppl.Core.Ir

let private pick (mask: bool[]) (items: 'a[]) : 'a[] =
    items |> Array.indexed |> Array.filter (fun (i, _) -> mask[i]) |> Array.map snd

/// A program with fewer results and without the inputs it does not need: which inputs are kept.
let rec private restrict (program: Program) (keepOutput: bool[]) : bool[] * Program =
    let pruned = prune { program with Outputs = pick keepOutput program.Outputs }
    let used = Array.zeroCreate program.Types.Length

    for eq in pruned.Equations do
        for v in eq.Args do
            used[v] <- true

    for v in pruned.Outputs do
        used[v] <- true

    program.Inputs |> Array.map (fun v -> used[v]), pruned

/// Carries that a wanted result or another live carry needs: the least fixed point.
and private liveCarries constants carry (body: Program) (wanted: bool[]) : bool[] =
    let keep = Array.copy wanted
    let mutable changed = true

    while changed do
        let needs, _ = restrict body keep
        changed <- false

        for i in 0 .. carry - 1 do
            if needs[constants + i] && not keep[i] then
                keep[i] <- true
                changed <- true

    keep

/// A scan without dead outputs, carries, constants and sequences.
and private pruneScan (eq: Equation) constants carry length reverse body (live: bool[]) : Equation =
    let keep = liveCarries constants carry body (eq.Outs |> Array.map (fun v -> live[v]))
    let needs, pruned = restrict body keep
    // A live carry stays an input even if the body only overwrites it.
    let keepInput =
        Array.init needs.Length (fun i ->
            if i >= constants && i < constants + carry then keep[i - constants] else needs[i])

    let count (mask: bool[]) = mask |> Array.sumBy (fun on -> if on then 1 else 0)
    let body = { pruned with Inputs = pick keepInput body.Inputs }

    let op =
        ControlOp.Scan(count keepInput[.. constants - 1], count keep[.. carry - 1], length, reverse, body)

    { Primitive = Primitive.Control op; Args = pick keepInput eq.Args; Outs = pick keep eq.Outs }

and private pruneEquation (live: bool[]) (eq: Equation) : Equation =
    match eq.Primitive with
    | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
        pruneScan eq constants carry length reverse body live
    | Primitive.Control(ControlOp.Cond(a, b)) ->
        let keep = eq.Outs |> Array.map (fun v -> live[v])
        let needA, a' = restrict a keep
        let needB, b' = restrict b keep
        let needs = Array.map2 (||) needA needB
        let inputs (p: Program) = pick needs p.Inputs
        let op = ControlOp.Cond({ a' with Inputs = inputs a }, { b' with Inputs = inputs b })

        {
            Primitive = Primitive.Control op
            Args = pick (Array.append [| true |] needs) eq.Args
            Outs = pick keep eq.Outs
        }
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let all = Array.create body.Outputs.Length true
        let needBody, body' = restrict body all
        let needTest, test' = restrict condition [| true |]
        let needs = Array.init needBody.Length (fun i -> i >= constants || needBody[i] || needTest[i])
        let kept = needs[.. constants - 1] |> Array.sumBy (fun on -> if on then 1 else 0)

        let op =
            ControlOp.While(
                kept,
                { test' with Inputs = pick needs condition.Inputs },
                { body' with Inputs = pick needs body.Inputs }
            )

        { eq with Primitive = Primitive.Control op; Args = pick needs eq.Args }
    | _ -> eq

/// The same results from the equations that they need.
and prune (program: Program) : Program =
    let live = Array.zeroCreate program.Types.Length

    for v in program.Outputs do
        live[v] <- true

    let kept = ResizeArray<Equation>()

    for eq in Array.rev program.Equations do
        if eq.Outs |> Array.exists (fun v -> live[v]) then
            let eq = pruneEquation live eq

            for v in eq.Args do
                live[v] <- true

            kept.Add eq

    kept.Reverse()
    { program with Equations = kept.ToArray() }
