// What is wrong with a run, as data: typed diagnostics with id, place, value and advice, and one verdict over all.
// Pure functions from numbers to diagnostics; logging, printing and throwing belong to the callers.
// Every id has a page, docs/diagnostics/<id>.md.

namespace Ppl.Inference.Diagnostics

/// <summary>How much a diagnostic matters.</summary>
type Severity =
    /// Costs time, not correctness.
    | Info = 0
    /// The result may be wrong: look before using it.
    | Warning = 1
    /// The result must not be used.
    | Error = 2

/// <summary>One thing that is wrong with a run.</summary>
type Diagnostic =
    {
        /// The id, for example <c>PPL2104</c>: name of the page in docs/diagnostics.
        Id: string
        Severity: Severity
        /// The scalar concerned, with its index or label; none if the whole run is concerned.
        Site: string option
        /// The chain concerned; none if several are.
        Chain: int option
        /// What was found: a fraction of draws, an R-hat, an ESS, an E-BFMI. Never NaN; R-hat can be infinite.
        Value: float
        /// The limit that <c>Value</c> passed.
        Limit: float
        /// The draws concerned, as (chain, draw); empty unless single draws are concerned.
        Positions: struct (int * int)[]
        /// What was found, in one sentence.
        Message: string
        /// What to do.
        Advice: string
    }

/// <summary>The limits beyond which something is reported.</summary>
type Limits =
    {
        /// Fraction of draws that may diverge.
        Divergences: float
        /// Fraction of draws that may reach the maximal tree depth.
        TreeDepth: float
        /// R-hat up to which chains agree.
        RHat: float
        /// R-hat above which the result must not be used.
        RHatUnusable: float
        /// Bulk and tail ESS that are needed, per chain.
        EssPerChain: float
        /// The least E-BFMI.
        EBfmi: float
    }

    /// <summary>
    /// No divergence, no saturated tree, R-hat at most 1.01, ESS at least 100 per chain (Vehtari et al. 2021),
    /// E-BFMI at least 0.3 (Stan, ArviZ). An R-hat above 1.1, the limit of the older literature, makes the result
    /// unusable.
    /// </summary>
    static member Default =
        {
            Divergences = 0.0
            TreeDepth = 0.0
            RHat = 1.01
            RHatUnusable = 1.1
            EssPerChain = 100.0
            EBfmi = 0.3
        }

/// <summary>The verdict over a run.</summary>
type Verdict =
    /// Nothing was found.
    | Good = 0
    /// Something was found that may have bent the result.
    | LookAtThis = 1
    /// Too little to judge by: one chain, or too few draws.
    | CannotJudge = 2
    /// The chains contradict each other.
    | DoNotUse = 3

