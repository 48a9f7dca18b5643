// Equations with statements of their own: results assembled from parts, indexed updates, and calls of the hand-written
// kernels. Relies on Nest. Read Along next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Opaque

open Ppl.Core
open Ppl.Core.Ir

let elem (r: Region) v = Elem.ofDType (r.Type v).DType

/// Memory for a result: where it must go in the end, or scratch.
let allocate (r: Region) v =
    match r.Destinations[v] with
    | ValueSome view when View.isContiguous (r.Shape v) view -> view
    | _ -> View.whole (r.Emitter.Scratch (elem r v) (r.Count v)) (r.Shape v) r.Depth

let private addressOf (view: View) = View.address view.Buffer view.Offset

/// The elements in row-major order without gaps, moved if need be.
let dense (r: Region) v =
    let view = Pull.asView r v

    if View.isContiguous (r.Shape v) view then
        view
    else
        let copy = View.whole (r.Emitter.Scratch (elem r v) (r.Count v)) (r.Shape v) r.Depth
        Nest.store r v copy
        copy

/// Runs a call for each of `count` matrices; the addresses move by these steps.
let private batched (r: Region) count (call: Affine -> unit) =
    let e = r.Emitter

    if count = 1 then
        call Affine.zero
    elif count > 1 then
        let counter = e.Counter()
        e.Open()
        call (Affine.counter counter)
        let block = e.Close()
        e.Do(Stmt.For(counter, 0, count, 1, block))

let private moved (view: View) step (counter: Affine) =
    View.address view.Buffer (Affine.add view.Offset (Affine.scale step counter))

/// The memory of an argument that nobody reads afterwards and that may be overwritten.
let tryReuse (r: Region) v =
    match r.Views[v] with
    | ValueSome view when r.Owned.Contains v -> ValueSome view
    | ValueSome view when
        r.Uses v = 1
        && (r.Definition v).IsSome
        && view.Offset.Terms.Length = 0
        && View.isContiguous (r.Shape v) view
        ->
        match r.Emitter.Buffers[view.Buffer].Place with
        | Place.Scratch _ -> ValueSome view
        | _ -> ValueNone
    | _ -> ValueNone

/// Memory that holds a copy of the argument, to be updated into the result.
let private updatable (r: Region) source result =
    let target =
        match r.Destinations[result], tryReuse r source with
        | ValueNone, ValueSome view -> view
        | _ ->
            let target = allocate r result
            Nest.store r source target
            target

    target

let private assembly (r: Region) v parts =
    match r.Assemblies.TryGetValue v with
    | true, found -> found
    | _ ->
        let fresh = struct (allocate r v, Array.create parts false)
        r.Assemblies[v] <- fresh
        fresh

/// Where each part of a concatenation or of a pad along one axis goes, and which parts have been stored.
let parts (r: Region) (eq: Equation) : struct (View[] * bool[]) =
    let v = eq.Outs[0]
    let struct (view, ready) = assembly r v eq.Args.Length
    let at axis start = { view with Offset = Affine.shift (start * view.Strides[axis]) view.Offset }

    match eq.Primitive with
    | Primitive.Move(MoveOp.Concat axis) ->
        let starts = eq.Args |> Array.scan (fun start x -> start + (r.Shape x)[axis]) 0
        struct (Array.init eq.Args.Length (fun i -> at axis starts[i]), ready)
    | Primitive.Move(MoveOp.Pad(low, _)) ->
        let offset = Affine.dot view.Strides (Array.map Affine.constant low)
        struct ([| { view with Offset = Affine.add view.Offset offset } |], ready)
    | primitive -> Errors.bug "Opaque" $"{Primitive.name primitive} is not assembled"

/// Whether the parts may be stored in any order, before the equation's own turn.
let storesParts (r: Region) (eq: Equation) =
    match eq.Primitive with
    | Primitive.Move(MoveOp.Concat _) -> true
    | Primitive.Move(MoveOp.Pad _) -> (Index.wideAxes (r.Shape eq.Outs[0])).Count = 1
    | _ -> false

let private assemble (r: Region) (eq: Equation) =
    let v = eq.Outs[0]
    let struct (targets, ready) = parts r eq
    let struct (view, _) = r.Assemblies[v]

    match eq.Primitive with
    | Primitive.Move(MoveOp.Pad(low, high)) ->
        let inner = r.Count eq.Args[0]

        // Nothing inside may still have an extent along the wide axis: then all is zeros.
        if storesParts r eq && inner > 0 then
            let axis = (Index.wideAxes (r.Shape v))[0]
            Nest.zeroFill r (elem r v) view.Buffer view.Offset low[axis]
            Nest.zeroFill r (elem r v) view.Buffer (Affine.shift (low[axis] + inner) view.Offset) high[axis]
        else
            Nest.zeroFill r (elem r v) view.Buffer view.Offset (r.Count v)
    | _ -> ()

    eq.Args
    |> Array.iteri (fun i x ->
        if not ready[i] then
            Nest.store r x targets[i]
            ready[i] <- true)

    r.Views[v] <- ValueSome view

