// The operations of tensor programs on whole axes: reductions, orders, rearrangements, access, products, factorisations,
// randomness. Relies on Foundations. Read Primitive next.
namespace Ppl.Core.Ir

open Ppl.Core

/// Reductions over axes.
[<RequireQualifiedAccess; Struct>]
type ReduceOp =
    /// Reals (the reference in index order, engines in the fixed 8-lane order, both from 0.0), integers; 0 over nothing.
    /// f32 is summed in f64 and rounded once, by everybody.
    | Sum
    /// Reals (f32 is multiplied in f64 and rounded once), integers; 1 over nothing
    | Prod
    /// As the binary Max: reals (-inf over nothing; NaN wins), integers (the lowest over nothing)
    | Max
    /// As the binary Min: reals (+inf over nothing; NaN wins), integers (the highest over nothing)
    | Min
    /// bool; false over nothing
    | Any
    /// bool; true over nothing
    | All

/// Cumulative operations along one axis.
[<RequireQualifiedAccess; Struct>]
type CumulateOp =
    /// y_i = 0 + x_0 + ... + x_i, summed in this order; if reversed, 0 + x_n + ... + x_i
    /// (reals: f32 keeps the sum in f64 and rounds each y_i once; integers)
    | Sum
    /// y_i = 1 x_0 ... x_i, multiplied in this order (f64, i32)
    | Prod
    /// y_i = the largest of x_0, ..., x_i, as BinaryOp.Max (f64, i32)
    | Max
    /// y_i = the smallest of x_0, ..., x_i, as BinaryOp.Min (f64, i32)
    | Min
    /// y_i = ln(e^x_0 + ... + e^x_i); -inf where all of them are (f64)
    | LogSumExp

/// Sorting and searching. The order is that of the numbers, NaN above all of them; -0.0 and 0.0 are equal, and so are all NaN.
[<RequireQualifiedAccess>]
type OrderOp =
    /// The elements along an axis in ascending order; equal ones keep theirs.
    | Sort of axis: int
    /// i32: where the elements of Sort come from.
    | ArgSort of axis: int
    /// i32, without the axis: where the largest element is, the first one of equals.
    | ArgMax of axis: int
    /// i32, without the axis: where the smallest element is, the first one of equals; NaN wins here too.
    | ArgMin of axis: int
    /// (ascending a: [..,n], v: [..,m]) -> i32[..,m]: how many elements of a are below v; if right, not above v.
    | SearchSorted of right: bool

/// Rearrangements: no arithmetic, any element type.
[<RequireQualifiedAccess>]
type MoveOp =
    /// The same elements in row-major order under another shape.
    | Reshape of shape: Shape
    /// Axis i of the result is axis permutation[i] of the argument.
    | Transpose of permutation: int[]
    /// Axis i of the argument becomes axis axes[i] (increasing) of the result; its extent is 1 or the result's.
    | Broadcast of shape: Shape * axes: int[]
    /// Elements start, start + stride, ... below limit, per axis.
    | Slice of start: int[] * limit: int[] * stride: int[]
    /// Zeros (false) before and after, per axis.
    | Pad of low: int[] * high: int[]
    /// The arguments one after the other along an axis.
    | Concat of axis: int
    /// The opposite order along the axes.
    | Reverse of axes: int[]
    /// Overlapping windows along some axes: element (.., i, .., k, ..) is x[.., i stride + k dilation, ..]. Each of the axes
    /// counts its windows; the places in them are new axes of these sizes, at the end, in the order of the axes.
    | Windows of axes: int[] * sizes: int[] * strides: int[] * dilations: int[]

/// Data-dependent access. An index outside is clamped to the nearest legal one, a dynamic block to the nearest legal
/// start; nothing is dropped. Where no index is legal (indices into an axis of extent 0), the types do not fit.
[<RequireQualifiedAccess>]
type IndexOp =
    /// (x, i: i32[...]) -> x with the axis replaced by the axes of i.
    | Take of axis: int
    /// (x, i, u): x plus u added, in row-major order of u, at the places that Take would read: the transpose of Take.
    | ScatterAdd of axis: int
    /// (x, one i32[] start per axis) -> the block of these sizes from there.
    | DynamicSlice of sizes: int[]
    /// (x, u, one i32[] start per axis) -> x with the block there replaced by u (same rank as x).
    | DynamicUpdate

/// Which axes of two operands are matched: batch axes stay in front, contracted ones are summed.
[<NoComparison>]
type DotAxes =
    {
        /// Batch axes of the left operand, paired with BatchRight.
        BatchLeft: int[]
        /// Batch axes of the right operand.
        BatchRight: int[]
        /// Contracted axes of the left operand, paired with ContractRight.
        ContractLeft: int[]
        /// Contracted axes of the right operand.
        ContractRight: int[]
    }

/// Matrix factorisations and solves on the last two axes, batched over the others. f32 is computed in f64 and rounded once.
[<RequireQualifiedAccess; Struct>]
type FactorOp =
    /// A -> the lower triangular L with L L' = A, zeros above the diagonal; reads the lower triangle. From the first
    /// column whose pivot is not positive (NaN included) on, the lower triangle of L is NaN.
    | Cholesky
    /// (L [..,n,n], B [..,n,k]) -> X with op(L) X = B; reads the named triangle of L; op is the transpose if asked.
    /// A zero on the diagonal divides by zero as f64 does.
    | TriangularSolve of lower: bool * transpose: bool
    /// (L [..,n,n], C [..,n,n]) -> the cotangent of A = L L' from the cotangent C of L: Phi(S + S') with
    /// S = L'^-1 Phi(L' C) L^-1, Phi taking the lower triangle and half the diagonal; reads the lower triangles of both.
    | CholeskyVjp
    /// (A [..,n,n], B [..,n,k]) -> X with A X = B, or A' X = B; a singular A divides by zero
    | Solve of adjoint: bool
    /// A [..,n,n] -> log |det A| [..]; -inf where A is singular
    | LogAbsDet
    /// A [..,n,n] -> the sign of det A [..]: -1, 0 or 1
    | DetSign
    /// A [..,m,n], m >= n -> Q [..,m,n] above R [..,n,n] with Q R = A, Q'Q = I, R upper triangular with a nonnegative
    /// diagonal
    | Qr
    /// A [..,n,n], symmetric, of which the lower triangle is read -> the eigenvalues, ascending, as one row above the
    /// eigenvectors, the columns of V [..,n,n]; of each the first of the largest components is positive
    | Eigh
    /// A [..,m,n] -> U [..,m,k] above the singular values, descending, as one row, above V [..,n,k], k = min(m, n), with
    /// A = U diag(s) V'; of each column of V the first of the largest components is positive
    | Svd

/// Counter-based randomness. A key is i32[2], the two words of a Philox4x32-10 key; P(c) below is the block of four words
/// w0..w3 that it gives for the counter words (c, 0, 0, tag). The code is Ppl.Kernels.RandomStream, which every engine calls.
[<RequireQualifiedAccess>]
type RandomOp =
    /// (key, data: i32[]) -> the key of a derived stream: the first two words of P(data), tag 0x666F6C64.
    | FoldIn
    /// key -> f64 in the open interval (0, 1): block b = P(b), tag 0x756E6966, gives elements 2b and 2b + 1 from
    /// (low, high) = (w0, w1) and (w2, w3) as ((high * 2^32 + low) / 2^12 rounded down + 1/2) * 2^-52.
    | Uniform of shape: Shape
    /// key -> i32 with 32 random bits each: block b = P(b), tag 0x62697473, gives elements 4b to 4b + 3.
    | Bits of shape: Shape
