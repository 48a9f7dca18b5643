// Reductions, running operations, sorts and searches on tensors.
// Relies on ElementwiseOps. Read MatrixOps next.
/// Reductions, running operations, sorts and searches: a part of Ops.
[<AutoOpen>]
module Ppl.Core.Tensors.ReductionOps

open Ppl.Core
open Ppl.Core.Ir

/// Operations on tensors.
[<RequireQualifiedAccess>]
module Ops =

    let private reduce op (axes: int[]) (x: Tensor) =
        if axes.Length = 0 then x else Bind.one (Primitive.Reduce(op, axes)) [| x |]

    let private allAxes (x: Tensor) = Array.init x.Shape.Rank id

    /// The sum over axes; that of f32 is accumulated in f64 and rounded once.
    let sumAlong axes x = reduce ReduceOp.Sum axes x

    /// The sum of all elements.
    let sum x = reduce ReduceOp.Sum (allAxes x) x

    /// The product over axes.
    let prodAlong axes x = reduce ReduceOp.Prod axes x

    /// The largest over axes.
    let maxAlong axes x = reduce ReduceOp.Max axes x

    /// The smallest over axes.
    let minAlong axes x = reduce ReduceOp.Min axes x

    /// Whether one of all elements holds.
    let any x = reduce ReduceOp.Any (allAxes x) x

    /// Whether all elements hold.
    let all x = reduce ReduceOp.All (allAxes x) x

    /// Whether one holds over axes.
    let anyAlong axes x = reduce ReduceOp.Any axes x

    /// Whether all hold over axes.
    let allAlong axes x = reduce ReduceOp.All axes x

    /// The arithmetic mean over axes; NaN over nothing.
    let meanAlong axes (x: Tensor) =
        let count = axes |> Array.fold (fun n axis -> n * float x.Shape[axis]) 1.0
        let total = sumAlong axes x
        Ops.div total (Ops.scalarLike x count)

    /// The arithmetic mean of all elements.
    let mean (x: Tensor) = Ops.div (sum x) (Ops.scalarLike x (float x.Shape.Count))

    /// The axes with extent 1 where a reduction removed them.
    let private restore (axes: int[]) (like: Tensor) (reduced: Tensor) =
        let extents = like.Shape.ToArray() |> Array.mapi (fun i e -> if Array.contains i axes then 1 else e)
        Ops.reshape (Shape.ofArray extents) reduced

    /// ln of the sum of e^x over axes; -inf over nothing or where all are -inf.
    let logSumExpAlong axes (x: Tensor) =
        let top = maxAlong axes x
        // An infinite maximum is its own answer; subtracting it would make NaN.
        let shift = Ops.select (Ops.isFinite top) top (Ops.zerosLike top)
        Ops.add (Ops.log (sumAlong axes (Ops.exp (Ops.sub x (restore axes x shift))))) shift

    /// ln of the sum of e^x of all elements.
    let logSumExp x = logSumExpAlong (allAxes x) x

    /// ln(e^x + e^y)
    let logAddExp x y =
        // Equal infinities differ by NaN, but by nothing that matters.
        let distance = Ops.select (Ops.equal x y) (Ops.scalarLike x 0.0) (Ops.sub x y)
        Ops.add (Ops.max x y) (Ops.softplus (Ops.neg (Ops.abs distance)))

    /// x less its log-sum-exp over the last axis.
    let logSoftmax (x: Tensor) =
        let axes = [| x.Shape.Rank - 1 |]
        Ops.sub x (restore axes x (logSumExpAlong axes x))

    /// A running operation along an axis, from its end if reversed; the result has the shape of x.
    let cumulate op axis reverse x = Bind.one (Primitive.Cumulate(op, axis, reverse)) [| x |]

    /// Running sums along an axis.
    let cumulativeSum axis x = cumulate CumulateOp.Sum axis false x

    /// Running sums along an axis, from its end.
    let cumulativeSumReversed axis x = cumulate CumulateOp.Sum axis true x

    /// Running products along an axis: y_i = x_0 ... x_i. Derivatives are right at zeros.
    let cumulativeProd axis x = cumulate CumulateOp.Prod axis false x

    /// The largest so far along an axis; NaN from the first NaN on. Ties share derivatives.
    let cumulativeMax axis x = cumulate CumulateOp.Max axis false x

    /// The smallest so far along an axis; NaN from the first NaN on. Ties share derivatives.
    let cumulativeMin axis x = cumulate CumulateOp.Min axis false x

    /// y_i = ln(e^x_0 + ... + e^x_i) along an axis, without overflow; -inf where all x so far are, with derivative zero there.
    let cumulativeLogSumExp axis x = cumulate CumulateOp.LogSumExp axis false x

    // ---- order: NaN is above all numbers, -0.0 and 0.0 are equal

    let private order op args = Bind.one (Primitive.Order op) args

    /// The elements along an axis in ascending order, NaN last; equal ones keep their order. The derivative is that of the
    /// permutation which Ops.argSort gives.
    let sort axis x = order (OrderOp.Sort axis) [| x |]

    /// The places (i32) that the elements of Ops.sort come from.
    let argSort axis x = order (OrderOp.ArgSort axis) [| x |]

    /// The place (i32) of the largest element along an axis, which is dropped: the first one of equals, the first NaN if
    /// there is one. PPL5004 where the axis has no element.
    let argMax axis x = order (OrderOp.ArgMax axis) [| x |]

    /// The place (i32) of the smallest element along an axis, which is dropped: the first one of equals, the first NaN if
    /// there is one. PPL5004 where the axis has no element.
    let argMin axis x = order (OrderOp.ArgMin axis) [| x |]

    /// How many elements (i32) of a, ascending along its last axis, are below each of v; if right, not above it. So it is
    /// where v would be inserted before (after) its equals. a: [..,n], v: [..,m]; the result is as v.
    let searchSorted right (a: Tensor) (v: Tensor) = order (OrderOp.SearchSorted right) [| a; v |]
