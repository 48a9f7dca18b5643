// Adaptation against computations by hand, and its effect on chains.
module Ppl.Inference.Tests.Adaptation.AdaptationTests

open System
open Xunit
open Ppl.Inference
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc
open Ppl.Inference.Runs
open Ppl.Inference.Tests.Runs.Fixture

[<Fact>]
let ``dual averaging follows equation 6`` () =
    let start = DualAveraging.start (log 0.5)
    Assert.Equal(log 5.0, start.Centre, 14)
    // t = 1: H = (0.8 - 0.3)/11; ln e = ln 5 - H/0.05; the mean is ln e.
    let one = DualAveraging.update 0.8 0.3 start
    let h1 = 0.5 / 11.0
    Assert.Equal(h1, one.Error, 14)
    Assert.Equal(log 5.0 - h1 / 0.05, one.LogStep, 14)
    Assert.Equal(one.LogStep, one.LogStepMean, 14)
    // t = 2: H = 11/12 H + (0.8 - 1)/12; ln e = ln 5 - sqrt(2) H/0.05; weight 2^-0.75.
    let two = DualAveraging.update 0.8 1.0 one
    let h2 = 11.0 / 12.0 * h1 - 0.2 / 12.0
    let x2 = log 5.0 - sqrt 2.0 * h2 / 0.05
    let w2 = 2.0 ** -0.75
    Assert.Equal(h2, two.Error, 14)
    Assert.Equal(x2, two.LogStep, 13)
    Assert.Equal(w2 * x2 + (1.0 - w2) * one.LogStep, two.LogStepMean, 13)

[<Fact>]
let ``dual averaging finds the step size with the wanted acceptance`` () =
    // Acceptance exp(-e): wanted 0.8 at e = -ln 0.8.
    let mutable state = DualAveraging.start 0.0

    for _ in 1..2000 do
        state <- DualAveraging.update 0.8 (exp -(exp state.LogStep)) state

    Assert.InRange(exp state.LogStepMean, -0.97 * log 0.8, -1.03 * log 0.8)

[<Fact>]
let ``the windows of 1,000 transitions are Stan's`` () =
    let windows = Windows.create 75 25 50 1000
    Assert.Equal(75, windows.First)
    Assert.Equal<int[]>([| 99; 149; 249; 449; 949 |], windows.Ends)

[<Theory>]
[<InlineData(150, 75, 99)>] // everything fits just so
[<InlineData(100, 15, 89)>] // 15%, 75%, 10%
[<InlineData(20, 3, 17)>]
let ``short warm-ups are divided in proportion`` (warmup, first, last) =
    let windows = Windows.create 75 25 50 warmup
    Assert.Equal(first, windows.First)
    Assert.Equal(last, Array.last windows.Ends)

[<Fact>]
let ``windows are sound for every length of warm-up`` () =
    for warmup in 0..3000 do
        let w = Windows.create 75 25 50 warmup
        Assert.Equal<int[]>(Array.sort w.Ends, w.Ends)
        Assert.All(w.Ends, (fun e -> Assert.InRange(e, 0, warmup - 1)))
        Assert.Equal(warmup >= Windows.minimum, w.Ends.Length > 0)

        if w.Ends.Length > 0 then
            Assert.True(w.Learns w.First && w.Learns(Array.last w.Ends) && not (w.Learns(w.First - 1)))

let private vectors =
    let random = Random 3

    Array.init 40 (fun _ ->
        let x = random.NextDouble()
        [| 1000.0 + x; 2.0 * x + random.NextDouble(); random.NextDouble() |])

let private covariance i j =
    let mean k = vectors |> Array.averageBy (Array.item k)
    (vectors |> Array.sumBy (fun v -> (v[i] - mean i) * (v[j] - mean j))) / 39.0

[<Fact>]
let ``running moments are those of two passes`` () =
    let diagonal, dense = RunningMoments.diagonal 3, RunningMoments.dense 3

    for v in vectors do
        RunningMoments.add diagonal (ReadOnlySpan v)
        RunningMoments.add dense (ReadOnlySpan v)

    for i in 0..2 do
        Assert.Equal(covariance i i, RunningMoments.variance diagonal i, 9)
        Assert.Equal(covariance i i, RunningMoments.variance dense i, 9)

        for j in 0..i do
            Assert.Equal(covariance i j, dense.Spread[3 * i + j] / 39.0, 9)

[<Fact>]
let ``metrics are estimated with Stan's shrinkage, in the units of each coordinate`` () =
    let none = RunningMoments.diagonal 3
    let diagonal, dense = RunningMoments.diagonal 3, RunningMoments.dense 3

    for v in vectors do
        RunningMoments.add diagonal (ReadOnlySpan v)
        RunningMoments.add dense (ReadOnlySpan v)

    let scales, factor = Array.create 3 1.0, Metric.identity MetricKind.Dense 3
    MetricEstimate.replace MetricKind.Diagonal MetricSource.Draws diagonal none scales
    MetricEstimate.replace MetricKind.Dense MetricSource.Draws dense none factor

    for i in 0..2 do
        let expected = (40.0 / 45.0 + 1e-3 * 5.0 / 45.0) * covariance i i
        Assert.Equal(sqrt expected, scales[i], 9)

        for j in 0..i do
            let product = Array.sum (Array.init 3 (fun k -> factor[3 * i + k] * factor[3 * j + k]))
            let ridge = if i = j then 1e-3 * 5.0 / 45.0 * covariance i i else 0.0
            Assert.Equal(40.0 / 45.0 * covariance i j + ridge, product, 9)

