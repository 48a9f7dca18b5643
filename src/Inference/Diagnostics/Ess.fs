// Effective sample sizes: how many independent draws would estimate this quantity as well? (VGSCB section 3.)
// Each function states which transformed draws it looks at; `ofHalves` is the one estimator. Autocovariance.fs
// feeds it.

namespace Ppl.Inference.Diagnostics

/// <summary>Effective sample sizes (ESS) of the estimates that are made from draws.</summary>
module Ess =

    /// tau = -1 + 2 sum_k P_k over Geyer's pairs P_k = rho_2k + rho_(2k+1), which are positive and not increasing
    /// for a reversible chain: the sum stops at the first pair that is not positive, and no pair may exceed the one
    /// before. Of the pair that stops the sum, a positive even term is added once: antithetic chains would lose it.
    let private integratedTime n (rho: int -> float) =
        // No pair beyond lag n - 2: a single product is no estimate.
        let lastPair = (n - 3) / 2

        let rec go k previous sum =
            let even, odd = rho (2 * k), rho (2 * k + 1)

            if k = lastPair || even + odd <= 0.0 then
                -1.0 + 2.0 * sum + max even 0.0
            else
                let pair = min previous (even + odd)
                go (k + 1) pair (sum + pair)

        go 0 infinity 0.0

    /// S / tau of halves of chains; rho_t = 1 - (W - mean autocovariance at t) / var+ mixes all chains, so that
    /// chains that disagree have a low ESS. At most S log10 S.
    let private ofHalves (halves: float[][]) : Judged =
        if Halves.isConstant halves then
            Error Absence.Constant
        else
            let n = halves[0].Length
            let autocovariance = Autocovariance.mean halves
            let within = autocovariance[0] * float n / float (n - 1)
            let total = autocovariance[0] + (halves |> Array.map Moments.mean |> Moments.variance)

            let rho t = if t = 0 then 1.0 else 1.0 - (within - autocovariance[t]) / total

            let size = float (n * halves.Length)
            Ok(size / max (integratedTime n rho) (1.0 / log10 size))

    let private ofTransformed transform (chains: Chains) : Judged =
        Chains.judgeable chains |> Result.bind (transform >> ofHalves)

    /// <summary>
    /// ESS of the normal scores of the draws: how well the centre of the distribution is known, also without moments.
    /// Law: unchanged by permuting chains and by strictly monotone transforms of the draws. Cost: O(S log S).
    /// </summary>
    let bulk chains = ofTransformed (fun c -> c.NormalScores) chains

    /// <summary>ESS of the mean of the draws. Law: unchanged by affine transforms.</summary>
    let mean chains = ofTransformed (fun c -> Halves.split c.Unit) chains

    /// <summary>ESS of the standard deviation: of the squared deviations from the mean of all draws.</summary>
    let sd chains =
        let squared (c: Chains) =
            let centre = Moments.mean (Array.concat c.Unit)
            c.Unit |> Array.map (Array.map (fun x -> (x - centre) * (x - centre))) |> Halves.split

        ofTransformed squared chains

    /// <summary>ESS of the p-quantile: of the indicators draw &lt;= quantile. Needs 0 &lt; p &lt; 1.</summary>
    let quantile p chains =
        let indicators (c: Chains) =
            let q = Chains.quantile p c
            c.Halves |> Array.map (Array.map (fun x -> if x <= q then 1.0 else 0.0))

        ofTransformed indicators chains

    /// <summary>
    /// The smaller ESS of the 5% and the 95% quantile. Where one of them is an end of a discrete distribution, so
    /// that its indicator is constant, the other one; absent if both are.
    /// </summary>
    let tail chains =
        match quantile 0.05 chains, quantile 0.95 chains with
        | Ok low, Ok high -> Ok(min low high)
        | Ok one, Error _
        | Error _, Ok one -> Ok one
        | Error reason, Error _ -> Error reason
