// Operations on concrete tensors: the shortcuts have the bits of the reference evaluator, whatever the length, and broadcast
// like it; a small operation allocates little more than its result.
module Ppl.Core.Tests.EagerTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

let private unary: UnaryOp[] =
    [|
        UnaryOp.Neg
        UnaryOp.Abs
        UnaryOp.Sign
        UnaryOp.Floor
        UnaryOp.Reciprocal
        UnaryOp.Square
        UnaryOp.Sqrt
        UnaryOp.Exp
        UnaryOp.Expm1
        UnaryOp.Log
        UnaryOp.Log1p
        UnaryOp.Sin
        UnaryOp.Cos
        UnaryOp.Tanh
        UnaryOp.Sigmoid
        UnaryOp.Softplus
        UnaryOp.Erf
        UnaryOp.Erfc
        UnaryOp.Lgamma
        UnaryOp.Digamma
        UnaryOp.Trigamma
        UnaryOp.Ndtr
        UnaryOp.LogNdtr
        UnaryOp.Ndtri
    |]

let private binary =
    [| BinaryOp.Add; BinaryOp.Sub; BinaryOp.Mul; BinaryOp.Div; BinaryOp.Max; BinaryOp.Min; BinaryOp.Pow |]

let private special =
    [| 0.0; -0.0; 1.0; -1.0; nan; infinity; -infinity; Double.Epsilon; 1e300; -1e-300; 0.5; 40.0; 709.9; -745.2 |]

/// Edge cases first, then ordinary numbers.
let private values n seed =
    Array.init n (fun i ->
        if i < special.Length then
            special[(i + seed) % special.Length]
        else
            3.0 * sin (float (i + seed)))

let private vector (x: float[]) = Literal.create (Shape.ofList [ x.Length ]) (Storage.F64 x)

let private same (expected: Literal) (actual: Tensor) =
    let actual = actual.Value
    Assert.Equal(expected.Type, actual.Type)
    // A NaN is one value: which payload survives is not specified.
    let bits (x: float) = if Double.IsNaN x then 0L else BitConverter.DoubleToInt64Bits x
    Assert.Equal<int64[]>(Array.map bits (Literal.floats expected), Array.map bits (Literal.floats actual))

[<Theory>]
[<InlineData(0)>]
[<InlineData(1)>]
[<InlineData(7)>]
[<InlineData(8)>]
[<InlineData(61)>]
let ``Operations on concrete tensors have the bits of the reference evaluator`` (n: int) =
    let x, y = vector (values n 0), vector (values n 5)

    for op in unary do
        let primitive = Primitive.Unary op
        let expected = Reference.evaluate primitive [| x |]
        same expected[0] (Bind.one primitive [| Tensor.OfLiteral x |])

    for op in binary do
        let primitive = Primitive.Binary op
        let expected = Reference.evaluate primitive [| x; y |]
        same expected[0] (Bind.one primitive [| Tensor.OfLiteral x; Tensor.OfLiteral y |])

[<Theory>]
[<InlineData(0)>]
[<InlineData(3)>]
[<InlineData(20)>]
let ``Scalars meet all elements, from the left and from the right`` (n: int) =
    let x = values n 0
    let tensor = Tensor.OfFloats x
    let left f = vector (Array.map (fun x -> f 2.5 x) x)
    let right f = vector (Array.map (fun x -> f x 2.5) x)
    same (right (+)) (tensor + 2.5)
    same (left (-)) (2.5 - tensor)
    same (right (-)) (tensor - 2.5)
    same (left (/)) (2.5 / tensor)
    same (right (/)) (tensor / 2.5)
    same (left (*)) (2.5 * tensor)

[<Fact>]
let ``A scalar and a tensor of one element give the shape of the tensor`` () =
    let one = Tensor.OfFloats [| 3.0 |]
    Assert.Equal(one.Type, (one + 1.0).Type)
    Assert.Equal(one.Type, (1.0 + one).Type)

[<Fact>]
let ``Shapes that do not fit and types that differ are still refused`` () =
    let refused id (f: unit -> Tensor) = Assert.Equal(id, Assert.Throws<PplException>(fun () -> f () |> ignore).Id)

    refused "PPL5001" (fun () -> Tensor.OfFloats [| 1.0; 2.0 |] + Tensor.OfFloats [| 1.0; 2.0; 3.0 |])

    let sum =
        fun () -> Bind.one (Primitive.Binary BinaryOp.Add) [| Tensor.OfFloats [| 1.0; 2.0 |]; Tensor.OfFloat 1.0 |]

    refused "PPL5001" sum
    Assert.Throws<PplException>(fun () -> Tensor.OfFloat 1.0 + Tensor.OfInt 1 |> ignore) |> ignore

[<Fact>]
let ``A small operation allocates little more than its result`` () =
    let x, y = Tensor.OfFloats(values 8 0), Tensor.OfFloats(values 8 3)
    let scalar = Tensor.OfFloat 0.25
    let count = 1000

    let bytes (f: unit -> Tensor) =
        f () |> ignore
        let before = GC.GetAllocatedBytesForCurrentThread()

        for _ in 1..count do
            f () |> ignore

        (GC.GetAllocatedBytesForCurrentThread() - before) / int64 count

    Assert.InRange(bytes (fun () -> x + y), 0L, 600L)
    Assert.InRange(bytes (fun () -> x * 2.0), 0L, 700L)
    Assert.InRange(bytes (fun () -> Ops.exp scalar), 0L, 600L)
