// Families on bounded intervals: uniform, beta. Formulas: docs/math/families.md.
// Relies on Family, Draws and Special. Read Counts next.

/// Families on bounded intervals.
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Intervals

open Ppl.Core.Randomness
open Ppl.Core.Tensors

/// The uniform distribution between two bounds.
/// ln p(x) = -ln(high - low) for low < x < high. Bounds are real and low < high (PPL1010).
let uniform (low: Tensor) (high: Tensor) : IDistribution =
    let name = "uniform(low, high)"
    let low, high = Ops.toFloat low, Ops.toFloat high
    let parameters = [ Parameter.finite "low" low; Parameter.create "high" (Rule.Above("low", low)) high ]
    let width = high - low

    let logDensity x =
        let inside = Ops.logicalAnd (Ops.greater x low) (Ops.less x high)
        Ops.select inside (-(Ops.log width)) Family.minusInfinity

    let sample shape key = low + width * Draws.uniform shape key

    Family.scalar name parameters (Support.Interval(low, high)) sample logDensity
    |> Family.withMoments (fun () -> low + 0.5 * width) (fun () -> Ops.square width / 12.0)
    |> Family.distribution

/// The beta distribution.
/// ln p(x) = (alpha - 1) ln x + (beta - 1) ln(1 - x) - ln B(alpha, beta).
/// Mean alpha/(alpha + beta), variance alpha beta/((alpha + beta)^2 (alpha + beta + 1)).
let beta (alpha: Tensor) (beta: Tensor) : IDistribution =
    let name = "beta(alpha, beta)"
    let alpha, beta = Ops.toFloat alpha, Ops.toFloat beta
    let parameters = [ Parameter.positive "alpha" alpha; Parameter.positive "beta" beta ]
    let total = alpha + beta

    let isInside x = Ops.logicalAnd (Ops.greater x (Ops.scalar 0.0)) (Ops.less x (Ops.scalar 1.0))

    let logDensity =
        Family.inside isInside 0.5 (fun x ->
            (alpha - 1.0) * Ops.log x + (beta - 1.0) * Ops.log1p (-x) - SpecialFunctions.lbeta alpha beta)

    let sample shape key = Draws.beta alpha beta shape key

    Family.scalar name parameters Support.UnitInterval sample logDensity
    |> Family.withMoments (fun () -> alpha / total) (fun () -> alpha * beta / (Ops.square total * (total + 1.0)))
    |> Family.distribution
