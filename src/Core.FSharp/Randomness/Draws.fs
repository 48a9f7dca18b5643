// Draws from standard distributions as tensor programs of a key: they run on concrete keys, trace, batch and compile.
// Every draw is exact in distribution up to rounding; what is rejected is drawn again from a key that belongs to the number
// of the attempt, so one element's luck never changes another element's draw.
// Relies on Key. Read CountDraws next.
namespace Ppl.Core.Randomness

open System
open Ppl.Core
open Ppl.Core.Tensors

/// Draws of a given shape. Parameters broadcast against the shape; NaN parameters give NaN (0 for integers), never a hang.
[<RequireQualifiedAccess>]
module Draws =

    /// The smallest normal number: what a positive draw is that would underflow.
    let internal smallest = Ops.scalar 2.2250738585072014e-308
    let private belowOne = Ops.scalar (1.0 - Math.ScaleB(1.0, -53))

    /// Uniform draws in the open interval (0, 1).
    let uniform (shape: Shape) (key: Tensor) : Tensor = Ops.uniform shape key

    /// Standard normal draws: the normal quantile of a uniform draw.
    let normal shape key : Tensor = Ops.ndtri (uniform shape key)

    /// Standard exponential draws: -ln of a uniform draw.
    let exponential shape key : Tensor = -(Ops.log (uniform shape key))

    /// Standard Laplace draws: an exponential draw with a random sign, from one uniform draw.
    let laplace shape key : Tensor =
        let u = uniform shape key - 0.5
        -(Ops.sign u * Ops.log1p (-2.0 * Ops.abs u))

    /// Standard Cauchy draws: cot(pi u) of a uniform draw, so that the far tails keep their resolution.
    let cauchy shape key : Tensor =
        let angle = Math.PI * (uniform shape key)
        Ops.cos angle / Ops.sin angle

    /// Repeats attempts until each element has been accepted: attempt key -> (proposed values, rejected).
    /// A comparison with NaN is false, so "rejected" formulas accept NaN and the loop ends.
    let rejection (ty: TensorType) (key: Tensor) (attempt: Tensor -> Tensor * Tensor) : Tensor =
        let step (state: Tensor[]) =
            let index, pending, value = state[0], state[1], state[2]
            let proposed, rejected = attempt (Key.foldInTensor index key)
            let next = Ops.select pending proposed value
            [| Ops.add index (Tensor.OfInt 1); Ops.logicalAnd pending rejected; next |]

        let pending = Ops.fill (TensorType.create DType.Bool ty.Shape) 1.0

        let final =
            Control.whileLoop (fun state -> Ops.any state[1]) step [| Tensor.OfInt 0; pending; Ops.zeros ty |]

        final[2]

    /// The logarithms of draws from the gamma distribution with this concentration and rate 1, exact for concentrations
    /// down to 0 where the draws themselves underflow.
    /// Marsaglia and Tsang, ACM TOMS 26 (2000): d v with v = (1 + c z)^3 for concentrations of 1 and more; below 1 a draw
    /// for concentration + 1 times u^(1/concentration).
    let logGamma (concentration: Tensor) (shape: Shape) (key: Tensor) : Tensor =
        let boosted = Ops.less concentration (Ops.scalar 1.0)
        let raised = Ops.select boosted (concentration + 1.0) concentration
        let d = Ops.broadcastTo shape (raised - 1.0 / 3.0)
        let c = Ops.reciprocal (Ops.sqrt (9.0 * d))

        let attempt attemptKey =
            let z = normal shape (Key.foldIn 0 attemptKey)
            let logU = Ops.log (uniform shape (Key.foldIn 1 attemptKey))
            let root = 1.0 + c * z
            let negative = Ops.lessEqual root (Ops.scalar 0.0)
            let logV = 3.0 * Ops.log (Ops.select negative (Ops.scalar 1.0) root)
            let bound = 0.5 * Ops.square z + d * (1.0 - Ops.exp logV + logV)
            Ops.log d + logV, Ops.logicalOr negative (Ops.greater logU bound)

        let accepted = rejection (TensorType.create DType.F64 shape) (Key.foldIn 0 key) attempt
        let boost = Ops.log (uniform shape (Key.foldIn 1 key)) / concentration
        accepted + Ops.select boosted boost (Ops.scalar 0.0)

    /// Draws from the gamma distribution with rate 1. Draws that underflow give the smallest normal number: still positive.
    let gamma concentration shape key : Tensor = Ops.max smallest (Ops.exp (logGamma concentration shape key))

    /// Draws from the beta distribution: X / (X + Y) of gamma draws, in logarithms; inside (0, 1) after rounding too.
    let beta (alpha: Tensor) (beta: Tensor) shape key : Tensor =
        let x = logGamma alpha shape (Key.foldIn 0 key)
        let y = logGamma beta shape (Key.foldIn 1 key)
        Ops.min belowOne (Ops.max smallest (Ops.sigmoid (x - y)))

    /// Draws from Student's t distribution: z sqrt(df / (2 g)) with g a gamma draw of concentration df/2.
    let studentT (df: Tensor) shape key : Tensor =
        let z = normal shape (Key.foldIn 0 key)
        let logG = logGamma (0.5 * df) shape (Key.foldIn 1 key)
        z * Ops.exp (0.5 * (Ops.log (0.5 * df) - logG))
