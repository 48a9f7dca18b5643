// Loop programs as text, for golden tests and for reading. Relies on LoopIr.
/// Loop programs as text.
[<RequireQualifiedAccess>]
module Ppl.Lowering.Print

open System.Globalization
open System.Text
open Ppl.Core
open Ppl.Core.Ir

let private lower (text: string) = string (System.Char.ToLowerInvariant text[0]) + text.Substring 1
let private number (x: float) = x.ToString("R", CultureInfo.InvariantCulture)

let private address (a: Address) =
    let text = StringBuilder()
    text.Append('b').Append(a.Buffer).Append('[').Append(a.Offset) |> ignore

    for struct (stride, value) in a.Terms do
        text.Append(" + ").Append(stride).Append(" v").Append(value) |> ignore

    text.Append(']').ToString()

let private v (value: Value) = "v" + string value

let private operation lanes op =
    let suffix = if lanes = Lanes.Eight then ".8" else ""

    match op with
    | Op.Real x -> number x
    | Op.Single x -> x.ToString("R", CultureInfo.InvariantCulture) + "f"
    | Op.Long x -> x.ToString CultureInfo.InvariantCulture + "L"
    | Op.Int x -> string x
    | Op.Word x -> x.ToString CultureInfo.InvariantCulture + "u"
    | Op.Mask x -> if x then "true" else "false"
    | Op.Unary(op, a) -> $"{lower (string op)}{suffix} {v a}"
    | Op.Binary(op, a, b) -> $"{lower (string op)}{suffix} {v a} {v b}"
    | Op.Special(op, args) ->
        let name = Primitive.name (Primitive.Special op)
        name + suffix + " " + (args |> Array.map v |> String.concat " ")
    | Op.Fma(a, b, c) -> $"fma{suffix} {v a} {v b} {v c}"
    | Op.Fnma(a, b, c) -> $"fnma{suffix} {v a} {v b} {v c}"
    | Op.Compare(op, a, b) -> $"{lower (string op)}{suffix} {v a} {v b}"
    | Op.Select(p, a, b) -> $"select{suffix} {v p} {v a} {v b}"
    | Op.Convert(target, a) -> $"{lower (string target)}{suffix} {v a}"
    | Op.Splat a -> $"splat {v a}"
    | Op.LaneIndex -> "laneIndex"
    | Op.LaneMask count -> $"laneMask {count}"
    | Op.Load(a, 1) -> $"load{suffix} {address a}"
    | Op.Load(a, stride) -> $"load{suffix} {address a} stride {stride}"
    | Op.Gather(a, stride, index) -> $"gather {address a} stride {stride} at {v index}"
    | Op.ReduceLanes(op, a) -> $"reduce{op} {v a}"
    | Op.Lane(a, lane) -> $"lane {lane} {v a}"
    | Op.Pack items -> "pack " + (items |> Array.map v |> String.concat " ")
    | Op.Window(a, b, start) -> $"window {start} {v a} {v b}"
    | Op.Get variable -> $"get x{variable}"

let private kernel kernel =
    match kernel with
    | Kernel.FoldIn(destination, key, data) -> $"foldIn {address destination} {address key} {v data}"
    | Kernel.Uniform(destination, key, count) -> $"uniform {address destination} {address key} {count}"
    | Kernel.Bits(destination, key, count) -> $"bits {address destination} {address key} {count}"
    | Kernel.Gemm(c, a, b, m, n, k, strideA, transposeA, transposeB) ->
        $"gemm {address c} {address a} {address b} {m} {n} {k} {strideA} {transposeA} {transposeB}"
    | Kernel.Cholesky(l, a, batch, n) -> $"cholesky {address l} {address a} {batch} {n}"
    | Kernel.CholeskyInverse(result, a, n) -> $"choleskyInverse {address result} {address a} {n}"
    | Kernel.CholeskyVjp(result, l, c, n) -> $"choleskyVjp {address result} {address l} {address c} {n}"
    | Kernel.TriangularSolve(x, l, b, batch, n, k, isLower, transpose, transposeB) ->
        $"triangularSolve {address x} {address l} {address b} {batch} {n} {k} {isLower} {transpose} {transposeB}"
    | Kernel.Solve(x, a, b, n, k, adjoint, transposeB) ->
        $"solve {address x} {address a} {address b} {n} {k} {adjoint} {transposeB}"
    | Kernel.Decompose(result, a, kind, m, n) -> $"{lower (string kind)} {address result} {address a} {m} {n}"

    | Kernel.ExponentialSums(destination, distance, source, rows, n) ->
        $"exponentialSums {address destination} {distance} {address source} {rows} {n}"
    | Kernel.JoinExponentials(destination, distance, source, sourceDistance, n) ->
        $"joinExponentials {address destination} {distance} {address source} {sourceDistance} {n}"
    | Kernel.Fourier(result, x, rows, n, inverse) -> $"fourier {address result} {address x} {rows} {n} {inverse}"
    | Kernel.Custom(call, results, arguments) ->
        let all = Array.append results arguments |> Array.map address |> String.concat " "
        $"custom {call.Operation.Name} {call.Operation.Version} {all}"
    | Kernel.Sort(destination, source, _, rows, n) -> $"sort {address destination} {address source} {rows} {n}"
    | Kernel.ArgSort(destination, source, _, rows, n) -> $"argSort {address destination} {address source} {rows} {n}"
    | Kernel.Search(destination, sorted, values, _, rows, n, m, right) ->
        $"search {address destination} {address sorted} {address values} {rows} {n} {m} {right}"

let private buffer (b: Buffer) =
    let place =
        match b.Place with
        | Place.Input n -> $"input {n}"
        | Place.Output n -> $"output {n}"
        | Place.Constant literal -> $"constant {literal.Type}"
        | Place.Scratch offset -> $"scratch {offset}"

    $"{lower (string b.Elem)} {b.Length} {place}"

let rec private block (program: LoopProgram) (text: StringBuilder) indent (statements: Block) =
    let line (content: string) = text.Append(' ', 2 * indent).Append(content).Append('\n') |> ignore
    let inner = block program text (indent + 1)

    for statement in statements do
        match statement with
        | Stmt.Let(value, op) -> line $"{v value} = {operation program.Values[value].Lanes op}"
        | Stmt.Set(variable, value) -> line $"x{variable} <- {v value}"
        | Stmt.Store(a, 1, lanes, value) -> line $"store.{lanes} {address a} {v value}"
        | Stmt.Store(a, stride, lanes, value) -> line $"store.{lanes} {address a} stride {stride} {v value}"
        | Stmt.For(counter, start, limit, step, body) ->
            line $"for {v counter} = {start} to {limit} by {step}"
            inner body
        | Stmt.If(condition, whenTrue, whenFalse) ->
            line $"if {v condition}"
            inner whenTrue
            line "else"
            inner whenFalse
        | Stmt.Parallel blocks ->
            for body in blocks do
                line "parallel"
                inner body
        | Stmt.While(test, condition, body) ->
            line "test"
            inner test
            line $"while {v condition}"
            inner body
        | Stmt.Copy(destination, source, count) -> line $"copy {address destination} {address source} {count}"
        | Stmt.Call k -> line (kernel k)

/// The text of a loop program: its buffers, then its statements.
let program (program: LoopProgram) : string =
    let text = StringBuilder()
    program.Buffers |> Array.iteri (fun i b -> text.Append($"b{i}: {buffer b}\n") |> ignore)
    block program text 0 program.Body
    text.ToString()
