// Families of categories: bernoulli, categorical, with probabilities or log-odds. Categories are integers from 0.
// Formulas: docs/math/families.md. Relies on Family, Draws and Special. Read Vectors next.

/// Families of categories 0, 1, ..., K - 1.
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Categories

open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

let private isBoolean x = Ops.logicalOr (Ops.equal x (Tensor.OfInt 0)) (Ops.equal x (Tensor.OfInt 1))

let private binary name parameter sample logMass : Family =
    { Family.scalar name [ parameter ] Support.Boolean sample (Family.inside isBoolean 0.0 logMass) with
        DType = DType.I32
    }

/// 1 with probability probs, else 0.
/// ln p(x) = x ln probs + (1 - x) ln(1 - probs), 0 ln 0 = 0; probabilities of exactly 0 and 1 are legal.
let bernoulli (probs: Tensor) : IDistribution =
    let name = "bernoulli(probs)"
    let probs = Ops.toFloat probs

    let logMass x =
        let ones = Ops.toFloat x
        Special.xlogy ones probs + Special.xlog1py (1.0 - ones) (-probs)

    let sample shape key = Ops.toInt (Ops.less (Draws.uniform shape key) probs)

    binary name (Parameter.probability "probs" probs) sample logMass
    |> Family.withMoments (fun () -> probs) (fun () -> probs * (1.0 - probs))
    |> Family.distribution

/// 1 with log-odds logits, else 0.
/// ln p(x) = -softplus((1 - 2x) logits): accurate in both tails. Mean sigmoid(logits).
let bernoulliLogit (logits: Tensor) : IDistribution =
    let name = "bernoulliLogit(logits)"
    let logits = Ops.toFloat logits
    let logMass x = -(Ops.softplus ((1.0 - 2.0 * Ops.toFloat x) * logits))
    let mean () = Ops.sigmoid logits

    let sample shape key = Ops.toInt (Ops.less (Draws.uniform shape key) (Ops.sigmoid logits))

    binary name (Parameter.finite "logits" logits) sample logMass
    |> Family.withMoments mean (fun () -> mean () * Ops.sigmoid (-logits))
    |> Family.distribution

/// ln of the weights of the drawn categories: logWeights[..., x], for x in range.
let private pick (batch: Shape) (logWeights: Tensor) (x: Tensor) : Tensor =
    let last = logWeights.Shape.Rank - 1
    let size = logWeights.Shape[last]
    let rows = Shape.without [| last |] logWeights.Shape
    // The row of each draw: its parameters lie at row * size in the flat table.
    let first = Ops.reshape rows (Ops.iota rows.Count) * Tensor.OfInt size
    Ops.take 0 (Ops.broadcastTo batch (first + x)) (Ops.flatten logWeights)

let private categories
    name
    (declared: Parameter)
    (weights: unit -> Tensor)
    (logWeights: unit -> Tensor)
    : IDistribution =
    let parameter = declared.Value

    if parameter.Shape.Rank = 0 || parameter.Shape[parameter.Shape.Rank - 1] = 0 then
        Errors.shapes name $"needs one weight per category along the last axis, got {parameter.Type}"

    let last = parameter.Shape.Rank - 1
    let size = parameter.Shape[last]

    let isCategory x = Ops.logicalAnd (Ops.greaterEqual x (Tensor.OfInt 0)) (Ops.less x (Tensor.OfInt size))

    Family.distribution
        {
            Name = name
            Parameters = [ declared ]
            DType = DType.I32
            Batch = Shape.without [| last |] parameter.Shape
            Event = Shape.scalar
            Support = Support.IntegerInterval(0, Tensor.OfInt(size - 1))
            Sample = fun shape key -> CountDraws.categorical (weights ()) shape key
            LogDensity = Family.inside isCategory 0.0 (fun x -> pick x.Shape (logWeights ()) x)
            Mean = None
            Variance = None
        }

/// A category k from 0 to K - 1 with probability probs[..., k]; the probabilities sum to 1 along the last axis.
/// ln p(k) = ln probs[..., k]; probabilities of exactly 0 and 1 are legal.
let categorical (probs: Tensor) : IDistribution =
    let name = "categorical(probs)"
    let probs = Ops.toFloat probs

    categories name (Parameter.create "probs" Rule.Probabilities probs) (fun () -> probs) (fun () ->
        Special.safeLog probs)

/// A category k from 0 to K - 1 with probability proportional to exp(logits[..., k]).
/// ln p(k) = logits[..., k] - logSumExp(logits).
let categoricalLogit (logits: Tensor) : IDistribution =
    let name = "categoricalLogit(logits)"
    let logits = Ops.toFloat logits

    categories
        name
        (Parameter.create "logits" Rule.LogWeight logits)
        (fun () -> Ops.exp (Ops.logSoftmax logits))
        (fun () -> Ops.logSoftmax logits)
