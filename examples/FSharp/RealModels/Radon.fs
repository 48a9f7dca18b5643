// Radon in the houses of Minnesota's 85 counties: a hierarchical intercept, centred and non-centred.
// Relies on Columns. Read RealModels next.
namespace Ppl.Examples

open Ppl.Core.Tensors
open Ppl.Core.Probability.Families
open Ppl.Core.Models

/// Houses within counties.
[<RequireQualifiedAccess>]
module Radon =

    /// log_radon_n ~ N(alpha[county_n] + beta_1 log_uppm_n + beta_2 floor_n, sigma_y), with the counties' intercepts
    /// as a plate.
    let private hierarchical intercept (data: DataSet) =
        let county = data.Ints "county_idx" |> Array.map (fun i -> i - 1) |> Tensor.OfInts
        let x = design [ data.Vector "log_uppm"; data.Vector "floor_measure" ]

        model {
            let! sigmaAlpha = sample "sigma_alpha" (halfNormal 1.0)
            let! sigmaY = sample "sigma_y" (halfNormal 1.0)
            let! muAlpha = sample "mu_alpha" (normal 0.0 10.0)
            let! beta = sample "beta" (normal 0.0 10.0 |> iid 2)
            let! alpha = plate "county" (data.Int "J") (fun _ -> intercept muAlpha sigmaAlpha)
            let mean = Ops.take 0 county alpha + Ops.dot x beta
            do! observe "log_radon" (normal mean sigmaY) (column data "log_radon")
        }

    /// alpha_j = mu_alpha + sigma_alpha alpha_raw_j, alpha_raw_j ~ N(0, 1).
    let nonCentred (data: DataSet) =
        let intercept mu sigma =
            model {
                let! raw = sample "alpha_raw" (normal 0.0 1.0)
                return! deterministic "alpha" (mu + sigma * raw)
            }

        hierarchical intercept data

    /// alpha_j ~ N(mu_alpha, sigma_alpha).
    let centred (data: DataSet) =
        hierarchical (fun (mu: Tensor) (sigma: Tensor) -> sample "alpha" (normal mu sigma)) data
