// Scans in lanes compute what the scans compute: the same bits where the arithmetic is exact, and else up to rounding that is
// small beside the terms of the recurrence. Scans that are not affine in what they carry stay as they are.
module Ppl.Core.Tests.SplittingTests

open System
open Xunit
open FsCheck
open FsCheck.FSharp
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Models
open Ppl.Examples
open Ppl.Core.Tests.AffineScans
open Ppl.Core.Tests.TransformCases

let private off = { SimplifyOptions.Default with SplitRecurrences = false }
let private vector n = TensorType.create DType.F64 (Shape.ofList [ n ])

/// The program with its scans in lanes, which must have happened.
let private split (program: Program) =
    let result, notes = Simplify.report SimplifyOptions.Default program
    Assert.NotEmpty notes
    Verify.program result
    result

/// Integers as reals.
let private numbers (x: Literal) = (Reference.evaluate (Primitive.Convert DType.F64) [| x |])[0]

let private apart x y = Values.distance (numbers x) (numbers y)
let private largest x = Literal.floats (numbers x) |> Array.fold (fun m x -> max m (abs x)) 1.0

let private isScalarScan (eq: Equation) =
    match eq.Primitive with
    | Primitive.Control(ControlOp.Scan(constants, carry, _, _, body)) ->
        carry > 0 && body.Types[body.Inputs[constants]].Shape.Rank = 0
    | _ -> false

// ---- laws

/// Every remainder of the length by eight; where functions of the numbers make it pay, lengths below eight.
let private shapes =
    gen {
        let! numbers = Gen.choose (1, 3)
        let! functions = Gen.elements [ true; false ]
        let! steps = if functions then Gen.choose (2, 40) else Gen.choose (64, 81)
        let! reverse = Gen.elements [ true; false ]
        let! varying = Gen.elements (if numbers < 3 then [ true; false ] else [ false ])
        let! seed = Gen.choose (0, 1_000_000)

        return
            {
                Numbers = numbers
                Steps = steps
                Reverse = reverse
                Varying = varying
                Functions = functions
                DType = DType.F64
            },
            seed
    }
    |> Arb.fromGen

/// The functions that a body computes, at the end of the results: rounded beyond what is exact.
let private functions (shape: AffineScans.Shape) = if shape.Functions then 8 else 0

let private check (law: AffineScans.Shape * int -> unit) =
    Check.One(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(2026UL, 1UL), Prop.forAll shapes law)

[<Fact>]
let ``integers are the same, in lanes and one by one`` () =
    check (fun (shape, seed) ->
        let source = program shape seed
        let args = whole shape (Random seed)
        let expected, actual = Reference.run source args, Reference.run (split source) args

        for i in 0 .. expected.Length - 1 - functions shape do
            // Zeros may have the other sign.
            Assert.Equal<float[]>(Literal.floats (numbers expected[i]), Literal.floats (numbers actual[i])))

[<Fact>]
let ``reals differ by rounding beside the largest terms`` () =
    check (fun (shape, seed) ->
        let source = program shape seed
        let args = stable shape (Random seed)
        let expected, actual = Reference.run source args, Reference.run (split source) args
        // The sums of magnitudes, each at its largest.
        let bounds = Reference.run (program { shape with Functions = false } -1) (magnitudes args)

        for i in 0 .. bounds.Length - 1 do
            Assert.True(apart expected[i] actual[i] <= 1e-14 * largest bounds[i], $"result {i}")

        for i in bounds.Length .. expected.Length - 1 do
            Assert.True(apart expected[i] actual[i] <= 1e-13, $"function {i}"))

[<Theory; InlineData(1, true); InlineData(1, false); InlineData(2, true); InlineData(2, false); InlineData(3, false)>]
let ``scans of these kinds are split, and nothing steps over scalars`` numbers varying =
    for steps in [ 64; 200 ] do
        let result = split (program { plain numbers steps with Varying = varying } 1)
        Assert.False(equations result |> Seq.exists isScalarScan)

[<Fact>]
let ``single precision stays what it is`` () =
    for varying in [ false; true ] do
        let shape = { plain 1 100 with Varying = varying; DType = DType.F32 }
        let args = stable shape (Random 3)
        let source = program shape 3
        let expected, actual = Reference.run source args, Reference.run (split source) args

        for x, y in Array.zip expected actual do
            Assert.Equal(x.Type, y.Type)
            Assert.True(apart x y <= 1e-5 * largest x)

[<Fact>]
let ``numbers that are not finite stay where they are`` () =
    for bad in [ nan; infinity; -infinity ] do
        for slope in [ 0.5; -0.5 ] do
            for reverse in [ false; true ] do
                let shape = { plain 1 70 with Reverse = reverse }
                let source = program shape 4
                let args = stable shape (Random 4)
                let offsets = Literal.floats args[1] |> Array.mapi (fun i x -> if i = 33 then bad else x)

                let args = [| Values.f [ slope ]; Literal.create args[1].Type.Shape (Storage.F64 offsets); args[2] |]

                let expected, actual = Reference.run source args, Reference.run (split source) args

                for x, y in Array.zip (Literal.floats expected[4]) (Literal.floats actual[4]) do
                    Assert.Equal(Double.IsNaN x, Double.IsNaN y)
                    Assert.True(Double.IsNaN x || x = y || abs (x - y) <= 1e-14)

