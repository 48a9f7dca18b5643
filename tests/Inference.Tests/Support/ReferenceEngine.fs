// An engine that interprets programs with the reference evaluator: slow and obviously right.
namespace Ppl.Inference.Tests

open System
open Ppl.Core
open Ppl.Core.Ir

type private ReferenceInstance(program: Program) =

    let inputs = Program.inputTypes program |> Array.map (fun ty -> Literal.fill ty 0.0)

    let mutable outputs: Literal[] = [||]

    interface IInstance with
        member _.SetInput(n, value) = inputs[n] <- value
        member _.Input n = (Literal.floats inputs[n]).AsSpan()
        member _.InputFloat32 n = (Literal.float32s inputs[n]).AsSpan()
        member _.Invoke() = outputs <- Reference.run program inputs
        member _.Output n = ReadOnlySpan(Literal.floats outputs[n])
        member _.OutputFloat32 n = ReadOnlySpan(Literal.float32s outputs[n])
        member _.GetOutput n = outputs[n]

        member _.Read(n, index) = Storage.number outputs[n].Data index

        // A copy: inputs may be written in place, outputs must stay.
        member _.Feed(from, into) =
            inputs[into] <- Literal.create outputs[from].Type.Shape (Storage.copy outputs[from].Data)

        member _.Dispose() = ()

type ReferenceEngine() =
    interface IEngine with
        member _.Name = "reference"

        member _.Compile program =
            { new ICompiled with
                member _.Program = program
                member _.NewInstance() = new ReferenceInstance(program)
                member _.Run arguments = Reference.run program arguments
            }