/// Loops over every element of a shape in row-major order; the last axis goes in lanes if asked.
let overElements (e: Emitter) (shape: Shape) inLanes (body: Affine[] -> int -> unit) =
    let wide = Index.wideAxes shape
    let extents = [| for axis in wide -> shape[axis] |]
    let position = Array.create shape.Rank Affine.zero

    let domain: Nest.Domain =
        { Extents = extents; Parallel = 0; Vector = (if inLanes then extents.Length - 1 else -1) }

    let rec descend i active =
        if i = extents.Length then
            body (Array.copy position) active
        else
            Nest.loop e domain i 1 (fun affine own _ ->
                position[wide[i]] <- affine
                descend (i + 1) (if i = domain.Vector then own else active))

    if shape.Count > 0 then
        descend 0 8

/// Whether every index is known and legal.
let private areLegal (r: Region) indices limit =
    match Loads.tryLiteral r indices with
    | ValueSome literal -> Array.forall (fun i -> i >= 0 && i <= limit) (Literal.ints literal)
    | ValueNone -> false

/// target[.., index, ..] += update at one position of the update.
let private addOne (r: Region) (eq: Equation) axis legal (target: View) (axes: Affine[]) active =
    let e = r.Emitter
    let indices, update = eq.Args[1], eq.Args[2]
    let width = (r.Shape indices).Rank
    let index = Pull.eval r indices (At.axes active (Array.sub axes axis width))
    let index = if legal then index else e.Clamp(index, (r.Shape eq.Args[0])[axis] - 1)
    let around = Array.concat [ axes[.. axis - 1]; [| Affine.zero |]; axes[axis + width ..] ]
    let place = Affine.add target.Offset (Affine.dot target.Strides around)
    let place = Affine.add place (Affine.scale target.Strides[axis] (Affine.counter index))
    let address = View.address target.Buffer place
    let lanes = if place.Lane = 0 then Lanes.One else Lanes.Eight
    let old = e.Let(e.Depth, elem r update, lanes, Op.Load(address, max 1 place.Lane))
    let sum = e.Binary(e.Depth, BinaryOp.Add, old, Pull.eval r update (At.axes active axes))
    e.Store(e.Depth, address, max 1 place.Lane, (if place.Lane = 0 then 1 else active), sum)

/// Independent copies of the target of a long scatter, so that a sum does not wait for the store just before it.
let private scatterCopies = 4

/// Whether the update is one long run of scalars and the target is short beside it.
let private isLongScatter (r: Region) (eq: Equation) =
    let n = r.Count eq.Args[2]
    (r.Shape eq.Args[0]).Rank = 1 && n >= 64 && r.Count eq.Args[0] * scatterCopies <= 2 * n

let private longScatter (r: Region) (eq: Equation) legal =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape v
    let size = (r.Count v + 7) / 8 * 8
    let wide = Index.wideAxes (r.Shape eq.Args[2])
    let memory = e.Scratch (elem r v) (size * scatterCopies)
    let copy i = { View.whole memory shape r.Depth with Offset = Affine.constant (i * size) }
    Nest.store r eq.Args[0] (copy 0)
    Nest.zeroFill r (elem r v) memory (Affine.constant size) (size * (scatterCopies - 1))

    let add i (position: Affine) =
        let axes = Array.create (r.Shape eq.Args[2]).Rank Affine.zero
        axes[wide[0]] <- position
        addOne r eq 0 legal (copy i) axes 8

    let n = r.Count eq.Args[2]
    let counter = e.Counter()
    e.Open()

    for i in 0 .. scatterCopies - 1 do
        add i (Affine.shift i (Affine.counter counter))

    let whole = n / scatterCopies * scatterCopies
    let block = e.Close()
    e.Do(Stmt.For(counter, 0, whole, scatterCopies, block))

    for i in whole .. n - 1 do
        add (i - whole) (Affine.constant i)

    let target = allocate r v

    let load i (a: Affine) =
        let address = View.address memory (Affine.shift (i * size) { a with Lane = 0 })
        e.Let(e.Depth, elem r v, Lanes.Eight, Op.Load(address, 1))

    Nest.loop e (Nest.flat (r.Count v)) 0 1 (fun a active _ ->
        let sum x y = e.Binary(e.Depth, BinaryOp.Add, x, y)
        let total = sum (sum (load 0 a) (load 2 a)) (sum (load 1 a) (load 3 a))
        let place = Affine.add target.Offset { a with Lane = 0 }
        e.Store(e.Depth, View.address target.Buffer place, 1, active, total))

    target

