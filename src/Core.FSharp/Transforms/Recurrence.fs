// Recurrences that are linear in what they carry: next = a carry + b. However the body of a scan spells it, the value that
// the next step waits for is brought into this form, one fused multiply-add; a and b do not depend on the carry and can be
// computed ahead. The identity is one of real arithmetic; results may differ by rounding.
// Relies on CarryForms and Trace. Read Lookahead next.
module internal Ppl.Core.Transforms.Recurrence

open Ppl.Core.Ir
open Ppl.Core.Tensors

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
let private forms constants carries i (body: Program) (values: Tensor[]) : CarryForm[] =
    let input j (v: Var) =
        if j = constants + i then CarryForm.Affine([| Some(Ops.onesLike values[v]) |], None)
        elif j >= constants && j < constants + carries then CarryForm.Other
        else CarryForm.Free

    CarryForms.ofBody body (Array.mapi input body.Inputs) values

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
                    | CarryForm.Affine([| Some slope |], Some offset) -> slope * args[constants + i] + offset
                    | CarryForm.Affine([| Some slope |], None) -> slope * args[constants + i]
                    | _ -> values[out]))

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
