// What densities need beyond the elementary operations: logarithms that may be of zero, and differences of log-gamma
// functions without the cancellation of the plain formula.
// Relies on Ops. Read Reals next.
[<RequireQualifiedAccess>]
module internal Ppl.Core.Probability.Special

open System
open Ppl.Core.Tensors

let private zero = Ops.scalar 0.0

/// ln x with derivative 0 (not infinite) at x = 0.
let safeLog (x: Tensor) : Tensor =
    let atZero = Ops.equal x zero
    Ops.select atZero (Ops.scalar Double.NegativeInfinity) (Ops.log (Ops.select atZero (Ops.scalar 1.0) x))

/// x l for counts x and logarithms l, where l = -inf means "0 unless x > 0, then -inf". The selection happens at the
/// shape of l (often one number for all x), so that a sum over many x can still be taken out: l/2 is replaced by the
/// lowest finite number, and twice that, times a positive count, overflows to -inf. Halving and doubling are exact.
let private weigh (x: Tensor) (atZero: Tensor) (logarithm: Tensor) =
    (2.0 * x) * Ops.select atZero (Ops.scalar Double.MinValue) (0.5 * logarithm)

/// x ln y with 0 ln 0 = 0, for x = 0 or x >= 1.
let xlogy (x: Tensor) (y: Tensor) : Tensor =
    let atZero = Ops.equal y zero
    weigh x atZero (Ops.log (Ops.select atZero (Ops.scalar 1.0) y))

/// x ln(1 + y) with 0 ln 0 = 0, for x = 0 or x >= 1.
let xlog1py (x: Tensor) (y: Tensor) : Tensor =
    let atZero = Ops.equal y (Ops.scalar -1.0)
    weigh x atZero (Ops.log1p (Ops.select atZero zero y))

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
    let large = Ops.greaterEqual x (Ops.scalar StirlingFrom)
    // Each formula sees arguments of its own side only, so that no infinity reaches a gradient.
    let big = Ops.select large x (Ops.scalar StirlingFrom)
    let small = Ops.select large (Ops.scalar 1.0) x
    let top = big + k
    let main = (big - 0.5) * Ops.log1p (k / big) + k * (Ops.log top - 1.0)
    Ops.select large (main + (stirling top - stirling big)) (Ops.lgamma (small + k) - Ops.lgamma small)

/// ln B(a, b) = ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b) for a, b > 0.
let logBeta (a: Tensor) (b: Tensor) : Tensor =
    // One comparison decides for both, so that the derivative is right where a = b.
    let ordered = Ops.less a b
    let low, high = Ops.select ordered a b, Ops.select ordered b a
    Ops.lgamma low - lgammaRise high low

/// ln (n choose k) for reals 0 <= k <= n.
let logChoose (n: Tensor) (k: Tensor) : Tensor = Ops.lgamma (n + 1.0) - Ops.lgamma (k + 1.0) - Ops.lgamma (n - k + 1.0)
