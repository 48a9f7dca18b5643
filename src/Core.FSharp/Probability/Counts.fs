// Families of counts: binomial, poisson, each with probability or log form, and the negative binomial by its mean.
// Terms of the observed counts alone (log-factorials) stand apart, so that partial evaluation computes them once.
// Formulas: docs/math/families.md. Relies on Family, CountDraws and Special. Read Categories next.

/// Families of counts 0, 1, 2, ...
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Counts

open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

let private isCount x = Ops.greaterEqual x (Tensor.OfInt 0)

let private counts name parameters support condition sample logMass : Family =
    { Family.scalar name parameters support sample (Family.inside condition 0.0 (fun x -> logMass (Ops.toFloat x))) with
        DType = DType.I32
    }

let private unbounded name parameters sample logMass =
    counts name parameters Support.NonnegativeInteger isCount sample logMass

let private trials name (totalCount: Tensor) parameter sample logMass =
    if totalCount.DType <> DType.I32 then
        Errors.dtypes name $"the parameter 'totalCount' counts and must be i32, got {totalCount.Type}"

    let isPossible x = Ops.logicalAnd (isCount x) (Ops.lessEqual x totalCount)
    let support = Support.IntegerInterval(0, totalCount)
    counts name [ Parameter.create "totalCount" Rule.Count totalCount; parameter ] support isPossible sample logMass

/// The number of successes in totalCount (i32) independent trials.
/// ln p(x) = ln (n choose x) + x ln p + (n - x) ln(1 - p), 0 ln 0 = 0; mean n p, variance n p (1 - p).
let binomial (totalCount: Tensor) (probs: Tensor) : IDistribution =
    let name = "binomial(totalCount, probs)"
    let probs = Ops.toFloat probs
    let n = Ops.toFloat totalCount

    let logMass (x: Tensor) = Special.xlogy x probs + Special.xlog1py (n - x) (-probs) + SpecialFunctions.lchoose n x

    trials name totalCount (Parameter.probability "probs" probs) (CountDraws.binomial totalCount probs) logMass
    |> Family.withMoments (fun () -> n * probs) (fun () -> n * probs * (1.0 - probs))
    |> Family.distribution

/// The number of successes in totalCount (i32) independent trials with log-odds logits.
/// ln p(x) = ln (n choose x) + x logits - n softplus(logits).
let binomialLogit (totalCount: Tensor) (logits: Tensor) : IDistribution =
    let name = "binomialLogit(totalCount, logits)"
    let logits = Ops.toFloat logits
    let n = Ops.toFloat totalCount
    let logMass (x: Tensor) = x * logits - n * Ops.softplus logits + SpecialFunctions.lchoose n x
    let mean () = n * Ops.sigmoid logits
    let sample shape key = CountDraws.binomial totalCount (Ops.sigmoid logits) shape key

    trials name totalCount (Parameter.finite "logits" logits) sample logMass
    |> Family.withMoments mean (fun () -> mean () * Ops.sigmoid (-logits))
    |> Family.distribution

/// The Poisson distribution; a rate of 0 is legal.
/// ln p(x) = x ln rate - rate - ln x!, 0 ln 0 = 0; mean and variance rate.
let poisson (rate: Tensor) : IDistribution =
    let name = "poisson(rate)"
    let rate = Ops.toFloat rate
    let parameters = [ Parameter.nonnegative "rate" rate ]
    let logMass x = Special.xlogy x rate - rate - Ops.lgamma (x + 1.0)

    unbounded name parameters (CountDraws.poisson rate) logMass
    |> Family.withMoments (fun () -> rate) (fun () -> rate)
    |> Family.distribution

/// The Poisson distribution by the logarithm of its rate.
/// ln p(x) = x logRate - exp(logRate) - ln x!
let poissonLog (logRate: Tensor) : IDistribution =
    let name = "poissonLog(logRate)"
    let logRate = Ops.toFloat logRate
    let parameters = [ Parameter.finite "logRate" logRate ]
    let rate () = Ops.exp logRate
    let logMass (x: Tensor) = x * logRate - rate () - Ops.lgamma (x + 1.0)

    unbounded name parameters (fun shape key -> CountDraws.poisson (rate ()) shape key) logMass
    |> Family.withMoments rate rate
    |> Family.distribution

/// The negative binomial distribution by its mean and concentration (Stan's neg_binomial_2): a Poisson variable whose
/// rate is gamma(concentration, concentration/mean); variance mean + mean^2/concentration.
/// ln p(x) = ln Gamma(x + c)/(x! Gamma(c)) - x ln(1 + c/mean) - c ln(1 + mean/c), c = concentration.
let negativeBinomial2 (mean: Tensor) (concentration: Tensor) : IDistribution =
    let name = "negativeBinomial2(mean, concentration)"
    let mean, concentration = Ops.toFloat mean, Ops.toFloat concentration
    let parameters = [ Parameter.positive "mean" mean; Parameter.positive "concentration" concentration ]

    let logMass (x: Tensor) =
        SpecialFunctions.lgammaRise concentration x
        - x * Ops.log1p (concentration / mean)
        - concentration * Ops.log1p (mean / concentration)
        - Ops.lgamma (x + 1.0)

    let sample shape key =
        let rate = Draws.gamma concentration shape (Key.foldIn 0 key) * (mean / concentration)
        CountDraws.poisson rate shape (Key.foldIn 1 key)

    unbounded name parameters sample logMass
    |> Family.withMoments (fun () -> mean) (fun () -> mean + Ops.square mean / concentration)
    |> Family.distribution
