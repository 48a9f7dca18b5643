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

    /// Continues chains that are between the same transitions.
    let private together (sampler: CompiledSampler) (control: RunControl) (states: ChainState[]) transitions =
        states |> Array.iter (checkState sampler)
        let first = states[0].Transition
        let until = min sampler.Total (first + transitions)
        // A cancelled run has chains that never start: no room is made for their draws.
        let until = if control.Cancellation.IsCancellationRequested then first else until
        let draws = states |> Array.map (fun _ -> Draws.allocate (drawsBetween sampler first until) sampler)
        use worker = new ChainWorker(sampler, states)
        worker.Advance(until, draws, control)
        let made = drawsBetween sampler first worker.Transition
        Array.zip (worker.Snapshot()) (draws |> Array.map (Draws.take made))

    /// <summary>
    /// Continues a chain by at most this many transitions: the state after them and the draws among them (none during the
    /// warm-up). Cancellation ends it early. Law: segments compose; two in a row give the bits of one.
    /// </summary>
    let segment (sampler: CompiledSampler) (control: RunControl) (state: ChainState) transitions : ChainState * Draws =
        (together sampler control [| state |] transitions)[0]

    /// Whole chains from states before their first transition: warm-up and sampling as two segments, timed.
    let private complete sampler control (states: ChainState[]) : ChainResult[] =
        let clock = Stopwatch.StartNew()
        let warm = together sampler control states sampler.Run.Warmup |> Array.map fst
        let warmupTime = clock.Elapsed

        together sampler control warm (sampler.Total - warm[0].Transition)
        |> Array.map (fun (final, draws) ->
            {
                Chain = final.Chain
                Draws = draws
                State = final
                WarmupTime = warmupTime
                SamplingTime = clock.Elapsed - warmupTime
            })

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
        let groups = Array.chunkBySize sampler.Run.Lanes starts
        let chains = Array.zeroCreate<ChainResult[]> groups.Length
        inParallel threads groups.Length (fun n -> chains[n] <- complete sampler control groups[n])
        RunResult(sampler, Array.concat chains, clock.Elapsed)
