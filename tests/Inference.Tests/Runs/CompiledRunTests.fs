// Runs on the engine of the processor: the same laws, and no allocation in the loop of transitions.
module Ppl.Inference.Tests.Runs.CompiledRunTests

open System
open Xunit
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Inference
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc
open Ppl.Inference.Runs
open Ppl.Inference.Tests.Runs.Fixture
open Ppl.Inference.Tests.Targets

let private compiled = Ppl.Jit.CpuEngine() :> IEngine
let private banana = SamplingTarget.ofDensity "q" 2 Banana.logDensity

[<Theory; InlineData("nuts", 1); InlineData("hmc", 1); InlineData("hmc", 8)>]
let ``a transition, its adaptation and its report allocate nothing`` kernel lanes =
    let run = { options 8 1000 500 3UL with Lanes = lanes }

    let sampler =
        match kernel with
        | "nuts" -> Sampler.nuts compiled NutsOptions.Default run banana
        | _ -> Sampler.hmc compiled HmcOptions.Default run banana

    let allocated first last =
        let ofChain chain = fst (Run.segment sampler RunControl.Default (Run.start sampler chain) first)
        let states = Array.init lanes ofChain
        let draws = states |> Array.map (fun _ -> Draws.allocate (max 0 (last - 1000)) sampler)
        use worker = new ChainWorker(sampler, states)
        let control = RunControl.Default
        // The first transitions make the thread's own structures.
        worker.Advance(first + 20, draws, control)
        let before = GC.GetAllocatedBytesForCurrentThread()
        worker.Advance(last, draws, control)
        GC.GetAllocatedBytesForCurrentThread() - before

    // Within a window (it closes after transition 449), and after the warm-up.
    Assert.Equal(0L, allocated 251 440)
    Assert.Equal(0L, allocated 1000 1500)

[<Fact>]
let ``chains in lanes draw what they draw alone, to rounding`` () =
    let first lanes =
        let run = { options 8 0 3 5UL with Lanes = lanes }
        let adaptation = { AdaptationOptions.Default with InitialStepSize = 0.05 }
        let result = Hmc.sample compiled { HmcOptions.Default with Adaptation = adaptation } run banana
        result.Chains |> Array.collect _.Draws.Positions

    Array.iter2 (fun (x: float) y -> Assert.Equal(x, y, 1e-10 * (1.0 + abs x))) (first 1) (first 8)

[<Fact>]
let ``threads do not change a bit, long runs`` () =
    let draws threads =
        bits (Nuts.sample compiled NutsOptions.Default { options 4 300 300 5UL with Threads = threads } banana)

    let one = draws 1
    Assert.Equal<int64[][]>(one, draws 2)
    Assert.Equal<int64[][]>(one, draws 4)

/// Means of q and q^2 against the exact ones, in Monte Carlo standard errors.
let private worst (result: RunResult) (exact: (float[] -> float)[]) (means: float[]) =
    let scores f mean =
        let values =
            result.Chains
            |> Array.map (fun c ->
                Array.init c.Draws.Count (fun t ->
                    f c.Draws.Positions[t * c.Draws.Dimension .. (t + 1) * c.Draws.Dimension - 1]))

        let summary = Diagnostics.Summary.ofDraws "f" values

        match summary.Mean, summary.McseMean with
        | Ok m, Ok e -> abs (m - mean) / e
        | _ -> infinity

    Array.map2 scores exact means |> Array.max

// Six standard errors: false alarms below 1e-8 per comparison if the errors are normal; seeds are fixed.
[<Fact>]
let ``moments of a correlated normal, with each metric`` () =
    // Covariance [[4, 1.5], [1.5, 0.75]]; precision = inverse, determinant 0.75.
    let target =
        SamplingTarget.ofDensity "q" 2 (fun q ->
            let x, y = q[0] - 1.0, q[1] + 2.0
            -0.5 / 0.75 * (0.75 * x * x - 3.0 * x * y + 4.0 * y * y))

    for metric in [ MetricKind.Identity; MetricKind.Diagonal; MetricKind.Dense ] do
        let adaptation = { AdaptationOptions.Default with Metric = MetricChoice.Fixed metric }

        let result =
            Nuts.sample compiled { NutsOptions.Default with Adaptation = adaptation } (options 4 500 2000 9UL) target

        let functions =
            [|
                Array.item 0
                Array.item 1
                fun (q: float[]) -> (q[0] - 1.0) ** 2.0
                fun q -> (q[1] + 2.0) ** 2.0
                fun q -> (q[0] - 1.0) * (q[1] + 2.0)
            |]

        Assert.True(worst result functions [| 1.0; -2.0; 4.0; 0.75; 1.5 |] < 6.0)

[<Fact>]
let ``moments of the banana, by NUTS and HMC`` () =
    // E x = 0, E x^2 = 1, E y = 0, E y^2 = Var x^2 + 0.25 = 2.25.
    let functions =
        [| Array.item 0; (fun (q: float[]) -> q[0] * q[0]); Array.item 1; (fun q -> q[1] * q[1]) |]

    let adaptation = { AdaptationOptions.Default with TargetAcceptance = 0.95 }
    let run = options 4 1000 4000 2UL
    let nuts = Nuts.sample compiled { NutsOptions.Default with Adaptation = adaptation } run banana
    Assert.True(worst nuts functions [| 0.0; 1.0; 0.0; 2.25 |] < 6.0)
    let hmc = Hmc.sample compiled { HmcOptions.Default with Adaptation = adaptation } run banana
    Assert.True(worst hmc functions [| 0.0; 1.0; 0.0; 2.25 |] < 6.0)

[<Fact>]
let ``a start in a tail that explodes is drawn again`` () =
    // Half of (-2, 2) gives log densities below -1e20, where no energy can be resolved.
    let target =
        SamplingTarget.ofDensity "q" 1 (fun q ->
            -0.5 * Ops.square (10.0 * q[0]) - Ops.exp (60.0 * (Ops.abs q[0] - 0.8)))

    for seed in 1UL .. 8UL do
        let sampler = Sampler.nuts compiled NutsOptions.Default (options 1 100 100 seed) target

        for chain in 0..3 do
            Assert.True((Run.start sampler chain).Kernel[1].[0] > -1e14)
