// Warm-up as a state machine beside the chain: plain host code that looks at each transition and sets step size and metric.
// The state is small and is saved with the chain. Updates allocate nothing except where a window closes.
// Relies on DualAveraging, Windows, MetricEstimate. Read Runs/Options next.
namespace Ppl.Inference.Adaptation

open System
open Ppl.Inference.Mcmc

/// Which family of metrics a run uses.
[<RequireQualifiedAccess; Struct>]
type MetricChoice =
    /// Dense where a warm-up can learn it and it costs little, else diagonal: see Adaptation.metric.
    | Automatic
    /// This one.
    | Fixed of kind: MetricKind

/// How a warm-up adapts.
type AdaptationOptions =
    {
        /// The wanted mean acceptance statistic, between 0 and 1. Default 0.8 (Stan).
        TargetAcceptance: float
        /// The step size to start from. Default 1.
        InitialStepSize: float
        /// The family of the metric. Default automatic.
        Metric: MetricChoice
        /// What the metric is estimated from.
        Source: MetricSource
        /// Transitions before the first window. Default 75.
        InitialBuffer: int
        /// The length of the first window. Default 25.
        FirstWindow: int
        /// Transitions after the last window. Default 50.
        FinalBuffer: int
    }

    /// Stan's settings, but for the metric.
    static member Default =
        {
            TargetAcceptance = 0.8
            InitialStepSize = 1.0
            Metric = MetricChoice.Automatic
            Source = MetricSource.Draws
            InitialBuffer = 75
            FirstWindow = 25
            FinalBuffer = 50
        }

/// What adaptation has learnt so far. Updated in place while a segment runs; `Adaptation.copy` for keeping.
[<NoComparison; NoEquality>]
type AdaptationState =
    {
        /// Step size control.
        mutable Steps: DualAveraging
        /// ln of the step size of the next transition.
        mutable LogStepSize: float
        /// The factor of the inverse metric.
        Factor: float[]
        /// Moments of the positions of the present window.
        Draws: RunningMoments
        /// Moments of their gradients.
        Gradients: RunningMoments
    }

/// What the chain must do after an update.
[<RequireQualifiedAccess; Struct>]
type AdaptationEvent =
    /// Nothing.
    | None
    /// The metric is new: find a step size for it, then call `restart`.
    | MetricReplaced

/// Warm-up adaptation.
[<RequireQualifiedAccess>]
module Adaptation =

    /// The dimension up to which a dense metric costs little beside a gradient.
    let private denseLimit = 32

    /// Draws per coordinate that a covariance is learnt from: with n draws in d dimensions its condition number is off by a
    /// factor of about ((1 + sqrt(d/n)) / (1 - sqrt(d/n)))^2, which is 2.5 for n = 20 d.
    let private drawsPerCoordinate = 20

    /// The windows of a warm-up of this length.
    let windows (options: AdaptationOptions) warmup =
        Windows.create options.InitialBuffer options.FirstWindow options.FinalBuffer warmup

    /// The family of metrics in d dimensions. Automatic: dense if d is at most 32 and the last window has at least 20 draws
    /// per coordinate; correlated posteriors gain a factor of 10 to 100 in gradients, independent ones lose little.
    let metric (options: AdaptationOptions) (windows: Windows) d =
        match options.Metric, options.Source with
        | MetricChoice.Fixed kind, _ -> kind
        | MetricChoice.Automatic, MetricSource.DrawsAndGradients -> MetricKind.Diagonal
        | MetricChoice.Automatic, MetricSource.Draws ->
            if d <= denseLimit && windows.LastLength >= drawsPerCoordinate * d then
                MetricKind.Dense
            else
                MetricKind.Diagonal

    /// Before the first transition: M = I.
    let start (options: AdaptationOptions) kind d =
        let logStep = log options.InitialStepSize

        {
            Steps = DualAveraging.start logStep
            LogStepSize = logStep
            Factor = Metric.identity kind d
            Draws = if kind = MetricKind.Dense then RunningMoments.dense d else RunningMoments.diagonal d
            Gradients = RunningMoments.diagonal d
        }

    /// A copy that shares nothing.
    let copy state =
        { state with
            Factor = Array.copy state.Factor
            Draws = RunningMoments.copy state.Draws
            Gradients = RunningMoments.copy state.Gradients
        }

    /// Starts step size control anew from a step size.
    let restart logStep state =
        state.Steps <- DualAveraging.start logStep
        state.LogStepSize <- logStep

    let private closeWindow (options: AdaptationOptions) kind state =
        MetricEstimate.replace kind options.Source state.Draws state.Gradients state.Factor
        RunningMoments.clear state.Draws
        RunningMoments.clear state.Gradients

    /// Takes in one warm-up transition: its number, acceptance statistic, new position and gradient.
    let update
        (options: AdaptationOptions)
        kind
        (windows: Windows)
        transition
        acceptance
        (position: ReadOnlySpan<float>)
        (gradient: ReadOnlySpan<float>)
        state
        =
        state.Steps <- DualAveraging.update options.TargetAcceptance acceptance state.Steps
        state.LogStepSize <- state.Steps.LogStep

        if kind <> MetricKind.Identity && windows.Learns transition then
            RunningMoments.add state.Draws position
            RunningMoments.add state.Gradients gradient

        if transition = windows.Warmup - 1 then
            state.LogStepSize <- state.Steps.LogStepMean

        if kind <> MetricKind.Identity && windows.Closes transition then
            closeWindow options kind state
            AdaptationEvent.MetricReplaced
        else
            AdaptationEvent.None
