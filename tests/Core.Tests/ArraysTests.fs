// Composed array functions against their definitions, and their refusals.
module Ppl.Core.Tests.ArraysTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Tests.Values

let private is what expected (actual: Tensor) = assertSame what expected actual.Value
let private tensor x = Tensor.OfLiteral x

let private refuses id (f: unit -> Tensor) = Assert.Equal(id, Assert.Throws<PplException>(fun () -> f () |> ignore).Id)

[<Fact>]
let ``lines are read and added to at places of their own`` () =
    let x = tensor (reals [ 2; 3 ] [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ])
    let places = tensor (ints [ 2; 2 ] [ 2; 0; 1; 7 ])
    is "take" (reals [ 2; 2 ] [ 3.0; 1.0; 5.0; 6.0 ]) (Arrays.takeAlongAxis 1 places x)
    is "take" (reals [ 1; 3 ] [ 4.0; 2.0; 6.0 ]) (Arrays.takeAlongAxis 0 (tensor (ints [ 1; 3 ] [ 1; 0; 1 ])) x)
    let u = tensor (reals [ 2; 2 ] [ 10.0; 20.0; 30.0; 40.0 ])
    is "add" (reals [ 2; 3 ] [ 21.0; 2.0; 13.0; 4.0; 35.0; 46.0 ]) (Arrays.addAlongAxis 1 places u x)
    refuses "PPL5001" (fun () -> Arrays.takeAlongAxis 0 places x)
    refuses "PPL5003" (fun () -> Arrays.takeAlongAxis 2 places x)
    refuses "PPL5001" (fun () -> Arrays.addAlongAxis 1 places x x)
    refuses "PPL5004" (fun () -> Arrays.takeAlongAxis 0 (tensor (i [ 0 ])) (tensor (f [])))

[<Fact>]
let ``descending orders keep equals in order`` () =
    let x = tensor (f [ 1.0; -0.0; nan; 0.0; 1.0 ])
    is "sort" (f [ nan; 1.0; 1.0; -0.0; 0.0 ]) (Arrays.sortDescending 0 x)
    is "argSort" (i [ 2; 0; 4; 1; 3 ]) (Arrays.argSortDescending 0 x)
    let largest, places = Arrays.topK 3 0 x
    is "topK" (f [ nan; 1.0; 1.0 ]) largest
    is "topK" (i [ 2; 0; 4 ]) places
    refuses "PPL5004" (fun () -> fst (Arrays.topK 6 0 x))

[<Fact>]
let ``quantiles are linear between the sorted elements`` () =
    let x = tensor (f [ 4.0; 1.0; 3.0; 2.0 ])
    is "median" (Literal.f64 2.5) (Arrays.median 0 x)
    is "first" (Literal.f64 1.0) (Arrays.quantile 0.0 0 x)
    is "last" (Literal.f64 4.0) (Arrays.quantile 1.0 0 x)
    is "fifth" (Literal.f64 1.6) (Arrays.quantile 0.2 0 x)
    is "rows" (f [ 2.0; 20.0 ]) (Arrays.median 1 (tensor (reals [ 2; 3 ] [ 3.0; 1.0; 2.0; 10.0; 20.0; 30.0 ])))
    is "infinities" (Literal.f64 infinity) (Arrays.quantile 0.6 0 (tensor (f [ infinity; 1.0; infinity ])))
    is "NaN" (Literal.f64 nan) (Arrays.quantile 0.1 0 (tensor (f [ 1.0; nan; 2.0 ])))
    refuses "PPL5008" (fun () -> Arrays.quantile nan 0 x)
    refuses "PPL5004" (fun () -> Arrays.median 0 (tensor (f [])))

[<Fact>]
let ``one-hot rows are zero for indices outside`` () =
    is "oneHot" (reals [ 3; 2 ] [ 0.0; 1.0; 0.0; 0.0; 1.0; 0.0 ]) (Arrays.oneHot 2 (tensor (i [ 1; 2; 0 ])))
    is "oneHot" (f [ 0.0; 0.0; 1.0 ]) (Arrays.oneHot 3 (tensor (Literal.i32 2)))

[<Fact>]
let ``sorting agrees with argSort and with searches on random rows`` () =
    let rng = Random 4
    let x = tensor (reals [ 3; 40 ] [ for _ in 1..120 -> float (rng.Next 12) ])
    let sorted = Ops.sort 1 x
    is "permutation" sorted.Value (Arrays.takeAlongAxis 1 (Ops.argSort 1 x) x)
    let first, behind = Ops.searchSorted false sorted x, Ops.searchSorted true sorted x
    let equals = Ops.toFloat (Ops.sub behind first)

    let counted =
        Ops.sumAlong
            [| 2 |]
            (Ops.toFloat (
                Ops.equal (Ops.reshape (Shape.ofList [ 3; 40; 1 ]) x) (Ops.reshape (Shape.ofList [ 3; 1; 40 ]) x)
            ))

    is "multiplicity" counted.Value equals

