// Compression of data: a sum over many rows of squares of expressions that are affine in the parameters becomes the sum of
// the squares of few rows (see Residual). It is done where it saves work, to programs of densities before they are
// differentiated: afterwards the rows are needed by the gradient as well, and nothing would be saved.
// A sum of squares and other terms is split: each square is rounded before it is added, so that nothing is lost by adding
// the squares first.
// Relies on Residual and DeadCode. Read Simplify next.
module internal Ppl.Core.Transforms.Compress

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// Sums over fewer elements are left alone.
let private fewest = 16

/// Sums that are looked at in one program.
let private candidates = 64

/// Operations that may be spent on the factor of one sum.
let private longest = 2e9

// ---- work

/// Elements in whole vectors.
let private vectors (count: int) = float ((count + 7) / 8 * 8)

/// About how many elementary operations an equation needs.
let rec private work (program: Program) (eq: Equation) : float =
    let count (v: Var) = program.Types[v].Shape.Count
    let out = vectors (count eq.Outs[0])

    match eq.Primitive with
    | Primitive.Constant _
    | Primitive.Iota _
    | Primitive.Move _ -> 0.0
    | Primitive.Unary(UnaryOp.Neg | UnaryOp.Abs | UnaryOp.Sign | UnaryOp.Square | UnaryOp.Not) -> out
    | Primitive.Unary _ -> 8.0 * out
    | Primitive.Reduce _ -> vectors (count eq.Args[0])
    | Primitive.Index _ -> 2.0 * out
    | Primitive.Contract axes ->
        let inner = axes.ContractLeft |> Array.fold (fun n axis -> n * program.Types[eq.Args[0]].Shape[axis]) 1
        out * float inner
    | Primitive.Control(ControlOp.Scan(_, _, length, _, body)) -> float length * total body
    | Primitive.Control _ -> Program.children eq.Primitive |> List.sumBy total
    | _ -> out

and private total (program: Program) = program.Equations |> Array.sumBy (work program)

// ---- candidates

/// What one summand contributes: factor (a column, times scalars) times what it is.
[<RequireQualifiedAccess; NoComparison>]
type private Part =
    | Square of factor: Term * vector: Var
    | Known of factor: Term * values: float[]
    | Other of factor: Term * values: Var

/// The additive parts of a tensor.
let rec private parts (affine: Affine) (factor: Term) v : Part list =
    let inside factor v = parts affine factor v
    let scaled (by: float[]) = { factor with Column = Array.map2 (*) by factor.Column }
    let negated = { factor with Column = Array.map (fun x -> -x) factor.Column }
    let timesScalar s = { factor with Atom = { factor.Atom with Scalars = s :: factor.Atom.Scalars } }

    match affine.KnownFloats v, affine.Definition v with
    | Some data, _ -> [ Part.Known(factor, data) ]
    | None, Some { Primitive = Primitive.Unary UnaryOp.Square; Args = args } -> [ Part.Square(factor, args[0]) ]
    | None, Some { Primitive = Primitive.Unary UnaryOp.Neg; Args = args } -> inside negated args[0]
    | None, Some { Primitive = Primitive.Binary BinaryOp.Add; Args = args } ->
        inside factor args[0] @ inside factor args[1]
    | None, Some { Primitive = Primitive.Binary BinaryOp.Sub; Args = args } ->
        inside factor args[0] @ inside negated args[1]
    | None, Some { Primitive = Primitive.Binary BinaryOp.Mul; Args = [| x; y |] } ->
        match affine.KnownFloats x, affine.KnownFloats y, affine.Uniform x, affine.Uniform y with
        | Some data, _, _, _ -> inside (scaled data) y
        | _, Some data, _, _ -> inside (scaled data) x
        | _, _, Some s, _ -> inside (timesScalar s) y
        | _, _, _, Some s -> inside (timesScalar s) x
        | _ -> [ Part.Other(factor, v) ]
    | _ -> [ Part.Other(factor, v) ]

/// A sum of squares that has a short form: sign, scalar factor and rows.
[<NoComparison; NoEquality>]
type private Squares = { Sign: float; Factor: Element list; Length: int; Rows: Rows }

