// Special functions of several arguments, and what can be composed of elementary ones at no loss: logarithms that may be
// of zero, differences of log-gamma functions without the cancellation of the plain formula, inverses. Arguments are
// broadcast against each other. Relies on Ops. Read Control next.
/// Special functions of several arguments, and compositions of special functions.
[<RequireQualifiedAccess>]
module Ppl.Core.Tensors.SpecialFunctions

open System
open Ppl.Core
open Ppl.Core.Ir

let private apply op (xs: Tensor list) =
    let name = Primitive.name (Primitive.Special op)

    let widen (shape: Shape) (x: Tensor) =
        match Shape.tryBroadcast shape x.Shape with
        | Some wider -> wider
        | None -> Errors.shapes name $"{x.Type} does not broadcast to {shape}"

    let shape = xs |> List.fold widen Shape.scalar
    Bind.one (Primitive.Special op) (xs |> List.map (Ops.broadcastTo shape) |> List.toArray)

/// The angle of the point (x, y), in [-pi, pi]; signs of zeros as in C. Errors below 2.5 ulp.
let atan2 (y: Tensor) (x: Tensor) : Tensor = apply SpecialOp.Atan2 [ y; x ]

/// The n-th derivative of digamma: (-1)^(n+1) n! times the sum of (x + k)^-(n+1) over k = 0, 1, ...
/// n is 0, 1, ..., 170 (NaN for any other real); for n > 1 and x < 0 the value is NaN. Errors below 5 ulp. Its derivative by
/// x is polygamma (n + 1); by n it has none (PPL5006).
let polygamma (n: Tensor) (x: Tensor) : Tensor = apply SpecialOp.Polygamma [ n; x ]

/// The regularised lower incomplete gamma function P(a, x) = 1/Gamma(a) times the integral of t^(a-1) e^-t from 0 to x, for
/// a, x >= 0: the cdf at x of the gamma distribution with shape a and rate 1. Differentiable to
/// any order; from the second order in a on by differences, with errors of some 1e-10 of the size of the first.
let gammaP (a: Tensor) (x: Tensor) : Tensor = apply SpecialOp.GammaP [ a; x ]

/// 1 - P(a, x), accurate in the upper tail.
let gammaQ (a: Tensor) (x: Tensor) : Tensor = apply SpecialOp.GammaQ [ a; x ]

/// dP(a, x)/da
let gammaPByShape (a: Tensor) (x: Tensor) : Tensor = apply SpecialOp.GammaPByShape [ a; x ]

/// The regularised incomplete beta function I(a, b, x) = 1/B(a, b) times the integral of t^(a-1) (1-t)^(b-1) from 0 to x,
/// for 1e-300 < a, b < 1e100 and x in [0, 1]: the cdf at x of the beta distribution; I(b, a, 1 - x) is its complement.
/// Differentiable to any order; from the second order in a and b on by differences, with errors of some 1e-10 of the size of
/// the first.
let betaI (a: Tensor) (b: Tensor) (x: Tensor) : Tensor = apply SpecialOp.BetaI [ a; b; x ]

/// dI(a, b, x)/da
let betaIByA (a: Tensor) (b: Tensor) (x: Tensor) : Tensor = apply SpecialOp.BetaIByA [ a; b; x ]

/// dI(a, b, x)/db
let betaIByB (a: Tensor) (b: Tensor) (x: Tensor) : Tensor = apply SpecialOp.BetaIByB [ a; b; x ]

/// Whether x = 0 and y is outside (bound, inf).
let private vanishes (x: Tensor) bound (y: Tensor) =
    let isNumber = Ops.logicalOr (Ops.isFinite y) (Ops.isNaN y)
    let outside = Ops.logicalOr (Ops.lessEqual y (Ops.scalarLike y bound)) (Ops.logicalNot isNumber)
    Ops.logicalAnd (Ops.equal x (Ops.scalarLike x 0.0)) outside

