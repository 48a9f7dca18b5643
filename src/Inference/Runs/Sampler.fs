// A sampler ready to run: the compiled programs of a kernel on a target, where their arguments and results are, and what
// adapts it. Immutable and thread-safe; every chain makes its own instances.
// Relies on Kernel, SamplingTarget, Options. Read ChainState next.
namespace Ppl.Inference.Runs

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc

/// Numbers of the arguments and results of a step program of a Hamiltonian kernel.
[<RequireQualifiedAccess>]
module internal Slots =
    // (key, transition, ln step size, factor, limit, position, log density, gradient)
    let key = 0
    let transition = 1
    let logStepSize = 2
    let factor = 3
    let limit = 4
    let state = 5

    // (next transition, position, log density, gradient, info ...)
    let nextTransition = 0
    let position = 1
    let logDensity = 2
    let gradient = 3
    let info = 4

    /// The number of tensors of a state.
    let stateCount = 3

/// A sampler compiled for a target.
[<NoComparison; NoEquality>]
type CompiledSampler =
    {
        /// The kernel's name, for run cards.
        Name: string
        /// What is sampled.
        Target: SamplingTarget
        /// The transition, of one chain or of as many as there are lanes.
        Step: ICompiled
        /// position -> state
        Init: ICompiled
        /// position -> reported values
        Row: ICompiled
        /// The names of the statistics of a transition.
        Statistics: string[]
        /// The limit of a trajectory: doublings or steps.
        Limit: int
        /// What adapts it.
        Adaptation: AdaptationOptions
        /// The family of its metric.
        Metric: MetricKind
        /// The windows of the warm-up.
        Windows: Windows
        /// What it is asked to do.
        Run: RunOptions
    }

    /// Transitions per chain, warm-up included.
    member this.Total = this.Run.Warmup + this.Run.Draws

    /// The place of a statistic in a row of statistics.
    member this.TryStatistic name =
        match Array.IndexOf(this.Statistics, name) with
        | -1 -> ValueNone
        | place -> ValueSome place

/// Keys of a chain: a pure function of (seed, chain, purpose); step programs fold in the number of the transition.
[<RequireQualifiedAccess>]
module internal ChainKey =

    let private derive purpose (seed: uint64) (chain: int) : Tensor =
        Key.ofSeed seed |> Key.foldIn chain |> Key.foldIn purpose

    /// The stream of the transitions.
    let transitions seed chain = derive 0 seed chain

    /// The stream of the starting points.
    let starts seed chain = derive 1 seed chain

    /// The stream of the trials of step sizes.
    let trials seed chain = derive 2 seed chain

/// Compiling samplers.
[<RequireQualifiedAccess>]
module Sampler =

    let private metric (adaptation: AdaptationOptions) (run: RunOptions) (target: SamplingTarget) =
        Adaptation.metric adaptation (Adaptation.windows adaptation run.Warmup) target.Dimension

    let private simplification (run: RunOptions) =
        { CompressData = run.CompressData; SplitRecurrences = run.SplitRecurrences }

    /// The density as it is differentiated: with its data compressed.
    let private density (run: RunOptions) (target: SamplingTarget) : Tensor -> Tensor =
        let f (args: Tensor[]) = [| target.LogDensity args[0] |]

        let f, _ =
            Simplify.beforeDerivatives (simplification run) [| SamplingTarget.vector target.Dimension |] f

        fun q -> (f [| q |])[0]

    let private compile (engine: IEngine) name limit adaptation (run: RunOptions) target (kernel: IKernel<'P, 'S, 'I>) =
        let d = target.Dimension
        let simplified = Compile.finished (simplification run)
        let row = Trace.program [| SamplingTarget.vector d |] (fun args -> [| target.Row args[0] |])

        {
            Name = name
            Target = target
            Step = engine.Compile(simplified (Kernel.inLanes run.Lanes (Kernel.stepProgram kernel)))
            Init = engine.Compile(simplified (Kernel.initProgram d kernel))
            Row = engine.Compile(simplified row)
            Statistics = kernel.Info.Fields |> Array.map _.Name
            Limit = limit
            Adaptation = adaptation
            Metric = metric adaptation run target
            Windows = Adaptation.windows adaptation run.Warmup
            Run = run
        }

    /// The no-U-turn sampler on a target. PPL2001 for an option that makes no sense.
    let nuts engine (options: NutsOptions) run (target: SamplingTarget) : CompiledSampler =
        Options.checkNuts options
        Options.checkRun target.Dimension run
        let a = options.Adaptation

        let metric = metric a run target

        NutsKernel.create options.Integrator metric options.MaxTreeDepth target.Dimension (density run target)
        |> compile engine "nuts" options.MaxTreeDepth a run target

    /// Hamiltonian Monte Carlo on a target. PPL2001 for an option that makes no sense.
    let hmc engine (options: HmcOptions) run (target: SamplingTarget) : CompiledSampler =
        Options.checkHmc options
        Options.checkRun target.Dimension run
        let a = options.Adaptation

        let metric = metric a run target

        HmcKernel.create options.Integrator metric options.Jitter target.Dimension (density run target)
        |> compile engine "hmc" options.Steps a run target
