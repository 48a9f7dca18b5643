// Targets against densities written by hand, Jacobians included.
module Ppl.Core.Tests.ModelsTargets

open System
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ModelsExamples
open Xunit

let private logNormalDensity m s x = -0.5 * ((x - m) / s) ** 2.0 - log s - 0.5 * log (2.0 * Math.PI)

[<Fact>]
let ``eight schools: the closed form with the Jacobian of log tau`` () =
    let target = eightSchools |> Model.condition [ "y", Tensor.OfFloats effects ] |> Target.ofModel
    let q = [| 0.3; 1.2; 1.0; 2.0; -1.0; 0.5; 4.0; -3.0; 0.0; 7.0 |]
    let tau = exp q[1]
    let theta = q[2..]

    let expected =
        logNormalDensity 0.0 5.0 q[0]
        + (log 2.0 - log Math.PI - log 5.0 - log (1.0 + (tau / 5.0) ** 2.0) + q[1])
        + Array.sumBy (logNormalDensity q[0] tau) theta
        + Seq.sum (Seq.map3 logNormalDensity theta sigmas effects)

    Assert.Equal(10, target.Dimension)
    close expected (target.LogDensity(Tensor.OfFloats q))
