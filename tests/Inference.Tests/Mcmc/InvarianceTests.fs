// Kernels keep their target: exact draws, a few transitions, exact cdfs again. Level: Dvoretzky-Kiefer-Wolfowitz, 1e-9 per
// statistic, three statistics per kernel; about ten kernels, so less than 1e-7 in all, with fixed seeds. Wrong variants
// (numbers as in the catalogue of mutants) must be rejected by the same test.
module Ppl.Inference.Tests.Mcmc.InvarianceTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference
open Ppl.Inference.Mcmc
open Ppl.Inference.Tests.Targets

let private count = 20000

/// Runs every exact draw through some transitions; the largest distance of the statistics from uniform, over its bound.
let private misfit
    transitions
    (stepSize: float)
    (factor: Literal)
    limit
    (kernel: IKernel<HamiltonianParameters, HamiltonianState, 'Info>)
    =
    let engine = Ppl.Jit.CpuEngine() :> IEngine
    use step = engine.Compile(Simplify.program (Kernel.stepProgram kernel)).NewInstance()
    use init = engine.Compile(Kernel.initProgram 2 kernel).NewInstance()
    step.SetInput(2, Literal.f64 (log stepSize))
    step.SetInput(3, factor)
    step.SetInput(4, Literal.i32 limit)

    let final n (draw: float[]) =
        step.SetInput(0, (Key.ofSeed 99UL |> Key.foldIn n).Value)
        step.SetInput(1, Literal.i32 0)
        init.SetInput(0, literal draw)
        init.Invoke()
        Array.iter (fun k -> step.SetInput(5 + k, init.GetOutput k)) [| 0..2 |]

        for _ in 1..transitions do
            step.Invoke()
            step.Feed(0, 1)
            Array.iter (fun k -> step.Feed(1 + k, 5 + k)) [| 0..2 |]

        step.Output(1).ToArray()

    let finals = Banana.draws 1UL count |> Array.mapi final

    Banana.uniforms
    |> Array.map (fun u -> distanceFromUniform (Array.map u finals) / distanceBound 1e-9 count)
    |> Array.max

let private kept misfit = Assert.True(misfit < 1.0, $"{misfit} of the bound")
let private rejected misfit = Assert.True(misfit > 1.0, $"{misfit} of the bound")
let private diagonal = literal [| 0.8; 1.1 |]
let private nuts integrator = NutsKernel.create integrator MetricKind.Diagonal 5 2 Banana.logDensity
let private hmc = HmcKernel.create Integrator.leapfrog MetricKind.Diagonal 0.2 2 Banana.logDensity

[<Theory; InlineData 0.15; InlineData 0.5; InlineData 0.8>]
let ``NUTS keeps its target`` stepSize = kept (misfit 2 stepSize diagonal 5 (nuts Integrator.leapfrog))

[<Fact>]
let ``NUTS with two stages keeps its target`` () = kept (misfit 2 0.7 diagonal 5 (nuts Integrator.minimalNorm))

[<Fact>]
let ``NUTS with a dense metric keeps its target`` () =
    let factor = Literal.create (Shape.ofList [ 2; 2 ]) (Storage.F64 [| 0.9; 0.0; 0.5; 0.7 |])
    let kernel = NutsKernel.create Integrator.leapfrog MetricKind.Dense 5 2 Banana.logDensity
    kept (misfit 2 0.5 factor 5 kernel)

[<Fact>]
let ``HMC keeps its target`` () = kept (misfit 2 0.4 diagonal 5 hmc)

/// The kernel with another step.
let private withStep (kernel: IKernel<HamiltonianParameters, HamiltonianState, 'Info>) step =
    { new IKernel<HamiltonianParameters, HamiltonianState, 'Info> with
        member _.Parameters = kernel.Parameters
        member _.State = kernel.State
        member _.Info = kernel.Info
        member _.Init position = kernel.Init position
        member _.Step key parameters state = step key parameters state
    }

[<Fact>]
let ``M8: a full last momentum step is rejected`` () =
    let full = { Integrator.leapfrog with Kicks = [| 0.5; 1.0 |] }
    rejected (misfit 10 0.6 diagonal 5 (nuts full))
    rejected (misfit 10 0.6 diagonal 1 (HmcKernel.create full MetricKind.Diagonal 0.2 2 Banana.logDensity))

[<Fact>]
let ``M6: a stale density after a move is rejected`` () =
    let stale =
        withStep hmc (fun key parameters state ->
            let next, info = hmc.Step key parameters state
            { next with LogDensity = state.LogDensity }, info)

    rejected (misfit 8 0.3 diagonal 5 stale)

[<Fact>]
let ``M11: a metric that depends on the position without its determinant is rejected`` () =
    let positioned =
        withStep hmc (fun key parameters state ->
            hmc.Step key { parameters with Factor = parameters.Factor * Ops.exp (0.5 * state.Position[0]) } state)

    rejected (misfit 3 0.4 diagonal 5 positioned)

[<Fact>]
let ``a step size that looks at the state is rejected`` () =
    let looking =
        let kernel = nuts Integrator.leapfrog

        withStep kernel (fun key parameters state ->
            kernel.Step key { parameters with LogStepSize = parameters.LogStepSize + 0.7 * state.Position[1] } state)

    rejected (misfit 3 0.4 diagonal 5 looking)
