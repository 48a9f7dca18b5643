// The meaning of the primitives that move, index, reduce and contract: each is a table of offsets and one plain loop.
// Relies on arguments that TypeRules has accepted. Read Reference next.
module internal Ppl.Core.Ir.ReferenceArrays

open System
open Ppl.Core
open Ppl.Kernels

/// The flat offset of each element of `shape`, in row-major order, when a step along axis a moves strides[a].
let offsets (shape: Shape) (strides: int[]) start =
    let mutable result = [| start |]

    for axis in 0 .. shape.Rank - 1 do
        let outer, extent, stride = result, shape[axis], strides[axis]
        result <- Array.init (outer.Length * extent) (fun i -> outer[i / extent] + i % extent * stride)

    result

/// sum of index[a] * strides[a]
let private offset (index: int[]) (strides: int[]) = Array.fold2 (fun sum i stride -> sum + i * stride) 0 index strides

/// The elements at these positions.
let private read (positions: int[]) (source: Storage) =
    match source with
    | Storage.F64 data -> Storage.F64(Array.map (fun p -> data[p]) positions)
    | Storage.I32 data -> Storage.I32(Array.map (fun p -> data[p]) positions)
    | Storage.Bool data -> Storage.Bool(Array.map (fun p -> data[p]) positions)

let private put (positions: int[]) (source: 'a[]) (target: 'a[]) =
    for i in 0 .. positions.Length - 1 do
        target[positions[i]] <- source[i]

/// Copies the elements of source to these positions of target.
let private write positions (source: Storage) (target: Storage) =
    match source, target with
    | Storage.F64 source, Storage.F64 target -> put positions source target
    | Storage.I32 source, Storage.I32 target -> put positions source target
    | Storage.Bool source, Storage.Bool target -> put positions source target
    | _ -> Errors.bug "ReferenceArrays.write" "element types differ after the types were checked"

let private copy (source: Storage) =
    match source with
    | Storage.F64 data -> Storage.F64(Array.copy data)
    | Storage.I32 data -> Storage.I32(Array.copy data)
    | Storage.Bool data -> Storage.Bool(Array.copy data)

/// Zeros (false).
let zeros (ty: TensorType) =
    match ty.DType with
    | DType.F64 -> Storage.F64(Array.zeroCreate ty.Shape.Count)
    | DType.I32 -> Storage.I32(Array.zeroCreate ty.Shape.Count)
    | DType.Bool -> Storage.Bool(Array.zeroCreate ty.Shape.Count)

/// 0, 1, 2, ... along an axis.
let iota (ty: TensorType) axis =
    let index = offsets ty.Shape (Array.init ty.Shape.Rank (fun a -> if a = axis then 1 else 0)) 0

    match ty.DType with
    | DType.F64 -> Storage.F64(Array.map float index)
    | _ -> Storage.I32 index

let private concat axis (ty: TensorType) (args: Literal[]) =
    let strides = Shape.strides ty.Shape
    let target = zeros ty
    let mutable start = 0

    for arg in args do
        write (offsets arg.Type.Shape strides (start * strides[axis])) arg.Data target
        start <- start + arg.Type.Shape[axis]

    target

let private pad (low: int[]) (ty: TensorType) (x: Literal) =
    let strides = Shape.strides ty.Shape
    let target = zeros ty
    write (offsets x.Type.Shape strides (offset low strides)) x.Data target
    target

/// Rearrangements; `ty` is the type of the result.
let move op (ty: TensorType) (args: Literal[]) =
    let strides = Shape.strides args[0].Type.Shape
    let from shape strides start = read (offsets shape strides start) args[0].Data

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

let private addAt (positions: int[]) (x: Storage) (u: Storage) =
    match copy x, u with
    | Storage.F64 target, Storage.F64 u ->
        positions |> Array.iteri (fun i p -> target[p] <- target[p] + u[i])
        Storage.F64 target
    | Storage.I32 target, Storage.I32 u ->
        positions |> Array.iteri (fun i p -> target[p] <- target[p] + u[i])
        Storage.I32 target
    | _ -> Errors.bug "ReferenceArrays.addAt" "element types differ after the types were checked"

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
    | IndexOp.Take axis -> read (takePositions axis x.Type.Shape (Literal.ints args[1])) x.Data
    | IndexOp.ScatterAdd axis -> addAt (takePositions axis x.Type.Shape (Literal.ints args[1])) x.Data args[2].Data
    | IndexOp.DynamicSlice sizes -> read (blockPositions x.Type.Shape (Shape.ofArray sizes) args[1..]) x.Data
    | IndexOp.DynamicUpdate ->
        let target = copy x.Data
        write (blockPositions x.Type.Shape args[1].Type.Shape args[2..]) args[1].Data target
        target

