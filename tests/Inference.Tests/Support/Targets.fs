// Targets with exact draws and exact cumulative distributions.
module Ppl.Inference.Tests.Targets

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors

/// x ~ N(0, 1), y | x ~ N(x^2 - 1, 0.5^2): curved, and not symmetric in y.
module Banana =
    let private sd = 0.5

    let logDensity (q: Tensor) =
        let x, y = q[0], q[1]
        -0.5 * (Ops.square x) - 0.5 * Ops.square ((y - Ops.square x + 1.0) / sd)

    let private residuals (q: float[]) = q[0], (q[1] - q[0] * q[0] + 1.0) / sd

    /// Exact draws, one per row of independent normals.
    let draws seed count : float[][] =
        let z = (Draws.normal (Shape.ofList [ 2 * count ]) (Key.ofSeed seed)).ToFloats()

        Array.init count (fun n ->
            let x = z[2 * n]
            [| x; x * x - 1.0 + sd * z[2 * n + 1] |])

    let private cdf (z: float) = (Ops.ndtr (Ops.scalar z)).ToFloat()

    /// Statistics that are uniform on (0, 1) under the target: both conditional cdfs, and that of the radius.
    let uniforms: (float[] -> float)[] =
        [|
            residuals >> fst >> cdf
            residuals >> snd >> cdf
            fun q ->
                let a, b = residuals q
                1.0 - exp (-0.5 * (a * a + b * b))
        |]

/// The largest distance of the empirical cdf of values from the uniform one.
let distanceFromUniform (values: float[]) =
    let n = float values.Length

    Array.sort values
    |> Array.mapi (fun i u -> max (float (i + 1) / n - u) (u - float i / n))
    |> Array.max

/// The distance that is exceeded with probability at most `alarm` (Dvoretzky, Kiefer, Wolfowitz; Massart 1990).
let distanceBound (alarm: float) count = sqrt (log (2.0 / alarm) / (2.0 * float count))

/// The concrete tensor of a vector.
let vector (xs: float[]) = Tensor.OfFloats xs

/// A literal of a vector.
let literal (xs: float[]) = Literal.create (Shape.ofList [ xs.Length ]) (Storage.F64 xs)
