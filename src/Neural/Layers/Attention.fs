// Multi-head attention: Vaswani et al. (2017), section 3.2.
// Relies on Layers.
namespace Ppl.Neural

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors

/// The four affine maps of an attention layer, and the number of its heads.
type MultiHeadAttention =
    {
        /// [d,d]
        Query: Dense
        /// [d,d]
        Key: Dense
        /// [d,d]
        Value: Dense
        /// [d,d]
        Output: Dense
        /// A divisor of d.
        Heads: int
    }

    /// Glorot's uniform weights, biases 0. The number of heads divides the dimension (else PPL5008).
    static member Init(dimension: int, heads: int, key: Tensor) : MultiHeadAttention =
        if heads < 1 || dimension % heads <> 0 then
            Errors.argument
                "MultiHeadAttention"
                $"{heads} heads do not divide {dimension} dimensions"
                "choose a number of heads that divides the dimension"

        let dense name = Dense.Init(dimension, dimension, Key.foldInName name key)

        {
            Query = dense "query"
            Key = dense "key"
            Value = dense "value"
            Output = dense "output"
            Heads = heads
        }

/// Attention: each query gives a weighted mean of the values, with weights by its products with the keys.
[<RequireQualifiedAccess>]
module Attention =

    let private pairs batch left right =
        { BatchLeft = batch; BatchRight = batch; ContractLeft = left; ContractRight = right }

    /// softmax(Q K' / sqrt d) V over the last two axes; what a mask (broadcast to [..., queries, keys]) forbids has weight 0,
    /// and a query that may look at nothing gives 0. [..., n, d], [..., m, d], [..., m, e] -> [..., n, e]
    let scaledDotProduct (mask: Tensor option) (queries: Tensor) (keys: Tensor) (values: Tensor) : Tensor =
        let rank = queries.Shape.Rank
        let batch = Array.init (rank - 2) id
        let scale = 1.0 / sqrt (float queries.Shape[rank - 1])
        let scores = scale * Ops.dotGeneral (pairs batch [| rank - 1 |] [| rank - 1 |]) queries keys

        let allowed =
            match mask with
            | None -> scores
            | Some mask -> Ops.select mask scores (Ops.scalarLike scores -infinity)

        Ops.dotGeneral (pairs batch [| rank - 1 |] [| rank - 2 |]) (Activations.softmax allowed) values

    /// bool[n,n]: query i may look at keys 0 ... i.
    let causal (n: int) : Tensor =
        let index = Ops.iota n
        Ops.greaterEqual (Ops.reshape (Shape.ofList [ n; 1 ]) index) (Ops.reshape (Shape.ofList [ 1; n ]) index)

    /// [..., n, d] -> [..., heads, n, d / heads]
    let private split heads (x: Tensor) =
        let rank = x.Shape.Rank
        let extents = x.Shape.ToArray()
        let parts = Array.append extents[.. rank - 2] [| heads; extents[rank - 1] / heads |]
        let order = Array.concat [ Array.init (rank - 2) id; [| rank - 1; rank - 2; rank |] ]
        Ops.transpose order (Ops.reshape (Shape.ofArray parts) x)

    /// The inverse of split.
    let private join (x: Tensor) =
        let rank = x.Shape.Rank
        let order = Array.concat [ Array.init (rank - 3) id; [| rank - 2; rank - 3; rank - 1 |] ]
        let moved = Ops.transpose order x
        let extents = moved.Shape.ToArray()
        let joined = Array.append extents[.. rank - 3] [| extents[rank - 2] * extents[rank - 1] |]
        Ops.reshape (Shape.ofArray joined) moved

    /// Attention of queries [..., n, d] to a memory [..., m, d] -> [..., n, d], in Heads parts side by side.
    /// The mask is broadcast to [..., heads, n, m].
    let crossAttention (p: MultiHeadAttention) (mask: Tensor option) (x: Tensor) (memory: Tensor) : Tensor =
        if x.Shape.Rank < 2 || x.Shape.Rank <> memory.Shape.Rank then
            Errors.shapes "attention" $"{x.Type} and {memory.Type} must both be [..., length, dimension]"

        let queries = split p.Heads (Layers.dense p.Query x)
        let keys = split p.Heads (Layers.dense p.Key memory)
        let values = split p.Heads (Layers.dense p.Value memory)
        Layers.dense p.Output (join (scaledDotProduct mask queries keys values))

    /// Attention of a sequence to itself: [..., n, d] -> [..., n, d].
    let selfAttention (p: MultiHeadAttention) (mask: Tensor option) (x: Tensor) : Tensor = crossAttention p mask x x
