// The primitives of tensor programs, as families with small enumerations, and the programs made of them. No
// transformation rule is here: each transformation is one file with one exhaustive match over these unions.
// Relies on Foundations. Read Program next.
namespace Ppl.Core.Ir

open FSharp.Reflection
open Ppl.Core

/// Elementwise functions of one argument. Real functions take and give f64 or f32 unless said otherwise; integers are i64,
/// i32 and u32. On f32, -, |x|, sign, floor, 1 / x, x^2 and the square root are f32 arithmetic; every other function is that
/// of f64, rounded once.
[<RequireQualifiedAccess; Struct>]
type UnaryOp =
    /// -x (reals; integers wrap)
    | Neg
    /// |x| (reals; integers wrap: |Int32.MinValue| is itself)
    | Abs
    /// -1, 0 or 1; NaN and signed zeros are kept (reals, integers)
    | Sign
    /// The largest integer not above x
    | Floor
    /// 1 / x
    | Reciprocal
    /// x^2 (reals, integers)
    | Square
    /// The square root; NaN below 0
    | Sqrt
    /// e^x
    | Exp
    /// e^x - 1
    | Expm1
    /// ln x; -inf at 0, NaN below
    | Log
    /// ln(1 + x)
    | Log1p
    | Sin
    | Cos
    | Tan
    /// In [-pi/2, pi/2]; NaN outside [-1, 1]
    | Asin
    /// In [0, pi]; NaN outside [-1, 1]
    | Acos
    /// In [-pi/2, pi/2]
    | Atan
    | Sinh
    | Cosh
    | Tanh
    | Asinh
    /// NaN below 1
    | Acosh
    /// NaN outside [-1, 1]
    | Atanh
    /// 2^x
    | Exp2
    /// The logarithm to base 2; -inf at 0, NaN below
    | Log2
    /// The real cube root
    | Cbrt
    /// ln(1 - e^x); -inf at 0, NaN above
    | Log1mExp
    /// 1 / (1 + e^-x)
    | Sigmoid
    /// ln(1 + e^x)
    | Softplus
    /// 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x
    | Erf
    /// 1 - erf x
    | Erfc
    /// The inverse of erf, on (-1, 1)
    | Erfinv
    /// ln |Gamma(x)|
    | Lgamma
    /// d/dx ln Gamma(x)
    | Digamma
    /// d/dx digamma(x)
    | Trigamma
    /// The cdf of the standard normal distribution
    | Ndtr
    /// Its logarithm
    | LogNdtr
    /// Its inverse, on (0, 1)
    | Ndtri
    /// e^-|x| I0(x), I0 being the modified Bessel function of order 0
    | BesselI0e
    /// e^-|x| I1(x), I1 being the modified Bessel function of order 1
    | BesselI1e
    /// Negation (bool)
    | Not
    /// reals -> bool
    | IsFinite
    /// reals -> bool
    | IsNaN
    /// x itself, of any element type; all derivatives are zero
    | StopGradient

/// Elementwise functions of two arguments of one type and shape. Reals are f64 and f32 (rounded once), integers i64, i32 and
/// u32 (they wrap).
[<RequireQualifiedAccess; Struct>]
type BinaryOp =
    /// x + y (reals, integers)
    | Add
    /// x - y (reals, integers)
    | Sub
    /// x y (reals, integers)
    | Mul
    /// x / y (reals; integers truncate towards zero and wrap, x / 0 = 0)
    | Div
    /// The remainder of integer division, of the sign of x; x % 0 = 0
    | Rem
    /// x^y (reals)
    | Pow
    /// The larger, 0.0 being above -0.0; NaN if either is NaN (reals, integers)
    | Max
    /// The smaller, -0.0 being below 0.0; NaN if either is NaN (reals, integers)
    | Min
    /// Conjunction (bool), bitwise (integers)
    | And
    /// Disjunction (bool), bitwise (integers)
    | Or
    /// Exclusive or (bool), bitwise (integers)
    | Xor
    /// x shifted left by y mod its width, 32 or 64 bits (integers)
    | ShiftLeft
    /// x shifted right by y mod its width, zeros in front (integers)
    | ShiftRight

