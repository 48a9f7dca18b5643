// Simplification: the rules of Rewrite and the removal of dead code, repeated until the program no longer shrinks.
// Sums of squares over data are compressed where that saves work.
// Linear recurrences of scans are computed for eight steps side by side, or at least brought into the form that is fastest
// to iterate; the body of a scan divides by each denominator once.
// Softplus and sigmoid are written with their common exponential.
// What loops compute in every turn from the same values moves in front of them.
// Relies on Rewrite, DeadCode, Compress, LoopInvariants, Splitting, Recurrence, Quotients and Exponentials. Read Compile next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors

/// What simplification may do.
[<NoComparison>]
type SimplifyOptions =
    {
        /// Whether sums over data of squares of expressions that are affine in the parameters are computed from the
        /// triangular factor of the data, made once at compile time. Default true. The results differ by rounding
        /// (relative to the squares by about 1e-14), and where a parameter is infinite the result may be NaN.
        CompressData: bool
        /// Whether scans whose carried values are affine in their own past are computed for eight steps side by side.
        /// Default true. The results differ by rounding, relative to the largest terms of the recurrence; a coefficient
        /// above 1e38 (f32: 6e4) may make them infinite or NaN.
        SplitRecurrences: bool
    }

    /// Everything.
    static member Default = { CompressData = true; SplitRecurrences = true }

/// Makes programs smaller and cheaper without changing what they compute, up to rounding and the sign of zero.
[<RequireQualifiedAccess>]
module Simplify =

    let private rounds = 4

    let private once (program: Program) =
        DeadCode.prune (Rewrite.program program (program.Inputs |> Array.map (fun _ -> Rewrite.Given.Nothing)))

    let rec private repeat n (current: Program) =
        let next = once current

        if n = 1 || Program.size next >= Program.size current then next else repeat (n - 1) next

    let private compressed (options: SimplifyOptions) (program: Program) =
        if options.CompressData then Compress.program program else program, []

    let private split (options: SimplifyOptions) (program: Program) =
        if options.SplitRecurrences then
            match Splitting.program program with
            | _, [] -> program, []
            | program, notes -> LoopInvariants.hoist (once program), notes
        else
            program, []

    /// The simplified program, and one line for each sum whose data were compressed and each scan that was split.
    let report (options: SimplifyOptions) (program: Program) : Program * string list =
        let program, compressions = DeadCode.prune program |> repeat rounds |> compressed options
        let program, splits = LoopInvariants.hoist program |> split options
        program |> Recurrence.shorten |> Quotients.share |> Exponentials.expand |> repeat rounds, compressions @ splits

    /// The simplified program, with these options.
    let programWith options program : Program = fst (report options program)

    /// Common subexpressions are shared, known values computed, scalar factors and terms moved out of sums, products with
    /// known matrices written out, data compressed, invariants moved out of loops, dead code removed. Inputs and outputs stay.
    let program (program: Program) : Program = programWith SimplifyOptions.Default program

    /// A function of tensors with its data compressed, to be differentiated in its place: gradients use the single rows, so
    /// that afterwards it would be too late. Also one line for each sum. The function is traced once; where there is nothing
    /// to compress, the result is what was traced.
    let beforeDerivatives (options: SimplifyOptions) (types: TensorType[]) (f: Tensor[] -> Tensor[]) =
        let traced = Trace.program types f

        if options.CompressData && Compress.mayApply traced then
            match DeadCode.prune traced |> repeat rounds |> compressed options with
            | _, [] -> Trace.replay traced, []
            | program, notes -> Trace.replay program, notes
        else
            Trace.replay traced, []
