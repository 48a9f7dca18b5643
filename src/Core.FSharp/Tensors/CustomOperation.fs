// Operations that users define, from F# or C#: the class to derive from. Its rules are functions of tensors, which are traced
// into the programs that ICustomOperation asks for. Relies on Trace. Read Control next.
namespace Ppl.Core.Tensors

open System
open Ppl.Core
open Ppl.Core.Ir

/// <summary>
/// An operation on tensors that Ppl does not have, by code of any kind. Override ResultTypes and Evaluate, and where derivatives
/// are wanted Vjp or Jvp (each follows from the other, because both are linear), and Batch where many lanes at once are faster
/// than one by one. Programs with it trace, print, differentiate, batch and compile like any others.
/// </summary>
/// <remarks>
/// Evaluate must be pure and thread-safe: what it computes for known arguments may be computed at compile time, equal calls are
/// done once, and loops may run on several threads. Two operations of one name and version are taken for the same: raise the
/// version with every change. A compiled program calls Evaluate with copies of the arguments and copies its results, so a call
/// allocates them and costs about a microsecond; batching by a rule makes one call of many.
/// </remarks>
/// <param name="name">Letters, digits, '.', '-' and '_'.</param>
/// <param name="version">Likewise; part of the digest of programs.</param>
[<AbstractClass>]
type CustomOperation(name: string, version: string) =

    static let isWord (word: string) =
        word.Length > 0
        && Seq.forall (fun c -> Char.IsAsciiLetterOrDigit c || c = '.' || c = '-' || c = '_') word

    do
        if not (isWord name && isWord version) then
            Errors.argument
                "CustomOperation"
                $"the name '{name}' and the version '{version}'"
                "use letters, digits, '.', '-' and '_'"

    let requireOne what (expected: TensorType[]) (given: Tensor[]) =
        let fits =
            given.Length = expected.Length
            && Array.forall2
                (fun (ty: TensorType) (x: Tensor) -> not (DType.isReal ty.DType) || x.Type = ty)
                expected
                given

        if not fits then
            let show types = types |> Seq.map string |> String.concat ", "

            Errors.customOperation
                $"'{name}' (version {version})"
                $"{what} gave ({show (given |> Seq.map _.Type)}), needed are ({show expected})"

    /// A rule as a program; none if it gives null.
    let traced what (inputs: TensorType[]) (expected: TensorType[]) (rule: Tensor[] -> Tensor[] | null) =
        let mutable absent = false

        let program =
            Trace.program inputs (fun args ->
                match rule args with
                | null ->
                    absent <- true
                    [||]
                | results ->
                    requireOne what expected results
                    results)

        if absent then None else Some program

    /// The name in programs and messages.
    member _.Name = name

    /// The version.
    member _.Version = version

    /// The types of the results (at least one) for arguments of these types; raise an error for arguments that do not fit.
    abstract ResultTypes: arguments: TensorType[] -> TensorType[]

    /// The results for these concrete arguments, of the types that ResultTypes says. Pure and thread-safe.
    abstract Evaluate: arguments: Tensor[] -> Tensor[]

    /// The cotangents (dy/dx)' c of all arguments, with tensor operations, linear in the cotangents c of the results; what is
    /// given for an argument that is not real is ignored. Null, the default: there is no such rule.
    abstract Vjp: arguments: Tensor[] * results: Tensor[] * cotangents: Tensor[] -> Tensor[] | null

    default _.Vjp(_, _, _) = null

    /// The tangents (dy/dx) t of all results, with tensor operations, linear in the tangents t of the arguments; what is given
    /// for a result that is not real is ignored. Null, the default: there is no such rule.
    abstract Jvp: arguments: Tensor[] * results: Tensor[] * tangents: Tensor[] -> Tensor[] | null

    default _.Jvp(_, _, _) = null

    /// The results in so many lanes, which all results and those arguments that vary have along a new first axis. Null, the
    /// default: one lane after the other.
    abstract Batch: lanes: int * arguments: Tensor[] * varies: bool[] -> Tensor[] | null

    default _.Batch(_, _, _) = null

    /// <summary>The results of the operation on tensors, concrete or traced.</summary>
    /// <exception cref="T:Ppl.Core.PplException">PPL5010: Evaluate does not give what ResultTypes says.</exception>
    member this.Apply(arguments: Tensor[]) : Tensor[] = Bind.many (Primitive.Custom this) arguments

    interface ICustomOperation with

        member _.Name = name
        member _.Version = version
        member this.ResultTypes arguments = this.ResultTypes arguments

        member this.Evaluate arguments = this.Evaluate(arguments |> Array.map Tensor.OfLiteral) |> Array.map _.Value

        member this.Vjp arguments =
            let results = this.ResultTypes arguments
            let n, m = arguments.Length, results.Length

            traced "Vjp" (Array.concat [ arguments; results; results ]) arguments (fun args ->
                this.Vjp(args[.. n - 1], args[n .. n + m - 1], args[n + m ..]))

        member this.Jvp arguments =
            let results = this.ResultTypes arguments
            let n, m = arguments.Length, results.Length

            traced "Jvp" (Array.concat [ arguments; results; arguments ]) results (fun args ->
                this.Jvp(args[.. n - 1], args[n .. n + m - 1], args[n + m ..]))

        member this.Batch(lanes, arguments, varies) =
            let inLanes on (ty: TensorType) = if on then { ty with Shape = Shape.prepend lanes ty.Shape } else ty
            let results = this.ResultTypes arguments |> Array.map (inLanes true)
            traced "Batch" (Array.map2 inLanes varies arguments) results (fun args -> this.Batch(lanes, args, varies))
