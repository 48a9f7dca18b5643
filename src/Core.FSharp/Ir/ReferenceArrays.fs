// The meaning of the primitives that move and index: each is a table of offsets and one plain loop.
// Relies on arguments that TypeRules has accepted. Read ReferenceReductions next.
module internal Ppl.Core.Ir.ReferenceArrays

open System
open Ppl.Core

/// The flat offset of each element of `shape`, in row-major order, when a step along axis a moves strides[a].
let offsets (shape: Shape) (strides: int[]) start =
    let mutable result = [| start |]

    for axis in 0 .. shape.Rank - 1 do
        let outer, extent, stride = result, shape[axis], strides[axis]
        result <- Array.init (outer.Length * extent) (fun i -> outer[i / extent] + i % extent * stride)

    result

/// sum of index[a] * strides[a]
let private offset (index: int[]) (strides: int[]) = Array.fold2 (fun sum i stride -> sum + i * stride) 0 index strides

/// 0, 1, 2, ... along an axis.
let iota (ty: TensorType) axis =
    let index = offsets ty.Shape (Array.init ty.Shape.Rank (fun a -> if a = axis then 1 else 0)) 0

    match ty.DType with
    | DType.F64 -> Storage.F64(Array.map float index)
    | DType.F32 -> Storage.F32(Array.map float32 index)
    | DType.I64 -> Storage.I64(Array.map int64 index)
    | DType.U32 -> Storage.U32(Array.map uint32 index)
    | DType.I32
    | DType.Bool -> Storage.I32 index

let private concat axis (ty: TensorType) (args: Literal[]) =
    let strides = Shape.strides ty.Shape
    let target = Storage.zeros ty.DType ty.Shape.Count
    let mutable start = 0

    for arg in args do
        Storage.scatter (offsets arg.Type.Shape strides (start * strides[axis])) arg.Data target
        start <- start + arg.Type.Shape[axis]

    target

let private pad (low: int[]) (ty: TensorType) (x: Literal) =
    let strides = Shape.strides ty.Shape
    let target = Storage.zeros ty.DType ty.Shape.Count
    Storage.scatter (offsets x.Type.Shape strides (offset low strides)) x.Data target
    target

/// Rearrangements; `ty` is the type of the result.
let move op (ty: TensorType) (args: Literal[]) =
    let strides = Shape.strides args[0].Type.Shape
    let from shape strides start = Storage.gather (offsets shape strides start) args[0].Data

    match op with
    | MoveOp.Reshape _ -> args[0].Data
    | MoveOp.Transpose permutation -> from ty.Shape (Array.map (fun axis -> strides[axis]) permutation) 0
    | MoveOp.Broadcast(shape, axes) ->
        let stretched = Array.zeroCreate shape.Rank

        axes
        |> Array.iteri (fun own axis ->
            if args[0].Type.Shape[own] <> 1 then
                stretched[axis] <- strides[own])

        from shape stretched 0
    | MoveOp.Slice(start, _, stride) -> from ty.Shape (Array.map2 (*) stride strides) (offset start strides)
    | MoveOp.Windows(axes, _, windowStrides, dilations) ->
        let outer = Array.copy strides
        axes |> Array.iteri (fun i axis -> outer[axis] <- strides[axis] * windowStrides[i])
        let inner = Array.map2 (fun axis dilation -> strides[axis] * dilation) axes dilations
        from ty.Shape (Array.append outer inner) 0
    | MoveOp.Pad(low, _) -> pad low ty args[0]
    | MoveOp.Concat axis -> concat axis ty args
    | MoveOp.Reverse axes ->
        let steps = Array.mapi (fun axis s -> if Array.contains axis axes then -s else s) strides
        let start = axes |> Array.sumBy (fun axis -> (ty.Shape[axis] - 1) * strides[axis])
        from ty.Shape steps start

/// A shape around one axis: (elements before, along, after) it.
let around axis (shape: Shape) =
    let extents = shape.ToArray()
    let product = Array.fold (*) 1
    struct (product extents[.. axis - 1], extents[axis], product extents[axis + 1 ..])

/// Where Take reads, for each element of its result in row-major order.
let private takePositions axis (shape: Shape) (indices: int[]) =
    let struct (outer, extent, inner) = around axis shape
    let positions = Array.zeroCreate (outer * indices.Length * inner)
    let mutable at = 0

    for o in 0 .. outer - 1 do
        for index in indices do
            let row = (o * extent + Math.Clamp(index, 0, extent - 1)) * inner

            for i in 0 .. inner - 1 do
                positions[at] <- row + i
                at <- at + 1

    positions

let inline private accumulate (positions: int[]) (target: 'a[]) (u: 'a[]) =
    positions |> Array.iteri (fun i p -> target[p] <- target[p] + u[i])

let private addAt (positions: int[]) (x: Storage) (u: Storage) =
    let target = Storage.copy x

    match target, u with
    | Storage.F64 target, Storage.F64 u -> accumulate positions target u
    | Storage.F32 target, Storage.F32 u -> accumulate positions target u
    | Storage.I64 target, Storage.I64 u -> accumulate positions target u
    | Storage.I32 target, Storage.I32 u -> accumulate positions target u
    | Storage.U32 target, Storage.U32 u -> accumulate positions target u
    | _ -> Errors.bug "ReferenceArrays.addAt" "element types differ after the types were checked"

    target

/// The positions in x of the block of these sizes at the clamped start.
let private blockPositions (x: Shape) (sizes: Shape) (starts: Literal[]) =
    let strides = Shape.strides x

    let clamped =
        Array.mapi (fun axis start -> Math.Clamp((Literal.ints start)[0], 0, x[axis] - sizes[axis])) starts

    offsets sizes strides (offset clamped strides)

/// Data-dependent access.
let index op (args: Literal[]) =
    let x = args[0]

    match op with
    | IndexOp.Take axis -> Storage.gather (takePositions axis x.Type.Shape (Literal.ints args[1])) x.Data
    | IndexOp.ScatterAdd axis -> addAt (takePositions axis x.Type.Shape (Literal.ints args[1])) x.Data args[2].Data
    | IndexOp.DynamicSlice sizes -> Storage.gather (blockPositions x.Type.Shape (Shape.ofArray sizes) args[1..]) x.Data
    | IndexOp.DynamicUpdate ->
        let target = Storage.copy x.Data
        Storage.scatter (blockPositions x.Type.Shape args[1].Type.Shape args[2..]) args[1].Data target
        target
