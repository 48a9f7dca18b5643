// Autoregression, moving average and changing volatility. What can be computed for all times at once stands outside the
// scan; the scan holds only the recursion.
// Relies on Columns. Read Mixtures next.
namespace Ppl.Examples

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models

/// Models of one series.
[<RequireQualifiedAccess>]
module TimeSeries =

    /// A scalar in front of a vector.
    let private before (xs: Tensor) (x: Tensor) = Ops.concat 0 [| Ops.reshape (Shape.ofList [ 1 ]) x; xs |]

    /// y_t ~ N(alpha + sum_k beta_k y_(t-k), sigma): a regression on the five values before.
    let arK (data: DataSet) =
        let y, order = data.Vector "y", data.Int "K"
        let times = y.Length - order
        let lags = design [ for k in 1..order -> y[order - k .. order - k + times - 1] ]

        model {
            let! alpha = sample "alpha" (normal 0.0 10.0)
            let! beta = sample "beta" (normal 0.0 10.0 |> iid order)
            let! sigma = sample "sigma" (halfCauchy 2.5)
            do! observe "y" (normal (alpha + Ops.dot lags beta) sigma) (Tensor.OfFloats y[order..])
        }

    /// nu_t = mu + phi y_(t-1) + theta e_(t-1), e_t = y_t - nu_t, y_t ~ N(nu_t, sigma); before the first time y is mu
    /// and e 0.
    let arma11 (data: DataSet) =
        let y = column data "y"
        let earlier = Ops.slice 0 0 (y.Shape[0] - 1) y

        model {
            let! mu = sample "mu" (normal 0.0 10.0)
            let! phi = sample "phi" (normal 0.0 2.0)
            let! theta = sample "theta" (normal 0.0 2.0)
            let! sigma = sample "sigma" (halfCauchy 2.5)
            let regression = mu + phi * before earlier mu

            let step (error: Tensor[]) (now: Tensor[]) =
                let nu = now[0] + theta * error[0]
                [| now[1] - nu |], [| nu |]

            let _, nus = Control.scan step [| Ops.scalar 0.0 |] [| regression; y |]
            do! observe "y" (normal nus[0] sigma) y
        }

    /// s_t^2 = alpha0 + alpha1 (y_(t-1) - mu)^2 + beta1 s_(t-1)^2, y_t ~ N(mu, s_t), s_1 = sigma1; alpha1 + beta1 < 1.
    let garch11 (data: DataSet) =
        let y = column data "y"
        let earlier = Ops.slice 0 0 (y.Shape[0] - 1) y
        let first = Ops.scalar (data.Scalar "sigma1" ** 2.0)

        model {
            let! mu = sample "mu" flat
            let! alpha0 = sample "alpha0" flatPositive
            let! alpha1 = sample "alpha1" (flatBetween 0.0 1.0)
            let! beta1 = sample "beta1" (flatBetween 0.0 (1.0 - alpha1))
            let shocks = alpha0 + alpha1 * Ops.square (earlier - mu)

            let step (variance: Tensor[]) (shock: Tensor[]) =
                let next = shock[0] + beta1 * variance[0]
                [| next |], [| next |]

            let _, variances = Control.scan step [| first |] [| shocks |]
            do! observe "y" (normal mu (Ops.sqrt (before variances[0] first))) y
        }
