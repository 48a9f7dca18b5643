// Batching rules for lanes along a new last axis. Axes of the operation keep their numbers, so most rules are shorter than those
// for the first axis; operations that end in axes of their own (factors, windows) go through the rule for the first axis.
// Relies on Batching. Read Vmap next, which walks programs with these rules and has those of control flow.
module internal Ppl.Core.Transforms.BatchingLast

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Lanes

let private axisOf n = { Count = n; Place = LanePlace.Last }
let private spread n = Lanes.spread (axisOf n)
let private each n primitive (args: Lane[]) = Bind.one primitive (args |> Array.map (spread n))
let private last (x: Tensor) = x.Shape.Rank - 1

let private toFirst (x: Lane) = if x.Varies then varying (moveAxis (last x.Value) 0 x.Value) else x
let private toLast (x: Tensor) = moveAxis 0 (last x) x

/// By the rule for lanes along the first axis.
let private viaFirst n primitive (args: Lane[]) = toLast (Batching.simple n primitive (Array.map toFirst args))

let private move n op (args: Lane[]) =
    let behind (x: int) (rest: int[]) = Array.append rest [| x |]
    let along op = each n (Primitive.Move op) args

    match op with
    | MoveOp.Reshape shape -> along (MoveOp.Reshape((axisOf n).Add shape))
    | MoveOp.Transpose permutation -> along (MoveOp.Transpose(behind permutation.Length permutation))
    | MoveOp.Broadcast(shape, axes) -> along (MoveOp.Broadcast((axisOf n).Add shape, behind shape.Rank axes))
    | MoveOp.Slice(start, limit, stride) -> along (MoveOp.Slice(behind 0 start, behind n limit, behind 1 stride))
    | MoveOp.Pad(low, high) -> along (MoveOp.Pad(behind 0 low, behind 0 high))
    | MoveOp.Concat _
    | MoveOp.Reverse _ -> along op
    | MoveOp.Windows _ -> viaFirst n (Primitive.Move op) args

/// Sums of products of two vectors that both vary stay in their lanes; a matrix is shared by all lanes or goes first.
let private contract n (axes: DotAxes) (x: Lane) (y: Lane) =
    let all (x: Lane) (contracted: int[]) = x.Value.Shape.Rank = contracted.Length + 1
    let isInner = all x axes.ContractLeft && all y axes.ContractRight

    if x.Varies && y.Varies && isInner then
        let rank = axes.ContractLeft.Length
        // Axis ContractRight[i] of y meets axis ContractLeft[i] of x.
        let order = Array.init (rank + 1) id
        Array.iter2 (fun left right -> order[left] <- right) axes.ContractLeft axes.ContractRight
        Ops.sumAlong (Array.init rank id) (x.Value * Ops.transpose order y.Value)
    elif y.Varies && not x.Varies then
        // The lanes are the last of the free axes of y, which come last.
        Ops.dotGeneral axes x.Value y.Value
    elif x.Varies && not y.Varies then
        // The lanes are the last of the free axes of x.
        let result = Ops.dotGeneral axes x.Value y.Value
        moveAxis (x.Value.Shape.Rank - axes.ContractLeft.Length - 1) (last result) result
    else
        viaFirst n (Primitive.Contract axes) [| x; y |]

/// Every place asks whether the block covers it: lanes write different places with one selection.
let private dynamicUpdate n (x: Lane) (u: Lane) (starts: Lane[]) =
    let target, block = spread n x, spread n u
    let shape = target.Shape
    let isRow axis = block.Shape[axis] = 1 && shape[axis] <> 1
    let partial = Array.init starts.Length id |> Array.filter (fun axis -> block.Shape[axis] <> shape[axis])

    if Array.contains 0 (block.Shape.ToArray()) || not (Array.forall isRow partial) then
        viaFirst n (Primitive.Index IndexOp.DynamicUpdate) (Array.append [| x; u |] starts)
    else
        let covers axis =
            let start = spread n starts[axis]
            let limit = Ops.fill (TensorType.scalar start.DType) (float (shape[axis] - 1))
            let first = Ops.max (Ops.min start limit) (Ops.zeros (TensorType.scalar start.DType))
            let places = Bind.one (Primitive.Iota(TensorType.create start.DType shape, axis)) [||]
            Ops.equal places (Ops.broadcastAlong shape [| shape.Rank - 1 |] first)

        if partial.Length = 0 then
            block
        else
            Ops.select (partial |> Array.map covers |> Array.reduce Ops.logicalAnd) (Ops.broadcastTo shape block) target

