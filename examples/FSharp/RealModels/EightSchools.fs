// The effects of coaching in eight schools (Rubin 1981), centred and non-centred.
// Relies on Columns. Read Regressions next.
namespace Ppl.Examples

open Ppl.Core.Probability.Families
open Ppl.Core.Models

/// Effects of coaching with known standard errors.
[<RequireQualifiedAccess>]
module EightSchools =

    /// theta_j ~ N(mu, tau), y_j ~ N(theta_j, sigma_j). A funnel: samplers of fixed step size must warn here.
    let centred (data: DataSet) =
        model {
            let! mu = sample "mu" (normal 0.0 5.0)
            let! tau = sample "tau" (halfCauchy 5.0)
            let! theta = sample "theta" (normal mu tau |> iid 8)
            do! observe "y" (normal theta (data.Vector "sigma")) (column data "y")
        }

    /// The same with theta_j = mu + tau theta_trans_j, theta_trans_j ~ N(0, 1).
    let nonCentred (data: DataSet) =
        model {
            let! mu = sample "mu" (normal 0.0 5.0)
            let! tau = sample "tau" (halfCauchy 5.0)
            let! z = sample "theta_trans" (normal 0.0 1.0 |> iid 8)
            let! theta = deterministic "theta" (mu + tau * z)
            do! observe "y" (normal theta (data.Vector "sigma")) (column data "y")
        }
