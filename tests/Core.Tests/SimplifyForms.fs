// Forms that simplification gives to whole computations: linear recurrences in one multiply-add, softplus and sigmoid with
// one exponential, sums of their logarithms apart from the rest.
module Ppl.Core.Tests.SimplifyForms

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms

let private vector n = TensorType.create DType.F64 (Shape.ofList [ n ])
let private scalar = TensorType.scalar DType.F64
let private floats (xs: float[]) = Literal.create (Shape.ofList [ xs.Length ]) (Storage.F64 xs)

let private count primitive (program: Program) =
    program.Equations
    |> Array.filter (fun eq -> Primitive.name eq.Primitive = primitive)
    |> Array.length

let private logistic =
    Trace.program [| vector 9 |] (fun args ->
        let value, gradient = Grad.valueAndGrad (fun x -> Ops.sum (2.0 * x - Ops.softplus x)) args[0]
        [| value; gradient |])

[<Fact>]
let ``a softplus and its derivative need one exponential`` () =
    let simplified = Simplify.program logistic
    Assert.Equal(1, count "exp" simplified)
    Assert.Equal(0, count "softplus" simplified + count "sigmoid" simplified)
    // The sum of ln(1 + t) stands alone, so that an engine may take the logarithm of a product.
    Assert.Equal(2, count "reduceSum" simplified)

[<Fact>]
let ``the common exponential is right from one infinity to the other`` () =
    let at = floats [| -1e300; -800.0; -40.0; -1e-9; 0.0; 1e-9; 40.0; 800.0; 1e300 |]

    let plain, simplified =
        Reference.run logistic [| at |], Reference.run (Simplify.program logistic) [| at |]

    let gradient, expected = Literal.floats simplified[1], Literal.floats plain[1]

    Array.iter2
        (fun (x: float) y -> Assert.True(abs (x - y) <= 4e-16 * max 1.0 (abs y), $"{x} for {y}"))
        gradient
        expected

[<Fact>]
let ``a lone softplus stays`` () =
    let program = Trace.program [| vector 9 |] (fun args -> [| Ops.softplus args[0] |])
    Assert.Equal(1, Program.size (Simplify.program program))

/// e_t = y_t - (r_t + theta e_(t-1)): two steps from carry to carry as written.
let private recurrence reversed =
    Trace.program [| scalar; vector 6; vector 6 |] (fun args ->
        let step (carry: Tensor[]) (now: Tensor[]) = [| now[0] - (now[1] + args[0] * carry[0]) |], [| carry[0] |]
        let state, outputs = Control.scanBy reversed 6 step [| Ops.scalar 0.5 |] args[1..]
        [| state[0]; outputs[0] |])

let private bodyOf (program: Program) =
    program.Equations
    |> Array.pick (fun eq ->
        match eq.Primitive with
        | Primitive.Control(ControlOp.Scan(constants, _, _, _, body)) -> Some(constants, body)
        | _ -> None)

[<Theory>]
[<InlineData false>]
[<InlineData true>]
let ``a linear recurrence carries one product and one sum`` (reversed: bool) =
    let simplified = Simplify.program (recurrence reversed)
    let constants, body = bodyOf simplified
    let define v = body.Equations |> Array.find (fun eq -> Array.contains v eq.Outs)
    let carry, next = body.Inputs[constants], define body.Outputs[0]

    let products =
        next.Args
        |> Array.filter (fun v -> v <> carry && not (Array.contains v body.Inputs))
        |> Array.map define

    Assert.Contains(products, (fun eq -> Primitive.name eq.Primitive = "mul" && Array.contains carry eq.Args))

[<Theory>]
[<InlineData false>]
[<InlineData true>]
let ``a shortened recurrence computes the same`` (reversed: bool) =
    let arguments =
        [|
            Literal.f64 -0.75
            floats [| 1.0; -2.0; 3.0; 0.25; 8.0; -1.0 |]
            floats [| 0.5; 0.5; -1.0; 2.0; 0.0; 4.0 |]
        |]

    let plain = Reference.run (recurrence reversed) arguments
    let simplified = Reference.run (Simplify.program (recurrence reversed)) arguments
    // All numbers are short binary fractions: no rounding happens in either order.
    Assert.Equal<float[]>(
        Array.map Literal.floats plain |> Array.concat,
        Array.map Literal.floats simplified |> Array.concat
    )

/// A filter of two states: both new weights are divided by their sum.
let private filter =
    Trace.program [| scalar; vector 5 |] (fun args ->
        let step (carry: Tensor[]) (now: Tensor[]) =
            let first, second = carry[0] * now[0], args[0] * carry[1]
            let total = first + second
            [| first / total; second / total |], [| total |]

        let state, outputs = Control.scanBy false 5 step [| Ops.scalar 0.5; Ops.scalar 0.5 |] args[1..]
        Array.append state outputs)

[<Fact>]
let ``a scan divides by each denominator once`` () =
    let _, body = bodyOf (Simplify.program filter)
    Assert.Equal(0, count "div" body)
    Assert.Equal(1, count "reciprocal" body)
    let arguments = [| Literal.f64 0.7; floats [| 1.1; 0.3; 2.0; 0.01; 5.0 |] |]

    let plain, simplified =
        Reference.run filter arguments, Reference.run (Simplify.program filter) arguments

    Array.iter2
        (fun (x: float) y -> Assert.True(abs (x - y) <= 1e-15 * abs x))
        (plain |> Array.collect Literal.floats)
        (simplified |> Array.collect Literal.floats)

[<Theory>]
[<InlineData(Double.NegativeInfinity, Double.NegativeInfinity, Double.NegativeInfinity)>]
[<InlineData(Double.PositiveInfinity, Double.PositiveInfinity, Double.PositiveInfinity)>]
[<InlineData(Double.NegativeInfinity, 2.0, 2.0)>]
[<InlineData(Double.PositiveInfinity, Double.NegativeInfinity, Double.PositiveInfinity)>]
[<InlineData(1000.0, 0.0, 1000.0)>]
let ``the sum of two exponentials in logarithms keeps infinities`` (x: float, y: float, expected: float) =
    Assert.Equal(expected, (Ops.logAddExp (Ops.scalar x) (Ops.scalar y)).ToFloat())
