// The reductions as work for loop nests: which loops, which accumulators, where the totals go. Relies on Places.
// Read Plan next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Roots

open Ppl.Core
open Ppl.Core.Ir

let private wideOf (shape: Shape) (axes: int[]) = axes |> Array.filter (fun axis -> shape[axis] <> 1)
let private extents (shape: Shape) (axes: int[]) = axes |> Array.map (fun axis -> shape[axis])

/// The vector loop: the one along the contiguous axis, unless it is too short.
let private vector (loops: int[]) wanted = if loops[wanted] >= 8 then wanted else Nest.preferredVector loops

/// Where the totals of a reduction are when its loops have ended.
[<RequireQualifiedAccess>]
type private Totals =
    /// Few: each has an accumulator, whose lanes run over terms.
    | Elements
    /// At most eight: they are the lanes of one accumulator.
    | Block
    /// Many: they are stored.
    | Stored

/// Few totals become values; many are stored.
let private finish (r: Region) v (totals: Totals) (kept: int[]) : Value[] -> Affine[] -> int -> unit =
    let e = r.Emitter

    match totals with
    | Totals.Elements -> fun totals _ _ -> r.Elements[v] <- ValueSome totals
    | Totals.Block -> fun totals _ _ -> r.Blocks[v] <- ValueSome totals
    | Totals.Stored ->
        let target = Places.allocate r v

        fun totals outer active ->
            let axes = Array.create (r.Shape v).Rank Affine.zero
            kept |> Array.iteri (fun i axis -> axes[axis] <- outer[i])
            let place = Affine.add target.Offset (Affine.dot target.Strides axes)
            let lanes = if place.Lane = 0 then 1 else active
            e.Store(e.Depth, View.address target.Buffer place, max 1 place.Lane, lanes, totals[0])
            r.Views[v] <- ValueSome target

let private accumulation (r: Region) (eq: Equation) op totals kept terms : Nest.Root =
    let v = eq.Outs[0]

    Nest.Accumulate
        {
            Elem = Places.elem r v
            Op = op
            Logarithm = false
            Terms = terms
            Reads = eq.Args
            Finish = finish r v totals kept
        }

/// Elements of a sum of ln(1 + t), 0 <= t <= 1, up to which the product of the 1 + t of one lane stays below 2^1000.
let private logarithmLimit = 8000

/// t where v is ln(1 + t) with t = e^-|.|, and nothing else needs v: the sum of such logarithms is taken as the logarithm
/// of a product.
let private boundedLogarithm (r: Region) v : Var voption =
    let argument op v =
        match r.Definition v with
        | ValueSome { Primitive = Primitive.Unary found; Args = args } when found = op -> ValueSome args[0]
        | _ -> ValueNone

    if r.Uses v > 1 || r.Count v > logarithmLimit || (r.Deferred v).IsNone then
        ValueNone
    else
        argument UnaryOp.Log1p v
        |> ValueOption.filter (fun t ->
            argument UnaryOp.Exp t
            |> ValueOption.bind (argument UnaryOp.Neg)
            |> ValueOption.bind (argument UnaryOp.Abs)
            |> ValueOption.isSome)

let private logarithmOfProduct (r: Region) (eq: Equation) factor : Nest.Root =
    match accumulation r eq ReduceOp.Prod Totals.Elements [||] [| factor |] with
    | Nest.Accumulate a -> Nest.Accumulate { a with Logarithm = true }
    | other -> other

/// Axes of a tensor in the order of the loops.
let private place rank (axes: int[]) (loops: Affine[]) first (full: Affine[]) =
    let full = if full.Length = rank then Array.copy full else Array.create rank Affine.zero
    axes |> Array.iteri (fun i axis -> full[axis] <- loops[first + i])
    full

[<NoComparison; NoEquality>]
type private Layout = { Domain: Nest.Domain; Kept: int[]; Reduced: int[]; Totals: Totals }

/// The totals are neighbours in the operand, and enough of them for the lanes of one vector.
let private areLanes (shape: Shape) (kept: int[]) (reduced: int[]) =
    kept.Length = 1 && kept[0] > Array.last reduced && shape[kept[0]] >= 4 && shape[kept[0]] <= 8

let private reduceLayout (r: Region) (eq: Equation) (reducedAxes: int[]) =
    let shape = r.Shape eq.Args[0]
    let kept = wideOf shape (Facts.freeAxes shape.Rank reducedAxes [||])
    let reduced = wideOf shape (Array.sort reducedAxes)
    let loops = Array.append (extents shape kept) (extents shape reduced)
    let layout domain totals = { Domain = domain; Kept = kept; Reduced = reduced; Totals = totals }

    if reduced.Length > 0 && areLanes shape kept reduced then
        layout { Extents = loops; Parallel = 1; Vector = 0 } Totals.Block
    elif r.Count eq.Outs[0] <= Facts.accumulators then
        let loops = extents shape reduced
        layout { Extents = loops; Parallel = 0; Vector = Nest.preferredVector loops } Totals.Elements
    else
        let last = max (Array.last kept) (Array.last reduced)
        let wanted = if Array.last reduced = last then loops.Length - 1 else kept.Length - 1
        layout { Extents = loops; Parallel = kept.Length; Vector = vector loops wanted } Totals.Stored

/// Whether the loops of a reduction pass every element of the operand once and along its rows, as a loop that stores it would:
/// what goes into such a reduction alone need not be in memory.
let passesRows (r: Region) (eq: Equation) : bool =
    match eq.Primitive with
    | Primitive.Reduce(_, axes) when r.Count eq.Outs[0] > 1 && axes.Length > 0 ->
        let layout = reduceLayout r eq axes
        let loops = Array.append layout.Kept layout.Reduced
        layout.Domain.Parallel > 0 && loops[layout.Domain.Vector] = Array.max loops
    | _ -> false

