// Euclidean metrics of Hamiltonian kernels. The inverse metric is M^-1 = L L'; kernels work with the whitened momentum
// r = L' p, which is N(0, I) whatever the metric: the kinetic energy is r'r / 2, the U-turn criterion p' M^-1 rho is an
// ordinary inner product, and only the two maps below know L.
// Relies on Kernel. Read Integrators next.
namespace Ppl.Inference.Mcmc

open Ppl.Core
open Ppl.Core.Tensors

/// The family of the inverse metric M^-1, which should resemble the covariance of the target.
[<RequireQualifiedAccess; Struct>]
type MetricKind =
    /// M^-1 = c^2 I; the factor is the scalar c, 1 unless set.
    | Identity
    /// M^-1 = diag(s)^2; the factor is s, f64[d].
    | Diagonal
    /// M^-1 = L L'; the factor is the lower triangular L, f64[d,d].
    | Dense

/// Momenta and velocities of a metric.
[<RequireQualifiedAccess>]
module Metric =

    /// The shape of the factor L in d dimensions.
    let factorShape kind (d: int) =
        match kind with
        | MetricKind.Identity -> Shape.scalar
        | MetricKind.Diagonal -> Shape.ofList [ d ]
        | MetricKind.Dense -> Shape.ofList [ d; d ]

    /// The factor of M = I, in row-major order.
    let identity kind (d: int) : float[] =
        match kind with
        | MetricKind.Identity -> [| 1.0 |]
        | MetricKind.Diagonal -> Array.create d 1.0
        | MetricKind.Dense -> Array.init (d * d) (fun i -> if i / d = i % d then 1.0 else 0.0)

    /// L r: the velocity of a whitened momentum. M^-1 p = L r.
    let velocity kind (factor: Tensor) (momentum: Tensor) =
        match kind with
        | MetricKind.Identity
        | MetricKind.Diagonal -> factor * momentum
        | MetricKind.Dense -> Ops.dot factor momentum

    /// L' g: the force on a whitened momentum, for the gradient g of the log density.
    let force kind (factor: Tensor) (gradient: Tensor) =
        match kind with
        | MetricKind.Identity
        | MetricKind.Diagonal -> factor * gradient
        | MetricKind.Dense -> Ops.dot gradient factor

    /// The inner product of two vectors.
    let inner (x: Tensor) (y: Tensor) = Ops.sum (x * y)

    /// The kinetic energy r'r / 2.
    let kinetic (momentum: Tensor) = 0.5 * inner momentum momentum

    /// A whitened momentum, N(0, I), from uniforms of the same shape.
    let momentum (uniforms: Tensor) = Ops.ndtri uniforms
