// What models, data and choices are refused for: id, site, index, value and advice of each message.
module Ppl.Core.Tests.ModelsRefusals

open System
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ModelsExamples
open Xunit

let private conditioned address value = eightSchools |> Model.condition [ address, value ]
let private target m () = Target.ofModel m |> ignore
let private withElement i x = Tensor.OfFloats(Array.mapi (fun j y -> if i = j then x else y) effects)

let private at index (e: PplException) =
    Assert.Equal(Nullable index, e.Index)
    e

let private says (words: string list) (e: PplException) = words |> List.iter (fun w -> Assert.Contains(w, e.Message))

[<Fact>]
let ``NaN data: the first index and the count`` () =
    let bad = Tensor.OfFloats [| 1.0; nan; 2.0; nan; 3.0; 4.0; 5.0; nan |]
    refused "PPL1001" "y" (target (conditioned "y" bad)) |> at 1 |> says [ "3 elements"; "Do:" ]
    refused "PPL1001" "y" (fun () -> Simulate.run (key 1) (conditioned "y" bad)) |> at 1 |> ignore

[<Fact>]
let ``infinite data: the value`` () =
    refused "PPL1002" "y" (target (conditioned "y" (withElement 5 -infinity)))
    |> at 5
    |> says [ "-Infinity"; "1 element" ]

[<Fact>]
let ``data of another length: both shapes`` () =
    refused "PPL1004" "y" (target (conditioned "y" (vector [ 1.0; 2.0 ])))
    |> says [ "f64[2]"; "f64[8]"; "normal" ]

[<Fact>]
let ``data for a scalar distribution: iid is suggested, for tables as well`` () =
    let scalar value = sample "y" (normal 0.0 1.0) |> Model.condition [ "y", value ] |> target

    refused "PPL1004" "y" (scalar (Tensor.OfFloats effects))
    |> says [ "f64[8]"; "f64[]"; "|> iid 8"; "plate" ]

    let table = Tensor.OfMatrix(Array2D.zeroCreate 3 2)
    refused "PPL1004" "y" (scalar table) |> says [ "f64[3,2]"; "|> iid 2 |> iid 3" ]

[<Fact>]
let ``data outside the support: index, value, count and support`` () =
    let waits value = sample "wait" (exponential 2.0 |> iid 3) |> Model.condition [ "wait", value ]

    refused "PPL1005" "wait" (target (waits (vector [ 1.0; -2.5; -1.0 ])))
    |> at 1
    |> says [ "-2.5"; "2 elements"; "positive reals"; "exponential" ]

    let flips value = sample "flip" (bernoulli 0.5 |> iid 2) |> Model.condition [ "flip", value ]

    refused "PPL1005" "flip" (target (flips (Tensor.OfInts [| 1; 2 |])))
    |> at 1
    |> says [ "2 at index 1"; "0 or 1" ]

[<Fact>]
let ``a bound that depends on a random value is no mistake of the data`` () =
    let bounded =
        model {
            let! top = sample "top" (gamma 2.0 1.0)
            do! observe "y" (flatBetween 0.0 top) (Ops.scalar 100.0)
        }

    let t = Target.ofModel bounded
    Assert.Equal(-infinity, (t.LogDensity(vector [ 0.0 ])).ToFloat())

[<Fact>]
let ``an integer site takes no reals; a real site takes integers`` () =
    let flip = sample "flip" (bernoulli 0.5) |> Model.condition [ "flip", Ops.scalar 1.0 ]
    refused "PPL1006" "flip" (target flip) |> says [ "f64[]"; "i32"; "OfInts" ]
    let counts = Tensor.OfInts(Array.map int effects)
    let exact = Simulate.run (key 1) (conditioned "y" (Tensor.OfFloats effects))
    let converted = Simulate.run (key 1) (conditioned "y" counts)
    Assert.Equal(exact.LogDensity.ToFloat(), converted.LogDensity.ToFloat())

[<Fact>]
let ``a duplicated address`` () =
    let twice =
        model {
            let! a = sample "x" (normal 0.0 1.0)
            let! b = sample "x" (normal 0.0 1.0)
            return a + b
        }

    refused "PPL6001" "x" (target twice) |> says [ "'x'"; "scope" ]
    refused "PPL6001" "x" (fun () -> Simulate.run (key 1) twice) |> ignore

[<Fact>]
let ``an unknown address: the nearest names first`` () =
    let e = refused "PPL6002" "Tau" (target (conditioned "Tau" (Ops.scalar 1.0)))
    e |> says [ "to condition"; "'tau'" ]
    Assert.True(e.Message.IndexOf "'tau'" < e.Message.IndexOf "'theta'")
    let choices = Choices.ofSeq [ "thet", Ops.scalar 0.0 ]
    refused "PPL6002" "thet" (fun () -> Generate.run choices (key 1) eightSchools) |> says [ "'theta'" ]
    let trace = Simulate.run (key 1) eightSchools
    refused "PPL6002" "thet" (fun () -> Update.run choices trace) |> ignore
    refused "PPL6002" "nu" (fun () -> trace.["nu"]) |> ignore

