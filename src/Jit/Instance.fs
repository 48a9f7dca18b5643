// A compiled program and its running copies: one arena each for arguments, results and scratch. Between the checks of a
// setter and the machine code there is nothing: a call is one delegate invocation on two addresses.
// Relies on Compiler. Read CpuEngine next.
namespace Ppl.Jit

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// The arguments, or the results, of a program; facts are kept because computing them allocates.
[<Sealed>]
type internal Ports(name: string, types: TensorType[]) =

    let counts = types |> Array.map (fun ty -> ty.Shape.Count)
    let countsOf dtype = types |> Array.map (fun ty -> if ty.DType = dtype then ty.Shape.Count else -1)
    let reals = countsOf DType.F64
    let singles = countsOf DType.F32

    /// The type of one, after a check that it exists.
    member _.Type(operation, n) =
        if n < 0 || n >= types.Length then
            Errors.range operation $"there is no {name} {n}; the program has {types.Length}"

        types[n]

    /// The elements of one.
    member _.Count n = counts[n]

    member private this.Refuse(operation, n, dtype) : int =
        let ty: TensorType = this.Type(operation, n)
        Errors.dtypes operation $"{name} {n} is {ty}, not {DType.name dtype}"

    /// The number of elements of one that must be f64.
    member this.CountOfReals(operation, n) =
        if uint n < uint reals.Length && reals[n] >= 0 then
            reals[n]
        else
            this.Refuse(operation, n, DType.F64)

    /// The number of elements of one that must be f32.
    member this.CountOfSingles(operation, n) =
        if uint n < uint singles.Length && singles[n] >= 0 then
            singles[n]
        else
            this.Refuse(operation, n, DType.F32)

    /// All types.
    member _.Types = types

/// What the instances of one program share.
[<Sealed>]
type internal Contract(program: Program, code: LoopCode) =

    let inputs = Ports("argument", Program.inputTypes program)
    let outputs = Ports("result", Program.outputTypes program)

    let bytes (ty: TensorType) = ty.Shape.Count * Elem.bytes (Elem.ofDType ty.DType)

    // feeds[from][into]: how many bytes go from a result to an argument; -1 where the types differ.
    let feeds =
        outputs.Types
        |> Array.map (fun source ->
            inputs.Types |> Array.map (fun target -> if source = target then bytes source else -1))

    member _.Program = program
    member _.Code = code
    member _.Inputs = inputs
    member _.Outputs = outputs

    /// The number of bytes that Feed copies, after a check that it may.
    member this.FeedBytes(from, into) =
        if uint from < uint feeds.Length && uint into < uint feeds[from].Length && feeds[from][into] >= 0 then
            feeds[from][into]
        else
            this.RefuseFeed(from, into)

    member private _.RefuseFeed(from, into) : int =
        let source = outputs.Type("Feed", from)
        let target = inputs.Type("Feed", into)
        Errors.shapes "Feed" $"result {from} is {source}, argument {into} is {target}"

/// One running copy. Not thread-safe.
[<Sealed>]
type internal Instance(contract: Contract) =

    let code = contract.Code
    let sole = code.Sole
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
            let count = contract.Inputs.CountOfReals("Input", n)
            let struct (memory, offset) = inputs[n]
            memory.Reals(offset, count)

        member _.InputFloat32 n =
            alive "InputFloat32"
            let count = contract.Inputs.CountOfSingles("InputFloat32", n)
            let struct (memory, offset) = inputs[n]
            memory.Singles(offset, count)

        member _.OutputFloat32 n =
            alive "OutputFloat32"
            let count = contract.Outputs.CountOfSingles("OutputFloat32", n)
            let struct (memory, offset) = outputs[n]
            Span.op_Implicit (memory.Singles(offset, count)): ReadOnlySpan<float32>

        member _.Invoke() =
            alive "Invoke"

            match sole with
            | null -> code.Run arena
            | entry -> code.RunSole(entry, arena)

        member _.Output n =
            alive "Output"
            let count = contract.Outputs.CountOfReals("Output", n)
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
            Elements.number memory offset ty.DType index

        member _.Feed(from, into) =
            alive "Feed"
            let count = contract.FeedBytes(from, into)
            let struct (source, sourceOffset) = outputs[from]
            let struct (target, targetOffset) = inputs[into]
            source.Bytes(sourceOffset, count).CopyTo(target.Bytes(targetOffset, count))

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
