// Functions over trees of tensors: records, tuples, unions, options, arrays, lists and maps, of F# and of C#, nested as the
// user likes. Nobody flattens parameters by hand.
// Relies on Structure. Read OnTrees next: derivatives with respect to trees.
namespace Ppl.Core.Trees

open Ppl.Core
open Ppl.Core.Tensors

/// <summary>Functions over trees of tensors.</summary>
/// <remarks>
/// A tree is a tensor; null or None; a value without tensors (numbers, strings, enumerations, functions: it is fixed, and must
/// be equal where trees are combined); or a record, tuple, union, array, list, dictionary, C# record, anonymous type or
/// class with a fitting constructor, of trees. Maps are walked in the order of their keys. A value that cannot be rebuilt is an
/// error (PPL5502).
/// </remarks>
[<RequireQualifiedAccess>]
module Tree =

    /// The tensors of a tree in order, and its structure. Law: unflatten (snd (flatten t)) (fst (flatten t)) = t.
    let flatten (tree: 'T) : Tensor[] * Structure =
        let struct (leaves, structure) = Structures.flatten (box tree)
        leaves, structure

    /// The tree of this structure with these tensors, as many as the structure has; an error (PPL5502) if such a tree is not
    /// of the type asked for.
    let unflatten (structure: Structure) (leaves: Tensor[]) : 'T =
        match Structures.unflatten structure leaves with
        | :? 'T as tree -> tree
        | null -> unbox<'T> null
        | other ->
            TreeErrors.refused
                ""
                (Structures.typeName (other.GetType()))
                $"a {Structures.typeName typeof<'T>} is needed"

    /// The tensors of a tree in order.
    let leaves (tree: 'T) : Tensor[] = fst (flatten tree)

    /// The structure of a tree.
    let structure (tree: 'T) : Structure = snd (flatten tree)

    /// The paths of the tensors in order, for example Encoder.Layers[0].Weight or ["a"].Bias; unique within a tree.
    let paths (tree: 'T) : string[] = (structure tree).Paths

    /// The tensors of a tree with their paths.
    let named (tree: 'T) : (string * Tensor)[] =
        let leaves, structure = flatten tree
        Array.zip structure.Paths leaves

    /// The tree with a function applied to each tensor.
    let map (f: Tensor -> Tensor) (tree: 'T) : 'T =
        let leaves, structure = flatten tree
        unflatten structure (Array.map f leaves)

    /// The tree with a function of path and tensor applied to each tensor.
    let mapNamed (f: string -> Tensor -> Tensor) (tree: 'T) : 'T =
        let leaves, structure = flatten tree
        unflatten structure (Array.map2 f structure.Paths leaves)

    /// Tensor by tensor, f a b, for trees of the same structure (else PPL5501).
    let map2 (f: Tensor -> Tensor -> Tensor) (a: 'T) (b: 'T) : 'T =
        let xs, first = flatten a
        let ys, second = flatten b
        Structures.requireEqual "map2" first xs second ys
        unflatten first (Array.map2 f xs ys)

    /// Tensor by tensor, f a b c, for trees of the same structure (else PPL5501).
    let map3 (f: Tensor -> Tensor -> Tensor -> Tensor) (a: 'T) (b: 'T) (c: 'T) : 'T =
        let xs, first = flatten a
        let ys, second = flatten b
        let zs, third = flatten c
        Structures.requireEqual "map3" first xs second ys
        Structures.requireEqual "map3" first xs third zs
        unflatten first (Array.map3 f xs ys zs)

    /// Tensor by tensor over many trees of the same structure (else PPL5501), at least one.
    let mapMany (f: Tensor[] -> Tensor) (trees: 'T[]) : 'T =
        if trees.Length = 0 then
            Errors.argument "mapMany" "no tree was given" "give at least one tree"

        let flat = trees |> Array.map flatten
        let first, structure = flat[0]

        for leaves, other in flat do
            Structures.requireEqual "mapMany" structure first other leaves

        unflatten structure (Array.init first.Length (fun i -> f (flat |> Array.map (fun (leaves, _) -> leaves[i]))))

    /// All elements of a tree as one vector, and the way back from such a vector: for algorithms that work on vectors.
    /// The tensors must be of one element type (else PPL5002). Law: snd (ravel t) (fst (ravel t)) = t.
    let ravel (tree: 'T) : Tensor * (Tensor -> 'T) =
        let leaves, structure = flatten tree

        let vector =
            if leaves.Length = 0 then
                Tensor.OfFloats [||]
            else
                Ops.concat 0 (Array.map Ops.flatten leaves)

        let part (x: Tensor) first (leaf: Tensor) =
            Ops.reshape leaf.Shape (Ops.slice 0 first (first + leaf.Shape.Count) x), first + leaf.Shape.Count

        let back (x: Tensor) : 'T =
            if x.Shape <> vector.Shape then
                Errors.shapes "ravel" $"the way back needs a vector of type {vector.Type}, it is {x.Type}"

            unflatten structure (fst (Array.mapFold (part x) 0 leaves))

        vector, back

    /// Zeros for each tensor.
    let zerosLike (tree: 'T) : 'T = map Ops.zerosLike tree

    /// The number of elements of all tensors.
    let count (tree: 'T) : int = leaves tree |> Array.sumBy _.Shape.Count

    /// An error (PPL5501) unless the trees have the same structure and tensors of the same types; the message names the
    /// path of the first difference and what is there in each.
    let requireSame (operation: string) (a: 'T) (b: 'T) : unit =
        let xs, first = flatten a
        let ys, second = flatten b
        Structures.requireSame operation first xs second ys