[<Fact>]
let ``slopes up to 1e38 do no harm to zeros, larger ones may`` () =
    let shape = plain 1 64
    let source = program shape 5
    let zeros = Literal.fill (TensorType.create DType.F64 (Shape.ofList [ 64; 1 ])) 0.0

    let final program slope =
        Reference.run program [| Values.f [ slope ]; zeros; Values.f [ 0.0 ] |]
        |> Array.head
        |> Literal.floats
        |> Array.head

    Assert.Equal(0.0, final (split source) 1e38)
    Assert.Equal(0.0, final source 1e39)
    Assert.True(Double.IsNaN(final (split source) 1e39))

[<Fact>]
let ``what never changes stays a constant, of any type`` () =
    let source =
        Trace.program [| vector 100; vector 3; TensorType.scalar DType.F64 |] (fun args ->
            let step (s: Tensor[]) (x: Tensor[]) =
                [| s[2] * s[0] + x[0] + Ops.sum s[1]; s[1]; s[2] |], [| Ops.sum s[1] * s[0] |]

            let final, ys = Control.scan step [| Ops.scalar 1.0; args[1]; args[2] |] [| args[0] |]
            Array.append final ys)

    let integers n = Literal.create (Shape.ofList [ n ]) (Storage.F64(Array.init n (fun i -> float (i % 7 - 3))))
    let args = [| integers 100; integers 3; Literal.f64 -1.0 |]
    let result = split source
    Assert.False(equations result |> Seq.exists isScalarScan)
    // The slope is the same in all steps: no vectors are made of it.
    Assert.DoesNotContain(result.Types, fun ty -> ty.Shape.Rank = 2 && ty.Shape[1] = 3)

    for x, y in Array.zip (Reference.run source args) (Reference.run result args) do
        Assert.Equal<float[]>(Literal.floats x, Literal.floats y)

// ---- derivatives and lanes

let private gradientOf (shape: AffineScans.Shape) (f: Tensor[] -> Tensor[]) =
    Trace.program (types shape) (fun args ->
        let total (args: Tensor[]) =
            f args
            |> Array.filter (fun y -> DType.isReal y.DType)
            |> Array.map (Ops.square >> Ops.sum)
            |> Array.reduce (fun a b -> a + b)

        snd (Grad.valueAndGradMany total args))

let private assertClose tolerance (expected: Literal[]) (actual: Literal[]) =
    for x, y in Array.zip expected actual do
        Assert.True(apart x y <= tolerance * largest x, $"{apart x y} beside {largest x}")

[<Fact>]
let ``gradients are split, and gradients of what is split are the same`` () =
    for numbers, varying, reverse in [ 1, false, false; 1, true, true; 2, false, true; 2, true, false ] do
        let shape = { plain numbers 67 with Varying = varying; Reverse = reverse }
        let args = stable shape (Random 6)
        let source = program shape 6
        let gradient = gradientOf shape (Trace.replay source)
        let expected = Reference.run (Simplify.programWith off gradient) args
        let after = split gradient
        Assert.False(equations after |> Seq.exists isScalarScan)
        assertClose 1e-12 expected (Reference.run after args)
        assertClose 1e-12 expected (Reference.run (gradientOf shape (Trace.replay (split source))) args)

[<Fact>]
let ``programs in lanes of their own are the stack of the split ones`` () =
    let shape = { plain 2 70 with Reverse = true }
    let source = program shape 7
    let lanes = [| for seed in 0..2 -> stable shape (Random seed) |]
    let stacked = Array.init 3 (fun i -> Ops.stack (lanes |> Array.map (fun xs -> tensor xs[i])) |> _.Value)
    let batched = Vmap.program 3 [| true; true; true |] (split source)
    let results = Reference.run batched stacked

    lanes
    |> Array.iteri (fun lane xs ->
        let own = Reference.run (split source) xs
        let slice (y: Literal) = (Ops.at lane (tensor y)).Value
        assertClose 1e-14 own (Array.map slice results))

// ---- what is not split

let private scanOf state next =
    Trace.program [| vector 100; vector 3 |] (fun args ->
        let final, ys = Control.scan (next args[1]) state [| args[0] |]
        Array.append final ys)

let private one = [| Ops.scalar 0.1 |]

