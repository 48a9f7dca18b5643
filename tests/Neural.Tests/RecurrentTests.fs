// GRU and LSTM against loops written from the formulas; scans against steps; gradients against central differences.
module Ppl.Neural.Tests.RecurrentTests

open System
open Xunit
open Ppl.Core.Tensors
open Ppl.Core.Trees
open Ppl.Jit
open Ppl.Neural
open Ppl.Neural.Tests.Support

let private gru = { Gru.Init(3, 2, key 1) with InputBias = normal 2 [ 6 ]; HiddenBias = normal 3 [ 6 ] }

let private gruLoop (p: Gru) (h: float[]) (x: float[]) =
    let a = affine (matrix p.Input) (p.InputBias.ToFloats()) x
    let b = affine (matrix p.Hidden) (p.HiddenBias.ToFloats()) h

    Array.init 2 (fun i ->
        let r, z = sigmoid (a[i] + b[i]), sigmoid (a[2 + i] + b[2 + i])
        let c = Math.Tanh(a[4 + i] + r * b[4 + i])
        (1.0 - z) * c + z * h[i])

[<Fact>]
let ``a GRU is its formulas`` () =
    let h, xs = normal 4 [ 2 ], normal 5 [ 4; 3 ]
    let states = rows xs |> Array.scan (gruLoop gru) (h.ToFloats()) |> Array.tail
    let last, all = Recurrent.gru gru h xs
    close 1e-13 (Array.concat states) (all.ToFloats())
    close 1e-13 (Array.last states) (last.ToFloats())
    close 1e-13 states[0] ((Recurrent.gruStep gru h xs[0]).ToFloats())
    differentiates (fun (p, h, xs) -> snd (Recurrent.gru p h xs)) (gru, h, xs)

let private lstm = { Lstm.Init(3, 2, key 6) with Bias = normal 7 [ 8 ] }

let private lstmLoop (p: Lstm) (h: float[], c: float[]) (x: float[]) =
    let a = affine (matrix p.Input) (p.Bias.ToFloats()) x
    let b = affine (matrix p.Hidden) (Array.zeroCreate 8) h
    let gate k i = a[2 * k + i] + b[2 * k + i]
    let cell = Array.init 2 (fun i -> sigmoid (gate 1 i) * c[i] + sigmoid (gate 0 i) * Math.Tanh(gate 2 i))
    Array.init 2 (fun i -> sigmoid (gate 3 i) * Math.Tanh cell[i]), cell

[<Fact>]
let ``an LSTM is its formulas`` () =
    let state, xs = { Hidden = normal 8 [ 2 ]; Cell = normal 9 [ 2 ] }, normal 5 [ 4; 3 ]
    let start = state.Hidden.ToFloats(), state.Cell.ToFloats()
    let states = rows xs |> Array.scan (lstmLoop lstm) start |> Array.tail
    let last, all = Recurrent.lstm lstm state xs
    close 1e-13 (states |> Array.collect fst) (all.ToFloats())
    close 1e-13 (snd (Array.last states)) (last.Cell.ToFloats())
    close 1e-13 (fst states[0]) ((Recurrent.lstmStep lstm state xs[0]).Hidden.ToFloats())
    differentiates (fun (p, s, xs) -> snd (Recurrent.lstm p s xs)) (lstm, state, xs)

[<Fact>]
let ``batches of sequences are sequences side by side, compiled too`` () =
    let h, xs = normal 4 [ 5; 2 ], normal 5 [ 4; 5; 3 ]
    let compiled = TreeFunction(CpuEngine(), (fun (p, h, xs) -> snd (Recurrent.gru p h xs)))
    let all = compiled.Invoke((gru, h, xs))

    for b in 0..4 do
        let one = Ops.slice 1 b (b + 1) xs |> Ops.reshape (shape [ 4; 3 ])
        let expected = snd (Recurrent.gru gru h[b] one)
        close 1e-13 (expected.ToFloats()) ((Ops.slice 1 b (b + 1) all).ToFloats())

[<Fact>]
let ``the forget gate starts open`` () =
    Assert.Equal<float>([| 0.0; 0.0; 1.0; 1.0; 0.0; 0.0; 0.0; 0.0 |], (Lstm.Init(3, 2, key 6)).Bias.ToFloats())
