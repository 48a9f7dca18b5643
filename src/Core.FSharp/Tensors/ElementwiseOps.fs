// The elementwise operations on tensors, under their usual names. Arguments are broadcast against each other,
// right-aligned. Relies on MoveOps. Read ReductionOps next.
/// Elementwise operations: a part of Ops.
[<AutoOpen>]
module Ppl.Core.Tensors.ElementwiseOps

open Ppl.Core
open Ppl.Core.Ir

/// Operations on tensors.
[<RequireQualifiedAccess>]
module Ops =

    let private unary op (x: Tensor) = Bind.one (Primitive.Unary op) [| x |]

    let private binary op (x: Tensor) (y: Tensor) = Tensor.Pair(Primitive.Binary op, x, y)
    let private compare op (x: Tensor) (y: Tensor) = Tensor.Pair(Primitive.Compare op, x, y)

    /// x + y
    let add x y = binary BinaryOp.Add x y

    /// x - y
    let sub x y = binary BinaryOp.Sub x y

    /// x y
    let mul x y = binary BinaryOp.Mul x y

    /// x / y
    let div x y = binary BinaryOp.Div x y

    /// The remainder of integer division.
    let rem x y = binary BinaryOp.Rem x y

    /// x^y
    let pow x y = binary BinaryOp.Pow x y

    /// The larger.
    let max x y = binary BinaryOp.Max x y

    /// The smaller.
    let min x y = binary BinaryOp.Min x y

    /// Conjunction; bitwise on integers.
    let logicalAnd x y = binary BinaryOp.And x y

    /// Disjunction; bitwise on integers.
    let logicalOr x y = binary BinaryOp.Or x y

    /// Exclusive or; bitwise on integers.
    let logicalXor x y = binary BinaryOp.Xor x y

    /// x shifted left.
    let shiftLeft x y = binary BinaryOp.ShiftLeft x y

    /// x shifted right, zeros in front.
    let shiftRight x y = binary BinaryOp.ShiftRight x y

    /// x = y
    let equal x y = compare CompareOp.Eq x y

    /// x <> y
    let notEqual x y = compare CompareOp.Ne x y

    /// x < y
    let less x y = compare CompareOp.Lt x y

    /// x <= y
    let lessEqual x y = compare CompareOp.Le x y

    /// x > y
    let greater x y = compare CompareOp.Gt x y

    /// x >= y
    let greaterEqual x y = compare CompareOp.Ge x y

    let private commonShape name (x: Tensor) (y: Tensor) =
        match Shape.tryBroadcast x.Shape y.Shape with
        | Some shape -> shape
        | None -> Errors.shapes name $"{x.Type} and {y.Type} do not broadcast"

    /// x where the condition holds, else y; all three are broadcast. The derivative of what is not taken is multiplied by
    /// zero: where it is infinite (sqrt at 0), select the argument as well.
    let select (condition: Tensor) (x: Tensor) (y: Tensor) =
        let branches = commonShape "select" x y

        match Shape.tryBroadcast condition.Shape branches with
        | Some shape ->
            let spread tensor = Ops.broadcastTo shape tensor
            Bind.one Primitive.Select [| spread condition; spread x; spread y |]
        | None -> Errors.shapes "select" $"the condition {condition.Type} does not broadcast to {branches}"

    /// -x
    let neg x = unary UnaryOp.Neg x

    /// |x|
    let abs x = unary UnaryOp.Abs x

    /// -1, 0 or 1
    let sign x = unary UnaryOp.Sign x

    /// The largest integer not above x.
    let floor x = unary UnaryOp.Floor x

    /// 1 / x
    let reciprocal x = unary UnaryOp.Reciprocal x

    /// x^2
    let square x = unary UnaryOp.Square x

    /// The square root.
    let sqrt x = unary UnaryOp.Sqrt x

    /// e^x
    let exp x = unary UnaryOp.Exp x

    /// e^x - 1
    let expm1 x = unary UnaryOp.Expm1 x

    /// ln x
    let log x = unary UnaryOp.Log x

    /// ln(1 + x)
    let log1p x = unary UnaryOp.Log1p x

    /// sin x
    let sin x = unary UnaryOp.Sin x

    /// cos x
    let cos x = unary UnaryOp.Cos x

    /// tan x
    let tan x = unary UnaryOp.Tan x

    /// The angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1].
    let asin x = unary UnaryOp.Asin x

    /// The angle in [0, pi] whose cosine is x; NaN outside [-1, 1].
    let acos x = unary UnaryOp.Acos x

    /// The angle in [-pi/2, pi/2] whose tangent is x.
    let atan x = unary UnaryOp.Atan x

    /// sinh x
    let sinh x = unary UnaryOp.Sinh x

    /// cosh x
    let cosh x = unary UnaryOp.Cosh x

    /// The inverse of sinh.
    let asinh x = unary UnaryOp.Asinh x

    /// The inverse of cosh, on [1, inf).
    let acosh x = unary UnaryOp.Acosh x

    /// The inverse of tanh, on [-1, 1].
    let atanh x = unary UnaryOp.Atanh x

    /// 2^x
    let exp2 x = unary UnaryOp.Exp2 x

    /// The logarithm to base 2.
    let log2 x = unary UnaryOp.Log2 x

    /// The real cube root.
    let cbrt x = unary UnaryOp.Cbrt x

    /// ln(1 - e^x) for x <= 0, accurate near 0 and far below; the complement of a probability given by its logarithm.
    let log1mexp x = unary UnaryOp.Log1mExp x

    /// tanh x
    let tanh x = unary UnaryOp.Tanh x

    /// 1 / (1 + e^-x)
    let sigmoid x = unary UnaryOp.Sigmoid x

    /// ln(1 + e^x)
    let softplus x = unary UnaryOp.Softplus x

    /// The error function.
    let erf x = unary UnaryOp.Erf x

    /// 1 - erf x
    let erfc x = unary UnaryOp.Erfc x

    /// The inverse of erf, on [-1, 1].
    let erfinv x = unary UnaryOp.Erfinv x

    /// ln |Gamma(x)|
    let lgamma x = unary UnaryOp.Lgamma x

    /// d/dx ln Gamma(x)
    let digamma x = unary UnaryOp.Digamma x

    /// d/dx digamma(x)
    let trigamma x = unary UnaryOp.Trigamma x

    /// The cdf of the standard normal distribution.
    let ndtr x = unary UnaryOp.Ndtr x

    /// The logarithm of the cdf of the standard normal distribution.
    let logNdtr x = unary UnaryOp.LogNdtr x

    /// The quantile function of the standard normal distribution.
    let ndtri x = unary UnaryOp.Ndtri x

    /// e^-|x| I0(x), I0 being the modified Bessel function of order 0.
    let besselI0e x = unary UnaryOp.BesselI0e x

    /// e^-|x| I1(x), I1 being the modified Bessel function of order 1.
    let besselI1e x = unary UnaryOp.BesselI1e x

    /// Negation of truth values.
    let logicalNot x = unary UnaryOp.Not x

    /// Neither infinite nor NaN.
    let isFinite x = unary UnaryOp.IsFinite x

    /// NaN.
    let isNaN x = unary UnaryOp.IsNaN x

    /// x itself, as a constant to every derivative: d/dx stopGradient(x) = 0. Any element type.
    let stopGradient x = unary UnaryOp.StopGradient x

    /// The smallest integer not below x.
    let ceil x = neg (floor (neg x))

    /// x without its fraction: towards zero.
    let trunc (x: Tensor) = select (less x (Ops.zerosLike x)) (ceil x) (floor x)

    /// The nearest integer; from halfway, the even one.
    let round (x: Tensor) =
        let below = floor x
        let part = sub x below
        let half = Ops.scalarLike x 0.5
        let isEven = equal below (mul (Ops.scalarLike x 2.0) (floor (mul half below)))
        let stays = logicalOr (less part half) (logicalAnd (equal part half) isEven)
        // Infinities have a part of NaN: they are their own next integer. Rounding to zero keeps the sign.
        let nearest = select stays below (add below (Ops.scalarLike x 1.0))
        select (equal nearest (Ops.zerosLike x)) (mul x (Ops.zerosLike x)) nearest

    /// x between low and high, which are broadcast: min (max x low) high.
    let clamp low high x = min (max x low) high

    /// ln(x / (1 - x))
    let logit x = sub (log x) (log1p (neg x))

    /// ln(1 / (1 + e^-x)), accurate in both tails.
    let logSigmoid x = neg (softplus (neg x))

    /// The element type changed. To reals: the nearest. Reals to integers: truncated, saturated, NaN gives 0. Between integers:
    /// the low bits. From truth values 0 and 1, to truth values whether not zero.
    let convert dtype (x: Tensor) = if x.DType = dtype then x else Bind.one (Primitive.Convert dtype) [| x |]

    /// As reals (f64).
    let toFloat x = convert DType.F64 x

    /// As reals of single precision (f32).
    let toFloat32 x = convert DType.F32 x

    /// As 64-bit integers (i64).
    let toInt64 x = convert DType.I64 x

    /// As integers (i32).
    let toInt x = convert DType.I32 x

    /// As unsigned integers (u32).
    let toUInt32 x = convert DType.U32 x