let private fold f (initial: 'a) count (into: int[]) (x: 'a[]) =
    let result = Array.create count initial

    for i in 0 .. x.Length - 1 do
        result[into[i]] <- f result[into[i]] x[i]

    result

/// Reductions: a fold from the neutral element, in row-major order.
let reduce op (axes: int[]) (ty: TensorType) (x: Literal) =
    let outStrides = Shape.strides ty.Shape
    let kept = Array.except axes [| 0 .. x.Type.Shape.Rank - 1 |]
    let strides = Array.zeroCreate x.Type.Shape.Rank
    kept |> Array.iteri (fun position axis -> strides[axis] <- outStrides[position])
    let into = offsets x.Type.Shape strides 0
    let n = ty.Shape.Count

    match op, x.Data with
    | ReduceOp.Sum, Storage.F64 x -> Storage.F64(fold (+) 0.0 n into x)
    | ReduceOp.Prod, Storage.F64 x -> Storage.F64(fold (*) 1.0 n into x)
    | ReduceOp.Max, Storage.F64 x -> Storage.F64(fold (fun a b -> Math.Max(a, b)) -infinity n into x)
    | ReduceOp.Min, Storage.F64 x -> Storage.F64(fold (fun a b -> Math.Min(a, b)) infinity n into x)
    | ReduceOp.Sum, Storage.I32 x -> Storage.I32(fold (+) 0 n into x)
    | ReduceOp.Prod, Storage.I32 x -> Storage.I32(fold (*) 1 n into x)
    | ReduceOp.Max, Storage.I32 x -> Storage.I32(fold max Int32.MinValue n into x)
    | ReduceOp.Min, Storage.I32 x -> Storage.I32(fold min Int32.MaxValue n into x)
    | ReduceOp.Any, Storage.Bool x -> Storage.Bool(fold (||) false n into x)
    | ReduceOp.All, Storage.Bool x -> Storage.Bool(fold (&&) true n into x)
    | _ -> Errors.bug "ReferenceArrays.reduce" $"{op} of {x.Type} after the types were checked"

/// A fold along an axis from this state; `show` gives the element for the state after each step.
let private running step (initial: 's) (show: 's -> 'a) (struct (outer, extent, inner)) reverse (x: 'a[]) : 'a[] =
    let result = Array.copy x

    for o in 0 .. outer - 1 do
        for i in 0 .. inner - 1 do
            let mutable state = initial

            for turn in 0 .. extent - 1 do
                let k = if reverse then extent - 1 - turn else turn
                let at = (o * extent + k) * inner + i
                state <- step state x[at]
                result[at] <- show state

    result

/// The largest so far and the sum of e^(x - largest). Equal infinities differ by nothing here.
let private addExponential (struct (top: float, total: float)) (x: float) =
    let shrink = VectorMath.Exp(-(if top = x then 0.0 else Math.Abs(top - x)))
    let total = if x > top then total * shrink + 1.0 else total + shrink
    struct (Math.Max(top, x), total)

/// Running sums, products, ... along an axis.
let cumulate op axis reverse (x: Literal) =
    let parts = around axis x.Type.Shape

    match op, x.Data with
    | CumulateOp.Sum, Storage.F64 data -> Storage.F64(running (+) 0.0 id parts reverse data)
    | CumulateOp.Prod, Storage.F64 data -> Storage.F64(running (*) 1.0 id parts reverse data)
    | CumulateOp.Max, Storage.F64 data ->
        Storage.F64(running (fun a b -> Math.Max(a, b)) -infinity id parts reverse data)
    | CumulateOp.Min, Storage.F64 data ->
        Storage.F64(running (fun a b -> Math.Min(a, b)) infinity id parts reverse data)
    | CumulateOp.LogSumExp, Storage.F64 data ->
        let logarithm (struct (top: float, total: float)) = top + VectorMath.Log total
        Storage.F64(running addExponential (struct (-infinity, 0.0)) logarithm parts reverse data)
    | CumulateOp.Sum, Storage.I32 data -> Storage.I32(running (+) 0 id parts reverse data)
    | CumulateOp.Prod, Storage.I32 data -> Storage.I32(running (*) 1 id parts reverse data)
    | CumulateOp.Max, Storage.I32 data -> Storage.I32(running max Int32.MinValue id parts reverse data)
    | CumulateOp.Min, Storage.I32 data -> Storage.I32(running min Int32.MaxValue id parts reverse data)
    | _ -> Errors.bug "ReferenceArrays.cumulate" $"{op} of {x.Type} after the types were checked"

