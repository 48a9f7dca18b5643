// Everyday array functions composed of the primitives: access along an axis with indices of its own for each line, order
// statistics, one-hot vectors. Derivatives and batching follow from the parts.
// Relies on Ops. Read Control next.
namespace Ppl.Core.Tensors

open System
open Ppl.Core
open Ppl.Core.Ir

/// Array functions composed of the operations in Ops.
[<RequireQualifiedAccess>]
module Arrays =

    let private requireAxis name axis (x: Tensor) =
        if axis < 0 || axis >= x.Shape.Rank then
            Errors.axis name $"axis {axis} of {x.Type}"

    /// The permutation that moves an axis last, and its inverse.
    let private lastAxis axis rank =
        let others = Array.filter ((<>) axis) [| 0 .. rank - 1 |]

        let back =
            Array.init rank (fun i ->
                if i = axis then rank - 1
                elif i < axis then i
                else i - 1)

        struct (Array.append others [| axis |], back)

    /// Indices along the last axis of lines of n elements as indices into all lines, one after the other.
    let private flatIndices n (indices: Tensor) =
        let m = indices.Shape[indices.Shape.Rank - 1]
        let lines = if m = 0 then 0 else indices.Shape.Count / m
        let table = Ops.reshape (Shape.ofList [ lines; m ]) indices
        let legal = Ops.max (Tensor.OfInt 0) (Ops.min (Tensor.OfInt(n - 1)) table)
        let starts = Ops.mul (Tensor.OfInt n) (Ops.reshape (Shape.ofList [ lines; 1 ]) (Ops.iota lines))
        Ops.flatten (Ops.add starts legal)

    let private requireLines name axis (x: Tensor) (indices: Tensor) =
        requireAxis name axis x
        let others (tensor: Tensor) = Shape.without [| axis |] tensor.Shape

        if indices.Shape.Rank <> x.Shape.Rank || others indices <> others x then
            Errors.shapes name $"the indices {indices.Type} and {x.Type} may differ along axis {axis} only"

        if x.Shape[axis] = 0 && indices.Shape.Count > 0 then
            Errors.range name $"no index is legal along axis {axis} of {x.Type}"

    /// y[.., k, ..] = x[.., indices[.., k, ..], ..]: along an axis, each line at its own places. Indices (i32) have the shape
    /// of x up to that axis, and y has theirs; those outside are clamped. PPL5001: other shapes.
    let takeAlongAxis axis (indices: Tensor) (x: Tensor) : Tensor =
        requireLines "takeAlongAxis" axis x indices

        if x.Shape.Rank = 1 then
            Ops.take 0 indices x
        else
            let struct (order, back) = lastAxis axis x.Shape.Rank
            let places = Ops.transpose order indices
            let lines = Ops.flatten (Ops.transpose order x)
            let taken = Ops.take 0 (flatIndices x.Shape[axis] places) lines
            Ops.transpose back (Ops.reshape places.Shape taken)

    /// x with updates added where takeAlongAxis would read, repeated places one after the other. The updates have the shape
    /// of the indices. PPL5001: other shapes.
    let addAlongAxis axis (indices: Tensor) (updates: Tensor) (x: Tensor) : Tensor =
        requireLines "addAlongAxis" axis x indices

        if updates.Shape <> indices.Shape then
            Errors.shapes "addAlongAxis" $"the updates {updates.Type} and the indices {indices.Type} differ in shape"

        if x.Shape.Rank = 1 then
            Ops.scatterAdd 0 indices updates x
        else
            let struct (order, back) = lastAxis axis x.Shape.Rank
            let places = flatIndices x.Shape[axis] (Ops.transpose order indices)
            let target = Ops.transpose order x
            let added = Ops.scatterAdd 0 places (Ops.flatten (Ops.transpose order updates)) (Ops.flatten target)
            Ops.transpose back (Ops.reshape target.Shape added)

    /// x with the elements at these places along an axis replaced: y[.., i_k, ..] = u[.., k, ..]. Indices: i32[m], clamped; of
    /// repeated ones the last counts; u has the shape of x with m along the axis. PPL5001: other shapes; PPL5004: nothing
    /// to index.
    let setAt axis (indices: Tensor) (updates: Tensor) (x: Tensor) : Tensor =
        requireAxis "setAt" axis x
        let n = x.Shape[axis]
        let extents = x.Shape.ToArray()
        extents[axis] <- indices.Shape.Count

        if indices.Shape.Rank <> 1 || updates.Shape.ToArray() <> extents then
            Errors.shapes
                "setAt"
                $"the indices {indices.Type} and updates {updates.Type} do not fit axis {axis} of {x.Type}"

        if indices.Shape.Count = 0 then
            x
        elif n = 0 then
            Errors.range "setAt" $"no index is legal along axis {axis} of {x.Type}"
        else
            // Sorting is stable: before the first index above a place is the last update of that place, if there is one.
            let legal = Ops.clamp (Tensor.OfInt 0) (Tensor.OfInt(n - 1)) indices
            let order = Ops.argSort 0 legal
            let sorted = Ops.take 0 order legal
            let last = Ops.sub (Ops.searchSorted true sorted (Ops.iota n)) (Tensor.OfInt 1)
            let isSet = Ops.equal (Ops.take 0 last sorted) (Ops.iota n)
            let chosen = Ops.take axis (Ops.take 0 last order) updates
            Ops.select (Ops.broadcastAlong x.Shape [| axis |] isSet) chosen x

    // ---- statistics

    let private restored (axes: int[]) (x: Tensor) (reduced: Tensor) =
        let extents = x.Shape.ToArray() |> Array.mapi (fun i n -> if Array.contains i axes then 1 else n)
        Ops.reshape (Shape.ofArray extents) reduced

    /// The variance over axes: sum of (x - mean)^2 / (count - correction); correction 1 gives the unbiased estimate.
    let varianceBy (correction: float) axes (x: Tensor) : Tensor =
        let deviation = Ops.sub x (restored axes x (Ops.meanAlong axes x))
        let count = axes |> Array.fold (fun n axis -> n * float x.Shape[axis]) 1.0
        Ops.div (Ops.sumAlong axes (Ops.square deviation)) (Ops.scalarLike x (count - correction))

    /// The variance over axes: the mean of (x - mean)^2.
    let variance axes (x: Tensor) : Tensor = varianceBy 0.0 axes x

    /// The square root, with derivative zero (not infinity) at zero.
    let private safeSqrt (x: Tensor) =
        let isZero = Ops.equal x (Ops.zerosLike x)
        Ops.select isZero (Ops.zerosLike x) (Ops.sqrt (Ops.select isZero (Ops.onesLike x) x))

    /// The standard deviation over axes: the square root of the variance; derivatives are zero where it is.
    let standardDeviation axes (x: Tensor) : Tensor = safeSqrt (variance axes x)

    /// The Euclidean norm over axes: the square root of the sum of squares; derivatives are zero where it is.
    let norm axes (x: Tensor) : Tensor = safeSqrt (Ops.sumAlong axes (Ops.square x))

    // ---- order statistics

    /// The places (i32) of the elements along an axis in descending order, NaN first; equal ones keep their order.
    let argSortDescending axis (x: Tensor) : Tensor =
        requireAxis "argSortDescending" axis x
        let backwards = Ops.reverse [| axis |] (Ops.argSort axis (Ops.reverse [| axis |] x))
        Ops.sub (Tensor.OfInt(x.Shape[axis] - 1)) backwards

    /// The elements along an axis in descending order, NaN first; equal ones keep their order.
    let sortDescending axis (x: Tensor) : Tensor =
        requireAxis "sortDescending" axis x
        Ops.reverse [| axis |] (Ops.sort axis (Ops.reverse [| axis |] x))

    /// The k largest elements along an axis, descending, and their places (i32); NaN counts as largest, the first of equals
    /// comes first. PPL5004: k is negative or beyond the axis.
    let topK k axis (x: Tensor) : Tensor * Tensor =
        requireAxis "topK" axis x

        if k < 0 || k > x.Shape[axis] then
            Errors.range "topK" $"the {k} largest of {x.Shape[axis]} along axis {axis} of {x.Type}"

        let places = Ops.slice axis 0 k (argSortDescending axis x)
        takeAlongAxis axis places x, places

    /// The quantile of order q along an axis, which is dropped: between the two nearest of the sorted elements x_(0..n-1),
    /// linear in h = (n - 1) q. NaN if one element is. PPL5004: no element; PPL5008: q outside [0, 1].
    let quantile q axis (x: Tensor) : Tensor =
        requireAxis "quantile" axis x
        let n = x.Shape[axis]

        if n = 0 then
            Errors.range "quantile" $"there is no element along axis {axis} of {x.Type}"

        if not (q >= 0.0 && q <= 1.0) then
            Errors.argument "quantile" $"the order {q} is not between 0 and 1" "give a fraction such as 0.95"

        let sorted = Ops.sort axis x
        let rest = Shape.without [| axis |] x.Shape
        let at i = Ops.reshape rest (Ops.slice axis i (i + 1) sorted)
        let place = float (n - 1) * q
        let below = int (Math.Floor place)
        let part = place - float below
        let low, last = at below, at (n - 1)

        let between =
            if part = 0.0 then
                low
            else
                // Equal infinities are their own quantile; their difference is NaN.
                let high = at (below + 1)
                let weight = Ops.fill (TensorType.create x.DType Shape.scalar) part
                Ops.select (Ops.equal low high) low (Ops.add low (Ops.mul weight (Ops.sub high low)))

        Ops.select (Ops.isNaN last) last between

    /// The median along an axis, which is dropped: Arrays.quantile 0.5.
    let median axis x = quantile 0.5 axis x

    // ---- indicators

    /// 1 at the place that each index names, 0 elsewhere: i32[..] -> f64[..,n]; zeros only for an index outside 0..n-1.
    let oneHot n (indices: Tensor) : Tensor =
        let column = Ops.reshape (Shape.ofArray (Array.append (indices.Shape.ToArray()) [| 1 |])) indices
        Ops.toFloat (Ops.equal column (Ops.iota n))
