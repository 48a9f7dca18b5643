// Laws of the diagnostics: invariances exactly, calibration against processes whose answer is known, and absence
// instead of NaN on every input. Statistical tests state their false-alarm rate over seeds; the seeds are fixed.
module Ppl.Inference.Tests.Diagnostics.LawTests

open System
open FsCheck
open FsCheck.FSharp
open Ppl.Core
open Ppl.Inference.Diagnostics
open Ppl.Inference.Tests.Diagnostics.Noise
open Xunit

let private slow seed = autoregressive seed 4 200 0.8 |> Array.mapi (fun k -> Array.map (fun x -> x + 0.2 * float k))

let private same (expected: Judged) (actual: Judged) =
    Assert.Equal(valueOf expected, valueOf actual, 1e-9 * abs (valueOf expected))

[<Fact>]
let ``ranked diagnostics are unchanged by monotone transforms`` () =
    let draws = slow 1

    for transform in [ exp; (fun x -> x * x * x); (fun x -> 5.0 - 1e6 * x); atan ] do
        let before, after = checkedChains draws, checkedChains (Array.map (Array.map transform) draws)
        same (Rhat.bulk before) (Rhat.bulk after)
        same (Ess.bulk before) (Ess.bulk after)

[<Fact>]
let ``unranked diagnostics follow affine transforms, however extreme`` () =
    let draws = slow 2
    let before = checkedChains draws

    for scale in [ 1e-300; 1e-160; 3.0; 1e160; 1e300 ] do
        let after = checkedChains (Array.map (Array.map (fun x -> scale * x)) draws)
        same (Ess.mean before) (Ess.mean after)
        same (Ess.sd before) (Ess.sd after)
        same (Mcse.mean before |> Result.map (fun e -> e * scale)) (Mcse.mean after)
        same (Mcse.sd before |> Result.map (fun e -> e * scale)) (Mcse.sd after)
        same (Mcse.median before |> Result.map (fun e -> e * scale)) (Mcse.median after)
        same (Chains.sd before |> Result.map (fun s -> s * scale)) (Chains.sd after)

[<Fact>]
let ``the order of chains does not matter, the order of draws does`` () =
    let draws = slow 3
    let before = checkedChains draws
    let permuted = checkedChains [| draws[2]; draws[0]; draws[3]; draws[1] |]
    let shuffled = checkedChains (draws |> Array.map Array.sort)

    for diagnostic in [ Rhat.rank; Ess.bulk; Ess.tail; Ess.mean; Ess.sd; Mcse.median; Mcse.sd ] do
        same (diagnostic before) (diagnostic permuted)
        Assert.NotEqual(valueOf (diagnostic before), valueOf (diagnostic shuffled), 1e-6)

[<Fact>]
let ``tail ESS and R-hat are symmetric under reflection`` () =
    // 600 draws: the 5% and the 95% quantile lie between draws, so that no draw is counted on both sides.
    let draws = autoregressive 4 3 200 0.5
    let reflect = Array.map (Array.map (fun x -> -x))
    same (Rhat.rank (checkedChains draws)) (Rhat.rank (checkedChains (reflect draws)))
    same (Ess.tail (checkedChains draws)) (Ess.tail (checkedChains (reflect draws)))

/// The mean and standard error of a statistic over independent runs.
let private replicate runs statistic =
    let values = Array.init runs statistic
    let mean = Array.average values
    let variance = (values |> Array.sumBy (fun x -> (x - mean) * (x - mean))) / float (runs - 1)
    mean, sqrt (variance / float runs)

[<Theory>]
[<InlineData(0.0, 0.04)>]
[<InlineData(0.5, 0.04)>]
[<InlineData(0.9, 0.10)>]
[<InlineData(-0.3, 0.06)>]
let ``ESS of AR(1) is near the exact value`` (phi: float, bias: float) =
    // Exact: S (1 - phi) / (1 + phi). The estimator has a bias of a few per cent at this length, allowed for by `bias`;
    // beyond it five standard errors: false-alarm rate below 1e-6 per case.
    let size = 4 * 1000
    let exact = (1.0 - phi) / (1.0 + phi)

    for ess in [ Ess.mean; Ess.bulk ] do
        let mean, error =
            replicate 60 (fun run ->
                valueOf (ess (checkedChains (autoregressive (100 + run) 4 1000 phi))) / (float size * exact))

        Assert.InRange(mean, 1.0 - bias - 5.0 * error, 1.0 + bias + 5.0 * error)

[<Fact>]
let ``antithetic chains are worth more than independent ones, slow ones less`` () =
    let ess phi =
        fst (replicate 20 (fun run -> valueOf (Ess.mean (checkedChains (autoregressive (200 + run) 4 1000 phi)))))

    // Exact ratios 1.86 and 0.33; the averages of 20 vary by about 2%: false-alarm rate below 1e-9.
    Assert.True(ess -0.3 > 1.3 * ess 0.0)
    Assert.True(ess 0.5 < 0.6 * ess 0.0)

[<Fact>]
let ``ESS is at most S log10 S`` () =
    let alternating =
        Array.init 4 (fun k ->
            Array.init 100 (fun t -> (if t % 2 = 0 then 1.0 else -1.0) + 1e-3 * sin (float (t * t + k))))

    Assert.Equal(400.0 * log10 400.0, valueOf (Ess.mean (checkedChains alternating)), 1e-6)

