// The structure of a tree: what is left of it without its tensors. Taking apart, putting together, and saying where two
// trees differ.
// Relies on Forms. Read Tree next.
namespace Ppl.Core.Trees

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Tensors

/// Errors of trees.
module internal TreeErrors =

    let private place path = if path = "" then "at the root" else $"at {path}"

    /// PPL5501: two trees that should have the same structure.
    let different operation path (first: string) (second: string) : 'a =
        raise (
            PplException(
                "PPL5501",
                $"{operation}: the trees differ {place path}: {first} in the first, {second} in the second.",
                "give both the same types, lengths, keys, cases and fixed values; tensors may differ in their elements only"
            )
        )

    /// PPL5502: a value that cannot be part of a tree.
    let refused (path: string) (ty: string) (reason: string) : 'a =
        raise (
            PplException(
                "PPL5502",
                $"a value of type {ty} {place path} cannot be part of a tree of tensors: {reason}.",
                "use a record, a tuple, an array, a list or a dictionary, or give the type a constructor for all it holds"
            )
        )

/// What a tree is besides the elements of its tensors: types, lengths, keys, cases, and all that is no tensor. A value;
/// two trees whose structures are equal can be combined leaf by leaf.
[<Sealed>]
type Structure internal (layout: Layout) =

    let rec count layout =
        match layout with
        | Layout.Leaf -> 1
        | Layout.Absent
        | Layout.Static _ -> 0
        | Layout.Node(_, _, parts) -> Array.sumBy count parts

    let leaves = lazy count layout
    let hash = lazy layout.GetHashCode()

    member internal _.Layout = layout

    /// The number of tensors.
    member _.LeafCount = leaves.Value

    /// The path of each tensor, in order, for example Encoder.Layers[0].Weight; the empty string if the tree is a tensor.
    member _.Paths: string[] =
        let paths = ResizeArray()

        let rec walk (path: string) layout =
            match layout with
            | Layout.Leaf -> paths.Add(path.TrimStart '.')
            | Layout.Absent
            | Layout.Static _ -> ()
            | Layout.Node(codec, about, parts) ->
                parts |> Array.iteri (fun i part -> walk (path + codec.Step(about, i)) part)

        walk "" layout
        paths.ToArray()

    override _.Equals other =
        match other with
        | :? Structure as other -> Object.ReferenceEquals(layout, other.Layout) || layout = other.Layout
        | _ -> false

    override _.GetHashCode() = hash.Value

