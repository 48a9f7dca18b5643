// Codecs of the data types of F# and of the collections of .NET.
// Relies on Layout. Read Members next, which does the same for classes and structs.
module internal Ppl.Core.Trees.Codecs

open System
open System.Collections.Generic
open System.Collections.Frozen
open System.Collections.Immutable
open System.Collections.ObjectModel
open System.Linq
open System.Reflection
open Microsoft.FSharp.Reflection

let private allMembers = BindingFlags.Public ||| BindingFlags.NonPublic

// ---- F# records, tuples, unions

let ofMembers (ty: Type) (names: string[]) (take: obj -> objnull[]) (make: objnull[] -> objnull) =
    let steps = names |> Array.map (fun name -> "." + name)
    Codec(ty, (fun value -> struct (Fixed.Members, take value)), (fun _ parts -> make parts), (fun _ i -> steps[i]))

let fsharpRecord (ty: Type) =
    let names = FSharpType.GetRecordFields(ty, allMembers) |> Array.map _.Name
    let read = FSharpValue.PreComputeRecordReader(ty, allMembers)
    ofMembers ty names read (FSharpValue.PreComputeRecordConstructor(ty, allMembers))

/// Tuples of both kinds.
let tuple (ty: Type) =
    let names = FSharpType.GetTupleElements ty |> Array.mapi (fun i _ -> $"Item{i + 1}")
    ofMembers ty names (FSharpValue.PreComputeTupleReader ty) (FSharpValue.PreComputeTupleConstructor ty)

let private isOption (ty: Type) =
    ty.IsGenericType
    && (let definition = ty.GetGenericTypeDefinition()
        definition = typedefof<option<_>> || definition = typedefof<voption<_>>)

/// A union: the case is fixed, its fields are the parts. Options leave no step in a path.
let fsharpUnion (ty: Type) =
    let cases = FSharpType.GetUnionCases(ty, allMembers)
    let union = cases[0].DeclaringType
    let tagOf = FSharpValue.PreComputeUnionTagReader(union, allMembers)
    let readers = cases |> Array.map (fun case -> FSharpValue.PreComputeUnionReader(case, allMembers))
    let makers = cases |> Array.map (fun case -> FSharpValue.PreComputeUnionConstructor(case, allMembers))

    let steps =
        cases
        |> Array.map (fun case ->
            case.GetFields() |> Array.map (fun field -> if isOption union then "" else "." + field.Name))

    let tag about =
        match about with
        | Fixed.Case(tag, _) -> tag
        | _ -> 0

    Codec(
        union,
        (fun value ->
            let tag = tagOf value
            struct (Fixed.Case(tag, cases[tag].Name), readers[tag] value)),
        (fun about parts -> makers[tag about] parts),
        (fun about i -> (steps[tag about])[i])
    )

// ---- arrays and lists: T may be any type, the delegates are compiled by instantiating this class

