// Why a diagnostic has no value. A diagnostic is a number or one of these reasons, never NaN:
// a reader must not mistake "cannot judge" for "nothing found".

namespace Ppl.Inference.Diagnostics

/// <summary>The reason why a diagnostic is absent.</summary>
[<RequireQualifiedAccess>]
type Absence =
    /// There is no chain, or the chains hold no draw.
    | NoDraws
    /// The chains are too short to be split and compared.
    | TooFewDraws of perChain: int * needed: int
    /// The chains differ in length; <c>Chains.trim</c> keeps what all of them have.
    | UnequalChains of shortest: int * longest: int
    /// A draw (the first such one) is NaN or infinite.
    | NonFinite of chain: int * draw: int
    /// All draws are equal, so that there is no variation to judge.
    | Constant
    /// The value lies outside the range of double-precision numbers.
    | Overflow

    /// <summary>The reason as a sentence for people.</summary>
    member this.Describe() =
        match this with
        | NoDraws -> "there are no draws"
        | TooFewDraws(perChain, needed) -> $"{perChain} draws per chain; at least {needed} are needed"
        | UnequalChains(shortest, longest) -> $"the chains have between {shortest} and {longest} draws"
        | NonFinite(chain, draw) -> $"draw {draw} of chain {chain} is not finite"
        | Constant -> "all draws are equal"
        | Overflow -> "the value is outside the range of double-precision numbers"

/// <summary>A number, or the reason why there is none. The number is never NaN.</summary>
type Judged = Result<float, Absence>

module internal Judged =

    /// The last gate: arithmetic at the edge of the number range must not leak NaN.
    let finite (value: float) : Judged = if System.Double.IsFinite value then Ok value else Error Absence.Overflow
