// The NUTS tensor program against the recursive sampler with the same uniforms, against a change of coordinates, and
// against its target.
module Ppl.Inference.Tests.Mcmc.NutsProgramTests

open System
open System.Collections.Generic
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference
open Ppl.Inference.Mcmc
open Ppl.Inference.Tests.Targets

let private maxDepth = 6
let private scalar (x: Tensor) = x.ToFloat()
let private integer (x: Tensor) = (Literal.ints x.Value)[0]
let private truth (x: Tensor) = (Literal.bools x.Value)[0]

let private parameters (e: float) factor =
    { LogStepSize = Ops.log (Ops.scalar e); Factor = factor; Limit = Tensor.OfInt maxDepth }

/// The orbit through a state with the momentum that the key gives, and the uniforms of the transition.
let private recursively logDensity (e: float) (q: float[]) (key: Tensor) =
    let d = q.Length
    let u = (Ops.uniform (Shape.ofList [ d + 2 * maxDepth ]) key).ToFloats()
    let r = (Ops.ndtri (vector u[.. d - 1])).ToFloats()
    let valueAndGrad = Grad.valueAndGrad logDensity
    let value, gradient = valueAndGrad (vector q)
    let one = Ops.scalar 1.0
    let points = Dictionary<int, Evaluated>()

    points[0] <-
        {
            Phase = { Position = vector q; Momentum = vector r; Force = gradient }
            LogDensity = value
            Gradient = gradient
        }

    let step e (z: Evaluated) =
        Integrator.step Integrator.leapfrog MetricKind.Identity one valueAndGrad (Ops.scalar e) z.Phase

    let rec point n =
        match points.TryGetValue n with
        | true, z -> z
        | _ ->
            let z = if n > 0 then step e (point (n - 1)) else step -e (point (n + 1))
            points[n] <- z
            z

    let height (z: Evaluated) = scalar (z.LogDensity - Metric.kinetic z.Phase.Momentum)
    let start = height points[0]

    let leaf n : RecursiveNuts.Leaf =
        let z = point n
        { Drop = height z - start; Momentum = z.Phase.Momentum.ToFloats() }

    let pool n = (Ops.uniform (Shape.ofList [ 16 ]) (Ops.foldIn key (Tensor.OfInt(n / 16 * 16)))).ToFloats()[n % 16]
    let outcome = RecursiveNuts.sample maxDepth u[d .. d + maxDepth - 1] u[d + maxDepth ..] pool leaf
    outcome, (point outcome.Selected).Phase.Position.ToFloats(), -(height (point outcome.Selected))

let private funnel (q: Tensor) = -0.5 * Ops.square (q[0] / 3.0) - 0.5 * Ops.square q[1] * Ops.exp (-q[0]) - 0.5 * q[0]

[<Theory>]
[<InlineData(0.05)>]
[<InlineData(0.4)>]
[<InlineData(0.9)>]
let ``the program does what the recursive sampler does with the same uniforms`` (e: float) =
    let mutable diverged, depths = 0, Set.empty

    for logDensity in [ Banana.logDensity; funnel ] do
        let kernel = NutsKernel.create Integrator.leapfrog MetricKind.Identity maxDepth 2 logDensity

        for n in 0..39 do
            let key = Key.ofSeed (uint64 n)
            let q = [| -3.0 + 0.15 * float n; 1.0 - 0.06 * float n |]
            let state, info = kernel.Step key (parameters e (Ops.scalar 1.0)) (kernel.Init(vector q))
            let expected, position, energy = recursively logDensity e q key
            Assert.Equal(expected.Leapfrogs, integer info.Leapfrogs)
            Assert.Equal(expected.Depth, integer info.Depth)
            Assert.Equal(expected.Diverging, truth info.Diverging)
            Assert.Equal(expected.Acceptance, scalar info.Acceptance, 10)
            Assert.Equal(energy, scalar info.Energy, 8)
            Array.iter2 (fun (x: float) y -> Assert.Equal(x, y, 9)) position (state.Position.ToFloats())
            // What is kept beside the position belongs to it.
            let value, gradient = Grad.valueAndGrad logDensity state.Position
            Assert.Equal<float[]>(gradient.ToFloats(), state.Gradient.ToFloats())
            Assert.Equal(scalar value, scalar state.LogDensity)
            diverged <- diverged + (if expected.Diverging then 1 else 0)
            depths <- depths.Add expected.Depth

    // The comparison has seen trees of several depths.
    Assert.True(depths.Count >= 3)

