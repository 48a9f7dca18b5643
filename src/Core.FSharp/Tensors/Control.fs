// Control flow inside programs. The bodies are functions of tensors that may use whatever is around them.
// Relies on Trace. Read Transforms/Grad next.
namespace Ppl.Core.Tensors

open Ppl.Core
open Ppl.Core.Ir

/// Branches and loops of tensor programs.
[<RequireQualifiedAccess>]
module Control =

    let private types (tensors: Tensor[]) = tensors |> Array.map _.Type

    /// The results of one of two functions of no arguments: of the first where the condition (a scalar) holds.
    /// Only the chosen branch is computed when the program runs. Both must give results of the same types.
    let condMany (condition: Tensor) (whenTrue: unit -> Tensor[]) (whenFalse: unit -> Tensor[]) : Tensor[] =
        if not condition.IsTraced then
            if (Literal.bools condition.Value)[0] then whenTrue () else whenFalse ()
        else
            let first = Trace.branch whenTrue
            let second = Trace.branch whenFalse
            let n, m = first.Captured.Length, second.Captured.Length
            let argTypes = types (Array.append first.Captured second.Captured)
            let trueBranch = Trace.program argTypes (fun args -> Trace.replay first.Program args[.. n - 1])
            let falseBranch = Trace.program argTypes (fun args -> Trace.replay second.Program args[n .. n + m - 1])
            let operands = Array.concat [ [| condition |]; first.Captured; second.Captured ]
            Bind.many (Primitive.Control(ControlOp.Cond(trueBranch, falseBranch))) operands

    /// The result of one of two functions: of the first where the condition (a scalar) holds.
    let cond condition (whenTrue: unit -> Tensor) (whenFalse: unit -> Tensor) : Tensor =
        (condMany condition (fun () -> [| whenTrue () |]) (fun () -> [| whenFalse () |]))[0]

    /// Repeats a step while a condition holds: the final state. Not differentiable in reverse (PPL5006): its length is
    /// not known; Jvp.jvp passes it. The step must keep the types of the state.
    let whileLoop (condition: Tensor[] -> Tensor) (step: Tensor[] -> Tensor[]) (initial: Tensor[]) : Tensor[] =
        let stateTypes = types initial
        let test = Trace.closure stateTypes (fun state -> [| condition state |])
        let body = Trace.closure stateTypes step
        let n, m = test.Captured.Length, body.Captured.Length
        let allTypes = Array.concat [ types test.Captured; types body.Captured; stateTypes ]
        let state (args: Tensor[]) = args[n + m ..]

        let closedTest =
            Trace.program allTypes (fun args -> Trace.replay test.Program (Array.append args[.. n - 1] (state args)))

        let closedBody =
            Trace.program allTypes (fun args ->
                Trace.replay body.Program (Array.append args[n .. n + m - 1] (state args)))

        let operands = Array.concat [ test.Captured; body.Captured; initial ]
        Bind.many (Primitive.Control(ControlOp.While(n + m, closedTest, closedBody))) operands

    /// Folds a step over the first axes of sequences: step state slices -> (state, outputs); gives the final state and
    /// the outputs of all steps, stacked. From the back when reversed (outputs stay in the order of the sequences).
    let scanBy reverse length (step: Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) (initial: Tensor[]) (xs: Tensor[]) =
        let slice (x: Tensor) =
            if x.Shape.Rank = 0 || x.Shape[0] <> length then
                Errors.shapes "scan" $"a sequence of length {length} is needed, got {x.Type}"

            TensorType.create x.DType (Shape.tail x.Shape)

        let carry = initial.Length

        let body =
            Trace.closure (Array.append (types initial) (Array.map slice xs)) (fun args ->
                let state, outputs = step args[.. carry - 1] args[carry..]

                if types state <> types initial then
                    Errors.shapes "scan" "the step must give back a state of the same types"

                Array.append state outputs)

        let op = ControlOp.Scan(body.Captured.Length, carry, length, reverse, body.Program)
        let results = Bind.many (Primitive.Control op) (Array.concat [ body.Captured; initial; xs ])
        results[.. carry - 1], results[carry..]

    /// Folds a step over the first axes of sequences.
    let scan step initial (xs: Tensor[]) =
        if xs.Length = 0 then
            Errors.argument "scan" "no sequence was given" "use Control.scanBy false length for a fixed number of steps"

        scanBy false xs[0].Shape[0] step initial xs

    /// f of each element of some sequences along their first axes, which are of one length; the results are stacked. The
    /// turns are independent, so an engine may run them at once: a scan that carries nothing.
    /// Law: result j is the stack of f(slices of xs)_j. PPL5001: lengths that differ; PPL5008: no sequence.
    let mapMany (f: Tensor[] -> Tensor[]) (xs: Tensor[]) : Tensor[] =
        if xs.Length = 0 then
            Errors.argument "map" "no sequence was given" "use Control.scanBy for a fixed number of steps"

        snd (scan (fun _ slices -> [||], f slices) [||] xs)

    /// f of each element of a sequence along its first axis; the results are stacked.
    let map (f: Tensor -> Tensor) (x: Tensor) : Tensor = (mapMany (fun xs -> [| f xs[0] |]) [| x |])[0]
