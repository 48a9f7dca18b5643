// Optimisers step by step against host code written from the published update formulas; schedules and clipping by their formulas.
module Ppl.Neural.Tests.OptimiserTests

open System
open Xunit
open Ppl.Core.Tensors
open Ppl.Core.Trees
open Ppl.Neural
open Ppl.Neural.Tests.Support

type Parameters = { W: Tensor; Inner: Tensor list; Steps: Tensor; Name: string }

let private parameters =
    { W = vector [ 1.0; -2.0 ]; Inner = [ Ops.scalar 0.5 ]; Steps = Tensor.OfInts [| 7 |]; Name = "p" }

/// Some gradient that depends on the step only.
let private gradientAt t (j: int) = Math.Sin(float (3 * t + j)) * 2.0

let private gradientTree t =
    { parameters with
        W = vector [ gradientAt t 0; gradientAt t 1 ]
        Inner = [ Ops.scalar (gradientAt t 2) ]
        Steps = Tensor.OfInts [| 0 |]
    }

let private reals p = Array.append (p.W.ToFloats()) (p.Inner[0].ToFloats())

/// Runs six steps; after each compares with host code: step t (1, 2, ...), parameter j, its value -> its next value.
let private follows (optimiser: IOptimiser<Parameters, 'S>) (host: int -> int -> float -> float) =
    let mutable p, state = parameters, optimiser.Init parameters
    let expected = reals parameters

    for t in 1..6 do
        let updates, next = optimiser.Update(gradientTree t, state, p)
        p <- Optimiser.apply p updates
        state <- next

        for j in 0..2 do
            expected[j] <- host t j expected[j]

        close 1e-13 expected (reals p)

    Assert.Equal(7.0, (Ops.toFloat p.Steps).ToFloats()[0])
    Assert.Equal("p", p.Name)

let private rate = Schedules.exponential 0.1 0.5 2
let private rateAt t = 0.1 * Math.Pow(0.5, float (t - 1) / 2.0)

[<Fact>]
let ``sgd`` () = follows (Optimisers.sgd rate) (fun t j p -> p - rateAt t * gradientAt t j)

[<Fact>]
let ``sgd with momentum`` () =
    let b = Array.zeroCreate 3

    follows (Optimisers.sgdWith 0.9 false rate) (fun t j p ->
        b[j] <- 0.9 * b[j] + gradientAt t j
        p - rateAt t * b[j])

[<Fact>]
let ``sgd with Nesterov's momentum`` () =
    let b = Array.zeroCreate 3

    follows (Optimisers.sgdWith 0.9 true rate) (fun t j p ->
        b[j] <- 0.9 * b[j] + gradientAt t j
        p - rateAt t * (gradientAt t j + 0.9 * b[j]))

let private adamLoop beta1 beta2 epsilon decay =
    let m, v = Array.zeroCreate 3, Array.zeroCreate 3

    fun t j p ->
        let g = gradientAt t j
        m[j] <- beta1 * m[j] + (1.0 - beta1) * g
        v[j] <- beta2 * v[j] + (1.0 - beta2) * g * g
        let mHat, vHat = m[j] / (1.0 - Math.Pow(beta1, float t)), v[j] / (1.0 - Math.Pow(beta2, float t))
        p - rateAt t * (mHat / (sqrt vHat + epsilon) + decay * p)

[<Fact>]
let ``adam`` () = follows (Optimisers.adam rate) (adamLoop 0.9 0.999 1e-8 0.0)

[<Fact>]
let ``adamW with other settings`` () =
    let options = AdamOptions(Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-4, Decay = 0.3)
    follows (Optimisers.adamWWith options rate) (adamLoop 0.8 0.95 1e-4 0.3)

[<Fact>]
let ``lion`` () =
    let m = Array.zeroCreate 3

    follows (Optimisers.lion 0.9 0.99 0.1 rate) (fun t j p ->
        let g = gradientAt t j
        let direction = float (sign (0.9 * m[j] + 0.1 * g)) + 0.1 * p
        m[j] <- 0.99 * m[j] + 0.01 * g
        p - rateAt t * direction)

[<Fact>]
let ``clipping by value comes before the step`` () =
    let optimiser = Optimisers.clipByValue 0.5 |> Optimiser.andThen (Optimisers.sgd rate)
    follows optimiser (fun t j p -> p - rateAt t * max -0.5 (min 0.5 (gradientAt t j)))

[<Fact>]
let ``clipping by the global norm scales the whole gradient`` () =
    let optimiser = Optimisers.clipByGlobalNorm 1.5 |> Optimiser.andThen (Optimisers.sgd rate)

    follows optimiser (fun t j p ->
        let norm = sqrt (Seq.sum (Seq.init 3 (fun j -> gradientAt t j ** 2.0)))
        p - rateAt t * gradientAt t j * min 1.0 (1.5 / norm))

    let zero, _ = (Optimisers.clipByGlobalNorm 1.0).Update(vector [ 0.0; 0.0 ], (), vector [ 0.0; 0.0 ])
    Assert.Equal<float>([| 0.0; 0.0 |], zero.ToFloats())

[<Fact>]
let ``a gradient of another structure is refused`` () =
    let optimiser = Optimisers.adam rate
    let wrong = { parameters with Inner = [] }
    fails "PPL5501" (fun () -> optimiser.Update(wrong, optimiser.Init parameters, parameters) |> ignore)

// ---- schedules

let private ratesOf (schedule: Schedule) count = List.init count (fun t -> (schedule (Tensor.OfInt t)).ToFloat())

[<Fact>]
let ``schedules are their formulas`` () =
    close 0.0 [ 0.3; 0.3 ] (ratesOf (Schedules.constant 0.3) 2)

    close
        1e-15
        (List.init 5 (fun t -> 0.2 * Math.Pow(0.9, float t / 3.0)))
        (ratesOf (Schedules.exponential 0.2 0.9 3) 5)

    let cosine t = 0.1 + 0.2 * (1.0 + Math.Cos(Math.PI * min 1.0 (float t / 4.0)))
    close 1e-15 (List.init 7 cosine) (ratesOf (Schedules.cosine 0.5 0.1 4) 7)
    let warm = Schedules.warmUp 3 (Schedules.exponential 0.3 0.5 1)
    close 1e-15 [ 0.1; 0.2; 0.3; 0.3; 0.15; 0.075 ] (ratesOf warm 6)
    fails "PPL5008" (fun () -> Schedules.cosine 1.0 0.0 0 |> ignore)

[<Fact>]
let ``averages of parameters weigh to one`` () =
    let mutable average = Optimisers.averageInit parameters
    let values = [ 3.0; 5.0; -1.0 ]

    for v in values do
        average <- Optimisers.averageAdd 0.8 average { parameters with W = vector [ v; 1.0 ] }

    let weights = [ 0.64; 0.8; 1.0 ]
    let expected = List.sum (List.map2 (*) weights values) / List.sum weights
    close 1e-14 [ expected; 1.0 ] ((Optimisers.averageValue 0.8 average).W.ToFloats())
