// A compiled program and its running copies: one arena each for arguments, results and scratch. Between the checks of a
// setter and the machine code there is nothing: a call is one delegate invocation on two addresses.
// Relies on Compiler. Read CpuEngine next.
namespace Ppl.Jit

open System
open Ppl.Core
open Ppl.Core.Ir

/// The arguments, or the results, of a program; facts are kept because computing them allocates.
[<Sealed>]
type internal Ports(name: string, types: TensorType[]) =

    let counts = types |> Array.map (fun ty -> ty.Shape.Count)

    /// The type of one, after a check that it exists.
    member _.Type(operation, n) =
        if n < 0 || n >= types.Length then
            Errors.range operation $"there is no {name} {n}; the program has {types.Length}"

        types[n]

    /// The elements of one.
    member _.Count n = counts[n]

    /// The number of elements of one that must have this element type.
    member this.CountOf(operation, n, dtype) =
        let ty: TensorType = this.Type(operation, n)

        if ty.DType <> dtype then
            Errors.dtypes operation $"{name} {n} is {ty}, not {DType.name dtype}"

        counts[n]

    /// All types.
    member _.Types = types

/// What the instances of one program share.
[<Sealed>]
type internal Contract(program: Program, code: LoopCode) =

    let inputs = Ports("argument", Program.inputTypes program)
    let outputs = Ports("result", Program.outputTypes program)

    // feeds[from][into]: whether the types agree.
    let feeds =
        outputs.Types |> Array.map (fun source -> inputs.Types |> Array.map (fun target -> source = target))

    member _.Program = program
    member _.Code = code
    member _.Inputs = inputs
    member _.Outputs = outputs

    /// The number of elements that Feed copies, after a check that it may.
    member _.FeedCount(from, into) =
        let source = outputs.Type("Feed", from)
        let target = inputs.Type("Feed", into)

        if not (feeds[from][into]) then
            Errors.shapes "Feed" $"result {from} is {source}, argument {into} is {target}"

        outputs.Count from

/// One running copy. Not thread-safe.
[<Sealed>]
type internal Instance(contract: Contract) =

    let code = contract.Code
    let arena = code.NewArena()
    let inputs = code.Program.Inputs |> Array.map (fun id -> code.Locate(arena, id))
    let outputs = code.Program.Outputs |> Array.map (fun id -> code.Locate(arena, id))

    let alive operation =
        if arena.Address = 0n then
            Errors.argument operation "the instance is disposed of" "make a new one (ICompiled.NewInstance)"

    interface IInstance with

        member _.SetInput(n, value) =
            alive "SetInput"
            let ty = contract.Inputs.Type("SetInput", n)

            if value.Type <> ty then
                Errors.shapes "SetInput" $"argument {n} is {ty}, got {value.Type}"

            let struct (memory, offset) = inputs[n]
            Elements.write memory offset value.Data

        member _.Input n =
            alive "Input"
            let count = contract.Inputs.CountOf("Input", n, DType.F64)
            let struct (memory, offset) = inputs[n]
            memory.Reals(offset, count)

        member _.InputFloat32 n =
            alive "InputFloat32"
            contract.Inputs.CountOf("InputFloat32", n, DType.F32) |> ignore
            Ppl.Lowering.ElementType.refuse DType.F32
            Span<float32>.Empty

        member _.OutputFloat32 n =
            alive "OutputFloat32"
            contract.Outputs.CountOf("OutputFloat32", n, DType.F32) |> ignore
            Ppl.Lowering.ElementType.refuse DType.F32
            ReadOnlySpan<float32>.Empty

        member _.Invoke() =
            alive "Invoke"
            code.Run arena

        member _.Output n =
            alive "Output"
            let count = contract.Outputs.CountOf("Output", n, DType.F64)
            let struct (memory, offset) = outputs[n]
            Span.op_Implicit (memory.Reals(offset, count)): ReadOnlySpan<float>

        member _.GetOutput n =
            alive "GetOutput"
            let ty = contract.Outputs.Type("GetOutput", n)
            let struct (memory, offset) = outputs[n]
            Elements.read memory offset ty

        member _.Read(n, index) =
            alive "Read"
            let ty = contract.Outputs.Type("Read", n)

            if index < 0 || index >= contract.Outputs.Count n then
                Errors.range "Read" $"result {n} is {ty}; there is no element {index}"

            let struct (memory, offset) = outputs[n]

            match ty.DType with
            | DType.F64 -> memory.Reals(offset + index, 1)[0]
            | DType.I32 -> float (memory.Integers(offset + index, 1)[0])
            | DType.F32
            | DType.I64
            | DType.U32 -> Ppl.Lowering.ElementType.refuse ty.DType
            | DType.Bool -> if memory.Integers(offset + index, 1)[0] = 0L then 0.0 else 1.0

        member _.Feed(from, into) =
            alive "Feed"
            let count = contract.FeedCount(from, into)
            let struct (source, sourceOffset) = outputs[from]
            let struct (target, targetOffset) = inputs[into]
            source.Integers(sourceOffset, count).CopyTo(target.Integers(targetOffset, count))

        member _.Dispose() = (arena :> IDisposable).Dispose()

/// What every kind of compiled program does with instances.
[<RequireQualifiedAccess>]
module internal Instances =

    /// The results of one run on a fresh instance.
    let run (compiled: ICompiled) (arguments: Literal[]) =
        let expected = compiled.Program.Inputs.Length

        if arguments.Length <> expected then
            Errors.shapes "Run" $"the program takes {expected} arguments, got {arguments.Length}"

        use instance = compiled.NewInstance()
        arguments |> Array.iteri (fun n value -> instance.SetInput(n, value))
        instance.Invoke()
        Array.init compiled.Program.Outputs.Length instance.GetOutput

/// A compiled program. Immutable and thread-safe.
[<Sealed>]
type internal Compiled(program: Program, code: LoopCode) =

    let contract = Contract(program, code)

    interface ICompiled with

        member _.Program = program

        member _.NewInstance() = new Instance(contract)

        member this.Run arguments = Instances.run this arguments
