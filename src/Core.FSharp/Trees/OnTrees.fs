// Derivatives with respect to trees of tensors: the functions of Grad and Jvp without flattening by hand. The gradient of a
// function of a record is such a record.
// Relies on Tree, Grad and Jacobians. Read TreeControl next.
namespace Ppl.Core.Trees

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms

/// Derivatives of functions of trees. Tensors of integers and truth values get zeros of their own type; what is not a
/// tensor is fixed.
[<RequireQualifiedAccess>]
module OnTrees =

    /// The value and gradient of f at a tree, and what else f gives: f tree = (value, rest).
    /// The value must be a real scalar (else PPL5001); the gradient has the structure of the tree. The rest is a tree too.
    let valueAndGradWith (f: 'P -> Tensor * 'R) (tree: 'P) : (Tensor * 'R) * 'P =
        let leaves, structure = Tree.flatten tree
        let mutable rest: Structure option = None

        let inner (xs: Tensor[]) =
            let value, other = f (Tree.unflatten structure xs)
            let others, otherStructure = Tree.flatten other
            rest <- Some otherStructure
            Array.append [| value |] others

        let results, back = Grad.vjp inner leaves
        Grad.requireScalar results[0]
        let zeros = results[1..] |> Array.map Ops.zerosLike
        let gradient = back (Array.append [| Ops.onesLike results[0] |] zeros)
        (results[0], Tree.unflatten rest.Value results[1..]), Tree.unflatten structure gradient

    /// f(tree) and the gradient of f there, for f with a real scalar value.
    let valueAndGrad (f: 'P -> Tensor) (tree: 'P) : Tensor * 'P =
        let leaves, structure = Tree.flatten tree
        let value, gradients = Grad.valueAndGradMany (fun xs -> f (Tree.unflatten structure xs)) leaves
        value, Tree.unflatten structure gradients

    /// The gradient of f at a tree, for f with a real scalar value.
    let grad (f: 'P -> Tensor) (tree: 'P) : 'P = snd (valueAndGrad f tree)

    /// f as a function of tensors, and what tells the structure of its results once it has been called.
    let internal onLeaves (f: 'P -> 'R) (structure: Structure) =
        let mutable result: Structure option = None

        let inner (xs: Tensor[]) =
            let leaves, found = Tree.flatten (f (Tree.unflatten structure xs))
            result <- Some found
            leaves

        inner, (fun () -> result.Value)

    /// f(tree), and the function from a cotangent of that to the cotangent of the tree: c -> (df/dx)' c.
    /// The cotangent has the structure and types of the result (else PPL5501).
    let vjp (f: 'P -> 'R) (tree: 'P) : 'R * ('R -> 'P) =
        let leaves, structure = Tree.flatten tree
        let inner, resultStructure = onLeaves f structure
        let results, back = Grad.vjp inner leaves
        let outer = resultStructure ()

        let pull (cotangent: 'R) : 'P =
            let given, givenStructure = Tree.flatten cotangent
            Structures.requireSame "vjp: the cotangent" outer results givenStructure given
            Tree.unflatten structure (back given)

        Tree.unflatten outer results, pull

    /// f(tree) and its derivative along a tangent, which has the structure and types of the tree (else PPL5501): (df/dx) t.
    let jvp (f: 'P -> 'R) (tree: 'P) (tangent: 'P) : 'R * 'R =
        let leaves, structure = Tree.flatten tree
        let given, givenStructure = Tree.flatten tangent
        Structures.requireSame "jvp: the tangent" structure leaves givenStructure given
        let inner, resultStructure = onLeaves f structure
        let results, moved = Jvp.jvp inner leaves given
        let outer = resultStructure ()
        Tree.unflatten outer results, Tree.unflatten outer moved

    /// The gradient of f at a tree, and the product of its Hessian with a tangent, which has the structure and types of the
    /// tree (else PPL5501): (grad f, H t), by forward mode over reverse mode, at the cost of a few gradients.
    let hvp (f: 'P -> Tensor) (tree: 'P) (tangent: 'P) : 'P * 'P = jvp (grad f) tree tangent

    /// The Jacobian of f at a tree, for f with a tensor as value: the derivative d f_i / d x_j by each tensor x of the tree, in a
    /// tree of the same structure whose tensors are real, [value's axes, x's axes]. By one vector-Jacobian product per
    /// element of the value. Every tensor of the tree, and the value, must be real (else PPL5002).
    let jacobian (f: 'P -> Tensor) (tree: 'P) : 'P =
        let leaves, structure = Tree.flatten tree
        Tree.unflatten structure (Jacobians.jacobianMany (fun xs -> f (Tree.unflatten structure xs)) leaves)

    /// f of each slice of a tree along the first axes of its tensors, which must have the same extent; the results are
    /// stacked along new first axes. Law: vmap f (stack of t) = stack of (f t). What f takes from its surroundings is shared.
    let vmap (f: 'P -> 'R) (tree: 'P) : 'R =
        let leaves, structure = Tree.flatten tree
        let inner, resultStructure = onLeaves f structure
        let results = Vmap.vmapAll inner leaves
        Tree.unflatten (resultStructure ()) results
