// update: (trace, new choices) -> (trace', log weight, discard). Sites with a new choice take it, the others keep
// theirs:
//   log w = log p(choices') - log p(choices),
// observations and factors included. discard holds every old choice that is not in trace' any more, so that updating
// trace' by discard gives the trace back, with weight -log w.
// Relies on Recorder. Read Regenerate next.
namespace Ppl.Core.Models

open Ppl.Core.Tensors

/// Moving a trace to other choices.
[<RequireQualifiedAccess>]
module Update =

    /// The new trace, the log weight, and what was discarded. A site that is new in trace' needs a choice (PPL6003); a
    /// choice needs a site (PPL6002).
    let run (changes: Choices) (trace: Trace<'T>) : Trace<'T> * Tensor * Choices =
        let available = Choices.merge changes trace.Choices
        let moved = Recorder.RunLoosely(Source.fixedTo available, available, trace.Model)

        for address in changes.Addresses do
            if not (moved.Choices.Contains address) then
                Refusals.unknown address "to update" moved.Choices.Addresses

        let isGone address = changes.Contains address || not (moved.Choices.Contains address)
        moved, moved.LogDensity - trace.LogDensity, Choices.filter isGone trace.Choices
