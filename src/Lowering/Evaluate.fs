// The meaning of loop programs: a slow interpreter, lane by lane, with the memory layout of the plan and garbage where
// the contract promises nothing. Engines are tested against it bit for bit. Relies on LoopIr. Read Print next.
/// The slow interpreter of loop programs, which defines what they mean.
[<RequireQualifiedAccess>]
module Ppl.Lowering.Evaluate

open System
open System.Runtime.InteropServices
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Kernels

/// What unwritten memory holds: a NaN of either precision, and a far-away index.
let private garbage = 0x7FF8_0BAD_7FF8_0BADL

/// Memory of so many cells of 8 bytes.
let private memory cells =
    let bytes: byte[] = Array.zeroCreate (8 * cells)
    MemoryMarshal.Cast<byte, int64>(bytes.AsSpan()).Fill garbage
    bytes

let private put (memory: byte[]) (at: int) (data: Storage) (i: int) =
    let long (x: int64) = BitConverter.TryWriteBytes(Span(memory, at, 8), x) |> ignore

    match data with
    | Storage.F64 x -> long (BitConverter.DoubleToInt64Bits x[i])
    | Storage.F32 x -> BitConverter.TryWriteBytes(Span(memory, at, 4), BitConverter.SingleToInt32Bits x[i]) |> ignore
    | Storage.I64 x -> long x[i]
    | Storage.I32 x -> long (int64 x[i])
    | Storage.U32 x -> long (int64 x[i])
    | Storage.Bool x -> long (if x[i] then -1L else 0L)

let private get (memory: byte[]) elem (places: int[]) =
    let long (at: int) = BitConverter.ToInt64(memory, at)
    let single (at: int) = BitConverter.Int32BitsToSingle(BitConverter.ToInt32(memory, at))

    match elem with
    | Elem.Real -> Storage.F64(Array.map (long >> BitConverter.Int64BitsToDouble) places)
    | Elem.Single -> Storage.F32(Array.map single places)
    | Elem.Long -> Storage.I64(Array.map long places)
    | Elem.Int -> Storage.I32(Array.map (long >> int) places)
    | Elem.Word -> Storage.U32(Array.map (long >> uint32) places)
    | Elem.Mask -> Storage.Bool(places |> Array.map (fun at -> long at <> 0L))

let private splat (data: Storage) = if Storage.length data = 8 then data else Storage.gather (Array.zeroCreate 8) data

let private asReals (cells: int64[]) : Span<float> = MemoryMarshal.Cast<int64, float>(cells.AsSpan())

/// The elements of several values of one type, one after the other.
let private joined (items: Storage[]) =
    let result = Storage.zeros (Storage.dtype items[0]) items.Length
    items |> Array.iteri (fun i item -> Storage.scatter [| i |] item result)
    result

/// A run of memory that starts at a byte.
[<NoComparison; NoEquality>]
type private Run = { Memory: byte[]; Start: int; Elem: Elem }

