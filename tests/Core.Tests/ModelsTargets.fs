// Targets: densities written by hand with their Jacobians, layout, transforms and their inverses, gradients.
module Ppl.Core.Tests.ModelsTargets

open System
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ModelsExamples
open Xunit

let private normalDensity m s x = -0.5 * ((x - m) / s) ** 2.0 - log s - 0.5 * log (2.0 * Math.PI)
let private sigmoid u = 1.0 / (1.0 + exp -u)
let private schools = eightSchools |> Model.condition [ "y", Tensor.OfFloats effects ] |> Target.ofModel
let private q8 = [| 0.3; 1.2; 1.0; 2.0; -1.0; 0.5; 4.0; -3.0; 0.0; 7.0 |]

/// Two bounded sites, the bound of the second made from the first, as in a stationary garch(1, 1).
let private dependent =
    model {
        let! a = sample "a" (flatBetween 0.0 1.0)
        let! b = sample "b" (flatBetween 0.0 (1.0 - a))
        let! c = sample "c" (flatPositive |> iid 2)
        let! total = deterministic "total" (a + b)
        do! observe "y" (normal c 1.0) (Tensor.OfFloats [| 0.5; 2.0 |])
        return total
    }

let private walk =
    model {
        let! scale = sample "scale" (exponential 1.0)
        let! offsets = plate "group" 2 (fun _ -> sample "offset" (normal 0.0 scale))

        let step (state: Tensor[]) _ =
            model {
                let! x = sample "x" (gamma 2.0 (1.0 + Ops.exp state[0]))
                return [| Ops.log x |], [||]
            }

        let! final, _ = scan "time" 3 step [| offsets[0] |] [||]
        let! _ = deterministic "final" final[0]
        do! observe "y" (normal (final[0] + offsets[1]) 0.5) (Ops.scalar 0.3)
        let! cuts = sample "cuts" (flatOrdered 3)
        do! factor "prior of cuts" ((normal 0.0 3.0 |> iid 3).LogDensity cuts)
    }

let private point (target: Target) = Array.init target.Dimension (fun i -> sin (1.0 + 1.7 * float i))

[<Fact>]
let ``eight schools: the closed form with the Jacobian of log tau`` () =
    let tau = exp q8[1]
    let theta = q8[2..]

    let expected =
        normalDensity 0.0 5.0 q8[0]
        + (log 2.0 - log Math.PI - log 5.0 - log (1.0 + (tau / 5.0) ** 2.0) + q8[1])
        + Array.sumBy (normalDensity q8[0] tau) theta
        + Seq.sum (Seq.map3 normalDensity theta sigmas effects)

    Assert.Equal(10, schools.Dimension)
    close expected (schools.LogDensity(Tensor.OfFloats q8))

[<Fact>]
let ``a support that depends on another site: the closed form with both Jacobians`` () =
    let target = Target.ofModel dependent
    let q = [| 0.4; -0.9; 0.2; -0.3 |]
    let a = sigmoid q[0]
    let b = (1.0 - a) * sigmoid q[1]
    let jacobianA = log (a * (1.0 - a))
    let jacobianB = log ((1.0 - a) * sigmoid q[1] * (1.0 - sigmoid q[1]))
    let c = Array.map exp q[2..]

    let expected =
        jacobianA + jacobianB + q[2] + q[3] + normalDensity c[0] 1.0 0.5 + normalDensity c[1] 1.0 2.0

    close expected (target.LogDensity(Tensor.OfFloats q))
    let values = target.Constrain(Tensor.OfFloats q) |> dict
    close a values["a"]
    close b values["b"]
    close (a + b) values["total"]

[<Fact>]
let ``the layout is that of the statements`` () =
    let target = Target.ofModel walk
    let layout = target.Sites |> Array.map (fun s -> $"{s.Address} {s.Type} {s.Offset}+{s.Length}")

    Assert.Equal<string[]>([| "scale f64[] 0+1"; "offset f64[2] 1+2"; "x f64[3] 3+3"; "cuts f64[3] 6+3" |], layout)

    Assert.Equal(9, target.Dimension)
    Assert.Equal("group(2)", string target.Sites[1].Axes.Head)
    Assert.Equal("time(3)", string target.Sites[2].Axes.Head)
    Assert.Equal("positive reals", target.Sites[0].Support)

