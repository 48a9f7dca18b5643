// Families on the positive half-line: exponential, halfNormal, halfCauchy, logNormal, gamma, inverseGamma.
// Formulas: docs/math/families.md. Relies on Family, Draws and Special. Read Intervals next.

/// Families on the positive half-line.
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Positives

open System
open Ppl.Core.Randomness
open Ppl.Core.Tensors

let private halfLog2Pi = 0.5 * log (2.0 * Math.PI)
let private isPositive x = Ops.greater x (Ops.scalar 0.0)
let private isNonnegative x = Ops.greaterEqual x (Ops.scalar 0.0)

/// The exponential distribution.
/// ln p(x) = ln rate - rate x; mean 1/rate, variance 1/rate^2.
let exponential (rate: Tensor) : IDistribution =
    let name = "exponential(rate)"
    let rate = Ops.toFloat rate
    let parameters = [ Parameter.positive "rate" rate ]
    let logDensity = Family.inside isPositive 1.0 (fun x -> Ops.log rate - rate * x)

    Family.scalar name parameters Support.Positive (fun shape key -> Draws.exponential shape key / rate) logDensity
    |> Family.withMoments (fun () -> Ops.reciprocal rate) (fun () -> Ops.reciprocal (Ops.square rate))
    |> Family.distribution

/// The absolute value of a normal variable with location 0.
/// ln p(x) = ln 2 - z^2/2 - ln scale - ln(2 pi)/2, z = x/scale; mean scale sqrt(2/pi), variance scale^2 (1 - 2/pi).
let halfNormal (scale: Tensor) : IDistribution =
    let name = "halfNormal(scale)"
    let scale = Ops.toFloat scale
    let parameters = [ Parameter.positive "scale" scale ]

    let logDensity =
        Family.inside isNonnegative 1.0 (fun x ->
            -0.5 * Ops.square (x * Ops.reciprocal scale) - (Ops.log scale + (halfLog2Pi - log 2.0)))

    let sample shape key = scale * Ops.abs (Draws.normal shape key)

    Family.scalar name parameters Support.Nonnegative sample logDensity
    |> Family.withMoments (fun () -> scale * sqrt (2.0 / Math.PI)) (fun () -> Ops.square scale * (1.0 - 2.0 / Math.PI))
    |> Family.distribution

/// The absolute value of a Cauchy variable with location 0; no moments.
/// ln p(x) = ln(2/pi) - ln scale - ln(1 + z^2), z = x/scale.
let halfCauchy (scale: Tensor) : IDistribution =
    let name = "halfCauchy(scale)"
    let scale = Ops.toFloat scale
    let parameters = [ Parameter.positive "scale" scale ]

    let logDensity =
        Family.inside isNonnegative 1.0 (fun x ->
            -(Ops.log1p (Ops.square (x * Ops.reciprocal scale))) - (Ops.log scale + log (Math.PI / 2.0)))

    let sample shape key = scale * Ops.abs (Draws.cauchy shape key)
    Family.scalar name parameters Support.Nonnegative sample logDensity |> Family.distribution

/// The distribution of exp of a normal variable; loc and scale are those of the logarithm.
/// ln p(x) = -z^2/2 - ln scale - ln(2 pi)/2 - ln x, z = (ln x - loc)/scale.
/// Mean exp(loc + scale^2/2), variance (exp(scale^2) - 1) mean^2.
let logNormal (loc: Tensor) (scale: Tensor) : IDistribution =
    let name = "logNormal(loc, scale)"
    let loc, scale = Ops.toFloat loc, Ops.toFloat scale
    let parameters = [ Parameter.finite "loc" loc; Parameter.positive "scale" scale ]

    let logDensity =
        Family.inside isPositive 1.0 (fun x ->
            let logX = Ops.log x
            -0.5 * Ops.square (Family.standardise loc scale logX) - logX - (Ops.log scale + halfLog2Pi))

    let mean () = Ops.exp (loc + 0.5 * Ops.square scale)
    let variance () = Ops.expm1 (Ops.square scale) * Ops.square (mean ())
    let sample shape key = Ops.exp (loc + scale * Draws.normal shape key)

    Family.scalar name parameters Support.Positive sample logDensity
    |> Family.withMoments mean variance
    |> Family.distribution

/// The gamma distribution with a rate (not a scale).
/// ln p(x) = concentration ln rate - ln Gamma(concentration) + (concentration - 1) ln x - rate x.
/// Mean concentration/rate, variance concentration/rate^2.
let gamma (concentration: Tensor) (rate: Tensor) : IDistribution =
    let name = "gamma(concentration, rate)"
    let concentration, rate = Ops.toFloat concentration, Ops.toFloat rate
    let parameters = [ Parameter.positive "concentration" concentration; Parameter.positive "rate" rate ]

    let logDensity =
        Family.inside isPositive 1.0 (fun x ->
            (concentration - 1.0) * Ops.log x - rate * x
            + (concentration * Ops.log rate - Ops.lgamma concentration))

    let sample shape key = Draws.gamma concentration shape key / rate

    Family.scalar name parameters Support.Positive sample logDensity
    |> Family.withMoments (fun () -> concentration / rate) (fun () -> concentration / Ops.square rate)
    |> Family.distribution

/// The distribution of 1/x for x from gamma(concentration, rate = scale).
/// ln p(x) = concentration ln scale - ln Gamma(concentration) - (concentration + 1) ln x - scale/x.
/// Mean scale/(c - 1) for c = concentration > 1, variance scale^2/((c - 1)^2 (c - 2)) for c > 2, where c is known.
let inverseGamma (concentration: Tensor) (scale: Tensor) : IDistribution =
    let name = "inverseGamma(concentration, scale)"
    let concentration, scale = Ops.toFloat concentration, Ops.toFloat scale
    let parameters = [ Parameter.positive "concentration" concentration; Parameter.positive "scale" scale ]

    let logDensity =
        Family.inside isPositive 1.0 (fun x ->
            (concentration * Ops.log scale - Ops.lgamma concentration)
            - (concentration + 1.0) * Ops.log x
            - scale * Ops.reciprocal x)

    let sample shape key = scale / Draws.gamma concentration shape key
    let family = Family.scalar name parameters Support.Positive sample logDensity
    let mean () = scale / (concentration - 1.0)

    { family with
        Mean = if Parameter.knownToBe (fun c -> c > 1.0) concentration then Some mean else None
        Variance =
            if Parameter.knownToBe (fun c -> c > 2.0) concentration then
                Some(fun () -> Ops.square (mean ()) / (concentration - 2.0))
            else
                None
    }
    |> Family.distribution