[<Fact>]
let ``divergences are seen and their subtrees left out`` () =
    let kernel = NutsKernel.create Integrator.leapfrog MetricKind.Identity maxDepth 2 funnel
    let start = kernel.Init(vector [| -6.0; 0.05 |])

    let infos =
        [ for n in 0..19 -> kernel.Step (Key.ofSeed (uint64 n)) (parameters 1.5 (Ops.scalar 1.0)) start ]

    Assert.Contains(infos, (fun (_, info) -> truth info.Diverging))

    for state, info in infos do
        if truth info.Diverging && integer info.Depth = 0 then
            Assert.Equal<float[]>(start.Position.ToFloats(), state.Position.ToFloats())

[<Fact>]
let ``a metric is a change of coordinates`` () =
    // Sampling N(0, L L') with factor L from L z is L times sampling N(0, I) from z, with the same keys.
    let lower = array2D [ [ 2.0; 0.0; 0.0 ]; [ -0.7; 0.5; 0.0 ]; [ 0.3; 0.2; 1.5 ] ]
    let l = Tensor.OfMatrix lower

    let whiten (q: Tensor) =
        Ops.reshape q.Shape (Ops.triangularSolve true false l (Ops.reshape (Shape.ofList [ 3; 1 ]) q))

    let standard (z: Tensor) = -0.5 * Ops.sum (z * z) - 0.1 * Ops.sum (Ops.square (Ops.square z))
    let plain = NutsKernel.create Integrator.leapfrog MetricKind.Identity maxDepth 3 standard
    let dense = NutsKernel.create Integrator.leapfrog MetricKind.Dense maxDepth 3 (whiten >> standard)
    let mutable z = plain.Init(vector [| 0.5; -1.0; 0.2 |])
    let mutable q = dense.Init(Ops.dot l z.Position)

    for n in 0..30 do
        let key = Key.ofSeed (uint64 n)
        let nextZ, infoZ = plain.Step key (parameters 0.4 (Ops.scalar 1.0)) z
        let nextQ, infoQ = dense.Step key (parameters 0.4 l) q
        z <- nextZ
        q <- nextQ
        Assert.Equal(integer infoZ.Leapfrogs, integer infoQ.Leapfrogs)

        Array.iter2
            (fun (a: float) b -> Assert.Equal(a, b, 9))
            ((Ops.dot l z.Position).ToFloats())
            (q.Position.ToFloats())

[<Fact>]
let ``the gradient stands once in the program`` () =
    // The quartic is the only use of this literal: the target is traced once for its value and gradient.
    let marked (q: Tensor) = -1.2345e-3 * Ops.sum (Ops.exp q)
    let kernel = NutsKernel.create Integrator.leapfrog MetricKind.Diagonal 10 2 marked

    let rec exponentials (program: Program) : int =
        program.Equations
        |> Array.sumBy (fun eq ->
            match eq.Primitive with
            | Primitive.Unary UnaryOp.Exp when program.Types[eq.Args[0]].Shape.Rank = 1 -> 1
            | primitive -> List.sumBy exponentials (Program.children primitive))

    Assert.Equal(1, exponentials (Kernel.stepProgram kernel))

[<Fact>]
let ``the limit of doublings is obeyed and reported`` () =
    let kernel = NutsKernel.create Integrator.leapfrog MetricKind.Identity maxDepth 2 Banana.logDensity

    for limit in 0..4 do
        let p = { parameters 1e-3 (Ops.scalar 1.0) with Limit = Tensor.OfInt limit }
        let _, info = kernel.Step (Key.ofSeed 1UL) p (kernel.Init(vector [| 0.1; -0.9 |]))
        Assert.Equal(limit, integer info.Depth)
        Assert.Equal((1 <<< limit) - 1, integer info.Leapfrogs)
        Assert.True(truth info.Saturated)
