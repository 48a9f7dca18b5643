// Second derivatives of the incomplete gamma and beta functions by their shapes, against integrals with powers of logarithms; and
// the quantiles, against the functions that they invert.
module Ppl.Core.Tests.ShapeDerivativeTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms

let private scalar = Tensor.OfFloat

/// The integral of t^(a-1) g(t) (ln t)^j h(t) from 0 to x, with t = x e^-s, by Simpson's rule.
let private integral a x (weight: float -> float) =
    let steps = 40_000
    let reach = 50.0 / a
    let h = reach / float steps

    let at i =
        let s = h * float i
        let t = x * Math.Exp -s
        Math.Exp(a * Math.Log t) * weight t

    let factor i =
        if i = 0 || i = steps then 1.0
        elif i % 2 = 1 then 4.0
        else 2.0

    h / 3.0 * Seq.sum (seq { for i in 0..steps -> factor i * at i })

let private digamma x = (Ops.digamma (scalar x)).ToFloat()
let private trigamma x = (Ops.trigamma (scalar x)).ToFloat()
let private lgamma x = (Ops.lgamma (scalar x)).ToFloat()

let private near what (expected: float) (actual: float) =
    Assert.True(abs (expected - actual) <= 1e-9 * (1.0 + abs expected), $"{what}: expected {expected}, got {actual}")

[<Fact>]
let ``the incomplete gamma function has second derivatives by its shape`` () =
    for a, x in [ 0.7, 0.3; 1.0, 2.0; 3.5, 2.0; 12.0, 15.0; 40.0, 30.0 ] do
        let moment k = integral a x (fun t -> Math.Exp(-t - lgamma a) * Math.Pow(Math.Log t, float k))
        let psi = digamma a
        let expected = moment 2 - 2.0 * psi * moment 1 + (psi * psi - trigamma a) * moment 0
        let second f = (Grad.grad (Grad.grad f) (scalar a)).ToFloat()
        near $"P at {a}, {x}" expected (second (fun a -> SpecialFunctions.gammaP a (scalar x)))
        near $"Q at {a}, {x}" -expected (second (fun a -> SpecialFunctions.gammaQ a (scalar x)))

[<Fact>]
let ``the incomplete beta function has second derivatives by its shapes`` () =
    for a, b, x in [ 0.8, 1.7, 0.4; 2.0, 3.0, 0.3; 7.0, 2.5, 0.8; 20.0, 30.0, 0.45 ] do
        let total = lgamma (a + b) - lgamma a - lgamma b

        let moment j k =
            integral a x (fun t ->
                let other = Math.Log(1.0 - t)
                Math.Exp((b - 1.0) * other + total) * Math.Pow(Math.Log t, float j) * Math.Pow(other, float k))

        let byA, byB, both = digamma a - digamma (a + b), digamma b - digamma (a + b), -trigamma(a + b)
        let expectedA = moment 2 0 - 2.0 * byA * moment 1 0 + (byA * byA - trigamma a - both) * moment 0 0
        let expectedB = moment 0 2 - 2.0 * byB * moment 0 1 + (byB * byB - trigamma b - both) * moment 0 0
        let mixed = moment 1 1 - byA * moment 0 1 - byB * moment 1 0 + (byA * byB - both) * moment 0 0
        let f (shapes: Tensor) = SpecialFunctions.betaI shapes[0] shapes[1] (scalar x)
        let h = (Jacobians.hessian f (Tensor.OfFloats [| a; b |])).ToFloats()
        near $"aa at {a}, {b}, {x}" expectedA h[0]
        near $"ab at {a}, {b}, {x}" mixed h[1]
        near $"ba at {a}, {b}, {x}" mixed h[2]
        near $"bb at {a}, {b}, {x}" expectedB h[3]

[<Fact>]
let ``second derivatives of f32 are those of f64, rounded`` () =
    let second (a: Tensor) x = Grad.grad (Grad.grad (fun a -> SpecialFunctions.gammaP a x)) a
    let wide = (second (scalar 3.5) (scalar 2.0)).ToFloat()
    let narrow = second (Tensor.OfFloat32 3.5f) (Tensor.OfFloat32 2.0f)
    Assert.InRange(abs (wide - float (narrow.ToFloat32s()[0])), 0.0, 1e-6)

let private probabilities = [| 1e-12; 1e-3; 0.1; 0.4; 0.5; 0.6; 0.97; 0.9999 |]

[<Fact>]
let ``quantiles of gamma distributions invert the cdf`` () =
    let p = Tensor.OfFloats probabilities

    for a in [ 0.05; 0.6; 1.0; 2.5; 30.0; 1e4 ] do
        let x = Quantiles.gammaPInv (scalar a) p
        let lower = (SpecialFunctions.gammaP (scalar a) x).ToFloats()
        let upper = (SpecialFunctions.gammaQ (scalar a) x).ToFloats()

        probabilities
        |> Array.iteri (fun i p ->
            Assert.InRange(abs (lower[i] / p - 1.0), 0.0, 1e-11)
            Assert.InRange(abs (upper[i] / (1.0 - p) - 1.0), 0.0, 1e-10))

[<Fact>]
let ``quantiles of beta distributions invert the cdf`` () =
    let p = Tensor.OfFloats probabilities

    for a, b in [ 0.3, 0.4; 1.0, 1.0; 2.0, 5.0; 0.5, 40.0; 300.0, 200.0 ] do
        let x = Quantiles.betaIInv (scalar a) (scalar b) p
        let lower = (SpecialFunctions.betaI (scalar a) (scalar b) x).ToFloats()
        Array.iter2 (fun p lower -> Assert.InRange(abs (lower / p - 1.0), 0.0, 1e-9)) probabilities lower

[<Fact>]
let ``quantiles at the ends, outside, and their derivatives`` () =
    let p = Tensor.OfFloats [| 0.0; 1.0; -0.1; 1.1; nan |]
    let gamma = (Quantiles.gammaPInv (scalar 2.0) p).ToFloats()
    Assert.Equal<float[]>([| 0.0; infinity |], gamma[..1])
    Assert.All(gamma[2..], (fun x -> Assert.True(Double.IsNaN x)))
    Assert.Equal<float[]>([| 0.0; 1.0 |], (Quantiles.betaIInv (scalar 2.0) (scalar 3.0) p).ToFloats()[..1])

    // By central differences.
    let check (f: Tensor -> Tensor) (at: float[]) =
        let slope = (Grad.grad f (Tensor.OfFloats at)).ToFloats()

        for i in 0 .. at.Length - 1 do
            let moved h = (f (Tensor.OfFloats(at |> Array.mapi (fun j x -> if i = j then x + h else x)))).ToFloat()
            let h = 1e-5
            let expected = (moved h - moved -h) / (2.0 * h)
            Assert.InRange(slope[i], expected - 1e-7, expected + 1e-7)

    check (fun xs -> Quantiles.gammaPInv xs[0] xs[1]) [| 2.3; 0.3 |]
    check (fun xs -> Quantiles.betaIInv xs[0] xs[1] xs[2]) [| 2.3; 1.4; 0.3 |]

    // The exponential distribution: x = -ln(1 - p), dx/dp = 1 / (1 - p), and so on.
    let exponential p = Quantiles.gammaPInv (scalar 1.0) p
    let second = Grad.grad (Grad.grad exponential) (scalar 0.3)
    near "second" (1.0 / 0.49) (second.ToFloat())
