// Reverse-mode rules: from the cotangents of an equation's results to those of its arguments, written with tensor
// operations, so that they can be traced, differentiated and batched in their turn.
//   y = f(x), cotangent c of y:  c of x = (dy/dx)' c
// Only the cotangents that are wanted are computed: there is no work for data.
// Relies on Derivatives and AlongRules. Read Grad next, which walks a program backwards with these rules.
module internal Ppl.Core.Transforms.Vjp

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Derivatives

let private reduce op axes (x: Tensor) (y: Tensor) (c: Tensor) =
    match op with
    | ReduceOp.Sum -> Some(spread axes x c)
    | ReduceOp.Prod -> Some(spread axes x c * productOfOthers axes x)
    | ReduceOp.Max
    | ReduceOp.Min ->
        // Ties share the cotangent.
        let hit, count = extremes axes x y
        Some(hit * spread axes x (c / count))
    | ReduceOp.Any
    | ReduceOp.All -> None

/// The transpose of a strided slice: the cotangent at the places that were read, zeros elsewhere.
let private unslice (start: int[]) (stride: int[]) (x: Tensor) (c: Tensor) =
    if Array.forall ((=) 1) stride then
        let high = Array.init x.Shape.Rank (fun axis -> x.Shape[axis] - start[axis] - c.Shape[axis])
        Ops.pad start high c
    else
        let scatter (c: Tensor) axis =
            let extents = c.Shape.ToArray()
            let places = Array.init extents[axis] (fun i -> start[axis] + i * stride[axis])
            extents[axis] <- x.Shape[axis]
            let target = Ops.zeros (TensorType.create c.DType (Shape.ofArray extents))
            Ops.scatterAdd axis (Tensor.OfInts places) c target

        Seq.fold scatter c (seq { 0 .. x.Shape.Rank - 1 })

let private unbroadcast (shape: Shape) (axes: int[]) (x: Tensor) (c: Tensor) =
    let repeated axis =
        match Array.tryFindIndex ((=) axis) axes with
        | None -> true
        | Some own -> x.Shape[own] <> shape[axis]

    let summed = Array.init shape.Rank id |> Array.filter repeated
    Ops.reshape x.Shape (Ops.sumAlong summed c)

/// The transpose of windows: each window is added where it was read. With every window axis behind its own axis, the two
/// together are the indices of a scatter; from the last one on, what follows an axis is whole again and moves as a block.
let private overlapAdd (axes: int[]) (sizes: int[]) (strides: int[]) (dilations: int[]) (x: Tensor) (c: Tensor) =
    let rank = x.Shape.Rank
    let windowOf axis = System.Array.IndexOf(axes, axis)

    let order =
        [|
            for axis in 0 .. rank - 1 do
                axis

                if windowOf axis >= 0 then
                    rank + windowOf axis
        |]

    let scatter (c: Tensor) axis =
        let i = windowOf axis
        let place = System.Array.IndexOf(order, axis)
        let extents = c.Shape.ToArray()
        let count, size = extents[place], sizes[i]
        let read at = at / size * strides[i] + at % size * dilations[i]
        let places = Tensor.OfInts(Array.init (count * size) read)
        let target = Array.concat [ extents[.. place - 1]; [| x.Shape[axis] |]; extents[place + 2 ..] ]

        Ops.scatterAdd
            place
            (Ops.reshape (Shape.ofList [ count; size ]) places)
            c
            (Ops.zeros (TensorType.create c.DType (Shape.ofArray target)))

    axes |> Array.sortDescending |> Array.fold scatter (Ops.transpose order c)

