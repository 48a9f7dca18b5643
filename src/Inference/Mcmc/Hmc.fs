// Hamiltonian Monte Carlo with a fixed number of steps and a jittered step size, as one tensor program.
// Source: Neal (2011), MCMC using Hamiltonian dynamics, sections 3.2 and 4.2.
// Relies on Hamiltonian. Read Adaptation/DualAveraging next.
namespace Ppl.Inference.Mcmc

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference

/// What people want to know of an HMC transition.
[<NoComparison; NoEquality>]
type HmcInfo =
    {
        /// min(1, exp(H_0 - H)) at the end of the trajectory.
        Acceptance: Tensor
        /// Integrator steps, i32.
        Leapfrogs: Tensor
        /// Whether the energy error passed the threshold; the trajectory stops there and is rejected.
        Diverging: Tensor
        /// H at the new state.
        Energy: Tensor
    }

/// The static Hamiltonian kernel.
[<RequireQualifiedAccess>]
module HmcKernel =

    /// The end of a trajectory of at most `steps` steps: the first unsound point ends it.
    let private travel advance (startEnergy: Tensor) (steps: Tensor) (start: Phase) (state: HamiltonianState) =
        let pack (point: Evaluated) n drop sound =
            let phase = point.Phase
            [| phase.Position; phase.Momentum; phase.Force; point.LogDensity; point.Gradient; n; drop; sound |]

        let more (a: Tensor[]) = Ops.logicalAnd a[7] (Ops.less a[5] steps)

        let next (a: Tensor[]) =
            let point: Evaluated = advance { Position = a[0]; Momentum = a[1]; Force = a[2] }
            let drop = point.LogDensity - Metric.kinetic point.Phase.Momentum - startEnergy
            pack point (a[5] + Tensor.OfInt 1) drop (snd (Hamiltonian.weight drop))

        let first = { Phase = start; LogDensity = state.LogDensity; Gradient = state.Gradient }
        Control.whileLoop more next (pack first (Tensor.OfInt 0) (Ops.scalar 0.0) (Tensor.OfBool true))

    let private step integrator metric (jitter: float) logDensity (key: Tensor) p (state: HamiltonianState) =
        let d = state.Position.Shape[0]
        let uniforms = Ops.uniform (Shape.ofList [ d + 2 ]) key
        let start = Hamiltonian.start metric p.Factor state (Metric.momentum (Ops.slice 0 0 d uniforms))
        let startEnergy = state.LogDensity - Metric.kinetic start.Momentum
        let stepSize = Ops.exp p.LogStepSize * (1.0 + jitter * (2.0 * uniforms[d] - 1.0))
        let advance = Integrator.step integrator metric p.Factor (Grad.valueAndGrad logDensity) stepSize
        let final = travel advance startEnergy p.Limit start state
        let drop, sound = final[6], final[7]
        let w, _ = Hamiltonian.weight drop
        let accepted = Ops.less uniforms[d + 1] w
        let proposed = [| final[0]; final[3]; final[4]; drop |]
        let current = [| state.Position; state.LogDensity; state.Gradient; Ops.scalar 0.0 |]
        let chosen = Hamiltonian.selectAll accepted proposed current

        let info =
            {
                Acceptance = Ops.min w (Ops.scalar 1.0)
                Leapfrogs = final[5]
                Diverging = Ops.logicalNot sound
                Energy = -(startEnergy + chosen[3])
            }

        { Position = chosen[0]; LogDensity = chosen[1]; Gradient = chosen[2] }, info

    let private infoLayout: Layout<HmcInfo> =
        {
            Fields =
                [|
                    Kernel.field "acceptance" DType.F64 []
                    Kernel.field "leapfrogs" DType.I32 []
                    Kernel.field "diverging" DType.Bool []
                    Kernel.field "energy" DType.F64 []
                |]
            ToArray = fun i -> [| i.Acceptance; i.Leapfrogs; i.Diverging; i.Energy |]
            OfArray = fun a -> { Acceptance = a[0]; Leapfrogs = a[1]; Diverging = a[2]; Energy = a[3] }
        }

    /// <summary>
    /// Hamiltonian Monte Carlo for log pi: f64[d] -> f64[]: Limit steps of size e (1 + jitter v), v uniform on (-1, 1),
    /// accepted with probability min(1, exp(H_0 - H)).
    /// Law: leaves pi invariant, reversible. Cost: Limit integrator steps.
    /// </summary>
    let create integrator metric jitter (d: int) (logDensity: Tensor -> Tensor) =
        { new IKernel<HamiltonianParameters, HamiltonianState, HmcInfo> with
            member _.Parameters = Hamiltonian.parameterLayout metric d
            member _.State = Hamiltonian.stateLayout d
            member _.Info = infoLayout
            member _.Init position = Hamiltonian.init logDensity position
            member _.Step key parameters state = step integrator metric jitter logDensity key parameters state
        }
