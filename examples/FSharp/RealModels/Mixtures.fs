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
    /// on the simplex. gamma_t(k) = ln p(y_1..t, z_t = k), with no initial distribution, is carried by the scan.
    let hmmExample (data: DataSet) =
        let times = data.Int "N"
        let y = Ops.reshape (Shape.ofList [ times; 1 ]) (column data "y")
        let seen = Ops.broadcastTo (Shape.ofList [ times; 2 ]) y
        let row (p: Tensor) = Ops.stack [| p; 1.0 - p |]

        model {
            let! stay = sample "stay" (uniform 0.0 1.0)
            let! back = sample "back" (uniform 0.0 1.0)
            let! mu = sample "mu" (flatPositiveOrdered 2)
            do! factor "prior of mu" ((normal [| 3.0; 10.0 |] 1.0).LogDensity mu)
            let! theta1 = deterministic "theta1" (row stay)
            let! theta2 = deterministic "theta2" (row back)
            let transition = Ops.log (Ops.stack [| theta1; theta2 |])
            let emission = (normal mu 1.0 |> iid times).LogDensity seen

            let step (gamma: Tensor[]) (emitted: Tensor[]) =
                let arrivals = Ops.reshape (Shape.ofList [ 2; 1 ]) gamma[0] + transition
                [| Ops.logSumExpAlong [| 0 |] arrivals + emitted[0] |], [||]

            let later = Ops.slice 0 1 times emission
            let last, _ = Control.scan step [| emission[0] |] [| later |]
            do! factor "y" (Ops.logSumExp last[0])
        }
