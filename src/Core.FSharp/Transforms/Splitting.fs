// Scans in lanes. What a scan carries is solved in the order in which it depends on itself: a value that only remembers the
// last step, an integer that counts, numbers that are affine in their own past (with coefficients that may depend on the
// sequences and on what is solved already). Once every carried value is known for all steps, nothing is left to wait for, and
// the body is mapped over the steps. Structure alone decides. Every identity is one of real arithmetic.
// Relies on Lookahead, CarryForms, Rewrite, DeadCode and Vmap. Read Exponentials next.
module internal Ppl.Core.Transforms.Splitting

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Lanes
open Ppl.Core.Transforms.Lookahead

/// It pays from so many waits for a fused multiply-add on (measured: 56 plain steps, 28 of two numbers, 12 with an exp).
let private fewestWaits = 64

/// What a function of a real costs, in waits.
let private functionWaits = 4

/// Numbers that are solved together, at most, and slopes among them that differ between steps.
let private together, private varyingSlopes = 3, 4

/// Elements of a variable of a body, at most.
let private widest = 16

/// Elements of a variable for all steps together, at most, and steps with slopes that differ: memory is the limit there.
let private longest, private longestVarying = 1 <<< 22, 1 <<< 18

/// A scan, apart from its arguments.
[<NoComparison; NoEquality>]
type private Scan = { Constants: int; Carries: int; Steps: Steps; Body: Program }

/// How a carried value is had without stepping.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Rule =
    /// The next value does not depend on this one.
    | Remembered of value: Program
    /// The next value is this one and the same integer more.
    | Counted of increment: Program
    /// The next value is the sum of this one and another number, and only the last one is wanted.
    | Summed of addend: Program
    /// The next values are affine in these: the slopes, row by row (where not zero), then the offsets.
    | Linear of isPresent: bool[,] * coefficients: Program

/// Carried values that depend on each other.
[<NoComparison; NoEquality>]
type private Component = { Members: int[]; Rule: Rule }

// ---- what depends on what

/// The carried values that each variable of a body depends on.
let private dependencies (scan: Scan) : Set<int>[] =
    let sets = Array.create scan.Body.Types.Length Set.empty

    for i in 0 .. scan.Carries - 1 do
        sets[scan.Body.Inputs[scan.Constants + i]] <- Set.singleton i

    for eq in scan.Body.Equations do
        let all = eq.Args |> Seq.map (fun v -> sets[v]) |> Set.unionMany

        for v in eq.Outs do
            sets[v] <- all

    sets

/// Groups of carried values that depend on each other, each behind those that it depends on.
let private groups (next: Set<int>[]) : int list list =
    let rec reach (seen: Set<int>) i =
        next[i]
        |> Set.fold (fun seen j -> if Set.contains j seen then seen else reach (Set.add j seen) j) seen

    let reached = Array.init next.Length (reach Set.empty)
    let isOne i j = i = j || (Set.contains j reached[i] && Set.contains i reached[j])

    [ 0 .. next.Length - 1 ]
    |> List.groupBy (fun i -> Seq.find (isOne i) (seq { 0 .. next.Length - 1 }))
    |> List.map snd
    // Whoever depends on another one reaches all that it reaches, and itself or the other one besides.
    |> List.sortBy (fun members -> Set.count (Set.union reached[members.Head] (Set.ofList members)))

// ---- programs of a body's inputs

let private simplified (program: Program) =
    DeadCode.prune (Rewrite.program program (program.Inputs |> Array.map (fun _ -> Rewrite.Given.Nothing)))

let private only outputs (body: Program) = simplified { body with Outputs = outputs }

/// The coefficients of the next values of some numbers, if they are affine in these numbers.
let private coefficients (scan: Scan) (members: int[]) (isPresent: bool[,]) : Program option =
    let body = scan.Body

    let input (values: Tensor[]) j v =
        match System.Array.IndexOf(members, j - scan.Constants) with
        | -1 -> CarryForm.Free
        | place ->
            let one = Array.create members.Length None
            one[place] <- Some(Ops.onesLike values[v])
            CarryForm.Affine(one, None)

    let traced =
        Trace.program (Program.inputTypes body) (fun args ->
            let values = Trace.replayAll body args
            let forms = CarryForms.ofBody body (Array.mapi (input values) body.Inputs) values

            let parts =
                members
                |> Array.map (fun i ->
                    match forms[body.Outputs[i]] with
                    | CarryForm.Affine(slopes, offset) ->
                        Some(slopes, Derivatives.orZero values[body.Outputs[i]] offset)
                    | _ -> None)

            if Array.forall Option.isSome parts then
                let slopes, offsets = parts |> Array.map Option.get |> Array.unzip
                Array.append (Array.collect (Array.choose id) slopes) offsets
            else
                [||])

    let count = isPresent |> Seq.cast<bool> |> Seq.filter id |> Seq.length
    if traced.Outputs.Length = count + members.Length then Some(simplified traced) else None

