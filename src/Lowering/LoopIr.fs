// The second, lower representation: structured imperative code over buffers, with scalar values and vectors of 8 lanes.
// Every decision (fusion, order, unrolling, buffers, lanes) is visible here and tested by the slow evaluator; engines
// only print it (IL now, CUDA C later). An engine whose vectors are narrower splits each vector into 2 or 4 parts, so
// the order of every sum is fixed by the loop program alone.
// Relies on Core's IR enumerations. Read Lower next.
namespace Ppl.Lowering

open Ppl.Core
open Ppl.Core.Ir

/// What an element is in memory and in registers; each takes 8 bytes of memory but Single, which takes 4.
[<RequireQualifiedAccess; Struct>]
type Elem =
    /// f64
    | Real
    /// f32: only arithmetic (+ - * /, negation, absolute value, floor, reciprocal, square, square root, larger and smaller,
    /// fused multiply-add), selection and moves; everything else is done in Real, after a conversion
    | Single
    /// i64; arithmetic wraps
    | Long
    /// i32, sign-extended to 64 bits; arithmetic wraps at 32 bits. Counters and indices are of this type.
    | Int
    /// u32, zero-extended to 64 bits; arithmetic wraps at 32 bits
    | Word
    /// bool: all bits set or none
    | Mask

/// Facts about elements.
[<RequireQualifiedAccess>]
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Elem =

    /// Bytes of one element in memory.
    let bytes elem = if elem = Elem.Single then 4 else 8

    /// The element type of tensors that it stands for.
    let dtype elem =
        match elem with
        | Elem.Real -> DType.F64
        | Elem.Single -> DType.F32
        | Elem.Long -> DType.I64
        | Elem.Int -> DType.I32
        | Elem.Word -> DType.U32
        | Elem.Mask -> DType.Bool

    /// What the elements of a tensor are in registers and memory.
    let ofDType dtype =
        match dtype with
        | DType.F64 -> Elem.Real
        | DType.F32 -> Elem.Single
        | DType.I64 -> Elem.Long
        | DType.I32 -> Elem.Int
        | DType.U32 -> Elem.Word
        | DType.Bool -> Elem.Mask

/// Whether a value has one lane or eight.
[<RequireQualifiedAccess; Struct>]
type Lanes =
    | One
    | Eight

/// The type of a value or variable.
[<Struct>]
type ValueType = { Elem: Elem; Lanes: Lanes }

/// A value: assigned once, by one Let, and visible after it in the same and in inner blocks.
type Value = int

/// A mutable scalar or vector; the way values leave loops and branches.
type Variable = int

/// A buffer: an index into the table of buffers.
type BufferId = int

/// Where a buffer lives.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Place =
    /// The n-th argument of the program (read only).
    | Input of n: int
    /// The n-th result of the program.
    | Output of n: int
    /// Data of the compiled program (read only, shared between threads).
    | Constant of Literal
    /// Scratch memory; buffers with disjoint lives may share it (offset in cells of 8 bytes, a multiple of 8).
    | Scratch of offset: int

/// A run of elements, 64-byte aligned. Its memory extends at least 8 elements beyond its length, rounded up to a multiple
/// of 8, so a vector may be loaded from any legal start; what it reads beyond the length is unspecified.
[<NoComparison; NoEquality>]
type Buffer = { Elem: Elem; Length: int; Place: Place }

/// Facts about buffers.
[<RequireQualifiedAccess>]
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Buffer =

    /// The memory that elements take with what lies behind them, in cells of 8 bytes: a multiple of 8.
    let cells elem length =
        let elements = (length + 15) / 8 * 8
        (elements * Elem.bytes elem + 63) / 64 * 8

/// buffer[offset + sum of stride * term]; terms are values of type Int, One.
[<NoComparison; NoEquality>]
type Address = { Buffer: BufferId; Offset: int; Terms: struct (int * Value)[] }

/// Pure computations. Lanes of the operands agree, and are the lanes of the result, unless said otherwise. Constants
/// (Real, Single, Long, Int, Word, Mask, LaneIndex, LaneMask and splats of them) stand in the outermost block however long they live: an
/// engine makes them again where they are used rather than keep them.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Op =
    | Real of float
    | Single of float32
    | Long of int64
    | Int of int
    | Word of uint32
    | Mask of bool
    | Unary of UnaryOp * Value
    | Binary of BinaryOp * Value * Value
    /// A special function of two or three reals (Real).
    | Special of SpecialOp * Value[]
    /// a b + c, rounded once (Real, Single)
    | Fma of a: Value * b: Value * c: Value
    /// c - a b, rounded once (Real, Single)
    | Fnma of a: Value * b: Value * c: Value
    | Compare of CompareOp * Value * Value
    | Select of mask: Value * whenTrue: Value * whenFalse: Value
    /// To and from Single: only Real to Single, Single to Real, Long to Single.
    | Convert of target: Elem * Value
    /// One lane to eight.
    | Splat of Value
    /// 0..7 (Int, Eight)
    | LaneIndex
    /// The first `count` of eight lanes (Mask, Eight)
    | LaneMask of count: int
    /// The element there (One), or eight elements stride apart from there (Eight; stride 1 is the fast case).
    | Load of Address * stride: int
    /// Eight elements at address + stride * index lane (Eight)
    | Gather of Address * stride: int * index: Value
    /// Eight lanes to one, in the order ((0+4)+(2+6)) + ((1+5)+(3+7)); Max and Min are NaN if a lane is. Not of Single.
    | ReduceLanes of ReduceOp * Value
    /// One lane of eight.
    | Lane of Value * lane: int
    /// Eight scalars to the eight lanes, in order.
    | Pack of Value[]
    /// Of two vectors one after the other, the eight lanes from lane `start` (1 to 7) on (Eight).
    | Window of first: Value * second: Value * start: int
    /// The current content of a variable.
    | Get of Variable

