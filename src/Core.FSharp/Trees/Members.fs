// Codecs of classes and structs: C# records, anonymous types, and whatever can be rebuilt from what it shows. Such a type has
// a public constructor whose parameters have the names and types of its properties; other properties that can be set (or
// initialised) are set afterwards. A field that is not visible in this way would be lost, so it is refused.
// Relies on Layout. Read Forms next.
module internal Ppl.Core.Trees.Members

open System
open System.Linq.Expressions
open System.Reflection

/// A property or field that is read, and set if it does not come through the constructor.
type private Member = { Info: MemberInfo; Name: string; Type: Type; CanSet: bool }

let private instance = BindingFlags.Instance ||| BindingFlags.Public

let private visible (ty: Type) : Member[] =
    [|
        for p in ty.GetProperties instance do
            if p.CanRead && p.GetIndexParameters().Length = 0 then
                let canSet =
                    match p.SetMethod with
                    | null -> false
                    | setter -> setter.IsPublic

                { Info = p; Name = p.Name; Type = p.PropertyType; CanSet = canSet }
        for f in ty.GetFields instance do
            { Info = f; Name = f.Name; Type = f.FieldType; CanSet = not f.IsInitOnly }
    |]

let private same (a: string) (b: string) = String.Equals(a, b, StringComparison.OrdinalIgnoreCase)

/// The members that the parameters of a constructor are named after, in their order.
let private matched (members: Member[]) (constructor: ConstructorInfo) : Member[] option =
    let found =
        constructor.GetParameters()
        |> Array.map (fun p ->
            members
            |> Array.tryFind (fun m ->
                same m.Name (Option.ofObj p.Name |> Option.defaultValue "") && m.Type = p.ParameterType))

    if Array.forall Option.isSome found then Some(Array.choose id found) else None

/// The constructor that takes most, and the members it takes. Structs have one without parameters.
let private constructor (ty: Type) members : (ConstructorInfo option * Member[]) option =
    let found =
        ty.GetConstructors instance
        |> Array.choose (fun c -> matched members c |> Option.map (fun taken -> Some c, taken))
        |> Array.sortByDescending (fun (_, taken) -> taken.Length)

    if found.Length > 0 then Some found[0]
    elif ty.IsValueType then Some(None, [||])
    else None

/// The name that a field was declared by: of the property for <Weight>k__BackingField, of the parameter for <weight>P.
let private declaredName (field: FieldInfo) =
    match field.Name.IndexOf '<', field.Name.IndexOf '>' with
    | 0, close when close > 1 -> field.Name.Substring(1, close - 1)
    | _ -> field.Name.TrimStart('_').TrimEnd('@')

/// All instance fields, those of base types included.
let rec fields (ty: Type | null) : FieldInfo list =
    match ty with
    | null -> []
    | ty ->
        let own = instance ||| BindingFlags.NonPublic ||| BindingFlags.DeclaredOnly
        List.ofArray (ty.GetFields own) @ fields ty.BaseType

let private reader (ty: Type) (members: Member[]) =
    let value = Expression.Parameter(typeof<obj>, "value")
    let typed = Expression.Convert(value, ty)

    let parts =
        members
        |> Array.map (fun m ->
            Expression.Convert(Expression.MakeMemberAccess(typed, m.Info), typeof<obj>) :> Expression)

    Expression.Lambda<Func<obj, objnull[]>>(Expression.NewArrayInit(typeof<obj>, parts), value).Compile()

let private maker (ty: Type) (constructor: ConstructorInfo option) (taken: Member[]) (assigned: Member[]) =
    let parts = Expression.Parameter(typeof<objnull[]>, "parts")

    let part i (m: Member) : Expression =
        Expression.Convert(Expression.ArrayIndex(parts, Expression.Constant i), m.Type)

    let created =
        match constructor with
        | Some c -> Expression.New(c, taken |> Array.mapi part)
        | None -> Expression.New ty

    let bindings =
        assigned
        |> Array.mapi (fun i m -> Expression.Bind(m.Info, part (taken.Length + i) m) :> MemberBinding)

    let body = Expression.Convert(Expression.MemberInit(created, bindings), typeof<obj>)
    Expression.Lambda<Func<objnull[], obj>>(body, parts).Compile()

/// The codec of a class or struct, or why there is none.
let codec (ty: Type) : Result<Codec, string> =
    let members = visible ty

    match constructor ty members with
    | None -> Error "it has no public constructor whose parameters have the names and types of its properties"
    | Some(constructor, taken) ->
        let isTaken (m: Member) = taken |> Array.exists (fun t -> t.Name = m.Name)
        let assigned = members |> Array.filter (fun m -> m.CanSet && not (isTaken m))
        let all = Array.append taken assigned

        let hidden =
            fields ty
            |> List.tryFind (fun field -> not (all |> Array.exists (fun m -> same m.Name (declaredName field))))

        match hidden with
        | Some field ->
            Error
                $"its field '{declaredName field}' is neither a parameter of its constructor nor a property that can be set"
        | None ->
            let read, make = reader ty all, maker ty constructor taken assigned
            Ok(Codecs.ofMembers ty (all |> Array.map _.Name) read.Invoke make.Invoke)
