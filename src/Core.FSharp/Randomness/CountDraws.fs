// Draws of counts and categories as tensor programs of a key: inversion for small means, rejection for large ones; exact in
// distribution up to rounding. Relies on Draws. Read Probability/Support next.
namespace Ppl.Core.Randomness

open Ppl.Core
open Ppl.Core.Tensors

/// Draws of a given shape (i32). Parameters broadcast against the shape.
[<RequireQualifiedAccess>]
module CountDraws =

    /// Below this mean, counts are found by stepping through the cdf; from it on, by transformed rejection, whose
    /// constants are proved for means of 10 and more.
    [<Literal>]
    let private InversionBelow = 10.0

    /// Inversion: the smallest k with u <= P(X <= k), by steps from k = 0; `ratio k` is P(X = k)/P(X = k - 1).
    /// The terms rise to the mode and then fall: where one is below 1e-20 the rest of the tail is below rounding, and the
    /// search ends even if the rounded cdf stays below u.
    let private invert (u: Tensor) (first: Tensor) (ratio: Tensor -> Tensor) : Tensor =
        let shape = u.Shape
        let unfinished mass cdf = Ops.logicalAnd (Ops.greater u cdf) (Ops.greater mass (Ops.scalar 1e-20))

        let step (state: Tensor[]) =
            let k, mass, cdf, count = state[0], state[1], state[2], state[3]
            let next = k + 1.0
            let mass' = mass * ratio next
            let pending = unfinished mass cdf
            [| next; mass'; cdf + mass'; Ops.select pending next count |]

        let start = Ops.broadcastTo shape first
        let zeros = Ops.zeros (TensorType.create DType.F64 shape)

        let final =
            Control.whileLoop (fun s -> Ops.any (unfinished s[1] s[2])) step [| Ops.scalar 0.0; start; start; zeros |]

        final[3]

    /// Hörmann's proposal for both rejection methods: k = floor((2a/us + b) U + centre), us = 1/2 - |U|.
    let private proposal (a: Tensor) (b: Tensor) (centre: Tensor) shape attemptKey =
        let u = Draws.uniform shape (Key.foldIn 0 attemptKey) - 0.5
        let v = Draws.uniform shape (Key.foldIn 1 attemptKey)
        let us = 0.5 - Ops.abs u
        Ops.floor ((2.0 * a / us + b) * u + centre), us, v

    /// Rejection unless the point is in the rectangle that lies under the density for certain.
    let private rejectedOutside (us: Tensor) (v: Tensor) (sure: Tensor) (rejected: Tensor) =
        let certain = Ops.logicalAnd (Ops.greaterEqual us (Ops.scalar 0.07)) (Ops.lessEqual v sure)
        Ops.logicalAnd (Ops.logicalNot certain) rejected

    let private zero = Ops.scalar 0.0
    let private isNegative k = Ops.less k zero

    // Algorithm PTRS of Hörmann, Insurance: Mathematics and Economics 12 (1993), for rates of 10 and more.
    let private poissonByRejection (rate: Tensor) shape key : Tensor =
        let b = 0.931 + 2.53 * Ops.sqrt rate
        let a = -0.059 + 0.02483 * b
        let logInverseAlpha = Ops.log (1.1239 + 1.1328 / (b - 3.4))
        let sure = 0.9277 - 3.6224 / (b - 2.0)
        let logRate = Ops.log rate

        let attempt attemptKey =
            let k, us, v = proposal a b (rate + 0.43) shape attemptKey
            let legal = Ops.max k zero
            let height = Ops.log v + logInverseAlpha - Ops.log (a / Ops.square us + b)
            let above = Ops.greater height (legal * logRate - rate - Ops.lgamma (legal + 1.0))
            let far = Ops.logicalAnd (Ops.less us (Ops.scalar 0.013)) (Ops.greater v us)
            k, rejectedOutside us v sure (Ops.logicalOr (isNegative k) (Ops.logicalOr far above))

        Draws.rejection (TensorType.create DType.F64 shape) key attempt

    /// Poisson draws. Rates above 2^31 saturate.
    let poisson (rate: Tensor) (shape: Shape) (key: Tensor) : Tensor =
        let limit = Ops.scalar InversionBelow
        let isLarge = Ops.greaterEqual rate limit
        let small = Ops.select isLarge zero rate
        let counted = invert (Draws.uniform shape (Key.foldIn 0 key)) (Ops.exp (-small)) (fun k -> small / k)
        let rejected = poissonByRejection (Ops.select isLarge rate limit) shape (Key.foldIn 1 key)
        Ops.toInt (Ops.select isLarge rejected counted)

    // Algorithm BTRS of Hörmann, J. Statistical Computation and Simulation 46 (1993), for p <= 1/2 and n p >= 10.
    let private binomialByRejection (n: Tensor) (p: Tensor) shape key : Tensor =
        let q = 1.0 - p
        let deviation = Ops.sqrt (n * p * q)
        let b = 1.15 + 2.53 * deviation
        let a = -0.0873 + 0.0248 * b + 0.01 * p
        let alpha = (2.83 + 5.1 / b) * deviation
        let sure = 0.92 - 4.2 / b
        let mode = Ops.floor ((n + 1.0) * p)
        let logOdds = Ops.log p - Ops.log q
        let top = Ops.lgamma (mode + 1.0) + Ops.lgamma (n - mode + 1.0)

        let attempt attemptKey =
            let k, us, v = proposal a b (n * p + 0.5) shape attemptKey
            let legal = Ops.max zero (Ops.min n k)
            let height = Ops.log (v * alpha / (a / Ops.square us + b))
            let mass = top - Ops.lgamma (legal + 1.0) - Ops.lgamma (n - legal + 1.0) + (legal - mode) * logOdds
            let impossible = Ops.logicalOr (isNegative k) (Ops.greater k n)
            k, rejectedOutside us v sure (Ops.logicalOr impossible (Ops.greater height mass))

        Draws.rejection (TensorType.create DType.F64 shape) key attempt

    /// Binomial draws of totalCount (i32) trials.
    let binomial (totalCount: Tensor) (probs: Tensor) (shape: Shape) (key: Tensor) : Tensor =
        let n = Ops.toFloat totalCount
        let flipped = Ops.greater probs (Ops.scalar 0.5)
        let p = Ops.select flipped (1.0 - probs) probs
        let isLarge = Ops.greaterEqual (n * p) (Ops.scalar InversionBelow)
        let few, many = Ops.select isLarge zero n, Ops.select isLarge n (Ops.scalar 100.0)
        let likely = Ops.select isLarge p (Ops.scalar 0.25)
        let odds = p / (1.0 - p)

        let counted =
            invert (Draws.uniform shape (Key.foldIn 0 key)) (Ops.exp (few * Ops.log1p (-p))) (fun k ->
                odds * (few - k + 1.0) / k)

        let rejected = binomialByRejection many likely shape (Key.foldIn 1 key)
        let successes = Ops.select isLarge rejected counted
        Ops.toInt (Ops.select flipped (n - successes) successes)

    /// Draws of categories 0 ... K - 1 with probabilities proportional to weights along the last axis, by inversion: the
    /// number of partial sums not above a uniform fraction of the total. A category of weight 0 is never drawn.
    let categorical (weights: Tensor) (shape: Shape) (key: Tensor) : Tensor =
        let axis = weights.Shape.Rank - 1
        let sums = Ops.cumulativeSum axis weights
        let total = Ops.slice axis (weights.Shape[axis] - 1) weights.Shape[axis] sums
        let column = Shape.ofArray (Array.append (shape.ToArray()) [| 1 |])
        let threshold = total * Ops.reshape column (Draws.uniform shape key)
        Ops.sumAlong [| shape.Rank |] (Ops.toInt (Ops.lessEqual sums threshold))
