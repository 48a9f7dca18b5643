// The one exception of the system, and the ids of the messages that this assembly raises.
// Four voices: a caller's argument, a mistake in a model or its data, a numerical event (data in `Info`, never an
// exception), and "this is a bug in Ppl". Every message carries an id with a page in docs/diagnostics.
namespace Ppl.Core

open System

/// <summary>The base of every error that Ppl raises: what happened, where, with which value, why, and what to do.</summary>
/// <remarks>
/// <see cref="P:Ppl.Core.PplException.Id"/> names the page in docs/diagnostics. Site and Index are absent (null) where the
/// message is not about a site or an element.
/// </remarks>
type PplException
    (id: string, what: string, advice: string, site: string | null, index: Nullable<int>, inner: exn | null) =
    inherit Exception(PplException.Format(id, what, advice, site, index), inner)

    static member private Format(id, what, advice, site: string | null, index: Nullable<int>) =
        let place =
            match site, index.HasValue with
            | null, false -> ""
            | null, true -> $" (index {index.Value})"
            | site, false -> $" (site '{site}')"
            | site, true -> $" (site '{site}', index {index.Value})"

        $"{id}  {what}{place}\n  Do: {advice}"

    /// An error that is about no single site and no single element.
    new(id, what, advice) = PplException(id, what, advice, null, Nullable(), null)

    /// An error about one site of a model.
    new(id, what, advice, site: string) = PplException(id, what, advice, site, Nullable(), null)

    /// An error about one element of one site.
    new(id, what, advice, site: string, index: int) = PplException(id, what, advice, site, Nullable index, null)

    /// The stable identifier, for example PPL1001.
    member _.Id = id

    /// What happened, without id, place and advice.
    member _.What = what

    /// What to do about it.
    member _.Advice = advice

    /// The address of the site in question, or null.
    member _.Site = site

    /// The flat index of the first offending element, or null.
    member _.Index = index

/// Raising functions for the ids of this assembly. Each is one line where it is used.
[<RequireQualifiedAccess>]
module Errors =

    let private fail id what advice : 'a = raise (PplException(id, what, advice))

    /// PPL5001: shapes that do not fit together in one operation.
    let shapes (operation: string) (what: string) : 'a =
        fail "PPL5001" $"{operation}: {what}." "reshape or broadcast the arguments so that the shapes agree"

    /// PPL5002: an element type that the operation does not take.
    let dtypes (operation: string) (what: string) : 'a =
        fail
            "PPL5002"
            $"{operation}: {what}."
            "convert the argument (Ops.toFloat, Ops.toFloat32, Ops.toInt, Ops.convert) before the operation"

    /// PPL5003: an axis that the tensor does not have, or that is named twice.
    let axis (operation: string) (what: string) : 'a =
        fail "PPL5003" $"{operation}: {what}." "axes count from 0; each may be named once"

    /// PPL5004: a static index or extent outside the tensor.
    let range (operation: string) (what: string) : 'a =
        fail "PPL5004" $"{operation}: {what}." "keep indices inside the extents of the tensor"

    /// PPL5005: the value of a traced tensor was asked for while the program is being traced.
    let traced (operation: string) : 'a =
        fail
            "PPL5005"
            $"{operation}: the value of a traced tensor is not known while the program is being built."
            "branch inside the program: Ops.select for values, Control.cond for computations, Control.whileLoop for repetition"

    /// PPL5006: a derivative that does not exist as a program.
    let notDifferentiable (operation: string) (what: string) : 'a =
        fail "PPL5006" $"{operation}: {what}." "use Control.scan with a fixed length, or differentiate outside the loop"

    /// PPL5007: text that is not a program.
    let syntax (line: int) (what: string) : 'a =
        fail "PPL5007" $"line {line}: {what}." "the form is the one that Text.print writes"

    /// PPL5008: an argument outside what a function accepts.
    let argument (operation: string) (what: string) (advice: string) : 'a =
        fail "PPL5008" $"{operation}: {what}." advice

    /// PPL5009: a tensor of a traced function that is used after the function was traced.
    let escaped (operation: string) : 'a =
        fail
            "PPL5009"
            $"{operation}: a tensor of a traced function is used after the function was traced."
            "return tensors from the function instead of storing them in variables outside"

    /// PPL5010: a custom operation that breaks its own contract.
    let customOperation (operation: string) (what: string) : 'a =
        fail
            "PPL5010"
            $"custom operation {operation}: {what}."
            "make ResultTypes, Evaluate and the rules of the operation agree; Custom.check compares them"

    /// PPL5011: rules of a custom operation that differ from what Custom.check expects.
    let customRule (operation: string) (what: string) : 'a =
        fail
            "PPL5011"
            $"custom operation {operation}: {what}."
            "correct the rule, or check at arguments where Evaluate is smooth and of moderate size"

    /// PPL5006: a derivative that a custom operation does not have.
    let noCustomRule (operation: string) : 'a =
        fail
            "PPL5006"
            $"custom operation {operation}: it has neither a Vjp nor a Jvp."
            "override one of them, or put Ops.stopGradient around its arguments"

    /// PPL7001: a state that should be impossible.
    let bug (where: string) (what: string) : 'a =
        fail
            "PPL7001"
            $"this is a bug in Ppl. {where}: {what}."
            "please report it together with the program that shows it"
