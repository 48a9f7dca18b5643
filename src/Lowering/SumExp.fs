// The two halves of a log-sum-exp, max x and the sum of e^(x - max x), in one pass over memory: where a program computes both over the same
// rows and needs the exponentials for nothing else, a kernel takes blocks that fit the first-level cache, and their results are joined.
// What x is made of is computed block by block. The blocks are the program's, not the engine's. Relies on Places. Read Opaque next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.SumExp

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// Elements of a block; longer rows are several blocks.
let private block = Ppl.Kernels.ExponentialSums.RowLength

/// Shorter rows, and fewer elements in all, are left to loop nests, which fuse with what is around them.
let private shortest = 64

let private fewest = 8192

/// Elements from which the work is cut for several threads: about 100 microseconds.
let private heavy = 1 <<< 18

// ---- which sums

let private definition (r: Region) v = r.Definition v |> ValueOption.map (fun eq -> struct (eq.Primitive, eq.Args))

let private isReal (r: Region) v = DType.isReal (r.Type v).DType

/// What a variable is a conversion of, between types of reals.
let rec private unconverted (r: Region) v =
    match definition r v with
    | ValueSome(struct (Primitive.Convert _, [| x |])) when isReal r x && isReal r v -> unconverted r x
    | _ -> v

/// The operand of a unary operation behind conversions, if nothing else needs any of them.
let rec private onlyFor (r: Region) v =
    match definition r v with
    | _ when r.Uses v > 1 -> ValueNone
    | ValueSome(struct (Primitive.Convert _, [| x |])) when isReal r x && isReal r v -> onlyFor r x
    | found -> found

/// What is broadcast to v, and the position in it for a position of v.
let rec private spread (r: Region) v (axes: Affine[]) : struct (Var * Affine[]) =
    match definition r v with
    | ValueSome(struct (Primitive.Convert _, [| x |])) when isReal r x && isReal r v -> spread r x axes
    | ValueSome(struct (Primitive.Move(MoveOp.Broadcast(_, along)), [| x |])) ->
        spread r x (Moves.broadcast (r.Shape x) along axes)
    | ValueSome(struct (Primitive.Move(MoveOp.Reshape shape), [| x |])) when Facts.isTrivialReshape (r.Shape x) shape ->
        spread r x (Moves.reshaped (r.Shape x) shape axes)
    | _ -> struct (v, axes)

let private isZero (r: Region) v =
    let struct (source, _) = spread r v (Array.create (r.Shape v).Rank Affine.zero)

    match definition r source with
    | ValueSome(struct (Primitive.Constant literal, _)) ->
        literal.Type.Shape.Count > 0
        && Storage.isUniform literal.Data
        && (match literal.Data with
            | Storage.F64 data -> data[0] = 0.0
            | Storage.F32 data -> data[0] = 0.0f
            | _ -> false)
    | _ -> false

/// The variable that a shift is the value of, and whether infinite values of it are replaced by zero.
let private unguarded (r: Region) shift : struct (Var * bool) =
    match definition r shift with
    | ValueSome(struct (Primitive.Select, [| test; top; zero |])) when isZero r zero ->
        match definition r test with
        | ValueSome(struct (Primitive.Unary UnaryOp.IsFinite, [| tested |])) when
            unconverted r tested = unconverted r top
            ->
            struct (unconverted r top, true)
        | _ -> struct (shift, false)
    | _ -> struct (shift, false)

/// Whether the axes that stay all come before those that go, and a row is worth the kernel.
let private isRows (shape: Shape) (reduced: int[]) =
    let wide = Index.wideAxes shape
    let kept = wide |> Seq.filter (fun axis -> not (Array.contains axis reduced)) |> Seq.length
    let row = reduced |> Array.fold (fun n axis -> n * shape[axis]) 1

    row >= shortest
    && shape.Count >= fewest
    && wide |> Seq.skip kept |> Seq.forall (fun axis -> Array.contains axis reduced)

/// Whether the position names each of the axes that stay, in their order.
let private isRowOf (shape: Shape) (reduced: int[]) (source: Shape) (position: Affine[]) (axes: Affine[]) =
    let own = [| for axis in Index.wideAxes source -> position[axis] |]

    let kept =
        [|
            for axis in Index.wideAxes shape do
                if not (Array.contains axis reduced) then
                    axes[axis]
        |]

    let isSame (a: Affine) (b: Affine) = (Affine.add a (Affine.scale -1 b)).Terms.Length = 0
    own.Length = kept.Length && Array.forall2 isSame own kept

