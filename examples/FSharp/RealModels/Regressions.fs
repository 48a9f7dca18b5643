// Linear and logistic regressions. Each is a design matrix made once from the data, and three or four statements.
// Relies on Columns. Read TimeSeries next.
namespace Ppl.Examples

open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models

/// Regressions on real data.
[<RequireQualifiedAccess>]
module Regressions =

    /// y ~ N(x beta, sigma) with flat beta and a prior for sigma.
    let private linear sigmaPrior (x: Tensor) address (y: Tensor) =
        model {
            let! beta = sample "beta" (flat |> iid x.Shape[1])
            let! sigma = sample "sigma" sigmaPrior
            do! observe address (normal (Ops.dot x beta) sigma) y
        }

    /// Test scores of children by their mothers' high school and IQ, and the interaction.
    let kidscoreInteraction (data: DataSet) =
        let highSchool, iq = data.Vector "mom_hs", data.Vector "mom_iq"
        let x = design [ ones iq; highSchool; iq; interaction highSchool iq ]
        linear (halfCauchy 2.5) x "kid_score" (column data "kid_score")

    /// The logarithm of earnings by height and sex, and the interaction.
    let logearnInteraction (data: DataSet) =
        let height, male = data.Vector "height", data.Vector "male"
        let x = design [ ones height; height; male; interaction height male ]
        linear flatPositive x "log_earn" (Ops.log (column data "earn"))

    /// Party identification in the American National Election Studies of 1972.
    let nes (data: DataSet) =
        let age = data.Ints "age_discrete"
        let ageIs group = age |> Array.map (fun a -> if a = group then 1.0 else 0.0)
        let named = data.Vector

        let x =
            design
                [
                    ones (named "income")
                    named "real_ideo"
                    named "race_adj"
                    ageIs 2
                    ageIs 3
                    ageIs 4
                    named "educ1"
                    named "gender"
                    named "income"
                ]

        linear flatPositive x "partyid7" (column data "partyid7")

    /// Summer temperatures at Kilpisjarvi by year. The years are near 2000: badly scaled on purpose.
    let kilpisjarvi (data: DataSet) =
        model {
            let! alpha = sample "alpha" (normal (data.Scalar "pmualpha") (data.Scalar "psalpha"))
            let! beta = sample "beta" (normal (data.Scalar "pmubeta") (data.Scalar "psbeta"))
            let! sigma = sample "sigma" flatPositive
            do! observe "y" (normal (alpha + beta * column data "x") sigma) (column data "y")
        }

    /// Five predictors with weak normal priors.
    let blr (data: DataSet) =
        model {
            let! beta = sample "beta" (normal 0.0 10.0 |> iid 5)
            let! sigma = sample "sigma" (halfNormal 10.0)
            do! observe "y" (normal (Ops.dot (Tensor.OfMatrix(data.Matrix "X")) beta) sigma) (column data "y")
        }

    /// Whether households in Bangladesh switched to a safer well: distance, arsenic, education and their products.
    let wells (data: DataSet) =
        let distance = data.Vector "dist" |> centred 100.0
        let arsenic = data.Vector "arsenic" |> centred 1.0
        let education = data.Vector "educ" |> centred 4.0

        let x =
            design
                [
                    distance
                    arsenic
                    education
                    interaction distance arsenic
                    interaction distance education
                    interaction arsenic education
                ]

        model {
            let! alpha = sample "alpha" flat
            let! beta = sample "beta" (flat |> iid 6)
            do! observe "switched" (bernoulliLogit (alpha + Ops.dot x beta)) (Tensor.OfInts(data.Ints "switched"))
        }