/// Positions of the result's elements in the operand that are not looped over.
let private combinations (shape: Shape) (kept: int[]) unrolled =
    let zero = Array.create shape.Rank Affine.zero

    if unrolled then
        Index.enumerate shape (List.ofArray kept) zero |> Array.ofList
    else
        [| zero |]

let private reduceTerm (r: Region) x op at =
    if op = ReduceOp.Sum then Pull.term r x at else Fold.Whole(Pull.eval r x at)

let private reduceRoot (r: Region) (eq: Equation) op (reducedAxes: int[]) : struct (Nest.Domain * (unit -> Nest.Root)) =
    let x, v = eq.Args[0], eq.Outs[0]
    let shape = r.Shape x

    if r.Count v = 1 && r.IsFlatSafe x then
        let flat = Nest.flat (r.Count x)

        match (if op = ReduceOp.Sum then boundedLogarithm r x else ValueNone) with
        | ValueSome t ->
            let e = r.Emitter

            let factor (loops: Affine[]) active =
                Fold.Whole(e.Binary(r.Floor, BinaryOp.Add, e.Real 1.0, Pull.eval r t (At.flat active loops[0])))

            struct (flat, (fun () -> logarithmOfProduct r eq factor))
        | ValueNone ->
            let term (loops: Affine[]) active = reduceTerm r x op (At.flat active loops[0])
            struct (flat, (fun () -> accumulation r eq op Totals.Elements [||] [| term |]))
    else
        let layout = reduceLayout r eq reducedAxes
        let unrolled = layout.Domain.Parallel = 0
        let keptOfResult = Facts.freeAxes shape.Rank reducedAxes [||]
        let resultAxis axis = System.Array.IndexOf(keptOfResult, axis)

        let term (fixedAxes: Affine[]) (loops: Affine[]) active =
            let axes =
                if unrolled then
                    place shape.Rank layout.Reduced loops 0 fixedAxes
                else
                    place shape.Rank (Array.append layout.Kept layout.Reduced) loops 0 fixedAxes

            reduceTerm r x op (At.axes active axes)

        let terms = combinations shape layout.Kept unrolled |> Array.map term
        struct (layout.Domain, (fun () -> accumulation r eq op layout.Totals (Array.map resultAxis layout.Kept) terms))

/// For each axis of an operand of a product, the loop over it: results in their order, then the contracted axes.
let private loopOfAxis (batch: int[]) (free: int[]) (contracted: int[]) firstFree resultRank axis =
    match System.Array.IndexOf(batch, axis), System.Array.IndexOf(free, axis) with
    | i, _ when i >= 0 -> i
    | _, i when i >= 0 -> firstFree + i
    | _ -> resultRank + System.Array.IndexOf(contracted, axis)

let private contractRoot (r: Region) (eq: Equation) (dot: DotAxes) : struct (Nest.Domain * (unit -> Nest.Root)) =
    let v = eq.Outs[0]
    let left, right, result = r.Shape eq.Args[0], r.Shape eq.Args[1], r.Shape v
    let freeLeft = Facts.freeAxes left.Rank dot.BatchLeft dot.ContractLeft
    let freeRight = Facts.freeAxes right.Rank dot.BatchRight dot.ContractRight
    let inner = Shape.ofArray (extents left dot.ContractLeft)
    let all = Array.append (result.ToArray()) (inner.ToArray())
    let unrolled = r.Count v <= Facts.accumulators
    // Loops by number: result axes, then contracted axes; those of one step are left out.
    let looped =
        [|
            for i in 0 .. all.Length - 1 do
                if all[i] <> 1 && not (unrolled && i < result.Rank) then
                    i
        |]

    let loops = looped |> Array.map (fun i -> all[i])
    let isLeft = left.Count >= right.Count
    let larger = if isLeft then left else right
    let wide = Index.wideAxes larger
    let last = wide[wide.Count - 1]

    let loop =
        if isLeft then
            loopOfAxis dot.BatchLeft freeLeft dot.ContractLeft dot.BatchLeft.Length result.Rank last
        else
            let first = dot.BatchLeft.Length + freeLeft.Length
            loopOfAxis dot.BatchRight freeRight dot.ContractRight first result.Rank last

    let wanted = System.Array.IndexOf(looped, loop)

    let domain: Nest.Domain =
        {
            Extents = loops
            Parallel = looped |> Array.filter (fun i -> i < result.Rank) |> Array.length
            Vector = if wanted < 0 then Nest.preferredVector loops else vector loops wanted
        }

    let term (fixedAxes: Affine[]) (position: Affine[]) active =
        let full = Array.append fixedAxes (Array.create inner.Rank Affine.zero)
        looped |> Array.iteri (fun i axis -> full[axis] <- position[i])
        let outer, innermost = full[.. result.Rank - 1], full[result.Rank ..]
        Pull.factors r eq dot outer innermost active

    let kept = looped |> Array.filter (fun i -> i < result.Rank)
    let totals = if unrolled then Totals.Elements else Totals.Stored
    let terms = combinations result [| 0 .. result.Rank - 1 |] unrolled |> Array.map term
    struct (domain, (fun () -> accumulation r eq ReduceOp.Sum totals kept terms))

/// The loops of a reduction, and the work in them.
let reduction (r: Region) (eq: Equation) : struct (Nest.Domain * (unit -> Nest.Root)) =
    match eq.Primitive with
    | Primitive.Reduce(op, axes) -> reduceRoot r eq op axes
    | Primitive.Contract dot -> contractRoot r eq dot
    | primitive -> Errors.bug "Roots" $"{Primitive.name primitive} is not a reduction"
