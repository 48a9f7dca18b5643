// The elementwise operations of tensor programs: small enumerations, one for each number and type of arguments.
// Relies on Foundations. Read ArrayOps next.
namespace Ppl.Core.Ir

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
