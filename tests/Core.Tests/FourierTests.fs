// Fourier transforms: the definition, known transforms, the laws (Parseval, convolution, inverse, symmetry), composed
// operations against their definitions, types, batches, and transforms that are wrong.
module Ppl.Core.Tests.FourierTests

open System
open System.Numerics
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.Values

let private lengths = [ 0; 1; 2; 3; 4; 5; 7; 8; 12; 15; 17; 31; 32; 64; 97 ]

let private random (seed: int) (extents: int list) =
    let rng = Random seed
    Tensor.OfLiteral(reals extents [ for _ in 1 .. List.fold (*) 1 extents -> 2.0 * rng.NextDouble() - 1.0 ])

let private complex (struct (re: Tensor, im: Tensor)) =
    Array.map2 (fun a b -> Complex(a, b)) (re.ToFloats()) (im.ToFloats())

let private turn sign n k = Complex.FromPolarCoordinates(1.0, sign * 2.0 * Math.PI * float k / float n)

/// The definition.
let private transform sign (x: Complex[]) =
    let n = x.Length
    Array.init n (fun k -> Array.init n (fun j -> x[j] * turn sign n (j * k % n)) |> Array.fold (+) Complex.Zero)

let private near tolerance (expected: Complex[]) (actual: Complex[]) =
    Assert.Equal(expected.Length, actual.Length)
    let size = expected |> Array.fold (fun most z -> max most (Complex.Abs z)) 1.0
    Array.iter2 (fun (x: Complex) y -> Assert.InRange(Complex.Abs(x - y), 0.0, tolerance * size)) expected actual

let private numbers (x: Tensor) = x.ToFloats() |> Array.map (fun x -> Complex(x, 0.0))

[<Fact>]
let ``fft is the sum of the definition, and ifft undoes it`` () =
    for n in lengths do
        let re, im = random n [ n ], random (n + 1) [ n ]
        let struct (a, b) = Ops.fft re im
        near 1e-14 (transform -1.0 (complex (struct (re, im)))) (complex (struct (a, b)))
        near 1e-14 (complex (struct (re, im))) (complex (Ops.ifft a b))

[<Fact>]
let ``known transforms`` () =
    let struct (re, im) =
        Ops.fft (Tensor.OfFloats [| 1.0; 2.0; 3.0; 4.0 |]) (Tensor.OfFloats [| 0.0; 0.0; 0.0; 0.0 |])

    Assert.Equal<float[]>([| 10.0; -2.0; -2.0; -2.0 |], re.ToFloats() |> Array.map (fun x -> Math.Round(x, 14)))
    Assert.Equal<float[]>([| 0.0; 2.0; 0.0; -2.0 |], im.ToFloats() |> Array.map (fun x -> Math.Round(x, 14)))
    // An impulse has every frequency, a constant only the zeroth, a turning number exactly one.
    let n = 12
    let impulse = Tensor.OfFloats(Array.init n (fun i -> if i = 0 then 1.0 else 0.0))
    near 1e-15 (Array.create n Complex.One) (complex (Ops.fft impulse (Ops.zerosLike impulse)))
    let wave = Array.init n (fun j -> turn 1.0 n (5 * j % n))
    let re, im = Tensor.OfFloats(wave |> Array.map _.Real), Tensor.OfFloats(wave |> Array.map _.Imaginary)
    let expected = Array.init n (fun k -> if k = 5 then Complex(float n, 0.0) else Complex.Zero)
    near 1e-15 expected (complex (Ops.fft re im))

[<Fact>]
let ``the transform is linear, keeps the norm and turns convolutions into products`` () =
    for n in [ 5; 8; 21 ] do
        let x, y, zero =
            random 1 [ n ], random 2 [ n ], Ops.zeros (TensorType.create DType.F64 (Shape.ofList [ n ]))

        let fx, fy = complex (Ops.fft x zero), complex (Ops.fft y zero)
        let both = complex (Ops.fft (2.0 * x + y) zero)
        near 1e-14 (Array.map2 (fun (a: Complex) b -> 2.0 * a + b) fx fy) both
        let norm (z: Complex[]) = z |> Array.sumBy (fun z -> z.Magnitude * z.Magnitude)
        Assert.Equal(norm (numbers x), norm fx / float n, 1e-12)
        let a, b = x.ToFloats(), y.ToFloats()

        let circular =
            Array.init n (fun k -> Seq.sum (seq { for j in 0 .. n - 1 -> a[j] * b[(k - j + n) % n] }))

        let product = Array.map2 (fun (a: Complex) b -> a * b) fx fy
        near 1e-13 (transform -1.0 (circular |> Array.map (fun x -> Complex(x, 0.0)))) product