let private ofSum (r: Region) (eq: Equation) (reduced: int[]) : ExponentialSum voption =
    match onlyFor r eq.Args[0] with
    | ValueSome(struct (Primitive.Unary UnaryOp.Exp, [| exponent |])) ->
        match onlyFor r exponent with
        | ValueSome(struct (Primitive.Binary BinaryOp.Sub, [| x; shift |])) ->
            let shape = r.Shape x
            // Positions by name: axis i is value i.
            let axes = Array.init shape.Rank Affine.counter
            let struct (shift, position) = spread r shift axes
            let struct (top, guarded) = unguarded r shift

            match r.Definition top with
            | ValueSome { Primitive = Primitive.Reduce(ReduceOp.Max, others); Args = [| source |]; Outs = [| out |] } when
                unconverted r source = unconverted r x
                && Array.sort others = Array.sort reduced
                && isRows shape reduced
                && isRowOf shape reduced (r.Shape shift) position axes
                ->
                ValueSome { Source = source; Top = out; Total = eq.Outs[0]; Guarded = guarded }
            | _ -> ValueNone
        | _ -> ValueNone
    | _ -> ValueNone

/// Finds such sums and takes them and their maxima over.
let find (r: Region) (equations: Equation[]) =
    for eq in equations do
        match eq.Primitive with
        | Primitive.Reduce(ReduceOp.Sum, reduced) when r.Role eq.Outs[0] = Role.Reduction ->
            match ofSum r eq reduced with
            | ValueSome found when not (r.ExponentialSums.ContainsKey found.Top) ->
                for v in [ found.Top; found.Total ] do
                    r.ExponentialSums[v] <- found
                    r.TakeOver v
            | _ -> ()
        | _ -> ()

// ---- statements

/// Where the pairs go: the largest at `First`, the sums `Distance` further on.
[<Struct; NoComparison; NoEquality>]
type private Pairs = { Memory: BufferId; First: Affine; Distance: int }

let private pairsFrom (pairs: Pairs) (start: Affine) = { pairs with First = Affine.add pairs.First start }

let private newPairs (e: Emitter) count =
    { Memory = e.Scratch Elem.Real (2 * count); First = Affine.zero; Distance = count }

/// Runs of elements of x in row-major order: in memory, or computed into the memory of a block.
[<NoComparison; NoEquality>]
type private Source =
    | Stored of View
    | Computed of Var

/// x as it lies in memory before its conversion, if it lies there row by row.
let private source (r: Region) x =
    let inMemory v = Pull.tryView r v |> ValueOption.filter (View.isContiguous (r.Shape v))

    match inMemory (unconverted r x) with
    | ValueSome view -> Stored view
    | ValueNone ->
        match inMemory x with
        | ValueSome view -> Stored view
        | ValueNone when r.IsFlatSafe x && not r.Stored[x] -> Computed x
        | ValueNone -> Stored(Places.dense r x)

let private call (e: Emitter) (pairs: Pairs) memory (from: Affine) rows n =
    let into = View.address pairs.Memory pairs.First
    e.Do(Stmt.Call(Kernel.ExponentialSums(into, pairs.Distance, View.address memory from, rows, n)))

/// So many rows of n elements of a computed x, as many at a time as a block holds.
let private computed (r: Region) x (pairs: Pairs) (from: Affine) rows n =
    let e = r.Emitter
    let memory = e.Scratch (Places.elem r x) (max n block)
    let together = max 1 (min rows (block / n))

    let some (row: Affine) count =
        let start = Affine.add from (Affine.scale n row)

        // Two vectors in a turn: one alone would wait for its own functions.
        Nest.loop e (Nest.flat (count * n)) 0 2 (fun own active _ ->
            let value = Pull.eval r x (At.flat active (Affine.add start own))
            e.Store(e.Depth, View.address memory { own with Lane = 0 }, 1, active, value))

        call e (pairsFrom pairs row) memory Affine.zero count n

    let whole = rows / together * together

    if whole > together then
        let counter = e.Counter()
        e.Open()
        some (Affine.counter counter) together
        let body = e.Close()
        e.Do(Stmt.For(counter, 0, whole, together, body))
    else
        some Affine.zero together

    if whole < rows then
        some (Affine.constant whole) (rows - whole)

