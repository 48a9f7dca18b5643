// Reverse-mode rules: from the cotangents of an equation's results to those of its arguments, written with tensor
// operations, so that they can be traced, differentiated and batched in their turn.
//   y = f(x), cotangent c of y:  c of x = (dy/dx)' c
// Relies on Ops and Control. Read Grad next, which walks a program backwards with these rules.
module Ppl.Core.Transforms.Vjp

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

let private twoOverSqrtPi = 2.0 / Math.Sqrt Math.PI
let private logSqrtTwoPi = 0.5 * Math.Log(2.0 * Math.PI)
let private normalDensity (x: Tensor) = Ops.exp (-0.5 * Ops.square x - logSqrtTwoPi)

/// The cotangent of x for y = op x, or none where the derivative is zero everywhere.
let private unary op (x: Tensor) (y: Tensor) (c: Tensor) : Tensor option =
    match op with
    | UnaryOp.Neg -> Some(-c)
    | UnaryOp.Abs -> Some(c * Ops.sign x)
    | UnaryOp.Reciprocal -> Some(-(c * Ops.square y))
    | UnaryOp.Square -> Some(c * (2.0 * x))
    | UnaryOp.Sqrt -> Some(c * (0.5 / y))
    | UnaryOp.Exp -> Some(c * y)
    | UnaryOp.Expm1 -> Some(c * (y + 1.0))
    | UnaryOp.Log -> Some(c / x)
    | UnaryOp.Log1p -> Some(c / (x + 1.0))
    | UnaryOp.Sin -> Some(c * Ops.cos x)
    | UnaryOp.Cos -> Some(-(c * Ops.sin x))
    | UnaryOp.Tanh -> Some(c * (1.0 - Ops.square y))
    | UnaryOp.Sigmoid -> Some(c * (y * (1.0 - y)))
    | UnaryOp.Softplus -> Some(c * Ops.sigmoid x)
    | UnaryOp.Erf -> Some(c * (twoOverSqrtPi * Ops.exp (-(Ops.square x))))
    | UnaryOp.Erfc -> Some(-(c * (twoOverSqrtPi * Ops.exp (-(Ops.square x)))))
    | UnaryOp.Lgamma -> Some(c * Ops.digamma x)
    | UnaryOp.Digamma -> Some(c * Ops.trigamma x)
    | UnaryOp.Trigamma -> Errors.notDifferentiable "trigamma" "its derivative is not a primitive"
    | UnaryOp.Ndtr -> Some(c * normalDensity x)
    | UnaryOp.LogNdtr -> Some(c * Ops.exp (-0.5 * Ops.square x - logSqrtTwoPi - y))
    | UnaryOp.Ndtri -> Some(c / normalDensity y)
    | UnaryOp.Sign
    | UnaryOp.Floor
    | UnaryOp.Not
    | UnaryOp.IsFinite
    | UnaryOp.IsNaN -> None

/// For the larger or smaller of two: the whole cotangent to the chosen one, half to each where they are equal.
let private chosen compare (x: Tensor) (y: Tensor) (c: Tensor) =
    let half = Ops.select (Ops.equal x y) (0.5 * c) (Ops.zerosLike c)
    let left = Ops.select (compare x y) c half
    Some left, Some(c - left)

let private binary op (x: Tensor) (y: Tensor) (z: Tensor) (c: Tensor) =
    match op with
    | BinaryOp.Add -> Some c, Some c
    | BinaryOp.Sub -> Some c, Some(-c)
    | BinaryOp.Mul -> Some(c * y), Some(c * x)
    | BinaryOp.Div ->
        let d = c / y
        Some d, Some(-(d * z))
    | BinaryOp.Pow ->
        // x^y ln x tends to 0 at x = 0 for y > 0, where ln alone is infinite.
        let positive = Ops.greater x (Ops.zerosLike x)
        let log = Ops.select positive (Ops.log (Ops.select positive x (Ops.onesLike x))) (Ops.zerosLike x)
        Some(c * (y * Ops.pow x (y - 1.0))), Some(c * (z * log))
    | BinaryOp.Max -> chosen Ops.greater x y c
    | BinaryOp.Min -> chosen Ops.less x y c
    | BinaryOp.Rem
    | BinaryOp.And
    | BinaryOp.Or
    | BinaryOp.Xor
    | BinaryOp.ShiftLeft
    | BinaryOp.ShiftRight -> None, None

