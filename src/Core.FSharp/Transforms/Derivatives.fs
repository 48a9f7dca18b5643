// Derivatives of elementwise operations, and the few compound operations that the rules of Vjp and Jvp share.
// An elementwise operation has a diagonal Jacobian, which is its own transpose: one table serves both directions. Each
// entry is the linear map t -> t dy/dx, written so that it needs as little as possible beyond the result y.
// Relies on Ops and ShapeDerivatives. Read Activity next.
module internal Ppl.Core.Transforms.Derivatives

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

let private twoOverSqrtPi = 2.0 / Math.Sqrt Math.PI
let private ln2 = Math.Log 2.0
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
    | UnaryOp.Tan -> Some(fun t -> t * (1.0 + Ops.square y))
    | UnaryOp.Asin -> Some(fun t -> t / Ops.sqrt ((1.0 - x) * (1.0 + x)))
    | UnaryOp.Acos -> Some(fun t -> -(t / Ops.sqrt ((1.0 - x) * (1.0 + x))))
    | UnaryOp.Atan -> Some(fun t -> t / (1.0 + Ops.square x))
    | UnaryOp.Sinh -> Some(fun t -> t * Ops.cosh x)
    | UnaryOp.Cosh -> Some(fun t -> t * Ops.sinh x)
    | UnaryOp.Tanh -> Some(fun t -> t * (1.0 - Ops.square y))
    | UnaryOp.Asinh -> Some(fun t -> t / Ops.sqrt (1.0 + Ops.square x))
    | UnaryOp.Acosh -> Some(fun t -> t / Ops.sqrt ((x - 1.0) * (x + 1.0)))
    | UnaryOp.Atanh -> Some(fun t -> t / ((1.0 - x) * (1.0 + x)))
    | UnaryOp.Exp2 -> Some(fun t -> t * (ln2 * y))
    | UnaryOp.Log2 -> Some(fun t -> t / (ln2 * x))
    | UnaryOp.Cbrt -> Some(fun t -> t / (3.0 * Ops.square y))
    | UnaryOp.Log1mExp -> Some(fun t -> -(t / Ops.expm1 (-x)))
    | UnaryOp.Sigmoid -> Some(fun t -> t * (y * (1.0 - y)))
    | UnaryOp.Softplus -> Some(fun t -> t * Ops.sigmoid x)
    | UnaryOp.Erf -> Some(fun t -> t * (twoOverSqrtPi * Ops.exp (-(Ops.square x))))
    | UnaryOp.Erfc -> Some(fun t -> -(t * (twoOverSqrtPi * Ops.exp (-(Ops.square x)))))
    | UnaryOp.Erfinv -> Some(fun t -> t * (Ops.exp (Ops.square y) / twoOverSqrtPi))
    | UnaryOp.Lgamma -> Some(fun t -> t * Ops.digamma x)
    | UnaryOp.Digamma -> Some(fun t -> t * Ops.trigamma x)
    | UnaryOp.Trigamma -> Some(fun t -> t * SpecialFunctions.polygamma (Ops.fill x.Type 2.0) x)
    | UnaryOp.Ndtr -> Some(fun t -> t * normalDensity x)
    | UnaryOp.LogNdtr -> Some(fun t -> t * Ops.exp (-0.5 * Ops.square x - logSqrtTwoPi - y))
    | UnaryOp.Ndtri -> Some(fun t -> t / normalDensity y)
    | UnaryOp.BesselI0e -> Some(fun t -> t * (Ops.besselI1e x - Ops.sign x * y))
    | UnaryOp.BesselI1e ->
        // I1(x)/x tends to 1/2 at 0.
        Some(fun t ->
            let atZero = Ops.equal x (Ops.zerosLike x)
            let quotient = y / Ops.select atZero (Ops.onesLike x) x
            let quotient = Ops.select atZero (Ops.fill x.Type 0.5) quotient
            t * (Ops.besselI0e x - Ops.sign x * y - quotient))
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

/// e^-x x^(a-1) / Gamma(a), the density of which P(a, x) is the integral.
let private gammaDensity (a: Tensor) (x: Tensor) = Ops.exp (SpecialFunctions.xlogy (a - 1.0) x - x - Ops.lgamma a)

/// x^(a-1) (1-x)^(b-1) / B(a, b), the density of which I(a, b, x) is the integral.
let private betaDensity (a: Tensor) (b: Tensor) (x: Tensor) =
    Ops.exp (
        SpecialFunctions.xlogy (a - 1.0) x + SpecialFunctions.xlog1py (b - 1.0) (-x)
        - SpecialFunctions.lbeta a b
    )

/// t -> t dy/dx for each argument of y = op xs.
let special op (xs: Tensor[]) : (Tensor -> Tensor)[] =
    match op with
    | SpecialOp.Atan2 ->
        let y, x = xs[0], xs[1]
        let square = Ops.square x + Ops.square y
        [| (fun t -> t * (x / square)); (fun t -> -(t * (y / square))) |]
    | SpecialOp.Polygamma ->
        [|
            (fun _ -> Errors.notDifferentiable "polygamma" "by its order")
            (fun t -> t * SpecialFunctions.polygamma (xs[0] + 1.0) xs[1])
        |]
    | SpecialOp.GammaP ->
        let a, x = xs[0], xs[1]
        [| (fun t -> t * SpecialFunctions.gammaPByShape a x); (fun t -> t * gammaDensity a x) |]
    | SpecialOp.GammaQ ->
        let a, x = xs[0], xs[1]
        [| (fun t -> -(t * SpecialFunctions.gammaPByShape a x)); (fun t -> -(t * gammaDensity a x)) |]
    | SpecialOp.GammaPByShape ->
        // The density's derivative by a: density (ln x - digamma a).
        let a, x = xs[0], xs[1]

        [|
            (fun t -> t * ShapeDerivatives.gamma a x)
            (fun t -> t * (gammaDensity a x * (Ops.log x - Ops.digamma a)))
        |]
    | SpecialOp.BetaI ->
        let a, b, x = xs[0], xs[1], xs[2]

        [|
            (fun t -> t * SpecialFunctions.betaIByA a b x)
            (fun t -> t * SpecialFunctions.betaIByB a b x)
            (fun t -> t * betaDensity a b x)
        |]
    | SpecialOp.BetaIByA ->
        let a, b, x = xs[0], xs[1], xs[2]
        let slope () = Ops.log x - Ops.digamma a + Ops.digamma (a + b)

        [|
            (fun t -> t * ShapeDerivatives.betaByA a b x)
            (fun t -> t * ShapeDerivatives.betaByBoth a b x)
            (fun t -> t * (betaDensity a b x * slope ()))
        |]
    | SpecialOp.BetaIByB ->
        let a, b, x = xs[0], xs[1], xs[2]
        let slope () = Ops.log1p (-x) - Ops.digamma b + Ops.digamma (a + b)

        [|
            (fun t -> t * ShapeDerivatives.betaByBoth a b x)
            (fun t -> t * ShapeDerivatives.betaByB a b x)
            (fun t -> t * (betaDensity a b x * slope ()))
        |]

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
