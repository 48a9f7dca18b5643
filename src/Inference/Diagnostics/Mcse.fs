// Monte Carlo standard errors: how far may an estimate lie from what infinitely many draws would give?

namespace Ppl.Inference.Diagnostics

/// <summary>Monte Carlo standard errors (MCSE) of estimates made from draws.</summary>
module Mcse =

    /// <summary>MCSE of the mean, sd / sqrt(ESS of the mean). Scales with the draws.</summary>
    let mean (chains: Chains) : Judged =
        match Chains.sd chains, Ess.mean chains with
        | Ok sd, Ok ess -> Judged.finite (sd / sqrt ess)
        | Error reason, _
        | _, Error reason -> Error reason

    /// <summary>
    /// MCSE of the standard deviation, sqrt((m4 - m2^2) / ESS / (4 m2)) with central moments m2, m4: the delta
    /// method on the variance (Kenney and Keeping 1951). ESS is that of the squared deviations (<c>Ess.sd</c>):
    /// ArviZ takes that of the mean, which is too large when draws are antithetic.
    /// </summary>
    let sd (chains: Chains) : Judged =
        let error ess =
            let values = Array.concat chains.Unit
            let centre = Moments.mean values
            let squares = values |> Array.map (fun x -> (x - centre) * (x - centre))
            let m2 = Array.average squares
            let m4 = squares |> Array.averageBy (fun s -> s * s)
            let range = chains.Sorted[chains.Sorted.Length - 1] - chains.Sorted[0]
            Judged.finite (range * sqrt (max 0.0 (m4 - m2 * m2) / (4.0 * m2 * ess)))

        Ess.sd chains |> Result.bind error

    // One standard deviation of a normal on either side.
    let private lowerProbability, private upperProbability = 0.15865525393145707, 0.8413447460685429

    /// <summary>
    /// MCSE of the p-quantile, half the width of its central 68% interval: the quantile's level has about the
    /// distribution Beta(ESS p + 1, ESS (1 - p) + 1), whose bounds are read off the sorted draws. Needs 0 &lt; p
    /// &lt; 1. No density estimate is needed and heavy tails do no harm. Source: VGSCB section 4.
    /// </summary>
    let quantile p (chains: Chains) : Judged =
        let error ess =
            let s = chains.Sorted
            let size = float s.Length
            let position probability = size * Inverse.beta (ess * p + 1.0) (ess * (1.0 - p) + 1.0) probability - 1.0
            let low = s[int (floor (max 0.0 (position lowerProbability)))]
            let high = s[int (ceil (min (size - 1.0) (position upperProbability)))]
            Judged.finite (0.5 * high - 0.5 * low)

        Ess.quantile p chains |> Result.bind error

    /// <summary>MCSE of the median: <c>quantile 0.5</c>.</summary>
    let median chains = quantile 0.5 chains
