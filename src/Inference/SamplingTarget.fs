// What samplers see of a model: a log density over R^d, what to report of each draw, and where a bad density comes from.
// Relies on Core's Target. Read Kernel next.
namespace Ppl.Inference

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Models
open Ppl.Core.Tensors

/// A named value that is computed from each draw.
[<NoComparison>]
type ReportedValue =
    {
        /// The address of the site.
        Name: string
        /// The extents of the value.
        Shape: Shape
        /// Its first element in a row of values.
        Offset: int
    }

    /// The number of elements.
    member this.Length = this.Shape.Count

    /// The name of one element, for example theta[3] or beta[1,0] (counted from 0); the bare name for a scalar.
    member this.ElementName index =
        if this.Shape.Rank = 0 then
            this.Name
        else
            let strides = Shape.strides this.Shape
            let places = Array.mapi (fun axis step -> string (index / step % this.Shape[axis])) strides
            $"""{this.Name}[{System.String.Join(",", places)}]"""

/// A log density over R^d with its report.
[<NoComparison; NoEquality>]
type SamplingTarget =
    {
        /// d
        Dimension: int
        /// q: f64[d] -> log pi(q): f64[], up to a constant; differentiable.
        LogDensity: Tensor -> Tensor
        /// q -> the log density of each site, for reports.
        LogDensityBySite: Tensor -> (string * Tensor)[]
        /// The site of each coordinate.
        Coordinates: string[]
        /// What is reported of each draw, in order; row offsets without gaps.
        Values: ReportedValue[]
        /// q -> the reported values, as one row of reals.
        Row: Tensor -> Tensor
    }

    /// The length of a row of reported values.
    member this.RowLength = this.Values |> Array.sumBy _.Length

/// Making targets of samplers.
[<RequireQualifiedAccess>]
module SamplingTarget =

    let private offsets (values: (string * Shape)[]) : ReportedValue[] =
        let place offset (name, shape: Shape) = { Name = name; Shape = shape; Offset = offset }, offset + shape.Count

        values |> Array.mapFold place 0 |> fst

    let internal vector d = TensorType.create DType.F64 (Shape.ofList [ d ])

    let private row (values: Tensor[]) = values |> Array.map (Ops.toFloat >> Ops.flatten) |> Ops.concat 0

    /// A log density of its own, reported as the vector q itself under this name.
    let ofDensity name dimension (logDensity: Tensor -> Tensor) : SamplingTarget =
        {
            Dimension = dimension
            LogDensity = logDensity
            LogDensityBySite = fun q -> [| name, logDensity q |]
            Coordinates = Array.create dimension name
            Values = offsets [| name, Shape.ofList [ dimension ] |]
            Row = id
        }

    /// A conditioned model: its sample sites and derived values are reported on their own scale.
    let ofTarget (target: Target) : SamplingTarget =
        let d = target.Dimension
        let names = ResizeArray<string>()

        // Traced once for the shapes alone.
        let shapes =
            Trace.program [| vector d |] (fun args ->
                let values = target.Constrain args[0]
                names.AddRange(values |> Array.map fst)
                Array.map snd values)
            |> Program.outputTypes

        {
            Dimension = d
            LogDensity = target.LogDensity
            LogDensityBySite = target.LogDensityBySite
            Coordinates = target.Sites |> Array.collect (fun site -> Array.create site.Length site.Address)
            Values = Array.zip (names.ToArray()) (shapes |> Array.map _.Shape) |> offsets
            Row = target.Constrain >> Array.map snd >> row
        }