let private scatterAdd (r: Region) (eq: Equation) axis =
    let e = r.Emitter
    let v = eq.Outs[0]
    let indices, update = eq.Args[1], eq.Args[2]
    let width = (r.Shape indices).Rank
    let shape = r.Shape update
    let wide = Index.wideAxes shape
    let legal = areLegal r indices ((r.Shape v)[axis] - 1)

    if wide.Count = 1 && isLongScatter r eq then
        r.Views[v] <- ValueSome(longScatter r eq legal)
    else
        let target = updatable r eq.Args[0] v

        let inLanes =
            wide.Count > 0
            && (let last = wide[wide.Count - 1]
                last >= axis + width && shape[last] >= 4)

        overElements e shape inLanes (addOne r eq axis legal target)
        r.Views[v] <- ValueSome target

let private dynamicUpdate (r: Region) (eq: Equation) =
    let v = eq.Outs[0]
    let block = eq.Args[1]
    let target = updatable r eq.Args[0] v
    let place = Pull.startPlace r eq 2 (r.Shape block) target
    Nest.store r block { target with Offset = Affine.add target.Offset place }
    r.Views[v] <- ValueSome target

/// The strides of the axes when the elements lie dense with the axes in this order.
let denseStrides (shape: Shape) (order: int[]) =
    let dense = Shape.strides (Shape.ofArray (Array.map (fun axis -> shape[axis]) order))
    let strides = Array.zeroCreate shape.Rank
    order |> Array.iteri (fun i axis -> strides[axis] <- dense[i])
    strides

/// The operand as dense matrices with the axes in this order, or in the order with free and contracted exchanged.
let asMatrices (r: Region) v (batch: int[]) (rows: int[]) (columns: int[]) : struct (View * bool) =
    let shape = r.Shape v
    let view = Pull.asView r v

    let isDense (order: int[]) =
        let permuted = Shape.ofArray (Array.map (fun axis -> shape[axis]) order)
        View.isContiguous permuted { view with Strides = Array.map (fun axis -> view.Strides[axis]) order }

    let order = Array.concat [ batch; rows; columns ]

    if isDense order then
        struct (view, false)
    elif isDense (Array.concat [ batch; columns; rows ]) then
        struct (view, true)
    else
        let memory = r.Emitter.Scratch (elem r v) (r.Count v)
        let copy = { View.whole memory shape r.Depth with Strides = denseStrides shape order }

        Nest.store r v copy
        struct (copy, false)

/// Rows of a large product that one thread computes at a time: every panel packs the right operand again, so they are not
/// low, but a product of few rows is still cut into a few.
let private panel rows = if rows >= 512 then 128 else max 48 ((rows / 4 + 7) / 8 * 8)

let private isLargeProduct (p: Product) =
    p.Rows >= 96
    && p.Columns * p.Inner >= 128 * 128
    && int64 p.Rows * int64 p.Columns * int64 p.Inner >= (1L <<< 22)

let private from (view: View) start = { view with Offset = Affine.shift start view.Offset }

let private gemm (r: Region) (eq: Equation) (dot: DotAxes) =
    let e = r.Emitter
    let left, right, v = eq.Args[0], eq.Args[1], eq.Outs[0]
    let p = Facts.matrixProduct dot (r.Shape left) (r.Shape right)
    let freeLeft = Facts.freeAxes (r.Shape left).Rank dot.BatchLeft dot.ContractLeft
    let freeRight = Facts.freeAxes (r.Shape right).Rank dot.BatchRight dot.ContractRight
    let struct (a, transposeA) = asMatrices r left dot.BatchLeft freeLeft dot.ContractLeft
    let struct (b, transposeB) = asMatrices r right dot.BatchRight dot.ContractRight freeRight
    let c = allocate r v
    let strideA = if transposeA then p.Rows else p.Inner

    let call first rows i =
        let c = moved (from c (first * p.Columns)) (p.Rows * p.Columns) i
        let a = moved (from a (if transposeA then first else first * strideA)) (p.Rows * p.Inner) i
        let b = moved b (p.Inner * p.Columns) i
        Stmt.Call(Kernel.Gemm(c, a, b, rows, p.Columns, p.Inner, strideA, transposeA, transposeB))

    if p.Batch = 1 && r.Depth = 0 && isLargeProduct p then
        let panel = panel p.Rows

        e.Do(
            Stmt.Parallel
                [|
                    for first in 0..panel .. p.Rows - 1 do
                        [| call first (min panel (p.Rows - first)) Affine.zero |]
                |]
        )
    else
        batched r p.Batch (fun i -> e.Do(call 0 p.Rows i))

    r.Views[v] <- ValueSome c

