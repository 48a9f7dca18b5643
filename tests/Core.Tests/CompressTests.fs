// Compressed sums of squares are those of all rows. The law compares with sums in about twice the precision: the error may
// be 1e-12 of the result, or what rounding the rows one by one would make of it; close fits must meet the 1e-12 alone.
// Sums from the normal equations do not meet it. The designs are random with fixed seeds.
module Ppl.Core.Tests.CompressTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Models
open Ppl.Examples
open Ppl.Kernels

let private vector n = TensorType.create DType.F64 (Shape.ofList [ n ])
let private off = { SimplifyOptions.Default with CompressData = false }

let private compressed n (f: Tensor -> Tensor) =
    let g, notes =
        Simplify.beforeDerivatives SimplifyOptions.Default [| vector n |] (fun args -> [| f args[0] |])

    (fun q -> (g [| q |])[0]), notes

let private normal (rng: Random) = sqrt (-2.0 * log (1.0 - rng.NextDouble())) * cos (2.0 * Math.PI * rng.NextDouble())

// ---- regressions against exact sums

/// y = X b + noise; the columns of X and the true b.
[<NoComparison; NoEquality>]
type private Design = { X: float[,]; Y: float[]; Weights: float[] option; Truth: float[]; Noise: float }

let private density (design: Design) (q: Tensor) =
    let residual = Tensor.OfFloats design.Y - Ops.dot (Tensor.OfMatrix design.X) q

    match design.Weights with
    | Some w -> Ops.sum (Tensor.OfFloats w * Ops.square residual)
    | None -> Ops.sum (Ops.square residual)

let private rows (design: Design) (b: float[]) =
    Array.init design.Y.Length (fun i ->
        let mutable sum = ExtendedSum design.Y[i]
        let mutable size = abs design.Y[i]

        for k in 0 .. b.Length - 1 do
            sum.AddProduct(-design.X[i, k], b[k])
            size <- size + abs (design.X[i, k] * b[k])

        let weight = design.Weights |> Option.map (fun w -> w[i]) |> Option.defaultValue 1.0
        struct (sum.Value, size, weight))

/// The sum, and what rounding each row to doubles may change it by.
let private exact design b =
    let mutable sum = ExtendedSum 0.0
    let mutable rounding = 0.0

    for struct (r, size, weight) in rows design b do
        sum.AddProduct(weight * r, r)
        rounding <- rounding + weight * (2.0 * abs r * size + size * size * 1.1e-16) * 1.1e-16 * float b.Length

    sum.Value, rounding

let private random (rng: Random) n p offset noise =
    let x = Array2D.init n p (fun _ j -> if j = 0 then 1.0 else offset + normal rng)
    let truth = Array.init p (fun _ -> normal rng)
    let mean i = Seq.sum (seq { for k in 0 .. p - 1 -> x[i, k] * truth[k] })

    {
        X = x
        Y = Array.init n (fun i -> mean i + noise * normal rng)
        Weights = None
        Truth = truth
        Noise = noise
    }

/// The largest relative error of a value at points near the truth, less what rounding the rows may contribute, times
/// how much of that is allowed.
let private worst allowed (rng: Random) design (value: float[] -> float) =
    let error _ =
        let b = design.Truth |> Array.map (fun t -> t + 0.1 * design.Noise * normal rng)
        let expected, rounding = exact design b
        (abs (value b - expected) - allowed * rounding) / abs expected

    Seq.max (Seq.map error (seq { 1..20 }))

let private ofDensity f (b: float[]) = ((f: Tensor -> Tensor) (Tensor.OfFloats b)).ToFloat()

[<Fact>]
let ``sums of squares of linear regressions are compressed, to 1e-12 or the rounding of rows`` () =
    let rng = Random 1

    for n in [ 40; 41; 64; 300; 2000 ] do
        for p in [ 1; 2; 5; 12 ] do
            for offset in [ 0.0; 100.0; 1e6; 1e9 ] do
                for noise in [ 1.0; 1e-4; 1e-8 ] do
                    let design = random rng n p offset noise
                    let f, notes = compressed p (density design)
                    let name = $"{n} x {p}, offset {offset}, noise {noise}"
                    Assert.True((notes.Length = 1), name)
                    let error = worst 10.0 rng design (ofDensity f)
                    Assert.True(error <= 1e-12, $"{name}: {error}")

