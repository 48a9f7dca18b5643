// Batching rules: what one equation becomes when its arguments have the lanes along a new first axis,
//   y_b = f(x_b) for every lane b,
// with the same operations on the same numbers in the same order in each lane. At least one argument varies.
// Relies on Lanes. Read BatchingLast next: the rules for lanes along the last axis.
module internal Ppl.Core.Transforms.Batching

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Lanes

let private spread n = Lanes.spread (inFront n)
let private after (axes: int[]) = Array.map ((+) 1) axes
let private front x (rest: 'a[]) = Array.append [| x |] rest

/// The rule of operations that keep to their own axes: all arguments in every lane.
let private each n primitive (args: Lane[]) = Bind.one primitive (args |> Array.map (spread n))

/// A scan over the lanes.
let private oneByOne n primitive (args: Lane[]) : Tensor[] =
    let sequences = args |> Array.filter _.Varies |> Array.map _.Value
    let places = args |> Array.scan (fun at x -> if x.Varies then at + 1 else at) 0

    let step _ (slices: Tensor[]) =
        let arguments = args |> Array.mapi (fun i x -> if x.Varies then slices[places[i]] else x.Value)
        [||], Bind.many primitive arguments

    snd (Control.scanBy false n step [||] sequences)

let private move n op (args: Lane[]) =
    let shifted =
        match op with
        | MoveOp.Reshape shape -> MoveOp.Reshape(Shape.prepend n shape)
        | MoveOp.Transpose permutation -> MoveOp.Transpose(front 0 (after permutation))
        | MoveOp.Broadcast(shape, axes) -> MoveOp.Broadcast(Shape.prepend n shape, front 0 (after axes))
        | MoveOp.Slice(start, limit, stride) -> MoveOp.Slice(front 0 start, front n limit, front 1 stride)
        | MoveOp.Pad(low, high) -> MoveOp.Pad(front 0 low, front 0 high)
        | MoveOp.Concat axis -> MoveOp.Concat(axis + 1)
        | MoveOp.Reverse axes -> MoveOp.Reverse(after axes)
        | MoveOp.Windows(axes, sizes, strides, dilations) -> MoveOp.Windows(after axes, sizes, strides, dilations)

    each n (Primitive.Move shifted) args

let private order n op (args: Lane[]) =
    let along op = each n (Primitive.Order op) args

    match op with
    | OrderOp.Sort axis -> along (OrderOp.Sort(axis + 1))
    | OrderOp.ArgSort axis -> along (OrderOp.ArgSort(axis + 1))
    | OrderOp.ArgMax axis -> along (OrderOp.ArgMax(axis + 1))
    | OrderOp.ArgMin axis -> along (OrderOp.ArgMin(axis + 1))
    | OrderOp.SearchSorted _ when not args[0].Varies ->
        // One table for all lanes: their values are looked up together.
        let last = args[0].Value.Shape.Rank - 1
        let values = moveAxis 0 last args[1].Value
        let extents = values.Shape.ToArray()
        let joined = Array.append extents[.. last - 1] [| extents[last] * extents[last + 1] |]

        let places =
            Bind.one (Primitive.Order op) [| args[0].Value; Ops.reshape (Shape.ofArray joined) values |]

        moveAxis last 0 (Ops.reshape values.Shape places)
    | OrderOp.SearchSorted _ -> along op

// ---- indices that differ between lanes: the lanes and the axis become one axis, and each index gets the start of its lane

let private number (like: Tensor) (k: int) = Ops.fill (TensorType.scalar like.DType) (float k)

/// i, at least 0 and at most the last one.
let private clamp (last: int) (i: Tensor) = Ops.max (Ops.min i (number i last)) (number i 0)

/// 0, 1, ... along one axis of a shape.
let private iota (like: Tensor) (shape: Shape) axis =
    Bind.one (Primitive.Iota(TensorType.create like.DType shape, axis)) [||]

/// Where index i[b, ..] of lane b is, when each lane has this many places.
let private placed extent (i: Tensor) = clamp (extent - 1) i + iota i i.Shape 0 * number i extent

/// x[n, outer.., extent, inner..] as [n extent, outer.., inner..].
let private rows axis (x: Tensor) =
    let moved = moveAxis (axis + 1) 1 x
    let extents = moved.Shape.ToArray()
    Ops.reshape (Shape.ofArray (front (extents[0] * extents[1]) extents[2..])) moved

/// The places of the axes n, outer.., indices.., inner.. among n, indices.., outer.., inner..
let private behind outer indices rank =
    Array.concat
        [ [| 0 |]; [| indices + 1 .. indices + outer |]; [| 1..indices |]; [| indices + outer + 1 .. rank - 1 |] ]

let private take n axis (x: Lane) (i: Lane) =
    if not i.Varies then
        Ops.take (axis + 1) i.Value x.Value
    elif not x.Varies then
        moveAxis axis 0 (Ops.take axis i.Value x.Value)
    else
        let taken = Ops.take 0 (placed x.Value.Shape[axis + 1] i.Value) (rows axis (spread n x))
        Ops.transpose (behind axis (i.Value.Shape.Rank - 1) taken.Shape.Rank) taken

let private scatterAdd n axis (x: Lane) (i: Lane) (u: Lane) =
    let target, updates = spread n x, spread n u

    if not i.Varies then
        Ops.scatterAdd (axis + 1) i.Value updates target
    else
        let order = Derivatives.inverse (behind axis (i.Value.Shape.Rank - 1) updates.Shape.Rank)
        let places = placed target.Shape[axis + 1] i.Value
        let added = Ops.scatterAdd 0 places (Ops.transpose order updates) (rows axis target)
        moveAxis 1 (axis + 1) (Ops.reshape (moveAxis (axis + 1) 1 target).Shape added)

let private starts n (args: Lane[]) = args |> Array.map (spread n)

/// The first index of a block of this size along an axis of this extent, in each lane.
let private firstOf extent size (start: Tensor) = clamp (extent - size) start

/// Blocks are rows of the axes up to the last one that they do not fill.
let private dynamicSlice n (sizes: int[]) (x: Lane) (args: Lane[]) =
    let extents = (typeInLane x).Shape.ToArray()

    match Array.tryFindIndexBack id (Array.map2 (<>) sizes extents) with
    | None -> spread n x
    | Some last ->
        let leading = Shape.ofArray extents[..last]
        let strides = Shape.strides leading
        let block = Shape.ofArray (front n sizes[..last])

        let offset axis (start: Tensor) =
            let first = Ops.broadcastAlong block [| 0 |] (firstOf extents[axis] sizes[axis] start)
            (first + iota start block (axis + 1)) * number start strides[axis]

        let within = starts n args[..last] |> Array.mapi offset |> Array.reduce (+)

        if x.Varies then
            let places = within + iota within block 0 * number within leading.Count
            Ops.take 0 places (Ops.reshape (Shape.ofArray (front (n * leading.Count) extents[last + 1 ..])) x.Value)
        else
            Ops.take 0 within (Ops.reshape (Shape.ofArray (front leading.Count extents[last + 1 ..])) x.Value)

/// Every place of x asks whether the block covers it, and with which element.
let private dynamicUpdate n (x: Lane) (u: Lane) (args: Lane[]) =
    let target, block = spread n x, spread n u
    let shape = target.Shape
    let sizes = (Shape.tail block.Shape).ToArray()
    let partial = Array.init sizes.Length id |> Array.filter (fun axis -> sizes[axis] <> shape[axis + 1])

    // Where each place of an axis is in the block.
    let offsets axis =
        let extent = shape[axis + 1]
        let start = spread n args[axis]
        let places = Shape.ofList [ n; extent ]
        iota start places 1 - Ops.broadcastAlong places [| 0 |] (firstOf extent sizes[axis] start)

    let along axis (p: Tensor) = Ops.broadcastAlong shape [| 0; axis + 1 |] p

    let stretch (block: Tensor) axis =
        if sizes[axis] = 1 then
            let extents = block.Shape.ToArray()
            extents[axis + 1] <- shape[axis + 1]
            Ops.broadcastTo (Shape.ofArray extents) block
        else
            take n axis (varying block) (varying (offsets axis))

    let inside axis =
        let o = offsets axis
        along axis (Ops.logicalAnd (Ops.greaterEqual o (number o 0)) (Ops.less o (number o sizes[axis])))

    if Array.contains 0 sizes then
        target
    elif partial.Length = 0 then
        block
    else
        let covered = partial |> Array.map inside |> Array.reduce Ops.logicalAnd
        Ops.select covered (Array.fold stretch block partial) target

let private index n op (args: Lane[]) =
    let fixedStarts (starts: Lane[]) = front (Tensor.OfInt 0) (starts |> Array.map _.Value)

    match op with
    | IndexOp.Take axis -> take n axis args[0] args[1]
    | IndexOp.ScatterAdd axis -> scatterAdd n axis args[0] args[1] args[2]
    | IndexOp.DynamicSlice sizes ->
        if args[1..] |> Array.exists _.Varies then
            dynamicSlice n sizes args[0] args[1..]
        else
            Ops.dynamicSlice (front n sizes) (fixedStarts args[1..]) args[0].Value
    | IndexOp.DynamicUpdate ->
        if args[2..] |> Array.exists _.Varies then
            dynamicUpdate n args[0] args[1] args[2..]
        else
            Ops.dynamicUpdate (fixedStarts args[2..]) (spread n args[1]) (spread n args[0])

// ---- linear algebra

let private contract (axes: DotAxes) (x: Lane) (y: Lane) =
    let left = if x.Varies then after else id
    let right = if y.Varies then after else id
    let both = x.Varies && y.Varies

    let result =
        Ops.dotGeneral
            {
                BatchLeft = if both then front 0 (left axes.BatchLeft) else left axes.BatchLeft
                BatchRight = if both then front 0 (right axes.BatchRight) else right axes.BatchRight
                ContractLeft = left axes.ContractLeft
                ContractRight = right axes.ContractRight
            }
            x.Value
            y.Value

    // The lanes of one operand alone are the first of its free axes.
    if both then result
    elif x.Varies then moveAxis axes.BatchLeft.Length 0 result
    else moveAxis (x.Value.Shape.Rank - axes.ContractLeft.Length) 0 result

/// One matrix for all lanes: their right-hand sides are columns of one.
let private solveShared op (l: Tensor) (b: Tensor) =
    let rank = b.Shape.Rank
    let columns = moveAxis 0 (rank - 2) b
    let extents = columns.Shape.ToArray()
    let joined = Array.append extents[.. rank - 3] [| extents[rank - 2] * extents[rank - 1] |]
    let x = Bind.one (Primitive.Factor op) [| l; Ops.reshape (Shape.ofArray joined) columns |]
    moveAxis (rank - 2) 0 (Ops.reshape columns.Shape x)

let private factor n op (args: Lane[]) =
    match op with
    | FactorOp.TriangularSolve _
    | FactorOp.Solve _ when not args[0].Varies -> solveShared op args[0].Value args[1].Value
    | _ -> each n (Primitive.Factor op) args

/// The result of an equation without sub-programs in n lanes, along its first axis.
let simple n primitive (args: Lane[]) : Tensor =
    match primitive with
    | Primitive.Unary _
    | Primitive.Binary _
    | Primitive.Special _
    | Primitive.Compare _
    | Primitive.Select
    | Primitive.Convert _ -> each n primitive args
    | Primitive.Reduce(op, axes) -> each n (Primitive.Reduce(op, after axes)) args
    | Primitive.Cumulate(op, axis, reverse) -> each n (Primitive.Cumulate(op, axis + 1, reverse)) args
    | Primitive.Order op -> order n op args
    | Primitive.Move op -> move n op args
    | Primitive.Index op -> index n op args
    | Primitive.Contract axes -> contract axes args[0] args[1]
    | Primitive.Factor op -> factor n op args
    | Primitive.Fourier _ -> each n primitive args
    // The keys of the lanes are independent: nothing is gained by drawing for all at once.
    | Primitive.Random _ -> (oneByOne n primitive args)[0]
    | Primitive.Constant _
    | Primitive.Iota _ -> Errors.bug "Batching.simple" "there is no argument that could differ between lanes"
    | Primitive.Control _
    | Primitive.Custom _ -> Errors.bug "Batching.simple" "control flow and operations from outside have their own rules"

/// The results of an operation from outside in n lanes, along their first axes: by its rule, or lane by lane.
let custom n (op: ICustomOperation) (args: Lane[]) : Tensor[] =
    match op.Batch(n, args |> Array.map typeInLane, args |> Array.map _.Varies) with
    | Some rule -> Trace.replay rule (args |> Array.map _.Value)
    | None -> oneByOne n (Primitive.Custom op) args
