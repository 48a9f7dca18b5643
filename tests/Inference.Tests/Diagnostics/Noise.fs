// Draws with known law for the tests of the diagnostics: seeded, so that every run of the tests sees the same numbers.
module Ppl.Inference.Tests.Diagnostics.Noise

open System
open Ppl.Inference.Diagnostics

/// Standard normal draws by Box and Muller.
let normals seed =
    let random = Random(seed: int)

    fun () ->
        let radius = sqrt (-2.0 * log (1.0 - random.NextDouble()))
        radius * cos (2.0 * Math.PI * random.NextDouble())

/// Stationary AR(1) chains: mean 0, standard deviation 1, autocorrelation phi.
let autoregressive seed chains length phi =
    let normal = normals seed
    let step x = phi * x + sqrt (1.0 - phi * phi) * normal ()

    Array.init chains (fun _ ->
        Array.unfold (fun (t, x) -> if t = length then None else Some(x, (t + 1, step x))) (0, normal ()))

let iid seed chains length = autoregressive seed chains length 0.0

let checkedChains draws =
    match Chains.check draws with
    | Ok chains -> chains
    | Error(reason: Absence) -> invalidArg (nameof draws) (reason.Describe())

let valueOf (judged: Judged) =
    match judged with
    | Ok x -> x
    | Error reason -> invalidArg (nameof judged) (reason.Describe())
