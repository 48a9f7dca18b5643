// The laws of simulate, assess, generate, update and regenerate: equalities, not statistics.
module Ppl.Core.Tests.ModelsOperations

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ModelsExamples
open Xunit

let private seeds = [ 1..5 ]
let private observed = eightSchools |> Model.condition [ "y", Tensor.OfFloats effects ]

/// The sum of the log densities of the sites that a condition selects.
let private density (trace: Trace<'T>) (keep: string -> bool) =
    trace.Visits
    |> Array.filter (fun v -> keep v.Site.Address)
    |> Array.sumBy (fun v -> (Ops.sum v.LogDensity).ToFloat())

/// A discrete model whose structure depends on its choices.
let private branching =
    model {
        let! coin = sample "coin" (bernoulli 0.3)

        if (Literal.ints coin.Value)[0] = 1 then
            let! left = sample "left" (normal 0.0 1.0)
            do! observe "y" (normal left 1.0) (Ops.scalar 0.5)
            return left
        else
            let! right = sample "right" (normal 5.0 2.0)
            do! factor "w" (right * 0.1)
            return right
    }

[<Fact>]
let ``assess gives the density and value that simulate recorded, to the bit`` () =
    for seed in seeds do
        let trace = Simulate.run (key seed) eightSchools
        let value, logDensity = Assess.run trace.Choices eightSchools
        Assert.Equal(trace.LogDensity.ToFloat(), logDensity.ToFloat())
        Assert.Equal<float[]>(trace.Value.ToFloats(), value.ToFloats())

[<Fact>]
let ``assess and simulate agree on dynamic structure`` () =
    let meets = HashSet()

    for seed in 1..20 do
        let trace = Simulate.run (key seed) branching
        meets.Add(trace.Choices.Contains "left") |> ignore
        Assert.Equal(trace.LogDensity.ToFloat(), (snd (Assess.run trace.Choices branching)).ToFloat())

    Assert.Equal(2, meets.Count)

[<Fact>]
let ``the density is the product of the sites' densities, written by hand`` () =
    let x, y = 0.7, -0.4

    let pair =
        model {
            let! a = sample "a" (normal 1.0 2.0)
            let! b = sample "b" (exponential (Ops.exp a))
            do! observe "y" (normal a 0.5) (Ops.scalar y)
            do! factor "w" (b * 3.0)
            return b
        }

    let normalDensity m s v = -0.5 * ((v - m) / s) ** 2.0 - log s - 0.5 * log (2.0 * Math.PI)
    let b = 0.2
    let expected = normalDensity 1.0 2.0 x + (x - exp x * b) + normalDensity x 0.5 y + 3.0 * b
    let value, logDensity = Assess.run (Choices.ofSeq [ "a", Ops.scalar x; "b", Ops.scalar b ]) pair
    close expected logDensity
    close b value

[<Fact>]
let ``generate with all constraints is assess`` () =
    let choices = (Simulate.run (key 3) observed).Choices
    let trace, weight = Generate.run choices (key 4) observed
    Assert.Equal((snd (Assess.run choices observed)).ToFloat(), weight.ToFloat())
    Assert.Equal(trace.LogDensity.ToFloat(), weight.ToFloat())

[<Fact>]
let ``generate without constraints is simulate, and weighs the observations`` () =
    for seed in seeds do
        let drawn = Simulate.run (key seed) observed
        let trace, weight = Generate.run Choices.empty (key seed) observed
        Assert.Equal(drawn.LogDensity.ToFloat(), trace.LogDensity.ToFloat())
        close (density trace ((=) "y")) weight

[<Fact>]
let ``the weight of generate is the density over that of the free choices`` () =
    for seed in seeds do
        let constraints =
            Choices.ofSeq [ "mu", Ops.scalar 2.0; "theta", vector [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0; 7.0; 8.0 ] ]

        let trace, weight = Generate.run constraints (key seed) observed
        close (trace.LogDensity.ToFloat() - density trace ((=) "tau")) weight

/// Two coins and a count that depends on both; the count is the constraint.
let private coins =
    model {
        let! a = sample "a" (bernoulli 0.3)
        let! b = sample "b" (bernoulli (Ops.toFloat a * 0.5 + 0.2))
        let! c = sample "c" (bernoulli (Ops.toFloat (a + b) * 0.4 + 0.1))
        return c
    }

[<Fact>]
let ``generate is unbiased: over all free choices, sum q w is the probability of the constraint`` () =
    let pa a = if a = 1 then 0.3 else 0.7
    let pb a b = (if b = 1 then id else (fun p -> 1.0 - p)) (0.5 * float a + 0.2)
    let pc a b = 0.4 * float (a + b) + 0.1
    let constraints = Choices.ofSeq [ "c", Tensor.OfInt 1 ]
    let weights = Dictionary<int * int, float>()
    let coin (trace: Trace<_>) address = (Literal.ints trace.Choices[address].Value)[0]

    // Keys are tried until all four outcomes have been seen; the weight of an outcome is a function of the outcome.
    for seed in 1..100 do
        let trace, weight = Generate.run constraints (key seed) coins
        weights[(coin trace "a", coin trace "b")] <- exp (weight.ToFloat())

    Assert.Equal(4, weights.Count)

    let expected =
        Seq.sum
            [
                for a in 0..1 do
                    for b in 0..1 -> pa a * pb a b * pc a b
            ]

    let mean = Seq.sum [ for KeyValue((a, b), w) in weights -> pa a * pb a b * w ]
    Assert.Equal(expected, mean, 14)

[<Fact>]
let ``the masses of all choices of a discrete model sum to one`` () =
    let masses =
        [
            for a in 0..1 do
                for b in 0..1 do
                    for c in 0..1 do
                        let choices = Choices.ofSeq [ "a", Tensor.OfInt a; "b", Tensor.OfInt b; "c", Tensor.OfInt c ]
                        exp ((snd (Assess.run choices coins)).ToFloat())
        ]

    Assert.Equal(1.0, List.sum masses, 14)

[<Fact>]
let ``update: the weight is the ratio of densities, and the discard undoes it`` () =
    for seed in seeds do
        let trace = Simulate.run (key seed) observed
        let changes = Choices.ofSeq [ "mu", Ops.scalar 1.5; "tau", Ops.scalar 2.5 ]
        let moved, weight, discard = Update.run changes trace
        close (moved.LogDensity.ToFloat() - trace.LogDensity.ToFloat()) weight
        Assert.Equal<string seq>([ "mu"; "tau" ], discard.Addresses)
        let back, backWeight, again = Update.run discard moved
        Assert.Equal(trace.LogDensity.ToFloat(), back.LogDensity.ToFloat())
        Assert.Equal(-weight.ToFloat(), backWeight.ToFloat())

        for KeyValue(address, value) in trace.Choices do
            Assert.Equal<float[]>(value.ToFloats(), back.Choices[address].ToFloats())

        for KeyValue(address, value) in changes do
            Assert.Equal<float[]>(value.ToFloats(), again[address].ToFloats())

[<Fact>]
let ``update across a change of structure is undone by its discard`` () =
    let left = Assess.trace (Choices.ofSeq [ "coin", Tensor.OfInt 1; "left", Ops.scalar 0.3 ]) branching
    let changes = Choices.ofSeq [ "coin", Tensor.OfInt 0; "right", Ops.scalar 4.0 ]
    let right, weight, discard = Update.run changes left
    Assert.Equal<string seq>([ "coin"; "left" ], discard.Addresses)
    close (right.LogDensity.ToFloat() - left.LogDensity.ToFloat()) weight
    let back, backWeight, _ = Update.run discard right
    Assert.Equal(left.LogDensity.ToFloat(), back.LogDensity.ToFloat())
    Assert.Equal(-weight.ToFloat(), backWeight.ToFloat())

[<Fact>]
let ``update to a new site needs its choice`` () =
    let left = Assess.trace (Choices.ofSeq [ "coin", Tensor.OfInt 1; "left", Ops.scalar 0.3 ]) branching

    refused "PPL6003" "right" (fun () -> Update.run (Choices.ofSeq [ "coin", Tensor.OfInt 0 ]) left)
    |> ignore

[<Fact>]
let ``regenerate: the weight is the density ratio over the ratio of the draws' densities`` () =
    for seed in seeds do
        let trace = Simulate.run (key seed) observed
        let moved, weight = Regenerate.run (Selection.addresses [ "tau"; "mu" ]) (key (100 + seed)) trace
        let drawn t = density t (fun a -> a = "mu" || a = "tau")
        let expected = (moved.LogDensity.ToFloat() - drawn moved) - (trace.LogDensity.ToFloat() - drawn trace)
        close expected weight
        Assert.Equal<float[]>(trace.Choices["theta"].ToFloats(), moved.Choices["theta"].ToFloats())
        Assert.NotEqual(trace.Choices["mu"].ToFloat(), moved.Choices["mu"].ToFloat())

[<Fact>]
let ``regenerating nothing changes nothing; regenerating everything weighs the observations`` () =
    let trace = Simulate.run (key 1) observed
    let same, zero = Regenerate.run Selection.none (key 2) trace
    Assert.Equal(trace.LogDensity.ToFloat(), same.LogDensity.ToFloat())
    Assert.Equal(0.0, zero.ToFloat())
    let fresh, weight = Regenerate.run Selection.all (key 2) trace
    close (density fresh ((=) "y") - density trace ((=) "y")) weight

[<Fact>]
let ``regenerate across a change of structure keeps detailed balance with the prior draws`` () =
    let left = Assess.trace (Choices.ofSeq [ "coin", Tensor.OfInt 1; "left", Ops.scalar 0.3 ]) branching

    let right, weight =
        Seq.init 50 (fun i -> Regenerate.run (Selection.addresses [ "coin" ]) (key i) left)
        |> Seq.find (fun (t, _) -> t.Choices.Contains "right")

    // All choices were drawn: what remains is the factor on one side and the observation on the other.
    close (density right ((=) "w") - density left ((=) "y")) weight

[<Fact>]
let ``a site more changes no other site's draw`` () =
    let longer =
        model {
            let! _ = sample "first" (normal 0.0 1.0)
            let! theta = eightSchools
            let! _ = sample "last" (gamma 2.0 3.0)
            return theta
        }

    let short, long = Simulate.run (key 7) eightSchools, Simulate.run (key 7) longer

    for KeyValue(address, value) in short.Choices do
        Assert.Equal<float[]>(value.ToFloats(), long.Choices[address].ToFloats())

[<Fact>]
let ``draws of different addresses and keys differ`` () =
    let two =
        model {
            let! a = sample "a" (normal 0.0 1.0)
            and! b = sample "b" (normal 0.0 1.0)
            return a, b
        }

    let a, b = (Simulate.run (key 1) two).Value
    Assert.NotEqual(a.ToFloat(), b.ToFloat())
    Assert.NotEqual(a.ToFloat(), (fst (Simulate.run (key 2) two).Value).ToFloat())

[<Fact>]
let ``traced operations are the eager ones`` () =
    let keyType = (key 1).Type

    let simulated =
        Trace.program [| keyType |] (fun args ->
            let trace = Simulate.run args[0] observed
            let _, weight = Generate.run (Choices.ofSeq [ "tau", trace.Choices["tau"] ]) args[0] observed
            let moved, ratio = Regenerate.run (Selection.addresses [ "mu" ]) args[0] trace
            let _, change, _ = Update.run (Choices.ofSeq [ "mu", moved.Choices["theta"][0] ]) trace
            [| trace.LogDensity; trace.Value; weight; ratio; change |])

    let eager =
        let trace = Simulate.run (key 5) observed
        let _, weight = Generate.run (Choices.ofSeq [ "tau", trace.Choices["tau"] ]) (key 5) observed
        let moved, ratio = Regenerate.run (Selection.addresses [ "mu" ]) (key 5) trace
        let _, change, _ = Update.run (Choices.ofSeq [ "mu", moved.Choices["theta"][0] ]) trace
        [| trace.LogDensity; trace.Value; weight; ratio; change |]

    let traced = Trace.replay simulated [| key 5 |]
    Array.iter2 (fun (e: Tensor) (t: Tensor) -> Assert.Equal<float[]>(e.ToFloats(), t.ToFloats())) eager traced

[<Fact>]
let ``a trace prints its sites`` () =
    let text = string (Simulate.run (key 1) observed)
    Assert.Contains("sampled", text)
    Assert.Contains("observed", text)
    Assert.Contains("theta = f64[8]", text)
    Assert.Contains("mu", string (Simulate.run (key 1) observed).Choices)
