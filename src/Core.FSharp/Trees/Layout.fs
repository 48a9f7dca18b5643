// Trees: values (records, tuples, unions, arrays, lists, maps) whose leaves are tensors. This file says what such a value
// is made of once its tensors are taken out; it knows nothing of reflection.
// Relies on nothing but the base library. Read Codecs next.
namespace Ppl.Core.Trees

open System
open System.Collections

/// Equality of what is not a tensor: by bits for floating-point numbers, element by element for arrays, else Object.Equals.
module internal Statics =

    let rec equal (a: objnull) (b: objnull) : bool =
        match a, b with
        | null, null -> true
        | null, _
        | _, null -> false
        | (:? float as x), (:? float as y) -> BitConverter.DoubleToInt64Bits x = BitConverter.DoubleToInt64Bits y
        | (:? float32 as x), (:? float32 as y) -> BitConverter.SingleToInt32Bits x = BitConverter.SingleToInt32Bits y
        | (:? Array as x), (:? Array as y) ->
            x.GetType() = y.GetType()
            && x.Length = y.Length
            && Seq.forall2 equal (Seq.cast<objnull> x) (Seq.cast<objnull> y)
        | x, y -> x.Equals y

    let rec hash (a: objnull) : int =
        match a with
        | null -> 0
        | :? float as x -> BitConverter.DoubleToInt64Bits(x).GetHashCode()
        | :? float32 as x -> BitConverter.SingleToInt32Bits x
        | :? Array as x -> Seq.cast<objnull> x |> Seq.fold (fun h item -> HashCode.Combine(h, hash item)) x.Length
        | x -> x.GetHashCode()

    /// A value that its owner cannot change afterwards: structures outlive the values they were read from.
    let copy (a: obj) : obj =
        match a with
        | :? Array as x -> x.Clone()
        | x -> x

    let show (a: objnull) : string =
        match a with
        | null -> "null"
        | :? string as text -> $"\"{text}\""
        | :? bool as truth -> if truth then "true" else "false"
        | :? Array as items -> $"{items.Length} fixed items"
        | :? IFormattable as x -> x.ToString(null, Globalization.CultureInfo.InvariantCulture)
        | x -> string x

/// What is fixed about a value besides its parts.
[<RequireQualifiedAccess; CustomEquality; NoComparison>]
type internal Fixed =
    /// Records and tuples: the type says it all.
    | Members
    /// Arrays and lists.
    | Length of int
    /// Unions.
    | Case of tag: int * name: string
    /// Maps: the keys in order. How the map compares its keys is kept for rebuilding it, and not compared.
    | Keys of keys: obj[] * comparer: objnull

    override this.Equals other =
        match other with
        | :? Fixed as other ->
            match this, other with
            | Members, Members -> true
            | Length n, Length m -> n = m
            | Case(a, _), Case(b, _) -> a = b
            | Keys(a, _), Keys(b, _) -> a.Length = b.Length && Array.forall2 Statics.equal a b
            | _ -> false
        | _ -> false

    override this.GetHashCode() =
        match this with
        | Members -> 1
        | Length n -> n
        | Case(tag, _) -> tag
        | Keys(keys, _) -> Statics.hash keys

/// How values of one type are taken apart into parts and put together again: compiled once per type.
[<Sealed>]
type internal Codec
    (
        ty: Type,
        take: Func<obj, struct (Fixed * objnull[])>,
        make: Func<Fixed, objnull[], objnull>,
        step: Func<Fixed, int, string>
    ) =

    /// The type of the values.
    member _.Type = ty

    /// The parts of a value and what is fixed about it.
    member _.Take value = take.Invoke value

    /// The value of these parts.
    member _.Make(about, parts) = make.Invoke(about, parts)

    /// The step of a path to the part i, for example .Weight, [3] or ["key"].
    member _.Step(about, i) = step.Invoke(about, i)

/// A value without its tensors.
[<RequireQualifiedAccess; CustomEquality; NoComparison>]
type internal Layout =
    /// The place of a tensor.
    | Leaf
    /// null, which F# also uses for None and unit.
    | Absent
    /// What is not a tensor and has no tensors inside.
    | Static of obj
    /// A value with parts.
    | Node of Codec * Fixed * Layout[]

    override this.Equals other =
        match other with
        | :? Layout as other ->
            match this, other with
            | Leaf, Leaf
            | Absent, Absent -> true
            | Static a, Static b -> a.GetType() = b.GetType() && Statics.equal a b
            | Node(c, f, xs), Node(d, g, ys) -> c.Type = d.Type && f.Equals g && Array.forall2 (=) xs ys
            | _ -> false
        | _ -> false

    override this.GetHashCode() =
        match this with
        | Leaf -> 1
        | Absent -> 2
        | Static value -> Statics.hash value
        | Node(codec, about, parts) ->
            parts
            |> Array.fold
                (fun h part -> HashCode.Combine(h, part.GetHashCode()))
                (HashCode.Combine(codec.Type, about.GetHashCode()))
