// Families of categories: bernoulli, categorical, with probabilities or log-odds. Categories are integers from 0.
// Formulas: docs/math/families.md. Relies on Family and Draws. Read Vectors next.
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Categories

open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

let private isBoolean x = Ops.logicalOr (Ops.equal x (Tensor.OfInt 0)) (Ops.equal x (Tensor.OfInt 1))
let private isOne x = Ops.equal x (Tensor.OfInt 1)

let private binary name parameter sample logMass : Family =
    { Family.scalar name [ parameter ] Support.Boolean sample (Family.inside isBoolean 0.0 logMass) with
        DType = DType.I32
    }

/// 1 with probability probs, else 0.
/// ln p(1) = ln probs, ln p(0) = ln(1 - probs); probabilities of exactly 0 and 1 are legal.
let bernoulli (probs: Tensor) : IDistribution =
    let name = "bernoulli(probs)"
    let probs = Parameter.probability name "probs" probs

    let logMass x =
        let one = isOne x
        let half = Ops.scalar 0.5
        // Each logarithm sees the probabilities of its own side only: no infinite derivative of the other.
        Ops.select one (Ops.log (Ops.select one probs half)) (Ops.log1p (-(Ops.select one half probs)))

    binary name probs (fun shape key -> Ops.toInt (Ops.less (Draws.uniform shape key) probs)) logMass
    |> Family.withMoments (fun () -> probs) (fun () -> probs * (1.0 - probs))
    |> Family.distribution

/// 1 with log-odds logits, else 0.
/// ln p(x) = -softplus((1 - 2x) logits): accurate in both tails. Mean sigmoid(logits).
let bernoulliLogit (logits: Tensor) : IDistribution =
    let name = "bernoulliLogit(logits)"
    let logits = Parameter.finite name "logits" logits
    let logMass x = -(Ops.softplus ((1.0 - 2.0 * Ops.toFloat x) * logits))
    let mean () = Ops.sigmoid logits

    binary name logits (fun shape key -> Ops.toInt (Ops.less (Draws.uniform shape key) (Ops.sigmoid logits))) logMass
    |> Family.withMoments mean (fun () -> mean () * Ops.sigmoid (-logits))
    |> Family.distribution