let private move op (xs: Tensor[]) (c: Tensor) : Tensor option[] =
    match op with
    | MoveOp.Reshape _ -> [| Some(Ops.reshape xs[0].Shape c) |]
    | MoveOp.Transpose permutation -> [| Some(Ops.transpose (inverse permutation) c) |]
    | MoveOp.Broadcast(shape, axes) -> [| Some(unbroadcast shape axes xs[0] c) |]
    | MoveOp.Slice(start, _, stride) -> [| Some(unslice start stride xs[0] c) |]
    | MoveOp.Pad(low, _) ->
        let limit = Array.mapi (fun axis l -> l + xs[0].Shape[axis]) low
        [| Some(Ops.sliceBy low limit (Array.map (fun _ -> 1) low) c) |]
    | MoveOp.Concat axis ->
        let ends = xs |> Array.scan (fun at x -> at + x.Shape[axis]) 0
        xs |> Array.mapi (fun i _ -> Some(Ops.slice axis ends[i] ends[i + 1] c))
    | MoveOp.Reverse axes -> [| Some(Ops.reverse axes c) |]
    | MoveOp.Windows(axes, sizes, strides, dilations) -> [| Some(overlapAdd axes sizes strides dilations xs[0] c) |]

/// The contribution to argument i, if it is wanted.
let inline private when' (wanted: bool[]) i ([<InlineIfLambda>] contribution: unit -> Tensor) =
    if wanted[i] then Some(contribution ()) else None

let private index op (wanted: bool[]) (xs: Tensor[]) (c: Tensor) : Tensor option[] =
    let results = xs |> Array.map (fun _ -> None)

    match op with
    | IndexOp.Take axis -> results[0] <- Some(Ops.scatterAdd axis xs[1] c (Ops.zerosLike xs[0]))
    | IndexOp.ScatterAdd axis ->
        results[0] <- Some c
        results[2] <- when' wanted 2 (fun () -> Ops.take axis xs[1] c)
    | IndexOp.DynamicSlice _ -> results[0] <- Some(Ops.dynamicUpdate xs[1..] c (Ops.zerosLike xs[0]))
    | IndexOp.DynamicUpdate ->
        let block = xs[1]
        results[0] <- when' wanted 0 (fun () -> Ops.dynamicUpdate xs[2..] (Ops.zerosLike block) c)
        results[1] <- when' wanted 1 (fun () -> Ops.dynamicSlice (block.Shape.ToArray()) xs[2..] c)

    results

/// For z = x . y: the cotangent of one operand is the contraction of c with the other over its free axes, with the
/// axes brought back into the operand's order.
let private contractOne (batch: int[]) (contract: int[]) (x: Tensor) otherBatch otherContract (y: Tensor) c freeAt =
    let free = keptAxes (Array.append batch contract) x.Shape.Rank
    let otherFree = keptAxes (Array.append otherBatch otherContract) y.Shape.Rank
    let b = batch.Length

    let axes =
        {
            BatchLeft = Array.init b id
            BatchRight = otherBatch
            ContractLeft = Array.init otherFree.Length (fun i -> freeAt + i)
            ContractRight = otherFree
        }

    // The result of c . y has the axes: batch, free of x, then the contracted axes of y in increasing order; that of y . c
    // has the latter first. The cotangent of a weight is x' c, which needs no transposition.
    let order = Array.sortBy (fun i -> (otherContract: int[])[i]) (Array.init contract.Length id)
    let contracted = order |> Array.map (fun i -> contract[i])

    if Array.concat [ batch; contracted; free ] = Array.init x.Shape.Rank id then
        Ops.dotGeneral
            {
                BatchLeft = axes.BatchRight
                BatchRight = axes.BatchLeft
                ContractLeft = axes.ContractRight
                ContractRight = axes.ContractLeft
            }
            y
            c
    else
        Ops.transpose (inverse (Array.concat [ batch; free; contracted ])) (Ops.dotGeneral axes c y)

let private contract (axes: DotAxes) wanted (x: Tensor) (y: Tensor) (c: Tensor) =
    let b = axes.BatchLeft.Length
    let freeLeft = x.Shape.Rank - b - axes.ContractLeft.Length

    [|
        when' wanted 0 (fun () ->
            contractOne axes.BatchLeft axes.ContractLeft x axes.BatchRight axes.ContractRight y c (b + freeLeft))
        when' wanted 1 (fun () ->
            contractOne axes.BatchRight axes.ContractRight y axes.BatchLeft axes.ContractLeft x c b)
    |]