[<Fact>]
let ``errors divided by their MCSE have variance one`` () =
    // Over 1,000 other seeds the mean square of z was 1.06 (the MCSE has noise of its own). For 300 runs its standard
    // deviation is about 0.085; the bounds are more than five of these away: false-alarm rate below 1e-6 each.
    let truths =
        [ Chains.mean, Mcse.mean, 0.0; Chains.sd, Mcse.sd, 1.0; (Chains.quantile 0.5 >> Ok), Mcse.median, 0.0 ]

    for estimate, mcse, truth in truths do
        let meanSquare, _ =
            replicate 300 (fun run ->
                let chains = checkedChains (autoregressive (1000 + run) 4 400 0.5)
                let z = (valueOf (estimate chains) - truth) / valueOf (mcse chains)
                z * z)

        Assert.InRange(meanSquare, 0.6, 1.55)

[<Fact>]
let ``R-hat of equal chains is rarely above its limit`` () =
    // None of 1,000 other seeds was above: a rate below 0.3% (95% bound). More than 3 of 100: probability below 3e-4.
    let alarms =
        seq { 1..100 }
        |> Seq.filter (fun run -> valueOf (Rhat.rank (checkedChains (iid (5000 + run) 4 1000))) > 1.01)
        |> Seq.length

    Assert.InRange(alarms, 0, 3)

// Absence instead of NaN.

let private everyDiagnostic: (Chains -> Judged) list =
    [
        Rhat.rank
        Rhat.bulk
        Rhat.folded
        Rhat.classic
        Ess.bulk
        Ess.tail
        Ess.mean
        Ess.sd
        Ess.quantile 0.5
        Mcse.mean
        Mcse.sd
        Mcse.median
        Mcse.quantile 0.01
    ]

[<Fact>]
let ``constant, short, ragged and empty chains say why`` () =
    let constant = checkedChains (Array.init 4 (fun _ -> Array.replicate 100 0.1))
    let short = checkedChains (iid 1 4 10)

    for diagnostic in everyDiagnostic do
        Assert.Equal(Error Absence.Constant, diagnostic constant)
        Assert.Equal(Error(Absence.TooFewDraws(10, Chains.minimumDraws)), diagnostic short)

    Assert.Equal(Ok 0.0, Chains.sd constant)

    let reason draws =
        match Chains.check draws with
        | Ok _ -> None
        | Error reason -> Some reason

    Assert.Equal(Some Absence.NoDraws, reason [||])
    Assert.Equal(Some Absence.NoDraws, reason [| [||]; [||] |])
    Assert.Equal(Some(Absence.UnequalChains(2, 3)), reason [| [| 1.0; 2.0; 3.0 |]; [| 1.0; 2.0 |] |])
    Assert.Equal(Some(Absence.NonFinite(1, 2)), reason [| [| 1.0; 2.0; 3.0 |]; [| 1.0; 2.0; nan |] |])
    Assert.Equal(None, reason (Chains.trim [| [| 1.0; 2.0; 3.0 |]; [| 1.0; 2.0 |] |]))

[<Fact>]
let ``the middle draw of an odd chain cannot make a constant chain judgeable`` () =
    let draws = [| Array.init 101 (fun t -> if t = 50 then 1.0 else 0.0) |]

    for diagnostic in [ Rhat.rank; Ess.bulk; Ess.mean; Ess.tail ] do
        Assert.Equal(Error Absence.Constant, diagnostic (checkedChains draws))

[<Fact>]
let ``chains that never move and disagree have infinite R-hat and almost no ESS`` () =
    let stuck = checkedChains (Array.init 4 (fun k -> Array.replicate 100 (0.1 * float k)))
    Assert.Equal(Ok infinity, Rhat.rank stuck)
    Assert.InRange(valueOf (Ess.bulk stuck), 0.5, 8.0)

[<Fact>]
let ``two values whose folded draws are constant are judged by the bulk`` () =
    let draws =
        [|
            Array.init 100 (fun t -> if t / 3 % 2 = 0 then 1.0 else -1.0)
            Array.init 100 (fun t -> if t / 3 % 2 = 0 then -1.0 else 1.0)
        |]

    let chains = checkedChains draws
    Assert.Equal(Error Absence.Constant, Rhat.folded chains)
    same (Rhat.bulk chains) (Rhat.rank chains)

[<Fact>]
let ``no input gives NaN`` () =
    // FsCheck's floats include NaN, infinities, the smallest and the largest numbers.
    let chain = Gen.arrayOfLength 14 (ArbMap.defaults |> ArbMap.generate<float>)

    let finite =
        Gen.arrayOfLength 14 (ArbMap.defaults |> ArbMap.generate<NormalFloat> |> Gen.map (fun x -> x.Get))

    let extreme =
        Gen.arrayOfLength 14 (Gen.elements [ 0.0; Double.MaxValue; Double.MinValue; Double.Epsilon; 1.0 ])

    let draws = Gen.arrayOfLength 2 (Gen.oneof [ chain; finite; extreme ])

    let holds draws =
        match Chains.check draws with
        | Error _ -> true
        | Ok chains ->
            everyDiagnostic
            |> List.forall (fun diagnostic ->
                match diagnostic chains with
                | Ok x -> not (Double.IsNaN x)
                | Error _ -> true)

    let config =
        Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(Some { Rnd = Rnd(7UL, 11UL); Size = None })

    Check.One(config, Prop.forAll (Arb.fromGen draws) holds)

[<Theory>]
[<InlineData 0.0>]
[<InlineData 1.0>]
[<InlineData(-0.1)>]
[<InlineData(Double.NaN)>]
let ``probabilities outside (0, 1) are refused`` p =
    let chains = checkedChains (iid 1 2 50)

    let refused (call: Chains -> unit) = Assert.Equal("PPL5008", Assert.Throws<PplException>(fun () -> call chains).Id)

    refused (Chains.quantile p >> ignore)
    refused (Chains.eti p >> ignore)
    refused (Ess.quantile p >> ignore)
    refused (Mcse.quantile p >> ignore)
