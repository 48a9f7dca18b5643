// scope, plate, scan, for, condition, intervene: what they mean in terms of models without them.
module Ppl.Core.Tests.ModelsStructure

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ModelsExamples
open Xunit

let private assess choices m = snd (Assess.run (Choices.ofSeq choices) m)
let private n = 4
let private data = [| 0.3; -1.0; 2.5; 0.0 |]
let private groups = [| 0.5; 1.5; -2.0; 0.1 |]

[<Fact>]
let ``a plate has the density of the loop`` () =
    let plated =
        model {
            let! mu = sample "mu" (normal 0.0 2.0)

            let! _ =
                plate "group" n (fun i ->
                    model {
                        let! alpha = sample "alpha" (normal mu 1.0)
                        do! factor "w" (alpha * 0.25)
                        do! factor "count" (Ops.scalar 0.5)
                        do! observe "y" (normal (alpha + Ops.toFloat i) 0.7) (Tensor.OfFloats data)
                    })

            return mu
        }

    let looped =
        model {
            let! mu = sample "mu" (normal 0.0 2.0)

            for i in 0 .. n - 1 do
                let! alpha = sample $"alpha{i}" (normal mu 1.0)
                do! factor $"w{i}" (alpha * 0.25)
                do! factor $"count{i}" (Ops.scalar 0.5)
                do! observe $"y{i}" (normal (alpha + float i) 0.7) (Ops.scalar data[i])

            return mu
        }

    let expected =
        assess (("mu", Ops.scalar 0.4) :: [ for i in 0 .. n - 1 -> $"alpha{i}", Ops.scalar groups[i] ]) looped

    close (expected.ToFloat()) (assess [ "mu", Ops.scalar 0.4; "alpha", Tensor.OfFloats groups ] plated)

[<Fact>]
let ``nested plates have the density of nested loops`` () =
    let rows, columns = 3, 2
    let cell r c = 0.1 * float r - 0.3 * float c

    let plated =
        plate "column" columns (fun c ->
            model {
                let! a = sample "a" (normal (Ops.toFloat c) 1.0)

                return!
                    plate "row" rows (fun r ->
                        model {
                            let! _ = sample "b" (normal (a + Ops.toFloat r) 2.0)
                            return! sample "c" (normal 0.0 1.0)
                        })
            })

    let looped =
        model {
            for c in 0 .. columns - 1 do
                let! a = sample $"a{c}" (normal (float c) 1.0)

                for r in 0 .. rows - 1 do
                    let! _ = sample $"b{r}{c}" (normal (a + float r) 2.0)
                    let! _ = sample $"c{r}{c}" (normal 0.0 1.0)
                    ()
        }

    let table = Tensor.OfMatrix(Array2D.init rows columns cell)

    let expected =
        [
            for c in 0 .. columns - 1 do
                yield $"a{c}", Ops.scalar (float c + 0.5)

                for r in 0 .. rows - 1 do
                    yield $"b{r}{c}", Ops.scalar (cell r c)
                    yield $"c{r}{c}", Ops.scalar (cell r c)
        ]

    let trace = Assess.trace (Choices.ofSeq [ "a", vector [ 0.5; 1.5 ]; "b", table; "c", table ]) plated
    close ((assess expected looped).ToFloat()) trace.LogDensity
    let axes = trace.Visits[1].Site.Axes |> List.map string
    Assert.Equal<string list>([ "row(3)"; "column(2)" ], axes)

[<Fact>]
let ``plates keep batches that have their axis and name the axes with labels`` () =
    let m =
        plateOf "city" [ "Rome"; "Oslo" ] (fun _ ->
            model {
                let! _ = sample "x" (normal [| 0.0; 1.0 |] 1.0)
                return! sample "z" (normal 0.0 1.0 |> iid 3)
            })

    let trace = Simulate.run (key 1) m
    Assert.Equal("f64[2]", string trace.["x"].Type)
    Assert.Equal("f64[2,3]", string trace.["z"].Type)
    Assert.Equal<string seq>([ "Rome"; "Oslo" ], trace.Visits[0].Site.Axes.Head.Labels)

let private steps = 5
let private inputs = [| 0.1; 0.2; -0.4; 1.0; 0.7 |]
let private path = [| 0.5; -0.2; 0.9; 1.4; -1.0 |]
let private seen = [| 0.6; -0.1; 1.1; 1.0; -0.7 |]

let private stateSpace =
    model {
        let! rho = sample "rho" (uniform 0.0 1.0)

        let step (state: Tensor[]) (slices: Tensor[]) =
            model {
                let! x = sample "x" (normal (rho * state[0] + slices[0]) 0.8)
                let! twice = deterministic "twice" (x * 2.0)
                let! _ = sample "y" (normal x 0.3)
                do! factor "w" (x * 0.01)
                return [| x |], [| twice |]
            }

        return! scan "time" steps step [| Ops.scalar 0.0 |] [| Tensor.OfFloats inputs |]
    }

let private unrolled =
    model {
        let! rho = sample "rho" (uniform 0.0 1.0)
        let mutable state = Ops.scalar 0.0

        for t in 0 .. steps - 1 do
            let! x = sample $"x{t}" (normal (rho * state + inputs[t]) 0.8)
            let! _ = sample $"y{t}" (normal x 0.3)
            do! factor $"w{t}" (x * 0.01)
            state <- x
    }

let private unrolledChoices =
    [
        yield "rho", Ops.scalar 0.6

        for t in 0 .. steps - 1 do
            yield $"x{t}", Ops.scalar path[t]
            yield $"y{t}", Ops.scalar seen[t]
    ]

