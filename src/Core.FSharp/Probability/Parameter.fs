// What a parameter of a family must satisfy. Known parameters are checked when the distribution is used, so that the error
// can name the site of the model; traced ones are not known and give -inf or NaN densities by arithmetic where invalid.
// Relies on Support. Read Family next.
namespace Ppl.Core.Probability

open System
open Ppl.Core
open Ppl.Core.Tensors

/// What the elements of a parameter must be.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Rule =
    /// A finite real.
    | Finite
    /// 0 < x < infinity
    | Positive
    /// 0 <= x < infinity
    | Nonnegative
    /// 0 <= x <= 1
    | Probability
    /// Probabilities that sum to 1 along the last axis.
    | Probabilities
    /// Neither NaN nor +infinity; -infinity is the logarithm of 0.
    | LogWeight
    /// 0, 1, 2, ...
    | Count
    /// A finite real greater than another parameter.
    | Above of name: string * bound: Tensor
    /// Along the last two axes: zero above the diagonal, positive on it, finite below.
    | CholeskyFactor
    /// Along the last two axes: symmetric and positive definite, and finite.
    | Covariance

/// A parameter of a distribution.
[<NoComparison; NoEquality>]
type Parameter =
    {
        /// Its name in messages.
        Name: string
        /// What its elements must be.
        Rule: Rule
        /// Its value.
        Value: Tensor
    }

/// Checking parameters.
[<RequireQualifiedAccess>]
module Parameter =

    /// A parameter.
    let create name rule value = { Name = name; Rule = rule; Value = value }

    /// A parameter that must be a finite real.
    let finite name value = create name Rule.Finite value

    /// A parameter that must be positive and finite.
    let positive name value = create name Rule.Positive value

    /// A parameter that must be non-negative and finite.
    let nonnegative name value = create name Rule.Nonnegative value

    /// A parameter that must be between 0 and 1.
    let probability name value = create name Rule.Probability value

    let private describe rule =
        match rule with
        | Rule.Finite -> "finite"
        | Rule.Positive -> "positive and finite"
        | Rule.Nonnegative -> "non-negative and finite"
        | Rule.Probability -> "between 0 and 1"
        | Rule.Probabilities -> "probabilities that sum to 1 along the last axis"
        | Rule.LogWeight -> "a real or -infinity"
        | Rule.Count -> "a non-negative integer"
        | Rule.Above(name, _) -> $"finite and greater than '{name}'"
        | Rule.CholeskyFactor -> "lower triangular with a positive diagonal, and finite"
        | Rule.Covariance -> "symmetric and positive definite, and finite"

    let private isFinite (x: float) = Double.IsFinite x

    /// The index and value of the first element that breaks an elementwise rule.
    let private firstWhere (breaks: int -> float -> bool) (xs: float[]) : (int * float) option =
        xs |> Seq.indexed |> Seq.tryFind (fun (i, x) -> breaks i x)

    /// The first element that is no probability, else the start and the sum of the first row that does not sum to 1.
    let private improperRow size (xs: float[]) =
        match firstWhere (fun _ x -> not (x >= 0.0 && x <= 1.0)) xs with
        | Some offender -> Some offender
        | None ->
            xs
            |> Array.chunkBySize size
            |> Seq.mapi (fun row values -> row * size, Array.sum values)
            |> Seq.tryFind (fun (_, total) -> not (abs (total - 1.0) <= Support.Tolerance))

    let private notAbove (bound: Tensor) (value: Tensor) =
        match Shape.tryBroadcast bound.Shape value.Shape with
        | Some shape when not bound.IsTraced ->
            let limits = Literal.floats (Ops.broadcastTo shape (Ops.toFloat bound)).Value
            let values = Literal.floats (Ops.broadcastTo shape value).Value
            firstWhere (fun i x -> not (isFinite x && x > limits[i])) values
        | _ -> None

    /// Elements of a covariance may differ from their mirror images by this much, relative to the product of both scales.
    let private symmetryTolerance = 1e-8

    /// The first element that is not finite, differs from its mirror image, or is the pivot where no Cholesky factor exists.
    let private indefinite (value: Tensor) =
        let n = value.Shape[value.Shape.Rank - 1]
        let xs = Literal.floats value.Value
        let at i row col = xs[i / (n * n) * n * n + row * n + col]

        let isPlain i x =
            let row, col = i / n % n, i % n
            let scale = sqrt (abs (at i row row * at i col col))
            isFinite x && abs (x - at i col row) <= symmetryTolerance * scale

        let factor = Literal.floats (Ops.cholesky value).Value

        firstWhere (fun i x -> not (isPlain i x)) xs
        |> Option.orElseWith (fun () ->
            factor
            |> firstWhere (fun i x -> i / n % n = i % n && not (x > 0.0))
            |> Option.map (fun (i, _) -> i, xs[i]))

    /// The first element of a known parameter that breaks its rule; written so that NaN always does.
    let private offender (parameter: Parameter) : (int * float) option =
        let value = Ops.toFloat parameter.Value
        let shape = value.Shape
        let last = if shape.Rank = 0 then 1 else shape[shape.Rank - 1]
        let all rule = firstWhere (fun _ x -> not (rule x)) (Literal.floats value.Value)

        match parameter.Rule with
        | Rule.Finite -> all isFinite
        | Rule.Positive -> all (fun x -> x > 0.0 && isFinite x)
        | Rule.Nonnegative -> all (fun x -> x >= 0.0 && isFinite x)
        | Rule.Probability -> all (fun x -> x >= 0.0 && x <= 1.0)
        | Rule.Probabilities -> improperRow last (Literal.floats value.Value)
        | Rule.LogWeight -> all (fun x -> x < Double.PositiveInfinity)
        | Rule.Count -> all (fun x -> x >= 0.0)
        | Rule.Above(_, bound) -> notAbove bound value
        | Rule.Covariance -> indefinite value
        | Rule.CholeskyFactor ->
            Literal.floats value.Value
            |> firstWhere (fun i x ->
                let row, col = i / last % last, i % last
                not (isFinite x) || (row = col && x <= 0.0) || (row < col && x <> 0.0))

    /// Raises PPL1010 if a known parameter breaks its rule, naming the site (null: none), the family, the parameter, the
    /// index and the value.
    let check (site: string | null) (family: string) (parameter: Parameter) : unit =
        if not parameter.Value.IsTraced then
            match offender parameter with
            | None -> ()
            | Some(index, value) ->
                let shown = value.ToString("R", Globalization.CultureInfo.InvariantCulture)
                let rule = describe parameter.Rule

                raise (
                    PplException(
                        "PPL1010",
                        $"{family}: the parameter '{parameter.Name}' must be {rule}, but is {shown}",
                        $"make '{parameter.Name}' {rule}; docs/math/families.md lists the parameters of each family",
                        site,
                        Nullable index,
                        null
                    )
                )

    /// The common shape of tensors under broadcasting.
    let batch (family: string) (values: Tensor list) : Shape =
        let widen (shape: Shape) (x: Tensor) =
            match Shape.tryBroadcast shape x.Shape with
            | Some wider -> wider
            | None ->
                let shapes = values |> List.map (fun p -> string p.Type) |> String.concat ", "
                Errors.shapes family $"the parameters ({shapes}) do not broadcast"

        List.fold widen Shape.scalar values

    /// Whether all elements are known and satisfy a condition: for moments that exist for some parameters only.
    let knownToBe (condition: float -> bool) (x: Tensor) =
        not x.IsTraced && Array.forall condition (Literal.floats x.Value)