let private keptAxes (axes: int[]) rank =
    Array.init rank id |> Array.filter (fun axis -> not (Array.contains axis axes))

/// Repeats a reduced tensor along the axes that were reduced.
let private spread (axes: int[]) (x: Tensor) (reduced: Tensor) =
    Ops.broadcastAlong x.Shape (keptAxes axes x.Shape.Rank) reduced

/// d prod / dx_i = the product of the others; with zeros among the factors it cannot be had by division.
let private product axes (x: Tensor) (c: Tensor) =
    let zero = Ops.equal x (Ops.zerosLike x)
    let others = Ops.select zero (Ops.onesLike x) x
    let rest = spread axes x (Ops.prodAlong axes others)
    let zeros = spread axes x (Ops.sumAlong axes (Ops.toFloat zero))
    let count n = Ops.equal zeros (Ops.fill x.Type n)
    let whenOne = Ops.select zero rest (Ops.zerosLike x)

    let derivative =
        Ops.select (count 0.0) (rest / others) (Ops.select (count 1.0) whenOne (Ops.zerosLike x))

    spread axes x c * derivative

let private reduce op axes (x: Tensor) (y: Tensor) (c: Tensor) =
    match op with
    | ReduceOp.Sum -> Some(spread axes x c)
    | ReduceOp.Prod -> Some(product axes x c)
    | ReduceOp.Max
    | ReduceOp.Min ->
        // Ties share the cotangent.
        let hit = Ops.toFloat (Ops.equal x (spread axes x y))
        Some(hit * spread axes x (c / Ops.sumAlong axes hit))
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

let private inverse (permutation: int[]) =
    let result = Array.zeroCreate permutation.Length
    permutation |> Array.iteri (fun i axis -> result[axis] <- i)
    result

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

let private index op (xs: Tensor[]) (c: Tensor) : Tensor option[] =
    let starts = xs[1..] |> Array.map (fun _ -> None)

    match op with
    | IndexOp.Take axis -> [| Some(Ops.scatterAdd axis xs[1] c (Ops.zerosLike xs[0])); None |]
    | IndexOp.ScatterAdd axis -> [| Some c; None; Some(Ops.take axis xs[1] c) |]
    | IndexOp.DynamicSlice _ -> Array.append [| Some(Ops.dynamicUpdate xs[1..] c (Ops.zerosLike xs[0])) |] starts
    | IndexOp.DynamicUpdate ->
        let block = xs[1]
        let outer = Ops.dynamicUpdate xs[2..] (Ops.zerosLike block) c
        let inner = Ops.dynamicSlice (block.Shape.ToArray()) xs[2..] c
        Array.append [| Some outer; Some inner |] starts[1..]

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

    // The result has the axes: batch, free of x, then the contracted axes of y in increasing order.
    let order = Array.sortBy (fun i -> (otherContract: int[])[i]) (Array.init contract.Length id)
    let layout = Array.concat [ batch; free; order |> Array.map (fun i -> contract[i]) ]
    Ops.transpose (inverse layout) (Ops.dotGeneral axes c y)

let private contract (axes: DotAxes) (x: Tensor) (y: Tensor) (c: Tensor) =
    let b = axes.BatchLeft.Length
    let freeLeft = x.Shape.Rank - b - axes.ContractLeft.Length

    let left =
        contractOne axes.BatchLeft axes.ContractLeft x axes.BatchRight axes.ContractRight y c (b + freeLeft)

    let right = contractOne axes.BatchRight axes.ContractRight y axes.BatchLeft axes.ContractLeft x c b
    Some left, Some right

