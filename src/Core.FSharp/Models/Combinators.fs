// Models made of models: scope names them, plate repeats one along an axis without dependence, scan repeats one with a
// state, map changes the result. scope and plate are interpreters around an interpreter.
// Relies on Model. Read Handlers for condition and intervene.
namespace Ppl.Core.Models

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability

/// The interpreters behind scope and plate.
module private Wrappers =

    /// Every address inside becomes scope/address.
    let rec scoped name (h: IInterpreter) =
        let inside (site: Site) = Site(Address.join name site.Address, site.Axes)

        { new IInterpreter with
            member _.Plates = h.Plates
            member _.Sample(site, d) = h.Sample(inside site, d)
            member _.Observe(site, d, value) = h.Observe(inside site, d, value)
            member _.Factor(site, logWeight) = h.Factor(inside site, logWeight)
            member _.Deterministic(site, value) = h.Deterministic(inside site, value)
            member _.Scan body = h.Scan { body with Step = fun inner -> body.Step(scoped name inner) }
        }

    /// The leading plate extents that a shape lacks: the plates less the longest run of inner-to-outer plates at its
    /// front. A shape that would fit only by repeating axes of extent 1 is refused.
    let private missing (site: Site) (plates: int list) (shape: Shape) =
        let extents = List.ofArray (shape.ToArray())
        let begins front = List.length front <= extents.Length && List.take front.Length extents = front
        let lacking = Seq.initInfinite id |> Seq.find (fun k -> begins (List.skip k plates))
        let wouldBroadcast = plates.Length > 1 && plates.Length <= extents.Length

        if
            lacking > 0
            && wouldBroadcast
            && List.forall2 (fun p e -> e = p || e = 1) plates (List.take plates.Length extents)
        then
            Refusals.plate site.Address shape (Shape.ofList plates)

        List.take lacking plates

    /// Every distribution, factor and derived value inside gets the axes of the plates in front, unless it has them.
    let rec plated (axis: Axis) (h: IInterpreter) =
        let plates = axis :: h.Plates
        let sizes = plates |> List.map _.Size
        let place (site: Site) = Site(site.Address, plates)

        // A site that has axes already comes from a plate inside this one, which has placed it.
        let spread (site: Site) (d: IDistribution) =
            match missing site sizes d.Batch with
            | _ when not site.Axes.IsEmpty -> site, d
            | [] -> place site, d
            | extents -> place site, d.Expand extents

        let fill (site: Site) (x: Tensor) =
            if not site.Axes.IsEmpty then
                site, x
            else
                let extents = missing site sizes x.Shape
                place site, Ops.broadcastTo (List.foldBack Shape.prepend extents x.Shape) x

        { new IInterpreter with
            member _.Plates = plates
            member _.Sample(site, d) = h.Sample(spread site d)

            member _.Observe(site, d, value) =
                let site, d = spread site d
                h.Observe(site, d, value)

            member _.Factor(site, logWeight) = h.Factor(fill site logWeight)
            member _.Deterministic(site, value) = h.Deterministic(fill site value)
            member _.Scan body = h.Scan { body with Step = fun inner -> body.Step(plated axis inner) }
        }

/// Models made of models.
[<AutoOpen>]
module Combinators =

    /// A model under a name: its addresses become name/address.
    let scope name (body: Model<'T>) = Model<'T>(fun h -> body.Run(Wrappers.scoped name h))

    let private along (axis: Axis) (body: Tensor -> Model<'T>) =
        Model<'T>(fun h ->
            let ones = List.replicate h.Plates.Length 1
            let index = Ops.reshape (Shape.ofList (axis.Size :: ones)) (Ops.iota axis.Size)
            (body index).Run(Wrappers.plated axis h))

    /// Independent copies of a model along a new leading axis, as one vectorised run: the log density is a loop's.
    /// body gets the indices 0 ... size - 1 as one tensor i32[size] (with trailing axes of extent 1 inside other
    /// plates, so that the index of an outer plate broadcasts against it). A distribution inside whose batch does not
    /// begin with the plate's axis is copied along it; one that does is taken as it is (so iid of the plate's own
    /// size needs no copy). Values inside have the plates' axes in front, the innermost plate first.
    let plate name size (body: Tensor -> Model<'T>) = along (Axis(name, size)) body

    /// A plate with one label for each element.
    let plateOf name (labels: string seq) (body: Tensor -> Model<'T>) =
        let labels = Array.ofSeq labels
        along (Axis(name, labels.Length, labels)) body

    /// A loop of fixed length with sites inside, as one run: step state slices -> (next state, outputs). Gives the
    /// final state and the outputs stacked. Each site's values are stacked along a leading axis of this name; the log
    /// density is that of the unrolled loop. The state keeps its types; xs are sequences of the loop's length.
    let scan name length (step: Tensor[] -> Tensor[] -> Model<Tensor[] * Tensor[]>) (initial: Tensor[]) (xs: Tensor[]) =
        Model<Tensor[] * Tensor[]>(fun h ->
            h.Scan
                {
                    Axis = Axis(name, length)
                    Step = fun inner state slices -> (step state slices).Run inner
                    Initial = initial
                    Sequences = xs
                })
