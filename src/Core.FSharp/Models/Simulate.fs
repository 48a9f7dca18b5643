// simulate: key -> trace ~ p. All choices are drawn from their distributions; observations and factors are scored, not
// drawn. Weight: none, since E f(trace) = E_p f. The trace's LogDensity = log p(choices, observations) + factors.
// Relies on Recorder. Read Assess next.
namespace Ppl.Core.Models

open Ppl.Core.Tensors

/// Running models forwards.
[<RequireQualifiedAccess>]
module Simulate =

    /// A trace of the model with all choices drawn. Each draw depends on the key and on its own address only: a site
    /// more or less changes no other site's draw (but what it feeds). PPL6007 for an improper distribution.
    let run (key: Tensor) (model: Model<'T>) : Trace<'T> = Recorder.Run(Source.draw key, Choices.empty, "", model)