/// Fits so close that squares of the rows are 1e-16 of those of the data.
let private close (rng: Random) = random rng 200 6 0.0 1e-8

[<Fact>]
let ``close fits keep 1e-12 of their small sums`` () =
    let rng = Random 2

    for _ in 1..20 do
        let design = close rng
        let f, _ = compressed 6 (density design)
        Assert.True(worst 0.0 rng design (ofDensity f) <= 1e-12)

[<Fact>]
let ``normal equations do not`` () =
    let rng = Random 2
    let design = close rng
    let n, p = design.Y.Length, design.Truth.Length
    let dot f g = Seq.sum (seq { for i in 0 .. n - 1 -> f i * g i })
    let column k i = if k = p then design.Y[i] else design.X[i, k]
    let moments = Array2D.init (p + 1) (p + 1) (fun j k -> dot (column j) (column k))

    let value (b: float[]) =
        let z = Array.append b [| -1.0 |]

        Seq.sum (
            seq {
                for j in 0..p do
                    for k in 0..p -> z[j] * moments[j, k] * z[k]
            }
        )

    Assert.True(worst 10.0 rng design value > 1e-4)

[<Fact>]
let ``nearly dependent, zero and equal columns`` () =
    let rng = Random 3

    for case in 0..3 do
        for gap in [ 1e-6; 1e-10; 1e-15 ] do
            let design = random rng 120 4 0.0 1.0

            for i in 0..119 do
                design.X[i, 3] <-
                    match case with
                    | 0 -> design.X[i, 2] + gap * normal rng
                    | 1 -> 0.0
                    | 2 -> design.X[i, 1]
                    | _ -> gap * design.X[i, 1]

            let f, notes = compressed 4 (density design)
            Assert.Single notes |> ignore
            Assert.True(worst 10.0 rng design (ofDensity f) <= 1e-12, $"case {case}, gap {gap}")

[<Fact>]
let ``weights of one sign are part of the rows, others are left alone`` () =
    let rng = Random 4
    let design = random rng 100 3 5.0 1.0
    let positive = Array.init 100 (fun i -> if i % 7 = 0 then 0.0 else exp (normal rng))

    for weights, count in
        [
            positive, 1
            positive |> Array.map (fun w -> -w), 1
            positive |> Array.mapi (fun i w -> if i % 2 = 0 then w else -w), 0
        ] do
        let design = { design with Weights = Some weights }
        let f, notes = compressed 3 (density design)
        Assert.Equal(count, notes.Length)
        let b = Array.map ((+) 0.3) design.Truth
        let expected, _ = exact design b
        Assert.Equal(expected, ofDensity f b, 1e-12 * abs expected)

[<Fact>]
let ``data that are not finite, few rows, and no parameters are left alone`` () =
    let rng = Random 5

    for n, p in [ 0, 2; 1, 1; 1, 3; 4, 4; 5, 20 ] do
        let _, notes = compressed p (density (random rng n p 0.0 1.0))
        Assert.Empty notes

    for bad in [ nan; infinity ] do
        let design = random rng 100 2 0.0 1.0
        design.X[17, 1] <- bad
        Assert.Empty(snd (compressed 2 (density design)))

    let y = Tensor.OfFloats(Array.init 50 float)
    let known (q: Tensor) = q[0] * Ops.sum (Ops.square y)
    Assert.Empty(snd (compressed 1 known))

// ---- forms

