// From unconstrained space to a support and back, with the logarithm of the Jacobian determinant: how samplers that move
// in R^d see constrained variables.
// Relies on Support. Read Distribution next.
namespace Ppl.Core.Probability

open Ppl.Core
open Ppl.Core.Tensors

/// A smooth one-to-one map from R^d to a support, for a batch of independent events. Works on concrete and traced tensors.
[<NoComparison; NoEquality>]
type Bijector =
    {
        /// Batch + the shape of one unconstrained event (a simplex of K elements has K - 1).
        UnconstrainedShape: Shape
        /// u -> (x, ln |det dx/du|): x has shape Batch + Event; the log-determinant is that of each event, shape Batch.
        FromReal: Tensor -> Tensor * Tensor
        /// x -> u, the inverse; x must be in the support.
        ToReal: Tensor -> Tensor
    }

/// The default bijector of each support.
[<RequireQualifiedAccess>]
module Bijector =

    let private append (batch: Shape) (event: Shape) = Shape.ofArray (Array.append (batch.ToArray()) (event.ToArray()))

    /// The log-determinant of an event from those of its elements (broadcast to the whole value first).
    let private perEvent (event: Shape) (value: Tensor) (terms: Tensor) =
        let axes = [| value.Shape.Rank - event.Rank .. value.Shape.Rank - 1 |]
        Ops.broadcastTo value.Shape terms |> Ops.sumAlong axes

    let private elementwise (batch: Shape) (event: Shape) fromReal toReal =
        {
            UnconstrainedShape = append batch event
            FromReal =
                fun u ->
                    let x, terms = fromReal u
                    x, perEvent event u terms
            ToReal = toReal
        }

    let private last (x: Tensor) = x.Shape.Rank - 1
    let private extent (x: Tensor) = x.Shape[last x]
    let private head x = Ops.slice (last x) 0 1 x
    let private rest x = Ops.slice (last x) 1 (extent x) x
    let private sumLast (x: Tensor) = Ops.sumAlong [| last x |] x

    /// x_i - x_(i-1), for i = 1, 2, ...
    let private differences (x: Tensor) = rest x - Ops.slice (last x) 0 (extent x - 1) x

    // x = exp u; dx/du = x, so ln |dx/du| = u. Likewise with a shift or a reflection, which have slope 1 and -1.
    let private exponential shift unshift = (fun u -> shift (Ops.exp u), u), (fun x -> Ops.log (unshift x))

    // x = low + (high - low) sigmoid u; ln dx/du = ln (high - low) + u - 2 softplus u.
    let private logistic (low: Tensor) (high: Tensor) =
        let width = high - low

        let fromReal u = low + width * Ops.sigmoid u, Ops.log width + (u - 2.0 * Ops.softplus u)

        let toReal x = Ops.log (x - low) - Ops.log (high - x)
        fromReal, toReal

    let private unitLogistic () = (fun u -> Ops.sigmoid u, u - 2.0 * Ops.softplus u), Ops.logit

    // x_0 = u_0, x_i = x_(i-1) + exp u_i: triangular Jacobian with diagonal 1, exp u_1, exp u_2, ...
    let private ordered =
        (fun u ->
            let tail = rest u
            let steps = Ops.concat (last u) [| head u; Ops.exp tail |]
            Ops.cumulativeSum (last u) steps, sumLast tail),
        (fun x -> Ops.concat (last x) [| head x; Ops.log (differences x) |])

    // x_i = exp u_0 + ... + exp u_i: triangular Jacobian with diagonal exp u_i.
    let private positiveOrdered =
        (fun u -> Ops.cumulativeSum (last u) (Ops.exp u), sumLast u),
        (fun x -> Ops.concat (last x) [| Ops.log (head x); Ops.log (differences x) |])

    /// 0, 1, ..., n - 1 as reals.
    let private ramp n = Tensor.OfFloats(Array.init n float)

    /// 1 / sqrt(k (k + 1)) for k = 1 ... n - 1: the lengths of the Helmert vectors (1, ..., 1, -k, 0, ..., 0).
    let private helmert n = Tensor.OfFloats(Array.init (n - 1) (fun i -> 1.0 / sqrt (float ((i + 1) * (i + 2)))))

    /// The isometric log-ratio transform: z = V u with the orthonormal Helmert basis V of the vectors that sum to zero,
    /// x = softmax z. The volume of (x_0, ..., x_(n-2)) per unit of u is sqrt(n) prod x_i, and since sum z = 0,
    /// ln |det| = ln(n)/2 - n logSumExp z. (Egozcue et al., Mathematical Geology 35, 2003.)
    let private simplex n =
        let fromReal (u: Tensor) =
            let axis = last u
            let front = Array.init u.Shape.Rank (fun i -> if i = axis then 1 else 0)
            let w = Ops.pad front (Array.zeroCreate u.Shape.Rank) (u * helmert n)
            // z_i = sum_(k > i) w_k - i w_i, in O(n) by running sums.
            let z = Ops.cumulativeSumReversed axis w - (ramp n + 1.0) * w
            let total = Ops.logSumExpAlong [| axis |] z
            let spread = Ops.reshape (append total.Shape (Shape.ofList [ 1 ])) total
            Ops.exp (z - spread), 0.5 * log (float n) - float n * total

        let toReal (x: Tensor) =
            let logs = Ops.log x
            let before = Ops.slice (last x) 0 (n - 1) (Ops.cumulativeSum (last x) logs)
            let index = Ops.slice 0 1 n (ramp n)
            (before - index * rest logs) * helmert n

        fromReal, toReal

    /// x = u / |u|. The map forgets the radius, so u gets the one prior that is smooth at zero and independent of x: u is
    /// standard normal when x is uniform. The "log-determinant" is the log density of that radius, normalised:
    /// integrating exp of it over all u with u / |u| = x gives 1, hence evidences are kept. Undefined at u = 0.
    let private unitVector n =
        let half = 0.5 * float n
        let constant = log 2.0 - half * log 2.0 - (Ops.lgamma (Ops.scalar half)).ToFloat()

        let fromReal (u: Tensor) =
            let squared = sumLast (Ops.square u)
            let spread = Ops.reshape (append squared.Shape (Shape.ofList [ 1 ])) squared
            u / Ops.sqrt spread, constant - 0.5 * squared

        fromReal, id

    let private vector (batch: Shape) (event: Shape) drop (fromReal, toReal) =
        let extents = event.ToArray()
        extents[event.Rank - 1] <- extents[event.Rank - 1] - drop

        let logDet (perVector: Tensor) = Ops.sumAlong [| batch.Rank .. batch.Rank + event.Rank - 2 |] perVector

        {
            UnconstrainedShape = append batch (Shape.ofArray extents)
            FromReal =
                fun u ->
                    let x, perVector = fromReal u
                    x, logDet perVector
            ToReal = toReal
        }

    let private requireVector support (event: Shape) =
        if event.Rank < Support.eventRank support || (event.Rank > 0 && event[event.Rank - 1] = 0) then
            Errors.shapes "Bijector" $"{Support.describe support}: an event of shape {event} is not such a vector"

    let private refuse support : 'a =
        raise (
            PplException(
                "PPL6010",
                $"discrete values ({Support.describe support}) have no map from unconstrained reals.",
                "marginalise the variable, enumerate it, or use a method for discrete variables (importance sampling, "
                + "Metropolis-Hastings, Gibbs)"
            )
        )

    /// The default bijector of a support for independent events of this shape.
    /// Real: identity; positive, lower, upper: exp; intervals: scaled logit; ordered: cumulated exp; simplex: isometric
    /// log-ratio; unit vector: normalisation with a radius. PPL6010 for discrete supports, PPL5001 for a wrong event shape.
    let ofSupport (support: Support) (event: Shape) (batch: Shape) : Bijector =
        requireVector support event
        let scalars (fromReal, toReal) = elementwise batch event fromReal toReal

        match support with
        | Support.Real -> scalars ((fun u -> u, Ops.scalar 0.0), id)
        | Support.Positive
        | Support.Nonnegative -> scalars (exponential id id)
        | Support.GreaterThan low -> scalars (exponential (fun e -> low + e) (fun x -> x - low))
        | Support.LessThan high -> scalars (exponential (fun e -> high - e) (fun x -> high - x))
        | Support.Interval(low, high) -> scalars (logistic low high)
        | Support.UnitInterval -> scalars (unitLogistic ())
        | Support.Ordered -> vector batch event 0 ordered
        | Support.PositiveOrdered -> vector batch event 0 positiveOrdered
        | Support.Simplex -> vector batch event 1 (simplex event[event.Rank - 1])
        | Support.UnitVector -> vector batch event 0 (unitVector event[event.Rank - 1])
        | Support.Boolean
        | Support.NonnegativeInteger
        | Support.IntegerInterval _ -> refuse support
