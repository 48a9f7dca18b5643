// Sums of ln(1 + e^-|x|) over data, which the lowering takes as logarithms of products: right for every length, however
// far the products could grow, and for infinities and NaN among the data.
module Ppl.Engine.Tests.Logarithms

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Jit
open Ppl.Lowering

let private sumOfLogarithms n =
    Trace.program [| TensorType.create DType.F64 (Shape.ofList [ n ]) |] (fun args ->
        [| Ops.sum (Ops.log1p (Ops.exp (-(Ops.abs args[0])))) |])

let private run (program: Program) (xs: float[]) =
    let argument = Literal.create (Shape.ofList [ xs.Length ]) (Storage.F64 xs)
    let reference = Reference.run program [| argument |]
    let ours = (CpuEngine() :> IEngine).Compile(program).Run [| argument |]
    let loops = Evaluate.run (Lower.program program) [| argument |]

    Assert.Equal(
        BitConverter.DoubleToInt64Bits (Literal.floats loops[0]).[0],
        BitConverter.DoubleToInt64Bits (Literal.floats ours[0]).[0]
    )

    (Literal.floats reference[0]).[0], (Literal.floats ours[0]).[0]

[<Theory>]
[<InlineData 33>]
[<InlineData 1000>]
[<InlineData 7999>]
[<InlineData 8000>]
[<InlineData 8001>]
[<InlineData 40000>]
let ``the logarithm of a product is the sum of logarithms`` (n: int) =
    // Zeros make every factor 2: the largest products there can be.
    for xs in [ Array.zeroCreate n; Array.init n (fun i -> 40.0 * sin (float i)) ] do
        let reference, ours = run (sumOfLogarithms n) xs
        Assert.True(abs (ours - reference) <= 1e-12 * reference, $"{ours} for {reference}")

[<Fact>]
let ``a product is taken instead of the logarithms`` () =
    let text = Print.program (Lower.program (sumOfLogarithms 1000))
    Assert.DoesNotContain("log1p", text)
    Assert.Contains("log", text)

[<Fact>]
let ``infinite data add nothing and NaN stays`` () =
    let xs = Array.create 100 Double.PositiveInfinity
    xs[7] <- 1.0
    let reference, ours = run (sumOfLogarithms 100) xs
    Assert.True(abs (ours - reference) <= 1e-15, $"{ours} for {reference}")
    xs[50] <- Double.NaN
    Assert.True(Double.IsNaN(snd (run (sumOfLogarithms 100) xs)))
