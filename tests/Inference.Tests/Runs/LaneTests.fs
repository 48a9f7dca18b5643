// Chains in lanes draw what they draw alone, bit for bit in the reference evaluator; groups that are not full, saved
// states, progress.
module Ppl.Inference.Tests.Runs.LaneTests

open System
open Xunit
open Ppl.Core
open Ppl.Inference
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc
open Ppl.Inference.Runs
open Ppl.Inference.Tests.Runs.Fixture

let private target = normals [| 3.0; 0.2 |]
let private run lanes = { options 5 40 10 7UL with Lanes = lanes; Threads = 2 }

let private adaptation kind =
    { AdaptationOptions.Default with
        Metric = MetricChoice.Fixed kind
        InitialBuffer = 5
        FirstWindow = 10
    }

let private hmc kind lanes =
    Hmc.sample engine { HmcOptions.Default with Steps = 4; Adaptation = adaptation kind } (run lanes) target

let private nuts kind lanes =
    Nuts.sample engine { NutsOptions.Default with MaxTreeDepth = 3; Adaptation = adaptation kind } (run lanes) target

[<Fact>]
let ``chains in lanes draw the bits that they draw alone`` () =
    for kind in [ MetricKind.Diagonal; MetricKind.Dense ] do
        for sample in [ hmc kind; nuts kind ] do
            let alone = bits (sample 1)
            Assert.NotEqual<int64[]>(alone[0], alone[1])
            // Full groups, one that is not full, one group with lanes left over.
            for lanes in [ 5; 2; 8 ] do
                Assert.Equal<int64[][]>(alone, bits (sample lanes))

[<Fact>]
let ``a chain goes on with another number of lanes`` () =
    let sampler lanes = Sampler.hmc engine { HmcOptions.Default with Steps = 4 } (run lanes) target
    let whole, draws = Run.segment (sampler 1) RunControl.Default (Run.start (sampler 1) 3) 50
    let warm, _ = Run.segment (sampler 4) RunControl.Default (Run.start (sampler 4) 3) 23
    let final, rest = Run.segment (sampler 1) RunControl.Default warm 27
    Assert.Equal<byte[]>(ChainState.toBytes whole, ChainState.toBytes final)
    Assert.Equal<float[]>(draws.Positions, rest.Positions)

[<Fact>]
let ``every chain reports its own progress`` () =
    let reports = Collections.Concurrent.ConcurrentBag<RunProgress>()

    let listener =
        { new IProgress<RunProgress> with
            member _.Report p = reports.Add p
        }

    let control = { RunControl.Default with Progress = listener; ReportEvery = TimeSpan.FromHours 1.0 }
    let options = { HmcOptions.Default with Steps = 2 }
    Hmc.sampleWith control engine options (run 4) target |> ignore

    let last =
        reports
        |> Seq.filter (fun p -> p.Transition = p.Total)
        |> Seq.map _.Chain
        |> Seq.distinct
        |> Seq.sort

    Assert.Equal<int list>([ 0..4 ], List.ofSeq last)

[<Fact>]
let ``numbers of lanes that make no sense are refused`` () =
    for lanes in [ 0; -1; 65 ] do
        let error = Assert.Throws<PplException>(fun () -> hmc MetricKind.Diagonal lanes |> ignore)
        Assert.Equal("PPL2001", error.Id)
