// Symplectic integrators of H(q, r) = -log pi(q) + r'r / 2 with r the whitened momentum (Metric): coefficients as data,
// one stepper for all. Every scheme is palindromic, hence reversible; shears make it volume preserving.
// Relies on Metric. Read Hamiltonian next.
namespace Ppl.Inference.Mcmc

open Ppl.Core.Tensors

/// A splitting scheme: kicks b_0, b_1, ... b_k and drifts a_1, ... a_k between them, in units of the step size.
[<NoComparison>]
type Integrator =
    {
        /// The name in messages and run cards.
        Name: string
        /// b_0 ... b_k: steps of the momentum; palindromic, summing to 1.
        Kicks: float[]
        /// a_1 ... a_k: steps of the position; palindromic, summing to 1. There are k gradients per step.
        Drifts: float[]
    }

/// A point of phase space.
[<NoComparison; NoEquality>]
type Phase =
    {
        /// q, f64[d]
        Position: Tensor
        /// r = L' p, f64[d]
        Momentum: Tensor
        /// L' grad log pi(q), f64[d]
        Force: Tensor
    }

/// A point of phase space with what the target said there.
[<NoComparison; NoEquality>]
type Evaluated =
    {
        /// The new point.
        Phase: Phase
        /// log pi(q)
        LogDensity: Tensor
        /// grad log pi(q), f64[d]
        Gradient: Tensor
    }

/// The schemes and their stepper.
[<RequireQualifiedAccess>]
module Integrator =

    /// Leapfrog (Stoermer-Verlet), second order, stable up to step size 2 on N(0, 1).
    /// Source: Neal (2011), MCMC using Hamiltonian dynamics, section 5.2.3.
    let leapfrog = { Name = "leapfrog"; Kicks = [| 0.5; 0.5 |]; Drifts = [| 1.0 |] }

    /// The two-stage scheme with the smallest error of third order, stable up to step size 2.55 on N(0, 1).
    /// Source: McLachlan (1995), On the numerical integration of ODEs by symmetric composition methods, SIAM J. Sci.
    /// Comput. 16(1); Blanes, Casas and Sanz-Serna (2014), table 1.
    let minimalNorm =
        let b = 0.1931833275037836
        { Name = "minimal norm, two stages"; Kicks = [| b; 1.0 - 2.0 * b; b |]; Drifts = [| 0.5; 0.5 |] }

    /// <summary>
    /// One step of signed size e from a point: r += b_0 e F(q), then for each stage q += a e L r, r += b e F(q).
    /// Law: an involution when composed with a change of sign of the momentum (or of e); preserves volume.
    /// Cost: one gradient per stage; the target is traced once per stage.
    /// </summary>
    let step integrator metric factor (valueAndGrad: Tensor -> Tensor * Tensor) (stepSize: Tensor) (from: Phase) =
        let kick (b: float) force momentum : Tensor = momentum + (b * stepSize) * force

        let stage (at: Phase) (a: float, b: float) =
            let position = at.Position + Metric.velocity metric factor ((a * stepSize) * at.Momentum)
            let logDensity, gradient = valueAndGrad position
            let force = Metric.force metric factor gradient
            let phase = { Position = position; Momentum = kick b force at.Momentum; Force = force }
            { Phase = phase; LogDensity = logDensity; Gradient = gradient }

        let kicked = { from with Momentum = kick integrator.Kicks[0] from.Force from.Momentum }
        let stages = Array.zip integrator.Drifts integrator.Kicks[1..]
        let inner, last = stages[.. stages.Length - 2], Array.last stages
        stage (inner |> Array.fold (fun phase s -> (stage phase s).Phase) kicked) last