/// op(a) op(b) on the last two axes.
let private matmul (a: Tensor) transposeA (b: Tensor) transposeB =
    let rank = a.Shape.Rank
    let batch = Array.init (rank - 2) id

    Ops.dotGeneral
        {
            BatchLeft = batch
            BatchRight = batch
            ContractLeft = [| (if transposeA then rank - 2 else rank - 1) |]
            ContractRight = [| (if transposeB then rank - 1 else rank - 2) |]
        }
        a
        b

/// Keeps one triangle of the last two axes; the diagonal is scaled.
let private triangle lower diagonal (x: Tensor) =
    let n = x.Shape[x.Shape.Rank - 1]

    let weight i =
        let row, column = i / n, i % n

        if row = column then diagonal
        elif (row > column) = lower then 1.0
        else 0.0

    let weights = Literal.create (Shape.ofList [ n; n ]) (Storage.F64(Array.init (n * n) weight))
    let mask = Ops.broadcastTo x.Shape (Tensor.OfLiteral weights)
    Ops.select (Ops.notEqual mask (Ops.zerosLike mask)) (x * mask) (Ops.zerosLike x)

let private swapLast (x: Tensor) =
    let rank = x.Shape.Rank
    let permutation = Array.init rank id
    permutation[rank - 1] <- rank - 2
    permutation[rank - 2] <- rank - 1
    Ops.transpose permutation x

/// Murray (2016), Differentiation of the Cholesky decomposition, eq. (10), for a factorisation that reads the lower
/// triangle: S = L'^-1 Phi(L' c) L^-1; the cotangent is the lower triangle of S + S' with the diagonal halved.
let private cholesky (l: Tensor) (c: Tensor) =
    let phi = triangle true 0.5 (matmul l true c false)
    let half = Ops.triangularSolve true true l phi
    let s = swapLast (Ops.triangularSolve true true l (swapLast half))
    Some(triangle true 0.5 (s + swapLast s))

let private triangularSolve lower transpose (l: Tensor) (x: Tensor) (c: Tensor) =
    let right = Ops.triangularSolve lower (not transpose) l c
    let product = if transpose then matmul x false right true else matmul right false x true
    Some(triangle lower 1.0 (-product)), Some right

/// The cotangents of the arguments of an equation without sub-programs: args, results, cotangents of the results.
let simple primitive (xs: Tensor[]) (ys: Tensor[]) (c: Tensor) : Tensor option[] =
    let pair (a, b) = [| a; b |]

    match primitive with
    | Primitive.Unary op -> [| unary op xs[0] ys[0] c |]
    | Primitive.Binary op -> pair (binary op xs[0] xs[1] ys[0] c)
    | Primitive.Select ->
        let zero = Ops.zerosLike c
        [| None; Some(Ops.select xs[0] c zero); Some(Ops.select xs[0] zero c) |]
    | Primitive.Reduce(op, axes) -> [| reduce op axes xs[0] ys[0] c |]
    | Primitive.Cumulate(CumulateOp.Sum, axis, reverse) ->
        [| Some(Bind.one (Primitive.Cumulate(CumulateOp.Sum, axis, not reverse)) [| c |]) |]
    | Primitive.Move op -> move op xs c
    | Primitive.Index op -> index op xs c
    | Primitive.Contract axes -> pair (contract axes xs[0] xs[1] c)
    | Primitive.Factor FactorOp.Cholesky -> [| cholesky ys[0] c |]
    | Primitive.Factor(FactorOp.TriangularSolve(lower, transpose)) ->
        pair (triangularSolve lower transpose xs[0] ys[0] c)
    | Primitive.Constant _
    | Primitive.Iota _
    | Primitive.Compare _
    | Primitive.Convert _
    | Primitive.Random _ -> xs |> Array.map (fun _ -> None)
    | Primitive.Control _ -> Errors.bug "Vjp.simple" "control flow has its own rules"
