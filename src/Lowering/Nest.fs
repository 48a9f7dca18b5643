// Fused loop nests: one pass over an iteration domain that evaluates, stores and accumulates everything that was
// scheduled for it. One loop goes in vectors of eight with a masked tail; light bodies are repeated so that several
// chains of accumulators are in flight. Relies on Pull. Read Places next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Nest

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// What a nest does in each step.
[<NoComparison; NoEquality>]
type Root =
    /// Evaluates a variable at the position of the loops and stores it.
    | Store of v: Var * target: View * position: (Affine[] -> Index)
    /// Accumulates one sum (or product, ...) per term.
    | Accumulate of Accumulation

/// Accumulators of one reduction.
and [<NoComparison; NoEquality>] Accumulation =
    {
        Elem: Elem
        Op: ReduceOp
        /// Whether the sum of the logarithms of the lanes' products is wanted, not their product.
        Logarithm: bool
        /// What to add in each step, given the position of the loops and the active lanes.
        Terms: (Affine[] -> int -> Fold.Term)[]
        /// The variables that a step evaluates, for the estimate of its length.
        Reads: Var[]
        /// Takes the totals, given the position of the outer loops and the active lanes.
        Finish: Value[] -> Affine[] -> int -> unit
    }

/// A domain and its order: loops from the outside in, the first `Parallel` of them over positions of the results.
[<NoComparison; NoEquality>]
type Domain =
    {
        Extents: int[]
        Parallel: int
        /// Which loop goes eight at a time.
        Vector: int
    }

/// Equal domains have equal keys.
let key (d: Domain) =
    let text = System.Text.StringBuilder()

    for i in 0 .. d.Extents.Length - 1 do
        text.Append(if i = d.Vector then 'v' else 's').Append(d.Extents[i]) |> ignore

        if i + 1 = d.Parallel then
            text.Append '|' |> ignore

    text.ToString()

/// The domain of one loop.
let flat n = { Extents = [| n |]; Parallel = 0; Vector = 0 }

/// The loop for the lanes if all are alike: the innermost, unless it is short and another is longer.
let preferredVector (extents: int[]) =
    let last = extents.Length - 1

    if extents[last] >= 8 then
        last
    else
        let mutable best = last

        for i in last - 1 .. -1 .. 0 do
            if extents[i] > extents[best] then
                best <- i

        best

/// Bodies heavier than this are not repeated.
let private heaviest = 40

/// The number of distinct operations that evaluating these variables takes, weighted by cost; counting ends where it is
/// known to be too many, because many nests may share long chains of operations.
let private weight (r: Region) (roots: seq<Var>) =
    let seen = HashSet<struct (Region * Var)>(HashIdentity.Structural)
    let mutable sum = 0

    let rec visit (r: Region) v =
        if sum <= heaviest && r.Count v > 1 && seen.Add(struct (r, v)) then
            match r.Aliases[v] with
            | ValueSome(struct (outer, w)) -> visit outer w
            | ValueNone ->
                match r.Deferred v with
                | ValueSome eq when r.Role v = Role.Inline ->
                    let repeats =
                        match eq.Primitive with
                        | Primitive.Reduce _ -> r.Count eq.Args[0] / max 1 (r.Count v)
                        | Primitive.Contract axes ->
                            (Facts.matrixProduct axes (r.Shape eq.Args[0]) (r.Shape eq.Args[1])).Inner
                        | Primitive.Move _ -> 0
                        | _ -> 1

                    sum <- sum + repeats * Facts.opCost eq.Primitive
                    Array.iter (visit r) eq.Args
                | _ -> sum <- sum + 1

    Seq.iter (visit r) roots
    sum

let private reads root =
    match root with
    | Store(v, _, _) -> [| v |]
    | Accumulate a -> a.Reads

