// Derivatives of elementwise operations, and the few compound operations that the rules of Vjp and Jvp share.
// An elementwise operation has a diagonal Jacobian, which is its own transpose: one table serves both directions. Each
// entry is the linear map t -> t dy/dx, written so that it needs as little as possible beyond the result y.
// Relies on Ops. Read Activity next.
module internal Ppl.Core.Transforms.Derivatives

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

let private twoOverSqrtPi = 2.0 / Math.Sqrt Math.PI
let private logSqrtTwoPi = 0.5 * Math.Log(2.0 * Math.PI)
let private normalDensity (x: Tensor) = Ops.exp (-0.5 * Ops.square x - logSqrtTwoPi)

// ---- tangents and cotangents that may be absent, which means zero

/// a + b
let sum (a: Tensor option) (b: Tensor option) =
    match a, b with
    | Some a, Some b -> Some(a + b)
    | Some _, None -> a
    | None, _ -> b

/// t, or zeros like x.
let orZero (x: Tensor) (t: Tensor option) = Option.defaultWith (fun () -> Ops.zerosLike x) t

/// The items at the places of a mask.
let pick (mask: bool[]) (items: 'a[]) : 'a[] =
    items |> Array.indexed |> Array.filter (fun (i, _) -> mask[i]) |> Array.map snd

/// Items put back, in order, to the places of a mask.
let deal (mask: bool[]) (items: Tensor[]) : Tensor option[] =
    let place = mask |> Array.scan (fun n on -> if on then n + 1 else n) 0
    mask |> Array.mapi (fun i on -> if on then Some items[place[i]] else None)

/// Whether there are derivatives with respect to it.
let isReal (x: Tensor) = DType.isReal x.DType

/// Refuses a derivative with respect to what a function with its own derivative captures.
let requireNoCaptured (active: bool[]) =
    if Array.contains true active then
        Errors.argument
            "customGrad"
            "the derivative would have to pass a tensor that the function captures, but its rule is about its arguments"
            "make the tensor an argument of the function and give its cotangent in the rule"

// ---- elementwise operations

/// t -> t dy/dx for y = op x, or none where the derivative is zero everywhere.
let unary op (x: Tensor) (y: Tensor) : (Tensor -> Tensor) option =
    match op with
    | UnaryOp.Neg -> Some(fun t -> -t)
    | UnaryOp.Abs -> Some(fun t -> t * Ops.sign x)
    | UnaryOp.Reciprocal -> Some(fun t -> -(t * Ops.square y))
    | UnaryOp.Square -> Some(fun t -> t * (2.0 * x))
    | UnaryOp.Sqrt -> Some(fun t -> t * (0.5 / y))
    | UnaryOp.Exp -> Some(fun t -> t * y)
    | UnaryOp.Expm1 -> Some(fun t -> t * (y + 1.0))
    | UnaryOp.Log -> Some(fun t -> t / x)
    | UnaryOp.Log1p -> Some(fun t -> t / (x + 1.0))
    | UnaryOp.Sin -> Some(fun t -> t * Ops.cos x)
    | UnaryOp.Cos -> Some(fun t -> -(t * Ops.sin x))
    | UnaryOp.Tanh -> Some(fun t -> t * (1.0 - Ops.square y))
    | UnaryOp.Sigmoid -> Some(fun t -> t * (y * (1.0 - y)))
    | UnaryOp.Softplus -> Some(fun t -> t * Ops.sigmoid x)
    | UnaryOp.Erf -> Some(fun t -> t * (twoOverSqrtPi * Ops.exp (-(Ops.square x))))
    | UnaryOp.Erfc -> Some(fun t -> -(t * (twoOverSqrtPi * Ops.exp (-(Ops.square x)))))
    | UnaryOp.Lgamma -> Some(fun t -> t * Ops.digamma x)
    | UnaryOp.Digamma -> Some(fun t -> t * Ops.trigamma x)
    | UnaryOp.Trigamma -> Errors.notDifferentiable "trigamma" "its derivative is not a primitive"
    | UnaryOp.Ndtr -> Some(fun t -> t * normalDensity x)
    | UnaryOp.LogNdtr -> Some(fun t -> t * Ops.exp (-0.5 * Ops.square x - logSqrtTwoPi - y))
    | UnaryOp.Ndtri -> Some(fun t -> t / normalDensity y)
    | UnaryOp.Sign
    | UnaryOp.Floor
    | UnaryOp.Not
    | UnaryOp.IsFinite
    | UnaryOp.IsNaN
    | UnaryOp.StopGradient -> None

/// For the larger or smaller of two: everything to the chosen one, half to each where they are equal.
let private chosen compare (x: Tensor) (y: Tensor) =
    let share compare (t: Tensor) =
        let half = Ops.select (Ops.equal x y) (0.5 * t) (Ops.zerosLike t)
        Ops.select (compare x y) t half

    Some(share compare, share (fun x y -> compare y x))

let private power (x: Tensor) (y: Tensor) (z: Tensor) =
    let byBase (t: Tensor) =
        // x^0 is 1 everywhere, where 0 x^(0 - 1) would be NaN at x = 0.
        let slope = y * Ops.pow x (y - 1.0)
        t * Ops.select (Ops.equal y (Ops.zerosLike y)) (Ops.zerosLike y) slope

    let byExponent (t: Tensor) =
        // x^y ln x tends to 0 at x = 0 for y > 0, where ln alone is infinite.
        let positive = Ops.greater x (Ops.zerosLike x)
        let log = Ops.select positive (Ops.log (Ops.select positive x (Ops.onesLike x))) (Ops.zerosLike x)
        t * (z * log)

    Some(byBase, byExponent)

/// t -> t dz/dx and t -> t dz/dy for z = x op y, or none where both derivatives are zero everywhere.
let binary op (x: Tensor) (y: Tensor) (z: Tensor) : ((Tensor -> Tensor) * (Tensor -> Tensor)) option =
    match op with
    | BinaryOp.Add -> Some(id, id)
    | BinaryOp.Sub -> Some(id, (fun t -> -t))
    | BinaryOp.Mul -> Some((fun t -> t * y), (fun t -> t * x))
    | BinaryOp.Div -> Some((fun t -> t / y), (fun t -> -(t / y * z)))
    | BinaryOp.Pow -> power x y z
    | BinaryOp.Max -> chosen Ops.greater x y
    | BinaryOp.Min -> chosen Ops.less x y
    | BinaryOp.Rem
    | BinaryOp.And
    | BinaryOp.Or
    | BinaryOp.Xor
    | BinaryOp.ShiftLeft
    | BinaryOp.ShiftRight -> None

// ---- reductions

/// The axes below a rank that are not among the given ones.
let keptAxes (axes: int[]) rank = Array.init rank id |> Array.filter (fun axis -> not (Array.contains axis axes))

/// Repeats a reduced tensor along the axes that were reduced.
let spread (axes: int[]) (x: Tensor) (reduced: Tensor) = Ops.broadcastAlong x.Shape (keptAxes axes x.Shape.Rank) reduced

/// 1 where an element is the largest (smallest) one of its reduction, and how many there are.
let extremes axes (x: Tensor) (y: Tensor) =
    let hit = Ops.convert x.DType (Ops.equal x (spread axes x y))
    hit, Ops.sumAlong axes hit

/// The product of the other elements of each row of x: [m,n]. Halves are multiplied together until one column is
/// left, and each half's others are its parent's times the other half: no division, hence right where elements are zero,
/// and so are its own derivatives.
let rec private others (x: Tensor) : Tensor =
    let m, n = x.Shape[0], x.Shape[1]

    if n < 2 then
        Ops.onesLike x
    else
        let half = (n + 1) / 2
        let left = Ops.slice 1 0 half x
        let ones = Ops.fill (TensorType.create x.DType (Shape.ofList [ m; 2 * half - n ])) 1.0
        let right = Ops.concat 1 [| Ops.slice 1 half n x; ones |]
        let outer = others (left * right)
        Ops.slice 1 0 n (Ops.concat 1 [| outer * right; outer * left |])

/// The inverse of a permutation.
let inverse (permutation: int[]) =
    let result = Array.zeroCreate permutation.Length
    permutation |> Array.iteri (fun i axis -> result[axis] <- i)
    result

/// d prod / dx_i = the product of the others along the axes.
let productOfOthers (axes: int[]) (x: Tensor) =
    let order = Array.append (keptAxes axes x.Shape.Rank) axes
    let moved = Ops.transpose order x
    let columns = axes |> Array.fold (fun n axis -> n * x.Shape[axis]) 1
    let rows = if columns = 0 then 0 else x.Shape.Count / columns
    let rest = others (Ops.reshape (Shape.ofList [ rows; columns ]) moved)
    Ops.transpose (inverse order) (Ops.reshape moved.Shape rest)

// ---- matrices: the last two axes, batched over the others

/// op(a) op(b), op being the transpose if asked.
let matmul (a: Tensor) transposeA (b: Tensor) transposeB =
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

/// Keeps one triangle; the diagonal is scaled.
let triangle lower diagonal (x: Tensor) =
    let n = x.Shape[x.Shape.Rank - 1]

    let weight i =
        let row, column = i / n, i % n

        if row = column then diagonal
        elif (row > column) = lower then 1.0
        else 0.0

    let weights = Literal.create (Shape.ofList [ n; n ]) (Storage.F64(Array.init (n * n) weight))
    let mask = Ops.broadcastTo x.Shape (Ops.convert x.DType (Tensor.OfLiteral weights))
    let kept = if diagonal = 1.0 then x else x * mask
    Ops.select (Ops.notEqual mask (Ops.zerosLike mask)) kept (Ops.zerosLike x)

/// The transposed matrices.
let swapLast (x: Tensor) =
    let rank = x.Shape.Rank
    let permutation = Array.init rank id
    permutation[rank - 1] <- rank - 2
    permutation[rank - 2] <- rank - 1
    Ops.transpose permutation x
