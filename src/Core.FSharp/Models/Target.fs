// A conditioned model as a log density over one flat unconstrained vector: what gradient-based inference sees.
//   log pi(q) = log p(x(q), data) + sum over sites of ln |det dx/dq|,
// x the default bijector of each site's support. A support may depend on sites before it: it is made anew from the
// already constrained values in every run. The order of the vector is the order of the sample statements.
// Relies on Recorder, Survey and Bijector.
namespace Ppl.Core.Models

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Ppl.Core.Randomness

/// A latent site of a target, and its place in the flat vector.
[<Sealed; NoComparison; NoEquality>]
type TargetSite internal (site: Site, ty: TensorType, distribution: string, support: string, coordinates: Shape, offset)
    =

    /// The address.
    member _.Address = site.Address

    /// The named axes at the front of the shape; axes behind them have no name.
    member _.Axes = site.Axes

    /// Element type and shape of the value.
    member _.Type = ty

    /// The distribution's name.
    member _.Distribution = distribution

    /// The support in words.
    member _.Support = support

    /// The shape of the unconstrained coordinates.
    member _.Coordinates = coordinates

    /// The first coordinate's index in the flat vector.
    member _.Offset: int = offset

    /// The number of unconstrained coordinates.
    member _.Length = coordinates.Count

    /// The number of elements of the value (a simplex of K elements has K - 1 coordinates).
    member _.ConstrainedLength = ty.Shape.Count

/// The sources of values that targets use.
module private Coordinates =

    let bijector (site: Site) (d: IDistribution) =
        try
            Bijector.ofSupport d.Support d.Event d.Batch
        with :? PplException as e when e.Id = "PPL6010" ->
            Refusals.discrete site.Address d.Name (Support.describe d.Support)

    /// The input is an unconstrained coordinate: the value, and beside it the log-Jacobian.
    let rec constrain =
        { new ISource with
            member _.Value(site, d, input) =
                match input, d.Support with
                | None, _ -> Refusals.structure site.Address
                | Some u, Support.Real when u.Shape = (DataCheck.valueType d).Shape -> u, None
                | Some u, _ ->
                    let bijector = bijector site d

                    if u.Shape <> bijector.UnconstrainedShape then
                        Refusals.structure site.Address

                    let value, logJacobian = bijector.FromReal u
                    value, Some logJacobian

            member _.Step _ = constrain
        }

    /// The values of a source of values, and beside them their coordinates.
    let rec unconstrain (source: ISource) =
        { new ISource with
            member _.Value(site, d, input) =
                let value, _ = source.Value(site, d, input)
                value, Some((bijector site d).ToReal value)

            member _.Step index = unconstrain (source.Step index)
        }

    /// Draws from the distributions; where one is improper, coordinates uniform on (-2, 2).
    let rec prior (key: Tensor) =
        { new ISource with
            member _.Value(site, d, _) =
                let own = Key.foldInName site.Address key

                match d with
                | :? ImproperDistribution ->
                    let bijector = bijector site d
                    let u = 4.0 * Ops.uniform bijector.UnconstrainedShape own - 2.0
                    fst (bijector.FromReal u), None
                | _ -> d.Sample own, None

            member _.Step index = prior (Key.foldInTensor index key)
        }

/// A log density over R^d with the transforms to and from the sites of a model.
[<Sealed; NoComparison; NoEquality>]
type Target private (sites: TargetSite[], run: ISource -> Choices -> Visit[]) =

    let dimension = sites |> Array.sumBy _.Length

    let inputs (q: Tensor) =
        if q.Type <> TensorType.create DType.F64 (Shape.ofList [ dimension ]) then
            Errors.shapes "Target" $"the vector of all coordinates is f64[{dimension}], got {q.Type}"

        sites
        |> Array.map (fun s -> s.Address, Ops.slice 0 s.Offset (s.Offset + s.Length) q |> Ops.reshape s.Coordinates)
        |> Choices.ofSeq

    let at (q: Tensor) =
        let visits = run Coordinates.constrain (inputs q)
        let met = visits |> Seq.filter Visit.isSampled |> Seq.map _.Site.Address |> Set.ofSeq

        sites
        |> Array.iter (fun s ->
            if not (met.Contains s.Address) then
                Refusals.structure s.Address)

        visits

    let coordinates (visits: Visit[]) =
        let parts =
            visits |> Array.filter Visit.isSampled |> Array.map (fun v -> Ops.flatten (Option.get v.Extra))

        if parts.Length = 0 then
            Ops.zeros (TensorType.create DType.F64 (Shape.ofList [ 0 ]))
        else
            Ops.concat 0 parts

    static let place offset (s: SurveyedSite) =
        match s.Coordinates with
        | Some shape -> TargetSite(s.Site, s.Type, s.Name, s.Support, shape, offset), offset + shape.Count
        | None -> Refusals.discrete s.Site.Address s.Name s.Support

    /// The target of a model; condition it on its data first. The model is traced once to find its sites and to check
    /// its data: PPL6004 for a discrete latent site, PPL6001 for a duplicate address, PPL5005 for a branch on a
    /// random value, and the errors of Model.condition.
    static member OfModel(model: Model<'T>) =
        let latent = Survey.OfModel model |> Array.filter (fun s -> s.Kind = SiteKind.Sampled)
        let sites, _ = Array.mapFold place 0 latent
        Target(sites, fun source inputs -> Recorder.RunLoosely(source, inputs, model).Visits)

    /// The length of the flat vector.
    member _.Dimension = dimension

    /// The latent sites in order.
    member _.Sites = Array.copy sites

    /// q: f64[d] -> log p(x(q), data) + log-Jacobians: f64[]. Traceable and differentiable.
    member _.LogDensity(q: Tensor) : Tensor = at q |> Visit.logDensityAndExtra

    /// q -> the sum of the log densities (and log-Jacobians) of each site, in order: for reports of where a density
    /// is not finite.
    member _.LogDensityBySite(q: Tensor) : (string * Tensor)[] =
        at q
        |> Array.filter (fun v -> v.Kind <> SiteKind.Deterministic)
        |> Array.map (fun v -> v.Site.Address, Visit.logDensityAndExtra [ v ])

    /// q -> the values of the sample sites and the derived values, in order. Traceable.
    member _.Constrain(q: Tensor) : (string * Tensor)[] =
        at q
        |> Array.filter (fun v -> v.Kind = SiteKind.Sampled || v.Kind = SiteKind.Deterministic)
        |> Array.map (fun v -> v.Site.Address, v.Value)

    /// Values of all sample sites -> q, the inverse of Constrain. PPL6003 for a missing value, PPL1004 for a wrong
    /// shape.
    member _.Unconstrain(choices: Choices) : Tensor =
        run (Coordinates.unconstrain (Source.fixedTo choices)) choices |> coordinates

    /// key -> q, a draw from the prior (uniform on (-2, 2) in the coordinates of improper priors).
    member _.PriorDraw(key: Tensor) : Tensor =
        run (Coordinates.unconstrain (Coordinates.prior key)) Choices.empty |> coordinates

/// Targets of models.
[<RequireQualifiedAccess>]
module Target =

    /// The target of a conditioned model.
    let ofModel (model: Model<'T>) = Target.OfModel model
