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

    /// The type of one slice of a sequence.
    let private sliceType length (x: Tensor) =
        if x.Shape.Rank = 0 || x.Shape[0] <> length then
            Errors.shapes "scan" $"a sequence of length {length} is needed, got {x.Type}"

        TensorType.create x.DType (Shape.tail x.Shape)

    /// Folds a step over the first axes of sequences: step state slices -> (state, outputs); gives the final state and
    /// the outputs of all steps, stacked. From the back when reversed (outputs stay in the order of the sequences).
    let scanBy reverse length (step: Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) (initial: Tensor[]) (xs: Tensor[]) =
        let carry = initial.Length

        let body =
            Trace.closure (Array.append (types initial) (Array.map (sliceType length) xs)) (fun args ->
                let state, outputs = step args[.. carry - 1] args[carry..]

                if types state <> types initial then
                    Errors.shapes "scan" "the step must give back a state of the same types"

                Array.append state outputs)

        let op = ControlOp.Scan(body.Captured.Length, carry, length, reverse, body.Program)
        let results = Bind.many (Primitive.Control op) (Array.concat [ body.Captured; initial; xs ])
        results[.. carry - 1], results[carry..]

    /// <summary>
    /// f(xs), computed apart from everything around it: derivatives keep its arguments instead of what it computes on the
    /// way, and compute it again. Memory for twice the work, at most.
    /// </summary>
    let checkpoint (f: Tensor[] -> Tensor[]) (xs: Tensor[]) : Tensor[] =
        let body = Trace.branch (fun () -> f xs)
        Bind.many (Primitive.Control(ControlOp.Checkpoint body.Program)) body.Captured

    /// <summary>
    /// f(xs) with a derivative that the caller knows better: backward xs ys c, for ys = f(xs) and cotangents c of ys, gives
    /// the cotangents (df/dx)' c of xs, and is linear in c. Both functions are traced at once, with the types of xs.
    /// Forward derivatives are the transpose of backward; those of second order differentiate backward.
    /// Tensors that the functions capture are constants: a derivative that would have to pass them is an error.
    /// </summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5001: backward does not give one cotangent of its type per argument.
    /// PPL5008: a derivative with respect to a captured tensor.</exception>
    let customGrad
        (f: Tensor[] -> Tensor[])
        (backward: Tensor[] -> Tensor[] -> Tensor[] -> Tensor[])
        (xs: Tensor[])
        : Tensor[] =
        let body = Trace.closure (types xs) f
        let results = Program.outputTypes body.Program
        let n, m = xs.Length, results.Length

        let rule =
            Trace.closure (Array.concat [ types xs; results; results ]) (fun args ->
                backward args[.. n - 1] args[n .. n + m - 1] args[n + m ..])

        let a, b = body.Captured.Length, rule.Captured.Length
        let captured = Array.append body.Captured rule.Captured
        let front = Array.append (types captured) (types xs)

        let closedBody =
            Trace.program front (fun args -> Trace.replay body.Program (Array.append args[.. a - 1] args[a + b ..]))

        let closedRule =
            Trace.program (Array.concat [ front; results; results ]) (fun args -> Trace.replay rule.Program args[a..])

        let op = ControlOp.CustomGrad(a + b, closedBody, closedRule)
        Bind.many (Primitive.Control op) (Array.append captured xs)

    /// Folds a step over the first axes of sequences.
    let scan step initial (xs: Tensor[]) =
        if xs.Length = 0 then
            Errors.argument "scan" "no sequence was given" "use Control.scanBy false length for a fixed number of steps"

        scanBy false xs[0].Shape[0] step initial xs

    /// <summary>
    /// As scanBy false, with the states that derivatives need kept at the borders of segments of about sqrt(length) steps
    /// only: one segment at a time is computed again. Memory for sqrt(length) states instead of length, for twice the work.
    /// </summary>
    let scanCheckpointed length (step: Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) (initial: Tensor[]) (xs: Tensor[]) =
        xs |> Array.iter (sliceType length >> ignore)
        let carry = initial.Length
        let size = max 1 (int (ceil (sqrt (float length))))
        let segments = length / size
        let whole = segments * size
        let split (x: Tensor) = Ops.reshape (Shape.prepend segments (Shape.prepend size (Shape.tail x.Shape))) x
        let join (y: Tensor) = Ops.reshape (Shape.prepend whole (Shape.tail (Shape.tail y.Shape))) y

        let segment (state: Tensor[]) (slices: Tensor[]) =
            let run (args: Tensor[]) =
                let state, ys = scanBy false size step args[.. carry - 1] args[carry..]
                Array.append state ys

            let results = checkpoint run (Array.append state slices)
            results[.. carry - 1], results[carry..]

        let state, front =
            scanBy false segments segment initial (xs |> Array.map (Ops.slice 0 0 whole >> split))

        if whole = length then
            state, Array.map join front
        else
            let state, back = scanBy false (length - whole) step state (xs |> Array.map (Ops.slice 0 whole length))
            state, Array.map2 (fun x y -> Ops.concat 0 [| join x; y |]) front back