/// The general dot product, each sum in row-major order of the contracted axes.
let contract (axes: DotAxes) (ty: TensorType) (x: Literal) (y: Literal) =
    let left, right = Shape.strides x.Type.Shape, Shape.strides y.Type.Shape
    let pick (strides: int[]) (of': int[]) = Array.map (fun axis -> strides[axis]) of'

    let free (shape: Shape) batch contracted = [| 0 .. shape.Rank - 1 |] |> Array.except (Array.append batch contracted)

    let freeLeft = free x.Type.Shape axes.BatchLeft axes.ContractLeft
    let freeRight = free y.Type.Shape axes.BatchRight axes.ContractRight
    let still (other: int[]) = Array.zeroCreate<int> other.Length

    let leftStart =
        offsets ty.Shape (Array.concat [ pick left axes.BatchLeft; pick left freeLeft; still freeRight ]) 0

    let rightStart =
        offsets ty.Shape (Array.concat [ pick right axes.BatchRight; still freeLeft; pick right freeRight ]) 0

    let summed = Shape.ofArray (Array.map (fun axis -> x.Type.Shape[axis]) axes.ContractLeft)
    let leftStep = offsets summed (pick left axes.ContractLeft) 0
    let rightStep = offsets summed (pick right axes.ContractRight) 0
    let x, y = Literal.floats x, Literal.floats y

    Storage.F64(
        Array.init leftStart.Length (fun i ->
            let mutable sum = 0.0

            for k in 0 .. leftStep.Length - 1 do
                sum <- sum + x[leftStart[i] + leftStep[k]] * y[rightStart[i] + rightStep[k]]

            sum)
    )

/// The lower Cholesky factor of the n x n matrix at `start`, column by column. NaN as a pivot spreads to the whole
/// lower triangle from that column on.
let private choleskyAt (a: float[]) (l: float[]) n start =
    let at i j = start + i * n + j

    for j in 0 .. n - 1 do
        for i in j .. n - 1 do
            let mutable rest = a[at i j]

            for k in 0 .. j - 1 do
                rest <- rest - l[at i k] * l[at j k]

            l[at i j] <-
                if i > j then rest / l[at j j]
                elif rest > 0.0 then Math.Sqrt rest
                else nan

/// Forward or backward substitution for one matrix (at `start` of l) and one column of right-hand sides.
let private solveColumn (l: float[]) (x: float[]) n k start column lower transpose =
    let entry i j = if transpose then l[start + j * n + i] else l[start + i * n + j]
    let forward = lower <> transpose

    for step in 0 .. n - 1 do
        let i = if forward then step else n - 1 - step
        let mutable rest = x[column + i * k]

        for before in 0 .. step - 1 do
            let j = if forward then before else n - 1 - before
            rest <- rest - entry i j * x[column + j * k]

        x[column + i * k] <- rest / entry i i

/// Factorisations and solves, one matrix after the other.
let factor op (args: Literal[]) =
    let shape = args[0].Type.Shape
    let n = shape[shape.Rank - 1]
    let matrices = Array.fold (*) 1 (shape.ToArray()[.. shape.Rank - 3])
    let a = Literal.floats args[0]

    match op with
    | FactorOp.Cholesky ->
        let l = Array.zeroCreate a.Length

        for m in 0 .. matrices - 1 do
            choleskyAt a l n (m * n * n)

        Storage.F64 l
    | FactorOp.TriangularSolve(lower, transpose) ->
        let k = args[1].Type.Shape[shape.Rank - 1]
        let x = Array.copy (Literal.floats args[1])

        for m in 0 .. matrices - 1 do
            for column in 0 .. k - 1 do
                solveColumn a x n k (m * n * n) (m * n * k + column) lower transpose

        Storage.F64 x
