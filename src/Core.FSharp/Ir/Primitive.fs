// The primitives of tensor programs, as families of the small enumerations before this file, and the programs made of them.
// No transformation rule is here: each transformation is one file with one exhaustive match over these unions.
// Relies on ElementwiseOps and ArrayOps. Read PrimitiveNames next.
namespace Ppl.Core.Ir

open Ppl.Core

/// A variable of a program: an index into its table of types.
type Var = int

/// Structured control flow over sub-programs.
[<RequireQualifiedAccess; NoComparison; ReferenceEquality>]
type ControlOp =
    /// (p: bool[], operands) -> whenTrue operands or whenFalse operands.
    | Cond of whenTrue: Program * whenFalse: Program
    /// (constants, carry): body (constants, carry) -> carry while condition (constants, carry) -> bool[].
    | While of constants: int * condition: Program * body: Program
    /// (constants, carry, xs): body (constants, carry, one slice of each x) -> (carry, ys), length times along the
    /// first axes of xs (from the back if reverse); gives (carry, stacked ys).
    | Scan of constants: int * carry: int * length: int * reverse: bool * body: Program
    /// operands -> body operands, apart from the equations around it: nothing inside is shared with them. Derivatives
    /// compute it again instead of keeping what it computed.
    | Checkpoint of body: Program
    /// (captured, xs) -> ys = body (captured, xs), with a derivative of its own:
    /// vjp (captured, xs, ys, cotangents of ys) -> cotangents of xs, linear in the cotangents.
    | CustomGrad of captured: int * body: Program * vjp: Program

/// What an equation does. Static data are here, tensors are the arguments.
and [<RequireQualifiedAccess; NoComparison; ReferenceEquality>] Primitive =
    | Constant of value: Literal
    /// 0, 1, 2, ... along an axis (reals, integers)
    | Iota of ty: TensorType * axis: int
    | Unary of unary: UnaryOp
    | Binary of binary: BinaryOp
    | Special of special: SpecialOp
    | Compare of compare: CompareOp
    /// (p: bool, x, y) -> x where p else y; all of one shape
    | Select
    /// To reals: the nearest (ties to even). Reals to integers: truncated towards zero, saturated (NaN: 0). Between integers:
    /// the low bits, so i64 wraps and i32 and u32 read each other's bits. From bool: 0, 1; to bool: not zero.
    | Convert of dtype: DType
    | Reduce of reduce: ReduceOp * axes: int[]
    | Cumulate of cumulate: CumulateOp * axis: int * reverse: bool
    | Order of order: OrderOp
    | Move of move: MoveOp
    | Index of index: IndexOp
    /// The result has the batch axes, then the free left axes, then the free right axes. f64: sums of
    /// products in an order of the engine's choice. f32: the reference sums in f64 and rounds once, engines may accumulate in
    /// f32 with fused multiply-adds; n products differ by at most n 2^-24 times the sum of their magnitudes.
    | Contract of contract: DotAxes
    | Factor of factor: FactorOp
    /// Pairs [.., 2, n], the real parts above the imaginary ones -> their discrete Fourier transforms, as such pairs:
    /// y_k = the sum over j of x_j e^(-2 pi i j k / n), or of x_j e^(2 pi i j k / n) if inverse; nothing is divided by n.
    /// (reals: f32 is computed in f64 and rounded once)
    | Fourier of inverse: bool
    | Random of random: RandomOp
    | Control of control: ControlOp
    /// An operation from outside.
    | Custom of custom: ICustomOperation

/// An operation that is defined outside of Ppl: the one open door. It is pure (equal arguments give equal results, and nothing
/// else happens) and thread-safe (it may run on several threads at once). Two operations of one name and version are taken
/// for the same. CustomOperation is the convenient way to define one.
and ICustomOperation =
    /// Letters, digits, '.', '-' and '_'.
    abstract Name: string
    /// Likewise; another version is another operation.
    abstract Version: string
    /// The types of the results, at least one; an error for arguments that do not fit.
    abstract ResultTypes: arguments: TensorType[] -> TensorType[]
    /// The results, of those types.
    abstract Evaluate: arguments: Literal[] -> Literal[]
    /// For arguments of these types: (xs, ys, cotangents of ys) -> a cotangent for each x, linear in the cotangents; those
    /// of arguments that are not real are ignored. None: there is no such rule.
    abstract Vjp: arguments: TensorType[] -> Program option
    /// For arguments of these types: (xs, ys, tangents of xs) -> a tangent for each y, linear in the tangents; those of
    /// results that are not real are ignored. None: there is no such rule.
    abstract Jvp: arguments: TensorType[] -> Program option
    /// For arguments of these types: xs -> ys, where the ys and those xs that vary have the lanes along a new first axis.
    /// None: the lanes are computed one by one.
    abstract Batch: lanes: int * arguments: TensorType[] * varies: bool[] -> Program option

/// outs = primitive args
and [<NoComparison; ReferenceEquality>] Equation =
    {
        /// What is computed.
        Primitive: Primitive
        /// The arguments.
        Args: Var[]
        /// The results, one unless the primitive is Control or Custom.
        Outs: Var[]
    }

/// A typed program in A-normal form: each variable is assigned once, before it is used. Closed: a sub-program sees
/// its own inputs only.
and [<NoComparison; ReferenceEquality>] Program =
    {
        /// The parameters.
        Inputs: Var[]
        /// In order of evaluation.
        Equations: Equation[]
        /// The results.
        Outputs: Var[]
        /// The type of each variable.
        Types: TensorType[]
    }
