// What a run gives back: the chains, and what the diagnostics say about them.
// Relies on Draws, ChainState and Diagnostics. Read Run next.
namespace Ppl.Inference

open System
open Ppl.Core
open Ppl.Inference.Adaptation
open Ppl.Inference.Diagnostics
open Ppl.Inference.Runs

/// One chain of a run.
[<NoComparison; NoEquality>]
type ChainResult =
    {
        /// The chain's number, from 0.
        Chain: int
        /// The draws after the warm-up.
        Draws: Draws
        /// The state after the last transition; a run can be continued from it.
        State: ChainState
        /// The time of the warm-up.
        WarmupTime: TimeSpan
        /// The time of the sampling.
        SamplingTime: TimeSpan
    }

    /// The step size that draws are made with.
    member this.StepSize = exp this.State.Adaptation.LogStepSize

    /// The factor L of the inverse metric M^-1 = L L' that draws are made with.
    member this.Factor = this.State.Adaptation.Factor

/// <summary>The result of a run of several chains.</summary>
[<Sealed; NoComparison; NoEquality>]
type RunResult internal (sampler: CompiledSampler, chains: ChainResult[], elapsed: TimeSpan) =

    let draws = chains |> Array.map _.Draws
    let trimmed table = Chains.trim (draws |> Array.map table)

    let summaries =
        lazy
            [|
                for value in sampler.Target.Values do
                    for i in 0 .. value.Length - 1 do
                        Summary.ofDraws (value.ElementName i) (trimmed _.Column(value.Offset + i))
            |]

    let flags name =
        draws
        |> Array.map (fun chain ->
            match chain.Statistic name with
            | null -> [||]
            | column -> column |> Array.map (fun x -> x <> 0.0))

    let energies () = draws |> Array.choose (fun chain -> Option.ofObj (chain.Statistic "energy"))

    let diagnostics =
        lazy
            (let limits = Limits.Default

             [
                 yield! Warnings.divergences limits (flags "diverging")
                 yield! Warnings.treeDepth limits sampler.Limit (flags "saturated")
                 yield! Warnings.eBfmi limits (energies () |> Array.map Energy.bfmi)
                 yield! Warnings.ofSummaries limits chains.Length summaries.Value
             ])

    /// What was sampled, and how.
    member _.Sampler = sampler

    /// The chains in order.
    member _.Chains = chains

    /// Whether the run was cancelled before all draws were made.
    member _.IsPartial = chains |> Array.exists (fun c -> c.State.Transition < sampler.Total)

    /// The time of the whole run, compilation not included.
    member _.Elapsed = elapsed

    /// The reported values.
    member _.Values = sampler.Target.Values

    /// draws[chain][draw] of one element of a reported value, as many of each chain as were made.
    member _.DrawsOf(value: ReportedValue, element: int) : float[][] =
        draws |> Array.map _.Column(value.Offset + element)

    /// The value of this name. PPL5008 if there is none.
    member _.Value(name: string) : ReportedValue =
        match sampler.Target.Values |> Array.tryFind (fun v -> v.Name = name) with
        | Some value -> value
        | None ->
            let names = sampler.Target.Values |> Array.map _.Name |> String.concat ", "
            Errors.argument "Value" $"no value is named '{name}'" $"the values are: {names}"

    /// Mean, sd, interval, ESS, R-hat and MCSE of each element of each value; made when first asked for.
    member _.Summaries: ScalarSummary[] = summaries.Value

    /// What is wrong with the run; made when first asked for.
    member _.Diagnostics: Diagnostic list = diagnostics.Value

    /// One word over the run.
    member _.Verdict: Verdict = Warnings.verdict chains.Length summaries.Value diagnostics.Value