/// Special functions of two or three arguments of one shape, element by element (reals). P is the regularised lower
/// incomplete gamma function, I the regularised incomplete beta function.
[<RequireQualifiedAccess; Struct>]
type SpecialOp =
    /// (y, x) -> the angle of the point (x, y), in [-pi, pi]
    | Atan2
    /// (n, x) -> the n-th derivative of digamma at x, for n = 0, 1, ..., 170; for n > 1 and x < 0 NaN
    | Polygamma
    /// (a, x) -> P(a, x) = 1/Gamma(a) times the integral of t^(a-1) e^-t from 0 to x
    | GammaP
    /// (a, x) -> 1 - P(a, x)
    | GammaQ
    /// (a, x) -> dP/da
    | GammaPByShape
    /// (a, b, x) -> I(a, b, x) = 1/B(a, b) times the integral of t^(a-1) (1-t)^(b-1) from 0 to x
    | BetaI
    /// (a, b, x) -> dI/da
    | BetaIByA
    /// (a, b, x) -> dI/db
    | BetaIByB

/// Comparisons; every comparison with NaN is false except Ne (reals, integers; Eq and Ne also bool).
[<RequireQualifiedAccess; Struct>]
type CompareOp =
    | Eq
    | Ne
    | Lt
    | Le
    | Gt
    | Ge

/// Reductions over axes.
[<RequireQualifiedAccess; Struct>]
type ReduceOp =
    /// Reals (the reference in index order, engines in the fixed 8-lane order, both from 0.0), integers; 0 over nothing.
    /// f32 is summed in f64 and rounded once, by everybody.
    | Sum
    /// Reals (f32 is multiplied in f64 and rounded once), integers; 1 over nothing
    | Prod
    /// As the binary Max: reals (-inf over nothing; NaN wins), integers (the lowest over nothing)
    | Max
    /// As the binary Min: reals (+inf over nothing; NaN wins), integers (the highest over nothing)
    | Min
    /// bool; false over nothing
    | Any
    /// bool; true over nothing
    | All

/// Cumulative operations along one axis.
[<RequireQualifiedAccess; Struct>]
type CumulateOp =
    /// y_i = 0 + x_0 + ... + x_i, summed in this order; if reversed, 0 + x_n + ... + x_i
    /// (reals: f32 keeps the sum in f64 and rounds each y_i once; integers)
    | Sum
    /// y_i = 1 x_0 ... x_i, multiplied in this order (f64, i32)
    | Prod
    /// y_i = the largest of x_0, ..., x_i, as BinaryOp.Max (f64, i32)
    | Max
    /// y_i = the smallest of x_0, ..., x_i, as BinaryOp.Min (f64, i32)
    | Min
    /// y_i = ln(e^x_0 + ... + e^x_i); -inf where all of them are (f64)
    | LogSumExp

/// Sorting and searching. The order is that of the numbers, NaN above all of them; -0.0 and 0.0 are equal, and so are all NaN.
[<RequireQualifiedAccess>]
type OrderOp =
    /// The elements along an axis in ascending order; equal ones keep theirs.
    | Sort of axis: int
    /// i32: where the elements of Sort come from.
    | ArgSort of axis: int
    /// i32, without the axis: where the largest element is, the first one of equals.
    | ArgMax of axis: int
    /// i32, without the axis: where the smallest element is, the first one of equals; NaN wins here too.
    | ArgMin of axis: int
    /// (ascending a: [..,n], v: [..,m]) -> i32[..,m]: how many elements of a are below v; if right, not above v.
    | SearchSorted of right: bool

/// Rearrangements: no arithmetic, any element type.
[<RequireQualifiedAccess>]
type MoveOp =
    /// The same elements in row-major order under another shape.
    | Reshape of shape: Shape
    /// Axis i of the result is axis permutation[i] of the argument.
    | Transpose of permutation: int[]
    /// Axis i of the argument becomes axis axes[i] (increasing) of the result; its extent is 1 or the result's.
    | Broadcast of shape: Shape * axes: int[]
    /// Elements start, start + stride, ... below limit, per axis.
    | Slice of start: int[] * limit: int[] * stride: int[]
    /// Zeros (false) before and after, per axis.
    | Pad of low: int[] * high: int[]
    /// The arguments one after the other along an axis.
    | Concat of axis: int
    /// The opposite order along the axes.
    | Reverse of axes: int[]
    /// Overlapping windows along some axes: element (.., i, .., k, ..) is x[.., i stride + k dilation, ..]. Each of the axes
    /// counts its windows; the places in them are new axes of these sizes, at the end, in the order of the axes.
    | Windows of axes: int[] * sizes: int[] * strides: int[] * dilations: int[]

