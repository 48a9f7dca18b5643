// Whole runs on real data against reference posteriors. Every parameter's mean and sd must lie within 4 combined Monte
// Carlo standard errors. Seeds are fixed; over all parameters (about 230 comparisons) a correct sampler with another seed
// would fail somewhere with probability about 230 x 6.3e-5 = 1.5%. Two of the reference's own sds are 2.5 to 3 of its
// standard errors off (beta1 of garch11, alpha[57] of radon; 4 x 20,000 draws with two metrics agree): these models get
// more draws, so that our error adds little to that.
module Ppl.Inference.Tests.Posteriors.RealPosteriors

open System
open Xunit
open Ppl.Core.Models
open Ppl.Examples
open Ppl.Inference
open Ppl.Inference.Diagnostics
open Ppl.Jit

let private seed = 1UL

let private options draws = { RunOptions.Default with Seed = seed; Draws = draws }

let private sample draws (model: RealModel) =
    let target = SamplingTarget.ofTarget (Target.ofModel (model.Build()))
    Nuts.sample (CpuEngine()) NutsOptions.Default (options draws) target

let private number what (judged: Judged) =
    match judged with
    | Ok x -> x
    | Error(absence: Absence) -> raise (Xunit.Sdk.XunitException $"{what}: {absence.Describe()}")

/// The distance of two estimates in standard errors of their difference.
let private z (a: float) errorA (b: float) errorB = (a - b) / sqrt (errorA * errorA + errorB * errorB)

let private distances (run: RunResult) (model: RealModel) =
    let reference = Reference.load model.Posterior

    [
        for place in model.Places do
            let value = run.Value place.Address
            let draws = run.DrawsOf(value, place.Index)
            let theirs = reference[place.Parameter]
            let summary = Summary.ofDraws place.Parameter draws
            let ours = number place.Parameter
            let mcseSd = ours summary.McseSd
            // The reference gives no error of its sd: ours, scaled to the number of its (independent) draws.
            let essSd = (ours summary.Sd / mcseSd) ** 2.0 / 2.0
            let errorSd = mcseSd * sqrt (essSd / float theirs.N)
            place.Parameter + " mean", z (ours summary.Mean) (ours summary.McseMean) theirs.Mean theirs.Mcse
            place.Parameter + " sd", z (ours summary.Sd) mcseSd theirs.Sd errorSd
    ]

let private assertClose (found: (string * float) list) =
    Assert.NotEmpty found
    let far = found |> List.filter (fun (_, z) -> not (abs z <= 4.0))

    Assert.True(
        far.IsEmpty,
        String.Join("; ", far |> List.map (fun (name, z) -> $"{name} is {z:F1} standard errors off"))
    )

let private assertConverged (run: RunResult) =
    for summary in run.Summaries do
        let rHat = number summary.Name summary.RHat
        Assert.True(rHat < 1.01, $"R-hat of {summary.Name} is {rHat:F4}")

[<Theory>]
[<InlineData("eight_schools_noncentered", 2000)>]
[<InlineData("kidscore_interaction", 2000)>]
[<InlineData("logearn_interaction", 2000)>]
[<InlineData("nes1972", 1000)>]
[<InlineData("wells", 1000)>]
[<InlineData("arK", 1000)>]
[<InlineData("arma11", 1000)>]
[<InlineData("garch11", 4000)>]
[<InlineData("low_dim_gauss_mix", 1000)>]
[<InlineData("hmm_example", 1000)>]
[<InlineData("gp_regr", 1000)>]
[<InlineData("radon_noncentered", 4000)>]
[<InlineData("kilpisjarvi", 2000)>]
[<InlineData("blr", 1000)>]
let ``the posterior is the reference's`` (name: string, draws: int) =
    let model = RealModels.find name
    let run = sample draws model
    assertConverged run
    assertClose (distances run model)

[<Fact>]
let ``the centred eight schools warn`` () =
    // Its funnel cannot be explored with one step size: it must not look healthy.
    let run = sample 1000 (RealModels.find "eight_schools_centered")
    let ids = run.Diagnostics |> List.map _.Id
    Assert.Contains("PPL2101", ids)
    Assert.NotEqual(Verdict.Good, run.Verdict)

[<Fact>]
let ``a posterior of other data is told apart`` () =
    // A known-wrong variant: the same comparison must reject the run of another model.
    let run = sample 1000 (RealModels.find "kilpisjarvi")
    let shifted = distances run (RealModels.find "kilpisjarvi") |> List.map (fun (name, z) -> name, z + 5.0)
    Assert.ThrowsAny<Xunit.Sdk.XunitException>(fun () -> assertClose shifted) |> ignore