[<Fact>]
let ``real transforms are the first half of the complex ones, and read back`` () =
    for n in lengths do
        let x = random n [ 2; n ]
        let struct (re, im) = Ops.rfft x
        let kept = min n (n / 2 + 1)
        Assert.Equal(Shape.ofList [ 2; kept ], re.Shape)

        for row in 0..1 do
            let expected = transform -1.0 (numbers x[row])
            near 1e-14 (Array.truncate kept expected) (complex (struct (re[row], im[row])))

        near 1e-14 (numbers x) (numbers (Ops.irfft n re im))

[<Fact>]
let ``convolutions and cosine transforms are their sums`` () =
    for n, m in [ 1, 1; 4, 3; 7, 1; 5, 12; 0, 3 ] do
        let x, y = random n [ n ], random m [ m ]
        let a, b = x.ToFloats(), y.ToFloats()
        let full = if n = 0 then 0 else n + m - 1

        let expected =
            Array.init full (fun k ->
                Complex(Seq.sum (seq { for j in max 0 (k - m + 1) .. min k (n - 1) -> a[j] * b[k - j] }), 0.0))

        near 1e-14 expected (numbers (Ops.fftConvolve x y))

    Assert.Equal(Shape.ofList [ 2; 6 ], (Ops.fftConvolve (random 1 [ 2; 4 ]) (random 2 [ 3 ])).Shape)

    for n in [ 0; 1; 2; 5; 8 ] do
        let x = random n [ n ]
        let a = x.ToFloats()
        let angle j k = Math.PI * (float j + 0.5) * float k / float n
        let expected k = Complex(Seq.sum (seq { for j in 0 .. n - 1 -> a[j] * Math.Cos(angle j k) }), 0.0)
        near 1e-14 (Array.init n expected) (numbers (Ops.dct x))

[<Fact>]
let ``f32 is the transform of f64, rounded once`` () =
    let re, im = random 1 [ 2; 9 ], random 2 [ 2; 9 ]
    let re, im = Ops.toFloat32 re, Ops.toFloat32 im
    let struct (a, b) = Ops.fft re im
    let struct (c, d) = Ops.fft (Ops.toFloat re) (Ops.toFloat im)
    Assert.Equal(DType.F32, a.DType)
    assertSame "real parts" (Ops.toFloat32 c).Value a.Value
    assertSame "imaginary parts" (Ops.toFloat32 d).Value b.Value

[<Fact>]
let ``batches are rows, also by vmap`` () =
    let x = random 3 [ 3; 2; 6 ]
    let rows = Vmap.vmap (fun x -> Bind.one (Primitive.Fourier false) [| x |]) x
    assertSame "vmap" (Bind.one (Primitive.Fourier false) [| x |]).Value rows.Value
    let struct (re, _) = Ops.fft x (Ops.zerosLike x)
    let struct (first, _) = Ops.fft x[1] (Ops.zerosLike x[1])
    assertSame "row" first.Value re[1].Value

[<Fact>]
let ``what does not fit is refused`` () =
    let refuses id (f: unit -> unit) = Assert.Equal(id, Assert.Throws<PplException>(f).Id)
    refuses "PPL5001" (fun () -> Ops.fft (random 1 [ 3 ]) (random 1 [ 4 ]) |> ignore)
    refuses "PPL5003" (fun () -> Ops.rfft (Tensor.OfFloat 1.0) |> ignore)
    refuses "PPL5001" (fun () -> Ops.irfft 8 (random 1 [ 4 ]) (random 1 [ 4 ]) |> ignore)
    refuses "PPL5002" (fun () -> Ops.fft (Tensor.OfInts [| 1 |]) (Tensor.OfInts [| 1 |]) |> ignore)
    refuses "PPL5001" (fun () -> Bind.one (Primitive.Fourier true) [| random 1 [ 3; 4 ] |] |> ignore)

[<Fact>]
let ``the wrong direction is not the transform`` () =
    let re, im = random 5 [ 7 ], random 6 [ 7 ]
    let wrong = complex (Ops.ifft re im)

    Assert.ThrowsAny<Exception>(fun () -> near 1e-3 (transform -1.0 (complex (struct (re, im)))) wrong)
    |> ignore