/// How often the body of the innermost loop is repeated in one turn.
let private unroll r (domain: Domain) (roots: Root[]) =
    let last = domain.Extents.Length - 1
    let isVector = domain.Vector = last
    let steps = if isVector then domain.Extents[last] / 8 else domain.Extents[last]

    let accumulators =
        roots
        |> Array.sumBy (fun root ->
            match root with
            | Accumulate a -> a.Terms.Length
            | Store _ -> 0)

    if steps < (if isVector then 4 else 16) || (not isVector && accumulators = 0) then
        1
    else
        let weight = weight r (Seq.collect reads roots) + accumulators

        let most =
            if weight <= 16 && accumulators > 0 && accumulators <= 6 then 4
            elif weight <= heaviest && accumulators <= 12 then 2
            else 1

        match [ most .. -1 .. 2 ] |> List.tryFind (fun u -> steps % u = 0) with
        | Some u -> u
        | None -> most

/// How the turns of a loop are emitted: the limit, the step, and the body for a counter.
type private Turns = int -> int -> (Value -> unit) -> unit

let private inOrder (e: Emitter) : Turns =
    fun limit step body ->
        let counter = e.Counter()
        e.Open()
        body counter
        let block = e.Close()
        e.Do(Stmt.For(counter, 0, limit, step, block))

/// Heavy loops are cut into so many parts, however many threads there will be: the order of sums is the program's.
let parts = 8

/// Additions from which a nest is cut: about 100 microseconds.
let private heavy = 1 <<< 20

/// The turns in parts that may run at once; `around` adds what a part does before and after its turns.
let private atOnce (e: Emitter) (around: int -> (unit -> unit) -> unit) : Turns =
    fun limit step body ->
        let bound part = int (int64 (limit / step) * int64 part / int64 parts) * step

        let block part =
            e.Open()

            around part (fun () ->
                let counter = e.Counter()
                e.Open()
                body counter
                let inner = e.Close()
                e.Do(Stmt.For(counter, bound part, bound (part + 1), step, inner)))

            e.Close()

        e.Do(Stmt.Parallel(Array.init parts block))

let private loopBy (turnsBy: Turns) (domain: Domain) i copies (body: Affine -> int -> int -> unit) =
    let n = domain.Extents[i]

    if i = domain.Vector then
        let blocks = n / 8
        let turns = if blocks / copies >= 2 then blocks / copies else 0

        if turns > 0 then
            turnsBy (turns * copies * 8) (copies * 8) (fun counter ->
                for u in 0 .. copies - 1 do
                    body { Affine.counter counter with Const = 8 * u; Lane = 1 } 8 u)

        for b in turns * copies .. blocks - 1 do
            body { Affine.constant (8 * b) with Lane = 1 } 8 (b % copies)

        if n % 8 > 0 then
            body { Affine.constant (8 * blocks) with Lane = 1 } (n % 8) (blocks % copies)
    elif n <= 4 || (i > domain.Vector && n <= 8) then
        for k in 0 .. n - 1 do
            body (Affine.constant k) 8 (k % copies)
    else
        let whole = n / copies * copies

        turnsBy whole copies (fun counter ->
            for u in 0 .. copies - 1 do
                body (Affine.shift u (Affine.counter counter)) 8 u)

        for k in whole .. n - 1 do
            body (Affine.constant k) 8 (k % copies)

/// Emits loop `i` of the domain; the body gets the position, the active lanes and the number of the repeated copy.
let loop (e: Emitter) (domain: Domain) i copies (body: Affine -> int -> int -> unit) =
    loopBy (inOrder e) domain i copies body

let private storeAt (r: Region) v (target: View) index active =
    let e = r.Emitter
    let at = { Index = index; Active = active }

    match View.tryPlace (r.Shape v) at target with
    | ValueNone -> Errors.bug "Nest" "a store to a place that is not affine"
    | ValueSome place ->
        let value = Pull.eval r v at
        let lanes = if place.Lane = 0 then 1 else active
        e.Store(e.Depth, View.address target.Buffer place, (if lanes = 1 then 1 else place.Lane), lanes, value)

/// The accumulators of one accumulation: [copy][term].
let private openAccumulators (e: Emitter) copies a =
    Array.init copies (fun _ ->
        Array.init a.Terms.Length (fun _ ->
            let variable = e.NewVariable a.Elem Lanes.Eight
            e.Do(Stmt.Set(variable, e.Wide(Fold.identity e a.Elem a.Op)))
            variable))

