// Writing the text form of programs. What the declared type of a result says (the shape of a reshape, the type of a
// constant) is not written twice. Relies on Primitive and Program. Read Text next.
module internal Ppl.Core.Ir.TextOutput

open System
open System.Globalization
open System.Text
open Ppl.Core

let invariant = CultureInfo.InvariantCulture
let private listOf (values: int[]) = String.Join(",", values)
let private flagOf value = if value then "true" else "false"

/// The static data that the types of the results do not say.
let attributes primitive =
    match primitive with
    | Primitive.Iota(_, axis)
    | Primitive.Move(MoveOp.Concat axis)
    | Primitive.Index(IndexOp.Take axis | IndexOp.ScatterAdd axis)
    | Primitive.Order(OrderOp.Sort axis | OrderOp.ArgSort axis | OrderOp.ArgMax axis | OrderOp.ArgMin axis) ->
        [ "axis", string axis ]
    | Primitive.Order(OrderOp.SearchSorted right) -> [ "right", flagOf right ]
    | Primitive.Reduce(_, axes)
    | Primitive.Move(MoveOp.Broadcast(_, axes) | MoveOp.Reverse axes) -> [ "axes", listOf axes ]
    | Primitive.Cumulate(_, axis, reverse) -> [ "axis", string axis; "reverse", flagOf reverse ]
    | Primitive.Move(MoveOp.Transpose permutation) -> [ "permutation", listOf permutation ]
    | Primitive.Move(MoveOp.Slice(start, limit, stride)) ->
        [ "start", listOf start; "limit", listOf limit; "stride", listOf stride ]
    | Primitive.Move(MoveOp.Pad(low, high)) -> [ "low", listOf low; "high", listOf high ]
    | Primitive.Move(MoveOp.Windows(axes, sizes, strides, dilations)) ->
        [ "axes", listOf axes; "sizes", listOf sizes; "strides", listOf strides; "dilations", listOf dilations ]
    | Primitive.Contract axes ->
        [
            "batchLeft", listOf axes.BatchLeft
            "batchRight", listOf axes.BatchRight
            "contractLeft", listOf axes.ContractLeft
            "contractRight", listOf axes.ContractRight
        ]
    | Primitive.Factor(FactorOp.TriangularSolve(lower, transpose)) ->
        [ "lower", flagOf lower; "transpose", flagOf transpose ]
    | Primitive.Factor(FactorOp.Solve adjoint) -> [ "adjoint", flagOf adjoint ]
    | Primitive.Fourier inverse -> [ "inverse", flagOf inverse ]
    | Primitive.Custom op -> [ "name", op.Name; "version", op.Version ]
    | Primitive.Control(ControlOp.While(constants, _, _)) -> [ "constants", string constants ]
    | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, _)) ->
        [ "constants", string constants; "carry", string carry; "length", string length; "reverse", flagOf reverse ]
    | Primitive.Control(ControlOp.CustomGrad(captured, _, _)) -> [ "captured", string captured ]
    | Primitive.Constant _
    | Primitive.Unary _
    | Primitive.Binary _
    | Primitive.Special _
    | Primitive.Compare _
    | Primitive.Select
    | Primitive.Convert _
    | Primitive.Move(MoveOp.Reshape _)
    | Primitive.Index(IndexOp.DynamicSlice _ | IndexOp.DynamicUpdate)
    | Primitive.Factor(FactorOp.Cholesky | FactorOp.CholeskyVjp | FactorOp.LogAbsDet | FactorOp.DetSign)
    | Primitive.Factor(FactorOp.Qr | FactorOp.Eigh | FactorOp.Svd)
    | Primitive.Random _
    | Primitive.Control(ControlOp.Cond _ | ControlOp.Checkpoint _) -> []

/// The shortest decimal that reads back to the same bits; NaNs other than the usual one by their 16 digits.
let private showReal (x: float) =
    let bits = BitConverter.DoubleToInt64Bits x

    if bits = BitConverter.DoubleToInt64Bits nan then "nan"
    elif Double.IsNaN x then "0x" + bits.ToString("x16", invariant)
    elif Double.IsInfinity x then (if x > 0.0 then "inf" else "-inf")
    else x.ToString("R", invariant)

/// The same for single precision: 8 digits.
let private showSingle (x: float32) =
    let bits = BitConverter.SingleToInt32Bits x

    if bits = BitConverter.SingleToInt32Bits nanf then "nan"
    elif Single.IsNaN x then "0x" + bits.ToString("x8", invariant)
    elif Single.IsInfinity x then (if x > 0.0f then "inf" else "-inf")
    else x.ToString("R", invariant)

let private elements (value: Literal) =
    let words =
        match value.Data with
        | Storage.F64 data -> Array.map showReal data
        | Storage.F32 data -> Array.map showSingle data
        | Storage.I64 data -> data |> Array.map (fun x -> x.ToString invariant)
        | Storage.I32 data -> data |> Array.map (fun x -> x.ToString invariant)
        | Storage.U32 data -> data |> Array.map (fun x -> x.ToString invariant)
        | Storage.Bool data -> Array.map flagOf data

    if words.Length > 1 && words |> Array.forall (fun word -> word = words[0]) then
        "all " + words[0]
    else
        String.Join(" ", words)

let private declare (program: Program) (vars: Var[]) =
    String.Join(", ", vars |> Array.map (fun v -> $"%%{v}: {program.Types[v]}"))

let private mention (vars: Var[]) = String.Join(" ", vars |> Array.map (fun v -> $"%%{v}"))

let rec write (out: StringBuilder) indent (label: string) (program: Program) =
    let line (text: string) = out.Append(' ', indent).Append(text.TrimEnd()).Append('\n') |> ignore
    line $"{label} ({declare program program.Inputs}) {{"

    for equation in program.Equations do
        let written =
            match attributes equation.Primitive with
            | [] -> ""
            | pairs -> "[" + String.Join(" ", pairs |> List.map (fun (key, value) -> key + "=" + value)) + "]"

        let operands =
            match equation.Primitive with
            | Primitive.Constant value -> elements value
            | _ -> mention equation.Args

        let outs = declare program equation.Outs
        let outs = if outs = "" then "" else outs + " "
        line $"  {outs}= {Primitive.name equation.Primitive}{written} {operands}"

        List.iter2
            (fun (role: string) child -> write out (indent + 4) role child)
            (Program.roles equation.Primitive)
            (Program.children equation.Primitive)

    line $"  return {mention program.Outputs}"
    line "}"
