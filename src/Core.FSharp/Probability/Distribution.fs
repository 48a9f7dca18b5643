// What a distribution is: support, draws as a tensor program of a key, log density, moments where they exist.
// Relies on Support. Read the families next (Reals, Positives, ...).
namespace Ppl.Core.Probability

open Ppl.Core
open Ppl.Core.Tensors

/// A family of independent draws: Batch many independent events, each of shape Event.
type IDistribution =

    /// The family and its parameters' names, for messages: normal(loc, scale).
    abstract Name: string

    /// The element type of a draw.
    abstract DType: DType

    /// Independent draws; the parameters are broadcast to this shape.
    abstract Batch: Shape

    /// The shape of one event; scalar for the univariate families.
    abstract Event: Shape

    /// Where an event lives.
    abstract Support: Support

    /// Raises PPL1010, naming the site (null: none), if a known parameter is not what the family needs. Models ask at each
    /// site; drawing and evaluating ask as well.
    abstract Check: site: string | null -> unit

    /// Independent draws of shape Batch + Event; a pure function of the key.
    abstract Sample: key: Tensor -> Tensor

    /// The log density (log mass) of each event, normalising constants included: x of shape Batch + Event gives Batch.
    /// Outside the support: -inf, with gradient zero.
    abstract LogDensity: x: Tensor -> Tensor

    /// The mean of each event (shape Batch + Event), where it exists.
    abstract Mean: Tensor option

    /// The variance of each element (shape Batch + Event), where it exists.
    abstract Variance: Tensor option

    /// Independent copies along new leading axes: Batch becomes extents + Batch.
    abstract Expand: extents: int list -> IDistribution
