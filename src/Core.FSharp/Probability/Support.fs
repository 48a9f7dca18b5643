// Where a random variable lives. A support decides the default transform to unconstrained space, what an observation may
// be, and which inference methods apply.
// Relies on Tensor. Read Bijector next.
namespace Ppl.Core.Probability

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
