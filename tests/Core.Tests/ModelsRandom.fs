// The laws of the operations and of targets on random models: chains of statements of several families, plain, iid, in
// plates, in scans and in scopes, each with parameters made from an earlier value. FsCheck shrinks to short models.
module Ppl.Core.Tests.ModelsRandom

open FsCheck
open FsCheck.FSharp
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ModelsExamples
open Xunit

type Frame =
    | Plain
    | Copies
    | Plated
    | Scanned
    | Scoped

/// A statement: what it is wrapped in, its family, and which earlier value its parameter is made from.
type Statement = { Frame: Frame; Family: int; Parent: int }

let private family n (t: Tensor) =
    match n % 6 with
    | 0 -> normal t 1.0
    | 1 -> exponential (Ops.exp t)
    | 2 -> gamma 2.5 (Ops.exp t)
    | 3 -> studentT 5.0 t 0.5
    | 4 -> beta (Ops.exp t) 2.0
    | _ -> logNormal t 0.7

let private statement (index: int) (s: Statement) (parent: Tensor) : Model<Tensor> =
    let name, t = $"s{index}", Ops.tanh parent
    let one = sample name (family s.Family t)

    match s.Frame with
    | Plain -> one
    | Copies -> sample name (family s.Family t |> iid 3) |> Model.map Ops.sum
    | Plated -> plate "p" 2 (fun i -> sample name (family s.Family (t - Ops.toFloat i))) |> Model.map Ops.sum
    | Scoped -> scope "inner" one
    | Scanned ->
        let step (state: Tensor[]) _ =
            model {
                let! x = sample name (family s.Family (Ops.tanh state[0]))
                do! factor $"f{index}" (x * -0.1)
                return [| x |], [| x |]
            }

        scan "t" 3 step [| t |] [||] |> Model.map (fun (final, outputs) -> final[0] + Ops.sum outputs[0])

let private build (statements: Statement list) : Model<Tensor> =
    let rec from index (values: Tensor list) rest =
        match rest with
        | [] -> model { return values.Head }
        | s :: rest ->
            model {
                let! x = statement index s (List.item (s.Parent % values.Length) values)
                return! from (index + 1) (x :: values) rest
            }

    model {
        let! x = from 0 [ Ops.scalar 0.3 ] statements
        do! observe "data" (normal x 2.0) (Ops.scalar 0.5)
        return x
    }

let private statements =
    gen {
        let! frame = Gen.elements [ Plain; Copies; Plated; Scanned; Scoped ]
        let! family = Gen.choose (0, 5)
        let! parent = Gen.choose (0, 5)
        return { Frame = frame; Family = family; Parent = parent }
    }
    |> Gen.nonEmptyListOf
    |> Gen.resize 5

let private shrink (xs: Statement list) =
    seq { for i in 0 .. xs.Length - 1 -> List.removeAt i xs } |> Seq.filter (List.isEmpty >> not)

let private forAllModels law =
    let config =
        Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(Some { Rnd = Rnd(31UL, 7UL); Size = None })

    Check.One(config, Prop.forAll (Arb.fromGenShrink (statements, shrink)) (build >> law))

/// Exact agreement up to the rounding of sums of a few dozen terms.
let private near (x: float) (y: float) = Assert.True(abs (x - y) <= 1e-10 * (1.0 + abs x), $"{x:R} and {y:R}")

/// Every second address.
let private half (choices: Choices) =
    let chosen =
        choices.Addresses |> Seq.indexed |> Seq.filter (fun (i, _) -> i % 2 = 0) |> Seq.map snd |> Set.ofSeq

    Choices.filter chosen.Contains choices

let private freeDensity (trace: Trace<_>) =
    trace.Visits
    |> Array.filter (fun v -> v.Kind = SiteKind.Sampled && not v.IsGiven)
    |> Array.sumBy (fun v -> (Ops.sum v.LogDensity).ToFloat())

[<Fact>]
let ``assess gives what simulate recorded`` () =
    forAllModels (fun m ->
        let trace = Simulate.run (key 1) m
        let value, density = Assess.run trace.Choices m
        Assert.Equal(trace.LogDensity.ToFloat(), density.ToFloat())
        Assert.Equal(trace.Value.ToFloat(), value.ToFloat()))

[<Fact>]
let ``generate weighs by the density over that of what it drew`` () =
    forAllModels (fun m ->
        let constraints = half (Simulate.run (key 1) m).Choices
        let trace, weight = Generate.run constraints (key 2) m
        near (trace.LogDensity.ToFloat() - freeDensity trace) (weight.ToFloat()))

[<Fact>]
let ``update by half of another trace is undone by its discard`` () =
    forAllModels (fun m ->
        let a, b = Simulate.run (key 1) m, Simulate.run (key 2) m
        let moved, weight, discard = Update.run (half b.Choices) a
        let back, backWeight, _ = Update.run discard moved
        Assert.Equal(a.LogDensity.ToFloat(), back.LogDensity.ToFloat())
        Assert.Equal(-weight.ToFloat(), backWeight.ToFloat())
        near (moved.LogDensity.ToFloat() - a.LogDensity.ToFloat()) (weight.ToFloat()))

[<Fact>]
let ``regenerate there and back: the weights are opposite`` () =
    forAllModels (fun m ->
        let a = Simulate.run (key 1) m
        let selection = Selection.addresses (half a.Choices).Addresses
        let moved, weight = Regenerate.run selection (key 2) a
        // The way back draws the old values: the same weight by assessing both ends, less what was drawn.
        let drawn (t: Trace<_>) =
            t.Visits
            |> Array.filter (fun v -> v.Kind = SiteKind.Sampled && selection.Contains v.Site.Address)
            |> Array.sumBy (fun v -> (Ops.sum v.LogDensity).ToFloat())

        let reduced (t: Trace<_>) = t.LogDensity.ToFloat() - drawn t
        near (reduced moved - reduced a) (weight.ToFloat()))

[<Fact>]
let ``targets: round trips, the density of the constrained choices, tracing`` () =
    forAllModels (fun m ->
        let target = Target.ofModel m
        let trace = Simulate.run (key 3) m
        let q = target.Unconstrain trace.Choices
        let again = target.Constrain q |> Choices.ofSeq

        for KeyValue(address, value) in trace.Choices do
            Array.iter2 near (value.ToFloats()) (again[address].ToFloats())

        let traced = Trace.program [| q.Type |] (fun args -> [| target.LogDensity args[0] |])
        let results = Trace.replay traced [| q |]
        Assert.Equal(target.LogDensity(q).ToFloat(), results[0].ToFloat())
        near (target.LogDensityBySite q |> Array.sumBy (fun (_, x) -> x.ToFloat())) (target.LogDensity(q).ToFloat()))
