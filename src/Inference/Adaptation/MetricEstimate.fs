// From moments of the draws (and gradients) of a window to the factor L of the inverse metric M^-1 = L L'.
// Relies on RunningMoments and Metric. Read Adaptation next.
namespace Ppl.Inference.Adaptation

open System
open Ppl.Inference.Mcmc

/// What the inverse metric is estimated from.
[<RequireQualifiedAccess; Struct>]
type MetricSource =
    /// The covariance of the draws (Stan).
    | Draws
    /// The geometric mean of what draws and gradients say: variance sqrt(var q / var g); diagonal metrics only. For a
    /// normal target with independent coordinates both say the same, and gradients say it after very few draws.
    /// Source: Seyboldt, Carlson and Carpenter (2024), nutpie; arXiv 2603.18845.
    | DrawsAndGradients

/// Estimates of metrics.
[<RequireQualifiedAccess>]
module MetricEstimate =

    /// Stan's shrinkage n/(n+5) s + 1e-3 5/(n+5), but with 1e-3 of the coordinate's own variance rather than of 1: the
    /// estimate then follows a change of units, and a posterior of small scale (a slope per dollar, say) keeps it.
    let private shrink (n: int) own isDiagonal =
        let n = float n
        let ridge = if isDiagonal then 1e-3 * (5.0 / (n + 5.0)) * own else 0.0
        n / (n + 5.0) * own + ridge

    /// The factor of shrunken variances of the draws; a coordinate that has not moved keeps its scale.
    let private ofVariances (draws: RunningMoments) (factor: float[]) =
        for i in 0 .. factor.Length - 1 do
            let variance = shrink draws.Count (RunningMoments.variance draws i) true

            if Double.IsFinite variance && variance > 0.0 then
                factor[i] <- sqrt variance

    /// A coordinate whose variances say nothing keeps its scale.
    let private ofRatios (draws: RunningMoments) (gradients: RunningMoments) (factor: float[]) =
        for i in 0 .. factor.Length - 1 do
            let ratio = RunningMoments.variance draws i / RunningMoments.variance gradients i

            if Double.IsFinite ratio && ratio > 0.0 then
                factor[i] <- sqrt (sqrt ratio)

    /// The Cholesky factor of the lower triangle of a, into l; false (and l spoilt) if a is not positive definite.
    let private tryCholesky (d: int) (a: float[]) (l: float[]) =
        let mutable sound = true

        for i in 0 .. d - 1 do
            for j in 0..i do
                let mutable sum = a[i * d + j]

                for k in 0 .. j - 1 do
                    sum <- sum - l[i * d + k] * l[j * d + k]

                if i = j then
                    sound <- sound && sum > 0.0 && Double.IsFinite sum
                    l[i * d + i] <- sqrt sum
                else
                    l[i * d + j] <- sum / l[j * d + j]

        sound

    let private ofCovariance (draws: RunningMoments) (factor: float[]) =
        let d = draws.Mean.Length
        let scale = 1.0 / float (draws.Count - 1)

        let covariance =
            draws.Spread |> Array.mapi (fun k s -> shrink draws.Count (scale * s) (k % (d + 1) = 0))

        let l = Array.zeroCreate (d * d)

        if tryCholesky d covariance l then
            Array.blit l 0 factor 0 l.Length

    /// Replaces the factor by what a window of at least two draws says. An inverse metric that would not be positive
    /// definite leaves the old one in place.
    let replace kind source (draws: RunningMoments) (gradients: RunningMoments) (factor: float[]) =
        if draws.Count >= 2 then
            match kind, source with
            | MetricKind.Identity, _ -> ()
            | MetricKind.Diagonal, MetricSource.Draws -> ofVariances draws factor
            | MetricKind.Diagonal, MetricSource.DrawsAndGradients -> ofRatios draws gradients factor
            | MetricKind.Dense, _ -> ofCovariance draws factor
