// Layers as plain functions of a record of parameters and an input: dense, embedding, layer normalisation, dropout.
// Inputs have any number of axes in front: layers act on the last one.
// Relies on Initialisers. Read Convolutions, Attention and Recurrent next.
namespace Ppl.Neural

open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

/// The parameters of an affine map from n to m numbers.
type Dense =
    {
        /// f64[n,m]
        Weight: Tensor
        /// f64[m]
        Bias: Tensor
    }

    /// The weight by an initialiser, the bias 0.
    static member Init(initialiser: Initialiser, inputs: int, outputs: int, key: Tensor) : Dense =
        {
            Weight = initialiser (Key.foldInName "weight" key) (Shape.ofList [ inputs; outputs ])
            Bias = Initialisers.zeros key (Shape.ofList [ outputs ])
        }

    /// The weight by Glorot's uniform initialiser, the bias 0.
    static member Init(inputs: int, outputs: int, key: Tensor) : Dense =
        Dense.Init(Initialisers.glorotUniform, inputs, outputs, key)

/// The vectors that n words stand for.
type Embedding =
    {
        /// f64[n,d]
        Table: Tensor
    }

    /// Standard normal vectors.
    static member Init(words: int, dimension: int, key: Tensor) : Embedding =
        { Table = Initialisers.normal 1.0 key (Shape.ofList [ words; dimension ]) }

/// Scale and offset after normalisation.
type LayerNorm =
    {
        /// f64[d]
        Scale: Tensor
        /// f64[d]
        Offset: Tensor
    }

    /// Scale 1, offset 0.
    static member Init(dimension: int) : LayerNorm =
        let vector = TensorType.create DType.F64 (Shape.ofList [ dimension ])
        { Scale = Ops.fill vector 1.0; Offset = Ops.zeros vector }

/// Layers: parameters -> input -> output.
[<RequireQualifiedAccess>]
module Layers =

    /// y = x W + b: [..., n] -> [..., m]
    let dense (p: Dense) (x: Tensor) : Tensor = Ops.dot x p.Weight + p.Bias

    /// The vectors of words: i32[...] -> [..., d]. Words outside the table are treated as IndexOp.Take does.
    let embedding (p: Embedding) (words: Tensor) : Tensor = Ops.take 0 words p.Table

    /// The mean over the last axis, which stays with extent 1.
    let private meanLast (x: Tensor) =
        let last = x.Shape.Rank - 1
        let rows = Array.append (x.Shape.ToArray()[.. last - 1]) [| 1 |]
        Ops.reshape (Shape.ofArray rows) (Ops.sumAlong [| last |] x) * (1.0 / float x.Shape[last])

    /// Normalisation over the last axis, with this addition to the variance:
    /// y = (x - mean x) / sqrt(var x + epsilon) * scale + offset, var with 1/d: Ba, Kiros and Hinton (2016).
    let layerNormWith (epsilon: float) (p: LayerNorm) (x: Tensor) : Tensor =
        if x.Shape.Rank = 0 || x.Shape[x.Shape.Rank - 1] <> p.Scale.Shape.Count then
            Errors.shapes "layerNorm" $"the input {x.Type} must end in the axis of the scale {p.Scale.Type}"

        let centred = x - meanLast x
        let deviation = Ops.sqrt (meanLast (Ops.square centred) + epsilon)
        centred / deviation * p.Scale + p.Offset

    /// Normalisation over the last axis, with 1e-5 added to the variance.
    let layerNorm (p: LayerNorm) (x: Tensor) : Tensor = layerNormWith 1e-5 p x

    /// Each element is 0 with probability rate, else divided by 1 - rate, so that its mean stays: Srivastava et al. (2014).
    /// Use it in training only. The rate is in [0, 1) (else PPL5008).
    let dropout (rate: float) (key: Tensor) (x: Tensor) : Tensor =
        if not (rate >= 0.0 && rate < 1.0) then
            Errors.argument
                "dropout"
                $"the rate {rate} is not in [0, 1)"
                "give the probability that an element is dropped"

        if rate = 0.0 then
            x
        else
            let kept = Ops.greaterEqual (Draws.uniform x.Shape key) (Ops.scalar rate)
            Ops.select kept (x * (1.0 / (1.0 - rate))) (Ops.zerosLike x)
