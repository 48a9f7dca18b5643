// Branches, loops and derivatives by hand whose states, slices and results are trees of tensors: the functions of Control without
// arrays to index. A state that changes its structure on the way is an error that names the place (PPL5501).
// Relies on OnTrees and Control. Read TreeFunction next.
namespace Ppl.Core.Trees

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms

/// Control flow on trees of tensors. What is no tensor is fixed: it is the same in every turn and in both branches.
[<RequireQualifiedAccess>]
module TreeControl =

    /// Takes results apart; all of them must have one structure and one set of tensor types.
    [<Sealed>]
    type private Results(what: string) =
        let mutable seen: (Structure * Tensor[]) option = None

        member _.Leaves(tree: 'T) : Tensor[] =
            let leaves, structure = Tree.flatten tree

            match seen with
            | Some(first, tensors) -> Structures.requireSame what first tensors structure leaves
            | None -> seen <- Some(structure, leaves)

            leaves

        member _.Tree(leaves: Tensor[]) : 'T = Tree.unflatten (fst seen.Value) leaves

    /// The result of one of two functions of no arguments: of the first where the condition (a scalar) holds. Only the chosen
    /// one is computed when the program runs. Both must give the same structure and types (else PPL5501).
    let cond (condition: Tensor) (whenTrue: unit -> 'R) (whenFalse: unit -> 'R) : 'R =
        let results = Results "cond: the results of the branches"
        let branch (f: unit -> 'R) () = results.Leaves(f ())
        results.Tree(Control.condMany condition (branch whenTrue) (branch whenFalse))

    /// A function from state to state as one of tensors, which keeps structure and types (else PPL5501).
    let private onState what structure (start: Tensor[]) (step: 'S -> 'S) (leaves: Tensor[]) : Tensor[] =
        let next, found = Tree.flatten (step (Tree.unflatten structure leaves))
        Structures.requireSame what structure start found next
        next

    /// Repeats a step while a condition holds: the final state. The step must keep the structure and types of the state (else
    /// PPL5501). Not differentiable in reverse (PPL5006): its length is not known; forward derivatives pass it.
    let whileLoop (condition: 'S -> Tensor) (step: 'S -> 'S) (initial: 'S) : 'S =
        let start, structure = Tree.flatten initial
        let next = onState "whileLoop: the state after a step" structure start step
        Tree.unflatten structure (Control.whileLoop (Tree.unflatten structure >> condition) next start)

    /// How Control folds: a step over state and slices, the first state, the sequences.
    type private Fold = (Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) -> Tensor[] -> Tensor[] -> Tensor[] * Tensor[]

    let private foldBy (fold: Fold) (step: 'S -> 'X -> 'S * 'Y) (initial: 'S) (xs: 'X) : 'S * 'Y =
        let start, stateStructure = Tree.flatten initial
        let sequences, structure = Tree.flatten xs
        let outputs = Results "scan: the outputs of a step"

        let inner state slices =
            let next, output = step (Tree.unflatten stateStructure state) (Tree.unflatten structure slices)
            let leaves, found = Tree.flatten next
            Structures.requireSame "scan: the state after a step" stateStructure start found leaves
            leaves, outputs.Leaves output

        let last, stacked = fold inner start sequences
        Tree.unflatten stateStructure last, outputs.Tree stacked

    /// The common length of some sequences.
    let private lengthOf (xs: 'X) =
        match Tree.leaves xs |> Array.tryHead with
        | Some x when x.Shape.Rank > 0 -> x.Shape[0]
        | Some x -> Errors.shapes "scan" $"a sequence is needed, got {x.Type}"
        | None -> Errors.argument "scan" "no sequence was given" "use TreeControl.repeat for a fixed number of steps"

    /// Folds a step over the slices of a tree along the first axes of its tensors, which must have the same extent:
    /// step state slice -> (state, output); gives the final state and the outputs of all steps, stacked. The step must keep
    /// the structure and types of the state (else PPL5501).
    let scan (step: 'S -> 'X -> 'S * 'Y) (initial: 'S) (xs: 'X) : 'S * 'Y =
        foldBy (Control.scanBy false (lengthOf xs)) step initial xs

    /// As scan, from the last slice to the first; outputs stay in the order of the slices.
    let scanBack (step: 'S -> 'X -> 'S * 'Y) (initial: 'S) (xs: 'X) : 'S * 'Y =
        foldBy (Control.scanBy true (lengthOf xs)) step initial xs

    /// As scan, with the states that derivatives need kept at every sqrt(length)-th step only, and computed again between.
    let scanCheckpointed (step: 'S -> 'X -> 'S * 'Y) (initial: 'S) (xs: 'X) : 'S * 'Y =
        foldBy (Control.scanCheckpointed (lengthOf xs)) step initial xs

    /// A fixed number of steps: step state -> (state, output); gives the final state and all outputs, stacked.
    let repeat (length: int) (step: 'S -> 'S * 'Y) (initial: 'S) : 'S * 'Y =
        foldBy (Control.scanBy false length) (fun state () -> step state) initial ()

    /// f of each slice of a tree along the first axes of its tensors, which must have the same extent; the results are
    /// stacked. The turns are independent, and each runs alone: less memory than OnTrees.vmap, which runs all together.
    let map (f: 'X -> 'Y) (xs: 'X) : 'Y =
        let sequences, structure = Tree.flatten xs
        let outputs = Results "map: the result of a turn"
        outputs.Tree(Control.mapMany (fun slices -> outputs.Leaves(f (Tree.unflatten structure slices))) sequences)

    /// f(tree), computed apart from everything around it: derivatives keep its argument instead of what it computes on the
    /// way, and compute it again.
    let checkpoint (f: 'P -> 'R) (tree: 'P) : 'R =
        let leaves, structure = Tree.flatten tree
        let inner, result = OnTrees.onLeaves f structure
        let results = Control.checkpoint inner leaves
        Tree.unflatten (result ()) results

    /// f(tree) with a derivative that the caller knows better: backward tree result c, for a cotangent c with the structure of
    /// the result, gives the cotangent (df/dx)' c with the structure and types of the tree (else PPL5501); linear in c.
    /// Tensors that the functions capture are constants, as for Control.customGrad.
    let customGrad (f: 'P -> 'R) (backward: 'P -> 'R -> 'R -> 'P) (tree: 'P) : 'R =
        let leaves, structure = Tree.flatten tree
        let inner, result = OnTrees.onLeaves f structure

        let rule (xs: Tensor[]) (ys: Tensor[]) (cs: Tensor[]) =
            let outer = result ()
            let given = backward (Tree.unflatten structure xs) (Tree.unflatten outer ys) (Tree.unflatten outer cs)
            let cotangents, found = Tree.flatten given
            Structures.requireSame "customGrad: the cotangent" structure leaves found cotangents
            cotangents

        let results = Control.customGrad inner rule leaves
        Tree.unflatten (result ()) results

    /// y with y = g theta y, by repetition from an initial value; differentiable in the tree theta: Implicit.fixedPoint.
    let fixedPoint options (g: 'P -> Tensor -> Tensor) (initial: Tensor) (theta: 'P) : Tensor =
        let leaves, structure = Tree.flatten theta
        Implicit.fixedPoint options (fun xs -> g (Tree.unflatten structure xs)) initial leaves

    /// y with f theta y = 0, by Newton's iteration from an initial value; differentiable in the tree theta: Implicit.solve.
    let solve options (f: 'P -> Tensor -> Tensor) (initial: Tensor) (theta: 'P) : Tensor =
        let leaves, structure = Tree.flatten theta
        Implicit.solve options (fun xs -> f (Tree.unflatten structure xs)) initial leaves
