// Scans in lanes. Once every carried value of a scan is known for all steps, nothing is left to wait for, and the body is
// mapped over the steps; what is carried is had by CarryRules, recurrences by Lookahead. Every identity is one of real
// arithmetic.
// Relies on CarryRules and Vmap. Read Exponentials next.
module internal Ppl.Core.Transforms.Splitting

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Lanes
open Ppl.Core.Transforms.Lookahead
open Ppl.Core.Transforms.CarryRules

/// The value before each step, from the one before the first and those after each.
let private delayed (steps: Steps) (initial: Tensor) (after: Tensor) : States =
    let first = Ops.reshape (Shape.prepend 1 initial.Shape) initial
    let n = steps.Length

    if steps.Reverse then
        { Before = Ops.concat 0 [| Ops.slice 0 1 n after; first |]; Final = Ops.at 0 after }
    else
        { Before = Ops.concat 0 [| first; Ops.slice 0 0 (n - 1) after |]; Final = Ops.at (n - 1) after }

/// initial, initial + increment, ...
let private counted (steps: Steps) (initial: Tensor) (increment: Tensor) : States =
    let ty = TensorType.create initial.DType (Shape.ofList [ steps.Length ])
    let turns = Bind.one (Primitive.Iota(ty, 0)) [||]
    let turns = if steps.Reverse then Ops.reverse [| 0 |] turns else turns

    {
        Before = initial + turns * increment
        Final = initial + Ops.scalarLike initial (float steps.Length) * increment
    }

/// The slopes where there are any, row by row.
let private slopes (isPresent: bool[,]) (given: Lane[]) : Lane option[,] =
    let n = Array2D.length1 isPresent

    let places =
        isPresent |> Seq.cast<bool> |> Seq.scan (fun k on -> if on then k + 1 else k) 0 |> Seq.toArray

    Array2D.init n n (fun i j -> if isPresent[i, j] then Some given[places[n * i + j]] else None)

/// What some carried values are before each step (none: the same in all steps, or never asked for) and in the end, from
/// programs evaluated in all steps.
let private solved (steps: Steps) (initial: Tensor[]) (rule: Rule) (run: Program -> Lane[]) =
    let one program = Array.head (run program)
    let known (states: States) = struct (Some states.Before, states.Final)

    match rule with
    | Rule.Kept -> [| struct (None, initial[0]) |]
    | Rule.Remembered value -> [| known (delayed steps initial[0] (spread (inFront steps.Length) (one value))) |]
    | Rule.Counted increment -> [| known (counted steps initial[0] (one increment).Value) |]
    | Rule.Summed addend -> [| struct (None, initial[0] + Ops.sum (spread (inFront steps.Length) (one addend))) |]
    | Rule.Linear(isPresent, coefficients) ->
        let results = run coefficients
        let offsets = results[results.Length - initial.Length ..]
        solve steps (slopes isPresent results) offsets initial |> Array.map known

/// The results of a scan: what is carried, then the stacked outputs.
let private results (scan: Scan) (plan: Component list) (args: Tensor[]) : Tensor[] =
    let n = scan.Steps.Length
    let fixedArgs = args[.. scan.Constants - 1] |> Array.map shared
    let initial = args[scan.Constants .. scan.Constants + scan.Carries - 1]
    let xs = args[scan.Constants + scan.Carries ..] |> Array.map varying
    // What is not solved yet is of no use to the programs that run.
    let before = initial |> Array.map shared
    let final = Array.copy initial
    let run program = Vmap.inLanes n program (Array.concat [ fixedArgs; before; xs ])

    for part in plan do
        let states = solved scan.Steps (part.Members |> Array.map (fun i -> initial[i])) part.Rule run

        for i, struct (earlier, last) in Array.zip part.Members states do
            final[i] <- last
            earlier |> Option.iter (fun x -> before[i] <- varying x)

    let ys = run (only scan.Body.Outputs[scan.Carries ..] scan.Body)
    Array.append final (Array.map (spread (inFront n)) ys)

let private note (scan: Scan) =
    let values = if scan.Carries = 1 then "value" else "values"
    $"scan in lanes: {scan.Steps.Length} steps, {scan.Carries} carried {values}"

/// A scan that is to be split, and how.
let private tryPlan primitive : struct (Scan * Component list) option =
    match primitive with
    | Primitive.Control(ControlOp.Scan(constants, carries, length, reverse, body)) ->
        let scan =
            {
                Constants = constants
                Carries = carries
                Steps = { Length = length; Reverse = reverse }
                Body = body
            }

        plan scan |> Option.map (fun parts -> struct (scan, parts))
    | _ -> None

let rec private hasScan (program: Program) =
    program.Equations
    |> Array.exists (fun eq ->
        match eq.Primitive with
        | Primitive.Control(ControlOp.Scan _) -> true
        | primitive -> Program.children primitive |> List.exists hasScan)

/// A program with its scans, however deep inside, in lanes where that is possible and pays, and one line for each of them.
/// The program itself where there is nothing to do.
let rec program (original: Program) : Program * string list =
    let notes = ResizeArray<string>()

    let inside child =
        let split, found = program child
        notes.AddRange found
        split

    let write (eq: Equation) (args: Tensor[]) =
        match tryPlan eq.Primitive with
        | Some(struct (scan, parts)) ->
            notes.Add(note scan)
            results scan parts args
        | None -> Bind.many (Program.mapChildren inside eq.Primitive) args

    if not (hasScan original) then
        original, []
    else
        let split =
            Trace.program (Program.inputTypes original) (fun args ->
                let values: Tensor[] = Array.zeroCreate original.Types.Length
                Array.iter2 (fun v arg -> values[v] <- arg) original.Inputs args

                for eq in original.Equations do
                    let outs = write eq (eq.Args |> Array.map (fun v -> values[v]))
                    Array.iter2 (fun v out -> values[v] <- out) eq.Outs outs

                original.Outputs |> Array.map (fun v -> values[v]))

        if notes.Count = 0 then original, [] else split, List.ofSeq notes