// ---- the decision

let private isOne (program: Program) v =
    program.Equations
    |> Array.exists (fun eq ->
        match eq.Primitive with
        | Primitive.Constant literal when eq.Outs[0] = v -> literal.Equals(Literal.fill literal.Type 1.0)
        | _ -> false)

/// The coefficients of numbers that depend on each other, if they are affine in each other.
let private isAffine (scan: Scan) (sets: Set<int>[]) (members: int[]) =
    let next i = scan.Body.Outputs[members[i]]
    let types = members |> Array.map (fun i -> scan.Body.Types[scan.Body.Outputs[i]])

    if members.Length <= together && types |> Array.forall (fun ty -> ty = types[0] && ty.Shape.Rank = 0) then
        let isPresent = Array2D.init members.Length members.Length (fun i j -> sets[next i].Contains members[j])
        coefficients scan members isPresent |> Option.map (fun program -> struct (isPresent, program))
    else
        None

/// Which results of a program of a body's inputs differ between steps.
let private changing (scan: Scan) (program: Program) =
    Lanes.outputs program (Array.init program.Inputs.Length (fun i -> i >= scan.Constants))

/// Whether slopes are few enough, and steps, where the slopes differ between them.
let private isAffordable (scan: Scan) members (coefficients: Program) =
    let slopes = (changing scan coefficients)[.. coefficients.Outputs.Length - members - 1]
    let count = slopes |> Array.filter id |> Array.length
    count = 0 || (count <= varyingSlopes && scan.Steps.Length <= longestVarying)

/// How carried values that depend on each other are had; `wanted` are those of which not only the last value is needed.
let private rule (scan: Scan) (sets: Set<int>[]) (wanted: Set<int>) (members: int[]) : Rule option =
    let next = scan.Body.Outputs[members[0]]

    if members.Length = 1 && not (sets[next].Contains members[0]) then
        Some(Rule.Remembered(only [| next |] scan.Body))
    else
        match isAffine scan sets members with
        | Some(struct (isPresent, program)) ->
            let slope, offset = program.Outputs[0], program.Outputs[program.Outputs.Length - 1]
            let isSum = members.Length = 1 && isOne program slope
            let addend = only [| offset |] program

            match DType.isReal program.Types[offset].DType with
            | true when isSum && not (wanted.Contains members[0]) -> Some(Rule.Summed addend)
            | true when isAffordable scan members.Length program -> Some(Rule.Linear(isPresent, program))
            | false when isSum && changing scan addend = [| false |] -> Some(Rule.Counted addend)
            | _ -> None
        | None -> None

/// Whether an operation may be done for all steps side by side at no loss.
let private isPlain (eq: Equation) =
    match eq.Primitive with
    | Primitive.Factor _
    | Primitive.Order _
    | Primitive.Random _
    | Primitive.Control _ -> false
    | _ -> true

/// What an equation costs beside waiting for a multiply-add.
let private functions (eq: Equation) =
    match eq.Primitive with
    | Primitive.Unary(UnaryOp.Neg | UnaryOp.Abs | UnaryOp.Sign | UnaryOp.Square | UnaryOp.Not | UnaryOp.Floor) -> 0
    | Primitive.Unary _
    | Primitive.Special _
    | Primitive.Binary(BinaryOp.Div | BinaryOp.Pow) -> functionWaits
    | _ -> 0

let private pays (scan: Scan) (groups: int list list) =
    let chain = if groups |> List.exists (fun members -> members.Length > 1) then 2 else 1
    scan.Steps.Length * (chain + Array.sumBy functions scan.Body.Equations) >= fewestWaits

let private mayApply (scan: Scan) =
    let fits (ty: TensorType) = ty.Shape.Count <= widest && ty.Shape.Count * scan.Steps.Length <= longest
    scan.Carries > 0 && Array.forall fits scan.Body.Types && Array.forall isPlain scan.Body.Equations

