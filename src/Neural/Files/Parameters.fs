// Trees of parameters in files: the paths of the tree are the names of the tensors.
// Relies on Safetensors and Npz.
namespace Ppl.Neural.Files

open System
open System.Collections.Generic
open Ppl.Core.Tensors
open Ppl.Core.Trees

/// Saving and loading trees of parameters. The end of the path decides: .npz, else safetensors.
[<RequireQualifiedAccess>]
module Parameters =

    /// A tree that is one tensor has no path.
    let private nameOf path = if path = "" then "value" else path

    let private isNpz (path: string) = path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase)

    /// The tensors of a tree with the names that they have in files: their paths, for example Encoder.Layers[0].Weight.
    let named (tree: 'P) : (string * Tensor)[] =
        Tree.named tree |> Array.map (fun (path, tensor) -> nameOf path, tensor)

    /// A tree of the structure of another with the tensors of these names; an error (PPL3007) that calls them by `file` if a
    /// name is missing or not in the tree, or if an element type or a shape differs.
    let ofNamed (file: string) (like: 'P) (tensors: (string * Tensor)[]) : 'P =
        let leaves, structure = Tree.flatten like
        let given = Dictionary<string, Tensor>()

        for name, tensor in tensors do
            if not (given.TryAdd(name, tensor)) then
                FileErrors.doesNotFit file $"'{name}' occurs twice"

        let paths = structure.Paths |> Array.map nameOf

        let find (path: string) (leaf: Tensor) =
            match given.TryGetValue path with
            | true, tensor when tensor.Type = leaf.Type -> tensor
            | true, tensor -> FileErrors.doesNotFit file $"'{path}' is {tensor.Type}, the parameters have {leaf.Type}"
            | _ -> FileErrors.doesNotFit file $"there is no '{path}' among its {tensors.Length} tensors"

        let found = Array.map2 find paths leaves

        let known = HashSet paths

        match tensors |> Array.tryFind (fun (name, _) -> not (known.Contains name)) with
        | Some(name, tensor) -> FileErrors.doesNotFit file $"'{name}' ({tensor.Type}) is not among the parameters"
        | None -> Tree.unflatten structure found

    /// Writes the tensors of a tree. The file is replaced only when all of it is on the disk.
    let save (path: string) (tree: 'P) : unit =
        if isNpz path then Npz.write path (named tree) else Safetensors.write path (named tree)

    /// Reads tensors into the structure of a tree that was made as the saved one; what is not a tensor is kept from it.
    /// Errors: PPL3006 for an unreadable file, PPL3007 for the file of another tree.
    let load (path: string) (like: 'P) : 'P =
        (if isNpz path then Npz.read path else Safetensors.read path) |> ofNamed path like