/// A square with weights of one sign and finite data, as rows.
let private squares (affine: Affine) (factor: Term) vector : Squares option =
    let isOne sign = factor.Column |> Array.forall (fun w -> sign * w >= 0.0)
    let root = factor.Column |> Array.map (fun w -> Math.Sqrt(abs w))

    let form = affine.Form vector |> List.map (fun t -> { t with Column = Array.map2 (*) root t.Column })

    let isFinite = form |> List.forall (fun t -> Array.forall Double.IsFinite t.Column)

    if isFinite && (isOne 1.0 || isOne -1.0) then
        let length = factor.Column.Length

        Some
            {
                Sign = (if isOne 1.0 then 1.0 else -1.0)
                Factor = factor.Atom.Scalars
                Length = length
                Rows = Residual.rows length form
            }
    else
        None

/// The rows that are left.
let private remaining (s: Squares) = s.Rows.Gathered.Length * s.Rows.Groups.Length + s.Rows.Scalars.Length

/// The work that is left.
let private estimate (s: Squares) =
    let q, p = s.Rows.Gathered.Length, s.Rows.Scalars.Length
    let perGroup = Seq.sum (seq { for t in 0 .. q - 1 -> 2 * (q - t + p) + 3 })
    let gathers = 2 * q
    let groups = if q = 0 then 0.0 else vectors s.Rows.Groups.Length * float (perGroup + gathers)
    groups + vectors p * float (2 * p + 2) + 8.0

let private factorWork (s: Squares) =
    let columns = float (s.Rows.Gathered.Length + s.Rows.Scalars.Length + 1)
    2.0 * float s.Length * columns * columns

/// Whether a program, simplified or not, has anything that could be compressed: a cheap look.
let rec mayApply (program: Program) : bool =
    let isLong (v: Var) = program.Types[v].Shape.Count >= fewest

    let hasSquare (eq: Equation) =
        match eq.Primitive, eq.Args with
        | Primitive.Unary UnaryOp.Square, _
        | Primitive.Binary BinaryOp.Pow, _ -> isLong eq.Args[0]
        | (Primitive.Binary BinaryOp.Mul | Primitive.Contract _), [| x; y |] -> x = y && isLong x
        | primitive, _ -> Program.children primitive |> List.exists mayApply

    Array.exists hasSquare program.Equations

// ---- decision

/// The variables that the new form of a sum needs.
let private needs (squares: Squares list) (others: Part list) : Var list =
    let elements (scalars: Element list) = scalars |> List.map (fun (struct (v, _)) -> v)
    let atom (a: Atom) = elements a.Scalars @ (a.Gathered |> Option.map fst |> Option.toList)

    let ofSquares s =
        elements s.Factor
        @ List.collect (fun (t: Term) -> atom t.Atom) (Array.toList s.Rows.Gathered @ Array.toList s.Rows.Scalars)

    let ofPart part =
        match part with
        | Part.Other(factor, v) -> v :: elements factor.Atom.Scalars
        | Part.Known(factor, _)
        | Part.Square(factor, _) -> elements factor.Atom.Scalars

    List.collect ofSquares squares @ List.collect ofPart others

/// A sum that is to be replaced.
[<NoComparison; NoEquality>]
type private Replacement = { Sum: Var; Squares: Squares list; Others: Part list }

/// The work of a program without some of its sums, which become inputs, and with these variables needed.
let private workWithout (program: Program) (sums: Var list) (needed: Var list) =
    let isKept (eq: Equation) = not (List.contains eq.Outs[0] sums)

    total (
        DeadCode.prune
            { program with
                Inputs = Array.append program.Inputs (List.toArray sums)
                Equations = Array.filter isKept program.Equations
                Outputs = Array.append program.Outputs (List.toArray needed)
            }
    )

/// How often each variable is used.
let private uses (program: Program) : int[] =
    let counts = Array.zeroCreate program.Types.Length

    for v in Seq.append program.Outputs (program.Equations |> Seq.collect _.Args) do
        counts[v] <- counts[v] + 1

    counts

/// The replacement of one sum, if its squares have short forms.
let private replacement (affine: Affine) (uses: int[]) (program: Program) (eq: Equation) : Replacement option =
    let summand = eq.Args[0]
    let ty = program.Types[summand]
    let all = { Column = Array.create ty.Shape.Count 1.0; Atom = { Scalars = []; Gathered = None } }
    let isShort s = remaining s < s.Length && factorWork s <= longest

    let take (found: Squares list, others) part =
        match part with
        | Part.Square(factor, v) when uses[v] = 1 ->
            match squares affine factor v with
            | Some s when isShort s -> s :: found, others
            | _ -> found, part :: others
        | _ -> found, part :: others

    match parts affine all summand |> List.fold take ([], []) with
    | [], _ -> None
    | found, others -> Some { Sum = eq.Outs[0]; Squares = List.rev found; Others = List.rev others }

