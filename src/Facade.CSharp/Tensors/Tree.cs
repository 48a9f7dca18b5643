// Functions over trees of tensors for C#. Thin: the functions are Ppl.Core.Trees.Tree.
using System;
using System.Collections.Generic;
using System.Linq;
using Ppl.Core.Tensors;
using Ppl.Core.Trees;
using Trees = Ppl.Core.Trees.Tree;

namespace Ppl;

/// <summary>
/// Functions over trees of tensors: records, tuples, anonymous types, arrays, lists and dictionaries of tensors, nested at will.
/// </summary>
/// <remarks>
/// Values that are not tensors (numbers, strings, enumerations, delegates) are fixed: they are kept, and must be equal where
/// trees are combined (else PPL5501). Dictionaries are walked in the order of their keys. A class can be part of a tree if it
/// has a public constructor whose parameters are named as its properties, or properties that can be set (else PPL5502).
/// </remarks>
public static class Tree
{
    /// <summary>The tensors of a tree in order.</summary>
    public static IReadOnlyList<Tensor> Leaves<T>(T tree) => Trees.leaves(tree);

    /// <summary>What a tree is besides the elements of its tensors.</summary>
    public static Structure Structure<T>(T tree) => Trees.structure(tree);

    /// <summary>The tree of a structure with these tensors, one for each of its paths.</summary>
    public static T Unflatten<T>(Structure structure, IReadOnlyList<Tensor> leaves) =>
        Trees.unflatten<T>(Guard.Given(structure), [.. Guard.Given(leaves)]);

    /// <summary>The paths of the tensors in order, for example Encoder.Layers[0].Weight.</summary>
    public static IReadOnlyList<string> Paths<T>(T tree) => Trees.paths(tree);

    /// <summary>The tensors of a tree with their paths, in order.</summary>
    public static IReadOnlyList<KeyValuePair<string, Tensor>> Named<T>(T tree) =>
        [.. Trees.paths(tree).Zip(Trees.leaves(tree), KeyValuePair.Create)];

    /// <summary>The tree with a function applied to each tensor.</summary>
    public static T Map<T>(Func<Tensor, Tensor> f, T tree) => Trees.map(FunctionBridge.Of(Guard.Given(f)), tree);

    /// <summary>Tensor by tensor, f(a, b), for trees of the same structure (else PPL5501).</summary>
    public static T Map<T>(Func<Tensor, Tensor, Tensor> f, T a, T b) => Trees.map2(FunctionBridge.Of(Guard.Given(f)), a, b);

    /// <summary>Tensor by tensor, f(a, b, c), for trees of the same structure (else PPL5501).</summary>
    public static T Map<T>(Func<Tensor, Tensor, Tensor, Tensor> f, T a, T b, T c) =>
        Trees.map3(FunctionBridge.Of(Guard.Given(f)), a, b, c);

    /// <summary>
    /// All elements of a tree, whose tensors are of one element type, as one vector, and the way back from such a vector.
    /// </summary>
    public static (Tensor Vector, Func<Tensor, T> Back) Ravel<T>(T tree)
    {
        var (vector, back) = Trees.ravel(tree);
        return (vector, FunctionBridge.Back(back));
    }

    /// <summary>The tree with zeros for each tensor.</summary>
    public static T ZerosLike<T>(T tree) => Trees.zerosLike(tree);

    /// <summary>The number of elements of all tensors.</summary>
    public static int Count<T>(T tree) => Trees.count(tree);
}
