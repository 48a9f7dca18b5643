// The memory of equations with statements of their own: where results go, arguments as dense rows or matrices, loops over
// elements and over matrices. Relies on Nest. Read Assembly next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Places

open Ppl.Core
open Ppl.Core.Ir

let elem (r: Region) v = Elem.ofDType (r.Type v).DType

/// Memory for a result: where it must go in the end, or scratch.
let allocate (r: Region) v =
    match r.Destinations[v] with
    | ValueSome view when View.isContiguous (r.Shape v) view -> view
    | _ -> View.whole (r.Emitter.Scratch (elem r v) (r.Count v)) (r.Shape v) r.Depth

let addressOf (view: View) = View.address view.Buffer view.Offset

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
let batched (r: Region) count (call: Affine -> unit) =
    let e = r.Emitter

    if count = 1 then
        call Affine.zero
    elif count > 1 then
        let counter = e.Counter()
        e.Open()
        call (Affine.counter counter)
        let block = e.Close()
        e.Do(Stmt.For(counter, 0, count, 1, block))

let moved (view: View) step (counter: Affine) =
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
let updatable (r: Region) source result =
    let target =
        match r.Destinations[result], tryReuse r source with
        | ValueNone, ValueSome view -> view
        | _ ->
            let target = allocate r result
            Nest.store r source target
            target

    target

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
