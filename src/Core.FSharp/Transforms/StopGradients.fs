// Removal of stopGradient from a program that is about to be compiled: nothing is differentiated after that, and what it
// hides from the rules of simplification comes into view. Relies on Program. Read Simplify next.
[<RequireQualifiedAccess>]
module internal Ppl.Core.Transforms.StopGradients

open Ppl.Core.Ir

/// The program with the argument of each stopGradient in its place.
let rec remove (program: Program) : Program =
    let source = Array.init program.Types.Length id
    let resolve = Array.map (fun v -> source[v])

    let kept =
        program.Equations
        |> Array.choose (fun eq ->
            match eq.Primitive with
            | Primitive.Unary UnaryOp.StopGradient ->
                source[eq.Outs[0]] <- source[eq.Args[0]]
                None
            | primitive ->
                let inside = Program.mapChildren remove primitive
                Some { eq with Primitive = inside; Args = resolve eq.Args })

    { program with Equations = kept; Outputs = resolve program.Outputs }
