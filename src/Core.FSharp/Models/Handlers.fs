// Models with some of their choices fixed: condition makes them observations, intervene cuts them from their causes.
// Relies on Survey. Read Simulate next.
namespace Ppl.Core.Models

open System.Collections.Generic
open Ppl.Core.Tensors
open Ppl.Core.Probability

/// Values that replace sample sites, and which addresses the run has met.
[<NoComparison; NoEquality>]
type private Replacement =
    {
        Values: Choices
        Met: HashSet<string>
        Observed: HashSet<string>
        /// What else happens with a replaced site.
        Act: IInterpreter -> Site -> IDistribution -> Tensor -> unit
        /// Checks the values of all steps of a loop, which are traced within a step.
        Check: SurveyedSite -> Tensor -> unit
    }

module private Replacement =

    /// The values of sites inside a loop travel as further sequences.
    let rec private intoScan (r: Replacement) (h: IInterpreter) (body: ScanBody) =
        let sites, _ = Survey.OfStep body

        let inside =
            sites |> Array.filter (fun s -> s.Kind = SiteKind.Sampled && r.Values.Contains s.Site.Address)

        let sequences = inside |> Array.map (fun s -> r.Values[s.Site.Address])
        let own = body.Sequences.Length

        for s in inside do
            Survey.RequireLength(body.Axis.Size, s, r.Values[s.Site.Address])
            r.Check s r.Values[s.Site.Address]

        h.Scan
            { body with
                Sequences = Array.append body.Sequences sequences
                Step =
                    fun inner state slices ->
                        let values = Array.map2 (fun s x -> s.Site.Address, x) inside slices[own..]
                        let here = { r with Values = Choices.ofSeq values }
                        body.Step (interpreter here inner) state slices[.. own - 1]
            }

    and interpreter (r: Replacement) (h: IInterpreter) : IInterpreter =
        { new IInterpreter with
            member _.Plates = h.Plates

            member _.Sample(site, d) =
                r.Met.Add site.Address |> ignore

                match Choices.tryFind site.Address r.Values with
                | None -> h.Sample(site, d)
                | Some value ->
                    let value = DataCheck.convert site d value
                    r.Act h site d value
                    value

            member _.Observe(site, d, value) =
                r.Observed.Add site.Address |> ignore
                h.Observe(site, d, value)

            member _.Factor(site, logWeight) = h.Factor(site, logWeight)
            member _.Deterministic(site, value) = h.Deterministic(site, value)
            member _.Scan body = intoScan r h body
        }

    /// Data are finite and, where that can be known before the loop is traced, inside the support.
    let checkData (s: SurveyedSite) (value: Tensor) =
        DataCheck.requireFinite s.Site value
        s.Distribution |> Option.iter (fun d -> DataCheck.requireInsideUnbounded s.Site d value)

    let apply purpose act check (values: (string * Tensor) seq) (model: Model<'T>) =
        let values = Choices.ofSeq values

        Model<'T>(fun h ->
            let r = { Values = values; Met = HashSet(); Observed = HashSet(); Act = act; Check = check }
            let result = model.Run(interpreter r h)

            for address in values.Addresses do
                if r.Observed.Contains address then
                    Refusals.observedTwice address
                elif not (r.Met.Contains address) then
                    Refusals.unknown address purpose r.Met

            result)

/// Operations on models as values.
[<RequireQualifiedAccess>]
module Model =

    /// The model that a function of an interpreter defines.
    let ofInterpreter (run: IInterpreter -> 'T) = Model<'T> run

    /// A function of a model's result.
    let map (f: 'T -> 'U) (model: Model<'T>) = Model<'U>(fun h -> f (model.Run h))

    /// The model with these sample sites as observations: log p(latents, data) as a density of the latents.
    /// Errors: PPL6002 for an address that is no sample site; PPL1001 NaN, PPL1002 infinity, PPL1004 another shape than
    /// the distribution's, PPL1006 another element type, and PPL1005 (in a Target) outside the support.
    let condition (data: (string * Tensor) seq) (model: Model<'T>) : Model<'T> =
        let observe (h: IInterpreter) site d value = h.Observe(site, d, value)
        Replacement.apply "to condition" observe Replacement.checkData data model

    /// The model with these sample sites set from outside: their own terms leave the density, everything after sees the
    /// values (Pearl's do). Errors as for condition.
    let intervene (values: (string * Tensor) seq) (model: Model<'T>) : Model<'T> =
        Replacement.apply "to set" (fun _ _ _ _ -> ()) (fun _ _ -> ()) values model