/// The sums of a program that are worth replacing.
let private chosen (program: Program) : Replacement list =
    let affine = Affine program
    let uses = uses program

    let isCandidate (eq: Equation) =
        match eq.Primitive with
        | Primitive.Reduce(ReduceOp.Sum, axes) ->
            let ty = program.Types[eq.Args[0]]
            let isWhole = ty.DType = DType.F64 && axes.Length = ty.Shape.Rank && ty.Shape.Count >= fewest
            isWhole && uses[eq.Args[0]] = 1 && affine.KnownFloats(eq.Args[0]).IsNone
        | _ -> false

    let add (accepted: Replacement list, before) (r: Replacement) =
        let all = r :: accepted
        let needed = all |> List.collect (fun r -> needs r.Squares r.Others)
        let after = workWithout program (List.map _.Sum all) needed
        let added = List.sumBy estimate r.Squares
        if after + 1.25 * added <= before then all, after else accepted, before

    program.Equations
    |> Seq.filter isCandidate
    |> Seq.truncate candidates
    |> Seq.choose (replacement affine uses program)
    |> Seq.fold add ([], total program)
    |> fst
    |> List.rev

// ---- rewriting

let private part (values: Tensor[]) (part: Part) : Tensor =
    let scaled (factor: Term) (x: Tensor) =
        match Residual.product values factor.Atom.Scalars with
        | Some s -> s * x
        | None -> x

    let weighted (factor: Term) (x: Tensor) =
        let column = Literal.create x.Shape (Storage.F64 factor.Column) |> Tensor.OfLiteral
        Ops.sum (column * x) |> scaled factor

    match part with
    | Part.Known(factor, data) ->
        Array.fold2 (fun sum w x -> sum + w * x) 0.0 factor.Column data |> Tensor.OfFloat |> scaled factor
    | Part.Other(factor, v) -> weighted factor values[v]
    | Part.Square(factor, v) -> weighted factor (Ops.square values[v])

let private value (values: Tensor[]) (r: Replacement) : Tensor =
    let ofSquares (s: Squares) =
        let sum = s.Sign * Residual.sum values (Residual.ofRows s.Rows)

        match Residual.product values s.Factor with
        | Some factor -> factor * sum
        | None -> sum

    let terms = List.map ofSquares r.Squares @ List.map (part values) r.Others
    List.reduce (fun (a: Tensor) b -> a + b) terms

let private note (s: Squares) =
    let groups =
        match s.Rows.Gathered.Length with
        | 0 -> ""
        | q -> $" and {q} gathered in {s.Rows.Groups.Length} groups"

    $"data compressed: {s.Length} squares, affine in {s.Rows.Scalars.Length} scalars{groups}, are {remaining s} rows"

let private replace (program: Program) (replacements: Replacement list) : Program =
    Trace.program (Program.inputTypes program) (fun args ->
        let values: Tensor[] = Array.zeroCreate program.Types.Length
        Array.iter2 (fun v arg -> values[v] <- arg) program.Inputs args

        for eq in program.Equations do
            match replacements |> List.tryFind (fun r -> r.Sum = eq.Outs[0]) with
            | Some r -> values[r.Sum] <- value values r
            | None ->
                let results = Bind.many eq.Primitive (eq.Args |> Array.map (fun v -> values[v]))
                Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

        program.Outputs |> Array.map (fun v -> values[v]))
    |> DeadCode.prune

/// A simplified program with its sums of squares over data compressed, in the bodies of loops and branches too, and what
/// was done, one line for each sum. The program itself where there is nothing to do.
let rec program (original: Program) : Program * string list =
    let notes = ResizeArray<string>()

    let inside (eq: Equation) =
        let body child =
            let compressed, found = program child
            notes.AddRange found
            compressed

        if List.isEmpty (Program.children eq.Primitive) then
            eq
        else
            { eq with Primitive = Program.mapChildren body eq.Primitive }

    let equations = original.Equations |> Array.map inside
    let original = if notes.Count = 0 then original else { original with Equations = equations }

    match chosen original with
    | [] -> original, List.ofSeq notes
    | replacements ->
        notes.AddRange(replacements |> List.collect (fun r -> List.map note r.Squares))
        replace original replacements, List.ofSeq notes
