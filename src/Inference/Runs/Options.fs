// What a run is asked to do, checked before anything is compiled (PPL2001), and how it reports while it runs.
// Relies on Adaptation. Read Sampler next.
namespace Ppl.Inference

open System
open System.Threading
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc

/// The options of the no-U-turn sampler.
[<NoComparison>]
type NutsOptions =
    {
        /// The largest number of doublings. Default 10: 1,023 steps.
        MaxTreeDepth: int
        /// The integrator. Default leapfrog.
        Integrator: Integrator
        /// Step size and metric.
        Adaptation: AdaptationOptions
    }

    /// Stan's settings.
    static member Default =
        { MaxTreeDepth = 10; Integrator = Integrator.leapfrog; Adaptation = AdaptationOptions.Default }

/// The options of Hamiltonian Monte Carlo with trajectories of fixed length.
[<NoComparison>]
type HmcOptions =
    {
        /// Integrator steps per transition. Default 16.
        Steps: int
        /// The step size is multiplied by a uniform draw from 1 - Jitter to 1 + Jitter. Default 0.2.
        Jitter: float
        /// The integrator. Default leapfrog.
        Integrator: Integrator
        /// Step size and metric.
        Adaptation: AdaptationOptions
    }

    /// 16 leapfrog steps with 20% jitter.
    static member Default =
        {
            Steps = 16
            Jitter = 0.2
            Integrator = Integrator.leapfrog
            Adaptation = AdaptationOptions.Default
        }

/// Where chains start, on the unconstrained scale.
[<RequireQualifiedAccess; NoComparison>]
type Start =
    /// Uniform on (-radius, radius) in each coordinate; tried up to 100 times per chain.
    | Jittered of radius: float
    /// These positions, one per chain.
    | At of positions: float[][]

/// The options of a run of several chains.
[<NoComparison>]
type RunOptions =
    {
        /// The number of chains. Default 4.
        Chains: int
        /// Warm-up transitions per chain; not kept. Default 1,000.
        Warmup: int
        /// Draws per chain after the warm-up. Default 1,000.
        Draws: int
        /// The seed of all randomness.
        Seed: uint64
        /// The number of threads; 0: one per processor. Does not change the draws.
        Threads: int
        /// Where chains start. Default uniform on (-2, 2) (Stan).
        Start: Start
        /// Whether sums of squares over data that are linear in the parameters are computed from a triangular factor of
        /// the data, made when the sampler is compiled. Default true; changes the density by rounding alone.
        CompressData: bool
        /// Whether recurrences of the density that are linear in their state are computed for eight steps side by side.
        /// Default true; changes the density by rounding alone.
        SplitRecurrences: bool
        /// The number of chains that run together, in the SIMD lanes of one thread; 1, the default: each on its own. 8 suits
        /// Hamiltonian Monte Carlo with trajectories of fixed length on small models, with 8 chains or more. It does not pay
        /// for the no-U-turn sampler: all chains wait for the longest tree, and its memory is masked at every leaf.
        Lanes: int
    }

    /// Four chains of 1,000 + 1,000 transitions.
    static member Default =
        {
            Chains = 4
            Warmup = 1000
            Draws = 1000
            Seed = 0UL
            Threads = 0
            Start = Start.Jittered 2.0
            CompressData = true
            SplitRecurrences = true
            Lanes = 1
        }

/// The phase of a chain.
type RunPhase =
    /// Step size and metric are being learnt; nothing is kept.
    | Warmup = 0
    /// Draws are kept.
    | Sampling = 1

/// How far a chain has come.
[<Struct; NoComparison>]
type RunProgress =
    {
        Phase: RunPhase
        /// The chain, from 0.
        Chain: int
        /// Transitions done, warm-up included.
        Transition: int
        /// Transitions to be done, warm-up included.
        Total: int
        /// Divergent transitions of the present phase so far.
        Divergences: int
        /// The present step size.
        StepSize: float
        /// Mean number of integrator steps per transition of the present phase.
        StepsPerTransition: float
    }

/// What a running run listens to and reports to.
[<NoComparison; NoEquality>]
type RunControl =
    {
        /// Ends the run after the transition under way, with everything drawn so far.
        Cancellation: CancellationToken
        /// Called from the threads of the chains; null: nobody listens.
        Progress: IProgress<RunProgress> | null
        /// The least time between two reports of one chain; the last transition is always reported.
        ReportEvery: TimeSpan
    }

    /// Not cancelled, not watched.
    static member Default =
        {
            Cancellation = CancellationToken.None
            Progress = null
            ReportEvery = TimeSpan.FromMilliseconds 100.0
        }

/// Checking options: PPL2001 names the option and its value.
[<RequireQualifiedAccess>]
module internal Options =

    let private require holds name (value: obj) advice =
        if not holds then
            InferenceErrors.option name value advice

    let private atLeast least name (value: int) = require (value >= least) name value $"give at least {least}"

    let checkAdaptation (o: AdaptationOptions) =
        let between = o.TargetAcceptance > 0.0 && o.TargetAcceptance < 1.0

        require
            between
            "TargetAcceptance"
            o.TargetAcceptance
            "give a number strictly between 0 and 1, usually 0.8 to 0.99"

        let step = o.InitialStepSize > 0.0 && Double.IsFinite o.InitialStepSize
        require step "InitialStepSize" o.InitialStepSize "give a positive number"
        atLeast 0 "InitialBuffer" o.InitialBuffer
        atLeast 2 "FirstWindow" o.FirstWindow
        atLeast 0 "FinalBuffer" o.FinalBuffer

        match o.Metric with
        | MetricChoice.Automatic
        | MetricChoice.Fixed MetricKind.Diagonal -> ()
        | MetricChoice.Fixed _ ->
            let draws = o.Source = MetricSource.Draws
            require draws "Source" o.Source "only a diagonal metric is estimated from draws and gradients"

    let checkNuts (o: NutsOptions) =
        atLeast 1 "MaxTreeDepth" o.MaxTreeDepth
        require (o.MaxTreeDepth <= 20) "MaxTreeDepth" o.MaxTreeDepth "give at most 20: a million steps per draw"
        checkAdaptation o.Adaptation

    let checkHmc (o: HmcOptions) =
        atLeast 1 "Steps" o.Steps
        require (o.Jitter >= 0.0 && o.Jitter < 1.0) "Jitter" o.Jitter "give a number from 0 to below 1"
        checkAdaptation o.Adaptation

    let private checkStart d chains start =
        match start with
        | Start.Jittered radius ->
            require (radius >= 0.0 && Double.IsFinite radius) "Start.Jittered" radius "give a finite radius, usually 2"
        | Start.At positions ->
            require
                (positions.Length = chains)
                "Start.At"
                $"{positions.Length} positions"
                $"give one per chain: {chains}"

            for position in positions do
                require
                    (position.Length = d)
                    "Start.At"
                    $"a position of length {position.Length}"
                    $"give {d} coordinates"

    let checkRun d (o: RunOptions) =
        atLeast 1 "Chains" o.Chains
        atLeast 0 "Warmup" o.Warmup
        atLeast 1 "Draws" o.Draws
        atLeast 0 "Threads" o.Threads
        atLeast 1 "Lanes" o.Lanes
        require (o.Lanes <= 64) "Lanes" o.Lanes "give at most 64, usually 8: the lanes of a vector of doubles"
        checkStart d o.Chains o.Start
