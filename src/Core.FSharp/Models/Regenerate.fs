// regenerate: (trace, selection, key) -> (trace', log weight). Selected sites and sites that are new are drawn again
// from their distributions given what comes before; the others keep their values. With q the density of those draws,
//   log w = log p(trace') - log p(trace) + log q(trace' -> trace) - log q(trace -> trace')
//         = sum over kept sites, observations and factors of (log density in trace' - log density in trace):
// the densities of what is drawn cancel. min(1, w) is the Metropolis-Hastings acceptance probability of this move.
// Relies on Recorder. Read Target next.
namespace Ppl.Core.Models

open Ppl.Core.Tensors

/// Drawing some choices of a trace again.
[<RequireQualifiedAccess>]
module Regenerate =

    /// The new trace and the log weight.
    let run (selection: Selection) (key: Tensor) (trace: Trace<'T>) : Trace<'T> * Tensor =
        let kept = trace.Choices |> Choices.filter (selection.Contains >> not)
        let moved = Recorder.RunLoosely(Source.draw key, kept, trace.Model)

        // Counted: sites that both runs have and that were not drawn; what only one run has was drawn in one direction.
        let counts (other: Trace<'T>) (v: Visit) =
            not (Visit.isSampled v) || (kept.Contains v.Site.Address && other.Choices.Contains v.Site.Address)

        let counted (own: Trace<'T>) other = own.Visits |> Seq.filter (counts other) |> Visit.logDensity
        moved, counted moved trace - counted trace moved
