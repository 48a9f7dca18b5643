// What an optimiser is: a state that is a tree, and a step that is a tensor program over trees.
// Relies on Ppl.Core.Trees. Read Schedules and FirstOrder next.
namespace Ppl.Neural

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Trees

/// <summary>Turns gradients into updates of parameters, remembering a state.</summary>
/// <remarks>
/// Both methods are tensor programs: they run on concrete tensors and inside compiled functions. The state is a tree, so it is
/// saved, compiled and batched like parameters. Optimisers follow one another with <c>Optimiser.andThen</c>.
/// </remarks>
type IOptimiser<'P, 'S> =

    /// The state before the first step.
    abstract Init: parameters: 'P -> 'S

    /// The updates to be added to the parameters, and the next state.
    abstract Update: gradient: 'P * state: 'S * parameters: 'P -> 'P * 'S

/// Tensor by tensor, for real tensors only: integers and truth values in a tree of parameters are not optimised.
module internal Leafwise =

    let isReal (x: Tensor) = DType.isReal x.DType

    /// A scalar of the element type of x.
    let like (x: Tensor) (scalar: Tensor) = Ops.convert x.DType scalar

    let map f tree : 'P = Tree.map (fun x -> if isReal x then f x else x) tree
    let map2 f a b : 'P = Tree.map2 (fun x y -> if isReal x then f x y else x) a b
    let map3 f a b c : 'P = Tree.map3 (fun x y z -> if isReal x then f x y z else x) a b c

    /// The sum of the squares of all real elements, as f64.
    let squaredNorm (tree: 'P) : Tensor =
        Tree.leaves tree
        |> Array.filter isReal
        |> Array.map (fun x -> Ops.toFloat (Ops.sum (Ops.square x)))
        |> Array.fold (+) (Ops.scalar 0.0)

/// Using and combining optimisers.
[<RequireQualifiedAccess>]
module Optimiser =

    /// An optimiser from its two functions.
    let make (init: 'P -> 'S) (update: 'P -> 'S -> 'P -> 'P * 'S) : IOptimiser<'P, 'S> =
        { new IOptimiser<'P, 'S> with
            member _.Init parameters = init parameters
            member _.Update(gradient, state, parameters) = update gradient state parameters
        }

    /// A map of gradients without a state.
    let stateless (f: 'P -> 'P) : IOptimiser<'P, unit> = make ignore (fun gradient () _ -> f gradient, ())

    /// The updates of the first are the gradients of the second: clipping and then Adam, for example.
    let andThen (second: IOptimiser<'P, 'T>) (first: IOptimiser<'P, 'S>) : IOptimiser<'P, 'S * 'T> =
        make (fun parameters -> first.Init parameters, second.Init parameters) (fun gradient (s, t) parameters ->
            let updates, s = first.Update(gradient, s, parameters)
            let updates, t = second.Update(updates, t, parameters)
            updates, (s, t))

    /// parameters + updates
    let apply (parameters: 'P) (updates: 'P) : 'P = Leafwise.map2 (fun p u -> p + u) parameters updates

    /// One step down a loss: (parameters, state) -> the loss before the step, and the next (parameters, state).
    let step (optimiser: IOptimiser<'P, 'S>) (loss: 'P -> Tensor) (parameters: 'P, state: 'S) : Tensor * ('P * 'S) =
        let value, gradient = OnTrees.valueAndGrad loss parameters
        let updates, state = optimiser.Update(gradient, state, parameters)
        value, (apply parameters updates, state)
