// What a kernel is: two tensor programs, Init and Step, over named records of tensors, and how they become programs.
// A kernel knows nothing of engines, chains, seeds and adaptation; those are Runs.
// Relies on Core's tensors, tracing and batching. Read Mcmc/Integrators next.
namespace Ppl.Inference

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms

/// One tensor of a record: its name, element type and shape.
[<NoComparison>]
type Field = { Name: string; Type: TensorType }

/// How a record of tensors is written as an array of tensors and back; the order is that of the fields.
[<NoComparison; NoEquality>]
type Layout<'T> =
    {
        /// The fields in order.
        Fields: Field[]
        /// The tensors of a record, in the order of the fields.
        ToArray: 'T -> Tensor[]
        /// The record of these tensors.
        OfArray: Tensor[] -> 'T
    }

/// <summary>
/// A Markov kernel as tensor programs: Step: key, parameters, state -> state, info.
/// State is what the next step needs, info is what people need; parameters are what adaptation may change between steps.
/// Law: for fixed parameters, Step leaves its target distribution invariant in the position of the state.
/// </summary>
type IKernel<'Parameters, 'State, 'Info> =

    /// The parameters that adaptation sets.
    abstract Parameters: Layout<'Parameters>

    /// What the next step needs.
    abstract State: Layout<'State>

    /// What people need.
    abstract Info: Layout<'Info>

    /// The state at a position, f64[d].
    abstract Init: position: Tensor -> 'State

    /// One transition; the key is the randomness of this step alone.
    abstract Step: key: Tensor -> parameters: 'Parameters -> state: 'State -> 'State * 'Info

/// Kernels as programs.
[<RequireQualifiedAccess>]
module Kernel =

    /// The type of a key.
    let keyType = TensorType.create DType.I32 (Shape.ofList [ 2 ])

    /// A field of this name and shape.
    let field name dtype (extents: int list) = { Name = name; Type = TensorType.create dtype (Shape.ofList extents) }

    let private types (layout: Layout<'T>) = layout.Fields |> Array.map _.Type

    /// position -> state
    let initProgram dimension (kernel: IKernel<'Parameters, 'State, 'Info>) : Program =
        Trace.program [| (field "position" DType.F64 [ dimension ]).Type |] (fun args ->
            kernel.State.ToArray(kernel.Init args[0]))

    /// (stream key, step number, parameters, state) -> (next step number, state, info): the key of a step is
    /// foldIn(stream key, step number), so a run can be taken up at any step.
    let stepProgram (kernel: IKernel<'Parameters, 'State, 'Info>) : Program =
        let parameters, state = types kernel.Parameters, types kernel.State
        let inputs = Array.concat [ [| keyType; TensorType.scalar DType.I32 |]; parameters; state ]

        Trace.program inputs (fun args ->
            let key = Ops.foldIn args[0] args[1]
            let given = kernel.Parameters.OfArray args[2 .. 1 + parameters.Length]
            let before = kernel.State.OfArray args[2 + parameters.Length ..]
            let after, info = kernel.Step key given before
            Array.concat [ [| args[1] + Tensor.OfInt 1 |]; kernel.State.ToArray after; kernel.Info.ToArray info ])

    /// <summary>
    /// The program of several chains, all arguments and results with the chains in front. Inside they are along the last
    /// axes, so that what one chain computes with a number eight chains compute with a vector.
    /// Law: chain i of the results is the program on chain i of the arguments, bit for bit in the reference evaluator.
    /// </summary>
    let inLanes lanes (step: Program) : Program =
        if lanes = 1 then
            step
        else
            let mapped = Vmap.programLast lanes (Array.create step.Inputs.Length true) step
            let turned by (x: Tensor) = Ops.transpose (Array.init x.Shape.Rank (fun i -> (i + by x) % x.Shape.Rank)) x
            let toLast = turned (fun _ -> 1)
            let toFirst = turned (fun x -> x.Shape.Rank - 1)
            let stacked (ty: TensorType) = TensorType.create ty.DType (Shape.prepend lanes ty.Shape)

            Trace.program (Program.inputTypes step |> Array.map stacked) (fun args ->
                args |> Array.map toLast |> Trace.replay mapped |> Array.map toFirst)