/// Data-dependent access. An index outside is clamped to the nearest legal one, a dynamic block to the nearest legal
/// start; nothing is dropped. Where no index is legal (indices into an axis of extent 0), the types do not fit.
[<RequireQualifiedAccess>]
type IndexOp =
    /// (x, i: i32[...]) -> x with the axis replaced by the axes of i.
    | Take of axis: int
    /// (x, i, u): x plus u added, in row-major order of u, at the places that Take would read: the transpose of Take.
    | ScatterAdd of axis: int
    /// (x, one i32[] start per axis) -> the block of these sizes from there.
    | DynamicSlice of sizes: int[]
    /// (x, u, one i32[] start per axis) -> x with the block there replaced by u (same rank as x).
    | DynamicUpdate

/// Which axes of two operands are matched: batch axes stay in front, contracted ones are summed.
[<NoComparison>]
type DotAxes =
    {
        /// Batch axes of the left operand, paired with BatchRight.
        BatchLeft: int[]
        /// Batch axes of the right operand.
        BatchRight: int[]
        /// Contracted axes of the left operand, paired with ContractRight.
        ContractLeft: int[]
        /// Contracted axes of the right operand.
        ContractRight: int[]
    }

/// Matrix factorisations and solves on the last two axes, batched over the others. f32 is computed in f64 and rounded once.
[<RequireQualifiedAccess; Struct>]
type FactorOp =
    /// A -> the lower triangular L with L L' = A, zeros above the diagonal; reads the lower triangle. From the first
    /// column whose pivot is not positive (NaN included) on, the lower triangle of L is NaN.
    | Cholesky
    /// (L [..,n,n], B [..,n,k]) -> X with op(L) X = B; reads the named triangle of L; op is the transpose if asked.
    /// A zero on the diagonal divides by zero as f64 does.
    | TriangularSolve of lower: bool * transpose: bool
    /// (L [..,n,n], C [..,n,n]) -> the cotangent of A = L L' from the cotangent C of L: Phi(S + S') with
    /// S = L'^-1 Phi(L' C) L^-1, Phi taking the lower triangle and half the diagonal; reads the lower triangles of both.
    | CholeskyVjp
    /// (A [..,n,n], B [..,n,k]) -> X with A X = B, or A' X = B; a singular A divides by zero (f64)
    | Solve of adjoint: bool
    /// A [..,n,n] -> log |det A| [..]; -inf where A is singular (f64)
    | LogAbsDet
    /// A [..,n,n] -> the sign of det A [..]: -1, 0 or 1 (f64)
    | DetSign
    /// A [..,m,n], m >= n -> Q [..,m,n] above R [..,n,n] with Q R = A, Q'Q = I, R upper triangular with a nonnegative
    /// diagonal (f64)
    | Qr
    /// A [..,n,n], symmetric, of which the lower triangle is read -> the eigenvalues, ascending, as one row above the
    /// eigenvectors, the columns of V [..,n,n]; of each the first of the largest components is positive (f64)
    | Eigh
    /// A [..,m,n] -> U [..,m,k] above the singular values, descending, as one row, above V [..,n,k], k = min(m, n), with
    /// A = U diag(s) V'; of each column of V the first of the largest components is positive (f64)
    | Svd

/// Counter-based randomness. A key is i32[2], the two words of a Philox4x32-10 key; P(c) below is the block of four words
/// w0..w3 that it gives for the counter words (c, 0, 0, tag). The code is Ppl.Kernels.RandomStream, which every engine calls.
[<RequireQualifiedAccess>]
type RandomOp =
    /// (key, data: i32[]) -> the key of a derived stream: the first two words of P(data), tag 0x666F6C64.
    | FoldIn
    /// key -> f64 in the open interval (0, 1): block b = P(b), tag 0x756E6966, gives elements 2b and 2b + 1 from
    /// (low, high) = (w0, w1) and (w2, w3) as ((high * 2^32 + low) / 2^12 rounded down + 1/2) * 2^-52.
    | Uniform of shape: Shape
    /// key -> i32 with 32 random bits each: block b = P(b), tag 0x62697473, gives elements 4b to 4b + 3.
    | Bits of shape: Shape

