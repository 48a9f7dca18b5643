// How models are written in F#: model { let! mu = sample "mu" (normal 0.0 1.0) ... }.
// Relies on Model. Read Combinators next.
namespace Ppl.Core.Models

open Ppl.Core.Tensors
open Ppl.Core.Probability

/// The computation expression for models. There is no `while` and no `try`: a model has a static structure unless it
/// branches on values, which only eager execution allows. `for` is unrolled: give each turn its own addresses, or use
/// plate and scan, which are one statement for all turns. `and!` says that two statements are independent.
[<Sealed>]
type ModelBuilder() =

    /// The result of a model without statements.
    member _.Return(x: 'T) = Model<'T>(fun _ -> x)

    /// Another model in this place.
    member _.ReturnFrom(m: Model<'T>) = m

    /// One model after another, which may use its result.
    member _.Bind(m: Model<'T>, next: 'T -> Model<'U>) = Model<'U>(fun h -> (next (m.Run h)).Run h)

    /// A function of a model's result.
    member _.BindReturn(m: Model<'T>, f: 'T -> 'U) = Model<'U>(fun h -> f (m.Run h))

    /// Two models that do not depend on each other.
    member _.MergeSources(a: Model<'T>, b: Model<'U>) = Model<'T * 'U>(fun h -> a.Run h, b.Run h)

    /// No statement.
    member _.Zero() = Model<unit>(fun _ -> ())

    /// One model after another.
    member _.Combine(first: Model<unit>, next: Model<'T>) =
        Model<'T>(fun h ->
            first.Run h
            next.Run h)

    /// A model that is made anew in every run.
    member _.Delay(make: unit -> Model<'T>) = Model<'T>(fun h -> (make ()).Run h)

    /// One model for each element, one after another.
    member _.For(xs: 'T seq, body: 'T -> Model<unit>) =
        Model<unit>(fun h ->
            for x in xs do
                (body x).Run h)

/// The statements of models.
[<AutoOpen>]
module Statements =

    /// Builds a model from statements.
    let model = ModelBuilder()

    /// A random choice: its value.
    let sample address (distribution: IDistribution) = Model<Tensor>(fun h -> h.Sample(Site address, distribution))

    /// A value that a distribution has produced: data.
    let observe address (distribution: IDistribution) value =
        Model<unit>(fun h -> h.Observe(Site address, distribution, value))

    /// A term of the log density (its elements are summed).
    let factor address logWeight = Model<unit>(fun h -> h.Factor(Site address, logWeight))

    /// A derived value, reported under a name: the value itself.
    let deterministic address (value: Tensor) =
        Model<Tensor>(fun h ->
            h.Deterministic(Site address, value)
            value)