/// a = Phi(G), G = S + S', S = L'^-1 Phi(L' b) L^-1. With H = Phi(c) + Phi(c)' and K = H L'^-1: the cotangent of Phi(L' b)
/// is L^-1 K, of which Y = Phi(L^-1 K) counts, and L^-1 on both sides of S gives -G K.
let private choleskyVjp (wanted: bool[]) (l: Tensor) (b: Tensor) (a: Tensor) (c: Tensor) =
    let phi = triangle true 0.5
    let lower = triangle true 1.0
    let k = swapLast (Ops.triangularSolve true false l (phi c + swapLast (phi c)))
    let y = phi (Ops.triangularSolve true false l k)
    let left () = lower (matmul (lower b) false y true - matmul (a + swapLast a) false k false)
    [| when' wanted 0 left; when' wanted 1 (fun () -> lower (matmul (lower l) false y false)) |]

/// op(L) X = B: the cotangent of B is op(L)'^-1 c, that of L is minus its product with X', in the triangle that is read.
let private triangularSolve lower transpose wanted (l: Tensor) (x: Tensor) (c: Tensor) =
    let right = Ops.triangularSolve lower (not transpose) l c

    let left () =
        let product = if transpose then matmul x false right true else matmul right false x true
        triangle lower 1.0 (-product)

    [| when' wanted 0 left; Some right |]

let private binary op (wanted: bool[]) x y z c =
    match Derivatives.binary op x y z with
    | Some(byLeft, byRight) -> [| when' wanted 0 (fun () -> byLeft c); when' wanted 1 (fun () -> byRight c) |]
    | None -> [| None; None |]

let private select (wanted: bool[]) p c =
    let zero = Ops.zerosLike c

    [| None; when' wanted 1 (fun () -> Ops.select p c zero); when' wanted 2 (fun () -> Ops.select p zero c) |]

/// The cotangents of the wanted arguments of an equation without sub-programs, from its arguments, its result and the
/// cotangent of that; none where it is zero.
let simple primitive (wanted: bool[]) (xs: Tensor[]) (y: Tensor) (c: Tensor) : Tensor option[] =
    match primitive with
    | Primitive.Unary op -> [| unary op xs[0] y |> Option.map (fun by -> by c) |]
    | Primitive.Binary op -> binary op wanted xs[0] xs[1] y c
    | Primitive.Special op -> special op xs |> Array.mapi (fun i by -> when' wanted i (fun () -> by c))
    | Primitive.Select -> select wanted xs[0] c
    | Primitive.Reduce(op, axes) -> [| reduce op axes xs[0] y c |]
    | Primitive.Cumulate(op, axis, reverse) -> [| Some(AlongRules.cumulateVjp op axis reverse xs[0] y c) |]
    | Primitive.Order(OrderOp.Sort axis) -> [| Some(AlongRules.sortVjp axis xs[0] c) |]
    | Primitive.Move op -> move op xs c
    | Primitive.Index op -> index op wanted xs c
    | Primitive.Contract axes -> contract axes wanted xs[0] xs[1] c
    | Primitive.Factor FactorOp.Cholesky -> [| Some(Ops.choleskyVjp y c) |]
    | Primitive.Factor FactorOp.CholeskyVjp -> choleskyVjp wanted xs[0] xs[1] y c
    | Primitive.Factor(FactorOp.TriangularSolve(lower, transpose)) -> triangularSolve lower transpose wanted xs[0] y c
    | Primitive.Factor op -> FactorRules.vjp op wanted xs y c
    // With y_re = C x_re + S x_im and y_im = C x_im - S x_re, C and S symmetric, the transpose is the other direction.
    | Primitive.Fourier inverse -> [| Some(Ops.fourier (not inverse) c) |]
    | Primitive.Convert dtype -> [| (if DType.isReal dtype then Some(Ops.convert xs[0].DType c) else None) |]
    | Primitive.Constant _
    | Primitive.Iota _
    | Primitive.Compare _
    | Primitive.Order _
    | Primitive.Random _ -> xs |> Array.map (fun _ -> None)
    | Primitive.Control _
    | Primitive.Custom _ -> Errors.bug "Vjp.simple" "control flow and operations from outside have their own rules"
