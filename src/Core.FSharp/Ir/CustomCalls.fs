// Calls of operations from outside, with checks that they keep their contract.
// Relies on Primitive. Read TypeRules next.
/// Calls of operations from outside.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.CustomCalls

open Ppl.Core

let private show (types: TensorType[]) = types |> Array.map string |> String.concat ", "

/// Name and version, for messages.
let title (op: ICustomOperation) = $"'{op.Name}' (version {op.Version})"

/// <summary>The types of the results.</summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5010: there is none, or the operation failed to say.</exception>
let resultTypes (op: ICustomOperation) (arguments: TensorType[]) : TensorType[] =
    let types =
        try
            op.ResultTypes arguments
        with
        | :? PplException -> reraise ()
        | error -> Errors.customOperation (title op) $"ResultTypes failed for ({show arguments}): {error.Message}"

    if types.Length = 0 then
        Errors.customOperation (title op) $"it has no result for ({show arguments})"

    types

/// <summary>The results, which must be of these types.</summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5010: they are not.</exception>
let evaluate (op: ICustomOperation) (types: TensorType[]) (arguments: Literal[]) : Literal[] =
    let results = op.Evaluate arguments
    let given = results |> Array.map _.Type

    if given <> types then
        Errors.customOperation (title op) $"Evaluate gave ({show given}), ResultTypes said ({show types})"

    results
