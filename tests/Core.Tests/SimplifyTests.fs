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

    check,
    (fun () -> Assert.True(float said.Value >= least * float seen.Value, $"{said.Value} of {seen.Value} say something"))

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
    let check, enough = law Simplify.program 0.8
    let tame x = if x = 0.0 || (abs x < 1e70 && abs x > 1e-70) then x else nan

    let onlyNaN (value: Literal) =
        match value.Data with
        | Storage.F64 data -> { value with Data = Storage.F64(Array.map tame data) }
        | _ -> value

    let change (eq: Equation) =
        match eq.Primitive with
        | Primitive.Constant value -> { eq with Primitive = Primitive.Constant(onlyNaN value) }
        | _ -> eq

    forAlgebra 1500 true (fun case ->
        check { Program = mapEquations change case.Program; Arguments = Array.map onlyNaN case.Arguments })

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

// ---- infinities: what may differ, and what not

let private kind x =
    if Double.IsNaN x then "NaN"
    elif x = infinity then "inf"
    elif x = -infinity then "-inf"
    else "finite"

let private specials = [| nan; infinity; -infinity; 0.0; -0.0; 1.0; -2.0 |]

/// The kinds of the elements before and after simplification, where they differ, at all special x: f64[2], s, t: f64[].
let private differences (f: Tensor -> Tensor -> Tensor -> Tensor) =
    let types = [| f64 (Shape.ofList [ 2 ]); f64 Shape.scalar; f64 Shape.scalar |]
    let original = Trace.program types (fun args -> [| f args[0] args[1] args[2] |])
    let simplified = Simplify.program original

    [
        for a in specials do
            for b in specials do
                for s in specials do
                    for t in specials do
                        let args = [| Values.f [ a; b ]; Literal.f64 s; Literal.f64 t |]
                        let kinds program = Reference.run program args |> Array.head |> Literal.floats |> Array.map kind
                        yield! Array.zip (kinds original) (kinds simplified)
    ]
    |> List.filter (fun (before, after) -> before <> after)
    |> List.distinct
    |> List.sort

[<Fact>]
let ``special values keep their kind`` () =
    let exact: (string * (Tensor -> Tensor -> Tensor -> Tensor)) list =
        [
            "sums", (fun x s t -> (s - x) + (-(x - t)))
            "negated products", (fun x s t -> (-x) * (-s) / (-t))
            "scaled twice", (fun x s t -> 2.0 * (-3.0 * (x * s)) * t)
            "divided by a scalar", (fun x s t -> x / s - t / x)
            "squares", (fun x s t -> Ops.square (-x) + Ops.square (s - t))
            "the square of a scaled vector", (fun x s _ -> Ops.square (2.0 * x) * s)
            "powers",
            (fun x s _ -> Ops.pow x (Ops.scalar 2.0) + Ops.pow x (Ops.scalar -1.0) * Ops.pow s (Ops.scalar 1.0))
            "the power zero", (fun x _ _ -> Ops.pow x (Ops.scalar 0.0))
            "the sum of a vector and a scalar", (fun x s _ -> Ops.sum (x + s))
            "a sum with a known factor", (fun x s _ -> Ops.sum (-2.0 * x) + s)
            "a sum over nothing", (fun x s _ -> s * Ops.sum (s * Ops.slice 0 1 1 x))
            "log of exp", (fun x s _ -> Ops.log (Ops.exp x) + s)
            "log of sqrt", (fun x s _ -> Ops.log (Ops.sqrt x) + s)
            "log of sigmoid", (fun x s _ -> Ops.log (Ops.sigmoid x) + s)
            "twice inverted", (fun x s _ -> 1.0 / (1.0 / x) + s)
            "selected", (fun x s _ -> Ops.select (Ops.greater s (Ops.scalar 0.0)) x x)
            "pieces",
            (fun x s _ -> Ops.pad [| 0 |] [| 1 |] (Ops.slice 0 0 1 x) + Ops.pad [| 1 |] [| 0 |] (Ops.slice 0 1 2 x) * s)
        ]

    for name, f in exact do
        let found = differences f
        Assert.True(found.IsEmpty, $"{name}: %A{found}")

[<Fact>]
let ``what the header of Rewrite says may differ, and nothing more`` () =
    // An infinite factor of a sum.
    Assert.Equal<(string * string) list>([ "NaN", "-inf"; "NaN", "inf" ], differences (fun x s _ -> Ops.sum (s * x)))
    // The sign of zero.
    Assert.Equal<(string * string) list>([ "-inf", "NaN"; "NaN", "inf" ], differences (fun x _ _ -> Ops.log (1.0 / x)))

// ---- broken passes

let private mutants: (string * (Equation -> Equation)) list =
    let identity = Primitive.Move(MoveOp.Reverse [||])

    let on name change (eq: Equation) = if Primitive.name eq.Primitive = name then change eq else eq
    let as' primitive (eq: Equation) = { eq with Primitive = primitive }

    [
        "a factor dropped", on "mul" (fun eq -> { as' identity eq with Args = [| eq.Args[1] |] })
        "a sign dropped", on "neg" (as' identity)
        "a difference turned", on "sub" (fun eq -> { eq with Args = Array.rev eq.Args })
        "a branch for the other", on "select" (fun eq -> { eq with Args = [| eq.Args[0]; eq.Args[2]; eq.Args[1] |] })
        "an inverse forgotten", on "reciprocal" (as' identity)
        "a slice without its offset",
        on "slice" (fun eq ->
            match eq.Primitive with
            | Primitive.Move(MoveOp.Slice(start, limit, stride)) ->
                let zero = start |> Array.map (fun _ -> 0)
                as' (Primitive.Move(MoveOp.Slice(zero, Array.map2 (-) limit start, stride))) eq
            | _ -> eq)
        "NaN passed over", on "add" (fun eq -> { eq with Args = [| eq.Args[0]; eq.Args[0] |] })
        "a constant rounded",
        on "constant" (fun eq ->
            match eq.Primitive with
            | Primitive.Constant({ Data = Storage.F64 data } as value) ->
                let round x = float (float32 x)
                as' (Primitive.Constant { value with Data = Storage.F64(Array.map round data) }) eq
            | _ -> eq)
    ]

[<Fact>]
let ``broken simplifications do not pass for equal`` () =
    for name, mutant in mutants do
        let mutable caught = false

        forAlgebra 300 false (fun case ->
            if not caught && keeps (Simplify.program >> mapEquations mutant) case = Some false then
                caught <- true)

        Assert.True(caught, $"no program shows: {name}")
