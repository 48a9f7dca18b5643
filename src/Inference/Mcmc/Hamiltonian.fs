// What the Hamiltonian kernels share: state, parameters, layouts, and the weight of a point of a trajectory.
// Relies on Integrators and Metric. Read Uturn next.
namespace Ppl.Inference.Mcmc

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference

/// What the next transition needs. Density and gradient are kept so that no transition computes them twice.
[<NoComparison; NoEquality>]
type HamiltonianState =
    {
        /// q, f64[d]
        Position: Tensor
        /// log pi(q)
        LogDensity: Tensor
        /// grad log pi(q), f64[d]
        Gradient: Tensor
    }

/// What adaptation may change between transitions.
[<NoComparison; NoEquality>]
type HamiltonianParameters =
    {
        /// ln of the step size of the integrator. In logarithms adaptation needs no exponential on the host, whose last bit
        /// would depend on the machine.
        LogStepSize: Tensor
        /// The factor L of the inverse metric, in the shape that the metric's kind says.
        Factor: Tensor
        /// The length of a trajectory: doublings (NUTS) or integrator steps (HMC), i32.
        Limit: Tensor
    }

/// Shared pieces of the Hamiltonian kernels.
[<RequireQualifiedAccess>]
module Hamiltonian =

    /// The layout of the state in d dimensions.
    let stateLayout d : Layout<HamiltonianState> =
        {
            Fields =
                [|
                    Kernel.field "position" DType.F64 [ d ]
                    Kernel.field "logDensity" DType.F64 []
                    Kernel.field "gradient" DType.F64 [ d ]
                |]
            ToArray = fun s -> [| s.Position; s.LogDensity; s.Gradient |]
            OfArray = fun a -> { Position = a[0]; LogDensity = a[1]; Gradient = a[2] }
        }

    /// The layout of the parameters in d dimensions.
    let parameterLayout metric d : Layout<HamiltonianParameters> =
        {
            Fields =
                [|
                    Kernel.field "logStepSize" DType.F64 []
                    { Name = "factor"; Type = TensorType.create DType.F64 (Metric.factorShape metric d) }
                    Kernel.field "limit" DType.I32 []
                |]
            ToArray = fun p -> [| p.LogStepSize; p.Factor; p.Limit |]
            OfArray = fun a -> { LogStepSize = a[0]; Factor = a[1]; Limit = a[2] }
        }

    /// The state at a position.
    let init logDensity position =
        let value, gradient = Grad.valueAndGrad logDensity position
        { Position = position; LogDensity = value; Gradient = gradient }

    /// The point of phase space where a trajectory starts.
    let start metric factor (state: HamiltonianState) momentum : Phase =
        {
            Position = state.Position
            Momentum = momentum
            Force = Metric.force metric factor state.Gradient
        }

    /// How far the energy may rise before a trajectory counts as divergent. Source: Betancourt (2017), section 6.2; Stan.
    let divergenceThreshold = 1000.0

    /// <summary>
    /// The weight exp(H_0 - H) of a point and whether its energy is sound: not NaN and at most the threshold above H_0.
    /// An unsound point weighs nothing. Linear rather than logarithmic weights cost one exponential per point; beyond
    /// e^700 they are cut off, which changes the law of a stationary chain by less than 2^10 e^-700 in total variation (a
    /// start has at most e^-700 of the mass of a point that outweighs it so much).
    /// </summary>
    let weight (drop: Tensor) =
        let sound = Ops.greater drop (Ops.scalar -divergenceThreshold)
        let weight = Ops.select sound (Ops.exp (Ops.min drop (Ops.scalar 700.0))) (Ops.scalar 0.0)
        weight, sound

    /// x where the condition holds, else y, tensor by tensor.
    let selectAll condition (xs: Tensor[]) (ys: Tensor[]) = Array.map2 (Ops.select condition) xs ys
