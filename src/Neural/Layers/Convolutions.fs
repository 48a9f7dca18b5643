// Convolution layers over any number of spatial axes, channels last: [batch.., spatial.., channels].
// Relies on Initialisers and Ppl.Core's Convolution. Read Attention next.
namespace Ppl.Neural

open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Transforms

/// The parameters of a convolution: a window of weights and one offset per output channel.
type Conv =
    {
        /// f64[window.., inputs / groups, outputs]
        Weight: Tensor
        /// f64[outputs]
        Bias: Tensor
    }

    /// The weight by an initialiser, the bias 0, for windows of these sizes.
    static member Init(initialiser: Initialiser, window: int list, inputs: int, outputs: int, key: Tensor) : Conv =
        {
            Weight = initialiser (Key.foldInName "weight" key) (Shape.ofList (window @ [ inputs; outputs ]))
            Bias = Initialisers.zeros key (Shape.ofList [ outputs ])
        }

    /// The weight by He's normal initialiser, the bias 0, for windows of these sizes.
    static member Init(window: int list, inputs: int, outputs: int, key: Tensor) : Conv =
        Conv.Init(Initialisers.heNormal, window, inputs, outputs, key)

/// Convolution layers: how the windows lie -> parameters -> input -> output. The number of spatial axes is that of the weights.
[<RequireQualifiedAccess>]
module Convolutions =

    /// Windows one step apart, as many as the input has places (odd windows are centred), for this number of spatial axes.
    let same spatial : WindowOptions = { Convolution.defaults spatial with Padding = Padding.Same }

    /// Windows this far apart, as many as the extent divided by the stride, rounded up, for this number of spatial axes.
    let strided spatial stride : WindowOptions = { same spatial with Strides = Array.create spatial stride }

    /// As convolution, in groups of channels that do not see each other; one group per channel is a depthwise convolution.
    let grouped groups options (p: Conv) (x: Tensor) : Tensor = Convolution.grouped groups options p.Weight x + p.Bias

    /// y[b, i, o] = bias[o] + sum over k, c of w[k, c, o] x[b, i stride + k dilation, c]:
    /// [batch.., spatial.., inputs] -> [batch.., windows.., outputs]. Errors: those of Convolution.grouped.
    let convolution options (p: Conv) (x: Tensor) : Tensor = grouped 1 options p x

    /// The extents of the input of a transposed convolution: batch and channels are those of its output.
    let private inputOf (extents: int[]) (weight: Tensor) (x: Tensor) =
        let spatial = weight.Shape.Rank - 2

        if extents.Length <> spatial || x.Shape.Rank < spatial + 1 then
            Errors.shapes
                "transposed convolution"
                $"weights {weight.Type}, an input {x.Type} and {extents.Length} extents do not have the same spatial axes"

        let batch = x.Shape.ToArray()[.. x.Shape.Rank - spatial - 2]
        TensorType.create x.DType (Shape.ofArray (Array.concat [ batch; extents; [| weight.Shape[spatial] |] ]))

    /// <summary>
    /// The transpose of a convolution (called "deconvolution" by some), for decoders: [batch.., windows.., outputs of the
    /// weights] -> [batch.., extents.., inputs of the weights], plus the bias (one number per input of the weights).
    /// Law: without bias, sum(y * convolution x) = sum(transposed y * x) for every x of these extents.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: an input that is not what a convolution of these extents
    /// gives.</exception>
    let transposed options (extents: int[]) (p: Conv) (x: Tensor) : Tensor =
        let zeros = Ops.zeros (inputOf extents p.Weight x)
        let results, back = Grad.vjp (fun xs -> [| Convolution.convolve options p.Weight xs[0] |]) [| zeros |]

        if results[0].Type <> x.Type then
            Errors.shapes
                "transposed convolution"
                $"an input of type {results[0].Type} belongs to extents %A{extents}, not {x.Type}"

        (back [| x |])[0] + p.Bias
