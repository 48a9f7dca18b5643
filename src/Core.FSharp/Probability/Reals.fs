// Families on the real line: normal, studentT, cauchy, laplace. Formulas: docs/math/families.md.
// Relies on Family, Draws and Special. Read Positives next.

/// Families on the real line.
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Reals

open System
open Ppl.Core.Randomness
open Ppl.Core.Tensors

let private halfLog2Pi = 0.5 * log (2.0 * Math.PI)
let private logPi = log Math.PI

/// The normal distribution.
/// ln p(x) = -z^2/2 - ln scale - ln(2 pi)/2, z = (x - loc)/scale; scale is the standard deviation.
/// Parameters broadcast; PPL1010 unless loc is finite and scale positive.
let normal (loc: Tensor) (scale: Tensor) : IDistribution =
    let name = "normal(loc, scale)"
    let loc, scale = Ops.toFloat loc, Ops.toFloat scale
    let parameters = [ Parameter.finite "loc" loc; Parameter.positive "scale" scale ]

    let logDensity x = -0.5 * Ops.square (Family.standardise loc scale x) - (Ops.log scale + halfLog2Pi)

    Family.scalar name parameters Support.Real (fun shape key -> loc + scale * Draws.normal shape key) logDensity
    |> Family.withMoments (fun () -> loc) (fun () -> Ops.square scale)
    |> Family.distribution

/// The Cauchy distribution; no moments.
/// ln p(x) = -ln(1 + z^2) - ln scale - ln pi, z = (x - loc)/scale.
let cauchy (loc: Tensor) (scale: Tensor) : IDistribution =
    let name = "cauchy(loc, scale)"
    let loc, scale = Ops.toFloat loc, Ops.toFloat scale
    let parameters = [ Parameter.finite "loc" loc; Parameter.positive "scale" scale ]

    let logDensity x = -(Ops.log1p (Ops.square (Family.standardise loc scale x))) - (Ops.log scale + logPi)

    Family.scalar name parameters Support.Real (fun shape key -> loc + scale * Draws.cauchy shape key) logDensity
    |> Family.distribution

/// The Laplace (double exponential) distribution.
/// ln p(x) = -|x - loc|/scale - ln(2 scale); variance 2 scale^2.
let laplace (loc: Tensor) (scale: Tensor) : IDistribution =
    let name = "laplace(loc, scale)"
    let loc, scale = Ops.toFloat loc, Ops.toFloat scale
    let parameters = [ Parameter.finite "loc" loc; Parameter.positive "scale" scale ]

    let logDensity x = -(Ops.abs (Family.standardise loc scale x)) - (Ops.log scale + log 2.0)

    Family.scalar name parameters Support.Real (fun shape key -> loc + scale * Draws.laplace shape key) logDensity
    |> Family.withMoments (fun () -> loc) (fun () -> 2.0 * Ops.square scale)
    |> Family.distribution

/// Student's t distribution with location and scale.
/// ln p(x) = ln Gamma((df+1)/2) - ln Gamma(df/2) - ln(pi df)/2 - ln scale - (df+1)/2 ln(1 + z^2/df).
/// Mean for df > 1, variance scale^2 df/(df - 2) for df > 2, where df is known.
let studentT (df: Tensor) (loc: Tensor) (scale: Tensor) : IDistribution =
    let name = "studentT(df, loc, scale)"
    let df, loc, scale = Ops.toFloat df, Ops.toFloat loc, Ops.toFloat scale

    let parameters =
        [ Parameter.positive "df" df; Parameter.finite "loc" loc; Parameter.positive "scale" scale ]

    let logDensity x =
        let half = 0.5 * df

        let constant =
            SpecialFunctions.lgammaRise half (Ops.scalar 0.5) - 0.5 * (Ops.log df + logPi) - Ops.log scale

        let tail = Ops.log1p (Ops.square (Family.standardise loc scale x) * Ops.reciprocal df)
        constant - (half + 0.5) * tail

    let sample shape key = loc + scale * Draws.studentT df shape key
    let family = Family.scalar name parameters Support.Real sample logDensity

    { family with
        Mean = if Parameter.knownToBe (fun v -> v > 1.0) df then Some(fun () -> loc) else None
        Variance =
            if Parameter.knownToBe (fun v -> v > 2.0) df then
                Some(fun () -> Ops.square scale * (df / (df - 2.0)))
            else
                None
    }
    |> Family.distribution
