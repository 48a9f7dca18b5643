// Exact laws of the no-U-turn sampler, without sampling: summed over all random choices along an orbit, the transition
// leaves exp(-H) invariant; wrong variants do not.
module Ppl.Inference.Tests.Mcmc.NutsLawTests

open System
open Xunit
open Ppl.Inference.Tests.Mcmc.RecursiveNuts

/// Leapfrog orbits of log pi(q) = -q1^4/4 - q2^2/2 + q1/3 with identity metric: anharmonic and not symmetric.
let private orbit stepSize (q: float[]) (r: float[]) : int -> Leaf =
    let gradient (q: float[]) = [| -(q[0] ** 3.0) + 1.0 / 3.0; -q[1] |]
    let logDensity (q: float[]) = -(q[0] ** 4.0) / 4.0 - q[1] * q[1] / 2.0 + q[0] / 3.0

    let move e (q: float[], r: float[]) =
        let half = Array.map2 (fun r g -> r + 0.5 * e * g) r (gradient q)
        let q = Array.map2 (fun q r -> q + e * r) q half
        q, Array.map2 (fun r g -> r + 0.5 * e * g) half (gradient q)

    let points = System.Collections.Generic.Dictionary<int, float[] * float[]>()
    points[0] <- (q, r)

    let rec point n =
        match points.TryGetValue n with
        | true, z -> z
        | _ ->
            let z = if n > 0 then move stepSize (point (n - 1)) else move -stepSize (point (n + 1))
            points[n] <- z
            z

    fun n ->
        let q, r = point n
        { Drop = logDensity q - 0.5 * (r[0] * r[0] + r[1] * r[1]); Momentum = r }

/// The orbit seen from its point `origin`: energies relative to that point, as a transition sees them.
let private from origin (orbit: int -> Leaf) : int -> Leaf =
    let base' = (orbit origin).Drop

    fun n ->
        let leaf = orbit (origin + n)
        { leaf with Drop = leaf.Drop - base' }

/// The largest relative violation of sum_k exp(-H_k) P(k -> n) = exp(-H_n) over some n of some orbits.
let private violation mutant maxDepth stepSize =
    let reach = (1 <<< maxDepth) - 1
    let random = Random 5

    [
        for _ in 1..5 do
            let coordinate () = 2.0 * random.NextDouble() - 1.0
            let orbit = orbit stepSize [| coordinate (); coordinate () |] [| 1.5 * coordinate (); coordinate () |]
            let mass n = exp (orbit n).Drop
            let laws = Array.init (2 * reach + 3) (fun k -> law mutant maxDepth (from (k - reach - 1) orbit))

            for n in -1 .. 1 do
                let inflow =
                    Seq.sum (
                        seq {
                            for k in n - reach .. n + reach do
                                match Map.tryFind (n - k) laws[k + reach + 1] with
                                | Some p -> mass k * p
                                | Option.None -> 0.0
                        }
                    )

                abs (inflow - mass n) / mass n
    ]
    |> List.max

[<Theory>]
[<InlineData(1, 0.9)>]
[<InlineData(2, 0.3)>]
[<InlineData(3, 0.5)>]
[<InlineData(4, 0.4)>]
[<InlineData(4, 0.9)>]
[<InlineData(5, 0.2)>]
let ``the transition leaves the canonical density invariant on every orbit`` maxDepth stepSize =
    Assert.True(violation None maxDepth stepSize < 1e-12)

[<Fact>]
let ``wrong variants do not`` () =
    for mutant in [ LastState; BiasedInside; InvalidEligible; OneDirection; AlwaysNew ] do
        let seen = [ violation mutant 3 0.5; violation mutant 4 0.4 ] |> List.max
        Assert.True(seen > 1e-3, $"{mutant} {seen}")

[<Fact>]
let ``probabilities sum to one`` () =
    for depth in 0..4 do
        let law = law None depth (from 0 (orbit 0.7 [| 0.3; -0.4 |] [| 1.0; 0.2 |]))
        Assert.Equal(1.0, law |> Map.toSeq |> Seq.sumBy snd, 12)