[<Fact>]
let ``draws and gradients give the geometric mean, and nothing where they say nothing`` () =
    let draws, gradients = RunningMoments.diagonal 2, RunningMoments.diagonal 2

    for t in 1..10 do
        RunningMoments.add draws (ReadOnlySpan [| 3.0 * float (t % 2); 1.0 |])
        RunningMoments.add gradients (ReadOnlySpan [| 0.5 * float (t % 2); 0.0 |])

    let scales = [| 7.0; 7.0 |]
    MetricEstimate.replace MetricKind.Diagonal MetricSource.DrawsAndGradients draws gradients scales
    Assert.Equal(sqrt 6.0, scales[0], 12)
    Assert.Equal(7.0, scales[1])

[<Theory>]
[<InlineData(10, 1000, true)>] // 500 draws in the last window
[<InlineData(25, 1000, true)>]
[<InlineData(26, 1000, false)>] // fewer than 20 draws per coordinate
[<InlineData(33, 4000, false)>] // too costly
[<InlineData(2, 10, false)>] // nothing is learnt
[<InlineData(10, 300, false)>]
let ``a metric is dense where it can be learnt`` (d, warmup, dense) =
    let options = AdaptationOptions.Default
    let chosen = Adaptation.metric options (Adaptation.windows options warmup) d
    Assert.Equal((if dense then MetricKind.Dense else MetricKind.Diagonal), chosen)

[<Fact>]
let ``a covariance that is not positive definite leaves the metric alone`` () =
    let draws = RunningMoments.dense 2
    RunningMoments.add draws (ReadOnlySpan [| 1e200; 1e200 |])
    RunningMoments.add draws (ReadOnlySpan [| -1e200; -1e200 |])
    let factor = Metric.identity MetricKind.Dense 2
    MetricEstimate.replace MetricKind.Dense MetricSource.Draws draws (RunningMoments.diagonal 2) factor
    Assert.Equal<float[]>(Metric.identity MetricKind.Dense 2, factor)

let private bytes (a: AdaptationState) =
    Array.concat [ a.Factor; [| a.LogStepSize |] ] |> Array.map BitConverter.DoubleToInt64Bits

[<Fact>]
let ``M15: nothing adapts after the warm-up`` () =
    let sampler = Sampler.nuts engine NutsOptions.Default (options 1 60 60 5UL) (normals [| 3.0; 0.2 |])
    let warm, _ = Run.segment sampler RunControl.Default (Run.start sampler 0) 60
    let mutable state = warm

    for _ in 1..6 do
        state <- fst (Run.segment sampler RunControl.Default state 10)
        Assert.Equal<int64[]>(bytes warm.Adaptation, bytes state.Adaptation)

[<Fact>]
let ``M16: every window changes the metric, and the warm-up ends with the mean step size`` () =
    let sampler = Sampler.nuts engine NutsOptions.Default (options 1 200 1 5UL) (normals [| 3.0; 0.2 |])
    let mutable state = Run.start sampler 0
    let mutable factor = Metric.identity MetricKind.Diagonal 2

    for close in sampler.Windows.Ends do
        state <- fst (Run.segment sampler RunControl.Default state (close + 1 - state.Transition))
        Assert.NotEqual<float[]>(factor, state.Adaptation.Factor)
        Assert.Equal(0, state.Adaptation.Draws.Count)
        Assert.Equal(0, state.Adaptation.Steps.Count)
        factor <- Array.copy state.Adaptation.Factor

    state <- fst (Run.segment sampler RunControl.Default state (200 - state.Transition))
    Assert.Equal(state.Adaptation.Steps.LogStepMean, state.Adaptation.LogStepSize)

[<Fact>]
let ``a dense metric learns a correlation`` () =
    // rho = 0.95; the estimate from 150 draws after shrinkage is well above 0.8.
    let target =
        let precision = 1.0 / (1.0 - 0.95 * 0.95)

        SamplingTarget.ofDensity "x" 2 (fun q -> -0.5 * precision * (q[0] * q[0] - 1.9 * q[0] * q[1] + q[1] * q[1]))

    let adaptation = { AdaptationOptions.Default with Metric = MetricChoice.Fixed MetricKind.Dense }
    let run = options 2 400 100 11UL
    let result = Nuts.sample engine { NutsOptions.Default with Adaptation = adaptation } run target

    for chain in result.Chains do
        let l = chain.Factor
        Assert.InRange(l[2] / sqrt (l[2] * l[2] + l[3] * l[3]), 0.8, 0.99)
        Assert.Equal(0.0, l[1])
