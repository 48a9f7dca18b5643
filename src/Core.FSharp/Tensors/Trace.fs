// From functions to programs and back: tracing a function of tensors, and running a program on tensors.
// Relies on Tensor. Read Control next.
namespace Ppl.Core.Tensors

open Ppl.Core
open Ppl.Core.Ir

/// A traced function together with the tensors of its surroundings that it uses.
[<NoComparison; NoEquality>]
type Closure =
    {
        /// Its first inputs are the captured tensors.
        Program: Program
        /// The tensors to be passed for them.
        Captured: Tensor[]
    }

/// Tracing functions of tensors.
[<RequireQualifiedAccess>]
module Trace =

    let private finish (builder: Builder) (outputs: Tensor[]) : Closure =
        let program = builder.Finish(outputs |> Array.map (Bind.lift builder))

        let captured = [| for struct (outer, v) in builder.Captured -> Bind.variable outer v |]

        { Program = program; Captured = captured }

    /// Traces a function of tensors of these types; whatever traced tensors it captures are listed in the closure.
    /// Equations on captured tensors alone are not part of it: they are written where those tensors live.
    let closure (types: TensorType[]) (f: Tensor[] -> Tensor[]) : Closure =
        let builder = Builder()
        let parameters = types |> Array.map (fun ty -> Bind.variable builder (builder.Input ty))
        finish builder (f parameters)

    /// Traces a branch: as closure, but every equation is part of it.
    let branch (f: unit -> Tensor[]) : Closure =
        let builder = Builder()
        finish builder (Tensor.Confined(builder, f))

    /// Traces a function that uses no tensor of an enclosing trace.
    let program (types: TensorType[]) (f: Tensor[] -> Tensor[]) : Program =
        let closure = closure types f

        if closure.Captured.Length > 0 then
            Errors.argument
                "Trace.program"
                $"the function uses {closure.Captured.Length} traced tensors from outside"
                "pass them as arguments, or trace the outer function as a whole"

        closure.Program

    /// Applies a program to tensors, equation by equation: inlining when they are traced, evaluation when concrete.
    /// Also gives the values of all variables.
    let replayAll (program: Program) (args: Tensor[]) : Tensor[] =
        let values: Tensor[] = Array.zeroCreate program.Types.Length
        Array.iter2 (fun v arg -> values[v] <- arg) program.Inputs args

        for eq in program.Equations do
            let results = Bind.many eq.Primitive (eq.Args |> Array.map (fun v -> values[v]))
            Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

        values

    /// Applies a program to tensors.
    let replay (program: Program) (args: Tensor[]) : Tensor[] =
        let values = replayAll program args
        program.Outputs |> Array.map (fun v -> values[v])
