// The verifier of programs, run after each pass in tests and in Debug: what it refuses is a bug of the pass.
// Relies on TypeRules. Read Text next.
/// The rules that every program obeys.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.Verify

open Ppl.Core

let private show (types: TensorType[]) = types |> Array.map string |> String.concat ", "

let private checkLiteral place primitive =
    match primitive with
    | Primitive.Constant value ->
        if Storage.dtype value.Data <> value.Type.DType || Storage.length value.Data <> value.Type.Shape.Count then
            Errors.bug place $"{Storage.length value.Data} elements of another type in a literal {value.Type}"
    | _ -> ()

let private recomputed place primitive (types: TensorType[]) =
    try
        TypeRules.results primitive types
    with :? PplException as error ->
        Errors.bug place error.What

let rec private check place (program: Program) =
    let bound = Array.create program.Types.Length false

    let bind place v =
        if v < 0 || v >= bound.Length then
            Errors.bug place $"%%{v} has no entry in the table of {bound.Length} types"

        if bound[v] then
            Errors.bug place $"%%{v} is assigned twice"

        bound[v] <- true

    let demand place v =
        if v < 0 || v >= bound.Length || not bound[v] then
            Errors.bug place $"%%{v} is used before it is assigned"

    Array.iter (bind (place + "inputs")) program.Inputs

    program.Equations
    |> Array.iteri (fun n equation ->
        let place = $"{place}equation {n} ({Primitive.name equation.Primitive})"
        Array.iter (demand place) equation.Args

        List.iter2
            (fun role child -> check $"{place}, {role}: " child)
            (Program.roles equation.Primitive)
            (Program.children equation.Primitive)

        checkLiteral place equation.Primitive
        Array.iter (bind place) equation.Outs
        let typesOf = Array.map (fun v -> program.Types[v])
        let expected = recomputed place equation.Primitive (typesOf equation.Args)
        let declared = typesOf equation.Outs

        if expected.Length <> declared.Length || Array.exists2 (<>) expected declared then
            Errors.bug place $"gives ({show expected}), but its results are declared ({show declared})")

    Array.iter (demand (place + "outputs")) program.Outputs

/// <summary>
/// Accepts a program in which each variable has a type, is assigned once and before it is used, every equation obeys the
/// type rules, and all this holds in the sub-programs, which see their own inputs only.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL7001: the place and the rule that is broken.</exception>
let program (program: Program) = check "Verify: " program