/// <summary>The checks of a run.</summary>
module Warnings =

    let private positions (flags: bool[][]) =
        [|
            for chain = 0 to flags.Length - 1 do
                for draw = 0 to flags[chain].Length - 1 do
                    if flags[chain][draw] then
                        struct (chain, draw)
        |]

    let private onlyChain (places: struct (int * int)[]) =
        match places |> Array.distinctBy (fun struct (chain, _) -> chain) with
        | [| struct (chain, _) |] -> Some chain
        | _ -> None

    /// A diagnostic about the run as a whole.
    let private finding id severity value limit message advice =
        {
            Id = id
            Severity = severity
            Site = None
            Chain = None
            Value = value
            Limit = limit
            Positions = [||]
            Message = message
            Advice = advice
        }

    /// A diagnostic about the share of flagged draws, if it passes the limit.
    let private ofFlags id severity limit what advice (flags: bool[][]) =
        let places = positions flags
        let total = flags |> Array.sumBy Array.length
        let fraction = float places.Length / float (max 1 total)

        if fraction <= limit then
            []
        else
            let message = $"{places.Length} of {total} draws {what}"

            [
                { finding id severity fraction limit message advice with
                    Chain = onlyChain places
                    Positions = places
                }
            ]

    /// <summary>PPL2101: the draws, <c>flags[chain][draw]</c>, whose trajectories diverged.</summary>
    let divergences limits flags =
        let advice =
            "Write the part of the model that the divergences point to in non-centred form, "
            + "tighten vague scale priors, or raise the target acceptance towards 0.99."

        let what = "diverged: part of the posterior was not explored"
        ofFlags "PPL2101" Severity.Warning limits.Divergences what advice flags

    /// <summary>PPL2102: the draws whose trajectories were cut at the maximal tree depth.</summary>
    let treeDepth limits maxDepth flags =
        let advice =
            "The result is not wrong, but costly: bring the parameters to a common scale, use a dense metric, "
            + "or allow deeper trees."

        let what = $"reached the maximal tree depth {maxDepth}"
        ofFlags "PPL2102" Severity.Info limits.TreeDepth what advice flags

    /// <summary>PPL2104: an R-hat above the limit. Nothing is said where it is absent: see <c>verdict</c>.</summary>
    let rHat limits (s: ScalarSummary) =
        let advice =
            "Look at the chains: if they drift, warm up and draw longer; if they sit apart, the posterior has "
            + "several modes or symmetric labels; if there are divergences, mend these first."

        match s.RHat with
        | Ok value when value > limits.RHat ->
            let severity = if value > limits.RHatUnusable then Severity.Error else Severity.Warning

            let message = $"R-hat of {s.Name} is %.3f{value}: the chains do not agree"

            [ { finding "PPL2104" severity value limits.RHat message advice with Site = Some s.Name } ]
        | _ -> []

    /// <summary>PPL2105: bulk or tail ESS below the limit for this number of chains; the smaller is reported.</summary>
    let ess limits chainCount (s: ScalarSummary) =
        let needed = limits.EssPerChain * float chainCount

        let low =
            [ "bulk", s.EssBulk; "tail", s.EssTail ]
            |> List.choose (fun (kind, ess) ->
                match ess with
                | Ok value when value < needed -> Some(kind, value)
                | _ -> None)

        match low with
        | [] -> []
        | _ ->
            let kind, value = List.minBy snd low
            let message = $"{kind} ESS of {s.Name} is %.0f{floor value}, below %.0f{needed}: estimates are noisy"
            let advice = "Draw longer. If ESS does not grow with the number of draws, rescale or rewrite the model."

            [ { finding "PPL2105" Severity.Warning value needed message advice with Site = Some s.Name } ]

    /// <summary>PPL2106: the chains whose E-BFMI, given per chain, is below the limit.</summary>
    let eBfmi limits (values: Judged[]) =
        let advice =
            "Write scales in non-centred form or give heavy-tailed parameters lighter priors; then warm up longer."

        let judge chain value =
            let message = $"E-BFMI of chain {chain} is %.2f{value}: the tails are hardly visited"

            { finding "PPL2106" Severity.Warning value limits.EBfmi message advice with Chain = Some chain }

        [
            for chain = 0 to values.Length - 1 do
                match values[chain] with
                | Ok value when value < limits.EBfmi -> judge chain value
                | _ -> ()
        ]

    /// <summary>PPL2104 and PPL2105 for every scalar of a run.</summary>
    let ofSummaries limits chainCount (summaries: ScalarSummary seq) =
        [
            for s in summaries do
                yield! rHat limits s
                yield! ess limits chainCount s
        ]

    /// A scalar that never moves (a fixed diagonal, say) is no reason for doubt; every other absence is.
    let private cannotJudge (s: ScalarSummary) =
        match s.RHat with
        | Error Absence.Constant -> false
        | Error _ -> true
        | Ok _ -> false

    /// <summary>
    /// One word over a run: <c>DoNotUse</c> if there is an error; <c>CannotJudge</c> for a single chain or where an
    /// R-hat is absent for another reason than constant draws; <c>LookAtThis</c> if there is a warning; else
    /// <c>Good</c>.
    /// </summary>
    let verdict chainCount (summaries: ScalarSummary seq) (diagnostics: Diagnostic list) =
        let worst = diagnostics |> List.fold (fun worst d -> max worst d.Severity) Severity.Info

        if worst = Severity.Error then Verdict.DoNotUse
        elif chainCount < 2 || Seq.exists cannotJudge summaries then Verdict.CannotJudge
        elif worst = Severity.Warning then Verdict.LookAtThis
        else Verdict.Good