/// So many rows of n elements from a place on.
let private rows (r: Region) source (pairs: Pairs) (from: Affine) count n =
    if count > 0 && n > 0 then
        match source with
        | Stored view -> call r.Emitter pairs view.Buffer (Affine.add view.Offset from) count n
        | Computed x -> computed r x pairs from count n

/// Runs `some first count` for parts of the rows, at once if they are long.
let private inParts (r: Region) count elements (some: int -> int -> unit) =
    let e = r.Emitter
    let parts = Nest.parts

    if r.Depth = 0 && e.Depth = 0 && count >= parts && elements >= heavy then
        let bound part = int (int64 count * int64 part / int64 parts)

        let part i =
            e.Open()
            some (bound i) (bound (i + 1) - bound i)
            e.Close()

        e.Do(Stmt.Parallel(Array.init parts part))
    else
        some 0 count

/// One long row: blocks, then their pairs joined.
let private longRow (r: Region) source (pairs: Pairs) (row: Affine) n =
    let e = r.Emitter
    let whole, rest = n / block, n % block
    let width = whole + (if rest > 0 then 1 else 0)
    let partial = newPairs e width
    let start = Affine.scale n row
    let from first = Affine.shift (first * block) start

    inParts r whole n (fun first count ->
        rows r source (pairsFrom partial (Affine.constant first)) (from first) count block)

    rows r source (pairsFrom partial (Affine.constant whole)) (from whole) 1 rest
    let into = View.address pairs.Memory (Affine.add pairs.First row)
    let parts = View.address partial.Memory Affine.zero
    e.Do(Stmt.Call(Kernel.JoinExponentials(into, pairs.Distance, parts, width, width)))

/// What infinite maxima give where the program does not guard against them: x - x is NaN.
let private unguardedTotal (r: Region) top total =
    let e = r.Emitter
    e.Select(r.Floor, e.Unary(r.Floor, Elem.Mask, UnaryOp.IsFinite, top), total, e.Real nan)

let private publish (r: Region) (found: ExponentialSum) (pairs: Pairs) =
    let e = r.Emitter
    let count = r.Count found.Top

    let view v start =
        r.Views[v] <- ValueSome { View.whole pairs.Memory (r.Shape v) r.Depth with Offset = Affine.constant start }

    let load start lanes (i: Affine) =
        e.Let(e.Depth, Elem.Real, lanes, Op.Load(View.address pairs.Memory (Affine.shift start { i with Lane = 0 }), 1))

    if count = 1 then
        let top = load 0 Lanes.One Affine.zero
        let total = load 1 Lanes.One Affine.zero
        let total = if found.Guarded then total else unguardedTotal r top total
        r.Elements[found.Top] <- ValueSome [| top |]
        r.Elements[found.Total] <- ValueSome [| total |]
    else
        if not found.Guarded then
            Nest.loop e (Nest.flat count) 0 1 (fun i active _ ->
                let total = unguardedTotal r (load 0 Lanes.Eight i) (load count Lanes.Eight i)
                let place = Affine.shift count { i with Lane = 0 }
                e.Store(e.Depth, View.address pairs.Memory place, 1, active, total))

        view found.Top 0
        view found.Total count

/// Emits both results at the depth of the region.
let emit (r: Region) (found: ExponentialSum) =
    let e = r.Emitter

    e.Within(
        r.Depth,
        fun () ->
            let count = r.Count found.Top
            let n = r.Count found.Source / count
            let pairs = newPairs e count
            let source = source r found.Source

            if n <= 2 * block then
                inParts r count (count * n) (fun first some ->
                    rows r source (pairsFrom pairs (Affine.constant first)) (Affine.constant (first * n)) some n)
            elif count < Nest.parts then
                for row in 0 .. count - 1 do
                    longRow r source pairs (Affine.constant row) n
            else
                inParts r count (count * n) (fun first some ->
                    Places.batched r some (fun row -> longRow r source pairs (Affine.shift first row) n))

            publish r found pairs
    )