[<Fact>]
let ``a missing choice`` () =
    let some = Choices.ofSeq [ "mu", Ops.scalar 0.0 ]
    refused "PPL6003" "tau" (fun () -> Assess.run some eightSchools) |> says [ "'tau'"; "'mu'" ]
    refused "PPL6003" "theta" (fun () -> some["theta"]) |> ignore

[<Fact>]
let ``a choice of another shape`` () =
    let wrong = Choices.ofSeq [ "theta", vector [ 1.0; 2.0; 3.0 ] ]

    refused "PPL1004" "theta" (fun () -> Generate.run wrong (key 1) eightSchools)
    |> says [ "f64[3]"; "f64[8]" ]

[<Fact>]
let ``a discrete latent site in a target`` () =
    let mixture =
        model {
            let! z = sample "z" (bernoulli 0.5)
            do! observe "y" (normal (Ops.toFloat z) 1.0) (Ops.scalar 0.3)
        }

    refused "PPL6004" "z" (target mixture) |> says [ "bernoulli"; "logSumExp" ]

[<Fact>]
let ``a batch that fits nested plates only by repetition`` () =
    let m = plate "a" 2 (fun _ -> plate "b" 3 (fun j -> sample "x" (normal (Ops.toFloat j) 1.0)))

    refused "PPL6005" "x" (fun () -> Simulate.run (key 1) m) |> says [ "[3,1]"; "[3,2]" ]

[<Fact>]
let ``a model that is not the same in every run`` () =
    let mutable runs = 0

    let fickle =
        model {
            runs <- runs + 1
            let! x = sample $"x{runs}" (normal 0.0 1.0)
            return x
        }

    let t = Target.ofModel fickle
    refused "PPL6006" "x2" (fun () -> t.LogDensity(vector [ 0.0 ])) |> ignore

[<Fact>]
let ``a draw from an improper prior`` () =
    refused "PPL6007" "beta" (fun () -> Simulate.run (key 1) (sample "beta" flat))
    |> says [ "improper"; "proper prior" ]

[<Fact>]
let ``a condition on an observation`` () =
    let m = observe "y" (normal 0.0 1.0) (Ops.scalar 0.0) |> Model.condition [ "y", Ops.scalar 1.0 ]
    refused "PPL6008" "y" (target m) |> ignore

[<Fact>]
let ``a branch on a random value names the site`` () =
    let branch =
        model {
            let! z = sample "z" (normal 0.0 1.0)

            if z.ToFloat() > 0.0 then
                do! factor "w" z
        }

    refused "PPL5005" "z" (target branch) |> says [ "Control.cond"; "'z'" ]

[<Fact>]
let ``data for a site inside a scan need its length`` () =
    let step _ _ =
        model {
            let! _ = sample "x" (normal 0.0 1.0)
            return [||], [||]
        }

    let loop value = scan "t" 4 step [||] [||] |> Model.condition [ "x", value ]

    refused "PPL1004" "x" (target (loop (vector [ 1.0; 2.0 ])))
    |> says [ "f64[2]"; "f64[4]"; "length 4" ]

    let bad = vector [ 0.0; 0.0; nan; 0.0 ]
    refused "PPL1001" "x" (target (loop bad)) |> at 2 |> ignore

[<Fact>]
let ``data for a site inside a scan must be in its support`` () =
    let step _ _ =
        model {
            let! _ = sample "x" (exponential 1.0)
            return [||], [||]
        }

    let m = scan "t" 3 step [||] [||] |> Model.condition [ "x", vector [ 1.0; 2.0; -4.0 ] ]
    refused "PPL1005" "x" (target m) |> at 2 |> says [ "-4"; "positive reals" ]

[<Fact>]
let ``a branch on a random value inside a scan names the site of the step`` () =
    let step _ _ =
        model {
            let! x = sample "x" (normal 0.0 1.0)
            let! _ = sample (if x.ToFloat() > 0.0 then "up" else "down") (normal 0.0 1.0)
            return [||], [||]
        }

    let m =
        model {
            let! _ = sample "start" (normal 0.0 1.0)
            return! scan "t" 3 step [||] [||]
        }

    refused "PPL5005" "x" (target m) |> ignore
    refused "PPL5005" "x" (fun () -> Simulate.run (key 1) m) |> ignore

[<Fact>]
let ``a vector of another length than the target's`` () =
    let t = Target.ofModel (sample "x" (normal 0.0 1.0))
    let e = Assert.Throws<PplException>(fun () -> t.LogDensity(vector [ 1.0; 2.0 ]) |> ignore)
    Assert.Equal("PPL5001", e.Id)
    says [ "f64[1]"; "f64[2]" ] e
