// assess: choices -> (value, log density). The density of given choices,
//   log p(choices, observations) = sum over sites of log density + sum of factors.
// Relies on Recorder. Read Generate next.
namespace Ppl.Core.Models

/// The density of given choices.
[<RequireQualifiedAccess>]
module Assess =

    /// The trace with these choices; all sample sites must be given (PPL6003), and no others (PPL6002).
    let trace (choices: Choices) (model: Model<'T>) : Trace<'T> =
        Recorder.Run(Source.fixedTo choices, choices, "to assess", model)

    /// The model's result and the log density of these choices.
    let run (choices: Choices) (model: Model<'T>) =
        let trace = trace choices model
        trace.Value, trace.LogDensity