let private closeAccumulators (r: Region) reduceLanes (a: Accumulation) (sets: Variable[][]) =
    let e = r.Emitter
    let depth = e.Depth

    Array.init a.Terms.Length (fun t ->
        let mutable total = e.Get(sets[0].[t])

        for u in 1 .. sets.Length - 1 do
            total <- e.Binary(depth, Fold.binary a.Op, total, e.Get(sets[u].[t]))

        if a.Logarithm then
            let logarithms = e.Unary(depth, a.Elem, UnaryOp.Log, total)
            e.Let(depth, a.Elem, Lanes.One, Op.ReduceLanes(ReduceOp.Sum, logarithms))
        elif reduceLanes then
            e.Let(depth, a.Elem, Lanes.One, Op.ReduceLanes(a.Op, total))
        else
            total)

/// Whether the nest is worth several threads: at the top of the program, and long.
let private isHeavy (r: Region) (domain: Domain) (roots: Root[]) =
    let hasLogarithm root =
        match root with
        | Accumulate a -> a.Logarithm
        | Store _ -> false

    let count = domain.Extents |> Array.fold (fun n extent -> n * int64 extent) 1L

    r.Depth = 0
    && count >= int64 (heavy / 100)
    && count * int64 (weight r (Seq.collect reads roots) + 1) >= int64 heavy
    && not (Array.exists hasLogarithm roots)

/// Emits the nest at the depth of the region.
let emit (r: Region) (domain: Domain) (roots: Root[]) =
    let e = r.Emitter
    let rank = domain.Extents.Length
    let copies = unroll r domain roots
    let position = Array.create rank Affine.zero
    let vectorReduced = domain.Vector >= domain.Parallel

    let accumulations =
        roots
        |> Array.choose (fun root ->
            match root with
            | Accumulate a -> Some a
            | Store _ -> None)

    let mutable sets: Variable[][][] = [||]

    let step active copy =
        let here = Array.copy position

        for root in roots do
            match root with
            | Store(v, target, place) -> storeAt r v target (place here) active
            | Accumulate _ -> ()

        accumulations
        |> Array.iteri (fun i a ->
            a.Terms
            |> Array.iteri (fun t term ->
                let own = sets[i]
                let variable = own[min copy (own.Length - 1)].[t]
                let term = term here active
                let floor = e.Depth
                let lanes = if vectorReduced then active else 8
                e.Do(Stmt.Set(variable, e.Wide(Fold.maskedStep e floor a.Op (e.Get variable) term lanes)))))

    // Each part has accumulators of its own, whose totals are added in order.
    let partTotals =
        lazy
            (accumulations
             |> Array.map (fun a ->
                 Array.init parts (fun _ -> Array.init a.Terms.Length (fun _ -> e.NewVariable a.Elem Lanes.Eight))))

    let around part (run: unit -> unit) =
        sets <- accumulations |> Array.map (openAccumulators e copies)
        run ()

        accumulations
        |> Array.iteri (fun n a ->
            closeAccumulators r false a sets[n]
            |> Array.iteri (fun t total -> e.Do(Stmt.Set(partTotals.Value[n].[part].[t], e.Wide total))))

    let cut = isHeavy r domain roots
    let sumsOverParts = cut && domain.Parallel = 0 && accumulations.Length > 0

    let outermost: Turns =
        if sumsOverParts then
            fun limit step body ->
                atOnce e around limit step body
                // For the turns that are left over.
                sets <- accumulations |> Array.map (openAccumulators e 1)
        elif cut then
            atOnce e (fun _ run -> run ())
        else
            inOrder e

    let allSets n =
        if sumsOverParts && partTotals.IsValueCreated then
            Array.append partTotals.Value[n] sets[n]
        else
            sets[n]

    let rec descend i active copy =
        if i = domain.Parallel then
            sets <- accumulations |> Array.map (openAccumulators e copies)
            let outer = Array.copy position
            reduced i active copy

            accumulations
            |> Array.iteri (fun n a -> a.Finish (closeAccumulators r vectorReduced a (allSets n)) outer active)
        else
            enter i active copy descend

    and reduced i active copy = if i = rank then step active copy else enter i active copy reduced

    and enter i active copy next =
        let turns = if i = 0 then outermost else inOrder e

        loopBy turns domain i (if i = domain.Vector then copies else 1) (fun affine ownActive ownCopy ->
            position[i] <- affine

            if i = domain.Vector then next (i + 1) ownActive ownCopy else next (i + 1) active copy)

    e.Within(r.Depth, fun () -> descend 0 8 0)

