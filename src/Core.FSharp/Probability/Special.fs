// What densities of counts need beyond the elementary operations: logarithms that may be of zero.
// Relies on Ops. Read Reals next.
[<RequireQualifiedAccess>]
module internal Ppl.Core.Probability.Special

open System
open Ppl.Core.Tensors

let private zero = Ops.scalar 0.0

/// ln x with derivative 0 (not infinite) at x = 0.
let safeLog (x: Tensor) : Tensor =
    let atZero = Ops.equal x zero
    Ops.select atZero (Ops.scalar Double.NegativeInfinity) (Ops.log (Ops.select atZero (Ops.scalar 1.0) x))

/// x l for counts x and logarithms l, where l = -inf means "0 unless x > 0, then -inf". The selection happens at the
/// shape of l (often one number for all x), so that a sum over many x can still be taken out: l/2 is replaced by the
/// lowest finite number, and twice that, times a positive count, overflows to -inf. Halving and doubling are exact.
let private weigh (x: Tensor) (atZero: Tensor) (logarithm: Tensor) =
    (2.0 * x) * Ops.select atZero (Ops.scalar Double.MinValue) (0.5 * logarithm)

/// x ln y with 0 ln 0 = 0, for x = 0 or x >= 1.
let xlogy (x: Tensor) (y: Tensor) : Tensor =
    let atZero = Ops.equal y zero
    weigh x atZero (Ops.log (Ops.select atZero (Ops.scalar 1.0) y))

/// x ln(1 + y) with 0 ln 0 = 0, for x = 0 or x >= 1.
let xlog1py (x: Tensor) (y: Tensor) : Tensor =
    let atZero = Ops.equal y (Ops.scalar -1.0)
    weigh x atZero (Ops.log1p (Ops.select atZero zero y))
