// Removes what no result needs: equations, and of loops and branches the arguments, carried values and results.
// First an analysis of what is needed, sub-programs included; then the program is written with that alone.
// Relies on Derivatives.pick and Program. Read Simplify next.
module internal Ppl.Core.Transforms.DeadCode

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Derivatives

/// The variables that the wanted results need.
let rec private live (program: Program) (wanted: bool[]) : bool[] =
    let live = Array.zeroCreate program.Types.Length
    program.Outputs |> Array.iteri (fun i v -> live[v] <- live[v] || wanted[i])

    for n in program.Equations.Length - 1 .. -1 .. 0 do
        let eq = program.Equations[n]

        if eq.Outs |> Array.exists (fun v -> live[v]) then
            let _, args = needs eq (eq.Outs |> Array.map (fun v -> live[v]))
            eq.Args |> Array.iteri (fun i v -> live[v] <- live[v] || args[i])

    live

and private neededInputs (program: Program) wanted : bool[] =
    let live = live program wanted
    program.Inputs |> Array.map (fun v -> live[v])

/// Which results of an equation must stay if these are wanted, and which arguments.
and private needs (eq: Equation) (wanted: bool[]) : bool[] * bool[] =
    match eq.Primitive with
    | Primitive.Control(ControlOp.Cond(a, b)) ->
        wanted, Array.append [| true |] (Array.map2 (||) (neededInputs a wanted) (neededInputs b wanted))
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let test = neededInputs condition [| true |]
        loopNeeds constants wanted.Length body test (Array.map2 (||) wanted test[constants..])
    | Primitive.Control(ControlOp.Scan(constants, carry, _, _, body)) ->
        loopNeeds constants carry body (Array.create eq.Args.Length false) wanted
    | Primitive.Control(ControlOp.Checkpoint body) -> wanted, neededInputs body wanted
    | _ -> wanted, Array.create eq.Args.Length true

/// The least set of carried values that is closed: what the next step needs of them is carried too.
and private loopNeeds constants carry body (always: bool[]) (wanted: bool[]) =
    let inputs = neededInputs body wanted
    let closed = wanted |> Array.mapi (fun i on -> on || (i < carry && inputs[constants + i]))

    if closed = wanted then
        let isCarry i = i >= constants && i < constants + carry
        wanted, inputs |> Array.mapi (fun i on -> if isCarry i then wanted[i - constants] else on || always[i])
    else
        loopNeeds constants carry body always closed

/// A sub-program with fewer inputs and results.
let rec private restrict (inputs: bool[]) (outputs: bool[]) (program: Program) =
    prune { program with Inputs = pick inputs program.Inputs; Outputs = pick outputs program.Outputs }

and private pruneEquation (wanted: bool[]) (eq: Equation) : Equation =
    let kept, args = needs eq wanted
    let count (mask: bool[]) = mask |> Array.sumBy (fun on -> if on then 1 else 0)

    let rebuilt op = { Primitive = Primitive.Control op; Args = pick args eq.Args; Outs = pick kept eq.Outs }

    match eq.Primitive with
    | Primitive.Control(ControlOp.Cond(a, b)) ->
        let inside = restrict args[1..] kept
        rebuilt (ControlOp.Cond(inside a, inside b))
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let test = restrict args [| true |] condition
        rebuilt (ControlOp.While(count args[.. constants - 1], test, restrict args kept body))
    | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
        let constants, carry = count args[.. constants - 1], count kept[.. carry - 1]
        rebuilt (ControlOp.Scan(constants, carry, length, reverse, restrict args kept body))
    | Primitive.Control(ControlOp.Checkpoint body) -> rebuilt (ControlOp.Checkpoint(restrict args kept body))
    // The derivative speaks of all arguments and results.
    | Primitive.Control(ControlOp.CustomGrad _) -> { eq with Primitive = Program.mapChildren prune eq.Primitive }
    | _ -> eq

/// The same results from the equations that they need.
and prune (program: Program) : Program =
    let live = live program (program.Outputs |> Array.map (fun _ -> true))

    program.Equations
    |> Array.filter (fun eq -> eq.Outs |> Array.exists (fun v -> live[v]))
    |> Array.map (fun eq -> pruneEquation (eq.Outs |> Array.map (fun v -> live[v])) eq)
    |> renumber program

/// These equations with the variables numbered in the order of their definition.
and private renumber (program: Program) (equations: Equation[]) : Program =
    let places = Array.create program.Types.Length -1
    let types = ResizeArray<TensorType>()

    let define v =
        places[v] <- types.Count
        types.Add program.Types[v]
        places[v]

    let refer v = places[v]
    let inputs = Array.map define program.Inputs

    let equations =
        equations
        |> Array.map (fun eq -> { eq with Args = Array.map refer eq.Args; Outs = Array.map define eq.Outs })

    {
        Inputs = inputs
        Equations = equations
        Outputs = Array.map refer program.Outputs
        Types = types.ToArray()
    }
