// How what a scan carries can be had without stepping. Carried values are taken in the order in which they depend on each
// other: one that never changes, one that only remembers the last step, an integer that counts, a sum, numbers that are affine
// in their own past, with coefficients that may depend on the sequences and on what is had already. The structure of the
// body decides, never a value.
// Relies on CarryForms, Rewrite, DeadCode and Lookahead. Read Splitting next.
module internal Ppl.Core.Transforms.CarryRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
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
type Scan = { Constants: int; Carries: int; Steps: Steps; Body: Program }

/// How a carried value is had without stepping.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Rule =
    /// The next value is this one.
    | Kept
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
type Component = { Members: int[]; Rule: Rule }

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

let only outputs (body: Program) = simplified { body with Outputs = outputs }

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

    if next = scan.Body.Inputs[scan.Constants + members[0]] then
        Some Rule.Kept
    elif members.Length = 1 && not (sets[next].Contains members[0]) then
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
    | Primitive.Fourier _
    | Primitive.Random _
    | Primitive.Custom _
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
let plan (scan: Scan) : Component list option =
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
