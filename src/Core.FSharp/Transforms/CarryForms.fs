// The variables of a loop's body as affine functions of some of what the loop carries: sum of slope_i carry_i + offset, with
// slopes and offset that do not depend on those. The structure decides, never a value.
// Relies on Ops. Read Recurrence next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// A variable of a body as a function of the carries of interest.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal CarryForm =
    /// Does not depend on them.
    | Free
    /// sum of slope_i carry_i + offset (none: zero)
    | Affine of slopes: Tensor option[] * offset: Tensor option
    | Other

/// Forms through the equations of a body.
module internal CarryForms =

    let private both combine (a: Tensor option) (b: Tensor option) =
        match a, b with
        | Some a, Some b -> Some(combine a b)
        | Some a, None -> Some a
        | None, _ -> b

    let private plus = both (fun a b -> a + b)

    /// A linear map of the value, applied to slopes and offset.
    let private map (f: Tensor -> Tensor) (slopes: Tensor option[], offset) =
        Array.map (Option.map f) slopes, Option.map f offset

    let private negated form = map (fun (x: Tensor) -> -x) form

    let private sum (slopes, offset) (slopes', offset') =
        CarryForm.Affine(Array.map2 plus slopes slopes', plus offset offset')

    let private shifted (slopes: Tensor option[], offset) (by: Tensor) = CarryForm.Affine(slopes, plus offset (Some by))

    /// The form of the result of an equation from the forms and values of its arguments.
    let private apply primitive (forms: CarryForm[]) (values: Tensor[]) : CarryForm =
        match primitive, forms with
        | _ when forms |> Array.forall _.IsFree -> CarryForm.Free
        | Primitive.Unary UnaryOp.Neg, [| CarryForm.Affine(a, b) |] -> CarryForm.Affine(negated (a, b))
        | Primitive.Binary BinaryOp.Add, [| CarryForm.Affine(a, b); CarryForm.Affine(a', b') |] -> sum (a, b) (a', b')
        | Primitive.Binary BinaryOp.Add, [| CarryForm.Affine(a, b); CarryForm.Free |] -> shifted (a, b) values[1]
        | Primitive.Binary BinaryOp.Add, [| CarryForm.Free; CarryForm.Affine(a, b) |] ->
            CarryForm.Affine(a, plus (Some values[0]) b)
        | Primitive.Binary BinaryOp.Sub, [| CarryForm.Affine(a, b); CarryForm.Affine(a', b') |] ->
            sum (a, b) (negated (a', b'))
        | Primitive.Binary BinaryOp.Sub, [| CarryForm.Affine(a, b); CarryForm.Free |] -> shifted (a, b) (-values[1])
        | Primitive.Binary BinaryOp.Sub, [| CarryForm.Free; CarryForm.Affine(a, b) |] ->
            let a, b = negated (a, b)
            CarryForm.Affine(a, plus (Some values[0]) b)
        | Primitive.Binary BinaryOp.Mul, [| CarryForm.Affine(a, b); CarryForm.Free |] ->
            CarryForm.Affine(map (fun x -> x * values[1]) (a, b))
        | Primitive.Binary BinaryOp.Mul, [| CarryForm.Free; CarryForm.Affine(a, b) |] ->
            CarryForm.Affine(map (fun x -> values[0] * x) (a, b))
        // Integers truncate.
        | Primitive.Binary BinaryOp.Div, [| CarryForm.Affine(a, b); CarryForm.Free |] when DType.isReal values[1].DType ->
            CarryForm.Affine(map (fun x -> x / values[1]) (a, b))
        | _ -> CarryForm.Other

    /// The forms of all variables of a body, given those of its inputs; values are the variables'.
    let ofBody (body: Program) (inputs: CarryForm[]) (values: Tensor[]) : CarryForm[] =
        let forms = Array.create body.Types.Length CarryForm.Free
        Array.iter2 (fun v form -> forms[v] <- form) body.Inputs inputs

        for eq in body.Equations do
            let result =
                apply
                    eq.Primitive
                    (eq.Args |> Array.map (fun v -> forms[v]))
                    (eq.Args |> Array.map (fun v -> values[v]))

            for v in eq.Outs do
                forms[v] <- result

        forms
