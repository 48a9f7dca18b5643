// Simplified programs compute what the original ones do, are no larger, do not change when simplified again, and hold what
// nothing needs no longer. The law of equality takes the pass as an argument, so that broken ones can be shown to fail.
module Ppl.Core.Tests.SimplifyTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms
open Ppl.Core.Tests.TransformCases
open Ppl.Core.Tests.AlgebraPrograms
open Ppl.Core.Tests.Perturbation

/// Whether a pass keeps the results of a program; none where infinities or extreme numbers on the way let it say nothing.
let private keeps (pass: Program -> Program) (case: Case) : bool option =
    let simplified = pass case.Program
    Verify.program simplified
    Assert.Equal<TensorType[]>(Program.inputTypes case.Program, Program.inputTypes simplified)
    let results = Reference.run simplified case.Arguments

    match course case.Program case.Arguments with
    | Extreme -> None
    | Moderate
    | WithNaN -> Some(agrees case.Program case.Arguments results)

/// The law, and that it is not empty.
let private law pass least =
    let said, seen = ref 0, ref 0

    let check (case: Case) =
        seen.Value <- seen.Value + 1

        match keeps pass case with
        | Some holds ->
            said.Value <- said.Value + 1
            let shown = Text.print (pass case.Program)
            Assert.True(holds, $"simplified:\n{shown}")
        | None -> ()

    check, (fun () -> Assert.True(float said.Value >= least * float seen.Value, $"{said.Value} of {seen.Value} say something"))

[<Fact>]
let ``simplified programs compute the same`` () =
    for family in [ Everything; Smooth; Exact ] do
        let check, enough = law Simplify.program 0.7
        forPrograms 600 family check
        enough ()

[<Fact>]
let ``simplified algebra computes the same`` () =
    let check, enough = law Simplify.program 0.9
    forAlgebra 2000 false check
    enough ()

[<Fact>]
let ``NaN stays NaN and numbers stay numbers`` () =
    let check, enough = law Simplify.program 0.15
    forAlgebra 1500 true check
    enough ()

[<Fact>]
let ``simplified gradients compute the same`` () =
    for case in DifferentiableCases.all do
        let gradient (xs: Tensor[]) =
            let value (xs: Tensor[]) =
                case.Function xs |> Array.map (fun y -> Ops.sum (Ops.sin (Ops.toFloat y))) |> Array.reduce (+)

            snd (Grad.valueAndGradMany value xs)

        let original = { Program = traced gradient case.At; Arguments = case.At }
        Assert.True((keeps Simplify.program original = Some true), case.Name)

[<Fact>]
let ``simplifying again changes nothing`` () =
    let stable (case: Case) =
        let once = Simplify.program case.Program
        Assert.Equal(Text.print once, Text.print (Simplify.program once))

    forPrograms 500 Everything stable
    forAlgebra 1000 false stable

[<Fact>]
let ``simplified programs are hardly ever larger`` () =
    let small (case: Case) =
        let simplified = Simplify.program case.Program
        let before, after = Program.size case.Program, Program.size simplified
        let shown = Text.print simplified
        Assert.True(float after <= 1.5 * float before + 4.0, $"{before} became {after}\n{shown}")

    forPrograms 500 Everything small
    forAlgebra 1000 false small
