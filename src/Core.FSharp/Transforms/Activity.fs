// Which variables of a program vary with chosen inputs: derivatives are computed for these alone.
// Relies on Program. Read Vjp next.
module internal Ppl.Core.Transforms.Activity

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// Answers by sub-program and active inputs: a loop asks until what it carries has settled, and each question about an inner
/// loop would be asked again by every loop around it.
type private Answers = Dictionary<struct (Program * string), bool[]>

let private text (mask: bool[]) = System.String(Array.map (fun on -> if on then '1' else '0') mask)

/// Those of the variables that vary with the active inputs.
let rec private walk (answers: Answers) (program: Program) (activeInputs: bool[]) : bool[] =
    let key = struct (program, text activeInputs)

    match answers.TryGetValue key with
    | true, active -> active
    | _ ->
        let active = Array.zeroCreate program.Types.Length
        Array.iter2 (fun v on -> active[v] <- on) program.Inputs activeInputs

        for eq in program.Equations do
            let args = eq.Args |> Array.map (fun v -> active[v])

            if Array.contains true args then
                let outs =
                    match eq.Primitive with
                    | Primitive.Custom _ -> eq.Outs |> Array.map (fun _ -> true)
                    | primitive -> resultsOf answers primitive args

                for i in 0 .. eq.Outs.Length - 1 do
                    let v = eq.Outs[i]
                    active[v] <- outs[i] && DType.isReal program.Types[v].DType

        answers[key] <- active
        active

and private outputs answers (program: Program) activeInputs =
    let active = walk answers program activeInputs
    program.Outputs |> Array.map (fun v -> active[v])

and private resultsOf answers primitive (args: bool[]) : bool[] =
    match primitive with
    | Primitive.Unary(UnaryOp.Floor | UnaryOp.Sign | UnaryOp.StopGradient)
    | Primitive.Factor FactorOp.DetSign
    | Primitive.Order(OrderOp.ArgSort _ | OrderOp.ArgMax _ | OrderOp.ArgMin _ | OrderOp.SearchSorted _)
    | Primitive.Compare _
    | Primitive.Random _ -> [| false |]
    | Primitive.Control(ControlOp.Cond(a, b)) ->
        Array.map2 (||) (outputs answers a args[1..]) (outputs answers b args[1..])
    | Primitive.Control(ControlOp.While(constants, _, body)) ->
        settle answers constants (args.Length - constants) body args
    | Primitive.Control(ControlOp.Scan(constants, carry, _, _, body)) -> settle answers constants carry body args
    | Primitive.Control(ControlOp.Checkpoint body) -> outputs answers body args
    // What varies is for the rule to say, whatever the body does.
    | Primitive.Control(ControlOp.CustomGrad(_, body, _)) -> body.Outputs |> Array.map (fun _ -> true)
    | _ -> [| true |]

and private settle answers constants carry (body: Program) (inputs: bool[]) : bool[] =
    let outs = outputs answers body inputs
    let settled = Array.init carry (fun i -> inputs[constants + i] || outs[i])

    if settled = inputs[constants .. constants + carry - 1] then
        Array.append settled outs[carry..]
    else
        let xs = inputs[constants + carry ..]
        settle answers constants carry body (Array.concat [ inputs[.. constants - 1]; settled; xs ])

/// Those of the variables of a program that vary with the active inputs, through real variables.
let variables (program: Program) (activeInputs: bool[]) : bool[] = walk (Answers()) program activeInputs

/// Which results of a primitive vary, given which arguments do (their element types aside).
let results primitive (args: bool[]) : bool[] = resultsOf (Answers()) primitive args

/// The active results of the body of a loop, once what is carried has settled; the carry comes first.
let loop constants carry (body: Program) (inputs: bool[]) : bool[] = settle (Answers()) constants carry body inputs
