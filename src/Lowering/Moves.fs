// Rearrangements (reshape, transpose, broadcast, slice, reverse, windows): where an element of the result is in the operand, and the
// result as a view of the operand's memory. Pad and concat are not here: their elements come from several places.
// Relies on Loads. Read Unrolled next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Moves

open Ppl.Core
open Ppl.Core.Ir

/// The axes of a shape in those of another that differs only by axes of one element.
let private matchAxes (source: Shape) (target: Shape) (put: int -> int -> unit) =
    let own, other = Index.wideAxes source, Index.wideAxes target

    for i in 0 .. own.Count - 1 do
        put own[i] other[i]

/// The position in the operand of a trivial reshape.
let reshaped (source: Shape) (target: Shape) (axes: Affine[]) =
    let full = Array.create source.Rank Affine.zero
    matchAxes source target (fun own other -> full[own] <- axes[other])
    full

/// The position in the operand of a transposition.
let transposed (permutation: int[]) (axes: Affine[]) =
    let source = Array.create axes.Length Affine.zero
    permutation |> Array.iteri (fun i axis -> source[axis] <- axes[i])
    source

/// The position in the operand of a broadcast.
let broadcast (source: Shape) (along: int[]) (axes: Affine[]) =
    along |> Array.mapi (fun own axis -> if source[own] = 1 then Affine.zero else axes[axis])

/// The position in the operand of a slice.
let sliced (start: int[]) (stride: int[]) (axes: Affine[]) =
    axes |> Array.mapi (fun i a -> Affine.shift start[i] (Affine.scale stride[i] a))

/// The position in the operand of a reversal.
let reversed (shape: Shape) (along: int[]) (axes: Affine[]) =
    let flip i a = Affine.shift (shape[i] - 1) (Affine.scale -1 a)
    axes |> Array.mapi (fun i a -> if Array.contains i along then flip i a else a)

/// The position in the operand of a place in a window.
let windowed (along: int[]) (strides: int[]) (dilations: int[]) (axes: Affine[]) =
    let rank = axes.Length - along.Length
    let source = Array.sub axes 0 rank

    along
    |> Array.iteri (fun i axis ->
        source[axis] <- Affine.add (Affine.scale strides[i] axes[axis]) (Affine.scale dilations[i] axes[rank + i]))

    source

let private viewOfReshape (shape: Shape) (target: Shape) (view: View) =
    if View.isContiguous shape view then
        ValueSome { view with Strides = Shape.strides target }
    elif Facts.isTrivialReshape shape target then
        let strides = Array.zeroCreate target.Rank
        matchAxes shape target (fun own other -> strides[other] <- view.Strides[own])
        ValueSome { view with Strides = strides }
    else
        ValueNone

let private moveStart (view: View) (start: int[]) =
    Affine.add view.Offset (Affine.dot view.Strides (Array.map Affine.constant start))

/// The result as a view of the memory of the operand, which has this shape.
let view op (shape: Shape) (whole: View) : View voption =
    let view = { whole with Source = ValueNone }

    match op with
    | MoveOp.Reshape target -> viewOfReshape shape target view
    | MoveOp.Transpose permutation ->
        ValueSome { view with Strides = Array.map (fun axis -> view.Strides[axis]) permutation }
    | MoveOp.Broadcast(target, along) ->
        let strides = Array.zeroCreate target.Rank

        along
        |> Array.iteri (fun own axis -> strides[axis] <- if shape[own] = 1 then 0 else view.Strides[own])

        ValueSome { view with Strides = strides }
    | MoveOp.Slice(start, _, stride) ->
        ValueSome { view with Offset = moveStart view start; Strides = Array.map2 (*) view.Strides stride }
    | MoveOp.Reverse axes ->
        let last = Array.init shape.Rank (fun i -> if Array.contains i axes then max 0 (shape[i] - 1) else 0)
        let strides = view.Strides |> Array.mapi (fun i s -> if Array.contains i axes then -s else s)
        ValueSome { view with Offset = moveStart view last; Strides = strides }
    | MoveOp.Windows(axes, _, windowStrides, dilations) ->
        let outer = Array.copy view.Strides
        axes |> Array.iteri (fun i axis -> outer[axis] <- outer[axis] * windowStrides[i])
        let inner = Array.map2 (fun axis dilation -> view.Strides[axis] * dilation) axes dilations
        ValueSome { view with Strides = Array.append outer inner }
    | MoveOp.Pad _
    | MoveOp.Concat _ -> ValueNone