let private indexed = Func<Fixed, int, string>(fun _ i -> $"[{i}]")
let private boxed (key: 'K) : obj = Unchecked.nonNull (box key)

/// As unbox, but null stays null for types that F# does not let be null: C# may put it there.
let private unboxed<'T> (parts: objnull[]) : 'T[] = Enumerable.ToArray(Enumerable.Cast<'T> parts)

/// The codecs of the sequences of T.
[<AbstractClass; Sealed>]
type Sequences<'T> private () =

    static member private Codec(ty, items: obj -> 'T[], make: 'T[] -> objnull) =
        Codec(
            ty,
            (fun value ->
                let parts = items value |> Array.map box
                struct (Fixed.Length parts.Length, parts)),
            (fun _ parts -> make (unboxed parts)),
            indexed
        )

    static member Array() = Sequences<'T>.Codec(typeof<'T[]>, (fun xs -> xs :?> 'T[]), (fun xs -> xs))

    /// The read-only lists that C# makes of collection expressions become arrays.
    static member ReadOnly() =
        Sequences<'T>.Codec(typeof<'T[]>, (fun xs -> Seq.toArray (xs :?> IEnumerable<'T>)), (fun xs -> xs))

    static member FSharpList() =
        Sequences<'T>.Codec(typeof<'T list>, (fun xs -> List.toArray (xs :?> 'T list)), (fun xs -> List.ofArray xs))

    static member List() =
        Sequences<'T>.Codec(typeof<List<'T>>, (fun xs -> (xs :?> List<'T>).ToArray()), (fun xs -> List<'T> xs))

    static member ImmutableArray() =
        let items (xs: obj) =
            let array = xs :?> ImmutableArray<'T>
            if array.IsDefault then [||] else Seq.toArray array

        Sequences<'T>.Codec(typeof<ImmutableArray<'T>>, items, (fun xs -> ImmutableArray.Create<'T> xs))

    static member ImmutableList() =
        let items (xs: obj) = Seq.toArray (xs :?> ImmutableList<'T>)
        Sequences<'T>.Codec(typeof<ImmutableList<'T>>, items, (fun xs -> ImmutableList.CreateRange<'T> xs))

    static member ReadOnlyCollection() =
        let items (xs: obj) = Seq.toArray (xs :?> ReadOnlyCollection<'T>)
        Sequences<'T>.Codec(typeof<ReadOnlyCollection<'T>>, items, (fun xs -> ReadOnlyCollection<'T> xs))

// ---- maps: the keys are fixed and put in order, whatever the order of insertion

/// Strings by code points, other keys by their own order.
let private keyOrder (a: obj) (b: obj) =
    match a, b with
    | (:? string as x), (:? string as y) -> String.CompareOrdinal(x, y)
    | (:? IComparable as x), y -> x.CompareTo y
    | _ -> 0

let private keyStep =
    Func<Fixed, int, string>(fun about i ->
        match about with
        | Fixed.Keys(keys, _) -> $"[{Statics.show keys[i]}]"
        | _ -> $"[{i}]")

/// The codecs of the maps from K to V.
[<AbstractClass; Sealed>]
type Maps<'K, 'V when 'K: comparison and 'K: not null> private () =

    static member private Codec
        (
            ty,
            comparer: obj -> objnull,
            items: obj -> KeyValuePair<'K, 'V> seq,
            make: objnull -> KeyValuePair<'K, 'V>[] -> objnull
        ) =
        let take value =
            let sorted = Seq.toArray (items value)
            Array.sortInPlaceWith (fun (a: KeyValuePair<'K, 'V>) b -> keyOrder (boxed a.Key) (boxed b.Key)) sorted
            let keys = sorted |> Array.map (fun pair -> boxed pair.Key)
            struct (Fixed.Keys(keys, comparer value), sorted |> Array.map (fun pair -> box pair.Value))

        let rebuild about (parts: objnull[]) =
            match about with
            | Fixed.Keys(keys, comparer) ->
                Array.map2 (fun (key: obj) value -> KeyValuePair(unbox<'K> key, value)) keys (unboxed<'V> parts)
                |> make comparer
            | _ -> make null [||]

        Codec(ty, take, rebuild, keyStep)

    static member private Pairs(map: obj) = map :?> IEnumerable<KeyValuePair<'K, 'V>>

    static member private Equality(comparer: objnull) : IEqualityComparer<'K> | null =
        match comparer with
        | :? IEqualityComparer<'K> as comparer -> comparer
        | _ -> null

    static member private Order(comparer: objnull) : IComparer<'K> | null =
        match comparer with
        | :? IComparer<'K> as comparer -> comparer
        | _ -> null

    static member FSharpMap() =
        let make _ pairs =
            pairs |> Array.map (fun (pair: KeyValuePair<'K, 'V>) -> pair.Key, pair.Value) |> Map.ofArray |> box

        Maps<'K, 'V>.Codec(typeof<Map<'K, 'V>>, (fun _ -> null), Maps<'K, 'V>.Pairs, make)

    static member Dictionary() =
        let comparer (map: obj) = box (map :?> Dictionary<'K, 'V>).Comparer

        let make comparer (pairs: KeyValuePair<'K, 'V>[]) =
            box (Dictionary<'K, 'V>(pairs, Maps<'K, 'V>.Equality comparer))

        Maps<'K, 'V>.Codec(typeof<Dictionary<'K, 'V>>, comparer, Maps<'K, 'V>.Pairs, (fun c pairs -> make c pairs))

    static member SortedDictionary() =
        let comparer (map: obj) = box (map :?> SortedDictionary<'K, 'V>).Comparer

        let make comparer (pairs: KeyValuePair<'K, 'V>[]) =
            let map = SortedDictionary<'K, 'V>(Maps<'K, 'V>.Order comparer)

            for pair in pairs do
                map.Add(pair.Key, pair.Value)

            box map

        Maps<'K, 'V>.Codec(typeof<SortedDictionary<'K, 'V>>, comparer, Maps<'K, 'V>.Pairs, make)

    static member ImmutableDictionary() =
        let comparer (map: obj) = box (map :?> ImmutableDictionary<'K, 'V>).KeyComparer
        let make comparer pairs = ImmutableDictionary.CreateRange<'K, 'V>(Maps<'K, 'V>.Equality comparer, pairs)

        Maps<'K, 'V>
            .Codec(typeof<ImmutableDictionary<'K, 'V>>, comparer, Maps<'K, 'V>.Pairs, (fun c pairs -> make c pairs))

    static member ImmutableSortedDictionary() =
        let comparer (map: obj) = box (map :?> ImmutableSortedDictionary<'K, 'V>).KeyComparer
        let make comparer pairs = ImmutableSortedDictionary.CreateRange<'K, 'V>(Maps<'K, 'V>.Order comparer, pairs)
        let ty = typeof<ImmutableSortedDictionary<'K, 'V>>
        Maps<'K, 'V>.Codec(ty, comparer, Maps<'K, 'V>.Pairs, (fun c pairs -> make c pairs))

    static member FrozenDictionary() =
        let comparer (map: obj) = box (map :?> FrozenDictionary<'K, 'V>).Comparer

        let make comparer (pairs: KeyValuePair<'K, 'V>[]) =
            FrozenDictionary.ToFrozenDictionary(pairs, Maps<'K, 'V>.Equality comparer)

        Maps<'K, 'V>
            .Codec(typeof<FrozenDictionary<'K, 'V>>, comparer, Maps<'K, 'V>.Pairs, (fun c pairs -> make c pairs))

    static member ReadOnlyDictionary() =
        let make _ (pairs: KeyValuePair<'K, 'V>[]) = ReadOnlyDictionary<'K, 'V>(Dictionary<'K, 'V> pairs)
        let ty = typeof<ReadOnlyDictionary<'K, 'V>>
        Maps<'K, 'V>.Codec(ty, (fun _ -> null), Maps<'K, 'V>.Pairs, (fun c pairs -> make c pairs))

/// The generic types of collections that trees may contain, and the codec of each.
let private sequences: (Type * string)[] =
    [|
        typedefof<list<_>>, "FSharpList"
        typedefof<List<_>>, "List"
        typedefof<ImmutableArray<_>>, "ImmutableArray"
        typedefof<ImmutableList<_>>, "ImmutableList"
        typedefof<ReadOnlyCollection<_>>, "ReadOnlyCollection"
    |]

let private maps: (Type * string)[] =
    [|
        typedefof<Map<_, _>>, "FSharpMap"
        typedefof<Dictionary<_, _>>, "Dictionary"
        typedefof<SortedDictionary<_, _>>, "SortedDictionary"
        typedefof<ImmutableDictionary<_, _>>, "ImmutableDictionary"
        typedefof<ImmutableSortedDictionary<_, _>>, "ImmutableSortedDictionary"
        typedefof<FrozenDictionary<_, _>>, "FrozenDictionary"
        typedefof<ReadOnlyDictionary<_, _>>, "ReadOnlyDictionary"
    |]

let private call (definition: Type) (arguments: Type[]) (name: string) : Codec option =
    match definition.MakeGenericType(arguments).GetMethod(name, BindingFlags.Static ||| allMembers) with
    | null -> None
    | factory ->
        match factory.Invoke(null, [||]) with
        | :? Codec as codec -> Some codec
        | _ -> None

/// A type and what it inherits from.
let rec private ancestors (ty: Type | null) : Type list =
    match ty with
    | null -> []
    | ty -> ty :: ancestors ty.BaseType

/// The codec of an array or of a collection of the tables above.
let tryCollection (ty: Type) : Codec option =
    let generic = ancestors ty |> List.filter _.IsGenericType

    let among (table: (Type * string)[]) =
        generic
        |> List.tryPick (fun ancestor ->
            table
            |> Array.tryFind (fun (definition, _) -> ancestor.GetGenericTypeDefinition() = definition)
            |> Option.map (fun (_, name) -> ancestor.GetGenericArguments(), name))

    if ty.IsSZArray then
        call typedefof<Sequences<_>> [| Unchecked.nonNull (ty.GetElementType()) |] "Array"
    elif ty.Name.StartsWith "<>z__ReadOnly" && ty.IsGenericType then
        call typedefof<Sequences<_>> (ty.GetGenericArguments()) "ReadOnly"
    else
        match among sequences, among maps with
        | Some(arguments, name), _ -> call typedefof<Sequences<_>> arguments name
        | _, Some(arguments, name) -> call typedefof<Maps<_, _>> arguments name
        | None, None -> None
