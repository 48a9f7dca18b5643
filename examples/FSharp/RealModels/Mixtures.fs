// Discrete causes summed out: a mixture of two normals, and a hidden Markov chain by the forward algorithm.
// Relies on Columns. Read Processes next.
namespace Ppl.Examples

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models

/// Models with hidden labels.
[<RequireQualifiedAccess>]
module Mixtures =

    /// y_n ~ theta N(mu_1, sigma_1) + (1 - theta) N(mu_2, sigma_2), mu_1 < mu_2. The order adds no factor 2.
    let lowDimGaussMix (data: DataSet) =
        let y = column data "y"

        model {
            let! mu = sample "mu" (flatOrdered 2)
            do! factor "prior of mu" ((normal 0.0 2.0 |> iid 2).LogDensity mu)
            let! sigma = sample "sigma" (halfNormal 2.0 |> iid 2)
            let! theta = sample "theta" (beta 5.0 5.0)
            let under k = (normal mu[k] sigma[k] |> iid y.Shape[0]).LogDensity y
            do! factor "y" (Ops.logAddExp (Ops.log theta + under 0) (Ops.log1p -theta + under 1))
        }

    /// y_t ~ N(mu_z, 1), z a Markov chain of two states with the rows theta1 and theta2 of its transition matrix flat
    /// on the simplex, no initial distribution. The forward algorithm in odds: with r_t = p(z_t = 2 | y_1..t) / p(z_t = 1 |
    /// y_1..t), u_t = theta1[1] + r_(t-1) theta2[1] and v_t = theta1[2] + r_(t-1) theta2[2],
    ///   r_t = (v_t / u_t) N(y_t; mu_2, 1) / N(y_t; mu_1, 1),
    ///   ln p(y) = sum_t ln N(y_t; mu_1, 1) + sum_(t > 1) ln u_t + ln(1 + r_T):
    /// one division per time is sequential, everything else is computed for all times at once.
    let hmmExample (data: DataSet) =
        let y = column data "y"
        let row (p: Tensor) = Ops.stack [| p; 1.0 - p |]

        model {
            let! stay = sample "stay" (uniform 0.0 1.0)
            let! back = sample "back" (uniform 0.0 1.0)
            let! mu = sample "mu" (flatPositiveOrdered 2)
            do! factor "prior of mu" ((normal [| 3.0; 10.0 |] 1.0).LogDensity mu)
            let! theta1 = deterministic "theta1" (row stay)
            let! theta2 = deterministic "theta2" (row back)
            let emission k = (normal mu[k] 1.0 |> iid y.Shape[0]).LogDensity y
            let first = emission 0
            let ratio = Ops.exp (emission 1 - first)

            // The odds wait for one multiply-add and one division; what multiplies them is ready before.
            let step (odds: Tensor[]) (now: Tensor[]) =
                let u = theta1[0] + odds[0] * theta2[0]
                [| (now[0] + odds[0] * now[1]) / u |], [| u |]

            let later = Ops.slice 0 1 y.Shape[0] ratio
            let last, u = Control.scan step [| ratio[0] |] [| theta1[1] * later; theta2[1] * later |]
            do! factor "y" (Ops.sum first + Ops.sum (Ops.log u[0]) + Ops.log1p last[0])
        }
