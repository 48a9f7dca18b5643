// Constants, rearrangements and access: the operations on tensors that do no arithmetic on elements. Everything here works on
// concrete and on traced tensors. Relies on Tensor. Read ElementwiseOps next.
/// Constants, rearrangements and access: a part of Ops.
[<AutoOpen>]
module Ppl.Core.Tensors.MoveOps

open Ppl.Core
open Ppl.Core.Ir

/// Operations on tensors.
[<RequireQualifiedAccess>]
module Ops =

    /// A real scalar.
    let scalar (x: float) = Tensor.OfFloat x

    /// A number as a scalar of the element type of a tensor: f32 rounds it, integers truncate it.
    let scalarLike (x: Tensor) (number: float) = Tensor.OfLiteral(Literal.fill (TensorType.scalar x.DType) number)

    /// The tensor of this type filled with one number.
    let fill ty x = Tensor.OfLiteral(Literal.fill ty x)

    /// Zeros of this type.
    let zeros ty = fill ty 0.0

    /// Zeros of the type of a tensor.
    let zerosLike (x: Tensor) = zeros x.Type

    /// Ones of the type of a tensor.
    let onesLike (x: Tensor) = fill x.Type 1.0

    /// 0, 1, ..., n - 1 as integers.
    let iota n = Bind.one (Primitive.Iota(TensorType.create DType.I32 (Shape.ofList [ n ]), 0)) [||]

    // ---- rearrangement

    /// The same elements in row-major order under another shape.
    let reshape (shape: Shape) (x: Tensor) =
        if x.Shape = shape then x else Bind.one (Primitive.Move(MoveOp.Reshape shape)) [| x |]

    /// All elements as one vector.
    let flatten (x: Tensor) = reshape (Shape.ofList [ x.Shape.Count ]) x

    /// Axis i of the result is axis permutation[i] of x.
    let transpose (permutation: int[]) (x: Tensor) =
        if permutation = Array.init x.Shape.Rank id then
            x
        else
            Bind.one (Primitive.Move(MoveOp.Transpose permutation)) [| x |]

    /// Axis i of x becomes axis axes[i] of the result.
    let broadcastAlong (shape: Shape) (axes: int[]) (x: Tensor) =
        if x.Shape = shape then
            x
        else
            Bind.one (Primitive.Move(MoveOp.Broadcast(shape, axes))) [| x |]

    /// Repeats x to a shape, right-aligned: missing axes in front and axes of extent 1 are repeated.
    let broadcastTo (shape: Shape) (x: Tensor) =
        let offset = shape.Rank - x.Shape.Rank

        if offset < 0 then
            Errors.shapes "broadcastTo" $"{x.Type} has more axes than {shape}"

        broadcastAlong shape (Array.init x.Shape.Rank (fun i -> i + offset)) x

    /// Elements start, start + stride, ... below limit, per axis.
    let sliceBy start limit stride (x: Tensor) = Bind.one (Primitive.Move(MoveOp.Slice(start, limit, stride))) [| x |]

    /// Elements start ... limit - 1 along one axis.
    let slice axis start limit (x: Tensor) =
        let extents = x.Shape.ToArray()

        if axis < 0 || axis >= extents.Length then
            Errors.axis "slice" $"axis {axis} of {x.Type}"

        let starts = Array.mapi (fun i _ -> if i = axis then start else 0) extents
        let limits = Array.mapi (fun i e -> if i = axis then limit else e) extents

        if start = 0 && limit = extents[axis] then
            x
        else
            sliceBy starts limits (Array.map (fun _ -> 1) extents) x

    /// The element i along the first axis, which is dropped.
    let at (i: int) (x: Tensor) = x[i]

    /// Zeros before and after, per axis.
    let pad low high (x: Tensor) =
        if Array.forall ((=) 0) low && Array.forall ((=) 0) high then
            x
        else
            Bind.one (Primitive.Move(MoveOp.Pad(low, high))) [| x |]

    /// Tensors one after the other along an axis.
    let concat axis (xs: Tensor[]) = if xs.Length = 1 then xs[0] else Bind.one (Primitive.Move(MoveOp.Concat axis)) xs

    /// Tensors of one shape as the elements of a new first axis.
    let stack (xs: Tensor[]) = xs |> Array.map (fun x -> reshape (Shape.prepend 1 x.Shape) x) |> concat 0

    /// The opposite order along the axes.
    let reverse axes (x: Tensor) = Bind.one (Primitive.Move(MoveOp.Reverse axes)) [| x |]

    /// Overlapping windows along axes: y[.., i, .., k, ..] = x[.., i stride + k dilation, ..]. Each axis of extent n becomes
    /// the number of windows, floor((n - 1 - dilation (size - 1)) / stride) + 1 (0 if n is too small); the places in the
    /// windows are new axes of these sizes, at the end, in the order of the axes. Nothing is copied in a compiled program.
    /// PPL5003, PPL5001, PPL5004: axes, numbers of entries, entries below 1.
    let windows axes sizes strides dilations (x: Tensor) =
        Bind.one (Primitive.Move(MoveOp.Windows(axes, sizes, strides, dilations))) [| x |]

    // ---- access

    /// The elements of x along an axis at these places.
    let take axis (indices: Tensor) (x: Tensor) = Bind.one (Primitive.Index(IndexOp.Take axis)) [| x; indices |]

    /// x plus updates at these places along an axis.
    let scatterAdd axis (indices: Tensor) (updates: Tensor) (x: Tensor) =
        Bind.one (Primitive.Index(IndexOp.ScatterAdd axis)) [| x; indices; updates |]

    /// The block of these sizes that starts at these (clamped) places.
    let dynamicSlice sizes (starts: Tensor[]) (x: Tensor) =
        Bind.one (Primitive.Index(IndexOp.DynamicSlice sizes)) (Array.append [| x |] starts)

    /// x with the block that starts at these (clamped) places replaced.
    let dynamicUpdate (starts: Tensor[]) (block: Tensor) (x: Tensor) =
        Bind.one (Primitive.Index IndexOp.DynamicUpdate) (Array.append [| x; block |] starts)

    /// The row of x at a dynamic (clamped) place along its first axis.
    let row (i: Tensor) (x: Tensor) =
        let sizes = x.Shape.ToArray()
        sizes[0] <- 1
        let starts = Array.init x.Shape.Rank (fun axis -> if axis = 0 then i else Tensor.OfInt 0)
        dynamicSlice sizes starts x |> reshape (Shape.tail x.Shape)

    /// x with the row at a dynamic (clamped) place replaced.
    let setRow (i: Tensor) (value: Tensor) (x: Tensor) =
        let starts = Array.init x.Shape.Rank (fun axis -> if axis = 0 then i else Tensor.OfInt 0)
        dynamicUpdate starts (reshape (Shape.prepend 1 value.Shape) value) x

    /// The diagonal of the last two axes.
    let diagonal (x: Tensor) =
        let rank = x.Shape.Rank
        let n = x.Shape[rank - 1]
        let batch = x.Shape.ToArray()[.. rank - 3]
        let flat = reshape (Shape.ofArray (Array.append batch [| n * n |])) x
        take (rank - 2) (Tensor.OfInts(Array.init n (fun i -> i * (n + 1)))) flat