/// How all carried values of a scan are had, in order; none if one of them cannot.
let private plan (scan: Scan) : Component list option =
    let sets = dependencies scan
    let outputs = scan.Body.Outputs
    let next = Array.init scan.Carries (fun i -> sets[outputs[i]])

    let wantedBy (members: int list) =
        let others = Seq.filter (fun i -> not (List.contains i members)) (seq { 0 .. outputs.Length - 1 })
        Set.unionMany (Seq.map (fun i -> sets[outputs[i]]) others)

    let add found members =
        match found with
        | None -> None
        | Some parts ->
            rule scan sets (wantedBy members) (List.toArray members)
            |> Option.map (fun rule -> { Members = List.toArray members; Rule = rule } :: parts)

    let groups = groups next

    if mayApply scan && pays scan groups then
        List.fold add (Some []) groups |> Option.map List.rev
    else
        None

// ---- rewriting

/// The value before each step, from the one before the first and those after each.
let private delayed (steps: Steps) (initial: Tensor) (after: Tensor) : States =
    let first = Ops.reshape (Shape.prepend 1 initial.Shape) initial
    let n = steps.Length

    if steps.Reverse then
        { Before = Ops.concat 0 [| Ops.slice 0 1 n after; first |]; After = after; Final = Ops.at 0 after }
    else
        {
            Before = Ops.concat 0 [| first; Ops.slice 0 0 (n - 1) after |]
            After = after
            Final = Ops.at (n - 1) after
        }

/// initial, initial + increment, ...
let private counted (steps: Steps) (initial: Tensor) (increment: Tensor) : States =
    let ty = TensorType.create initial.DType (Shape.ofList [ steps.Length ])
    let turns = Bind.one (Primitive.Iota(ty, 0)) [||]
    let turns = if steps.Reverse then Ops.reverse [| 0 |] turns else turns
    let before = initial + turns * increment
    let final = initial + Ops.scalarLike initial (float steps.Length) * increment
    { Before = before; After = before + increment; Final = final }

/// The states of some carried values, from programs evaluated in all steps.
let private solved (scan: Scan) (initial: Tensor[]) (rule: Rule) (run: Program -> Lane[]) : States[] =
    let steps = scan.Steps
    let only program = Array.head (run program)

    match rule with
    | Rule.Remembered value -> [| delayed steps initial[0] (spread steps.Length (only value)) |]
    | Rule.Counted increment -> [| counted steps initial[0] (only increment).Value |]
    | Rule.Summed addend ->
        let total = initial[0] + Ops.sum (spread steps.Length (only addend))
        [| { Before = initial[0]; After = total; Final = total } |]
    | Rule.Linear(isPresent, coefficients) ->
        let n = initial.Length
        let results = run coefficients
        let offsets = results[results.Length - n ..]
        let slopes: Lane option[,] = Array2D.create n n None
        let mutable place = 0

        for i in 0 .. n - 1 do
            for j in 0 .. n - 1 do
                if isPresent[i, j] then
                    slopes[i, j] <- Some results[place]
                    place <- place + 1

        solve steps slopes offsets initial

/// The results of a scan: what is carried, then the stacked outputs.
let private results (scan: Scan) (plan: Component list) (args: Tensor[]) : Tensor[] =
    let n = scan.Steps.Length
    let fixedArgs = args[.. scan.Constants - 1] |> Array.map shared
    let initial = args[scan.Constants .. scan.Constants + scan.Carries - 1]
    let xs = args[scan.Constants + scan.Carries ..] |> Array.map varying
    // Of what is not solved yet, no program that is run makes use.
    let before = initial |> Array.map shared
    let final = Array.copy initial
    let run program = Vmap.inLanes n program (Array.concat [ fixedArgs; before; xs ])

    for part in plan do
        let states = solved scan (part.Members |> Array.map (fun i -> initial[i])) part.Rule run

        for k in 0 .. states.Length - 1 do
            final[part.Members[k]] <- states[k].Final

            match part.Rule with
            | Rule.Summed _ -> ()
            | _ -> before[part.Members[k]] <- varying states[k].Before

    let ys = run (only scan.Body.Outputs[scan.Carries ..] scan.Body)
    Array.append final (Array.map (spread n) ys)

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
