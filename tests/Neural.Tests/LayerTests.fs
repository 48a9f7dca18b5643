// Layers and activations against loops written from the formulas; their gradients against central differences.
module Ppl.Neural.Tests.LayerTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Trees
open Ppl.Neural
open Ppl.Neural.Tests.Support

[<Fact>]
let ``activations are their formulas`` () =
    let xs = [ -3.0; -0.5; 0.0; 0.25; 2.0; 40.0 ]

    let check (f: Tensor -> Tensor) (formula: float -> float) =
        close 1e-14 (List.map formula xs) ((f (vector xs)).ToFloats())

    check Activations.relu (max 0.0)
    check (Activations.leakyRelu 0.1) (fun x -> if x > 0.0 then x else 0.1 * x)
    check (Activations.elu 0.7) (fun x -> if x > 0.0 then x else 0.7 * (Math.Exp x - 1.0))
    check Activations.silu (fun x -> x * sigmoid x)
    let cubic x = sqrt (2.0 / Math.PI) * (x + 0.044715 * x * x * x)
    check Activations.geluTanh (fun x -> 0.5 * x * (1.0 + Math.Tanh(cubic x)))
    // Phi at three places, from tables.
    close
        1e-15
        [ -0.15865525393145705; 0.0; 0.8413447460685429 ]
        ((Activations.gelu (vector [ -1.0; 0.0; 1.0 ])).ToFloats())

[<Fact>]
let ``activations have the derivatives of differences`` () =
    let x = normal 1 [ 2; 3 ]

    for f in
        [
            Activations.relu
            Activations.leakyRelu 0.1
            Activations.elu 0.7
            Activations.silu
            Activations.gelu
            Activations.geluTanh
            Activations.softmax
        ] do
        differentiates f x

    let steep = OnTrees.grad (Activations.elu 1.0 >> Ops.sum) (vector [ 800.0; -800.0 ])
    Assert.Equal<float>([| 1.0; 0.0 |], steep.ToFloats())

[<Fact>]
let ``softmax sums to one and survives infinities`` () =
    let y = Activations.softmax (tensor [ 3; 2 ] [ 1000.0; 1001.0; -infinity; 0.0; -infinity; -infinity ])
    let e = Math.Exp 1.0
    close 1e-15 [ 1.0 / (1.0 + e); e / (1.0 + e); 0.0; 1.0; 0.0; 0.0 ] (y.ToFloats())
    fails "PPL5003" (fun () -> Activations.softmax (Ops.scalar 1.0) |> ignore)

[<Fact>]
let ``dense is x W + b, for any axes in front`` () =
    let p: Dense = { Weight = normal 1 [ 3; 4 ]; Bias = normal 2 [ 4 ] }
    let x = normal 3 [ 2; 5; 3 ]
    let expected = rows x |> Array.collect (affine (matrix p.Weight) (p.Bias.ToFloats()))
    let y = Layers.dense p x
    Assert.Equal(shape [ 2; 5; 4 ], y.Shape)
    close 1e-14 expected (y.ToFloats())
    differentiates (fun (p, x) -> Layers.dense p x) (p, x)

[<Fact>]
let ``an embedding is a row of its table`` () =
    let p = Embedding.Init(5, 2, key 1)
    let words = Tensor.OfLiteral(Literal.create (shape [ 2; 2 ]) (Storage.I32 [| 4; 0; 0; 3 |]))
    let y = Layers.embedding p words
    let table = rows p.Table
    close 0.0 (Array.concat [ table[4]; table[0]; table[0]; table[3] ]) (y.ToFloats())
    Assert.Equal(shape [ 2; 2; 2 ], y.Shape)
    differentiates (fun p -> Layers.embedding p words) p

[<Fact>]
let ``layer normalisation is its formula`` () =
    let p = { Scale = normal 1 [ 4 ]; Offset = normal 2 [ 4 ] }
    let x = normal 3 [ 2; 3; 4 ]

    let expected =
        rows x
        |> Array.collect (fun row ->
            let mean = Array.average row
            let deviation = sqrt (Array.averageBy (fun v -> (v - mean) ** 2.0) row + 1e-5)
            Array.map3 (fun v s o -> (v - mean) / deviation * s + o) row (p.Scale.ToFloats()) (p.Offset.ToFloats()))

    close 1e-13 expected ((Layers.layerNorm p x).ToFloats())
    differentiates (fun (p, x) -> Layers.layerNorm p x) (p, x)
    fails "PPL5001" (fun () -> Layers.layerNorm p (normal 1 [ 4; 3 ]) |> ignore)