/// A variable of a program: an index into its table of types.
type Var = int

/// Structured control flow over sub-programs.
[<RequireQualifiedAccess; NoComparison; ReferenceEquality>]
type ControlOp =
    /// (p: bool[], operands) -> whenTrue operands or whenFalse operands.
    | Cond of whenTrue: Program * whenFalse: Program
    /// (constants, carry): body (constants, carry) -> carry while condition (constants, carry) -> bool[].
    | While of constants: int * condition: Program * body: Program
    /// (constants, carry, xs): body (constants, carry, one slice of each x) -> (carry, ys), length times along the
    /// first axes of xs (from the back if reverse); gives (carry, stacked ys).
    | Scan of constants: int * carry: int * length: int * reverse: bool * body: Program
    /// operands -> body operands, apart from the equations around it: nothing inside is shared with them. Derivatives
    /// compute it again instead of keeping what it computed.
    | Checkpoint of body: Program
    /// (captured, xs) -> ys = body (captured, xs), with a derivative of its own:
    /// vjp (captured, xs, ys, cotangents of ys) -> cotangents of xs, linear in the cotangents.
    | CustomGrad of captured: int * body: Program * vjp: Program

/// What an equation does. Static data are here, tensors are the arguments.
and [<RequireQualifiedAccess; NoComparison; ReferenceEquality>] Primitive =
    | Constant of value: Literal
    /// 0, 1, 2, ... along an axis (reals, integers)
    | Iota of ty: TensorType * axis: int
    | Unary of unary: UnaryOp
    | Binary of binary: BinaryOp
    | Special of special: SpecialOp
    | Compare of compare: CompareOp
    /// (p: bool, x, y) -> x where p else y; all of one shape
    | Select
    /// To reals: the nearest (ties to even). Reals to integers: truncated towards zero, saturated (NaN: 0). Between integers:
    /// the low bits, so i64 wraps and i32 and u32 read each other's bits. From bool: 0, 1; to bool: not zero.
    | Convert of dtype: DType
    | Reduce of reduce: ReduceOp * axes: int[]
    | Cumulate of cumulate: CumulateOp * axis: int * reverse: bool
    | Order of order: OrderOp
    | Move of move: MoveOp
    | Index of index: IndexOp
    /// The result has the batch axes, then the free left axes, then the free right axes. f64: sums of
    /// products in an order of the engine's choice. f32: the reference sums in f64 and rounds once, engines may accumulate in
    /// f32 with fused multiply-adds; n products differ by at most n 2^-24 times the sum of their magnitudes.
    | Contract of contract: DotAxes
    | Factor of factor: FactorOp
    | Random of random: RandomOp
    | Control of control: ControlOp

/// outs = primitive args
and [<NoComparison; ReferenceEquality>] Equation =
    {
        /// What is computed.
        Primitive: Primitive
        /// The arguments.
        Args: Var[]
        /// The results, one unless the primitive is Control.
        Outs: Var[]
    }

/// A typed program in A-normal form: each variable is assigned once, before it is used. Closed: a sub-program sees
/// its own inputs only.
and [<NoComparison; ReferenceEquality>] Program =
    {
        /// The parameters.
        Inputs: Var[]
        /// In order of evaluation.
        Equations: Equation[]
        /// The results.
        Outputs: Var[]
        /// The type of each variable.
        Types: TensorType[]
    }

