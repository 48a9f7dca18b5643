// What a value must satisfy before a distribution is asked about it: element type, shape, no NaN, no infinity, support.
// Traced values and bounds are not known here and pass.
// Relies on Distribution. Read Survey next.
namespace Ppl.Core.Models

open System
open System.Globalization
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability

/// Checks of values against distributions.
[<RequireQualifiedAccess>]
module internal DataCheck =

    /// The type of a value of a distribution.
    let valueType (d: IDistribution) =
        TensorType.create d.DType (Shape.ofArray (Array.append (d.Batch.ToArray()) (d.Event.ToArray())))

    let private advise (d: IDistribution) (expected: Shape) (found: Shape) =
        let extra = found.Rank - expected.Rank
        let extents = found.ToArray()

        if extra > 0 && Shape.ofArray extents[extra..] = expected then
            let copies =
                extents[.. extra - 1] |> Array.map (fun n -> $" |> iid {n}") |> Array.rev |> String.concat ""

            $"for independent values from one distribution write ...{copies}, or use plate"
        elif expected.Rank > 0 && found.Rank = expected.Rank then
            $"give {expected[0]} values along the first axis, or change the parameters of {d.Name} to the data's length"
        else
            "reshape the value, or change the parameters, so that both shapes agree"

    /// The value as the distribution's element type: what is a real number without loss becomes one; nothing else is
    /// converted.
    let convert (site: Site) (d: IDistribution) (value: Tensor) =
        match value.DType, d.DType with
        | found, expected when found = expected -> value
        | (DType.F32 | DType.I32 | DType.U32), DType.F64 -> Ops.toFloat value
        | _ ->
            let advice =
                if d.DType = DType.I32 then
                    "counts and categories are integers: Tensor.OfInts"
                else
                    "convert the value: Ops.toFloat"

            Refusals.elementType site.Address value.Type d.Name d.DType advice

    /// An error (PPL1006, PPL1004) unless the value has this type.
    let requireType (site: Site) (d: IDistribution) (expected: TensorType) (value: Tensor) =
        if value.Shape <> expected.Shape then
            Refusals.shape site.Address value.Type d.Name expected (advise d expected.Shape value.Shape)

    let private firstAndCount (bad: float -> bool) (xs: float[]) =
        match Array.tryFindIndex bad xs with
        | Some first -> Some(first, xs |> Array.filter bad |> Array.length)
        | None -> None

    /// An error (PPL1001, PPL1002) if a known value holds NaN or an infinity.
    let requireFinite (site: Site) (value: Tensor) =
        if not value.IsTraced && value.DType = DType.F64 then
            let xs = value.ToFloats()

            firstAndCount Double.IsNaN xs
            |> Option.iter (fun (first, count) -> Refusals.notANumber site.Address first count)

            firstAndCount Double.IsInfinity xs
            |> Option.iter (fun (first, count) -> Refusals.infinite site.Address first xs[first] count)

    let private element (value: Literal) (i: int) =
        match value.Data with
        | Storage.F64 xs -> xs[i].ToString("R", CultureInfo.InvariantCulture)
        | Storage.F32 xs -> xs[i].ToString("R", CultureInfo.InvariantCulture)
        | Storage.I64 xs -> string xs[i]
        | Storage.I32 xs -> string xs[i]
        | Storage.U32 xs -> string xs[i]
        | Storage.Bool xs -> string xs[i]

    /// An error (PPL1005) if a known value lies outside known bounds.
    let requireInside (site: Site) (d: IDistribution) (value: Tensor) =
        if not value.IsTraced then
            match Array.ofSeq (Support.violations d.Support value.Value) with
            | [||] -> ()
            | outside ->
                let first = outside[0]
                let shown = element value.Value first
                Refusals.outside site.Address first shown outside.Length d.Name (Support.describe d.Support)

    /// The same where the support has no bounds that might depend on random values.
    let requireInsideUnbounded (site: Site) (d: IDistribution) (value: Tensor) =
        match d.Support with
        | Support.GreaterThan _
        | Support.LessThan _
        | Support.Interval _
        | Support.IntegerInterval _ -> ()
        | _ -> requireInside site d value

    /// The value as an observation: converted, of the distribution's shape, neither NaN nor infinite where known
    /// (PPL1006, PPL1004, PPL1001, PPL1002).
    let observation (site: Site) (d: IDistribution) (value: Tensor) =
        let value = convert site d value
        requireType site d (valueType d) value
        requireFinite site value
        value