[<Fact>]
let ``dropout keeps what it does not drop, scaled`` () =
    let x = Ops.fill (TensorType.create DType.F64 (shape [ 10000 ])) 3.0
    let y = (Layers.dropout 0.25 (key 5) x).ToFloats()
    Assert.True(y |> Array.forall (fun v -> v = 0.0 || v = 4.0))
    let dropped = y |> Array.sumBy (fun v -> if v = 0.0 then 1.0 else 0.0)
    // Binomial(10000, 1/4): 6 standard deviations, false alarms 2e-9; and the seed is fixed.
    Assert.True(abs (dropped - 2500.0) < 6.0 * sqrt (10000.0 * 0.1875))
    Assert.Same(x, Layers.dropout 0.0 (key 5) x)
    fails "PPL5008" (fun () -> Layers.dropout 1.0 (key 5) x |> ignore)

// ---- attention

/// One head of attention by loops: what query i gets.
let private attend allowed (q: float[]) (keys: float[][]) (values: float[][]) =
    let scores =
        keys
        |> Array.mapi (fun j k ->
            if allowed j then
                Math.Exp(Array.sum (Array.map2 (*) q k) / sqrt (float q.Length))
            else
                0.0)

    let total = Array.sum scores

    Array.init values[0].Length (fun c ->
        if total = 0.0 then
            0.0
        else
            Seq.sum (Seq.init keys.Length (fun j -> scores[j] / total * values[j][c])))

[<Fact>]
let ``scaled dot product attention is its formula, with and without mask`` () =
    let q, k, v = normal 1 [ 3; 2 ], normal 2 [ 4; 2 ], normal 3 [ 4; 5 ]
    let plain = rows q |> Array.collect (fun q -> attend (fun _ -> true) q (rows k) (rows v))
    close 1e-13 plain ((Attention.scaledDotProduct None q k v).ToFloats())
    let allowed i j = i > 0 && (i + j) % 2 = 0

    let mask =
        Tensor.OfLiteral(
            Literal.create (shape [ 3; 4 ]) (Storage.Bool(Array.init 12 (fun n -> allowed (n / 4) (n % 4))))
        )

    let masked = rows q |> Array.mapi (fun i q -> attend (allowed i) q (rows k) (rows v)) |> Array.concat
    close 1e-13 masked ((Attention.scaledDotProduct (Some mask) q k v).ToFloats())
    differentiates (fun (q, k, v) -> Attention.scaledDotProduct (Some mask) q k v) (q, k, v)

[<Fact>]
let ``multi-head attention is one attention per head`` () =
    let p = MultiHeadAttention.Init(6, 3, key 1)
    let p = { p with Query.Bias = normal 2 [ 6 ]; Key.Bias = normal 3 [ 6 ]; Value.Bias = normal 4 [ 6 ] }
    let x = normal 5 [ 2; 4; 6 ]
    let project (d: Dense) = affine (matrix d.Weight) (d.Bias.ToFloats())
    let head h (row: float[]) = row[2 * h .. 2 * h + 1]

    let sequence (xs: float[][]) =
        let q, k, v =
            Array.map (project p.Query) xs, Array.map (project p.Key) xs, Array.map (project p.Value) xs

        Array.init xs.Length (fun i ->
            Array.init 3 (fun h ->
                attend (fun j -> j <= i) (head h q[i]) (Array.map (head h) k) (Array.map (head h) v))
            |> Array.concat
            |> project p.Output)

    let expected = rows x |> Array.chunkBySize 4 |> Array.collect sequence |> Array.concat
    let f (p, x) = Attention.selfAttention p (Some(Attention.causal 4)) x
    close 1e-12 expected ((f (p, x)).ToFloats())
    differentiates f (p, x)
    fails "PPL5008" (fun () -> MultiHeadAttention.Init(6, 4, key 1) |> ignore)
    fails "PPL5001" (fun () -> Attention.crossAttention p None x (normal 1 [ 4; 6 ]) |> ignore)
