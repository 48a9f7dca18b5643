// Convolutions and pooling against their definitions, written as loops over every place.
module Ppl.Core.Tests.ConvolutionTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Tests.Values

let private random (seed: int) (extents: int list) =
    let rng = Random seed
    reals extents [ for _ in 1 .. List.fold (*) 1 extents -> float (rng.Next 21 - 10) ]

/// Where windows start, and how many there are.
let private layout (options: WindowOptions) axis extent size =
    let reach = options.Dilations[axis] * (size - 1) + 1
    let stride = options.Strides[axis]

    match options.Padding with
    | Padding.Valid -> 0, max 0 ((extent - reach) / stride + 1)
    | Padding.Same ->
        let count = (extent + stride - 1) / stride
        -(max 0 ((count - 1) * stride + reach - extent) / 2), count
    | Padding.Explicit(before, after) -> -before[axis], (extent + before[axis] + after[axis] - reach) / stride + 1

/// The places of a 2-D window that lie inside the input: (row and column in the window, row and column in the input).
let private places (options: WindowOptions) (extents: int[]) (sizes: int[]) (i: int) (j: int) =
    let start axis n = fst (layout options axis extents[axis] sizes[axis]) + n * options.Strides[axis]

    [
        for k in 0 .. sizes[0] - 1 do
            for l in 0 .. sizes[1] - 1 do
                let row, column = start 0 i + k * options.Dilations[0], start 1 j + l * options.Dilations[1]

                if row >= 0 && row < extents[0] && column >= 0 && column < extents[1] then
                    k, l, row, column
    ]

let private allOptions: WindowOptions list =
    [
        Convolution.defaults 2
        { Convolution.defaults 2 with Strides = [| 2; 3 |] }
        { Convolution.defaults 2 with Dilations = [| 2; 1 |]; Padding = Padding.Same }
        { Strides = [| 2; 1 |]; Dilations = [| 1; 2 |]; Padding = Padding.Same }
        { Strides = [| 1; 2 |]; Dilations = [| 1; 1 |]; Padding = Padding.Explicit([| 1; 0 |], [| 0; 2 |]) }
    ]

/// One number per window and channel, by a function of window, input and channel.
let private byWindow options (x: Literal) (sizes: int[]) channels (value: int -> int -> int -> int -> float) =
    let extents = x.Type.Shape.ToArray()[1..2]
    let counts = Array.init 2 (fun axis -> snd (layout options axis extents[axis] sizes[axis]))

    reals
        [ x.Type.Shape[0]; counts[0]; counts[1]; channels ]
        [
            for b in 0 .. x.Type.Shape[0] - 1 do
                for i in 0 .. counts[0] - 1 do
                    for j in 0 .. counts[1] - 1 do
                        for c in 0 .. channels - 1 -> value b i j c
        ]

let private element (x: Literal) (index: int[]) =
    (Literal.floats x)[Array.fold2 (fun at i stride -> at + i * stride) 0 index (Shape.strides x.Type.Shape)]

[<Fact>]
let ``convolutions are their definition`` () =
    let x = random 1 [ 2; 7; 6; 4 ]
    let extents = [| 7; 6 |]

    for options in allOptions do
        for groups in [ 1; 2 ] do
            let w = random 2 [ 3; 2; 4 / groups; 6 ]
            let sizes = [| 3; 2 |]

            let expected =
                byWindow options x sizes 6 (fun b i j o ->
                    let group = o / (6 / groups)

                    Seq.sum (
                        seq {
                            for k, l, row, column in places options extents sizes i j do
                                for c in 0 .. 4 / groups - 1 ->
                                    element x [| b; row; column; group * (4 / groups) + c |]
                                    * element w [| k; l; c; o |]
                        }
                    ))

            let actual = Convolution.grouped groups options (Tensor.OfLiteral w) (Tensor.OfLiteral x)
            assertSame $"%A{options} {groups}" expected actual.Value

[<Fact>]
let ``pools are their definition, padding does not count`` () =
    let x = random 3 [ 2; 7; 6; 3 ]
    let sizes = [| 2; 3 |]

    for options in allOptions do
        let reduced (f: float list -> float) =
            byWindow options x sizes 3 (fun b i j c ->
                f [ for _, _, row, column in places options [| 7; 6 |] sizes i j -> element x [| b; row; column; c |] ])

        let largest = Convolution.maxPool sizes options (Tensor.OfLiteral x)
        assertSame "maxPool" (reduced List.max) largest.Value
        let means = Convolution.averagePool sizes options (Tensor.OfLiteral x)
        Assert.InRange(distance (reduced List.average) means.Value, 0.0, 1e-14)

[<Fact>]
let ``one spatial axis`` () =
    let x, w =
        Tensor.OfLiteral(reals [ 5; 1 ] [ 1.0; 2.0; 3.0; 4.0; 5.0 ]), Tensor.OfLiteral(reals [ 2; 1; 1 ] [ 10.0; 1.0 ])

    let convolve options = (Convolution.convolve options w x).Value
    assertSame "valid" (reals [ 4; 1 ] [ 12.0; 23.0; 34.0; 45.0 ]) (convolve (Convolution.defaults 1))

    assertSame
        "same"
        (reals [ 5; 1 ] [ 12.0; 23.0; 34.0; 45.0; 50.0 ])
        (convolve { Convolution.defaults 1 with Padding = Padding.Same })

[<Fact>]
let ``shapes that do not fit are refused`` () =
    let x = Tensor.OfLiteral(random 1 [ 2; 5; 5; 3 ])

    let refuses (w: int list) options groups =
        let f () = Convolution.grouped groups options (Tensor.OfLiteral(random 2 w)) x |> ignore
        Assert.Equal("PPL5001", Assert.Throws<PplException>(f).Id)

    refuses [ 2; 2; 4; 6 ] (Convolution.defaults 2) 1
    refuses [ 2; 2; 3; 6 ] (Convolution.defaults 1) 1
    refuses [ 2; 2; 1; 5 ] (Convolution.defaults 2) 3
    refuses [ 3; 6 ] (Convolution.defaults 0) 1
    refuses [ 2; 2; 2; 2; 3; 6 ] (Convolution.defaults 4) 1
    refuses [ 2; 2; 3; 6 ] { Convolution.defaults 2 with Padding = Padding.Explicit([| 1 |], [| 1; 1 |]) } 1
