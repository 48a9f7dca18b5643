// From a tensor program to a loop program. Relies on Schedule and MemoryPlan. Read Evaluate next.
namespace Ppl.Lowering

open Ppl.Core
open Ppl.Core.Ir

/// The compiler's middle: tensor programs to loop programs.
[<RequireQualifiedAccess>]
module Lower =

    let private buffers (e: Emitter) (types: TensorType[]) place =
        types
        |> Array.mapi (fun i ty ->
            e.NewBuffer { Elem = ElementType.ofDType ty.DType; Length = ty.Shape.Count; Place = place i })

    /// What `program` uses.
    let defaults = { Small = 32; FuseProducts = true }

    /// As `program`, with other choices.
    let programWith (options: LowerOptions) (program: Program) : LoopProgram =
        let e = Emitter()
        let inputs = buffers e (Program.inputTypes program) Place.Input
        let outputs = buffers e (Program.outputTypes program) Place.Output
        let region = Region(options, e, ConstantPool e, program, 0, 0)

        for i in 0 .. inputs.Length - 1 do
            let v = program.Inputs[i]
            region.Views[v] <- ValueSome(View.whole inputs[i] (region.Shape v) 0)

        let places =
            Array.init outputs.Length (fun i ->
                let v = program.Outputs[i]
                struct (v, View.whole outputs[i] (region.Shape v) 0))

        Schedule.run region places
        let body = e.Close()
        let struct (placed, scratch) = MemoryPlan.assign body (e.Buffers.ToArray())

        {
            Body = body
            Values = e.Values
            Variables = e.Variables
            Independent = Set.ofSeq e.Independent
            Buffers = placed
            ScratchLength = scratch
            Inputs = inputs
            Outputs = outputs
        }

    /// The loop program that computes the same results, up to the order of sums. The program is well typed.
    let program (program: Program) : LoopProgram = programWith defaults program
