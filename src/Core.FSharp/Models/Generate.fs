// generate: (constraints, key) -> (trace, log weight). Constrained sites take the given values, the others are drawn
// from their distributions given what comes before, q(free) = product over free sites of their density. The weight is
//   log w = log p(constrained, free, observations) - log q(free)
//         = sum over constrained and observed sites of log density + sum of factors,
// so that E_q w = p(constraints, observations).
// Relies on Recorder. Read Update next.
namespace Ppl.Core.Models

open Ppl.Core.Tensors

/// Running models forwards with some choices given.
[<RequireQualifiedAccess>]
module Generate =

    /// The trace and the log weight; PPL6002 for a constraint that no site takes.
    let run (constraints: Choices) (key: Tensor) (model: Model<'T>) : Trace<'T> * Tensor =
        let trace = Recorder.Run(Source.draw key, constraints, "to constrain", model)
        let isFree (v: Visit) = Visit.isSampled v && not v.IsGiven
        trace, trace.Visits |> Seq.filter (isFree >> not) |> Visit.logDensity