let private decompose (r: Region) (eq: Equation) op =
    let e = r.Emitter
    let v = eq.Outs[0]
    let source = r.Shape eq.Args[0]
    let m, n = source[source.Rank - 2], source[source.Rank - 1]
    let count = Array.fold (*) 1 (source.ToArray()[.. source.Rank - 3])
    let first = dense r eq.Args[0]
    let target = allocate r v
    let size = if count = 0 then 0 else r.Count v / count
    let kind = ReferenceArrays.decompositionOf op

    // A matrix without elements still has a determinant, and R of no columns has no elements to write.
    if size > 0 then
        batched r count (fun i ->
            e.Do(Stmt.Call(Kernel.Decompose(moved target size i, moved first (m * n) i, kind, m, n))))

    r.Views[v] <- ValueSome target

let private factor (r: Region) (eq: Equation) op =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape v
    let first = dense r eq.Args[0]
    let n = shape[shape.Rank - 2]
    let k = shape[shape.Rank - 1]
    let count = if n * k = 0 then 0 else shape.Count / (n * k)

    let call (kernel: View -> unit) =
        let target = allocate r v

        if count > 0 then
            kernel target

        r.Views[v] <- ValueSome target

    match op with
    | FactorOp.Cholesky ->
        call (fun target -> e.Do(Stmt.Call(Kernel.Cholesky(addressOf target, addressOf first, count, n))))
    | FactorOp.CholeskyVjp ->
        let cotangent = dense r eq.Args[1]

        call (fun target ->
            batched r count (fun i ->
                let at view = moved view (n * n) i
                e.Do(Stmt.Call(Kernel.CholeskyVjp(at target, at first, at cotangent, n)))))
    | FactorOp.Solve adjoint ->
        let batch = [| 0 .. shape.Rank - 3 |]
        let struct (right, transposeB) = asMatrices r eq.Args[1] batch [| shape.Rank - 2 |] [| shape.Rank - 1 |]

        call (fun target ->
            batched r count (fun i ->
                let x, a, b = moved target (n * k) i, moved first (n * n) i, moved right (n * k) i
                e.Do(Stmt.Call(Kernel.Solve(x, a, b, n, k, adjoint, transposeB)))))
    | FactorOp.LogAbsDet
    | FactorOp.DetSign
    | FactorOp.Qr
    | FactorOp.Eigh
    | FactorOp.Svd -> Errors.bug "Opaque" "decompositions have their own statements"
    | FactorOp.TriangularSolve(lower, transpose) ->
        let batch = [| 0 .. shape.Rank - 3 |]

        let struct (right, transposeB) = asMatrices r eq.Args[1] batch [| shape.Rank - 2 |] [| shape.Rank - 1 |]

        call (fun target ->
            let x, l, b = addressOf target, addressOf first, addressOf right
            e.Do(Stmt.Call(Kernel.TriangularSolve(x, l, b, count, n, k, lower, transpose, transposeB))))

let private random (r: Region) (eq: Equation) op =
    let e = r.Emitter
    let v = eq.Outs[0]
    let key = addressOf (dense r eq.Args[0])
    let target = allocate r v
    let count = r.Count v

    if count > 0 then
        match op with
        | RandomOp.FoldIn ->
            let data = Pull.eval r eq.Args[1] (At.element 0)
            e.Do(Stmt.Call(Kernel.FoldIn(addressOf target, key, data)))
        | RandomOp.Uniform _ -> e.Do(Stmt.Call(Kernel.Uniform(addressOf target, key, count)))
        | RandomOp.Bits _ -> e.Do(Stmt.Call(Kernel.Bits(addressOf target, key, count)))

    r.Views[v] <- ValueSome target

/// Emits the equation at the depth of the region; control flow is left to the given function.
let emit (r: Region) (eq: Equation) (control: ControlOp -> unit) =
    r.Emitter.Within(
        r.Depth,
        fun () ->
            match eq.Primitive with
            | Primitive.Move(MoveOp.Concat _)
            | Primitive.Move(MoveOp.Pad _) -> assemble r eq
            | Primitive.Index(IndexOp.ScatterAdd axis) -> scatterAdd r eq axis
            | Primitive.Index IndexOp.DynamicUpdate -> dynamicUpdate r eq
            | Primitive.Contract dot -> gemm r eq dot
            | Primitive.Factor(FactorOp.LogAbsDet | FactorOp.DetSign | FactorOp.Qr | FactorOp.Eigh | FactorOp.Svd as op) ->
                decompose r eq op
            | Primitive.Factor op -> factor r eq op
            | Primitive.Random op -> random r eq op
            | Primitive.Control op -> control op
            | primitive -> Errors.bug "Opaque" $"{Primitive.name primitive} has no statements of its own"
    )
