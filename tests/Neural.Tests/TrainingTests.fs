// Whole trainings on small problems, compiled: one trace, the loss falls, the problem is solved.
module Ppl.Neural.Tests.TrainingTests

open System
open Xunit
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Trees
open Ppl.Jit
open Ppl.Neural
open Ppl.Neural.Tests.Support

type Perceptron = { Hidden: Dense; Output: Dense }

let private xorInputs = tensor [ 4; 2 ] [ 0.0; 0.0; 0.0; 1.0; 1.0; 0.0; 1.0; 1.0 ]
let private xorOutputs = tensor [ 4; 1 ] [ 0.0; 1.0; 1.0; 0.0 ]
let private logits p x = x |> Layers.dense p.Hidden |> Ops.tanh |> Layers.dense p.Output

/// The mean of ln(1 + e^z) - y z: the cross entropy of labels y and logits z.
let private crossEntropy (z: Tensor) (y: Tensor) = Ops.mean (Ops.softplus z - y * z)

let private perceptron =
    {
        Hidden = Dense.Init(2, 8, Key.foldInName "hidden" (key 1))
        Output = Dense.Init(8, 1, Key.foldInName "output" (key 1))
    }

let private train (optimiser: IOptimiser<Perceptron, 'S>) steps =
    let step = Optimiser.step optimiser (fun p -> crossEntropy (logits p xorInputs) xorOutputs)
    let compiled = TreeFunction(CpuEngine(), step)
    let mutable now = perceptron, optimiser.Init perceptron
    let mutable loss = infinity

    for _ in 1..steps do
        let value, next = compiled.Invoke now
        loss <- value.ToFloat()
        now <- next

    Assert.Equal(1, compiled.TraceCount)
    loss

[<Fact>]
let ``exclusive or is learnt by every optimiser`` () =
    Assert.True(train (Optimisers.sgdWith 0.9 false (Schedules.constant 0.5)) 500 < 0.05)
    Assert.True(train (Optimisers.adam (Schedules.constant 0.05)) 500 < 0.01)
    Assert.True(train (Optimisers.adamW (Schedules.warmUp 20 (Schedules.cosine 0.1 0.0 480))) 500 < 0.05)
    Assert.True(train (Optimisers.lion 0.9 0.99 0.0 (Schedules.exponential 0.02 0.1 500)) 500 < 0.05)

    let clipped =
        Optimisers.clipByGlobalNorm 1.0 |> Optimiser.andThen (Optimisers.adam (Schedules.constant 0.05))

    Assert.True(train clipped 500 < 0.01)

[<Fact>]
let ``logistic regression reaches the maximum of its likelihood`` () =
    let x = normal 1 [ 200; 3 ]
    let truth = vector [ 1.0; -2.0; 0.5 ]
    let u = Draws.uniform (shape [ 200 ]) (key 2)
    let y = Ops.toFloat (Ops.less u (Ops.sigmoid (Ops.dot x truth)))
    let loss w = crossEntropy (Ops.dot x w) y
    let best = Lbfgs.minimise (CpuEngine()) (LbfgsOptions()) loss (vector [ 0.0; 0.0; 0.0 ])
    Assert.Equal(Converged, best.Status)
    // Newton's method from there does not move: the gradient solves X'(p - y) = 0.
    let residual = Ops.dot (Ops.transpose [| 1; 0 |] x) (Ops.sigmoid (Ops.dot x best.Parameters) - y)
    close 1e-5 [ 0.0; 0.0; 0.0 ] (residual.ToFloats())
    let optimiser = Optimisers.adam (Schedules.cosine 0.1 0.0 1000)
    let compiled = TreeFunction(CpuEngine(), Optimiser.step optimiser loss)
    let mutable now = vector [ 0.0; 0.0; 0.0 ], optimiser.Init(vector [ 0.0; 0.0; 0.0 ])

    for _ in 1..1000 do
        now <- snd (compiled.Invoke now)

    close 1e-4 (best.Parameters.ToFloats()) ((fst now).ToFloats())

[<Fact>]
let ``a recurrent layer learns to remember its first input`` () =
    let xs = normal 1 [ 6; 16; 1 ]
    let target = xs[0]
    let start = Gru.Init(1, 8, key 2), Dense.Init(8, 1, key 3)
    let zero = tensor [ 16; 8 ] (Seq.replicate 128 0.0)

    let loss (gru, output) =
        let last, _ = Recurrent.gru gru zero xs
        Ops.mean (Ops.square (Layers.dense output last - target))

    let optimiser = Optimisers.adam (Schedules.constant 0.02)
    let compiled = TreeFunction(CpuEngine(), Optimiser.step optimiser loss)
    let mutable now = start, optimiser.Init start
    let mutable value = infinity

    for _ in 1..300 do
        let v, next = compiled.Invoke now
        value <- v.ToFloat()
        now <- next

    Assert.True(value < 0.02, $"loss {value}")
