// Programs as values: their types, their sub-programs, and the interface of the engines that run them.
// Relies on Primitive. Read Work next.
namespace Ppl.Core.Ir

open System
open Ppl.Core

/// Facts about programs.
[<RequireQualifiedAccess>]
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Program =

    /// The types of the parameters.
    let inputTypes (program: Program) = program.Inputs |> Array.map (fun v -> program.Types[v])

    /// The types of the results.
    let outputTypes (program: Program) = program.Outputs |> Array.map (fun v -> program.Types[v])

    /// The programs inside a primitive.
    let children primitive =
        match primitive with
        | Primitive.Control(ControlOp.Cond(a, b)) -> [ a; b ]
        | Primitive.Control(ControlOp.While(_, condition, body)) -> [ condition; body ]
        | Primitive.Control(ControlOp.Scan(_, _, _, _, body) | ControlOp.Checkpoint body) -> [ body ]
        | Primitive.Control(ControlOp.CustomGrad(_, body, vjp)) -> [ body; vjp ]
        | _ -> []

    /// The names of the sub-programs of a primitive, in the order of Program.children.
    let roles primitive =
        match primitive with
        | Primitive.Control(ControlOp.Cond _) -> [ "whenTrue"; "whenFalse" ]
        | Primitive.Control(ControlOp.While _) -> [ "condition"; "body" ]
        | Primitive.Control(ControlOp.Scan _ | ControlOp.Checkpoint _) -> [ "body" ]
        | Primitive.Control(ControlOp.CustomGrad _) -> [ "body"; "vjp" ]
        | _ -> []

    /// A primitive with its sub-programs replaced. The replacements have the same inputs and outputs.
    let mapChildren (f: Program -> Program) primitive =
        match primitive with
        | Primitive.Control op ->
            match op with
            | ControlOp.Cond(a, b) -> ControlOp.Cond(f a, f b)
            | ControlOp.While(constants, condition, body) -> ControlOp.While(constants, f condition, f body)
            | ControlOp.Scan(constants, carry, length, reverse, body) ->
                ControlOp.Scan(constants, carry, length, reverse, f body)
            | ControlOp.Checkpoint body -> ControlOp.Checkpoint(f body)
            | ControlOp.CustomGrad(captured, body, vjp) -> ControlOp.CustomGrad(captured, f body, f vjp)
            |> Primitive.Control
        | other -> other

    /// The number of equations, those of sub-programs included.
    let rec size (program: Program) : int =
        program.Equations |> Array.sumBy (fun eq -> 1 + List.sumBy size (children eq.Primitive))

/// One running copy of a compiled program: its own memory for arguments, results and scratch. Not thread-safe; a copy per
/// thread is cheap. Between calls the arguments stay as they were last set.
type IInstance =
    inherit IDisposable

    /// Copies a value into the n-th argument.
    abstract SetInput: n: int * value: Literal -> unit

    /// The elements of the n-th argument (f64), to be written in place; an error (PPL5002) for another element type.
    abstract Input: n: int -> Span<float>

    /// The elements of the n-th argument (f32), to be written in place; an error (PPL5002) for another element type.
    abstract InputFloat32: n: int -> Span<float32>

    /// Runs the program once. Allocates nothing.
    abstract Invoke: unit -> unit

    /// The elements of the n-th result (f64), valid until the next call; an error (PPL5002) for another element type.
    abstract Output: n: int -> ReadOnlySpan<float>

    /// The elements of the n-th result (f32), valid until the next call; an error (PPL5002) for another element type.
    abstract OutputFloat32: n: int -> ReadOnlySpan<float32>

    /// A copy of the n-th result.
    abstract GetOutput: n: int -> Literal

    /// One element of the n-th result as a number (integers up to 2^53 exactly; truth values as 0 or 1).
    abstract Read: n: int * index: int -> float

    /// Makes a result the argument of the next call: copies output `from` into input `into`. Allocates nothing.
    abstract Feed: from: int * into: int -> unit

/// A program compiled by an engine: immutable and thread-safe.
type ICompiled =

    /// What was compiled.
    abstract Program: Program

    /// Memory for running it.
    abstract NewInstance: unit -> IInstance

    /// Runs it once on these arguments; the convenient form, it allocates.
    abstract Run: arguments: Literal[] -> Literal[]

/// Turns programs into running code. Thread-safe; compiling the same program (by bits) twice gives the same code.
type IEngine =

    /// For messages and run cards.
    abstract Name: string

    /// Compiles a program.
    abstract Compile: program: Program -> ICompiled
