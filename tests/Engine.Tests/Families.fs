// Draws and densities of all families on the engine against the reference evaluator: rejection loops, gathers, solves and
// special functions as they occur together.
module Ppl.Engine.Tests.Families

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Randomness
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Jit
open Xunit

let private families: (string * IDistribution) list =
    [
        "normal", normal 1.0 2.0
        "studentT", studentT 3.0 1.0 2.0
        "cauchy", cauchy 1.0 2.0
        "laplace", laplace 1.0 2.0
        "exponential", exponential 2.0
        "halfNormal", halfNormal 2.0
        "halfCauchy", halfCauchy 2.0
        "logNormal", logNormal 0.1 0.5
        "gamma", gamma 0.5 2.0
        "inverseGamma", inverseGamma 2.5 2.0
        "beta", beta 0.5 2.0
        "uniform", uniform 0.5 2.0
        "bernoulli", bernoulli 0.3
        "bernoulliLogit", bernoulliLogit 0.3
        "binomial by inversion", binomial 7 0.4
        "binomial by rejection", binomial 30 0.4
        "binomialLogit", binomialLogit 30 0.4
        "poisson by inversion", poisson 3.0
        "poisson by rejection", poisson 100.0
        "poissonLog", poissonLog 3.0
        "negativeBinomial2", negativeBinomial2 3.0 2.0
        "categorical", categorical [| 0.2; 0.3; 0.5 |]
        "categoricalLogit", categoricalLogit [| 0.2; 0.3; 0.5 |]
        "dirichlet", dirichlet [| 0.2; 3.3; 0.5 |]
        "multivariateNormal", multivariateNormal [| 0.5; -1.0 |] (array2D [ [ 2.25; -1.05 ]; [ -1.05; 1.13 ] ])
        "multivariateNormalCholesky",
        multivariateNormalCholesky [| 0.5; -1.0 |] (array2D [ [ 1.5; 0.0 ]; [ -0.7; 0.8 ] ])
    ]

let names: TheoryData<string> = TheoryData<string>(families |> List.map fst)

let private numbers (x: Literal) = (Ops.toFloat (Tensor.OfLiteral x)).ToFloats()

/// The largest error relative to 1 + |b|.
let private difference (a: Literal) (b: Literal) =
    Array.map2 (fun x y -> if x = y then 0.0 else abs (x - y) / (1.0 + abs y)) (numbers a) (numbers b)
    |> Array.max

[<Theory; MemberData(nameof names)>]
let ``compiled draws and densities are those of the reference`` name =
    let engine = CpuEngine() :> IEngine
    let d = families |> List.find (fun (n, _) -> n = name) |> snd |> iid 300
    let key = Key.ofSeed 42UL
    let draw (k: Tensor) = let x = d.Sample k in [| x; d.LogDensity x |]
    let compiled = (Compile.func engine [| key.Type |] (fun args -> draw args[0])).Run [| key.Value |]
    let expected = draw key
    // Simplification and fused sums round differently; counts and categories must be equal.
    let tolerance = if d.DType = DType.I32 then 0.0 else 1e-13
    Assert.True(difference compiled[0] expected[0].Value <= tolerance)
    Assert.True(difference compiled[1] expected[1].Value <= 1e-13)
