// The models that the tests of models share, and closeness of numbers.
module Ppl.Core.Tests.ModelsExamples

open System
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Randomness
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Xunit

let sigmas = [| 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 |]
let effects = [| 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 |]

let eightSchools =
    model {
        let! mu = sample "mu" (normal 0.0 5.0)
        let! tau = sample "tau" (halfCauchy 5.0)
        let! theta = sample "theta" (normal mu tau |> iid 8)
        let! _ = sample "y" (normal theta sigmas)
        return theta
    }

let key seed = Key.ofSeed (uint64 (seed: int))

let vector (xs: float list) = Tensor.OfFloats(List.toArray xs)

/// Two numbers agree up to rounding.
let close (expected: float) (actual: Tensor) =
    let x = actual.ToFloat()
    let scale = 1.0 + abs expected
    Assert.True(x = expected || abs (x - expected) <= 1e-12 * scale, $"expected {expected:R}, got {x:R}")

/// The error of an action, with this id and site.
let refused id (site: string) (action: unit -> 'T) =
    let e = Assert.Throws<PplException>(fun () -> action () |> ignore)
    Assert.Equal(id, e.Id)
    Assert.Equal(site, e.Site)
    Assert.NotEmpty e.Advice
    e