type private Machine(program: LoopProgram, arguments: Literal[]) =
    let values: Storage[] = Array.create program.Values.Length (Storage.Bool [||])
    let variables: Storage[] = Array.create program.Variables.Length (Storage.Bool [||])
    let room (buffer: Ppl.Lowering.Buffer) = memory (Buffer.cells buffer.Elem buffer.Length)
    let scratch = memory (program.ScratchLength + 8)

    let filled (buffer: Ppl.Lowering.Buffer) (literal: Literal) =
        let bytes = room buffer

        for i in 0 .. literal.Type.Shape.Count - 1 do
            put bytes (i * Elem.bytes buffer.Elem) literal.Data i

        bytes

    let runs =
        program.Buffers
        |> Array.map (fun buffer ->
            match buffer.Place with
            | Place.Input n -> { Memory = filled buffer arguments[n]; Start = 0; Elem = buffer.Elem }
            | Place.Output _ -> { Memory = room buffer; Start = 0; Elem = buffer.Elem }
            | Place.Constant literal -> { Memory = filled buffer literal; Start = 0; Elem = buffer.Elem }
            | Place.Scratch offset -> { Memory = scratch; Start = 8 * offset; Elem = buffer.Elem })

    let intOf value =
        match values[value] with
        | Storage.I32 items -> items[0]
        | _ -> Errors.bug "Evaluate" "an address or counter that is no integer"

    let isTrue value =
        match values[value] with
        | Storage.Bool items -> items[0]
        | _ -> Errors.bug "Evaluate" "a condition that is no truth value"

    let indexOf (address: Address) =
        let mutable index = address.Offset

        for struct (stride, term) in address.Terms do
            index <- index + stride * intOf term

        index

    let check (address: Address) index =
        let run = runs[address.Buffer]
        let length = program.Buffers[address.Buffer].Length

        if index < 0 || index >= (length + 7) / 8 * 8 + 8 then
            Errors.bug "Evaluate" $"element {index} of buffer {address.Buffer} of {length}"

        run.Start + index * Elem.bytes run.Elem

    let read (address: Address) (offsets: int[]) =
        let start = indexOf address
        let run = runs[address.Buffer]
        get run.Memory run.Elem (offsets |> Array.map (fun offset -> check address (start + offset)))

    let write (address: Address) offset (data: Storage) lane =
        let index = indexOf address + offset

        if index >= program.Buffers[address.Buffer].Length then
            Errors.bug "Evaluate" $"a store to element {index} of buffer {address.Buffer}"

        put runs[address.Buffer].Memory (check address index) data lane

    let elements (address: Address) count = read address (Array.init count id)

    let floats (address: Address) count =
        match elements address count with
        | Storage.F64 items -> items
        | _ -> Errors.bug "Evaluate" "a kernel on something else than reals"

    let integers (address: Address) count =
        match ReferenceElementwise.convert DType.I64 (elements address count) with
        | Storage.I64 items -> items
        | _ -> Errors.bug "Evaluate" "an order of something else than numbers"

    let writeAll address (data: Storage) =
        for i in 0 .. Storage.length data - 1 do
            write address i data i

    /// Elements of 8 bytes, whatever they are.
    let writeCells address (cells: int64[]) = writeAll address (Storage.I64 cells)

    let reduce op (data: Storage) =
        let cells = Array.init 8 (fun i -> Storage.gather [| i |] data)
        let join = ReferenceElementwise.binary (Fold.binary op)
        let even = join (join cells[0] cells[4]) (join cells[2] cells[6])
        join even (join (join cells[1] cells[5]) (join cells[3] cells[7]))

    /// a b + c, or c - a b.
    let fused isNegated (a: Storage) (b: Storage) (c: Storage) =
        match a, b, c with
        | Storage.F64 a, Storage.F64 b, Storage.F64 c ->
            Storage.F64(Array.map3 (fun a b c -> Math.FusedMultiplyAdd((if isNegated then -a else a), b, c)) a b c)
        | Storage.F32 a, Storage.F32 b, Storage.F32 c ->
            Storage.F32(Array.map3 (fun a b c -> MathF.FusedMultiplyAdd((if isNegated then -a else a), b, c)) a b c)
        | _ -> Errors.bug "Evaluate" "a fused operation on something else than reals"

    let operation (ty: Ppl.Lowering.ValueType) op : Storage =
        match op with
        | Op.Real x -> Storage.F64 [| x |]
        | Op.Single x -> Storage.F32 [| x |]
        | Op.Long x -> Storage.I64 [| x |]
        | Op.Int x -> Storage.I32 [| x |]
        | Op.Word x -> Storage.U32 [| x |]
        | Op.Mask x -> Storage.Bool [| x |]
        | Op.Unary(op, a) -> ReferenceElementwise.unary op values[a]
        | Op.Binary(op, a, b) -> ReferenceElementwise.binary op values[a] values[b]
        | Op.Special(op, args) -> ReferenceElementwise.special op (args |> Array.map (fun v -> values[v]))
        | Op.Fma(a, b, c) -> fused false values[a] values[b] values[c]
        | Op.Fnma(a, b, c) -> fused true values[a] values[b] values[c]
        | Op.Compare(op, a, b) -> ReferenceElementwise.compare op values[a] values[b]
        | Op.Select(p, a, b) -> ReferenceElementwise.select values[p] values[a] values[b]
        | Op.Convert(target, a) -> ReferenceElementwise.convert (Elem.dtype target) values[a]
        | Op.Splat a -> splat values[a]
        | Op.LaneIndex -> Storage.I32 [| 0..7 |]
        | Op.LaneMask count -> Storage.Bool(Array.init 8 (fun i -> i < count))
        | Op.Load(address, stride) ->
            let lanes = if ty.Lanes = Lanes.One then 1 else 8
            read address (Array.init lanes (fun i -> i * stride))
        | Op.Gather(address, stride, index) ->
            match values[index] with
            | Storage.I32 items -> read address (items |> Array.map (fun i -> i * stride))
            | _ -> Errors.bug "Evaluate" "a gather by something else than integers"
        | Op.ReduceLanes(op, a) -> reduce op values[a]
        | Op.Lane(a, lane) -> Storage.gather [| lane |] values[a]
        | Op.Pack items -> joined (items |> Array.map (fun item -> values[item]))
        | Op.Window(a, b, start) ->
            let lane i = Storage.gather [| i % 8 |] values[if i < 8 then a else b]
            joined (Array.init 8 (fun i -> lane (start + i)))
        | Op.Get variable -> variables[variable]

    let keyAt (address: Address) =
        match read address [| 0; 1 |] with
        | Storage.I32 words -> RandomStream.Key(words[0], words[1])
        | _ -> Errors.bug "Evaluate" "a key that is no pair of integers"

    let call kernel =
        match kernel with
        | Kernel.FoldIn(destination, key, data) ->
            let derived = RandomStream.FoldIn(keyAt key, intOf data)
            writeAll destination (Storage.I32 [| int derived; int (derived >>> 32) |])
        | Kernel.Uniform(destination, key, count) ->
            let draws: float[] = Array.zeroCreate count
            RandomStream.Uniform(draws, keyAt key)
            writeAll destination (Storage.F64 draws)
        | Kernel.Bits(destination, key, count) ->
            let draws: uint32[] = Array.zeroCreate count
            RandomStream.Bits(draws, keyAt key)
            writeAll destination (Storage.I32(Array.map int draws))
        | Kernel.Gemm(c, a, b, m, n, k, strideA, transposeA, transposeB) ->
            let width = if transposeA then m else k
            let dense = read a (Array.init (m * k) (fun i -> i / width * strideA + i % width))

            match dense, elements b (k * n) with
            | Storage.F64 a, Storage.F64 b ->
                let result: float[] = Array.zeroCreate (m * n)
                PackedDense.Gemm(m, n, k, a, transposeA, b, transposeB, result)
                writeAll c (Storage.F64 result)
            | Storage.F32 a, Storage.F32 b ->
                let result: float32[] = Array.zeroCreate (m * n)
                PackedDense.Gemm(m, n, k, a, transposeA, b, transposeB, result)
                writeAll c (Storage.F32 result)
            | _ -> Errors.bug "Evaluate" "a matrix product of something else than reals"
        | Kernel.Cholesky(l, a, batch, n) ->
            let factor (matrix: float[]) =
                let result: float[] = Array.zeroCreate (n * n)
                PackedDense.Cholesky(n, matrix, result) |> ignore
                result

            floats a (batch * n * n)
            |> Array.chunkBySize (n * n)
            |> Array.collect factor
            |> Storage.F64
            |> writeAll l
        | Kernel.CholeskyInverse(result, a, n) ->
            let inverse: float[] = Array.zeroCreate (n * n)
            PackedDense.CholeskyInverse(n, floats a (n * n), inverse)
            writeAll result (Storage.F64 inverse)
        | Kernel.CholeskyVjp(result, l, c, n) ->
            let cotangent: float[] = Array.zeroCreate (n * n)
            PackedDense.CholeskyVjp(n, floats l (n * n), floats c (n * n), cotangent)
            writeAll result (Storage.F64 cotangent)
        | Kernel.TriangularSolve(x, l, b, batch, n, k, lower, transpose, transposeB) ->
            let solve (matrix: float[]) (right: float[]) =
                let result = if transposeB then Array.init (n * k) (fun at -> right[at % k * n + at / k]) else right
                PackedDense.TriangularSolve(n, k, matrix, lower, transpose, result)
                result

            let matrices = floats l (batch * n * n) |> Array.chunkBySize (n * n)

            floats b (batch * n * k)
            |> Array.chunkBySize (n * k)
            |> Array.map2 solve matrices
            |> Array.concat
            |> Storage.F64
            |> writeAll x
        | Kernel.Solve(x, a, b, n, k, adjoint, transposeB) ->
            let right = floats b (n * k)

            let result = if transposeB then Array.init (n * k) (fun at -> right[at % k * n + at / k]) else right

            PackedDense.Solve(n, k, floats a (n * n), adjoint, result)
            writeAll x (Storage.F64 result)
        | Kernel.Decompose(result, a, kind, m, n) ->
            let data: float[] = Array.zeroCreate (Dense.DecompositionLength(kind, m, n))
            PackedDense.Decompose(kind, m, n, floats a (m * n), data)
            writeAll result (Storage.F64 data)
        | Kernel.ExponentialSums(destination, distance, source, rows, n) ->
            let tops: float[] = Array.zeroCreate rows
            let sums: float[] = Array.zeroCreate rows

            match elements source (rows * n) with
            | Storage.F32 items -> ExponentialSums.Rows(tops, sums, items, n)
            | _ -> ExponentialSums.Rows(tops, sums, floats source (rows * n), n)

            writeAll destination (Storage.F64 tops)
            writeAll { destination with Offset = destination.Offset + distance } (Storage.F64 sums)
        | Kernel.JoinExponentials(destination, distance, source, sourceDistance, n) ->
            let partSums = { source with Offset = source.Offset + sourceDistance }
            let struct (top, sum) = ExponentialSums.Join(floats source n, floats partSums n)
            writeAll destination (Storage.F64 [| top |])
            writeAll { destination with Offset = destination.Offset + distance } (Storage.F64 [| sum |])
        | Kernel.Fourier(result, x, rows, n, inverse) ->
            let data: float[] = Array.zeroCreate (2 * rows * n)
            FourierTransform.Run(rows, n, inverse, floats x data.Length, data)
            writeAll result (Storage.F64 data)
        | Kernel.Custom(call, results, arguments) ->
            let read (address: Address) (ty: TensorType) = Literal.create ty.Shape (elements address ty.Shape.Count)

            Array.map2 read arguments call.Arguments
            |> call.Evaluate
            |> Array.iter2 (fun address (value: Literal) -> writeAll address value.Data) results
        | Kernel.Sort(destination, source, elem, rows, n) ->
            let sorted: int64[] = Array.zeroCreate (rows * n)

            if elem = Elem.Real then
                Sorting.Sort(floats source (rows * n), asReals sorted, n)
            else
                Sorting.Sort(integers source (rows * n), sorted, n)

            writeCells destination sorted
        | Kernel.ArgSort(destination, source, elem, rows, n) ->
            let indices: int64[] = Array.zeroCreate (rows * n)

            if elem = Elem.Real then
                Sorting.ArgSort(floats source (rows * n), indices, n)
            else
                Sorting.ArgSort(integers source (rows * n), indices, n)

            writeCells destination indices
        | Kernel.Search(destination, sorted, values, elem, rows, n, m, right) ->
            let counts: int64[] = Array.zeroCreate (rows * m)

            if elem = Elem.Real then
                Sorting.Search(floats sorted (rows * n), floats values (rows * m), counts, n, m, right)
            else
                Sorting.Search(integers sorted (rows * n), integers values (rows * m), counts, n, m, right)

            writeCells destination counts

    member this.Run(block: Block) =
        for statement in block do
            match statement with
            | Stmt.Let(value, op) -> values[value] <- operation program.Values[value] op
            | Stmt.Set(variable, value) -> variables[variable] <- values[value]
            | Stmt.Store(address, stride, lanes, value) ->
                for lane in 0 .. lanes - 1 do
                    write address (lane * stride) values[value] lane
            | Stmt.For(counter, start, limit, step, body) ->
                for i in start..step .. limit - 1 do
                    values[counter] <- Storage.I32 [| i |]
                    this.Run body
            | Stmt.If(condition, whenTrue, whenFalse) -> this.Run(if isTrue condition then whenTrue else whenFalse)
            | Stmt.Parallel blocks -> Array.iter this.Run blocks
            | Stmt.While(test, condition, body) ->
                this.Run test

                while isTrue condition do
                    this.Run body
                    this.Run test
            | Stmt.Copy(destination, source, count) ->
                let data = read source (Array.init count id)
                writeAll destination data
            | Stmt.Call kernel -> call kernel

    member _.Output n =
        let buffer = program.Outputs[n]
        let address = { Buffer = buffer; Offset = 0; Terms = [||] }
        read address (Array.init program.Buffers[buffer].Length id)

/// The results of a loop program. The shapes of the results are flat: f64[n], i32[n], ...
let run (program: LoopProgram) (arguments: Literal[]) : Literal[] =
    let machine = Machine(program, arguments)
    machine.Run program.Body

    Array.init program.Outputs.Length (fun n ->
        let data = machine.Output n
        Literal.create (Shape.ofList [ Storage.length data ]) data)
