// The log density of the multivariate normal distribution as a function of its covariance K, with its derivative by hand. Both
// need only W = L^-1 for K = L L', which an engine finds by one elimination: |W d|^2 = d' K^-1 d, W'W = K^-1. Reverse mode through
// the factor would take several times as long.
// Relies on MatrixOps, Control.customGrad. Read Vectors next.
[<RequireQualifiedAccess>]
module internal Ppl.Core.Probability.GaussianForm

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

let private sumLast (x: Tensor) = Ops.sumAlong [| x.Shape.Rank - 1 |] x

/// The sum over these axes of both, no axis in common.
let private contract (x: Tensor) (axesX: int[]) (y: Tensor) (axesY: int[]) =
    Ops.dotGeneral { BatchLeft = [||]; BatchRight = [||]; ContractLeft = axesX; ContractRight = axesY } x y

let private whitening (covariance: Tensor) =
    Ops.triangularSolve true false (Ops.cholesky covariance) (LinearAlgebra.identityLike covariance)

/// W d for the vectors d of a batch.
let private whiten w (d: Tensor) = contract d [| d.Shape.Rank - 1 |] w [| 1 |]

/// 1 below the diagonal, 1/2 on it, 0 above: only the lower triangle of K is read.
let private lowerHalf n =
    let entry i =
        if i / n > i % n then 1.0
        elif i / n = i % n then 0.5
        else 0.0

    Tensor.OfLiteral(Literal.create (Shape.ofList [ n; n ]) (Storage.F64(Array.init (n * n) entry)))

/// With a = K^-1 d and the cotangent c of each density: that of d is -c a, that of K the sum of c (a a' - K^-1) / 2 for the
/// entries above and below the diagonal together.
let private backward (covariance: Tensor) (d: Tensor) (c: Tensor) =
    let w = whitening covariance
    let last = d.Shape.Rank - 1
    let a = contract (whiten w d) [| last |] w [| 0 |]
    let weighted = a * Ops.reshape (Shape.ofArray (Array.append (c.Shape.ToArray()) [| 1 |])) c
    let batch = [| 0 .. last - 1 |]
    let change = contract weighted batch a batch - Ops.sum c * contract w [| 0 |] w [| 0 |]
    [| lowerHalf d.Shape[last] * change; -weighted |]

/// <summary>
/// -d' K^-1 d / 2 - ln det K / 2 for the vectors d [.., n] and one matrix K [n, n], symmetric and positive definite (only its
/// lower triangle is read); NaN if it is not definite.
/// </summary>
let logDensity (covariance: Tensor) (d: Tensor) : Tensor =
    let value (args: Tensor[]) =
        let w = whitening args[0]
        [| Ops.sum (Ops.log (Ops.diagonal w)) - 0.5 * sumLast (Ops.square (whiten w args[1])) |]

    let rule (args: Tensor[]) (_: Tensor[]) (cs: Tensor[]) = backward args[0] args[1] cs[0]
    (Control.customGrad value rule [| covariance; d |])[0]
