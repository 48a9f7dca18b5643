// Where a random variable lives. A support decides the default transform to unconstrained space, what an observation may
// be, and which inference methods apply.
// Relies on Tensor. Read Bijector next.
namespace Ppl.Core.Probability

open System
open Ppl.Core
open Ppl.Core.Tensors

/// The set of values of one event. Bounds are tensors that broadcast against the value.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Support =
    /// All reals (elementwise).
    | Real
    /// x > 0
    | Positive
    /// x >= 0
    | Nonnegative
    /// x > low
    | GreaterThan of low: Tensor
    /// x < high
    | LessThan of high: Tensor
    /// low < x < high
    | Interval of low: Tensor * high: Tensor
    /// 0 < x < 1
    | UnitInterval
    /// x_0 < x_1 < ... along the last axis
    | Ordered
    /// 0 < x_0 < x_1 < ... along the last axis
    | PositiveOrdered
    /// Positive, summing to 1 along the last axis
    | Simplex
    /// Unit length along the last axis
    | UnitVector
    /// 0 or 1 (i32)
    | Boolean
    /// 0, 1, 2, ... (i32)
    | NonnegativeInteger
    /// low, ..., high (i32)
    | IntegerInterval of low: int * high: Tensor

/// Membership and names of supports.
[<RequireQualifiedAccess>]
module Support =

    /// How far the sum of a simplex and the squared length of a unit vector may be from 1 by rounding.
    [<Literal>]
    let Tolerance = 1e-8

    /// Whether the values are integers.
    let isDiscrete support =
        match support with
        | Support.Boolean
        | Support.NonnegativeInteger
        | Support.IntegerInterval _ -> true
        | _ -> false

    /// The smallest number of axes of an event.
    let eventRank support =
        match support with
        | Support.Ordered
        | Support.PositiveOrdered
        | Support.Simplex
        | Support.UnitVector -> 1
        | _ -> 0

    /// The numbers of a literal of any type, as reals.
    let private numbers (value: Literal) = Array.init value.Type.Shape.Count (Storage.number value.Data)

    /// A bound in messages: the number if there is one, else what is known of it.
    let private show (bound: Tensor) =
        if bound.IsTraced then
            "a computed bound"
        else
            match Array.distinct (numbers bound.Value) with
            | [| x |] -> x.ToString("R", Globalization.CultureInfo.InvariantCulture)
            | xs -> $"a bound between {Array.min xs} and {Array.max xs}"

    /// The support in words, for messages.
    let describe support =
        match support with
        | Support.Real -> "finite reals"
        | Support.Positive -> "positive reals"
        | Support.Nonnegative -> "non-negative reals"
        | Support.GreaterThan low -> $"reals above {show low}"
        | Support.LessThan high -> $"reals below {show high}"
        | Support.Interval(low, high) -> $"reals strictly between {show low} and {show high}"
        | Support.UnitInterval -> "reals strictly between 0 and 1"
        | Support.Ordered -> "vectors of strictly increasing finite reals"
        | Support.PositiveOrdered -> "vectors of strictly increasing positive reals"
        | Support.Simplex -> "vectors of positive reals that sum to 1"
        | Support.UnitVector -> "vectors of length 1"
        | Support.Boolean -> "0 or 1"
        | Support.NonnegativeInteger -> "integers 0, 1, 2, ..."
        | Support.IntegerInterval(low, high) -> $"integers {low}..{show high}"

    /// The bound of each element of a value; none if the bound is traced or does not broadcast (then nothing is checked).
    let private boundAt (shape: Shape) (bound: Tensor) : (int -> float) option =
        if bound.IsTraced || Shape.tryBroadcast bound.Shape shape <> Some shape then
            None
        else
            let limits = Ops.broadcastTo shape bound
            let xs = numbers limits.Value
            Some(fun i -> xs[i])

    /// The indices of the elements that a test rejects, lazily.
    let private where (bad: int -> float -> bool) (xs: float[]) : int seq =
        xs |> Seq.indexed |> Seq.filter (fun (i, x) -> bad i x) |> Seq.map fst

    let private isInteger x = Math.Floor(x: float) = x

    let private outsideBounds shape low high (xs: float[]) =
        let low = low |> Option.bind (boundAt shape) |> Option.defaultValue (fun _ -> Double.NegativeInfinity)
        let high = high |> Option.bind (boundAt shape) |> Option.defaultValue (fun _ -> Double.PositiveInfinity)

        // Written as "not inside" so that NaN is outside.
        xs |> where (fun i x -> not (Double.IsFinite x && x > low i && x < high i))

    /// The culprit of each row in which the row's own test finds one.
    let private inRows (extent: int) (culprit: float[] -> int option) (xs: float[]) : int seq =
        if extent = 0 then
            Seq.empty
        else
            xs
            |> Array.chunkBySize extent
            |> Seq.indexed
            |> Seq.choose (fun (row, x) -> culprit x |> Option.map (fun i -> row * extent + i))

    let private notIncreasing (above: float) (row: float[]) =
        row
        |> where (fun i x -> not (Double.IsFinite x && x > (if i = 0 then above else row[i - 1])))
        |> Seq.tryHead

    let private notSumming (term: float -> float) legal (row: float[]) =
        match row |> where (fun _ x -> not (legal x)) |> Seq.tryHead with
        | Some i -> Some i
        | None -> if abs (Array.sumBy term row - 1.0) <= Tolerance then None else Some 0

    /// The flat indices of the elements of a concrete value that are outside, in order and lazily (of a vector event at most
    /// one); NaN and infinities always are. Traced bounds are not checked.
    let violations support (value: Literal) : int seq =
        let xs = numbers value
        let shape = value.Type.Shape
        let last = if shape.Rank = 0 then 1 else shape[shape.Rank - 1]
        let bounds low high = outsideBounds shape low high xs
        let zero = Tensor.OfFloat 0.0

        match support with
        | Support.Real -> bounds None None
        | Support.Positive -> bounds (Some zero) None
        | Support.Nonnegative -> where (fun _ x -> not (Double.IsFinite x && x >= 0.0)) xs
        | Support.GreaterThan low -> bounds (Some low) None
        | Support.LessThan high -> bounds None (Some high)
        | Support.Interval(low, high) -> bounds (Some low) (Some high)
        | Support.UnitInterval -> bounds (Some zero) (Some(Tensor.OfFloat 1.0))
        | Support.Ordered -> inRows last (notIncreasing Double.NegativeInfinity) xs
        | Support.PositiveOrdered -> inRows last (notIncreasing 0.0) xs
        | Support.Simplex -> inRows last (notSumming id (fun x -> x > 0.0)) xs
        | Support.UnitVector -> inRows last (notSumming (fun x -> x * x) Double.IsFinite) xs
        | Support.Boolean -> where (fun _ x -> x <> 0.0 && x <> 1.0) xs
        | Support.NonnegativeInteger -> where (fun _ x -> not (isInteger x && x >= 0.0 && Double.IsFinite x)) xs
        | Support.IntegerInterval(low, high) ->
            let limit = boundAt shape high |> Option.defaultValue (fun _ -> Double.MaxValue)
            where (fun i x -> not (isInteger x && x >= float low && x <= limit i)) xs

    /// The flat index of the first element of a concrete value that is outside.
    let check support (value: Literal) : int option = violations support value |> Seq.tryHead
