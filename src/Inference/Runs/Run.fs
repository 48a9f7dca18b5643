// Runs: a chain is a fold of pure segments over its state, a run is some chains on some threads. The draws depend on
// sampler and seed alone, never on threads, segments or cancellation.
// Relies on Worker, Starts. Read Sampling next.
namespace Ppl.Inference.Runs

open System
open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Threading
open Ppl.Inference

/// Running compiled samplers.
[<RequireQualifiedAccess>]
module Run =

    let private checkState (sampler: CompiledSampler) (state: ChainState) =
        let d = sampler.Target.Dimension
        let factor = state.Adaptation.Factor.Length

        if state.Kernel.Length <> Slots.stateCount || state.Kernel[0].Length <> d then
            InferenceErrors.otherRun $"it is not of dimension {d}"

        if factor <> (Mcmc.Metric.identity sampler.Metric d).Length then
            InferenceErrors.otherRun "its metric is of another kind"

        if state.Transition > sampler.Total then
            InferenceErrors.otherRun $"it has {state.Transition} transitions, the run {sampler.Total}"

    /// The state of a chain before its first transition. PPL2103 if no start is finite.
    let start (sampler: CompiledSampler) chain : ChainState = Starts.create sampler chain

    /// The number of draws among these transitions.
    let private drawsBetween (sampler: CompiledSampler) first limit =
        let warmup = sampler.Run.Warmup
        max 0 (limit - max first warmup)

    /// <summary>
    /// Continues a chain by at most this many transitions: the state after them and the draws among them (none during the
    /// warm-up). Cancellation ends it early. Law: segments compose; two in a row give the bits of one.
    /// </summary>
    let segment (sampler: CompiledSampler) (control: RunControl) (state: ChainState) transitions : ChainState * Draws =
        checkState sampler state
        let until = min sampler.Total (state.Transition + transitions)
        // A cancelled run has chains that never start: no room is made for their draws.
        let until = if control.Cancellation.IsCancellationRequested then state.Transition else until
        let draws = Draws.allocate (drawsBetween sampler state.Transition until) sampler
        use worker = new ChainWorker(sampler, state)
        worker.Advance(until, draws, control)
        worker.Snapshot(), Draws.take (drawsBetween sampler state.Transition worker.Transition) draws

    /// A whole chain from a state: warm-up and sampling as two segments, timed.
    let private complete sampler control (state: ChainState) : ChainResult =
        let clock = Stopwatch.StartNew()
        let warmup = max 0 (sampler.Run.Warmup - state.Transition)
        let warm, _ = segment sampler control state warmup
        let warmupTime = clock.Elapsed
        let final, draws = segment sampler control warm (sampler.Total - warm.Transition)

        {
            Chain = state.Chain
            Draws = draws
            State = final
            WarmupTime = warmupTime
            SamplingTime = clock.Elapsed - warmupTime
        }

    /// Runs jobs 0 .. count - 1 on threads of their own; the first error (by job) is thrown when all have ended.
    let private inParallel threads count (job: int -> unit) =
        let errors: ExceptionDispatchInfo option[] = Array.create count None
        let next = [| -1 |]

        let rec work () =
            let n = Interlocked.Increment &next[0]

            if n < count then
                try
                    job n
                with error ->
                    errors[n] <- Some(ExceptionDispatchInfo.Capture error)

                work ()

        let others = Array.init (min threads count - 1) (fun _ -> Thread(work, IsBackground = true))

        others |> Array.iter _.Start()
        work ()
        others |> Array.iter _.Join()

        errors |> Array.tryPick id |> Option.iter _.Throw()

    /// <summary>All chains of a run.</summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL2103: a chain found no finite start.</exception>
    let all (sampler: CompiledSampler) (control: RunControl) : RunResult =
        let clock = Stopwatch.StartNew()
        let count = sampler.Run.Chains
        let threads = if sampler.Run.Threads = 0 then Environment.ProcessorCount else sampler.Run.Threads
        // All starts first: a model that cannot start is refused before any chain has run.
        let starts = Array.zeroCreate<ChainState> count
        inParallel threads count (fun chain -> starts[chain] <- start sampler chain)
        let chains = Array.zeroCreate<ChainResult> count
        inParallel threads count (fun chain -> chains[chain] <- complete sampler control starts[chain])
        RunResult(sampler, chains, clock.Elapsed)
