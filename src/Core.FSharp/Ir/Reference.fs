// The reference evaluator: the meaning of every primitive, slow and obviously right. Engines and transformations are
// tested against it, and eager tensors use it for small things. Sums run in index order; engines sum in another fixed
// order and agree within the rounding bound of a sum.
// Relies on TypeRules and the files Reference... before this one. Read Verify next.
/// The reference evaluator: what each primitive means, on concrete values.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.Reference

open Ppl.Core
open Ppl.Kernels

let private random op (ty: TensorType) (args: Literal[]) =
    let words = Literal.ints args[0]
    let key = RandomStream.Key(words[0], words[1])

    match op with
    | RandomOp.FoldIn ->
        let derived = RandomStream.FoldIn(key, (Literal.ints args[1])[0])
        Storage.I32 [| int derived; int (derived >>> 32) |]
    | RandomOp.Uniform _ ->
        let draws: float[] = Array.zeroCreate ty.Shape.Count
        RandomStream.Uniform(draws, key)
        Storage.F64 draws
    | RandomOp.Bits _ ->
        let draws: uint32[] = Array.zeroCreate ty.Shape.Count
        RandomStream.Bits(draws, key)
        Storage.I32(Array.map int draws)

/// Element `index` along the first axis.
let private rowOf (x: Literal) index : Literal =
    let shape = Shape.tail x.Type.Shape
    let start, count = index * shape.Count, shape.Count

    Literal.create shape (Storage.slice start count x.Data)

/// Writes a value as element `index` along the first axis of freshly made storage.
let private setRow (target: Storage) index (row: Literal) =
    let count = Storage.length row.Data
    Storage.scatter (Array.init count (fun i -> index * count + i)) row.Data target

/// Every primitive but Control and Custom; the arguments fit and `ty` is the type of the result.
let private single primitive (ty: TensorType) (args: Literal[]) : Storage =
    match primitive with
    | Primitive.Constant value -> value.Data
    | Primitive.Iota(_, axis) -> ReferenceArrays.iota ty axis
    | Primitive.Unary op -> ReferenceElementwise.unary op args[0].Data
    | Primitive.Binary op -> ReferenceElementwise.binary op args[0].Data args[1].Data
    | Primitive.Special op -> ReferenceElementwise.special op (args |> Array.map _.Data)
    | Primitive.Compare op -> ReferenceElementwise.compare op args[0].Data args[1].Data
    | Primitive.Select -> ReferenceElementwise.select args[0].Data args[1].Data args[2].Data
    | Primitive.Convert dtype -> ReferenceElementwise.convert dtype args[0].Data
    | Primitive.Reduce(op, axes) -> ReferenceReductions.reduce op axes ty args[0]
    | Primitive.Cumulate(op, axis, reverse) -> ReferenceReductions.cumulate op axis reverse args[0]
    | Primitive.Order op -> ReferenceOrder.order op args
    | Primitive.Move op -> ReferenceArrays.move op ty args
    | Primitive.Index op -> ReferenceArrays.index op args
    | Primitive.Contract axes -> ReferenceMatrices.contract axes ty args[0] args[1]
    | Primitive.Factor op -> ReferenceMatrices.factor op ty args
    | Primitive.Fourier inverse -> ReferenceFourier.transform inverse args[0]
    | Primitive.Random op -> random op ty args
    | Primitive.Control _
    | Primitive.Custom _ -> Errors.bug "Reference.single" "several results are those of Reference.apply"

let private truth (values: Literal[]) = (Literal.bools values[0])[0]

let rec private apply primitive (types: TensorType[]) (args: Literal[]) : Literal[] =
    match primitive with
    | Primitive.Control op -> control op types args
    | Primitive.Custom op -> CustomCalls.evaluate op types args
    | _ -> [| { Type = types[0]; Data = single primitive types[0] args } |]

and private control op (types: TensorType[]) (args: Literal[]) =
    match op with
    | ControlOp.Cond(whenTrue, whenFalse) ->
        let chosen = if truth args then whenTrue else whenFalse
        interpret chosen args[1..]
    | ControlOp.While(constants, condition, body) ->
        let fixedArgs = args[.. constants - 1]
        let mutable carry = args[constants..]

        while truth (interpret condition (Array.append fixedArgs carry)) do
            carry <- interpret body (Array.append fixedArgs carry)

        carry
    | ControlOp.Checkpoint body
    | ControlOp.CustomGrad(_, body, _) -> interpret body args
    | ControlOp.Scan(constants, carry, length, reverse, body) ->
        scan
            (args[.. constants - 1], args[constants .. constants + carry - 1], args[constants + carry ..])
            length
            reverse
            body
            types

and private scan (constants, initial, sequences) length reverse body types =
    let mutable carry: Literal[] = initial

    let stacked =
        Array.map (fun (ty: TensorType) -> Storage.zeros ty.DType ty.Shape.Count) types[initial.Length ..]

    for step in 0 .. length - 1 do
        let index = if reverse then length - 1 - step else step
        let rows = Array.map (fun xs -> rowOf xs index) sequences
        let results = interpret body (Array.concat [ constants; carry; rows ])
        carry <- results[.. initial.Length - 1]
        results[initial.Length ..] |> Array.iteri (fun n row -> setRow stacked[n] index row)

    let ys =
        Array.map2 (fun (ty: TensorType) data -> Literal.create ty.Shape data) types[initial.Length ..] stacked

    Array.append carry ys

/// Runs a program whose arguments fit.
and private interpret (program: Program) (args: Literal[]) : Literal[] =
    let values: Literal[] = Array.zeroCreate program.Types.Length
    Array.iter2 (fun v arg -> values[v] <- arg) program.Inputs args

    for equation in program.Equations do
        let types = equation.Outs |> Array.map (fun v -> program.Types[v])
        let results = apply equation.Primitive types (equation.Args |> Array.map (fun v -> values[v]))
        Array.iter2 (fun v result -> values[v] <- result) equation.Outs results

    program.Outputs |> Array.map (fun v -> values[v])

/// <summary>The results of one primitive on concrete arguments.</summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001 to PPL5004: the arguments do not fit the primitive.</exception>
let evaluate primitive (args: Literal[]) : Literal[] =
    let types = TypeRules.results primitive (args |> Array.map (fun arg -> arg.Type))
    apply primitive types args

/// <summary>The results of a verified program on concrete arguments.</summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: the arguments are not of the types of the inputs.</exception>
let run (program: Program) (args: Literal[]) : Literal[] =
    let expected = Program.inputTypes program
    let actual = args |> Array.map (fun arg -> arg.Type)

    if expected.Length <> actual.Length || Array.exists2 (<>) expected actual then
        let show (types: TensorType[]) = types |> Array.map string |> String.concat ", "
        Errors.shapes "run" $"the program takes ({show expected}), got ({show actual})"

    interpret program args
