// E-BFMI: can the momentum refreshment of Hamiltonian Monte Carlo reach all energies? One number per chain.

namespace Ppl.Inference.Diagnostics

/// <summary>Diagnostics of the energies of Hamiltonian Monte Carlo.</summary>
module Energy =

    /// <summary>
    /// The estimated Bayesian fraction of missing information of one chain,
    /// sum (E_t - E_(t-1))^2 / sum (E_t - mean E)^2. About 1 or more is good, below 0.3 the tails are hardly visited.
    /// Absent for fewer than <c>Chains.minimumDraws</c> draws, non-finite or constant energies (reported as chain 0).
    /// Source: Betancourt (2016), "Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte Carlo".
    /// </summary>
    let bfmi (energies: float[]) : Judged =
        let ratio (chains: Chains) =
            let e = chains.Unit[0]
            let steps = e |> Array.pairwise |> Array.sumBy (fun (a, b) -> (b - a) * (b - a))
            Judged.finite (steps / (float (e.Length - 1) * Moments.variance e))

        Chains.check [| energies |] |> Result.bind Chains.judgeable |> Result.bind ratio
