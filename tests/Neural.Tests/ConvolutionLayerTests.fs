// Convolution layers: special cases that are other layers, the law of the transpose, gradients, errors, and a small training.
module Ppl.Neural.Tests.ConvolutionLayerTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Trees
open Ppl.Jit
open Ppl.Neural
open Ppl.Neural.Tests.Support

let private layer window inputs outputs : Conv =
    { Weight = normal 1 (window @ [ inputs; outputs ]); Bias = normal 2 [ outputs ] }

[<Fact>]
let ``a window of one place is a dense layer`` () =
    let p = layer [ 1; 1 ] 3 4
    let x = normal 3 [ 2; 5; 6; 3 ]
    let dense: Dense = { Weight = Ops.reshape (shape [ 3; 4 ]) p.Weight; Bias = p.Bias }
    let y = Convolutions.convolution (Convolutions.same 2) p x
    Assert.Equal(shape [ 2; 5; 6; 4 ], y.Shape)
    close 1e-13 ((Layers.dense dense x).ToFloats()) (y.ToFloats())

[<Fact>]
let ``a convolution over one axis is its sum`` () =
    let p = layer [ 3 ] 2 1
    let x = normal 3 [ 1; 4; 2 ]
    let w, xs = p.Weight.ToFloats(), x.ToFloats()
    let at i c = if i < 0 || i > 3 then 0.0 else xs[2 * i + c]

    let expected i =
        (p.Bias.ToFloats())[0]
        + Seq.sum (
            seq {
                for k in 0..2 do
                    for c in 0..1 -> w[2 * k + c] * at (i + k - 1) c
            }
        )

    let y = Convolutions.convolution (Convolutions.same 1) p x
    close 1e-13 (Seq.init 4 expected) (y.ToFloats())

[<Fact>]
let ``a depthwise convolution mixes no channels`` () =
    let p = layer [ 3; 3 ] 1 2
    let x = normal 3 [ 1; 4; 4; 2 ]
    let other = Ops.concat 3 [| Ops.slice 3 0 1 x; normal 4 [ 1; 4; 4; 1 ] |]
    let first x = (Ops.slice 3 0 1 (Convolutions.grouped 2 (Convolutions.same 2) p x)).ToFloats()
    close 0.0 (first x) (first other)
    Assert.NotEqual<float>(first x, (Ops.slice 3 1 2 (Convolutions.grouped 2 (Convolutions.same 2) p other)).ToFloats())

[<Fact>]
let ``transposed is the transpose, for every stride and padding`` () =
    let p = layer [ 3; 2 ] 2 5
    let plain (q: Conv) = { q with Bias = Ops.zeros (TensorType.create DType.F64 (shape [])) }

    for options in
        [
            Convolution.defaults 2
            Convolutions.same 2
            Convolutions.strided 2 2
            { Convolutions.strided 2 3 with Dilations = [| 2; 1 |] }
        ] do
        let x = normal 3 [ 2; 7; 6; 2 ]
        let image = Convolutions.convolution options (plain p) x
        let y = Draws.normal image.Shape (key 4)
        let back = Convolutions.transposed options [| 7; 6 |] (plain p) y
        Assert.Equal(x.Shape, back.Shape)
        close 1e-12 [ (Ops.sum (y * image)).ToFloat() ] [ (Ops.sum (back * x)).ToFloat() ]

[<Fact>]
let ``convolution layers have the derivatives of differences`` () =
    let x = normal 3 [ 2; 5; 4; 2 ]
    differentiates (fun (p, x) -> Convolutions.convolution (Convolutions.strided 2 2) p x) (layer [ 3; 2 ] 2 3, x)
    let decoder: Conv = { Weight = normal 1 [ 3; 3; 4; 2 ]; Bias = normal 2 [ 4 ] }
    let up (p, x) = Convolutions.transposed (Convolutions.strided 2 2) [| 9; 8 |] p x
    differentiates up (decoder, x)

[<Fact>]
let ``shapes that do not fit are errors`` () =
    let p = layer [ 3; 3 ] 2 4
    fails "PPL5001" (fun () -> Convolutions.convolution (Convolutions.same 2) p (normal 1 [ 1; 4; 4; 3 ]) |> ignore)
    fails "PPL5001" (fun () -> Convolutions.convolution (Convolutions.same 1) p (normal 1 [ 1; 4; 4; 2 ]) |> ignore)
    let small = normal 1 [ 1; 4; 4; 4 ]
    fails "PPL5001" (fun () -> Convolutions.transposed (Convolutions.strided 2 2) [| 11; 8 |] p small |> ignore)
    fails "PPL5001" (fun () -> Convolutions.transposed (Convolutions.same 2) [| 4 |] p small |> ignore)

type private Classifier = { Filters: Conv; Read: Dense }

/// Bars of ones across a noisy 6 x 6 image: label 1 if they lie, 0 if they stand.
let private bars count =
    let rng = Random 7
    let labels = Array.init count (fun i -> float (i % 2))

    let pixel label place row column =
        let along = if label = 1.0 then row else column
        (if along = place then 1.0 else 0.0) + 0.1 * (rng.NextDouble() - 0.5)

    let image label =
        let place = rng.Next 6

        [
            for row in 0..5 do
                for column in 0..5 -> pixel label place row column
        ]

    tensor [ count; 6; 6; 1 ] (labels |> Seq.collect image), vector (List.ofArray labels)

[<Fact>]
let ``a convolutional classifier learns which way bars lie, wherever they are`` () =
    let images, labels = bars 64

    let start =
        {
            Filters = Conv.Init([ 3; 3 ], 1, 4, Key.foldInName "filters" (key 1))
            Read = Dense.Init(4, 1, Key.foldInName "read" (key 1))
        }

    let logits p =
        let seen = Activations.relu (Convolutions.convolution (Convolutions.same 2) p.Filters images)
        let highest = Convolution.maxPool [| 6; 6 |] (Convolution.defaults 2) seen
        Ops.flatten (Layers.dense p.Read (Ops.reshape (shape [ 64; 4 ]) highest))

    let loss p = let z = logits p in Ops.mean (Ops.softplus z - labels * z)
    let optimiser = Optimisers.adam (Schedules.constant 0.05)
    let compiled = TreeFunction(CpuEngine(), Optimiser.step optimiser loss)
    let mutable now = start, optimiser.Init start

    for _ in 1..200 do
        now <- snd (compiled.Invoke now)

    let right =
        Array.map2
            (fun z y -> if (z > 0.0) = (y = 1.0) then 1 else 0)
            ((logits (fst now)).ToFloats())
            (labels.ToFloats())

    Assert.Equal(64, Array.sum right)