[<Fact>]
let ``whole numbers near x`` () =
    let x = tensor (f [ -2.5; -1.5; -0.5; -0.2; -0.0; 0.5; 1.5; 2.5; 2.6; 1e300; infinity; -infinity; nan ])
    let whole = [ 1e300; infinity; -infinity; nan ]
    is "round" (f ([ -2.0; -2.0; -0.0; -0.0; -0.0; 0.0; 2.0; 2.0; 3.0 ] @ whole)) (Ops.round x)
    is "ceil" (f ([ -2.0; -1.0; -0.0; -0.0; -0.0; 1.0; 2.0; 3.0; 3.0 ] @ whole)) (Ops.ceil x)
    is "trunc" (f ([ -2.0; -1.0; -0.0; -0.0; -0.0; 0.0; 1.0; 2.0; 2.0 ] @ whole)) (Ops.trunc x)

    is
        "clamp"
        (f [ -1.0; 0.5; 2.0; nan ])
        (Ops.clamp (Ops.scalar -1.0) (Ops.scalar 2.0) (tensor (f [ -9.0; 0.5; 7.0; nan ])))

[<Fact>]
let ``of several elements set at one place the last stays`` () =
    let x = tensor (f [ 1.0; 2.0; 3.0; 4.0 ])
    let places = tensor (i [ 2; 0; 2; -7 ])
    is "setAt" (f [ 40.0; 2.0; 30.0; 4.0 ]) (Arrays.setAt 0 places (tensor (f [ 10.0; 20.0; 30.0; 40.0 ])) x)
    let table = tensor (ints [ 2; 3 ] [ 1; 2; 3; 4; 5; 6 ])

    is
        "setAt"
        (ints [ 2; 3 ] [ 1; 2; 9; 4; 5; 8 ])
        (Arrays.setAt 1 (tensor (i [ 2 ])) (tensor (ints [ 2; 1 ] [ 9; 8 ])) table)

    is "setAt nothing" x.Value (Arrays.setAt 0 (tensor (i [])) (tensor (f [])) x)
    refuses "PPL5001" (fun () -> Arrays.setAt 0 places (tensor (f [ 1.0 ])) x)
    refuses "PPL5004" (fun () -> Arrays.setAt 0 (tensor (i [ 0 ])) (tensor (f [ 1.0 ])) (tensor (f [])))

[<Fact>]
let ``slices are as in F#`` () =
    let x = tensor (ints [ 3; 3 ] [ 1..9 ])
    is "rows" (ints [ 2; 3 ] [ 4..9 ]) x[1..]
    is "block" (ints [ 2; 1 ] [ 2; 5 ]) x[..1, 1..1]
    is "columns" (ints [ 3; 2 ] [ 2; 3; 5; 6; 8; 9 ]) x[*, 1..2]
    is "nothing" (ints [ 0; 3 ] []) x[2..1]
    refuses "PPL5004" (fun () -> x[1..3])
    refuses "PPL5003" (fun () -> (tensor (i [ 1 ]))[0..0, 0..0])

[<Fact>]
let ``statistics over axes`` () =
    let x = tensor (reals [ 2; 2 ] [ 1.0; 3.0; 3.0; 7.0 ])
    is "mean" (f [ 2.0; 5.0 ]) (Ops.meanAlong [| 0 |] x)
    is "variance" (f [ 1.0; 4.0 ]) (Arrays.variance [| 0 |] x)
    is "unbiased" (f [ 2.0; 8.0 ]) (Arrays.varianceBy 1.0 [| 0 |] x)
    is "deviation" (f [ 1.0; 2.0 ]) (Arrays.standardDeviation [| 0 |] x)
    is "norm" (f [ 5.0; 0.0 ]) (Arrays.norm [| 1 |] (tensor (reals [ 2; 2 ] [ 3.0; 4.0; 0.0; 0.0 ])))
    is "any" (b [ true; false ]) (Ops.anyAlong [| 1 |] (tensor (bools [ 2; 2 ] [ true; false; false; false ])))
    is "all" (b [ false; true ]) (Ops.allAlong [| 1 |] (tensor (bools [ 2; 2 ] [ true; false; true; true ])))

    let slope =
        Ppl.Core.Transforms.Grad.grad (fun x -> Ops.sum (Arrays.norm [| 0 |] x)) (tensor (f [ 0.0; 0.0 ]))

    is "no slope at zero" (f [ 0.0; 0.0 ]) slope

[<Fact>]
let ``map is the stack of its turns`` () =
    let x = tensor (reals [ 3; 2 ] [ 1.0; 2.0; 3.0; 4.0; 5.0; 6.0 ])
    is "map" (f [ 2.0; 12.0; 30.0 ]) (Control.map (Ops.prodAlong [| 0 |]) x)
    refuses "PPL5008" (fun () -> (Control.mapMany id [||])[0])
    refuses "PPL5001" (fun () -> (Control.mapMany id [| x; tensor (f [ 1.0 ]) |])[0])
