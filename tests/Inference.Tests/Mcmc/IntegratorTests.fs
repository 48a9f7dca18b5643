// Laws of the integrators: exact on the harmonic oscillator, reversible, volume preserving, of second order.
module Ppl.Inference.Tests.Mcmc.IntegratorTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference.Mcmc
open Ppl.Inference.Tests.Targets

let private schemes = dict [ "leapfrog", Integrator.leapfrog; "minimal norm", Integrator.minimalNorm ]

let private factor = [| 0.7; 1.3 |]

/// (q, r) after some steps of signed size e on the banana.
let private flow integrator (e: float) steps (z: float[]) : float[] =
    let valueAndGrad = Grad.valueAndGrad Banana.logDensity
    let scale = vector factor

    let step (phase: Phase) _ =
        (Integrator.step integrator MetricKind.Diagonal scale valueAndGrad (Ops.scalar e) phase).Phase

    let q = vector z[0..1]
    let force = Metric.force MetricKind.Diagonal scale (snd (valueAndGrad q))
    let start = { Position = q; Momentum = vector z[2..3]; Force = force }
    let final = List.fold step start [ 1..steps ]
    Array.append (final.Position.ToFloats()) (final.Momentum.ToFloats())

let private close tolerance (expected: float[]) (actual: float[]) =
    Array.iter2 (fun (x: float) y -> Assert.True(abs (x - y) <= tolerance, $"{x} {y}")) expected actual

let private flip (z: float[]) = [| z[0]; z[1]; -z[2]; -z[3] |]

let private starts =
    [ [| 0.3; -0.8; 1.1; -0.4 |]; [| -1.2; 0.9; -0.6; 0.2 |]; [| 0.0; 0.1; 0.0; 2.0 |] ]

[<Theory; InlineData "leapfrog"; InlineData "minimal norm">]
let ``coefficients are palindromic and sum to one`` name =
    let scheme = schemes[name]

    for coefficients in [ scheme.Kicks; scheme.Drifts ] do
        Assert.Equal(1.0, Array.sum coefficients, 15)
        Assert.Equal<float[]>(Array.rev coefficients, coefficients)

    Assert.Equal(scheme.Drifts.Length + 1, scheme.Kicks.Length)

[<Theory; InlineData "leapfrog"; InlineData "minimal norm">]
let ``flowing forth, turning round and flowing again leads back`` name =
    for z in starts do
        let forth = flow (schemes[name]) 0.1 7 z
        close 1e-12 (flip z) (flow (schemes[name]) 0.1 7 (flip forth))
        close 1e-12 z (flow (schemes[name]) -0.1 7 forth)

/// The determinant by elimination.
let private determinant (m: float[][]) =
    let n = m.Length
    let a = m |> Array.map Array.copy
    let mutable result = 1.0

    for k in 0 .. n - 1 do
        let pivot = [ k .. n - 1 ] |> List.maxBy (fun i -> abs (a[i][k]))

        if pivot <> k then
            let row = a[k]
            a[k] <- a[pivot]
            a[pivot] <- row
            result <- -result

        result <- result * a[k][k]

        for i in k + 1 .. n - 1 do
            let f = a[i][k] / a[k][k]

            for j in k .. n - 1 do
                a[i][j] <- a[i][j] - f * a[k][j]

    result

[<Theory; InlineData "leapfrog"; InlineData "minimal norm">]
let ``volume is preserved`` name =
    let h = 1e-5

    for z in starts do
        let column j =
            let at (delta: float) : float[] =
                flow (schemes[name]) 0.15 5 (Array.mapi (fun i x -> if i = j then x + delta else x) z)

            Array.map2 (fun a b -> (a - b) / (2.0 * h)) (at h) (at -h)

        // Central differences: error about h^2 and 1e-16 / h.
        Assert.Equal(1.0, determinant (Array.init 4 column), 7)

/// -H at a point of phase space.
let private energy (z: float[]) = (Banana.logDensity (vector z[0..1])).ToFloat() - 0.5 * (z[2] * z[2] + z[3] * z[3])

[<Theory; InlineData "leapfrog"; InlineData "minimal norm">]
let ``the energy error over a fixed time falls with the square of the step`` name =
    for z in starts do
        let error steps = abs (energy (flow (schemes[name]) (0.5 / float steps) steps z) - energy z)
        Assert.InRange(error 40 / error 80, 3.5, 4.5)

[<Fact>]
let ``leapfrog on the harmonic oscillator is the known matrix`` () =
    let valueAndGrad = Grad.valueAndGrad (fun q -> -0.5 * Ops.sum (q * q))
    let e, q, r = 0.3, 0.8, -1.1
    let phase = { Position = vector [| q |]; Momentum = vector [| r |]; Force = vector [| -q |] }

    let next =
        Integrator.step Integrator.leapfrog MetricKind.Identity (Ops.scalar 1.0) valueAndGrad (Ops.scalar e) phase

    let c = 1.0 - e * e / 2.0
    close 1e-15 [| c * q + e * r |] (next.Phase.Position.ToFloats())
    close 1e-15 [| c * r - e * (1.0 - e * e / 4.0) * q |] (next.Phase.Momentum.ToFloats())

[<Fact>]
let ``whitened momenta are the textbook's momenta in other coordinates`` () =
    // M^-1 = L L', p = L^-T r: q' = q + e M^-1 p and p' = p + e grad are the same step.
    let l = Tensor.OfMatrix(array2D [ [ 2.0; 0.0 ]; [ 0.5; 0.3 ] ])
    let r, g = [| 0.4; -1.7 |], [| 0.9; 0.2 |]
    let p1 = r[1] / 0.3
    let p = [| (r[0] - 0.5 * p1) / 2.0; p1 |]
    // M^-1 = [[4, 1], [1, 0.34]]
    close 1e-14 [| 4.0 * p[0] + p[1]; p[0] + 0.34 * p[1] |] ((Metric.velocity MetricKind.Dense l (vector r)).ToFloats())
    // r changes by L' times the change of p.
    close 1e-14 [| 2.0 * g[0] + 0.5 * g[1]; 0.3 * g[1] |] ((Metric.force MetricKind.Dense l (vector g)).ToFloats())
    let kinetic = 0.5 * (p[0] * (4.0 * p[0] + p[1]) + p[1] * (p[0] + 0.34 * p[1]))
    Assert.Equal(kinetic, (Metric.kinetic (vector r)).ToFloat(), 13)
