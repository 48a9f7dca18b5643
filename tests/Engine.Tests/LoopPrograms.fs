// Hand-made loop programs for the tests of the emitter, and running them on one width.
module Ppl.Engine.Tests.LoopPrograms

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Jit

let one elem : ValueType = { Elem = elem; Lanes = Lanes.One }
let eight elem : ValueType = { Elem = elem; Lanes = Lanes.Eight }

/// Collects a program; blocks are written by functions.
type Sketch() =
    let values = List<ValueType>()
    let variables = List<ValueType>()
    let buffers = List<Buffer>()
    let inputs = List<BufferId>()
    let outputs = List<BufferId>()
    let blocks = Stack<List<Stmt>>([ List<Stmt>() ])
    let mutable scratch = 0

    let buffer elem length place =
        buffers.Add { Elem = elem; Length = length; Place = place }
        buffers.Count - 1

    member _.Input(elem, length) =
        inputs.Add(buffer elem length (Place.Input inputs.Count))
        inputs[inputs.Count - 1]

    member _.Output(elem, length) =
        outputs.Add(buffer elem length (Place.Output outputs.Count))
        outputs[outputs.Count - 1]

    member _.Scratch(elem, length) =
        let offset = scratch
        scratch <- scratch + (length + 15) / 8 * 8
        buffer elem length (Place.Scratch offset)

    member _.Constant(literal: Literal) =
        let elem =
            match literal.Type.DType with
            | DType.F64 -> Elem.Real
            | DType.I32 -> Elem.Int
            | DType.Bool -> Elem.Mask
            | other -> ElementType.refuse other

        buffer elem literal.Type.Shape.Count (Place.Constant literal)

    member _.Variable ty : Variable =
        variables.Add ty
        variables.Count - 1

    member _.Add statement = blocks.Peek().Add statement

    member this.Let(ty, op) : Value =
        values.Add ty
        this.Add(Stmt.Let(values.Count - 1, op))
        values.Count - 1

    member _.Block(write: unit -> unit) : Block =
        blocks.Push(List())
        write ()
        blocks.Pop().ToArray()

    member this.For(start, limit, step, write: Value -> unit) =
        values.Add(one Elem.Int)
        let counter = values.Count - 1
        let body = this.Block(fun () -> write counter)
        this.Add(Stmt.For(counter, start, limit, step, body))

    member this.If(condition, whenTrue, whenFalse) =
        this.Add(Stmt.If(condition, this.Block whenTrue, this.Block whenFalse))

    member this.While(test: unit -> Value, body) =
        let mutable condition = -1
        let test = this.Block(fun () -> condition <- test ())
        this.Add(Stmt.While(test, condition, this.Block body))

    member _.Program: LoopProgram =
        {
            Body = blocks.Peek().ToArray()
            Values = values.ToArray()
            Variables = variables.ToArray()
            Independent = Set.empty
            Buffers = buffers.ToArray()
            ScratchLength = scratch
            Inputs = inputs.ToArray()
            Outputs = outputs.ToArray()
        }

let at buffer offset : Address = { Buffer = buffer; Offset = offset; Terms = [||] }

let atIndex buffer offset stride index : Address =
    { Buffer = buffer; Offset = offset; Terms = [| struct (stride, index) |] }

let widths = [ 512; 256; 128 ]

let dtypeOf elem =
    match elem with
    | Elem.Real -> DType.F64
    | Elem.Int -> DType.I32
    | Elem.Mask -> DType.Bool

let bufferType (program: LoopProgram) id =
    let buffer = program.Buffers[id]
    TensorType.create (dtypeOf buffer.Elem) (Shape.ofArray [| buffer.Length |])

/// Compiles with the stack check and runs once.
let runCode (code: LoopCode) (arguments: Storage list) : Storage list =
    let program = code.Program
    use arena = code.NewArena()

    arguments |> List.iteri (fun n data -> code.Write(arena, program.Inputs[n], data))

    code.Run arena

    [ for id in program.Outputs -> (code.Read(arena, id, bufferType program id)).Data ]

let settings bits = { CompilerSettings.Default with VectorBits = bits; CheckIl = true }

let run bits (program: LoopProgram) arguments = runCode (Compiler.compile (settings bits) program) arguments

/// The bits of elements; all NaNs are one value, because which payload survives is not specified.
let bitsOf (data: Storage) : int64[] =
    match data with
    | Storage.F64 values ->
        values
        |> Array.map (fun x -> if Double.IsNaN x then 0x7FF8000000000000L else BitConverter.DoubleToInt64Bits x)
    | Storage.F32 values ->
        values
        |> Array.map (fun x -> if Single.IsNaN x then 0x7FC00000L else int64 (BitConverter.SingleToInt32Bits x))
    | Storage.I64 values -> values
    | Storage.I32 values -> Array.map int64 values
    | Storage.U32 values -> Array.map int64 values
    | Storage.Bool values -> values |> Array.map (fun x -> if x then -1L else 0L)

let real x = Storage.F64 x

/// Reals where functions go wrong first, and a few ordinary ones; 32 of them.
let reals =
    [|
        0.0
        -0.0
        1.0
        -1.0
        0.5
        -0.5
        2.0
        -2.5
        nan
        infinity
        -infinity
        Double.Epsilon
        -Double.Epsilon
        1e-310
        Double.MaxValue
        Double.MinValue
        1e-300
        1e300
        3.7
        -3.7
        1e-9
        0.9999999999999999
        1.0000000000000002
        2147483647.0
        -2147483648.0
        2147483648.5
        1e10
        -1e10
        710.0
        -746.0
        4.25
        100.75
    |]

let ints =
    [|
        0
        1
        -1
        2
        -2
        7
        -7
        31
        32
        33
        -31
        -32
        100
        65536
        46341
        -46341
        Int32.MaxValue
        Int32.MinValue
        Int32.MaxValue - 1
        Int32.MinValue + 1
        12345
        -12345
        3
        5
        0
        0
        1
        1
        255
        256
        -255
        17
    |]

let truths = Array.init 32 (fun i -> i % 3 = 0 || i % 7 = 1)

let samples elem =
    match elem with
    | Elem.Real -> Storage.F64 reals
    | Elem.Int -> Storage.I32 ints
    | Elem.Mask -> Storage.Bool truths

/// The samples in another order, so that pairs meet.
let rotated elem by =
    let data = samples elem
    let count = Storage.length data
    Storage.gather (Array.init count (fun i -> (i * 5 + by) % count)) data

let tile times (data: Storage) =
    let count = Storage.length data
    Storage.gather (Array.init (times * count) (fun i -> i % count)) data

/// What the reference evaluator makes of one primitive on vectors of one length.
let reference primitive (arguments: Storage list) =
    let literals =
        arguments |> List.map (fun data -> Literal.create (Shape.ofList [ Storage.length data ]) data)

    let results = Reference.evaluate primitive (List.toArray literals)
    results[0].Data

/// `count` samples in random order.
let samplesOf count elem (random: Random) =
    let data = samples elem
    Storage.gather (Array.init count (fun _ -> random.Next(Storage.length data))) data

/// What the evaluator of loop programs makes of it.
let evaluated program (arguments: Storage list) =
    let literals =
        arguments |> List.map (fun data -> Literal.create (Shape.ofList [ Storage.length data ]) data)

    Evaluate.run program (List.toArray literals)
    |> Array.map (fun result -> result.Data)
    |> Array.toList