let private notAffine: (string * Program) list =
    [
        "a square", scanOf one (fun _ s x -> [| x[0] + 0.1 * Ops.square s[0] |], [| s[0] |])
        "a function", scanOf one (fun _ s x -> [| x[0] + Ops.tanh s[0] |], [| s[0] |])
        "a product of two",
        scanOf (Array.append one one) (fun _ s x -> [| x[0] + 0.1 * s[0] * s[1]; s[0] |], [| s[0] |])
        "a choice by the state",
        scanOf one (fun _ s x -> [| Ops.select (Ops.greater s[0] x[0]) (0.5 * s[0]) x[0] |], [| s[0] |])
        "a divisor", scanOf one (fun _ s x -> [| x[0] + 1.0 / (2.0 + Ops.square s[0]) |], [| s[0] |])
        "a truth value",
        scanOf [| Tensor.OfBool true |] (fun _ s x ->
            [| Ops.logicalXor s[0] (Ops.greater x[0] (Ops.scalar 0.0)) |], [| s[0] |])
        "integers that do not count alike",
        scanOf [| Tensor.OfInt 1 |] (fun _ s x -> [| s[0] + Ops.toInt x[0] |], [| s[0] |])
        "integers that are halved",
        scanOf [| Tensor.OfInt 1000 |] (fun _ s _ -> [| s[0] / Tensor.OfInt 2 |], [| s[0] |])
        "a vector", scanOf [| Ops.zeros (vector 3) |] (fun a s x -> [| a * s[0] + x[0] |], [| s[0] |])
        "a loop inside",
        scanOf one (fun _ s x ->
            let turn (t: Tensor[]) = [| t[0] + x[0] |]
            let y = Control.whileLoop (fun t -> Ops.less t[0] (Ops.scalar 0.5)) turn [| x[0] |]
            [| 0.5 * s[0] + y[0] |], [| s[0] |])
        "four that depend on each other",
        scanOf (Array.create 4 (Ops.scalar 0.1)) (fun _ s x ->
            [| 0.5 * s[3] + x[0]; 0.5 * s[0]; 0.5 * s[1]; 0.5 * s[2] |], [| s[0] |])
        "nine slopes that differ",
        scanOf (Array.create 3 (Ops.scalar 0.1)) (fun _ s x ->
            Array.init 3 (fun i -> Seq.reduce (+) [ for j in 0..2 -> Ops.scalar (float (3 * i + j)) * x[0] * s[j] ]),
            [||])
        "few steps", program (plain 1 63) 8
        "nothing carried", Trace.program [| vector 100 |] (fun args -> [| Control.map Ops.exp args[0] |])
    ]

let private kinds = notAffine |> List.map fst
let kindsOfData: TheoryData<string> = TheoryData<string> kinds

[<Theory; MemberData(nameof kindsOfData)>]
let ``what cannot be split or would not pay stays as it is`` kind =
    let source = notAffine |> List.find (fun (name, _) -> name = kind) |> snd
    let result, notes = Simplify.report SimplifyOptions.Default source
    Assert.Empty notes
    Assert.Equal(Text.print (Simplify.programWith off source), Text.print result)

// ---- switch and report

[<Fact>]
let ``the switch is off where it is off, and the report says what was done`` () =
    let source = program (plain 2 100) 9
    let plain, none = Simplify.report off source
    let short, notes = Simplify.report SimplifyOptions.Default source
    Assert.Empty none
    Assert.Equal<string list>([ "scan in lanes: 100 steps, 5 carried values" ], notes)
    Assert.True(equations plain |> Seq.exists isScalarScan)
    Assert.False(equations short |> Seq.exists isScalarScan)
    Assert.Equal(Text.print short, Text.print (Simplify.program short))

[<Fact>]
let ``scans inside loops are split`` () =
    let shape = plain 1 64

    let source =
        Trace.program (types shape) (fun args ->
            let turn (state: Tensor[]) =
                [|
                    state[0] + Tensor.OfInt 1
                    (scan shape 10 [| args[0]; args[1]; state[1] |])[0] |> Ops.broadcastTo (Shape.ofList [ 1 ])
                |]

            Control.whileLoop (fun state -> Ops.less state[0] (Tensor.OfInt 3)) turn [| Tensor.OfInt 0; args[2] |])

    let args = whole shape (Random 10)
    let result = split source
    Assert.False(equations result |> Seq.exists isScalarScan)
    let final program = Literal.floats (Array.item 1 (Reference.run program args))
    Assert.Equal<float[]>(final source, final result)

// ---- real models

[<Theory; InlineData("arma11", 2); InlineData("garch11", 2); InlineData("hmm_example", 1)>]
let ``gradients of real models agree with the switch on and off`` name scans =
    let target = (RealModels.find name).Build() |> Target.ofModel
    let n = target.Dimension
    let program options = Compile.valueAndGradProgram options n target.LogDensity
    let plain, none = program off
    let short, notes = program SimplifyOptions.Default
    Assert.Empty none
    Assert.Equal(scans, notes.Length)
    let rng = Random 11

    for _ in 1..16 do
        let q =
            [| Literal.create (Shape.ofList [ n ]) (Storage.F64(Array.init n (fun _ -> rng.NextDouble() - 0.5))) |]

        let expected, actual = Reference.run plain q, Reference.run short q
        assertClose 1e-12 expected actual