/// x ln y with 0 ln 0 = 0 and 0 ln y = 0 for y < 0 or infinite; NaN where y is. The derivative by x is ln y wherever that is
/// finite.
let xlogy (x: Tensor) (y: Tensor) : Tensor = x * Ops.log (Ops.select (vanishes x 0.0 y) (Ops.scalarLike y 1.0) y)

/// x ln(1 + y) with 0 where x = 0 and y = -1 (below, or infinite); NaN where y is.
let xlog1py (x: Tensor) (y: Tensor) : Tensor = x * Ops.log1p (Ops.select (vanishes x -1.0 y) (Ops.scalarLike y 0.0) y)

/// ln(e^x - 1) for x > 0, accurate near 0 and for large x: the inverse of softplus. Near its zero ln 2 the error is
/// absolute.
let logExpm1 (x: Tensor) : Tensor = x + Ops.log1mexp (-x)

/// ln(e^x - e^y) for x >= y; -inf where they are equal.
let logSubExp (x: Tensor) (y: Tensor) : Tensor = x + Ops.log1mexp (y - x)

/// The inverse of erfc, on [0, 2], accurate where erfc is tiny.
let erfcinv (x: Tensor) : Tensor = -Math.Sqrt 0.5 * Ops.ndtri (0.5 * x)

/// ln I0(x), for any size of x. Near its zero at 0 the error is absolute.
let logBesselI0 (x: Tensor) : Tensor = Ops.log (Ops.besselI0e x) + Ops.abs x

/// ln I1(x) for x > 0, of any size.
let logBesselI1 (x: Tensor) : Tensor = Ops.log (Ops.besselI1e x) + x

/// Above this, Stirling's series with five terms is exact to rounding (first neglected term 2e-17).
[<Literal>]
let private StirlingFrom = 16.0

/// ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi)/2) = 1/(12x) - 1/(360x^3) + 1/(1260x^5) - 1/(1680x^7) + 1/(1188x^9) - ...
/// (Abramowitz and Stegun 6.1.41)
let private stirling (x: Tensor) =
    let r = Ops.reciprocal x
    let s = Ops.square r

    let series =
        1.0 / 12.0
        + s
          * (-1.0 / 360.0
             + s * (1.0 / 1260.0 + s * (-1.0 / 1680.0 + s * (1.0 / 1188.0 - s * (691.0 / 360360.0)))))

    r * series

/// ln Gamma(x + k) - ln Gamma(x) for x > 0, k >= 0. The plain difference loses all digits when x is large (studentT and
/// negative binomial near their limits): there, (x - 1/2) ln(1 + k/x) + k ln(x + k) - k plus the differences of the series.
let lgammaRise (x: Tensor) (k: Tensor) : Tensor =
    let like = Ops.scalarLike x
    let large = Ops.greaterEqual x (like StirlingFrom)
    // Each formula sees arguments of its own side only, so that no infinity reaches a gradient.
    let big = Ops.select large x (like StirlingFrom)
    let small = Ops.select large (like 1.0) x
    let top = big + k
    let main = (big - 0.5) * Ops.log1p (k / big) + k * (Ops.log top - 1.0)
    Ops.select large (main + (stirling top - stirling big)) (Ops.lgamma (small + k) - Ops.lgamma small)

/// ln B(a, b) = ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b) for a, b > 0.
let lbeta (a: Tensor) (b: Tensor) : Tensor =
    // One comparison decides for both, so that the derivative is right where a = b.
    let ordered = Ops.less a b
    let low, high = Ops.select ordered a b, Ops.select ordered b a
    Ops.lgamma low - lgammaRise high low

/// ln (n choose k) for reals 0 <= k <= n.
let lchoose (n: Tensor) (k: Tensor) : Tensor = Ops.lgamma (n + 1.0) - Ops.lgamma (k + 1.0) - Ops.lgamma (n - k + 1.0)