/// Total functions on primitives.
[<RequireQualifiedAccess>]
module Primitive =

    /// The members of one of the small enumerations (UnaryOp, BinaryOp, ...), in the order of their declaration.
    let members<'op> : 'op[] =
        FSharpType.GetUnionCases typeof<'op>
        |> Array.map (fun case -> FSharpValue.MakeUnion(case, [||]) |> unbox<'op>)

    // Written out: reflection and ToString of a union cost a tenth of a second in a cold process.

    let private unaryName op =
        match op with
        | UnaryOp.Neg -> "neg"
        | UnaryOp.Abs -> "abs"
        | UnaryOp.Sign -> "sign"
        | UnaryOp.Floor -> "floor"
        | UnaryOp.Reciprocal -> "reciprocal"
        | UnaryOp.Square -> "square"
        | UnaryOp.Sqrt -> "sqrt"
        | UnaryOp.Exp -> "exp"
        | UnaryOp.Expm1 -> "expm1"
        | UnaryOp.Log -> "log"
        | UnaryOp.Log1p -> "log1p"
        | UnaryOp.Sin -> "sin"
        | UnaryOp.Cos -> "cos"
        | UnaryOp.Tan -> "tan"
        | UnaryOp.Asin -> "asin"
        | UnaryOp.Acos -> "acos"
        | UnaryOp.Atan -> "atan"
        | UnaryOp.Sinh -> "sinh"
        | UnaryOp.Cosh -> "cosh"
        | UnaryOp.Tanh -> "tanh"
        | UnaryOp.Asinh -> "asinh"
        | UnaryOp.Acosh -> "acosh"
        | UnaryOp.Atanh -> "atanh"
        | UnaryOp.Exp2 -> "exp2"
        | UnaryOp.Log2 -> "log2"
        | UnaryOp.Cbrt -> "cbrt"
        | UnaryOp.Log1mExp -> "log1mExp"
        | UnaryOp.Sigmoid -> "sigmoid"
        | UnaryOp.Softplus -> "softplus"
        | UnaryOp.Erf -> "erf"
        | UnaryOp.Erfc -> "erfc"
        | UnaryOp.Erfinv -> "erfinv"
        | UnaryOp.Lgamma -> "lgamma"
        | UnaryOp.Digamma -> "digamma"
        | UnaryOp.Trigamma -> "trigamma"
        | UnaryOp.Ndtr -> "ndtr"
        | UnaryOp.LogNdtr -> "logNdtr"
        | UnaryOp.Ndtri -> "ndtri"
        | UnaryOp.BesselI0e -> "besselI0e"
        | UnaryOp.BesselI1e -> "besselI1e"
        | UnaryOp.Not -> "not"
        | UnaryOp.IsFinite -> "isFinite"
        | UnaryOp.IsNaN -> "isNaN"
        | UnaryOp.StopGradient -> "stopGradient"

    let private binaryName op =
        match op with
        | BinaryOp.Add -> "add"
        | BinaryOp.Sub -> "sub"
        | BinaryOp.Mul -> "mul"
        | BinaryOp.Div -> "div"
        | BinaryOp.Rem -> "rem"
        | BinaryOp.Pow -> "pow"
        | BinaryOp.Max -> "max"
        | BinaryOp.Min -> "min"
        | BinaryOp.And -> "and"
        | BinaryOp.Or -> "or"
        | BinaryOp.Xor -> "xor"
        | BinaryOp.ShiftLeft -> "shiftLeft"
        | BinaryOp.ShiftRight -> "shiftRight"

    let private specialName op =
        match op with
        | SpecialOp.Atan2 -> "atan2"
        | SpecialOp.Polygamma -> "polygamma"
        | SpecialOp.GammaP -> "gammaP"
        | SpecialOp.GammaQ -> "gammaQ"
        | SpecialOp.GammaPByShape -> "gammaPByShape"
        | SpecialOp.BetaI -> "betaI"
        | SpecialOp.BetaIByA -> "betaIByA"
        | SpecialOp.BetaIByB -> "betaIByB"

    /// How many arguments a special function takes.
    let specialArity op =
        match op with
        | SpecialOp.BetaI
        | SpecialOp.BetaIByA
        | SpecialOp.BetaIByB -> 3
        | _ -> 2

    let private compareName op =
        match op with
        | CompareOp.Eq -> "eq"
        | CompareOp.Ne -> "ne"
        | CompareOp.Lt -> "lt"
        | CompareOp.Le -> "le"
        | CompareOp.Gt -> "gt"
        | CompareOp.Ge -> "ge"

    let private reduceName op =
        match op with
        | ReduceOp.Sum -> "reduceSum"
        | ReduceOp.Prod -> "reduceProd"
        | ReduceOp.Max -> "reduceMax"
        | ReduceOp.Min -> "reduceMin"
        | ReduceOp.Any -> "reduceAny"
        | ReduceOp.All -> "reduceAll"

    let private cumulateName op =
        match op with
        | CumulateOp.Sum -> "cumulateSum"
        | CumulateOp.Prod -> "cumulateProd"
        | CumulateOp.Max -> "cumulateMax"
        | CumulateOp.Min -> "cumulateMin"
        | CumulateOp.LogSumExp -> "cumulateLogSumExp"

    /// The name in program texts and messages.
    let name primitive =
        match primitive with
        | Primitive.Constant _ -> "constant"
        | Primitive.Iota _ -> "iota"
        | Primitive.Unary op -> unaryName op
        | Primitive.Binary op -> binaryName op
        | Primitive.Special op -> specialName op
        | Primitive.Compare op -> compareName op
        | Primitive.Select -> "select"
        | Primitive.Convert _ -> "convert"
        | Primitive.Reduce(op, _) -> reduceName op
        | Primitive.Cumulate(op, _, _) -> cumulateName op
        | Primitive.Order(OrderOp.Sort _) -> "sort"
        | Primitive.Order(OrderOp.ArgSort _) -> "argSort"
        | Primitive.Order(OrderOp.ArgMax _) -> "argMax"
        | Primitive.Order(OrderOp.ArgMin _) -> "argMin"
        | Primitive.Order(OrderOp.SearchSorted _) -> "searchSorted"
        | Primitive.Move(MoveOp.Reshape _) -> "reshape"
        | Primitive.Move(MoveOp.Transpose _) -> "transpose"
        | Primitive.Move(MoveOp.Broadcast _) -> "broadcast"
        | Primitive.Move(MoveOp.Slice _) -> "slice"
        | Primitive.Move(MoveOp.Pad _) -> "pad"
        | Primitive.Move(MoveOp.Concat _) -> "concat"
        | Primitive.Move(MoveOp.Reverse _) -> "reverse"
        | Primitive.Move(MoveOp.Windows _) -> "windows"
        | Primitive.Index(IndexOp.Take _) -> "take"
        | Primitive.Index(IndexOp.ScatterAdd _) -> "scatterAdd"
        | Primitive.Index(IndexOp.DynamicSlice _) -> "dynamicSlice"
        | Primitive.Index IndexOp.DynamicUpdate -> "dynamicUpdate"
        | Primitive.Contract _ -> "dot"
        | Primitive.Factor FactorOp.Cholesky -> "cholesky"
        | Primitive.Factor FactorOp.CholeskyVjp -> "choleskyVjp"
        | Primitive.Factor(FactorOp.TriangularSolve _) -> "triangularSolve"
        | Primitive.Factor(FactorOp.Solve _) -> "solve"
        | Primitive.Factor FactorOp.LogAbsDet -> "logAbsDet"
        | Primitive.Factor FactorOp.DetSign -> "detSign"
        | Primitive.Factor FactorOp.Qr -> "qr"
        | Primitive.Factor FactorOp.Eigh -> "eigh"
        | Primitive.Factor FactorOp.Svd -> "svd"
        | Primitive.Random RandomOp.FoldIn -> "foldIn"
        | Primitive.Random(RandomOp.Uniform _) -> "uniform"
        | Primitive.Random(RandomOp.Bits _) -> "bits"
        | Primitive.Control(ControlOp.Cond _) -> "cond"
        | Primitive.Control(ControlOp.While _) -> "while"
        | Primitive.Control(ControlOp.Scan _) -> "scan"
        | Primitive.Control(ControlOp.Checkpoint _) -> "checkpoint"
        | Primitive.Control(ControlOp.CustomGrad _) -> "customGrad"

    /// Whether element i of the result depends on element i of each argument alone.
    let isElementwise primitive =
        match primitive with
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Special _
        | Primitive.Compare _
        | Primitive.Select
        | Primitive.Convert _ -> true
        | _ -> false

    /// Whether x op y = y op x, bit for bit.
    let isCommutative op =
        match op with
        | BinaryOp.Add
        | BinaryOp.Mul
        | BinaryOp.And
        | BinaryOp.Or
        | BinaryOp.Xor -> true
        | BinaryOp.Max
        | BinaryOp.Min
        | BinaryOp.Sub
        | BinaryOp.Div
        | BinaryOp.Rem
        | BinaryOp.Pow
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> false
