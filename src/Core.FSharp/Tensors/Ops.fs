// The operations on tensors, under their usual names. Arguments of elementwise operations are broadcast against each
// other, right-aligned. Everything here works on concrete and on traced tensors.
// Relies on Tensor. Read SpecialFunctions next.
namespace Ppl.Core.Tensors

open Ppl.Core
open Ppl.Core.Ir

/// Operations on tensors.
[<RequireQualifiedAccess>]
module Ops =

    let private unary op (x: Tensor) = Bind.one (Primitive.Unary op) [| x |]

    // ---- constants

    /// A real scalar.
    let scalar (x: float) = Tensor.OfFloat x

    /// A number as a scalar of the element type of a tensor: f32 rounds it, integers truncate it.
    let scalarLike (x: Tensor) (number: float) = Tensor.OfLiteral(Literal.fill (TensorType.scalar x.DType) number)

    /// The tensor of this type filled with one number.
    let fill ty x = Tensor.OfLiteral(Literal.fill ty x)

    /// Zeros of this type.
    let zeros ty = fill ty 0.0

    /// Zeros of the type of a tensor.
    let zerosLike (x: Tensor) = zeros x.Type

    /// Ones of the type of a tensor.
    let onesLike (x: Tensor) = fill x.Type 1.0

    /// 0, 1, ..., n - 1 as integers.
    let iota n = Bind.one (Primitive.Iota(TensorType.create DType.I32 (Shape.ofList [ n ]), 0)) [||]

    // ---- rearrangement

    /// The same elements in row-major order under another shape.
    let reshape (shape: Shape) (x: Tensor) =
        if x.Shape = shape then x else Bind.one (Primitive.Move(MoveOp.Reshape shape)) [| x |]

    /// All elements as one vector.
    let flatten (x: Tensor) = reshape (Shape.ofList [ x.Shape.Count ]) x

    /// Axis i of the result is axis permutation[i] of x.
    let transpose (permutation: int[]) (x: Tensor) =
        if permutation = Array.init x.Shape.Rank id then
            x
        else
            Bind.one (Primitive.Move(MoveOp.Transpose permutation)) [| x |]

    /// Axis i of x becomes axis axes[i] of the result.
    let broadcastAlong (shape: Shape) (axes: int[]) (x: Tensor) =
        if x.Shape = shape then
            x
        else
            Bind.one (Primitive.Move(MoveOp.Broadcast(shape, axes))) [| x |]

    /// Repeats x to a shape, right-aligned: missing axes in front and axes of extent 1 are repeated.
    let broadcastTo (shape: Shape) (x: Tensor) =
        let offset = shape.Rank - x.Shape.Rank

        if offset < 0 then
            Errors.shapes "broadcastTo" $"{x.Type} has more axes than {shape}"

        broadcastAlong shape (Array.init x.Shape.Rank (fun i -> i + offset)) x

    /// Elements start, start + stride, ... below limit, per axis.
    let sliceBy start limit stride (x: Tensor) = Bind.one (Primitive.Move(MoveOp.Slice(start, limit, stride))) [| x |]

    /// Elements start ... limit - 1 along one axis.
    let slice axis start limit (x: Tensor) =
        let extents = x.Shape.ToArray()

        if axis < 0 || axis >= extents.Length then
            Errors.axis "slice" $"axis {axis} of {x.Type}"

        let starts = Array.mapi (fun i _ -> if i = axis then start else 0) extents
        let limits = Array.mapi (fun i e -> if i = axis then limit else e) extents

        if start = 0 && limit = extents[axis] then
            x
        else
            sliceBy starts limits (Array.map (fun _ -> 1) extents) x

    /// The element i along the first axis, which is dropped.
    let at (i: int) (x: Tensor) = x[i]

    /// Zeros before and after, per axis.
    let pad low high (x: Tensor) =
        if Array.forall ((=) 0) low && Array.forall ((=) 0) high then
            x
        else
            Bind.one (Primitive.Move(MoveOp.Pad(low, high))) [| x |]

    /// Tensors one after the other along an axis.
    let concat axis (xs: Tensor[]) = if xs.Length = 1 then xs[0] else Bind.one (Primitive.Move(MoveOp.Concat axis)) xs

    /// Tensors of one shape as the elements of a new first axis.
    let stack (xs: Tensor[]) = xs |> Array.map (fun x -> reshape (Shape.prepend 1 x.Shape) x) |> concat 0

    /// The opposite order along the axes.
    let reverse axes (x: Tensor) = Bind.one (Primitive.Move(MoveOp.Reverse axes)) [| x |]

    /// Overlapping windows along axes: y[.., i, .., k, ..] = x[.., i stride + k dilation, ..]. Each axis of extent n becomes
    /// the number of windows, floor((n - 1 - dilation (size - 1)) / stride) + 1 (0 if n is too small); the places in the
    /// windows are new axes of these sizes, at the end, in the order of the axes. Nothing is copied in a compiled program.
    /// PPL5003, PPL5001, PPL5004: axes, numbers of entries, entries below 1.
    let windows axes sizes strides dilations (x: Tensor) =
        Bind.one (Primitive.Move(MoveOp.Windows(axes, sizes, strides, dilations))) [| x |]

    // ---- elementwise

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
            let spread tensor = broadcastTo shape tensor
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
    let trunc (x: Tensor) = select (less x (zerosLike x)) (ceil x) (floor x)

    /// The nearest integer; from halfway, the even one.
    let round (x: Tensor) =
        let below = floor x
        let part = sub x below
        let half = scalarLike x 0.5
        let isEven = equal below (mul (scalarLike x 2.0) (floor (mul half below)))
        let stays = logicalOr (less part half) (logicalAnd (equal part half) isEven)
        // Infinities have a part of NaN: they are their own next integer. Rounding to zero keeps the sign.
        let nearest = select stays below (add below (scalarLike x 1.0))
        select (equal nearest (zerosLike x)) (mul x (zerosLike x)) nearest

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

    // ---- reductions

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
        div total (scalarLike x count)

    /// The arithmetic mean of all elements.
    let mean (x: Tensor) = div (sum x) (scalarLike x (float x.Shape.Count))

    /// The axes with extent 1 where a reduction removed them.
    let private restore (axes: int[]) (like: Tensor) (reduced: Tensor) =
        let extents = like.Shape.ToArray() |> Array.mapi (fun i e -> if Array.contains i axes then 1 else e)
        reshape (Shape.ofArray extents) reduced

    /// ln of the sum of e^x over axes; -inf over nothing or where all are -inf.
    let logSumExpAlong axes (x: Tensor) =
        let top = maxAlong axes x
        // An infinite maximum is its own answer; subtracting it would make NaN.
        let shift = select (isFinite top) top (zerosLike top)
        add (log (sumAlong axes (exp (sub x (restore axes x shift))))) shift

    /// ln of the sum of e^x of all elements.
    let logSumExp x = logSumExpAlong (allAxes x) x

    /// ln(e^x + e^y)
    let logAddExp x y =
        // Equal infinities differ by NaN, but by nothing that matters.
        let distance = select (equal x y) (scalarLike x 0.0) (sub x y)
        add (max x y) (softplus (neg (abs distance)))

    /// x less its log-sum-exp over the last axis.
    let logSoftmax (x: Tensor) =
        let axes = [| x.Shape.Rank - 1 |]
        sub x (restore axes x (logSumExpAlong axes x))

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

    // ---- access

    /// The elements of x along an axis at these places.
    let take axis (indices: Tensor) (x: Tensor) = Bind.one (Primitive.Index(IndexOp.Take axis)) [| x; indices |]

    /// x plus updates at these places along an axis.
    let scatterAdd axis (indices: Tensor) (updates: Tensor) (x: Tensor) =
        Bind.one (Primitive.Index(IndexOp.ScatterAdd axis)) [| x; indices; updates |]

    /// The block of these sizes that starts at these (clamped) places.
    let dynamicSlice sizes (starts: Tensor[]) (x: Tensor) =
        Bind.one (Primitive.Index(IndexOp.DynamicSlice sizes)) (Array.append [| x |] starts)

    /// x with the block that starts at these (clamped) places replaced.
    let dynamicUpdate (starts: Tensor[]) (block: Tensor) (x: Tensor) =
        Bind.one (Primitive.Index IndexOp.DynamicUpdate) (Array.append [| x; block |] starts)

    /// The row of x at a dynamic (clamped) place along its first axis.
    let row (i: Tensor) (x: Tensor) =
        let sizes = x.Shape.ToArray()
        sizes[0] <- 1
        let starts = Array.init x.Shape.Rank (fun axis -> if axis = 0 then i else Tensor.OfInt 0)
        dynamicSlice sizes starts x |> reshape (Shape.tail x.Shape)

    /// x with the row at a dynamic (clamped) place replaced.
    let setRow (i: Tensor) (value: Tensor) (x: Tensor) =
        let starts = Array.init x.Shape.Rank (fun axis -> if axis = 0 then i else Tensor.OfInt 0)
        dynamicUpdate starts (reshape (Shape.prepend 1 value.Shape) value) x

    // ---- linear algebra

    /// Sums of products over the paired axes.
    let dotGeneral axes (x: Tensor) (y: Tensor) = Bind.one (Primitive.Contract axes) [| x; y |]

    /// The product over the last axis of x and the first of y: inner, matrix-vector and matrix-matrix products.
    let dot (x: Tensor) (y: Tensor) =
        if x.Shape.Rank = 0 || y.Shape.Rank = 0 then
            Errors.shapes "dot" $"{x.Type} and {y.Type}: a scalar has no axis to sum over"

        dotGeneral
            {
                BatchLeft = [||]
                BatchRight = [||]
                ContractLeft = [| x.Shape.Rank - 1 |]
                ContractRight = [| 0 |]
            }
            x
            y

    /// The lower triangular L with L L' = x.
    let cholesky x = Bind.one (Primitive.Factor FactorOp.Cholesky) [| x |]

    /// X with L X = B (or L' X = B) for a triangular matrix and a matrix of right-hand sides.
    let triangularSolve lower transposed (l: Tensor) (b: Tensor) =
        Bind.one (Primitive.Factor(FactorOp.TriangularSolve(lower, transposed))) [| l; b |]

    /// The cotangent of x (its lower triangle) from the cotangent c of l = cholesky x: Phi(S + S') with
    /// S = l'^-1 Phi(l' c) l^-1, where Phi takes the lower triangle and half the diagonal.
    let internal choleskyVjp (l: Tensor) (c: Tensor) = Bind.one (Primitive.Factor FactorOp.CholeskyVjp) [| l; c |]

    /// The diagonal of the last two axes.
    let diagonal (x: Tensor) =
        let rank = x.Shape.Rank
        let n = x.Shape[rank - 1]
        let batch = x.Shape.ToArray()[.. rank - 3]
        let flat = reshape (Shape.ofArray (Array.append batch [| n * n |])) x
        take (rank - 2) (Tensor.OfInts(Array.init n (fun i -> i * (n + 1)))) flat

    // ---- randomness

    /// The key of a derived stream.
    let foldIn (key: Tensor) (data: Tensor) = Bind.one (Primitive.Random RandomOp.FoldIn) [| key; data |]

    /// Uniform draws in the open interval (0, 1).
    let uniform shape (key: Tensor) = Bind.one (Primitive.Random(RandomOp.Uniform shape)) [| key |]

    /// 32 random bits per element.
    let bits shape (key: Tensor) = Bind.one (Primitive.Random(RandomOp.Bits shape)) [| key |]
