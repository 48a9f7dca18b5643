// Laws of runs that hold bit for bit: threads, segments, saved states, cancellation.
module Ppl.Inference.Tests.Runs.RunTests

open System
open System.Threading
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Inference
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc
open Ppl.Inference.Runs
open Ppl.Inference.Tests.Runs.Fixture

let private target = normals [| 3.0; 0.2 |]
let private run threads = { options 3 60 40 7UL with Threads = threads }

[<Fact>]
let ``the number of threads does not change a bit`` () =
    let draws threads = bits (Nuts.sample engine NutsOptions.Default (run threads) target)
    let one = draws 1
    Assert.Equal<int64[][]>(one, draws 2)
    Assert.Equal<int64[][]>(one, draws 4)

[<Fact>]
let ``chains and seeds differ`` () =
    let draws seed = bits (Nuts.sample engine NutsOptions.Default { run 1 with Seed = seed } target)
    let first, second = draws 7UL, draws 8UL
    Assert.NotEqual<int64[]>(first[0], first[1])
    Assert.NotEqual<int64[]>(first[0], second[0])

/// A chain cut into segments of these lengths, saved and read back between them.
let private inSegments sampler lengths =
    let step (state, draws: Draws option) length =
        let state, more =
            Run.segment sampler RunControl.Default (ChainState.ofBytes (ChainState.toBytes state)) length

        state,
        Some(
            match draws with
            | Some draws -> Draws.append draws more
            | None -> more
        )

    let state, draws = lengths |> List.fold step (Run.start sampler 1, None)
    ChainState.toBytes state, draws.Value

let private dense = { AdaptationOptions.Default with Metric = MetricChoice.Fixed MetricKind.Dense }

let private diagonal =
    { AdaptationOptions.Default with Metric = MetricChoice.Fixed MetricKind.Diagonal }

let private ratios = { AdaptationOptions.Default with Source = MetricSource.DrawsAndGradients }
let private nuts adaptation = Sampler.nuts engine { NutsOptions.Default with Adaptation = adaptation } (run 1)

let private samplers =
    dict
        [
            "diagonal", nuts diagonal
            "dense", nuts dense
            "ratios", nuts ratios
            "hmc", Sampler.hmc engine HmcOptions.Default (run 1)
        ]

[<Theory; InlineData "diagonal"; InlineData "dense"; InlineData "ratios"; InlineData "hmc">]
let ``a chain continued from saved states draws the bits of one that never stopped`` kind =
    let sampler = samplers[kind] target
    let whole, draws = inSegments sampler [ 100 ]

    for lengths in [ [ 40; 60 ]; [ 1; 9; 50; 25; 15 ]; [ 60; 40 ]; [ 99; 7 ] ] do
        let state, pieces = inSegments sampler lengths
        Assert.Equal<byte[]>(whole, state)
        Assert.Equal<float[]>(draws.Positions, pieces.Positions)
        Assert.Equal<float[]>(draws.Statistics, pieces.Statistics)
        Assert.Equal(40, pieces.Count)

[<Fact>]
let ``a state that was changed anywhere is refused`` () =
    let bytes = ChainState.toBytes (Run.start (Sampler.nuts engine NutsOptions.Default (run 1) target) 0)

    for place in 0 .. bytes.Length - 1 do
        let wrong = Array.copy bytes
        wrong[place] <- wrong[place] ^^^ 1uy
        let error = Assert.Throws<PplException>(fun () -> ChainState.ofBytes wrong |> ignore)
        Assert.Equal("PPL3004", error.Id)

    let error = Assert.Throws<PplException>(fun () -> ChainState.ofBytes bytes[..10] |> ignore)
    Assert.Equal("PPL3004", error.Id)

[<Fact>]
let ``a state of another run is refused`` () =
    let state = Run.start (nuts diagonal target) 0

    let refused sampler =
        let error =
            Assert.Throws<PplException>(fun () -> Run.segment sampler RunControl.Default state 1 |> ignore)

        Assert.Equal("PPL3002", error.Id)

    refused (nuts diagonal (normals [| 1.0; 1.0; 1.0 |]))
    refused (nuts dense target)

/// Listens on the calling thread.
type private Listener(onReport: RunProgress -> unit) =
    interface IProgress<RunProgress> with
        member _.Report value = onReport value

[<Fact>]
let ``cancellation keeps what was drawn, bit for bit`` () =
    use source = new CancellationTokenSource()

    let listener =
        Listener(fun p ->
            if p.Chain = 1 && p.Transition = 75 then
                source.Cancel())

    let control = { Cancellation = source.Token; Progress = listener; ReportEvery = TimeSpan.Zero }

    let whole = Nuts.sample engine NutsOptions.Default (run 1) target
    let part = Nuts.sampleWith control engine NutsOptions.Default (run 1) target
    Assert.True part.IsPartial
    Assert.False whole.IsPartial
    Assert.Equal<int[]>([| 40; 15; 0 |], part.Chains |> Array.map _.Draws.Count)
    Assert.Equal<float[]>(whole.Chains[1].Draws.Positions[.. 15 * 2 - 1], part.Chains[1].Draws.Positions)

[<Fact>]
let ``progress tells phases, counts and steps`` () =
    let reports = ResizeArray()
    let control = { RunControl.Default with Progress = Listener reports.Add; ReportEvery = TimeSpan.Zero }
    Nuts.sampleWith control engine NutsOptions.Default { run 1 with Chains = 1 } target |> ignore
    Assert.Equal<int[]>([| 1..100 |], reports |> Seq.map _.Transition |> Seq.toArray)
    Assert.All(reports, (fun p -> Assert.True(p.StepSize > 0.0 && p.StepsPerTransition >= 1.0 && p.Total = 100)))
    Assert.Equal(60, reports |> Seq.filter (fun p -> p.Phase = RunPhase.Warmup) |> Seq.length)

[<Fact>]
let ``a run finds scales and says that all is well`` () =
    // Level: R-hat and ESS limits are generous at these sizes; fixed seed.
    let options' = { NutsOptions.Default with Adaptation = diagonal }
    let result = Nuts.sample engine options' (options 4 300 300 3UL) (normals [| 10.0; 0.1 |])
    Assert.Empty result.Diagnostics
    Assert.Equal(Diagnostics.Verdict.Good, result.Verdict)

    for chain in result.Chains do
        Assert.InRange(chain.Factor[0], 5.0, 20.0)
        Assert.InRange(chain.Factor[1], 0.05, 0.2)