/// Blocks of one row per lane of a tensor that varies: places in the flat tensor, at which it is read.
let private dynamicSlice n (sizes: int[]) (x: Lane) (starts: Lane[]) =
    let extents = Array.append (x.Value.Shape.ToArray()) (if x.Varies then [||] else [| n |])
    let block = (axisOf n).Add(Shape.ofArray sizes)
    let strides = Shape.strides (Shape.ofArray (if x.Varies then extents else extents[.. sizes.Length - 1]))
    let index = (spread n starts[0]).DType
    let number (k: int) = Ops.fill (TensorType.scalar index) (float k)
    let iota axis = Bind.one (Primitive.Iota(TensorType.create index block, axis)) [||]

    let along axis (start: Lane) =
        let places =
            if sizes[axis] = extents[axis] then
                iota axis
            else
                let first = Ops.max (Ops.min (spread n start) (number (extents[axis] - sizes[axis]))) (number 0)
                Ops.broadcastAlong block [| sizes.Length |] first + iota axis

        places * number strides[axis]

    let within = starts |> Array.mapi along |> Array.reduce (+)
    let places = if x.Varies then within + iota sizes.Length else within
    Ops.take 0 places (Ops.flatten x.Value)

let private index n op (args: Lane[]) =
    let rest = args[1..]
    // The starts of a block that is the same for all lanes, and has all of them.
    let common (starts: Lane[]) = Array.append (starts |> Array.map _.Value) [| Tensor.OfInt 0 |]

    match op with
    | IndexOp.Take axis when not args[1].Varies -> Ops.take axis args[1].Value args[0].Value
    | IndexOp.Take axis when not args[0].Varies && axis = args[0].Value.Shape.Rank - 1 ->
        Ops.take axis args[1].Value args[0].Value
    | IndexOp.Take 0 when args[0].Varies && args[0].Value.Shape.Rank = 2 && args[1].Value.Shape.Rank = 1 ->
        // One element per lane of vectors.
        let picked = dynamicSlice n [| 1 |] args[0] [| args[1] |]
        Ops.reshape (Shape.ofList [ n ]) picked
    | IndexOp.DynamicSlice sizes when sizes.Length > 0 && rest |> Array.exists _.Varies ->
        dynamicSlice n sizes args[0] rest
    | IndexOp.DynamicSlice sizes -> Ops.dynamicSlice (Array.append sizes [| n |]) (common rest) args[0].Value
    | IndexOp.DynamicUpdate when args[2..] |> Array.exists _.Varies -> dynamicUpdate n args[0] args[1] args[2..]
    | IndexOp.DynamicUpdate -> Ops.dynamicUpdate (common args[2..]) (spread n args[1]) (spread n args[0])
    | _ -> viaFirst n (Primitive.Index op) args

/// The result of an equation without sub-programs in n lanes, along its last axis.
let simple n primitive (args: Lane[]) : Tensor =
    match primitive with
    | Primitive.Unary _
    | Primitive.Binary _
    | Primitive.Special _
    | Primitive.Compare _
    | Primitive.Select
    | Primitive.Convert _
    | Primitive.Reduce _
    | Primitive.Cumulate _ -> each n primitive args
    | Primitive.Order op ->
        match op with
        | OrderOp.SearchSorted _ -> viaFirst n primitive args
        | _ -> each n primitive args
    | Primitive.Move op -> move n op args
    | Primitive.Index op -> index n op args
    | Primitive.Contract axes -> contract n axes args[0] args[1]
    | Primitive.Factor _
    | Primitive.Fourier _
    | Primitive.Random _
    | Primitive.Constant _
    | Primitive.Iota _
    | Primitive.Custom _
    | Primitive.Control _ -> viaFirst n primitive args

/// The results of an operation from outside in n lanes, along their last axes.
let custom n (op: ICustomOperation) (args: Lane[]) : Tensor[] =
    Batching.custom n op (Array.map toFirst args) |> Array.map toLast
