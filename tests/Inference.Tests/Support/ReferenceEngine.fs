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
        member _.Invoke() = outputs <- Reference.run program inputs
        member _.Output n = ReadOnlySpan(Literal.floats outputs[n])
        member _.GetOutput n = outputs[n]

        member _.Read(n, index) =
            match outputs[n].Data with
            | Storage.F64 data -> data[index]
            | Storage.I32 data -> float data[index]
            | Storage.Bool data -> if data[index] then 1.0 else 0.0

        // A copy: inputs may be written in place, outputs must stay.
        member _.Feed(from, into) =
            let copy =
                match outputs[from].Data with
                | Storage.F64 data -> Storage.F64(Array.copy data)
                | Storage.I32 data -> Storage.I32(Array.copy data)
                | Storage.Bool data -> Storage.Bool(Array.copy data)

            inputs[into] <- Literal.create outputs[from].Type.Shape copy

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
