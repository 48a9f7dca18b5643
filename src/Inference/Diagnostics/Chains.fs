// The draws of one scalar, checked once, with what several diagnostics share: sorted draws, halves, normal scores.
// Every other file of this folder starts from `Chains`. Definitions: Vehtari, Gelman, Simpson, Carpenter and
// Buerkner (2021), "Rank-normalization, folding, and localization", Bayesian Analysis 16(2); called VGSCB below.

namespace Ppl.Inference.Diagnostics

open System
open Ppl.Core

/// Sums over plain arrays.
module internal Moments =

    /// The mean, shifted by the first value: exactly that value when all are equal.
    let mean (values: float[]) =
        let origin = values[0]
        let mutable sum = 0.0

        for x in values do
            sum <- sum + (x - origin)

        origin + sum / float values.Length

    /// sum (x - mean)^2 / (n - 1).
    let variance (values: float[]) =
        let centre = mean values
        let mutable sum = 0.0

        for x in values do
            sum <- sum + (x - centre) * (x - centre)

        sum / float (values.Length - 1)

/// Halves of chains: the form in which chains are compared with each other and with themselves.
module internal Halves =

    /// The first and the last half of every chain; the middle draw of an odd number belongs to neither.
    /// Chains stay in order: first half of chain 0, last half of chain 0, first half of chain 1, ...
    let split (draws: float[][]) =
        draws
        |> Array.collect (fun chain ->
            let half = chain.Length / 2
            [| chain[.. half - 1]; chain[chain.Length - half ..] |])

    let isConstant (halves: float[][]) =
        let first = halves[0][0]
        halves |> Array.forall (Array.forall (fun x -> x = first))

    /// Pooled average ranks r mapped to normal scores, Phi^-1((r - 3/8) / (S + 1/4)) (VGSCB section 4).
    let normalScores (halves: float[][]) =
        let length = halves[0].Length
        let values = Array.concat halves
        let order = Array.init values.Length id
        Array.Sort(values, order)
        let scores = halves |> Array.map (fun half -> Array.zeroCreate<float> half.Length)
        let mutable first = 0

        while first < values.Length do
            let mutable last = first

            while last + 1 < values.Length && values[last + 1] = values[first] do
                last <- last + 1

            let rank = 0.5 * float (first + last) + 1.0
            let score = Inverse.normal ((rank - 0.375) / (float values.Length + 0.25))

            for i = first to last do
                scores[order[i] / length][order[i] % length] <- score

            first <- last + 1

        scores

/// <summary>
/// The draws of one scalar, chain by draw: at least one chain, chains of equal length, every draw finite.
/// Made by <c>Chains.check</c>. Safe to share between threads; do not change the arrays afterwards.
/// </summary>
[<Sealed>]
type Chains internal (draws: float[][]) =

    let sorted = lazy (Array.sort (Array.concat draws))
    let halves = lazy (Halves.split draws)
    let scores = lazy (Halves.normalScores halves.Value)

    let unit =
        lazy
            (let s = sorted.Value
             let low, high = s[0], s[s.Length - 1]
             // Halving, exact for large numbers, keeps the range finite where it would overflow.
             let f = if Double.IsFinite(high - low) then 1.0 else 0.5
             draws |> Array.map (Array.map (fun x -> (f * x - f * low) / (f * high - f * low))))

    /// <summary>The draws, chain by draw.</summary>
    member _.Draws = draws

    /// <summary>The number of chains.</summary>
    member _.ChainCount = draws.Length

    /// <summary>The number of draws of each chain.</summary>
    member _.Length = draws[0].Length

    /// <summary>All draws in ascending order.</summary>
    member _.Sorted = sorted.Value

    /// <summary>Whether all draws are equal.</summary>
    member _.IsConstant = sorted.Value[0] = sorted.Value[sorted.Value.Length - 1]

    /// The draws mapped to [0, 1] by an increasing affine function: squares can neither overflow nor vanish.
    member internal _.Unit = unit.Value

    member internal _.Halves = halves.Value
    member internal _.NormalScores = scores.Value

/// <summary>Checking of draws, and the order statistics of all chains together.</summary>
module Chains =

    /// <summary>
    /// Draws per chain below which nothing is said about convergence: six in each half, where autocorrelations up
    /// to lag three can still be seen. (ArviZ gives numbers from four draws on.)
    /// </summary>
    let minimumDraws = 12

    let private firstNonFinite (draws: float[][]) =
        draws
        |> Seq.mapi (fun c chain -> c, Array.FindIndex(chain, (fun x -> not (Double.IsFinite x))))
        |> Seq.tryFind (fun (_, draw) -> draw >= 0)

    /// <summary>Accepts <c>draws[chain][draw]</c>, or says what is wrong with them.</summary>
    let check (draws: float[][]) : Result<Chains, Absence> =
        let lengths = draws |> Array.map Array.length

        if draws.Length = 0 || Array.max lengths = 0 then
            Error Absence.NoDraws
        elif Array.min lengths <> Array.max lengths then
            Error(Absence.UnequalChains(Array.min lengths, Array.max lengths))
        else
            match firstNonFinite draws with
            | Some(chain, draw) -> Error(Absence.NonFinite(chain, draw))
            | None -> Ok(Chains draws)

    /// <summary>The leading draws that every chain has; a stopped run leaves chains of unequal length.</summary>
    let trim (draws: float[][]) =
        match draws with
        | [||] -> draws
        | _ ->
            let common = draws |> Array.map Array.length |> Array.min
            draws |> Array.map (Array.truncate common)

    /// The chains, if they are long enough to be split and not constant.
    let internal judgeable (chains: Chains) =
        if chains.Length < minimumDraws then
            Error(Absence.TooFewDraws(chains.Length, minimumDraws))
        elif chains.IsConstant then
            Error Absence.Constant
        else
            Ok chains

    let internal requireProbability (name: string) (p: float) : unit =
        if not (p > 0.0 && p < 1.0) then
            Errors.argument "Diagnostics" $"{name} is {p}" "give a probability strictly between 0 and 1"

    /// <summary>
    /// The p-quantile of all draws: with h = (S - 1) p, linear between the order statistics floor(h) and floor(h) + 1
    /// (type 7 of Hyndman and Fan 1996, the default of R and NumPy). Needs 0 &lt; p &lt; 1.
    /// </summary>
    let quantile p (chains: Chains) =
        requireProbability (nameof p) p
        let s = chains.Sorted
        let h = float (s.Length - 1) * p
        let below = int (floor h)
        let above = min (below + 1) (s.Length - 1)
        let weight = h - float below
        // A convex combination instead of low + weight (high - low): the difference may overflow.
        if s[below] = s[above] then s[below] else (1.0 - weight) * s[below] + weight * s[above]

    /// <summary>The equal-tailed interval: the (1 - level)/2 and the (1 + level)/2 quantile.</summary>
    let eti level (chains: Chains) =
        requireProbability (nameof level) level
        quantile (0.5 - 0.5 * level) chains, quantile (0.5 + 0.5 * level) chains

    /// <summary>The mean of all draws.</summary>
    let mean (chains: Chains) : Judged = Judged.finite (Moments.mean (Array.concat chains.Draws))

    /// <summary>The standard deviation of all draws, divisor S - 1; zero if they are equal, absent for one.</summary>
    let sd (chains: Chains) : Judged =
        let s = chains.Sorted

        if s.Length < 2 then
            Error(Absence.TooFewDraws(s.Length, 2))
        elif chains.IsConstant then
            Ok 0.0
        else
            Judged.finite ((s[s.Length - 1] - s[0]) * sqrt (Moments.variance (Array.concat chains.Unit)))
