// What a type is in a tree: looked up once per type by reflection, then remembered.
// Relies on Codecs and Members. Read Structure next.
module internal Ppl.Core.Trees.Forms

open System
open System.Collections.Generic
open System.Reflection
open System.Runtime.CompilerServices
open Microsoft.FSharp.Reflection
open Ppl.Core.Tensors

/// What values of a type are in a tree.
[<RequireQualifiedAccess>]
type Form =
    /// Neither tensors nor parts: compared.
    | Static
    /// Parts.
    | Parts of Codec
    /// It has tensors inside, but cannot be rebuilt: why.
    | Refused of reason: string

/// Numbers, strings, enumerations: arrays of them are compared as a whole.
let private isSimple (ty: Type) = ty.IsPrimitive || ty.IsEnum || ty = typeof<string> || ty = typeof<decimal>

let private isFunction (ty: Type) = typeof<Delegate>.IsAssignableFrom ty || FSharpType.IsFunction ty

let private isOurs (ty: Type) =
    match ty.Namespace with
    | null -> true
    | name -> not (name = "System" || name.StartsWith "System." || name.StartsWith "Microsoft.")

/// Whether values of a declared type may hold tensors, as far as the declarations say.
let rec private holds (seen: HashSet<Type>) (ty: Type) : bool =
    if ty = typeof<Tensor> then
        true
    elif isSimple ty || isFunction ty || not (seen.Add ty) then
        false
    elif ty.HasElementType then
        holds seen (Unchecked.nonNull (ty.GetElementType()))
    elif ty.IsGenericType && ty.GetGenericArguments() |> Array.exists (holds seen) then
        true
    else
        isOurs ty && Members.fields ty |> List.exists (fun field -> holds seen field.FieldType)

let private holdsTensors ty = holds (HashSet()) ty

/// C# records and record structs (they print their members), and anonymous types.
let private isRecord (ty: Type) =
    let flags = BindingFlags.Instance ||| BindingFlags.NonPublic ||| BindingFlags.Public

    not (isNull (ty.GetMethod("PrintMembers", flags, [| typeof<Text.StringBuilder> |])))
    || ty.Name.StartsWith "<>f__AnonymousType"

let private isSequence (ty: Type) = typeof<Collections.IEnumerable>.IsAssignableFrom ty

let private ofClass (ty: Type) =
    let holding = holdsTensors ty

    if not (holding || isRecord ty) then
        Form.Static
    elif isSequence ty then
        Form.Refused "it is no collection that can be rebuilt; use an array, a list, a Dictionary or an immutable one"
    elif ty.IsArray then
        Form.Refused "only arrays with one dimension can hold tensors"
    else
        match Members.codec ty with
        | Ok codec -> Form.Parts codec
        | Error _ when not holding -> Form.Static
        | Error reason -> Form.Refused reason

let private discover (ty: Type) : Form =
    if isSimple ty || isFunction ty || typeof<Type>.IsAssignableFrom ty then
        Form.Static
    elif ty.IsSZArray && isSimple (Unchecked.nonNull (ty.GetElementType())) then
        Form.Static
    else
        match Codecs.tryCollection ty with
        | Some codec -> Form.Parts codec
        | None ->
            if FSharpType.IsTuple ty then
                Form.Parts(Codecs.tuple ty)
            elif FSharpType.IsRecord(ty, BindingFlags.Public ||| BindingFlags.NonPublic) then
                Form.Parts(Codecs.fsharpRecord ty)
            elif FSharpType.IsUnion(ty, BindingFlags.Public ||| BindingFlags.NonPublic) then
                Form.Parts(Codecs.fsharpUnion ty)
            else
                ofClass ty

/// Forms by type; a type that can be unloaded is not kept alive.
let private known = ConditionalWeakTable<Type, Form>()

/// What values of a type are.
let ofType (ty: Type) : Form = known.GetValue(ty, discover)