/// An operation from outside, for arguments of certain types. Engines know a call by its reference.
[<Sealed>]
type CustomCall(operation: ICustomOperation, arguments: TensorType[], results: TensorType[]) =

    /// What is called.
    member _.Operation = operation

    /// The types of the arguments.
    member _.Arguments = arguments

    /// The types of the results.
    member _.Results = results

    /// The results, after a check that they have their types.
    member _.Evaluate(values: Literal[]) = CustomCalls.evaluate operation results values

/// Calls of the hand-written kernels of Ppl.Kernels on whole buffers.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Kernel =
    /// destination[0..1] = key folded with one Int value
    | FoldIn of destination: Address * key: Address * data: Value
    /// destination[0..count-1] uniform in (0, 1)
    | Uniform of destination: Address * key: Address * count: int
    /// destination[0..count-1] 32 random bits each
    | Bits of destination: Address * key: Address * count: int
    /// C[m,n] = op(A) op(B), row-major; A is [m,k] or, transposed, [k,m], its rows `strideA` apart; B likewise, but dense, as
    /// is C. All Real or all Single.
    | Gemm of
        c: Address *
        a: Address *
        b: Address *
        m: int *
        n: int *
        k: int *
        strideA: int *
        transposeA: bool *
        transposeB: bool
    /// L[batch,n,n] from the lower triangles of A[batch,n,n]
    | Cholesky of l: Address * a: Address * batch: int * n: int
    /// L^-1 [n,n] for L L' = A[n,n], with zeros above the diagonal; at most 16 rows
    | CholeskyInverse of result: Address * a: Address * n: int
    /// The cotangents of the lower triangles of A[n,n] = L L' from those of L, C[n,n]
    | CholeskyVjp of result: Address * l: Address * c: Address * n: int
    /// X[batch,n,k] with op(L) X = B; each B is [n,k] or, transposed, [k,n]
    | TriangularSolve of
        x: Address *
        l: Address *
        b: Address *
        batch: int *
        n: int *
        k: int *
        lower: bool *
        transpose: bool *
        transposeB: bool

    /// X[n,k] with A X = B or, adjoint, A' X = B, for general A[n,n]; B is [n,k] or, transposed, [k,n]
    | Solve of x: Address * a: Address * b: Address * n: int * k: int * adjoint: bool * transposeB: bool
    /// The factors of A[m,n], one after the other, as Ppl.Kernels.Decomposition says
    | Decompose of result: Address * a: Address * kind: Ppl.Kernels.Decomposition * m: int * n: int
    /// For each of `rows` rows of n elements (Real or Single) t = max x and s = sum e^(x - t), as Ppl.Kernels.ExponentialSums says;
    /// destination[i] = t and destination[distance + i] = s
    | ExponentialSums of destination: Address * distance: int * source: Address * rows: int * n: int
    /// The pair of one row, likewise, from those of its n parts, whose sums are `sourceDistance` after their maxima
    | JoinExponentials of destination: Address * distance: int * source: Address * sourceDistance: int * n: int
    /// The Fourier transforms of `rows` rows of n real parts and then n imaginary ones
    | Fourier of result: Address * x: Address * rows: int * n: int * inverse: bool
    /// An operation from outside: results, arguments
    | Custom of call: CustomCall * results: Address[] * arguments: Address[]
    /// Each of `rows` rows of n elements, sorted
    | Sort of destination: Address * source: Address * elem: Elem * rows: int * n: int
    /// The indices (Int) of the sorted elements of each row
    | ArgSort of destination: Address * source: Address * elem: Elem * rows: int * n: int
    /// For each of m values of a row, how many of the n sorted elements of the row are below it (not above it)
    | Search of
        destination: Address *
        sorted: Address *
        values: Address *
        elem: Elem *
        rows: int *
        n: int *
        m: int *
        right: bool

/// Statements of a block, in order.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Stmt =
    | Let of Value * Op
    | Set of Variable * Value
    /// One element, or the first `lanes` (1 to 8) of eight stride apart.
    | Store of Address * stride: int * lanes: int * Value
    /// counter (Int, One) = start, start + step, ... below limit
    | For of counter: Value * start: int * limit: int * step: int * body: Block
    | If of condition: Value * whenTrue: Block * whenFalse: Block
    /// Runs `test`, then `body` while the condition that `test` computed holds, again from `test`.
    | While of test: Block * condition: Value * body: Block
    /// Blocks that may run in any order, or at once: none reads or sets what another one writes.
    | Parallel of Block[]
    /// Copies count elements; the runs do not overlap.
    | Copy of destination: Address * source: Address * count: int
    | Call of Kernel

/// A block of statements.
and Block = Stmt[]

/// A whole program as loops.
[<NoComparison; NoEquality>]
type LoopProgram =
    {
        Body: Block
        /// The types of values.
        Values: ValueType[]
        /// The types of variables.
        Variables: ValueType[]
        /// Counters of loops whose turns are independent: no turn reads what another writes, but for scratch memory and
        /// variables that each turn writes before it reads them. An engine may run the turns at once.
        Independent: Set<Value>
        Buffers: Buffer[]
        /// Cells of 8 bytes of scratch memory.
        ScratchLength: int
        /// The buffer of each argument.
        Inputs: BufferId[]
        /// The buffer of each result.
        Outputs: BufferId[]
    }
