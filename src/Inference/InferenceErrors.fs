// The ids of the messages that inference raises. Numerical events (divergences, trees cut short) are data, not errors.
// Relies on Core's Errors.
namespace Ppl.Inference

open Ppl.Core

/// Raising functions for the ids of this assembly.
[<RequireQualifiedAccess>]
module internal InferenceErrors =

    let private fail id what advice : 'a = raise (PplException(id, what, advice))

    /// PPL2001: an option outside what makes sense.
    let option (name: string) (value: obj) (advice: string) : 'a =
        fail "PPL2001" $"the option {name} is {value}." advice

    /// PPL2103: no point was found where density and gradient are finite.
    let noStart (what: string) (advice: string) (site: string) : 'a =
        raise (PplException("PPL2103", what, advice, site))

    /// PPL3002: a saved state that belongs to another run.
    let otherRun (what: string) : 'a =
        fail
            "PPL3002"
            $"the saved state does not belong to this run: {what}."
            "continue it with the model, data and options that it was made with"

    /// PPL3004: bytes that are not a saved state.
    let corrupted (what: string) : 'a =
        fail
            "PPL3004"
            $"the saved state cannot be read: {what}."
            "fall back to an older copy, or start again from the seed"
