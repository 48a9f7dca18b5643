// What every family shares: a description becomes a distribution. Shapes are checked here once, so that the families
// below are their formulas and nothing else.
// Relies on Distribution and Parameter. Read Reals next.
namespace Ppl.Core.Probability

open System
open Ppl.Core
open Ppl.Core.Tensors

/// A family with its parameters filled in. The functions capture the parameters at their own shapes; whatever they
/// compute is broadcast afterwards, so that terms of few elements stay small.
[<NoComparison; NoEquality>]
type Family =
    {
        /// The family and the names of its parameters, for messages.
        Name: string
        /// The parameters, for checks and messages.
        Parameters: Parameter list
        /// The element type of a draw.
        DType: DType
        /// The common shape of the parameters (without the axes of an event).
        Batch: Shape
        /// The shape of one event.
        Event: Shape
        /// Where an event lives.
        Support: Support
        /// Draws of the given shape (Batch + Event, wider after Expand) from a key.
        Sample: Shape -> Tensor -> Tensor
        /// x of shape Batch + Event -> the log density of each event; may be narrower than Batch.
        LogDensity: Tensor -> Tensor
        /// Computes the mean, where it exists; may be narrower than Batch + Event.
        Mean: (unit -> Tensor) option
        /// Computes the variance, where it exists.
        Variance: (unit -> Tensor) option
    }

/// Distributions from descriptions, and what the families use in their formulas.
[<RequireQualifiedAccess>]
module Family =

    let private whole (family: Family) = Shape.ofArray (Array.append (family.Batch.ToArray()) (family.Event.ToArray()))

    let private logDensity (family: Family) (x: Tensor) =
        if x.Shape <> whole family then
            Errors.shapes family.Name $"a value of shape {whole family} is needed, got {x.Type}"

        if x.DType <> family.DType then
            Errors.dtypes family.Name $"a value of type {DType.name family.DType} is needed, got {x.Type}"

        Ops.broadcastTo family.Batch (family.LogDensity x)

    /// The distribution that a description describes.
    let rec distribution (family: Family) : IDistribution =
        let check site = family.Parameters |> List.iter (Parameter.check site family.Name)
        let checkedOnce = lazy (check null)
        let spread compute = compute () |> Ops.broadcastTo (whole family)

        { new IDistribution with
            member _.Name = family.Name
            member _.DType = family.DType
            member _.Batch = family.Batch
            member _.Event = family.Event
            member _.Support = family.Support
            member _.Check site = check site

            member _.Sample key =
                checkedOnce.Force()
                family.Sample (whole family) key

            member _.LogDensity x =
                checkedOnce.Force()
                logDensity family x

            member _.Mean = Option.map spread family.Mean
            member _.Variance = Option.map spread family.Variance

            member _.Expand extents =
                let wider = Array.append (List.toArray extents) (family.Batch.ToArray())
                distribution { family with Batch = Shape.ofArray wider }
        }

    /// A family of independent scalars: real draws, no moments until they are given.
    let scalar name (parameters: Parameter list) support sample logDensity : Family =
        {
            Name = name
            Parameters = parameters
            DType = DType.F64
            Batch = Parameter.batch name (parameters |> List.map _.Value)
            Event = Shape.scalar
            Support = support
            Sample = sample
            LogDensity = logDensity
            Mean = None
            Variance = None
        }

    /// The same family with mean and variance.
    let withMoments mean variance (family: Family) = { family with Mean = Some mean; Variance = Some variance }

    /// -inf
    let internal minusInfinity = Tensor.OfFloat Double.NegativeInfinity

    /// A density that is -inf with gradient zero outside. The inner select keeps the formula away from points where its
    /// derivative is not finite: without it, 0 times infinity in the reverse sweep makes NaN of the whole gradient.
    let inside (condition: Tensor -> Tensor) (interior: float) (density: Tensor -> Tensor) (x: Tensor) : Tensor =
        let holds = condition x
        Ops.select holds (density (Ops.select holds x (Ops.fill (TensorType.scalar x.DType) interior))) minusInfinity

    /// (x - loc) / scale. Multiplies with the reciprocal: one division per scale, not one per value.
    let internal standardise (loc: Tensor) (scale: Tensor) (x: Tensor) = (x - loc) * Ops.reciprocal scale