/// Value and gradient agree with the plain function's at random points; the number of compressed sums.
let private agrees name n (f: Tensor -> Tensor) count =
    let g, notes = compressed n f
    Assert.True((notes.Length = count), $"{name}: %A{notes}")
    let rng = Random 6

    for _ in 1..10 do
        let q = Tensor.OfFloats(Array.init n (fun _ -> normal rng))
        let value, gradient = Grad.valueAndGrad f q
        let value', gradient' = Grad.valueAndGrad g q
        let expected, actual = gradient.ToFloats(), gradient'.ToFloats()
        let largest = expected |> Array.fold (fun m x -> max m (abs x)) 0.0
        Assert.True(abs (value.ToFloat() - value'.ToFloat()) <= 1e-12 * abs (value.ToFloat()), name)
        Array.iter2 (fun x y -> Assert.True(abs (x - y) <= 1e-12 * largest, name)) expected actual

let private column (rng: Random) n = Array.init n (fun _ -> normal rng) |> Tensor.OfFloats
let private choice (rng: Random) n groups = Array.init n (fun _ -> rng.Next groups) |> Tensor.OfInts

[<Fact>]
let ``what is linear in the parameters is recognised however it is spelt`` () =
    let rng = Random 7
    let n = 120
    let x, y, s = column rng n, column rng n, Ops.exp (column rng n)
    let wide = Tensor.OfMatrix(Array2D.init n 40 (fun _ _ -> normal rng))

    let lower =
        Tensor.OfMatrix(
            Array2D.init n n (fun i j ->
                if i = j then 2.0
                elif j < i then 0.1 * normal rng
                else 0.0)
        )

    let at i (q: Tensor) : Tensor = q[i]
    let asColumn (v: Tensor) = Ops.reshape (Shape.ofList [ n; 1 ]) v
    let squares v = Ops.sum (Ops.square v)

    for name, dimension, f in
        [
            "a line", 2, (fun (q: Tensor) -> squares (y - (at 0 q + at 1 q * x)))
            "a known scale for each row", 2, (fun q -> squares ((y - at 0 q - x * at 1 q) / s))
            "an unknown scale", 3, (fun q -> squares ((y - at 0 q - x * at 1 q) * Ops.exp (at 2 q)))
            "products of parameters", 3, (fun q -> squares (at 0 q * (at 1 q * x - y) + at 2 q * at 1 q))
            "functions of parameters", 2, (fun q -> squares (y - Ops.exp (at 0 q) * x - Ops.tanh (at 1 q)))
            "a power", 2, (fun q -> Ops.sum (Ops.pow (y - at 0 q - x * at 1 q) (Ops.scalar 2.0)))
            "a product with itself", 2, (fun q -> let r = y - at 0 q - x * at 1 q in Ops.dot r r)
            "more columns than are written out", 40, (fun q -> squares (y - Ops.dot wide q))
            "cumulative sums", 2, (fun q -> squares (y - Ops.cumulativeSum 0 (at 0 q * x + at 1 q)))
            "whitened rows",
            2,
            (fun q -> squares (Ops.triangularSolve true false lower (asColumn (y - at 0 q - at 1 q * x))))
            "parts",
            2,
            (fun q -> squares (y - Ops.concat 0 [| at 0 q * Ops.slice 0 0 50 x; at 1 q * Ops.slice 0 50 n x |]))
            "pads and reversals",
            2,
            (fun q -> squares (y - Ops.reverse [| 0 |] (Ops.pad [| 3 |] [| 0 |] (at 0 q * Ops.slice 0 3 n x)) - at 1 q))
            "matrices of rows",
            3,
            (fun q ->
                squares (
                    Ops.reshape (Shape.ofList [ 12; 10 ]) (y - at 0 q)
                    - Ops.reshape (Shape.ofList [ 12; 10 ]) (x * at 1 q) * at 2 q
                ))
            "squares among other terms",
            3,
            (fun q -> Ops.sum (-0.5 * Ops.square ((y - at 0 q - at 1 q * x) / s) - Ops.log s + Ops.exp (at 2 q * x)))
            "scaled squares among other terms", 2, (fun q -> Ops.sum (Ops.square (y - at 0 q * x) * at 1 q - x))
        ] do
        agrees name dimension f 1

[<Fact>]
let ``what is not linear, or needed besides, is left alone`` () =
    let rng = Random 8
    let n = 120
    let x, y = column rng n, column rng n

    for name, f in
        [
            "not linear", (fun (q: Tensor) -> Ops.sum (Ops.square (y - Ops.exp (q[0] * x) - q[1])))
            "rows that are needed besides",
            (fun q ->
                let r = y - q[0] - q[1] * x
                Ops.sum (Ops.square r) + Ops.sum (Ops.log1p (Ops.exp r)))
            "other powers", (fun q -> Ops.sum (Ops.pow (y - q[0] - q[1] * x) (Ops.scalar 4.0)))
            "a parameter for each row", (fun q -> Ops.sum (Ops.square (Ops.take 0 (Tensor.OfInts(Array.init n id)) q)))
        ] do
        agrees name (if name.StartsWith "a parameter" then n else 2) f 0

[<Fact>]
let ``gathered parameters are compressed by groups`` () =
    let rng = Random 9
    let n = 400
    let x, z, y = column rng n, column rng n, column rng n
    // Not sorted; group 5 is empty, group 6 has one row.
    let group = Array.init n (fun i -> if i = 17 then 6 else rng.Next 5)
    let county = Tensor.OfInts group
    let byCounty = group |> Array.map (fun g -> sin (float g)) |> Tensor.OfFloats
    let other = choice rng n 4
    let part first count (q: Tensor) = Ops.slice 0 first (first + count) q
    let squares v = Ops.sum (Ops.square v)
    let grid = Shape.ofList [ 20; 20 ]

    for name, dimension, f in
        [
            "intercepts", 8, (fun (q: Tensor) -> squares (y - Ops.take 0 county (part 0 7 q) - q[7] * x))
            "intercepts and a predictor of groups",
            9,
            (fun q -> squares (y - Ops.take 0 county (part 0 7 q) - q[7] * x - q[8] * byCounty))
            "intercepts alone", 7, (fun q -> squares (y - Ops.take 0 county q))
            "intercepts and slopes",
            15,
            (fun q -> squares (y - Ops.take 0 county (part 0 7 q) - Ops.take 0 county (part 7 7 q) * x - q[14] * z))
            "not centred", 10, (fun q -> squares (y - q[8] - Ops.exp q[9] * Ops.take 0 county (part 0 7 q) - q[7] * x))
            "not centred, gathered last",
            10,
            (fun q -> squares (y - Ops.take 0 county (q[8] + Ops.exp q[9] * part 0 7 q) - q[7] * x))
            "crossed groups",
            12,
            (fun q -> squares (y - Ops.take 0 county (part 0 7 q) - Ops.take 0 other (part 7 4 q) - q[11] * x))
            "rows and columns of a matrix",
            41,
            (fun q ->
                let rows = Ops.broadcastAlong grid [| 0 |] (part 0 20 q)
                let slopes = Ops.broadcastAlong grid [| 0 |] (part 20 20 q)
                squares (Ops.reshape grid y - rows - slopes * Ops.reshape grid x - q[40]))
            "known scales", 8, (fun q -> squares ((y - Ops.take 0 county (part 0 7 q) - q[7] * x) * Ops.exp z))
        ] do
        agrees name dimension f 1

[<Fact>]
let ``offsets and close fits in groups`` () =
    let rng = Random 10
    let n = 300
    let group = Array.init n (fun i -> i % 10)
    let x = Array.init n (fun _ -> 1000.0 + normal rng)
    let truth = Array.init 11 (fun _ -> normal rng)
    let mean i (b: float[]) = b[group[i]] + x[i] * b[10]
    let y = Array.init n (fun i -> mean i truth + 1e-6 * normal rng)

    let f (q: Tensor) =
        Ops.sum (
            Ops.square (
                Tensor.OfFloats y
                - Ops.take 0 (Tensor.OfInts group) (Ops.slice 0 0 10 q)
                - q[10] * Tensor.OfFloats x
            )
        )

    let g, notes = compressed 11 f
    Assert.Single notes |> ignore
    let b = truth |> Array.map (fun t -> t + 1e-7 * normal rng)
    let mutable sum = ExtendedSum 0.0

    for i in 0 .. n - 1 do
        let mutable r = ExtendedSum y[i]
        r.AddProduct(-1.0, b[group[i]])
        r.AddProduct(-x[i], b[10])
        sum.AddProduct(r.Value, r.Value)

    Assert.Equal(sum.Value, ofDensity g b, 1e-12 * sum.Value)
    // The plain sum is worse: the law asks for something.
    Assert.NotEqual(sum.Value, ofDensity f b, 1e-12 * sum.Value)

// ---- NaN, the switch, derivatives

[<Fact>]
let ``a parameter that is NaN makes the sum and its gradient NaN`` () =
    let rng = Random 11
    let group = Tensor.OfInts(Array.init 200 (fun i -> i % 5))
    let x, y = column rng 200, column rng 200
    let zero = Tensor.OfFloats(Array.zeroCreate 200)

    let f (q: Tensor) = Ops.sum (Ops.square (y - Ops.take 0 group (Ops.slice 0 0 5 q) - q[5] * x - q[6] * zero))

    let g, notes = compressed 7 f
    Assert.Single notes |> ignore

    for bad in 0..6 do
        let q = Tensor.OfFloats(Array.init 7 (fun i -> if i = bad then nan else 0.5))
        let value, gradient = Grad.valueAndGrad g q
        let _, plain = Grad.valueAndGrad f q
        Assert.True(Double.IsNaN(value.ToFloat()))
        // Where the plain gradient is NaN, this one is.
        Array.iter2
            (fun p c -> Assert.True(not (Double.IsNaN p) || Double.IsNaN c))
            (plain.ToFloats())
            (gradient.ToFloats())

[<Fact>]
let ``the switch is off where it is off, and programs of derivatives stay as they are`` () =
    let rng = Random 12
    let design = random rng 100 3 0.0 1.0
    let f = density design
    let traced = Trace.program [| vector 3 |] (fun args -> [| f args[0] |])
    let plain, none = Simplify.report off traced
    let short, notes = Simplify.report SimplifyOptions.Default traced
    Assert.Empty none
    Assert.Equal<string list>([ "data compressed: 100 squares, affine in 3 scalars, are 3 rows" ], notes)
    Verify.program short
    let largest (program: Program) = program.Types |> Array.map _.Shape.Count |> Array.max
    Assert.Equal(3, largest short)
    Assert.Equal(100, largest plain)
    Assert.Equal(Text.print short, Text.print (Simplify.program short))

    let gradient =
        Trace.program [| vector 3 |] (fun args ->
            let value, gradient = Grad.valueAndGrad f args[0]
            [| value; gradient |])

    Assert.Equal(Text.print (Simplify.programWith off gradient), Text.print (Simplify.program gradient))

[<Fact>]
let ``bodies of loops are compressed`` () =
    let rng = Random 13
    let f = density (random rng 100 3 0.0 1.0)

    let program =
        Trace.program [| vector 3 |] (fun args ->
            let step (state: Tensor[]) = [| Ops.add state[0] (Tensor.OfInt 1); state[1] + f (args[0] * state[1]) |]

            Control.whileLoop
                (fun state -> Ops.less state[0] (Tensor.OfInt 3))
                step
                [| Tensor.OfInt 0; Ops.scalar 0.001 |])

    let short, notes = Simplify.report SimplifyOptions.Default program
    Assert.Single notes |> ignore
    let at = [| Literal.create (Shape.ofList [ 3 ]) (Storage.F64 [| 0.1; -0.2; 0.3 |]) |]

    let result program = Array.item 1 (Reference.run program at) |> Literal.floats |> Array.head
    let expected, actual = result program, result short
    Assert.Equal(expected, actual, 1e-12 * abs expected)

// ---- real models

let private sums =
    Map
        [
            "kidscore_interaction", 1
            "logearn_interaction", 1
            "nes1972", 1
            "arK", 1
            "radon_noncentered", 1
            "radon_centered", 1
            "kilpisjarvi", 1
            "blr", 1
        ]

[<Fact>]
let ``real models agree with the switch on and off, and those without linear sums are as they were`` () =
    for model in RealModels.all do
        let target = model.Build() |> Target.ofModel
        let n = target.Dimension
        let types = [| vector n |]
        let g, notes = compressed n target.LogDensity
        Assert.True((Map.tryFind model.Name sums |> Option.defaultValue 0) = notes.Length, $"{model.Name}: %A{notes}")

        if not notes.IsEmpty then
            let program f =
                Compile.program types (fun args ->
                    let value, gradient = Grad.valueAndGrad f args[0]
                    [| value; gradient |])

            let plain, short = program target.LogDensity, program g
            let rng = Random 14

            for _ in 1..16 do
                let q = [| Tensor.OfFloats(Array.init n (fun _ -> 0.5 * normal rng)) |]
                let expected, actual = Trace.replay plain q, Trace.replay short q
                let value = expected[0].ToFloat()
                Assert.True(abs (actual[0].ToFloat() - value) <= 1e-12 * abs value, model.Name)
                let g, h = expected[1].ToFloats(), actual[1].ToFloats()
                let largest = g |> Array.fold (fun m x -> max m (abs x)) 0.0
                Array.iter2 (fun x y -> Assert.True(abs (x - y) <= 1e-12 * largest, model.Name)) g h
