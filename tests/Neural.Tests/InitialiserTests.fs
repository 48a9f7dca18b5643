// Initialisers: moments and bounds as their authors say, orthogonality, keys.
module Ppl.Neural.Tests.InitialiserTests

open Xunit
open Ppl.Core.Tensors
open Ppl.Core.Randomness
open Ppl.Neural
open Ppl.Neural.Tests.Support

[<Fact>]
let ``fans of matrices, windows and vectors`` () =
    Assert.Equal((3.0, 5.0), Initialisers.fans (shape [ 3; 5 ]))
    Assert.Equal((24.0, 40.0), Initialisers.fans (shape [ 2; 4; 3; 5 ]))
    Assert.Equal((7.0, 7.0), Initialisers.fans (shape [ 7 ]))

let private sample (initialiser: Initialiser) = (initialiser (key 1) (shape [ 200; 100 ])).ToFloats()

/// 20,000 draws: the sample variance is within 6 standard errors of the variance with probability 1 - 2e-9.
let private varianceIs expected (excess: float) (xs: float[]) =
    let n = float xs.Length
    let mean = Array.average xs
    let variance = xs |> Array.averageBy (fun x -> (x - mean) ** 2.0)
    Assert.True(abs mean < 6.0 * sqrt (expected / n), $"mean {mean}")

    Assert.True(
        abs (variance / expected - 1.0) < 6.0 * sqrt ((2.0 + excess) / n),
        $"variance {variance}, not {expected}"
    )

[<Fact>]
let ``normal initialisers have the variances of their authors`` () =
    sample Initialisers.glorotNormal |> varianceIs (2.0 / 300.0) 0.0
    sample Initialisers.heNormal |> varianceIs (2.0 / 200.0) 0.0
    sample Initialisers.lecunNormal |> varianceIs (1.0 / 200.0) 0.0
    sample (Initialisers.normal 3.0) |> varianceIs 9.0 0.0

[<Fact>]
let ``uniform initialisers have the variances and bounds of their authors`` () =
    let check initialiser (bound: float) =
        let xs = sample initialiser
        Assert.True(Array.forall (fun x -> abs x < bound) xs)
        // A uniform distribution has excess kurtosis -1.2.
        varianceIs (bound * bound / 3.0) -1.2 xs

    check Initialisers.glorotUniform (sqrt (6.0 / 300.0))
    check Initialisers.heUniform (sqrt (6.0 / 200.0))
    check Initialisers.lecunUniform (sqrt (3.0 / 200.0))

[<Fact>]
let ``orthogonal matrices are orthogonal`` () =
    for extents in [ [ 20; 7 ]; [ 7; 20 ]; [ 6; 6 ]; [ 2; 3; 4 ] ] do
        let w = Initialisers.orthogonal 2.0 (key 3) (shape extents)
        let columns = List.last extents
        let flat = Ops.reshape (shape [ w.Shape.Count / columns; columns ]) w
        let t = Ops.transpose [| 1; 0 |] flat
        let gram = if flat.Shape[0] >= columns then Ops.dot t flat else Ops.dot flat t
        let n = gram.Shape[0]
        close 1e-13 (Seq.init (n * n) (fun i -> if i / n = i % n then 4.0 else 0.0)) (gram.ToFloats())

[<Fact>]
let ``parameters depend on their names, not on the order in which they are made`` () =
    let a = Dense.Init(3, 4, Key.foldInName "a" (key 1))
    let b = Dense.Init(3, 4, Key.foldInName "b" (key 1))
    Assert.NotEqual<float>(floats a, floats b)
    Assert.Equal<float>(floats a, floats (Dense.Init(3, 4, Key.foldInName "a" (key 1))))
