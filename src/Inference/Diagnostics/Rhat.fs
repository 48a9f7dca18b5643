// R-hat: do the chains, and the halves of each chain, look alike? Rank-normalised, split, folded (VGSCB section 4).

namespace Ppl.Inference.Diagnostics

/// <summary>The potential scale reduction R-hat; 1 when all halves of chains agree.</summary>
module Rhat =

    /// sqrt(((n - 1)/n W + B/n) / W): B/n is the variance of the means, W the mean of the variances.
    let private ofHalves (halves: float[][]) : Judged =
        if Halves.isConstant halves then
            Error Absence.Constant
        else
            let n = float halves[0].Length
            let betweenOverN = halves |> Array.map Moments.mean |> Moments.variance
            let within = halves |> Array.averageBy Moments.variance
            Ok(sqrt ((n - 1.0) / n + betweenOverN / within))

    /// <summary>
    /// Split R-hat of the draws themselves, without ranks. Defined where the variance exists; for comparison with
    /// older software only: it does not see chains that differ in scale, nor anything when tails are heavy.
    /// </summary>
    let classic (chains: Chains) : Judged =
        Chains.judgeable chains |> Result.bind (fun c -> ofHalves (Halves.split c.Unit))

    /// <summary>R-hat of the normal scores of the draws: sees chains that differ in location.</summary>
    let bulk (chains: Chains) : Judged = Chains.judgeable chains |> Result.bind (fun c -> ofHalves c.NormalScores)

    /// <summary>R-hat of the normal scores of |draw - median|: sees chains that differ in scale.</summary>
    let folded (chains: Chains) : Judged =
        let fold (c: Chains) =
            let median = Chains.quantile 0.5 c
            c.Halves |> Array.map (Array.map (fun x -> abs (x - median))) |> Halves.normalScores

        Chains.judgeable chains |> Result.bind (fold >> ofHalves)

    /// <summary>
    /// Rank-normalised split R-hat, the larger of <c>bulk</c> and <c>folded</c>.
    /// Law: unchanged by permuting chains, and (<c>bulk</c>) by any strictly increasing transform of the draws.
    /// Positive infinity if no chain moves and they sit at different places. With one chain its halves are
    /// compared, which shows drift but not a second mode. Absent for constant draws and for fewer than
    /// <c>Chains.minimumDraws</c>. If the folded draws are constant (two values only) it is <c>bulk</c>. Source:
    /// VGSCB section 4.
    /// </summary>
    let rank (chains: Chains) : Judged =
        match bulk chains, folded chains with
        | Ok b, Ok f -> Ok(max b f)
        | Ok b, Error _ -> Ok b
        | Error reason, _ -> Error reason
