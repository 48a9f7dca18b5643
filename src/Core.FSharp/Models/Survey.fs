// Which sites a model has, found without drawing anything: the model is traced once with traced placeholders for its
// random values, and the program is thrown away. Whatever does not depend on a random value is concrete, so that data
// and supports are checked here; a branch on a random value is refused here (PPL5005), with the name of the site.
// Relies on Model and Bijector. Read Recorder next.
namespace Ppl.Core.Models

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability

/// What is known of a site without running the model.
[<NoComparison; NoEquality>]
type internal SurveyedSite =
    {
        Site: Site
        Kind: SiteKind
        /// None for factors and derived values. Parameters and bounds may belong to the discarded trace: only names and
        /// the kind of support may be asked for.
        Distribution: IDistribution option
        /// The support in words.
        Support: string
        Type: TensorType
        /// The shape of the unconstrained coordinates; none for what has no bijector.
        Coordinates: Shape option
    }

    /// The distribution's name; empty for factors and derived values.
    member this.Name =
        match this.Distribution with
        | Some d -> d.Name
        | None -> ""

/// Items in order of their sites, each address once (PPL6001).
[<Sealed>]
type internal Ledger<'T>() =
    let items = ResizeArray<'T>()
    let addresses = HashSet<string>()

    member _.Items = items.ToArray()
    member _.Addresses: string seq = addresses
    member val Last = "" with get, set

    member this.Add(site: Site, item: 'T) =
        if not (addresses.Add site.Address) then
            Refusals.duplicate site.Address

        this.Last <- site.Address
        items.Add item

/// The interpreter that lists sites. The seed is a traced real scalar that placeholders are made of.
[<Sealed>]
type internal Survey private (seed: Tensor) =

    let ledger = Ledger<SurveyedSite>()

    let placeholder (ty: TensorType) = Ops.convert ty.DType (Ops.broadcastTo ty.Shape seed)

    let describe (site: Site) kind (d: IDistribution) =
        {
            Site = site
            Kind = kind
            Distribution = Some d
            Support = Support.describe d.Support
            Type = DataCheck.valueType d
            Coordinates =
                if Support.isDiscrete d.Support then
                    None
                else
                    Some (Bijector.ofSupport d.Support d.Event d.Batch).UnconstrainedShape
        }

    let plain (site: Site) kind (value: Tensor) =
        {
            Site = site
            Kind = kind
            Distribution = None
            Support = ""
            Type = value.Type
            Coordinates = None
        }

    static let stack length (ty: TensorType) = TensorType.create ty.DType (Shape.prepend length ty.Shape)

    member private _.Sites = ledger.Items

    /// Runs something; a branch on a random value is refused with the name of the last site before.
    member private _.Naming(run: unit -> 'T) : 'T =
        try
            run ()
        with :? PplException as e when e.Id = "PPL5005" && isNull e.Site && ledger.Last <> "" ->
            Refusals.branch ledger.Last e

    /// The sites of one step of a scan, and the types of its outputs.
    static member OfStep(body: ScanBody) : SurveyedSite[] * TensorType[] =
        let slice (x: Tensor) = TensorType.create x.DType (Shape.tail x.Shape)
        let states = body.Initial |> Array.map _.Type
        let types = Array.concat [ [| TensorType.scalar DType.F64 |]; states; Array.map slice body.Sequences ]
        let mutable sites = [||]
        let mutable outputs = [||]

        Trace.closure types (fun args ->
            let survey = Survey(args[0])
            let state, slices = args[1 .. states.Length], args[states.Length + 1 ..]
            let _, results = survey.Naming(fun () -> body.Step survey state slices)
            sites <- survey.Sites
            outputs <- results |> Array.map _.Type
            [||])
        |> ignore

        sites, outputs

    /// An error (PPL1004) unless a value for a site inside a loop has the loop's length in front.
    static member RequireLength(length: int, s: SurveyedSite, value: Tensor) =
        if value.Shape.Rank = 0 || value.Shape[0] <> length then
            let advice = $"inside a scan of length {length} give one value for each step, along the first axis"
            Refusals.shape s.Site.Address value.Type s.Name (stack length s.Type) advice

    /// The sites of a model.
    static member OfModel(model: Model<'T>) : SurveyedSite[] =
        let mutable sites = [||]

        Trace.closure [| TensorType.scalar DType.F64 |] (fun args ->
            let survey = Survey(args[0])

            survey.Naming(fun () -> model.Run survey) |> ignore
            sites <- survey.Sites
            [||])
        |> ignore

        sites

    interface IInterpreter with
        member _.Plates = []

        member _.Sample(site, d) =
            d.Check site.Address
            ledger.Add(site, describe site SiteKind.Sampled d)
            placeholder (DataCheck.valueType d)

        member _.Observe(site, d, value) =
            d.Check site.Address
            DataCheck.observation site d value |> DataCheck.requireInside site d
            ledger.Add(site, describe site SiteKind.Observed d)

        member _.Factor(site, logWeight) = ledger.Add(site, plain site SiteKind.Factor logWeight)

        member _.Deterministic(site, value) = ledger.Add(site, plain site SiteKind.Deterministic value)

        member _.Scan body =
            let length = body.Axis.Size
            let sites, outputs = Survey.OfStep body

            for inner in sites do
                let site = Site(inner.Site.Address, body.Axis :: inner.Site.Axes)

                ledger.Add(
                    site,
                    { inner with
                        Site = site
                        Type = stack length inner.Type
                        Coordinates = inner.Coordinates |> Option.map (Shape.prepend length)
                    }
                )

            body.Initial |> Array.map (fun x -> placeholder x.Type), outputs |> Array.map (stack length >> placeholder)
