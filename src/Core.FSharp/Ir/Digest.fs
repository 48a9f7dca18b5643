// Keys of programs and equations for caches and common-subexpression elimination: SHA-256 of a binary form in which
// variables are numbered by the order of their assignment and constants are their bits (0.0 and -0.0 differ).
// Relies on Primitive. Read Builder next.
/// Keys of programs and of equations, by bits.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.Digest

open System
open System.Buffers
open System.Buffers.Binary
open System.Security.Cryptography
open System.Text
open Ppl.Core

type private Writer = ArrayBufferWriter<byte>

let private int (writer: Writer) (value: int) =
    BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan 4, value)
    writer.Advance 4

let private flag writer value = int writer (if value then 1 else 0)

let private ints writer (values: int[]) =
    int writer values.Length

    for value in values do
        int writer value

let private text (writer: Writer) (value: string) =
    int writer value.Length
    Encoding.ASCII.GetBytes(value.AsSpan(), writer) |> ignore

let private tensorType writer (ty: TensorType) =
    text writer (DType.name ty.DType)
    ints writer (ty.Shape.ToArray())

let private literal (writer: Writer) (value: Literal) =
    tensorType writer value.Type
    writer.Write(Storage.bytes value.Data)

let private move writer op =
    match op with
    | MoveOp.Reshape shape -> ints writer (shape.ToArray())
    | MoveOp.Transpose permutation -> ints writer permutation
    | MoveOp.Broadcast(shape, axes) ->
        ints writer (shape.ToArray())
        ints writer axes
    | MoveOp.Slice(start, limit, stride) ->
        ints writer start
        ints writer limit
        ints writer stride
    | MoveOp.Pad(low, high) ->
        ints writer low
        ints writer high
    | MoveOp.Concat axis -> int writer axis
    | MoveOp.Reverse axes -> ints writer axes
    | MoveOp.Windows(axes, sizes, strides, dilations) -> List.iter (ints writer) [ axes; sizes; strides; dilations ]

let private order writer op =
    match op with
    | OrderOp.Sort axis
    | OrderOp.ArgSort axis
    | OrderOp.ArgMax axis
    | OrderOp.ArgMin axis -> int writer axis
    | OrderOp.SearchSorted right -> flag writer right

let private index writer op =
    match op with
    | IndexOp.Take axis
    | IndexOp.ScatterAdd axis -> int writer axis
    | IndexOp.DynamicSlice sizes -> ints writer sizes
    | IndexOp.DynamicUpdate -> ()

let private dotAxes writer (axes: DotAxes) =
    ints writer axes.BatchLeft
    ints writer axes.BatchRight
    ints writer axes.ContractLeft
    ints writer axes.ContractRight

// The name is unique among all primitives; the static data follow.
let rec private primitive writer op =
    text writer (Primitive.name op)

    match op with
    | Primitive.Constant value -> literal writer value
    | Primitive.Iota(ty, axis) ->
        tensorType writer ty
        int writer axis
    | Primitive.Unary _
    | Primitive.Binary _
    | Primitive.Special _
    | Primitive.Compare _
    | Primitive.Select -> ()
    | Primitive.Convert dtype -> text writer (DType.name dtype)
    | Primitive.Reduce(_, axes) -> ints writer axes
    | Primitive.Cumulate(_, axis, reverse) ->
        int writer axis
        flag writer reverse
    | Primitive.Order op -> order writer op
    | Primitive.Move op -> move writer op
    | Primitive.Index op -> index writer op
    | Primitive.Contract axes -> dotAxes writer axes
    | Primitive.Factor(FactorOp.Cholesky | FactorOp.CholeskyVjp | FactorOp.LogAbsDet | FactorOp.DetSign)
    | Primitive.Factor(FactorOp.Qr | FactorOp.Eigh | FactorOp.Svd) -> ()
    | Primitive.Factor(FactorOp.Solve adjoint) -> flag writer adjoint
    | Primitive.Factor(FactorOp.TriangularSolve(lower, transpose)) ->
        flag writer lower
        flag writer transpose
    | Primitive.Fourier inverse -> flag writer inverse
    | Primitive.Random RandomOp.FoldIn -> ()
    | Primitive.Random(RandomOp.Uniform shape)
    | Primitive.Random(RandomOp.Bits shape) -> ints writer (shape.ToArray())
    | Primitive.Control op -> control writer op
    | Primitive.Custom op ->
        text writer op.Name
        text writer op.Version

and private control writer op =
    match op with
    | ControlOp.Cond(whenTrue, whenFalse) ->
        program writer whenTrue
        program writer whenFalse
    | ControlOp.While(constants, condition, body) ->
        int writer constants
        program writer condition
        program writer body
    | ControlOp.Scan(constants, carry, length, reverse, body) ->
        int writer constants
        int writer carry
        int writer length
        flag writer reverse
        program writer body
    | ControlOp.Checkpoint body -> program writer body
    | ControlOp.CustomGrad(captured, body, vjp) ->
        int writer captured
        program writer body
        program writer vjp

and private program writer (source: Program) =
    let numbers = Array.create source.Types.Length -1
    let mutable next = 0

    let assign v =
        numbers[v] <- next
        next <- next + 1

    let uses (vars: Var[]) =
        int writer vars.Length

        for v in vars do
            int writer numbers[v]

    int writer source.Inputs.Length

    for v in source.Inputs do
        assign v
        tensorType writer source.Types[v]

    int writer source.Equations.Length

    for equation in source.Equations do
        primitive writer equation.Primitive
        uses equation.Args
        Array.iter assign equation.Outs

    uses source.Outputs

let private hash (writer: Writer) = Convert.ToHexString(SHA256.HashData writer.WrittenSpan)

/// The key of a program: equal for programs that differ in the numbering of variables only. 64 hexadecimal digits.
let ofProgram (source: Program) =
    let writer = Writer 1024
    program writer source
    hash writer

/// The key of a primitive applied to these variables of one program: equal keys, equal results.
let ofEquation (op: Primitive) (args: Var[]) =
    let writer = Writer 256
    primitive writer op
    ints writer args
    hash writer
