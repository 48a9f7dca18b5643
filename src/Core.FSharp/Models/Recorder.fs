// The interpreter behind all operations. What differs between them is only where the value of a sample site comes from:
// a source. Inputs are values by address that the source may use; inside a scan they are sliced, outputs are stacked.
// Relies on Trace and Survey. Read Simulate next: an operation is a source and a weight.
namespace Ppl.Core.Models

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Randomness

/// Where the values of sample sites come from.
type internal ISource =

    /// The value of a site, given its input if it has one; beside it something of the batch's shape or the input's.
    abstract Value: site: Site * distribution: IDistribution * input: Tensor option -> Tensor * Tensor option

    /// The source for one step of a scan.
    abstract Step: index: Tensor -> ISource

/// The two sources of the five operations.
[<RequireQualifiedAccess>]
module internal Source =

    /// A given choice as a value of the distribution (PPL1006, PPL1004).
    let private given (site: Site) (d: IDistribution) value =
        let value = DataCheck.convert site d value
        DataCheck.requireType site d (DataCheck.valueType d) value
        value

    /// Inputs where there are any, draws from the prior elsewhere. Every draw has the key of its own address.
    let rec draw (key: Tensor) =
        { new ISource with
            member _.Value(site, d, input) =
                match input with
                | Some value -> given site d value, None
                | None when (d :? ImproperDistribution) -> Refusals.improper site.Address d.Name
                | None -> d.Sample(Key.foldInName site.Address key), None

            member _.Step index = draw (Key.foldInTensor index key)
        }

    /// Inputs for all sites (PPL6003). `known` are all addresses that were given, for the message.
    let rec fixedTo (known: Choices) =
        { new ISource with
            member _.Value(site, d, input) =
                match input with
                | Some value -> given site d value, None
                | None -> Refusals.missing site.Address known.Addresses

            member _.Step _ = fixedTo known
        }

/// Runs a model on values from a source and records its sites.
[<Sealed>]
type internal Recorder(source: ISource, inputs: Choices) =

    let ledger = Ledger<Visit>()
    let record (visit: Visit) = ledger.Add(visit.Site, visit)

    let bare (site: Site) kind value logDensity =
        {
            Site = site
            Kind = kind
            Distribution = ""
            IsGiven = false
            Value = value
            LogDensity = logDensity
            Extra = None
        }

    let tensors (v: Visit) = [| yield v.Value; yield v.LogDensity; yield! Option.toArray v.Extra |]

    /// A visit of a step, with stacked tensors in place of its own.
    let restack (axis: Axis) (v: Visit) (stacked: Tensor[]) =
        { v with
            Site = Site(v.Site.Address, axis :: v.Site.Axes)
            Value = stacked[0]
            LogDensity = stacked[1]
            Extra = v.Extra |> Option.map (fun _ -> stacked[2])
        }

    /// The inputs of the sites inside a loop; each must have the loop's length.
    let inputsOf (body: ScanBody) =
        let sites, _ = Survey.OfStep body

        [|
            for s in sites do
                match Choices.tryFind s.Site.Address inputs with
                | Some x when s.Kind = SiteKind.Sampled ->
                    Survey.RequireLength(body.Axis.Size, s, x)
                    yield s.Site.Address, x
                | _ -> ()
        |]

    let scan (body: ScanBody) =
        let addresses, xs = Array.unzip (inputsOf body)
        let mutable visits: Visit[] = [||]
        let mutable outputCount = 0

        let step state (slices: Tensor[]) =
            let inputs = Array.zip addresses slices[1 .. addresses.Length] |> Choices.ofSeq
            let inner = Recorder(source.Step slices[0], inputs)
            let next, outputs = body.Step inner state slices[addresses.Length + 1 ..]
            visits <- inner.Visits
            outputCount <- outputs.Length
            next, Array.append outputs (visits |> Array.collect tensors)

        let sequences = Array.concat [ [| Ops.iota body.Axis.Size |]; xs; body.Sequences ]
        let final, outputs = Control.scanBy false body.Axis.Size step body.Initial sequences
        let mutable next = outputCount

        for v in visits do
            let n = (tensors v).Length
            record (restack body.Axis v outputs[next .. next + n - 1])
            next <- next + n

        final, outputs[.. outputCount - 1]

    /// The sites met so far.
    member _.Visits = ledger.Items

    /// Runs a model: its trace. Inputs that no site asks for are ignored.
    static member RunLoosely(source: ISource, inputs: Choices, model: Model<'T>) =
        let recorder = Recorder(source, inputs)
        let value = model.Run recorder
        Trace<'T>(model, value, recorder.Visits)

    /// Runs a model: its trace. Inputs that no site asks for are refused (PPL6002).
    static member Run(source: ISource, inputs: Choices, purpose: string, model: Model<'T>) =
        let trace = Recorder.RunLoosely(source, inputs, model)

        for address in inputs.Addresses do
            if not (trace.Choices.Contains address) then
                Refusals.unknown address purpose trace.Choices.Addresses

        trace

    interface IInterpreter with
        member _.Plates = []

        member _.Sample(site, d) =
            d.Check site.Address
            let input = Choices.tryFind site.Address inputs
            let value, extra = source.Value(site, d, input)

            record
                {
                    Site = site
                    Kind = SiteKind.Sampled
                    Distribution = d.Name
                    IsGiven = input.IsSome
                    Value = value
                    LogDensity = d.LogDensity value
                    Extra = extra
                }

            value

        member _.Observe(site, d, value) =
            d.Check site.Address
            let value = DataCheck.observation site d value

            record
                { bare site SiteKind.Observed value (d.LogDensity value) with
                    Distribution = d.Name
                    IsGiven = true
                }

        member _.Factor(site, logWeight) = record (bare site SiteKind.Factor logWeight logWeight)

        member _.Deterministic(site, value) = record (bare site SiteKind.Deterministic value (Ops.scalar 0.0))

        member _.Scan body = scan body