[<Fact>]
let ``the density is that of the constrained choices plus the Jacobians, site by site`` () =
    for target, density in
        [
            Target.ofModel walk, (fun choices -> snd (Assess.run choices walk))
            Target.ofModel dependent, (fun choices -> snd (Assess.run choices dependent))
        ] do
        let q = Tensor.OfFloats(point target)

        let choices =
            target.Constrain q
            |> Seq.filter (fun (a, _) -> target.Sites |> Array.exists (fun s -> s.Address = a))

        let all = target.LogDensityBySite q |> Array.sumBy (fun (_, x) -> x.ToFloat())
        close all (target.LogDensity q)
        // The Jacobian by central differences of Constrain: the map is triangular in the order of the coordinates.
        let flat (q: float[]) =
            target.Constrain(Tensor.OfFloats q)
            |> Array.filter (fun (a, _) -> target.Sites |> Array.exists (fun s -> s.Address = a))
            |> Array.collect (fun (_, x) -> x.ToFloats())

        let slope i =
            let at h = (flat (Array.mapi (fun j x -> if i = j then x + h else x) (q.ToFloats())))[i]
            (at 1e-5 - at -1e-5) / 2e-5

        let jacobian = Seq.init target.Dimension (slope >> log) |> Seq.sum
        Assert.Equal((density (Choices.ofSeq choices)).ToFloat() + jacobian, (target.LogDensity q).ToFloat(), 8)

[<Fact>]
let ``unconstrain is the inverse of constrain`` () =
    for target in [ schools; Target.ofModel walk; Target.ofModel dependent ] do
        let q = point target
        let latent = target.Sites |> Array.map _.Address |> Set.ofArray

        let choices =
            target.Constrain(Tensor.OfFloats q) |> Seq.filter (fst >> latent.Contains) |> Choices.ofSeq

        Array.iter2 (fun (x: float) y -> Assert.Equal(x, y, 12)) q (target.Unconstrain(choices).ToFloats())

[<Fact>]
let ``prior draws are the draws of simulate, in coordinates`` () =
    let q = schools.PriorDraw(key 11)
    let trace = Simulate.run (key 11) eightSchools
    let values = schools.Constrain q |> dict

    for address in [ "mu"; "tau"; "theta" ] do
        Array.iter2
            (fun (x: float) y -> Assert.Equal(x, y, 12))
            (trace.Choices[address].ToFloats())
            (values[address].ToFloats())

[<Fact>]
let ``prior draws of improper sites start in a box`` () =
    let q = (Target.ofModel dependent).PriorDraw(key 1).ToFloats()
    Assert.Equal(4, q.Length)
    Assert.All(q, fun u -> Assert.InRange(u, -2.0, 2.0))

[<Fact>]
let ``the traced density and gradient are the eager density and its differences`` () =
    for target in [ schools; Target.ofModel walk; Target.ofModel dependent ] do
        let vector = TensorType.create DType.F64 (Shape.ofList [ target.Dimension ])

        let program =
            Trace.program [| vector |] (fun args ->
                let value, gradient = Grad.valueAndGrad target.LogDensity args[0]
                [| value; gradient |])

        let q = point target
        let results = Trace.replay program [| Tensor.OfFloats q |]
        Assert.Equal((target.LogDensity(Tensor.OfFloats q)).ToFloat(), results[0].ToFloat(), 12)

        for i in 0 .. q.Length - 1 do
            let at h =
                target.LogDensity(Tensor.OfFloats(Array.mapi (fun j x -> if i = j then x + h else x) q)).ToFloat()

            let difference = (at 1e-5 - at -1e-5) / 2e-5
            let slope = (results[1].ToFloats())[i]

            Assert.True(
                abs (slope - difference) <= 1e-6 * (1.0 + abs difference),
                $"coordinate {i}: {slope} {difference}"
            )

[<Fact>]
let ``a target without latent sites is a constant`` () =
    let target = observe "y" (normal 0.0 1.0) (Ops.scalar 0.0) |> Target.ofModel
    Assert.Equal(0, target.Dimension)
    close (-0.5 * log (2.0 * Math.PI)) (target.LogDensity(vector []))