let private scannedChoices =
    [ "rho", Ops.scalar 0.6; "x", Tensor.OfFloats path; "y", Tensor.OfFloats seen ]

[<Fact>]
let ``a scan has the density, state and outputs of the unrolled loop`` () =
    let (final, outputs), density = Assess.run (Choices.ofSeq scannedChoices) stateSpace
    close ((assess unrolledChoices unrolled).ToFloat()) density
    close path[steps - 1] final[0]
    Assert.Equal<float[]>(Array.map ((*) 2.0) path, outputs[0].ToFloats())

[<Fact>]
let ``sites inside a scan are conditioned, constrained and drawn as stacks`` () =
    let expected = (assess scannedChoices stateSpace).ToFloat()
    let conditioned = stateSpace |> Model.condition [ "y", Tensor.OfFloats seen ]
    close expected (assess (List.take 2 scannedChoices) conditioned)
    let trace, weight = Generate.run (Choices.ofSeq [ "x", Tensor.OfFloats path ]) (key 2) conditioned
    let free = trace.Visits[0].LogDensity.ToFloat()
    close (trace.LogDensity.ToFloat() - free) weight
    let drawn = Simulate.run (key 3) stateSpace
    Assert.Equal("f64[5]", string drawn.["x"].Type)
    Assert.Equal("time(5)", string drawn.Visits[1].Site.Axes.Head)
    Assert.Equal(steps, (Array.distinct (drawn.["x"].ToFloats())).Length)
    close (drawn.LogDensity.ToFloat()) (snd (Assess.run drawn.Choices stateSpace))

[<Fact>]
let ``scans in plates and plates in scans stack time first`` () =
    let walk h =
        scan "time" 3 (fun s _ -> h s) [| Ops.zeros (TensorType.create DType.F64 (Shape.ofList [ 2 ])) |] [||]

    let inside =
        walk (fun s ->
            plate "g" 2 (fun _ ->
                model {
                    let! x = sample "x" (normal s[0] 1.0)
                    return [| x |], [||]
                }))

    let outside =
        plate "g" 2 (fun _ ->
            walk (fun s ->
                model {
                    let! x = sample "x" (normal s[0] 1.0)
                    return [| x |], [||]
                }))

    let x = Tensor.OfMatrix(array2D [ [ 0.1; 0.2 ]; [ 0.5; -1.0 ]; [ 2.0; 0.0 ] ])
    let a, b = assess [ "x", x ] inside, assess [ "x", x ] outside
    Assert.Equal(a.ToFloat(), b.ToFloat())
    let axes (m: Model<_>) = (Simulate.run (key 1) m).Visits[0].Site.Axes |> List.map _.Name
    Assert.Equal<string list>([ "time"; "g" ], axes inside)
    Assert.Equal<string list>([ "time"; "g" ], axes outside)

[<Fact>]
let ``scopes prefix addresses, also in scans, and selections know them`` () =
    let part =
        model {
            let! x = sample "x" (normal 0.0 1.0)
            return x
        }

    let m =
        model {
            let! a = scope "a" part
            let! b = scope "b" (scope "c" part)
            let! _ = scope "s" stateSpace
            return a + b
        }

    let trace = Simulate.run (key 1) m
    let expected = [ "a/x"; "b/c/x"; "s/rho"; "s/x"; "s/y" ]
    Assert.Equal<string seq>(expected, trace.Choices.Addresses)
    let under = Selection.union (Selection.under "b") (Selection.addresses [ "a/x" ])
    Assert.Equal<string list>([ "a/x"; "b/c/x" ], expected |> List.filter under.Contains)
    Assert.Equal<string list>(List.skip 2 expected, expected |> List.filter (Selection.complement under).Contains)

[<Fact>]
let ``condition inside a scope and outside are the same`` () =
    let y = [ "y", Tensor.OfFloats effects ]
    let inner = scope "s" (Model.condition y eightSchools)
    let outer = scope "s" eightSchools |> Model.condition [ "s/y", snd y.Head ]
    let choices = (Simulate.run (key 1) inner).Choices
    Assert.Equal((snd (Assess.run choices inner)).ToFloat(), (snd (Assess.run choices outer)).ToFloat())

[<Fact>]
let ``an intervened site leaves the density and is seen by what follows`` () =
    let chain =
        model {
            let! a = sample "a" (normal 0.0 1.0)
            let! b = sample "b" (normal a 1.0)
            return b
        }

    let cut = Model.intervene [ "a", Ops.scalar 3.0 ] chain
    let alone = sample "b" (normal 3.0 1.0)
    close ((assess [ "b", Ops.scalar 2.0 ] alone).ToFloat()) (assess [ "b", Ops.scalar 2.0 ] cut)

[<Fact>]
let ``map and and! keep the density`` () =
    let pair =
        model {
            let! a = sample "a" (normal 0.0 1.0)
            and! b = sample "b" (normal 0.0 1.0)
            return a + b
        }

    let value, density =
        Assess.run (Choices.ofSeq [ "a", Ops.scalar 1.0; "b", Ops.scalar 2.0 ]) (Model.map (fun x -> x * 10.0) pair)

    close 30.0 value
    close (-log(2.0 * System.Math.PI) - 2.5) density

[<Fact>]
let ``a model from a function of an interpreter is the builder's model`` () =
    let built = Simulate.run (key 1) (sample "x" (normal 0.0 1.0))

    for m in
        [
            Model.ofInterpreter (fun h -> h.Sample(Site "x", normal 0.0 1.0))
            Model.OfInterpreter(fun h -> h.Sample(Site "x", normal 0.0 1.0))
        ] do
        Assert.Equal(built.Value.ToFloat(), (Simulate.run (key 1) m).Value.ToFloat())
