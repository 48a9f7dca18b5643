// What one run of a model did: every site with its value and its log density, in order of the statements.
// Relies on Choices and Model. Read Recorder next.
namespace Ppl.Core.Models

open System
open Ppl.Core.Tensors

/// One site of one run.
[<NoComparison; NoEquality>]
type Visit =
    {
        /// Address and axes.
        Site: Site
        /// What the statement was.
        Kind: SiteKind
        /// The distribution's name; empty for factors and derived values.
        Distribution: string
        /// Whether the value was given from outside rather than drawn.
        IsGiven: bool
        /// The value: a choice, data, log weights, or a derived value.
        Value: Tensor
        /// The log densities of the events (the shape of the batch); log weights of a factor; zero for a derived value.
        LogDensity: Tensor
        /// What the source of values computed beside: log-Jacobians or coordinates.
        Extra: Tensor option
    }

/// Facts about visits.
[<RequireQualifiedAccess>]
module internal Visit =

    let private total (terms: Tensor seq) =
        terms
        |> Seq.map Ops.sum
        |> Seq.fold
            (fun sum term ->
                match sum with
                | None -> Some term
                | Some s -> Some(s + term))
            None
        |> Option.defaultWith (fun () -> Ops.scalar 0.0)

    /// The sum of all log densities.
    let logDensity (visits: Visit seq) =
        visits |> Seq.filter (fun v -> v.Kind <> SiteKind.Deterministic) |> Seq.map _.LogDensity |> total

    /// The sum of all log densities and of what the source computed beside.
    let logDensityAndExtra (visits: Visit seq) =
        visits
        |> Seq.filter (fun v -> v.Kind <> SiteKind.Deterministic)
        |> Seq.collect (fun v -> v.LogDensity :: Option.toList v.Extra)
        |> total

    let isSampled (v: Visit) = v.Kind = SiteKind.Sampled

    /// The choices among visits.
    let choices (visits: Visit seq) =
        visits |> Seq.filter isSampled |> Seq.map (fun v -> v.Site.Address, v.Value) |> Choices.ofSeq

/// One run of a model: its result, its choices and their log density. Immutable.
[<Sealed; NoComparison; NoEquality>]
type Trace<'T> internal (model: Model<'T>, value: 'T, visits: Visit[]) =

    let choices = lazy Visit.choices visits

    /// The model that was run.
    member _.Model = model

    /// The model's result.
    member _.Value = value

    /// All sites in order of the statements.
    member _.Visits = Array.copy visits

    /// The values of the sample sites.
    member _.Choices = choices.Value

    /// The log density of all choices, observations and factors: a scalar.
    member _.LogDensity = Visit.logDensity visits

    /// The value of a site of any kind (PPL6002 if there is none).
    member _.Item
        with get (address: string) =
            match visits |> Array.tryFind (fun v -> v.Site.Address = address) with
            | Some visit -> visit.Value
            | None -> Refusals.unknown address "in this trace" (visits |> Array.map _.Site.Address)

    /// One line per site: kind, address, value and log density.
    override _.ToString() =
        let line (v: Visit) =
            let kind = (string v.Kind).ToLowerInvariant()
            let score = if v.Kind = SiteKind.Deterministic then "" else $"  log density {Ops.sum v.LogDensity}"
            $"{kind, -13} {v.Site.Address} = {v.Value}{score}"

        String.Join("\n", visits |> Array.map line)
