// A model is a function of an interpreter. What a statement means (a draw, a lookup, a transformed coordinate) is the
// interpreter's business; the model only says which statements there are, and in which order.
// Relies on Distribution and Address. Read ModelBuilder for how models are written, Recorder for what runs them.
namespace Ppl.Core.Models

open System
open Ppl.Core.Tensors
open Ppl.Core.Probability

/// What the statements of a model mean.
type IInterpreter =

    /// The plates around, innermost first; their axes are the leading axes of every value inside.
    abstract Plates: Axis list

    /// A random choice: its value.
    abstract Sample: site: Site * distribution: IDistribution -> Tensor

    /// An observation of a distribution.
    abstract Observe: site: Site * distribution: IDistribution * value: Tensor -> unit

    /// Terms added to the log density: the sum of the elements.
    abstract Factor: site: Site * logWeight: Tensor -> unit

    /// A derived value that is to be reported.
    abstract Deterministic: site: Site * value: Tensor -> unit

    /// A loop with sites inside: the final state, and the outputs of all steps, stacked.
    abstract Scan: body: ScanBody -> Tensor[] * Tensor[]

/// A loop over the first axes of sequences, with sites inside. Values of sites are stacked along a leading axis.
and [<NoComparison; NoEquality>] ScanBody =
    {
        /// The axis of the steps.
        Axis: Axis
        /// One step: interpreter, state, slices -> next state, outputs.
        Step: IInterpreter -> Tensor[] -> Tensor[] -> Tensor[] * Tensor[]
        /// The state before the first step.
        Initial: Tensor[]
        /// Sequences whose first axis has the length of the loop.
        Sequences: Tensor[]
    }

/// A probabilistic program with a result: a function of an interpreter.
[<Sealed; NoComparison; NoEquality>]
type Model<'T> internal (run: IInterpreter -> 'T) =

    /// Runs the model under an interpretation of its statements: its result.
    member _.Run(interpreter: IInterpreter) : 'T = run interpreter

    /// The model that a function of an interpreter defines.
    static member OfInterpreter(run: Func<IInterpreter, 'T>) = Model<'T>(run.Invoke)

/// What a statement of a model is.
[<RequireQualifiedAccess>]
type SiteKind =
    /// A random choice.
    | Sampled
    /// A random choice whose value is data.
    | Observed
    /// A term of the log density.
    | Factor
    /// A derived value.
    | Deterministic
