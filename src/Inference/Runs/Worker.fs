// Chains at work: an instance of the step program, fed with its own results, and the adaptation beside it. The program makes
// the transitions of one chain, or of as many as it has lanes; the chains of a worker are between the same transitions.
// A worker is made from states and gives states back; between the two it allocates nothing per transition.
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

/// Chains at work, one per lane of the step program; lanes that are left over repeat the last chain. Not thread-safe.
[<Sealed>]
type internal ChainWorker(sampler: CompiledSampler, states: ChainState[]) =

    let lanes = sampler.Run.Lanes
    let d = sampler.Target.Dimension
    let step = sampler.Step.NewInstance()
    let row = sampler.Row.NewInstance()
    let ofLane = Array.init lanes (fun lane -> states[min lane (states.Length - 1)])
    let adaptations = ofLane |> Array.map (fun state -> Adaptation.copy state.Adaptation)
    let warmup = sampler.Run.Warmup
    let first = states[0].Transition
    let statistic name = sampler.TryStatistic name
    let acceptance = statistic "acceptance"
    let leapfrogs = statistic "leapfrogs"
    let diverging = statistic "diverging"
    let mutable transition = first
    let trials = Array.zeroCreate<int> lanes
    let counts = Array.create lanes PhaseCount.Zero
    let lastReports = Array.zeroCreate<int64> lanes

    // ---- arguments and results: lane after lane

    let laneOf (all: Span<float>) lane =
        let length = all.Length / lanes
        all.Slice(lane * length, length)

    let resultOf slot length lane = (step.Output slot).Slice(lane * length, length)

    let read (place: int voption) lane =
        match place with
        | ValueSome place -> step.Read(Slots.info + place, lane)
        | ValueNone -> 0.0

    /// Whole numbers in every lane, of a shape in one lane.
    let setIntegers slot shape (values: int[]) =
        let shape = if lanes = 1 then shape else Shape.prepend lanes shape
        step.SetInput(slot, Literal.create shape (Storage.I32 values))

    let setStepSize lane logStep = (step.Input Slots.logStepSize)[lane] <- logStep

    let setParameters () =
        for lane in 0 .. lanes - 1 do
            setStepSize lane adaptations[lane].LogStepSize
            adaptations[lane].Factor.AsSpan().CopyTo(laneOf (step.Input Slots.factor) lane)

    let setStream (key: int -> Tensors.Tensor) number limit =
        let keys = ofLane |> Array.collect (fun state -> Literal.ints (key state.Chain).Value)
        setIntegers Slots.key (Shape.ofList [ 2 ]) keys
        setIntegers Slots.transition Shape.scalar (Array.create lanes number)
        setIntegers Slots.limit Shape.scalar (Array.create lanes limit)

    let setTransitions () = setStream (ChainKey.transitions sampler.Run.Seed) transition sampler.Limit

    do
        for lane in 0 .. lanes - 1 do
            for n in 0 .. Slots.stateCount - 1 do
                ofLane[lane].Kernel[n].AsSpan().CopyTo(laneOf (step.Input(Slots.state + n)) lane)

        setParameters ()
        setTransitions ()

    // ---- step sizes

    /// Trials per search: halving reaches the smallest positive number. A start far in a steep tail (a recursion that
    /// explodes, say) can need a step of 1e-50 to come down.
    let maximalTrials = 1100

    /// A single integrator step of these sizes from where the chains are, in the lanes that search; the chains stay there.
    let trial (searching: bool[]) (logSteps: float[]) =
        Array.iteri setStepSize logSteps
        setIntegers Slots.transition Shape.scalar (trials |> Array.map (fun n -> transition * maximalTrials + n))

        for lane in 0 .. lanes - 1 do
            if searching[lane] then
                trials[lane] <- trials[lane] + 1

        step.Invoke()

    /// Doubles or halves the step sizes until the acceptance of a single step crosses 0.8. Source: Hoffman and Gelman
    /// (2014), algorithm 4, with Stan's threshold.
    let searchStepSizes () =
        setStream (ChainKey.trials sampler.Run.Seed) 0 1
        Array.Clear trials
        let ln2 = 0.6931471805599453
        let searching = Array.create lanes true
        let logSteps = adaptations |> Array.map _.LogStepSize
        trial searching logSteps
        let grows = Array.init lanes (fun lane -> read acceptance lane > 0.8)

        let change lane =
            logSteps[lane] <- logSteps[lane] + (if grows[lane] then ln2 else -ln2)
            searching[lane] <- trials[lane] < maximalTrials

        for lane in 0 .. lanes - 1 do
            change lane

        while Array.contains true searching do
            trial searching logSteps

            for lane in 0 .. lanes - 1 do
                if searching[lane] then
                    if (read acceptance lane > 0.8) = grows[lane] then
                        change lane
                    else
                        searching[lane] <- false

        Array.iter2 Adaptation.restart logSteps adaptations
        setTransitions ()
        setParameters ()

    // ---- one transition

    /// Makes the results of the transition the arguments of the next one.
    let feed () =
        step.Feed(Slots.nextTransition, Slots.transition)

        for n in 0 .. Slots.stateCount - 1 do
            step.Feed(Slots.position + n, Slots.state + n)

    /// Whether the metric of a lane was replaced.
    let adaptLane lane =
        let event =
            Adaptation.update
                sampler.Adaptation
                sampler.Metric
                sampler.Windows
                transition
                (read acceptance lane)
                (resultOf Slots.position d lane)
                (resultOf Slots.gradient d lane)
                adaptations[lane]

        event = AdaptationEvent.MetricReplaced

    let adapt () =
        let mutable replaced = false

        for lane in 0 .. lanes - 1 do
            replaced <- adaptLane lane || replaced
            setStepSize lane adaptations[lane].LogStepSize

        // Windows close after the same transitions in all chains.
        if replaced then
            transition <- transition + 1
            setParameters ()
            searchStepSizes ()
            transition <- transition - 1

    let keep lane (draws: Draws) =
        let t = transition - max warmup first
        let k, m = draws.RowLength, sampler.Statistics.Length
        let position = resultOf Slots.position d lane
        position.CopyTo(draws.Positions.AsSpan(t * d, d))
        position.CopyTo(row.Input 0)
        row.Invoke()
        (row.Output 0).CopyTo(draws.Rows.AsSpan(t * k, k))
        draws.LogDensities[t] <- step.Read(Slots.logDensity, lane)

        for n in 0 .. m - 1 do
            draws.Statistics[t * m + n] <- step.Read(Slots.info + n, lane)

    let count lane =
        let before = if transition = warmup then PhaseCount.Zero else counts[lane]

        counts[lane] <-
            {
                Transitions = before.Transitions + 1
                Steps = before.Steps + int64 (read leapfrogs lane)
                Divergences = before.Divergences + int (read diverging lane)
            }

    let advance (draws: Draws[]) =
        step.Invoke()

        for chain in 0 .. states.Length - 1 do
            count chain

        if transition < warmup then
            feed ()
            adapt ()
        else
            for chain in 0 .. states.Length - 1 do
                keep chain draws[chain]

            feed ()

        transition <- transition + 1

    // ---- reports

    let progress chain =
        {
            Phase = (if transition <= warmup && warmup > 0 then RunPhase.Warmup else RunPhase.Sampling)
            Chain = states[chain].Chain
            Transition = transition
            Total = sampler.Total
            Divergences = counts[chain].Divergences
            StepSize = exp adaptations[chain].LogStepSize
            StepsPerTransition = float counts[chain].Steps / float (max 1 counts[chain].Transitions)
        }

    let report (control: RunControl) =
        match control.Progress with
        | null -> ()
        | listener ->
            for chain in 0 .. states.Length - 1 do
                let now = Stopwatch.GetTimestamp()
                let isDue = Stopwatch.GetElapsedTime(lastReports[chain], now) >= control.ReportEvery

                if transition = sampler.Total || isDue then
                    lastReports[chain] <- now
                    listener.Report(progress chain)

    /// Transitions done.
    member _.Transition = transition

    /// Does transitions up to (not including) this one, or until cancelled; draws after the warm-up go into the tables, one
    /// for each chain.
    member _.Advance(until: int, draws: Draws[], control: RunControl) =
        if transition = 0 && warmup > 0 && until > 0 then
            searchStepSizes ()

        while transition < until && not control.Cancellation.IsCancellationRequested do
            advance draws
            report control

    /// The states after the transitions done.
    member _.Snapshot() : ChainState[] =
        let kernel lane = Array.init Slots.stateCount (fun n -> (laneOf (step.Input(Slots.state + n)) lane).ToArray())

        states
        |> Array.mapi (fun lane state ->
            {
                Chain = state.Chain
                Transition = transition
                Kernel = kernel lane
                Adaptation = Adaptation.copy adaptations[lane]
            })

    interface IDisposable with
        member _.Dispose() =
            step.Dispose()
            row.Dispose()
