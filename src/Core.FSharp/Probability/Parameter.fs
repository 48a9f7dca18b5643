// What a parameter of a family must satisfy. Concrete parameters are checked when the distribution is made; traced ones
// are not known yet and give -inf or NaN densities by arithmetic where they are invalid.
// Relies on Tensor. Read Family next.
namespace Ppl.Core.Probability

open System
open Ppl.Core
open Ppl.Core.Tensors

/// Checks of the parameters of a family: each gives the parameter back, as reals, or raises PPL1010 with the index and
/// value of the first element at fault.
[<RequireQualifiedAccess>]
module Parameter =

    let private invalid (family: string) (name: string) (rule: string) index (value: float) : 'a =
        let shown = value.ToString("R", Globalization.CultureInfo.InvariantCulture)

        raise (
            PplException(
                "PPL1010",
                $"{family}: the parameter '{name}' must be {rule}, but is {shown}",
                $"give a value for '{name}' that is {rule}; docs/math/families.md lists the parameters of each family",
                null,
                Nullable index,
                null
            )
        )

    /// Raises for the first element that breaks the rule.
    let private check (family: string) (name: string) rule (holds: float -> bool) (elements: float[]) =
        for i in 0 .. elements.Length - 1 do
            if not (holds elements[i]) then
                invalid family name rule i elements[i]

    let private require rule holds (family: string) (name: string) (x: Tensor) : Tensor =
        let x = Ops.toFloat x

        if not x.IsTraced then
            check family name rule holds (Literal.floats x.Value)

        x

    /// A finite real.
    let finite family name x = require "finite" Double.IsFinite family name x

    /// 0 < x < infinity
    let positive family name x = require "positive and finite" (fun v -> v > 0.0 && Double.IsFinite v) family name x

    /// 0 <= x < infinity
    let nonnegative family name x =
        require "non-negative and finite" (fun v -> v >= 0.0 && Double.IsFinite v) family name x

    /// 0 <= x <= 1
    let probability family name x = require "between 0 and 1" (fun v -> v >= 0.0 && v <= 1.0) family name x

    /// Not NaN and not +infinity; -infinity is the logarithm of 0.
    let logWeight family name x = require "a real or -infinity" (fun v -> v < Double.PositiveInfinity) family name x

    /// 0, 1, 2, ..., kept as integers.
    let count (family: string) (name: string) (x: Tensor) : Tensor =
        if x.DType <> DType.I32 then
            Errors.dtypes family $"the parameter '{name}' counts and must be i32, got {x.Type}"

        if not x.IsTraced then
            Literal.ints x.Value
            |> Array.map float
            |> check family name "a non-negative integer" (fun v -> v >= 0.0)

        x

    /// low < high, element by element, where both are concrete.
    let increasing (family: string) (low: Tensor) (high: Tensor) =
        if not (low.IsTraced || high.IsTraced) then
            let width = high - low
            let limits = Literal.floats (Ops.broadcastTo width.Shape high).Value
            let widths = Literal.floats width.Value

            for i in 0 .. widths.Length - 1 do
                if not (widths[i] > 0.0) then
                    invalid family "high" "greater than 'low'" i limits[i]

    /// The common shape of parameters under broadcasting.
    let batch (family: string) (parameters: Tensor list) : Shape =
        let widen (shape: Shape) (x: Tensor) =
            match Shape.tryBroadcast shape x.Shape with
            | Some wider -> wider
            | None ->
                let shapes = parameters |> List.map (fun p -> string p.Type) |> String.concat ", "
                Errors.shapes family $"the parameters ({shapes}) do not broadcast"

        List.fold widen Shape.scalar parameters

    /// Rows along the last axis that sum to 1; the index is that of a row's first element.
    let summingToOne (family: string) (name: string) (x: Tensor) : Tensor =
        if not x.IsTraced && x.Shape.Rank > 0 && x.Shape.Count > 0 then
            let size = x.Shape[x.Shape.Rank - 1]

            Literal.floats x.Value
            |> Array.chunkBySize size
            |> Array.iteri (fun row values ->
                let total = Array.sum values

                if not (abs (total - 1.0) <= Support.Tolerance) then
                    invalid
                        family
                        name
                        "a vector that sums to 1 along its last axis (its sum is shown)"
                        (row * size)
                        total)

        x

    /// n by n matrices: zero above the diagonal, positive on it, finite below.
    let choleskyFactor (family: string) (name: string) n (x: Tensor) : Tensor =
        let rank = x.Shape.Rank

        if rank < 2 || x.Shape[rank - 1] <> n || x.Shape[rank - 2] <> n then
            Errors.shapes family $"the parameter '{name}' must be {n} by {n} matrices, got {x.Type}"

        let x = finite family name x

        if not x.IsTraced then
            let elements = Literal.floats x.Value

            for i in 0 .. elements.Length - 1 do
                let row, col = i / n % n, i % n

                if (row = col && elements[i] <= 0.0) || (row < col && elements[i] <> 0.0) then
                    invalid family name "lower triangular with a positive diagonal" i elements[i]

        x

    /// Whether all elements are known and satisfy a condition: for moments that exist for some parameters only.
    let knownToBe (condition: float -> bool) (x: Tensor) =
        not x.IsTraced && Array.forall condition (Literal.floats x.Value)
