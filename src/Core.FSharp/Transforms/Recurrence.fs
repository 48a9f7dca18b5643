// Recurrences that are linear in what they carry: next = a carry + b. However the body of a scan spells it, the value that
// the next step waits for is brought into this form, one fused multiply-add; a and b do not depend on the carry and can be
// computed ahead. The identity is one of real arithmetic; results may differ by rounding.
// Relies on Trace. Read Simplify next.
module internal Ppl.Core.Transforms.Recurrence

open Ppl.Core.Ir
open Ppl.Core.Tensors

/// A variable of a body as a function of one carry.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Form =
    /// Does not depend on the carry.
    | Free
    /// slope carry + offset (none: zero)
    | Affine of slope: Tensor * offset: Tensor option
    | Other

let private both combine (a: Tensor option) (b: Tensor option) =
    match a, b with
    | Some a, Some b -> Some(combine a b)
    | Some a, None -> Some a
    | None, _ -> b

let private negated (slope: Tensor, offset: Tensor option) = -slope, Option.map (fun (b: Tensor) -> -b) offset

let private sum (slope: Tensor, offset) (slope': Tensor, offset') =
    Form.Affine(slope + slope', both (fun (a: Tensor) b -> a + b) offset offset')

/// The form of the result of an equation from the forms and values of its arguments.
let private apply primitive (forms: Form[]) (values: Tensor[]) : Form =
    match primitive, forms with
    | _ when forms |> Array.forall _.IsFree -> Form.Free
    | Primitive.Unary UnaryOp.Neg, [| Form.Affine(a, b) |] -> Form.Affine(negated (a, b))
    | Primitive.Binary BinaryOp.Add, [| Form.Affine(a, b); Form.Affine(a', b') |] -> sum (a, b) (a', b')
    | Primitive.Binary BinaryOp.Add, [| Form.Affine(a, b); Form.Free |] ->
        Form.Affine(a, both (fun (x: Tensor) y -> x + y) b (Some values[1]))
    | Primitive.Binary BinaryOp.Add, [| Form.Free; Form.Affine(a, b) |] ->
        Form.Affine(a, both (fun (x: Tensor) y -> x + y) (Some values[0]) b)
    | Primitive.Binary BinaryOp.Sub, [| Form.Affine(a, b); Form.Affine(a', b') |] -> sum (a, b) (negated (a', b'))
    | Primitive.Binary BinaryOp.Sub, [| Form.Affine(a, b); Form.Free |] ->
        Form.Affine(a, both (fun (x: Tensor) y -> x + y) b (Some(-values[1])))
    | Primitive.Binary BinaryOp.Sub, [| Form.Free; Form.Affine(a, b) |] ->
        let a, b = negated (a, b)
        Form.Affine(a, both (fun (x: Tensor) y -> x + y) (Some values[0]) b)
    | Primitive.Binary BinaryOp.Mul, [| Form.Affine(a, b); Form.Free |] ->
        Form.Affine(a * values[1], Option.map (fun (b: Tensor) -> b * values[1]) b)
    | Primitive.Binary BinaryOp.Mul, [| Form.Free; Form.Affine(a, b) |] ->
        Form.Affine(values[0] * a, Option.map (fun (b: Tensor) -> values[0] * b) b)
    | Primitive.Binary BinaryOp.Div, [| Form.Affine(a, b); Form.Free |] ->
        Form.Affine(a / values[1], Option.map (fun (b: Tensor) -> b / values[1]) b)
    | _ -> Form.Other

/// The equation that defines each variable.
let private definitions (body: Program) =
    let table: Equation option[] = Array.create body.Types.Length None

    for eq in body.Equations do
        for v in eq.Outs do
            table[v] <- Some eq

    table

/// Whether next is spelt as a carry + b, a carry or carry + b already.
let private isShort (table: Equation option[]) carry next =
    let isProduct v =
        match table[v] with
        | Some { Primitive = Primitive.Binary BinaryOp.Mul; Args = args } -> Array.contains carry args
        | _ -> v = carry

    match table[next] with
    | Some { Primitive = Primitive.Binary(BinaryOp.Add | BinaryOp.Sub); Args = args } -> Array.exists isProduct args
    | _ -> isProduct next

/// Forms of all variables with respect to carry number i; the values of other carries count as out of reach.
let private forms constants carries i (body: Program) (values: Tensor[]) : Form[] =
    let form = Array.create body.Types.Length Form.Free

    for j in 0 .. carries - 1 do
        form[body.Inputs[constants + j]] <- Form.Other

    let carry = body.Inputs[constants + i]
    form[carry] <- Form.Affine(Ops.onesLike values[carry], None)

    for eq in body.Equations do
        let result =
            apply eq.Primitive (eq.Args |> Array.map (fun v -> form[v])) (eq.Args |> Array.map (fun v -> values[v]))

        for v in eq.Outs do
            form[v] <- result

    form

let private shortenBody constants carries (body: Program) : Program =
    let table = definitions body
    let types = body.Inputs |> Array.map (fun v -> body.Types[v])
    let isReal i = Ppl.Core.DType.isReal types[constants + i].DType
    let long i = isReal i && not (isShort table body.Inputs[constants + i] body.Outputs[i])

    if not (Seq.exists long (seq { 0 .. carries - 1 })) then
        body
    else
        Trace.program types (fun args ->
            let values = Trace.replayAll body args

            body.Outputs
            |> Array.mapi (fun i out ->
                if i >= carries || not (long i) then
                    values[out]
                else
                    match (forms constants carries i body values)[out] with
                    | Form.Affine(slope, Some offset) -> slope * args[constants + i] + offset
                    | Form.Affine(slope, None) -> slope * args[constants + i]
                    | Form.Free
                    | Form.Other -> values[out]))

/// A program whose scans, however deep inside, carry linear recurrences in the short form.
let rec shorten (program: Program) : Program =
    let rewrite (eq: Equation) =
        let primitive =
            match Program.mapChildren shorten eq.Primitive with
            | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
                Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, shortenBody constants carry body))
            | primitive -> primitive

        { eq with Primitive = primitive }

    { program with Equations = Array.map rewrite program.Equations }
