// Several quotients by one denominator in the body of a scan as products with its reciprocal: a scan is run step by step on
// scalars, where a division takes as long as four multiplications and cannot be overlapped with the next one.
// Results may differ by rounding; a denominator below 2^-1024, whose reciprocal is infinite, counts as zero.
// Relies on Trace. Read Simplify next.
module internal Ppl.Core.Transforms.Quotients

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// The denominator of a quotient of reals.
let private tryDenominator (body: Program) (eq: Equation) =
    match eq.Primitive with
    | Primitive.Binary BinaryOp.Div when DType.isReal body.Types[eq.Outs[0]].DType -> Some eq.Args[1]
    | Primitive.Unary UnaryOp.Reciprocal -> Some eq.Args[0]
    | _ -> None

/// The denominators that occur more than once.
let private denominators (body: Program) : HashSet<Var> =
    body.Equations
    |> Seq.choose (tryDenominator body)
    |> Seq.countBy id
    |> Seq.filter (fun (_, count) -> count > 1)
    |> Seq.map fst
    |> HashSet

let private shareIn (body: Program) : Program =
    let common = denominators body

    if common.Count = 0 then
        body
    else
        Trace.program (Program.inputTypes body) (fun args ->
            let values: Tensor[] = Array.zeroCreate body.Types.Length
            Array.iter2 (fun v arg -> values[v] <- arg) body.Inputs args

            for eq in body.Equations do
                let xs = eq.Args |> Array.map (fun v -> values[v])

                let results =
                    match eq.Primitive, tryDenominator body eq with
                    | Primitive.Binary _, Some v when common.Contains v -> [| xs[0] * Ops.reciprocal xs[1] |]
                    | primitive, _ -> Bind.many primitive xs

                Array.iter2 (fun v result -> values[v] <- result) eq.Outs results

            body.Outputs |> Array.map (fun v -> values[v]))

/// A program whose scans, however deep inside, divide by each denominator once.
let rec share (program: Program) : Program =
    let rewrite (eq: Equation) =
        let primitive =
            match Program.mapChildren share eq.Primitive with
            | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
                Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, shareIn body))
            | primitive -> primitive

        { eq with Primitive = primitive }

    { program with Equations = Array.map rewrite program.Equations }