/// Taking trees apart and putting them together, without types: the inner side of Tree.
module internal Structures =

    /// Deeper values are taken for values that contain themselves.
    let private deepest = 200

    let rec typeName (ty: Type) : string =
        if ty.IsSZArray then
            typeName (Unchecked.nonNull (ty.GetElementType())) + "[]"
        else
            match ty.Name.IndexOf '`' with
            | -1 -> ty.Name
            | at -> ty.Name[.. at - 1] + "<" + String.Join(", ", ty.GetGenericArguments() |> Array.map typeName) + ">"

    /// The steps to a value, innermost first; written out only for messages.
    let private pathOf (steps: struct (Codec * Fixed * int) list) =
        let text =
            steps
            |> List.rev
            |> List.map (fun struct (codec, about, i) -> codec.Step(about, i))
            |> String.concat ""

        text.TrimStart '.'

    let rec private take (leaves: List<Tensor>) steps depth (value: objnull) : Layout =
        match value with
        | null -> Layout.Absent
        | :? Tensor as tensor ->
            leaves.Add tensor
            Layout.Leaf
        | value ->
            let ty = value.GetType()

            match Forms.ofType ty with
            | Forms.Form.Static -> Layout.Static(Statics.copy value)
            | Forms.Form.Refused reason -> TreeErrors.refused (pathOf steps) (typeName ty) reason
            | Forms.Form.Parts _ when depth > deepest ->
                TreeErrors.refused
                    (pathOf (List.skip (depth - 3) steps))
                    (typeName ty)
                    $"it is more than {deepest} deep, or contains itself"
            | Forms.Form.Parts codec ->
                let struct (about, parts) = codec.Take value

                let below =
                    parts |> Array.mapi (fun i part -> take leaves (struct (codec, about, i) :: steps) (depth + 1) part)

                Layout.Node(codec, about, below)

    /// The tensors of a value in order, and the rest.
    let flatten (value: objnull) : struct (Tensor[] * Structure) =
        let leaves = List<Tensor>()
        let layout = take leaves [] 0 value
        struct (leaves.ToArray(), Structure layout)

    let rec private make (leaves: IEnumerator<Tensor>) layout : objnull =
        match layout with
        | Layout.Absent -> null
        | Layout.Static value -> Statics.copy value
        | Layout.Leaf ->
            if leaves.MoveNext() then
                box leaves.Current
            else
                Errors.bug "Structures.make" "too few leaves"
        | Layout.Node(codec, about, parts) -> codec.Make(about, Array.map (make leaves) parts)

    /// The value of this structure with these tensors.
    let unflatten (structure: Structure) (leaves: Tensor[]) : objnull =
        if leaves.Length <> structure.LeafCount then
            Errors.argument
                "unflatten"
                $"{leaves.Length} tensors for a tree that has {structure.LeafCount}"
                "give one tensor for each path of the structure"

        use next = (leaves :> IEnumerable<Tensor>).GetEnumerator()
        make next structure.Layout

    // ---- where two trees differ

    let private shorten (text: string) = if text.Length > 100 then text[..96] + "..." else text

    /// A subtree in words; its tensors are taken from the queue.
    let rec private describe (leaves: Queue<TensorType>) layout : string =
        match layout with
        | Layout.Leaf -> $"a tensor {leaves.Dequeue()}"
        | Layout.Absent -> "nothing (null)"
        | Layout.Static value -> $"{typeName (value.GetType())} {Statics.show value}"
        | Layout.Node(codec, about, parts) ->
            let label i =
                match codec.Step(about, i).TrimStart '.' with
                | "" -> ""
                | step -> step + ": "

            let inner = parts |> Array.mapi (fun i part -> label i + describe leaves part)

            let title =
                match about with
                | Fixed.Case(_, name) -> $"{typeName codec.Type}.{name}"
                | Fixed.Length n -> $"{typeName codec.Type} of {n}"
                | Fixed.Keys(keys, _) -> $"{typeName codec.Type} of {keys.Length}"
                | Fixed.Members -> typeName codec.Type

            title + " { " + String.Join("; ", inner) + " }"

    let private skip (leaves: Queue<TensorType>) layout = describe leaves layout |> ignore

    let rec private compare checkTypes path a (xs: Queue<TensorType>) b (ys: Queue<TensorType>) =
        match a, b with
        | Layout.Leaf, Layout.Leaf ->
            let x, y = xs.Dequeue(), ys.Dequeue()
            if checkTypes && x <> y then Some(path, string x, string y) else None
        | Layout.Node(c, f, ps), Layout.Node(d, g, qs) when c.Type = d.Type && f.Equals g ->
            Seq.zip ps qs
            |> Seq.indexed
            |> Seq.tryPick (fun (i, (p, q)) -> compare checkTypes (path + c.Step(f, i)) p xs q ys)
        | _ when a = b ->
            skip xs a
            skip ys b
            None
        | _ -> Some(path, shorten (describe xs a), shorten (describe ys b))

    let private queue (leaves: Tensor[]) = Queue(leaves |> Array.map _.Type)

    /// The path of the first difference, and both sides in words.
    let difference checkTypes (a: Structure) (xs: Tensor[]) (b: Structure) (ys: Tensor[]) =
        compare checkTypes "" a.Layout (queue xs) b.Layout (queue ys)
        |> Option.map (fun (path, x, y) -> path.TrimStart '.', x, y)

    let private refuse operation difference =
        match difference with
        | Some(path, x, y) -> TreeErrors.different operation path x y
        | None -> Errors.bug operation "unequal structures without a difference"

    /// An error (PPL5501) if the structures differ.
    let requireEqual operation (a: Structure) xs (b: Structure) ys =
        if not (a.Equals b) then
            refuse operation (difference false a xs b ys)

    /// An error (PPL5501) if the structures or the types of tensors differ.
    let requireSame operation a (xs: Tensor[]) b (ys: Tensor[]) =
        requireEqual operation a xs b ys

        if not (Array.forall2 (fun (x: Tensor) (y: Tensor) -> x.Type = y.Type) xs ys) then
            refuse operation (difference true a xs b ys)
