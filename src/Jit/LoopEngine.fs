// The engine without machine code: programs are lowered as always and the loop program is interpreted by its evaluator.
// For runtimes that cannot emit code, and as a second opinion in tests. Relies on Instance and on Lowering.
namespace Ppl.Jit

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// One interpreted copy.
[<Sealed>]
type internal LoopInstance(program: Program, loops: LoopProgram) =

    let inputs = Ports("argument", Program.inputTypes program)
    let outputs = Ports("result", Program.outputTypes program)
    let arguments = inputs.Types |> Array.map (fun ty -> Literal.fill ty 0.0)
    let mutable results = outputs.Types |> Array.map (fun ty -> Literal.fill ty 0.0)

    let copy (ty: TensorType) (data: Storage) = Literal.create ty.Shape (Storage.copy data)

    interface IInstance with

        member _.SetInput(n, value) =
            let ty = inputs.Type("SetInput", n)

            if value.Type <> ty then
                Errors.shapes "SetInput" $"argument {n} is {ty}, got {value.Type}"

            // A copy, because Input hands out the elements for writing.
            arguments[n] <- copy ty value.Data

        member _.Input n =
            inputs.CountOfReals("Input", n) |> ignore
            Span<float>(Literal.floats arguments[n])

        member _.InputFloat32 n =
            inputs.CountOfSingles("InputFloat32", n) |> ignore
            Span<float32>(Literal.float32s arguments[n])

        member _.Invoke() =
            results <-
                Array.map2
                    (fun (ty: TensorType) (flat: Literal) -> Literal.create ty.Shape flat.Data)
                    outputs.Types
                    (Evaluate.run loops arguments)

        member _.Output n =
            outputs.CountOfReals("Output", n) |> ignore
            ReadOnlySpan<float>(Literal.floats results[n])

        member _.OutputFloat32 n =
            outputs.CountOfSingles("OutputFloat32", n) |> ignore
            ReadOnlySpan<float32>(Literal.float32s results[n])

        member _.GetOutput n =
            let ty = outputs.Type("GetOutput", n)
            copy ty results[n].Data

        member _.Read(n, index) =
            let ty = outputs.Type("Read", n)

            if index < 0 || index >= outputs.Count n then
                Errors.range "Read" $"result {n} is {ty}; there is no element {index}"

            Storage.number results[n].Data index

        member this.Feed(from, into) =
            outputs.Type("Feed", from) |> ignore
            (this :> IInstance).SetInput(into, results[from])

        member _.Dispose() = ()

/// An interpreted program.
[<Sealed>]
type internal LoopCompiled(program: Program) =

    let loops = Lower.program program

    interface ICompiled with
        member _.Program = program
        member _.NewInstance() = new LoopInstance(program, loops)
        member this.Run arguments = Instances.run this arguments

/// Runs programs by interpreting their loops.
[<Sealed>]
type LoopEngine() =

    interface IEngine with
        member _.Name = "loops"
        member _.Compile program = LoopCompiled program
