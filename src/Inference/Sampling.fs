// The doors of this assembly: one call from a target to a result.
// Relies on Runs.
namespace Ppl.Inference

open Ppl.Core.Ir
open Ppl.Inference.Runs

/// The no-U-turn sampler.
[<RequireQualifiedAccess>]
module Nuts =

    /// <summary>Draws from a target with several chains, listening to a control.</summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL2001: an option makes no sense. PPL2103: no finite start.</exception>
    let sampleWith (control: RunControl) (engine: IEngine) (options: NutsOptions) (run: RunOptions) target : RunResult =
        Run.all (Sampler.nuts engine options run target) control

    /// Draws from a target with several chains.
    let sample engine options run target : RunResult = sampleWith RunControl.Default engine options run target

/// Hamiltonian Monte Carlo with trajectories of fixed length.
[<RequireQualifiedAccess>]
module Hmc =

    /// <summary>Draws from a target with several chains, listening to a control.</summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL2001: an option makes no sense. PPL2103: no finite start.</exception>
    let sampleWith (control: RunControl) (engine: IEngine) (options: HmcOptions) (run: RunOptions) target : RunResult =
        Run.all (Sampler.hmc engine options run target) control

    /// Draws from a target with several chains.
    let sample engine options run target : RunResult = sampleWith RunControl.Default engine options run target
