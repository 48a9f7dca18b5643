// Simplification: the rules of Rewrite and the removal of dead code, repeated until the program no longer shrinks.
// Linear recurrences of scans are brought into the form that is fastest to iterate.
// Softplus and sigmoid are written with their common exponential.
// What loops compute in every turn from the same values moves in front of them.
// Relies on Rewrite, DeadCode, LoopInvariants, Recurrence and Exponentials. Read Compile next.
namespace Ppl.Core.Transforms

open Ppl.Core.Ir

/// Makes programs smaller and cheaper without changing what they compute, up to rounding and the sign of zero.
[<RequireQualifiedAccess>]
module Simplify =

    let private rounds = 4

    let private once (program: Program) =
        DeadCode.prune (Rewrite.program program (program.Inputs |> Array.map (fun _ -> Rewrite.Given.Nothing)))

    /// Common subexpressions are shared, known values computed, scalar factors and terms moved out of sums, products with
    /// known matrices written out, dead code removed. Inputs and outputs stay.
    let program (program: Program) : Program =
        let rec go n (current: Program) =
            let next = once current

            if n = 1 || Program.size next >= Program.size current then next else go (n - 1) next

        go rounds (DeadCode.prune program)
        |> LoopInvariants.hoist
        |> Recurrence.shorten
        |> Exponentials.expand
        |> go rounds
