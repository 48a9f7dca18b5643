// The generalised U-turn criterion, and the memory that lets a tree be grown leaf by leaf instead of recursively.
// Momenta are whitened (Metric), so inner products are plain.
// Sources: Betancourt (2017), A conceptual introduction to Hamiltonian Monte Carlo, appendix A.4.2; the checks across
// halves are Stan's (since 2.21); the iterative form follows the idea of Phan, Pradhan and Jankowiak (2019), NumPyro.
// Relies on Metric. Read Nuts next.
namespace Ppl.Inference.Mcmc

open Ppl.Core
open Ppl.Core.Tensors

/// Two adjacent halves of a trajectory, in the order in which they were made.
[<NoComparison; NoEquality>]
type Halves =
    {
        /// The first momentum of the first half.
        First: Tensor
        /// The last momentum of the first half.
        LastOfFirst: Tensor
        /// The first momentum of the second half.
        FirstOfSecond: Tensor
        /// The last momentum of the second half.
        Last: Tensor
        /// The sum of the momenta of the first half.
        FirstSum: Tensor
        /// The sum of the momenta of the second half.
        SecondSum: Tensor
    }

/// <summary>
/// What is remembered of the leaves of a growing subtree. Leaf n writes row popcount(n) of the first pair and row
/// trailingOnes(n) of the second. When leaf n completes a block of 2^m leaves (m = 1 .. trailingOnes(n)), the block's first
/// leaf is in row popcount(n) - m, the first leaf of its second half (m > 1) in row popcount(n) - m + 1, and the last leaf
/// of its first half in row m - 1 of the second pair: nothing that is still needed has been overwritten.
/// </summary>
[<NoComparison; NoEquality>]
type Checkpoints =
    {
        /// Momenta of leaves that start blocks, f64[maxDepth,d].
        Firsts: Tensor
        /// The sums of the momenta of all leaves before them.
        BeforeFirsts: Tensor
        /// Momenta of leaves that end first halves, f64[maxDepth,d].
        Lasts: Tensor
        /// The sums of the momenta of all leaves before them.
        BeforeLasts: Tensor
    }

/// The U-turn criterion.
[<RequireQualifiedAccess>]
module Uturn =

    let private least (terms: Tensor list) = List.reduce Ops.min terms

    let private ends first last sum = [ Metric.inner first sum; Metric.inner last sum ]

    /// <summary>
    /// Whether a trajectory still runs apart: r . rho > 0 for the momentum r at both ends of the whole (rho = sum of
    /// momenta), and likewise of each half prolonged by the adjacent momentum of the other. NaN counts as turned.
    /// </summary>
    let persists (h: Halves) : Tensor =
        let criteria =
            ends h.First h.Last (h.FirstSum + h.SecondSum)
            @ ends h.First h.FirstOfSecond (h.FirstSum + h.FirstOfSecond)
            @ ends h.LastOfFirst h.Last (h.SecondSum + h.LastOfFirst)

        Ops.greater (least criteria) (Ops.scalar 0.0)

    /// Memory for trees of this depth in d dimensions.
    let checkpoints maxDepth (d: int) =
        let empty = Ops.zeros (TensorType.create DType.F64 (Shape.ofList [ maxDepth; d ]))
        { Firsts = empty; BeforeFirsts = empty; Lasts = empty; BeforeLasts = empty }

    /// The checkpoints as tensors.
    let toArray c = [| c.Firsts; c.BeforeFirsts; c.Lasts; c.BeforeLasts |]

    /// The checkpoints of these tensors.
    let ofArray (a: Tensor[]) = { Firsts = a[0]; BeforeFirsts = a[1]; Lasts = a[2]; BeforeLasts = a[3] }

    /// The two halves of the block that the present leaf completes at a level (1: four leaves).
    let private block c (popcount: Tensor) (level: Tensor) momentum (sum: Tensor) =
        let second = popcount - level
        let first = second - Tensor.OfInt 1
        let before, lastOfFirst = Ops.row first c.BeforeFirsts, Ops.row level c.Lasts
        let middle = Ops.row level c.BeforeLasts + lastOfFirst

        {
            First = Ops.row first c.Firsts
            LastOfFirst = lastOfFirst
            FirstOfSecond = Ops.row second c.Firsts
            Last = momentum
            FirstSum = middle - before
            SecondSum = sum - middle
        }

    /// Whether a pair of adjacent leaves runs apart: all three criteria are one.
    let private pairPersists previous momentum =
        Ops.greater (least (ends previous momentum (previous + momentum))) (Ops.scalar 0.0)

    /// The number of ones at the end of a binary number n >= 0 below 2^30: those of n xor (n + 1), but one, counted in pairs,
    /// quadruples and bytes of bits. Without a loop, so that it depends on n alone: chains in lanes then share their rows.
    let private trailingOnes (n: Tensor) : Tensor =
        let bits mask (x: Tensor) = Ops.logicalAnd x (Tensor.OfInt mask)
        let shift k x = Ops.shiftRight x (Tensor.OfInt k)
        let ones = Ops.logicalXor n (n + Tensor.OfInt 1)
        let pairs = ones - bits 0x55555555 (shift 1 ones)
        let quadruples = bits 0x33333333 pairs + bits 0x33333333 (shift 2 pairs)
        let bytes = bits 0x0F0F0F0F (quadruples + shift 4 quadruples)
        let halves = bytes + shift 8 bytes
        bits 63 (halves + shift 16 halves) - Tensor.OfInt 1

    /// <summary>
    /// Takes in leaf n with its momentum, that of the leaf before, and the sum of all momenta before it; gives the new
    /// checkpoints, popcount(n + 1), the sum with it, and whether every block that the leaf completes still runs apart.
    /// Cost: 2 inner products per leaf and 6 per completed block of four leaves or more, on average half a block.
    /// </summary>
    let add c (n: Tensor) (popcount: Tensor) (previous: Tensor) (momentum: Tensor) (before: Tensor) =
        let one = Tensor.OfInt 1
        let sum = before + momentum
        let odd = Ops.logicalAnd n one
        let pair = Ops.logicalOr (Ops.notEqual odd one) (pairPersists previous momentum)
        let more (s: Tensor[]) = Ops.logicalAnd s[2] (Ops.equal (Ops.logicalAnd s[1] one) one)

        let check (s: Tensor[]) =
            let persists = persists (block c popcount s[0] momentum sum)
            [| s[0] + one; Ops.shiftRight s[1] one; persists |]

        // The bits of n above the last one, if that is set; reads rows of earlier leaves only, so that the rows of this
        // leaf can be written in place.
        let walked = Control.whileLoop more check [| odd; odd * Ops.shiftRight n one; pair |]
        let trailingOnes = trailingOnes n

        let ended =
            {
                Firsts = Ops.setRow popcount momentum c.Firsts
                BeforeFirsts = Ops.setRow popcount before c.BeforeFirsts
                Lasts = Ops.setRow trailingOnes momentum c.Lasts
                BeforeLasts = Ops.setRow trailingOnes before c.BeforeLasts
            }

        struct (ended, popcount - trailingOnes + one, sum, walked[2])
