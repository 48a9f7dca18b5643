// The rules of operations from outside: how Grad and Jvp call what the user wrote, and what follows where a rule is
// missing. A derivative is linear, so each direction is the transpose of the other.
// Relies on Derivatives. Read Grad next.
module internal Ppl.Core.Transforms.CustomRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Derivatives

let private types (xs: Tensor[]) = xs |> Array.map _.Type

/// c -> (dy/dx)' c. `transpose program xs t c` is the cotangents, by c, of the arguments t of a program that is linear in
/// those, which follow xs.
let vjp
    (transpose: Program -> Tensor[] -> Tensor[] -> Tensor option[] -> Tensor[])
    (op: ICustomOperation)
    (xs: Tensor[])
    (ys: Tensor[])
    (given: Tensor option[])
    : Tensor option[] =
    match op.Vjp(types xs) with
    | Some rule ->
        let cotangents = Array.map2 orZero ys given
        Trace.replay rule (Array.concat [ xs; ys; cotangents ]) |> Array.map Some
    | None ->
        match op.Jvp(types xs) with
        | Some rule -> transpose rule (Array.append xs ys) (xs |> Array.map Ops.zerosLike) given |> Array.map Some
        | None -> Errors.noCustomRule (CustomCalls.title op)

/// t -> (dy/dx) t, with `transpose` as above.
let jvp
    (transpose: Program -> Tensor[] -> Tensor[] -> Tensor option[] -> Tensor[])
    (op: ICustomOperation)
    (xs: Tensor[])
    (ys: Tensor[])
    (ts: Tensor option[])
    : Tensor option[] =
    let ofReal (y: Tensor) t = if isReal y then Some t else None

    match op.Jvp(types xs) with
    | Some rule -> Trace.replay rule (Array.concat [ xs; ys; Array.map2 orZero xs ts ]) |> Array.map2 ofReal ys
    | None ->
        match op.Vjp(types xs) with
        | Some rule -> transpose rule (Array.append xs ys) (ys |> Array.map Ops.zerosLike) ts |> Array.map2 ofReal ys
        | None -> Errors.noCustomRule (CustomCalls.title op)
