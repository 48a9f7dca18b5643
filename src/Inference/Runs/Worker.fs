// One chain at work: an instance of the step program, fed with its own results, and the adaptation beside it.
// A worker is made from a state and gives one back; between the two it allocates nothing per transition.
// Relies on Sampler, ChainState, Draws. Read Run next.
namespace Ppl.Inference.Runs

open System
open System.Diagnostics
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Inference
open Ppl.Inference.Adaptation

/// Counts of one phase, for progress reports.
[<Struct>]
type internal PhaseCount =
    {
        Transitions: int
        Steps: int64
        Divergences: int
    }

    /// Before the first transition of a phase.
    static member Zero = { Transitions = 0; Steps = 0L; Divergences = 0 }

/// A chain at work. Not thread-safe.
[<Sealed>]
type internal ChainWorker(sampler: CompiledSampler, state: ChainState) =

    let step = sampler.Step.NewInstance()
    let row = sampler.Row.NewInstance()
    let adaptation = Adaptation.copy state.Adaptation
    let warmup = sampler.Run.Warmup
    let statistic name = sampler.TryStatistic name
    let acceptance = statistic "acceptance"
    let leapfrogs = statistic "leapfrogs"
    let diverging = statistic "diverging"
    let mutable transition = state.Transition
    let mutable trials = 0
    let mutable counts = PhaseCount.Zero
    let mutable lastReport = 0L

    let read (place: int voption) =
        match place with
        | ValueSome place -> step.Read(Slots.info + place, 0)
        | ValueNone -> 0.0

    let setKernel (kernel: float[][]) =
        for n in 0 .. Slots.stateCount - 1 do
            kernel[n].AsSpan().CopyTo(step.Input(Slots.state + n))

    let setStepSize logStep = (step.Input Slots.logStepSize)[0] <- logStep

    let setParameters () =
        setStepSize adaptation.LogStepSize
        adaptation.Factor.AsSpan().CopyTo(step.Input Slots.factor)

    let setStream key (number: int) limit =
        step.SetInput(Slots.key, (key: Tensors.Tensor).Value)
        step.SetInput(Slots.transition, Literal.i32 number)
        step.SetInput(Slots.limit, Literal.i32 limit)

    let setTransitions () = setStream (ChainKey.transitions sampler.Run.Seed state.Chain) transition sampler.Limit

    do
        setKernel state.Kernel
        setParameters ()
        setTransitions ()

    // ---- step sizes

    /// Trials per search: halving reaches the smallest positive number. A start far in a steep tail (a recursion that
    /// explodes, say) can need a step of 1e-50 to come down.
    let maximalTrials = 1100

    /// The acceptance statistic of a single integrator step of this size from where the chain is; the chain stays there.
    let trial logStep =
        setStepSize logStep
        step.SetInput(Slots.transition, Literal.i32 (transition * maximalTrials + trials))
        trials <- trials + 1
        step.Invoke()
        read acceptance

    /// Doubles or halves the step size until the acceptance of a single step crosses 0.8. Source: Hoffman and Gelman
    /// (2014), algorithm 4, with Stan's threshold.
    let searchStepSize () =
        setStream (ChainKey.trials sampler.Run.Seed state.Chain) 0 1
        trials <- 0
        let ln2 = 0.6931471805599453
        let grows = trial adaptation.LogStepSize > 0.8
        let factor = if grows then ln2 else -ln2
        let mutable logStep = adaptation.LogStepSize + factor

        while trials < maximalTrials && (trial logStep > 0.8) = grows do
            logStep <- logStep + factor

        Adaptation.restart logStep adaptation
        setTransitions ()
        setParameters ()

    // ---- one transition

    /// Makes the results of the transition the arguments of the next one.
    let feed () =
        step.Feed(Slots.nextTransition, Slots.transition)

        for n in 0 .. Slots.stateCount - 1 do
            step.Feed(Slots.position + n, Slots.state + n)

    let adapt () =
        let event =
            Adaptation.update
                sampler.Adaptation
                sampler.Metric
                sampler.Windows
                transition
                (read acceptance)
                (step.Output Slots.position)
                (step.Output Slots.gradient)
                adaptation

        match event with
        | AdaptationEvent.None -> setStepSize adaptation.LogStepSize
        | AdaptationEvent.MetricReplaced ->
            transition <- transition + 1
            setParameters ()
            searchStepSize ()
            transition <- transition - 1

    let keep (draws: Draws) =
        let t = transition - max warmup state.Transition
        let d, k, m = draws.Dimension, draws.RowLength, sampler.Statistics.Length
        let position = step.Output Slots.position
        position.CopyTo(draws.Positions.AsSpan(t * d, d))
        position.CopyTo(row.Input 0)
        row.Invoke()
        (row.Output 0).CopyTo(draws.Rows.AsSpan(t * k, k))
        draws.LogDensities[t] <- step.Read(Slots.logDensity, 0)

        for n in 0 .. m - 1 do
            draws.Statistics[t * m + n] <- step.Read(Slots.info + n, 0)

    let count () =
        let before = if transition = warmup then PhaseCount.Zero else counts

        counts <-
            {
                Transitions = before.Transitions + 1
                Steps = before.Steps + int64 (read leapfrogs)
                Divergences = before.Divergences + int (read diverging)
            }

    let advance draws =
        step.Invoke()
        count ()

        if transition < warmup then
            feed ()
            adapt ()
        else
            keep draws
            feed ()

        transition <- transition + 1

    // ---- reports

    let progress () =
        {
            Phase = (if transition <= warmup && warmup > 0 then RunPhase.Warmup else RunPhase.Sampling)
            Chain = state.Chain
            Transition = transition
            Total = sampler.Total
            Divergences = counts.Divergences
            StepSize = exp adaptation.LogStepSize
            StepsPerTransition = float counts.Steps / float (max 1 counts.Transitions)
        }

    let report (control: RunControl) =
        match control.Progress with
        | null -> ()
        | listener ->
            let now = Stopwatch.GetTimestamp()

            if transition = sampler.Total || Stopwatch.GetElapsedTime(lastReport, now) >= control.ReportEvery then
                lastReport <- now
                listener.Report(progress ())

    /// Transitions done.
    member _.Transition = transition

    /// Does transitions up to (not including) this one, or until cancelled; draws after the warm-up go into the table.
    member _.Advance(until: int, draws: Draws, control: RunControl) =
        if transition = 0 && warmup > 0 && until > 0 then
            searchStepSize ()

        while transition < until && not control.Cancellation.IsCancellationRequested do
            advance draws
            report control

    /// The state after the transitions done.
    member _.Snapshot() : ChainState =
        {
            Chain = state.Chain
            Transition = transition
            Kernel = Array.init Slots.stateCount (fun n -> (step.Input(Slots.state + n)).ToArray())
            Adaptation = Adaptation.copy adaptation
        }

    interface IDisposable with
        member _.Dispose() =
            step.Dispose()
            row.Dispose()
