// Which variables of a program vary with chosen inputs: derivatives are computed for these alone.
// Relies on Program. Read Vjp next.
module internal Ppl.Core.Transforms.Activity

open Ppl.Core
open Ppl.Core.Ir

/// Those of the variables that vary with the active inputs, through real variables.
let rec variables (program: Program) (activeInputs: bool[]) : bool[] =
    let active = Array.zeroCreate program.Types.Length
    Array.iter2 (fun v on -> active[v] <- on) program.Inputs activeInputs

    for eq in program.Equations do
        let args = eq.Args |> Array.map (fun v -> active[v])

        if Array.contains true args then
            let outs = results eq.Primitive args

            for i in 0 .. eq.Outs.Length - 1 do
                let v = eq.Outs[i]
                active[v] <- outs[i] && DType.isReal program.Types[v].DType

    active

and private outputs (program: Program) activeInputs =
    let active = variables program activeInputs
    program.Outputs |> Array.map (fun v -> active[v])

/// Which results of a primitive vary, given which arguments do (their element types aside).
and results primitive (args: bool[]) : bool[] =
    match primitive with
    | Primitive.Unary(UnaryOp.Floor | UnaryOp.Sign | UnaryOp.StopGradient)
    | Primitive.Factor FactorOp.DetSign
    | Primitive.Order(OrderOp.ArgSort _ | OrderOp.ArgMax _ | OrderOp.ArgMin _ | OrderOp.SearchSorted _)
    | Primitive.Compare _
    | Primitive.Random _ -> [| false |]
    | Primitive.Control(ControlOp.Cond(a, b)) -> Array.map2 (||) (outputs a args[1..]) (outputs b args[1..])
    | Primitive.Control(ControlOp.While(constants, _, body)) -> loop constants (args.Length - constants) body args
    | Primitive.Control(ControlOp.Scan(constants, carry, _, _, body)) -> loop constants carry body args
    | Primitive.Control(ControlOp.Checkpoint body) -> outputs body args
    // What varies is for the rule to say, whatever the body does.
    | Primitive.Control(ControlOp.CustomGrad(_, body, _)) -> body.Outputs |> Array.map (fun _ -> true)
    | _ -> [| true |]

/// The active results of the body of a loop, once what is carried has settled; the carry comes first.
and loop constants carry (body: Program) (inputs: bool[]) : bool[] =
    let outs = outputs body inputs
    let settled = Array.init carry (fun i -> inputs[constants + i] || outs[i])

    if settled = inputs[constants .. constants + carry - 1] then
        Array.append settled outs[carry..]
    else
        let xs = inputs[constants + carry ..]
        loop constants carry body (Array.concat [ inputs[.. constants - 1]; settled; xs ])
