// The U-turn criterion on trajectories that one can draw, and the leaf-by-leaf memory against direct sums.
module Ppl.Inference.Tests.Mcmc.UturnTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Inference.Mcmc
open Ppl.Inference.Tests.Targets

let private persists (momenta: float[][]) =
    let half = momenta.Length / 2
    let sum (rs: float[][]) = Array.reduce (Array.map2 (+)) rs

    (Uturn.persists
        {
            First = vector momenta[0]
            LastOfFirst = vector momenta[half - 1]
            FirstOfSecond = vector momenta[half]
            Last = vector (Array.last momenta)
            FirstSum = vector (sum momenta[.. half - 1])
            SecondSum = vector (sum momenta[half..])
        })
        .Value
    |> Literal.bools
    |> Array.head

/// Momenta along an arc from angle 0 to this one.
let private arc angle count =
    Array.init count (fun n ->
        let phi = angle * float n / float (count - 1)
        [| cos phi; sin phi |])

[<Fact>]
let ``a straight line runs apart, a half circle has turned`` () =
    Assert.True(persists (arc 0.0 8))
    // rho points to half the angle: both ends are at a right angle to it when the arc is a half circle.
    Assert.True(persists (arc (0.9 * Math.PI) 8))
    Assert.False(persists (arc (1.1 * Math.PI) 8))
    Assert.False(persists (arc (1.5 * Math.PI) 16))

[<Fact>]
let ``a full turn between two leaves is seen by the checks across halves`` () =
    // Each half runs apart and so does the whole, but the first half and the next momentum do not.
    let momenta = [| [| 1.0; 0.0 |]; [| 1.0; 0.0 |]; [| -2.5; 0.1 |]; [| 6.0; 0.0 |] |]
    Assert.False(persists momenta)

[<Fact>]
let ``NaN counts as turned`` () = Assert.False(persists [| [| 1.0; nan |]; [| 1.0; 0.0 |] |])

/// Whether every block of 2^m leaves that ends with leaf n runs apart, by direct sums.
let private directly (momenta: float[][]) n =
    let rec check size =
        if (n + 1) % size <> 0 then
            true
        else
            persists momenta[n + 1 - size .. n] && check (2 * size)

    check 2

/// The answers of the leaf-by-leaf memory for leaves 0, 1, ...; no leaf is skipped after a turn.
let private byMemory depth (momenta: float[][]) =
    let start = Uturn.checkpoints (depth + 1) 2, Tensor.OfInt 0, Ops.zerosLike (vector momenta[0])

    let add (memory, popcount, sum) (n, momentum) =
        let struct (memory, popcount, sum, persists) =
            Uturn.add memory (Tensor.OfInt n) popcount (vector momenta[max 0 (n - 1)]) (vector momentum) sum

        (Literal.bools persists.Value)[0], (memory, popcount, sum)

    Array.indexed momenta |> Array.mapFold add start |> fst

[<Fact>]
let ``the memory sees what direct sums see, leaf by leaf, until the first turn`` () =
    let random = Random 11
    let depth = 6

    for turning in [ 0.02; 0.1; 0.3; 1.0 ] do
        for _ in 1..10 do
            // Random walks of the direction: long straight stretches for small `turning`.
            let step phi = phi + turning * (2.0 * random.NextDouble() - 1.0)
            let angles = Array.init (1 <<< depth) (fun _ -> ()) |> Array.scan (fun phi () -> step phi) 0.0
            let momenta = angles[1..] |> Array.map (fun phi -> [| cos phi; sin phi |])
            let expected = Array.init momenta.Length (directly momenta)
            let last = expected |> Array.tryFindIndex not |> Option.defaultValue (momenta.Length - 1)
            Assert.Equal<bool[]>(expected[..last], (byMemory depth momenta[..last]))
