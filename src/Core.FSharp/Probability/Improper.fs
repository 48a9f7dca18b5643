// Constant densities: priors that say nothing but where a variable lives. They cannot be normalised, so nothing is
// drawn from them; they must be written, never assumed.
// Relies on Family and Support.
namespace Ppl.Core.Probability

open Ppl.Core
open Ppl.Core.Tensors

/// The density 1 on a support.
[<Sealed>]
type ImproperDistribution internal (support: Support, event: Shape, batch: Shape) =

    let shape = Shape.ofArray (Array.append (batch.ToArray()) (event.ToArray()))

    let zero = Ops.scalar 0.0
    let one = Ops.scalar 1.0
    let between low high (x: Tensor) = Ops.logicalAnd (Ops.greater x low) (Ops.less x high)

    let increasing (x: Tensor) =
        let last = x.Shape.Rank - 1
        let n = x.Shape[last]
        let steps = Ops.slice last 1 n x - Ops.slice last 0 (n - 1) x
        Ops.greater (Ops.minAlong [| last |] steps) zero

    let allPositive (x: Tensor) = Ops.greater (Ops.minAlong [| x.Shape.Rank - 1 |] x) zero

    let holds (x: Tensor) =
        match support with
        | Support.Positive -> Some(Ops.greater x zero)
        | Support.Nonnegative -> Some(Ops.greaterEqual x zero)
        | Support.GreaterThan low -> Some(Ops.greater x low)
        | Support.LessThan high -> Some(Ops.less x high)
        | Support.Interval(low, high) -> Some(between low high x)
        | Support.UnitInterval -> Some(between zero one x)
        | Support.Ordered -> Some(increasing x)
        | Support.PositiveOrdered -> Some(Ops.logicalAnd (increasing x) (allPositive x))
        | _ -> None

    interface IDistribution with
        member _.Name = $"flat({Support.describe support})"
        member _.DType = DType.F64
        member _.Batch = batch
        member _.Event = event
        member _.Support = support

        member _.Check _ = ()

        member _.Sample _ =
            raise (
                PplException(
                    "PPL6007",
                    $"flat({Support.describe support}) is improper: there is no distribution to draw from",
                    "give the site a proper prior, or give its value"
                )
            )

        member _.LogDensity x =
            if x.Shape <> shape then
                Errors.shapes "flat" $"a value of shape {shape} is needed, got {x.Type}"

            let zeros = Ops.zeros (TensorType.create DType.F64 batch)

            match holds x with
            | Some inside -> Ops.select inside zeros (Ops.scalar -infinity)
            | None -> zeros

        member _.Mean = None
        member _.Variance = None

        member _.Expand extents =
            let batch = Shape.ofArray (Array.append (List.toArray extents) (batch.ToArray()))
            ImproperDistribution(support, event, batch)

/// Flat priors.
[<AutoOpen>]
module Improper =

    let private scalars support bounds =
        ImproperDistribution(support, Shape.scalar, Parameter.batch "flat" bounds) :> IDistribution

    /// The density 1 on the reals. Improper: a posterior may exist, a prior draw does not (PPL6007).
    let flat = scalars Support.Real []

    /// The density 1 on x > 0. Improper.
    let flatPositive = scalars Support.Positive []

    /// The density 1 between two tensors of bounds. Improper in that it is not divided by the width.
    let flatInterval low high = scalars (Support.Interval(low, high)) [ low; high ]

    /// The density 1 on low < x < high. Not normalised by the width, unlike uniform: the two differ where a bound is
    /// random.
    let inline flatBetween low high = flatInterval (Families.lift low) (Families.lift high)

    /// The density 1 on vectors x_0 < x_1 < ... of n elements. Improper.
    let flatOrdered n = ImproperDistribution(Support.Ordered, Shape.ofList [ n ], Shape.scalar) :> IDistribution

    /// The density 1 on vectors 0 < x_0 < x_1 < ... of n elements. Improper.
    let flatPositiveOrdered n =
        ImproperDistribution(Support.PositiveOrdered, Shape.ofList [ n ], Shape.scalar) :> IDistribution
