// Activation functions: elementwise, and over the last axis.
// Relies on Ops. Read Layers next.
namespace Ppl.Neural

open System
open Ppl.Core
open Ppl.Core.Tensors

/// Activation functions: tensor -> tensor of the same type.
[<RequireQualifiedAccess>]
module Activations =

    /// max(x, 0)
    let relu (x: Tensor) : Tensor = Ops.max x (Ops.scalarLike x 0.0)

    /// x for x > 0, else slope * x
    let leakyRelu (slope: float) (x: Tensor) : Tensor = Ops.select (Ops.greater x (Ops.scalarLike x 0.0)) x (slope * x)

    /// x for x > 0, else alpha (e^x - 1): Clevert, Unterthiner and Hochreiter (2016).
    let elu (alpha: float) (x: Tensor) : Tensor =
        let zero = Ops.scalarLike x 0.0
        // e^x of a large x must not spoil the derivative of what is not taken.
        Ops.select (Ops.greater x zero) x (alpha * Ops.expm1 (Ops.min x zero))

    /// x / (1 + e^-x), also called swish.
    let silu (x: Tensor) : Tensor = x * Ops.sigmoid x

    /// x Phi(x), Phi the cdf of the standard normal distribution: Hendrycks and Gimpel (2016).
    let gelu (x: Tensor) : Tensor = x * (0.5 * (1.0 + Ops.erf (x * (1.0 / sqrt 2.0))))

    /// The approximation of gelu with tanh: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    let geluTanh (x: Tensor) : Tensor = 0.5 * x * (1.0 + Ops.tanh (sqrt (2.0 / Math.PI) * (x + 0.044715 * (x * x * x))))

    /// e^x over its sum along the last axis; zeros where all are -inf.
    let softmax (x: Tensor) : Tensor =
        let last = x.Shape.Rank - 1

        if last < 0 then
            Errors.axis "softmax" "a scalar has no axis"

        let rows = Shape.ofArray (Array.append (x.Shape.ToArray()[.. last - 1]) [| 1 |])
        // The shift cancels, and so does its derivative.
        let top = Ops.stopGradient (Ops.maxAlong [| last |] x)
        let shift = Ops.select (Ops.isFinite top) top (Ops.zerosLike top) |> Ops.reshape rows
        let e = Ops.exp (x - shift)
        let total = Ops.sumAlong [| last |] e |> Ops.reshape rows
        // Where nothing is left to normalise, 0/1 rather than 0/0.
        e / Ops.select (Ops.equal total (Ops.zerosLike total)) (Ops.onesLike total) total