/// The stores of a small variable, computed now; the statements are left to the caller.
let rec smallStores (r: Region) (v: Var) (target: View) (into: ResizeArray<Stmt>) =
    let shape = r.Shape v
    let at axis start = { target with Offset = Affine.shift (start * target.Strides[axis]) target.Offset }

    match r.Deferred v with
    | ValueSome({ Primitive = Primitive.Move(MoveOp.Concat axis) } as eq) ->
        let mutable start = 0

        for x in eq.Args do
            smallStores r x (at axis start) into
            start <- start + (r.Shape x)[axis]
    | _ -> smallBlocks r v shape target into

and private smallBlocks r v shape target into =
    let e = r.Emitter
    let n = r.Count v

    let put (at: At) (place: Affine) =
        let value = Pull.eval r v at
        let lanes = if place.Lane = 0 then 1 else at.Active
        let value = if lanes > 1 then e.Wide value else value
        into.Add(Stmt.Store(View.address target.Buffer place, (if lanes = 1 then 1 else place.Lane), lanes, value))

    let single (at: At) =
        match View.tryPlace shape at target with
        | ValueSome place -> put at place
        | ValueNone -> Errors.bug "Nest" "an element without a place"

    let asScalars = r.Elements[v].IsSome || n = 1 || (n = 2 && r.Cost v < 20)

    if asScalars then
        for i in 0 .. n - 1 do
            single (At.element i)
    elif View.isContiguous shape target && r.IsFlatSafe v then
        for start in 0..8 .. n - 1 do
            single (At.block n start)
    else
        let wide = Index.wideAxes shape
        let last = wide[wide.Count - 1]

        let outer =
            [
                for axis in wide do
                    if axis <> last then
                        axis
            ]

        for row in Index.enumerate shape outer (Array.create shape.Rank Affine.zero) do
            for start in 0..8 .. shape[last] - 1 do
                let lane = { Affine.constant start with Lane = 1 }
                single (At.axes (min 8 (shape[last] - start)) (Index.withAxis row last lane))

/// The loops and the position for storing every element of a variable in a target.
let storeDomain (r: Region) (v: Var) (target: View) : struct (Domain * (Affine[] -> Index)) =
    let shape = r.Shape v
    let wide = Index.wideAxes shape

    if wide.Count <= 1 || (View.isContiguous shape target && r.IsFlatSafe v) then
        struct (flat (r.Count v), (fun loops -> Index.Flat loops[0]))
    else
        let extents = [| for axis in wide -> shape[axis] |]

        let position (loops: Affine[]) =
            let axes = Array.create shape.Rank Affine.zero

            for i in 0 .. wide.Count - 1 do
                axes[wide[i]] <- loops[i]

            Index.Axes axes

        struct ({ Extents = extents; Parallel = 0; Vector = preferredVector extents }, position)

/// Stores every element of a variable in a target now.
let store (r: Region) (v: Var) (target: View) =
    let e = r.Emitter
    let shape = r.Shape v

    if r.IsSmall v || r.Elements[v].IsSome || r.Blocks[v].IsSome then
        let stores = ResizeArray()
        e.Within(r.Depth, fun () -> smallStores r v target stores)

        for stmt in stores do
            e.DoAt r.Depth stmt
    else
        match Pull.tryView r v with
        | ValueSome source when View.isContiguous shape source && View.isContiguous shape target ->
            let from, into = View.address source.Buffer source.Offset, View.address target.Buffer target.Offset
            e.DoAt r.Depth (Stmt.Copy(into, from, r.Count v))
        | _ ->
            let struct (domain, position) = storeDomain r v target
            emit r domain [| Store(v, target, position) |]

/// Fills a run of elements with zeros.
let zeroFill (r: Region) elem (buffer: BufferId) (start: Affine) count =
    let e = r.Emitter
    let zero = e.Wide(e.Number(elem, 0.0))

    e.Within(
        r.Depth,
        fun () ->
            loop e (flat count) 0 1 (fun affine active _ ->
                let place = Affine.add start { affine with Lane = 0 }
                e.Do(Stmt.Store(View.address buffer place, 1, active, zero)))
    )
