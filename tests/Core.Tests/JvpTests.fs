// Forward and reverse mode tied together: <c, J t> = <J' c, t> on random programs over every primitive, nested control flow
// included, and forward mode against central differences. The laws take the derivative programs as arguments, so that
// broken ones can be shown to fail.
module Ppl.Core.Tests.JvpTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms
open Ppl.Core.Tests.TransformCases

/// (x, t) -> J t
let private forward (program: Program) (n: int) : Tensor[] -> Tensor[] =
    fun args -> snd (Jvp.jvp (Trace.replay program) args[.. n - 1] args[n..])

/// (x, c) -> J' c
let private reverse (program: Program) (n: int) : Tensor[] -> Tensor[] =
    fun args -> (snd (Grad.vjp (Trace.replay program) args[.. n - 1])) args[n..]

/// None where there is no derivative program: a loop of unknown length, or a third derivative of lgamma.
let private tryTrace f (args: Literal[]) =
    try
        Some(traced f args)
    with :? PplException as error when error.Id = "PPL5006" ->
        None

let private isFinite (xs: Literal[]) =
    xs |> Array.forall (fun x -> not (isReal x) || Array.forall Double.IsFinite (Literal.floats x))

/// Whether the pairing law holds for these derivative programs; none where it says nothing (no derivative, or not finite).
let private paired changeForward changeReverse (case: Case) : bool option =
    let case = liftConstants case
    let n = case.Arguments.Length
    let rng = Random 7
    let t = case.Arguments |> Array.map (typeOf >> random rng)
    let c = Program.outputTypes case.Program |> Array.map (random rng)
    let forwardArgs, reverseArgs = Array.append case.Arguments t, Array.append case.Arguments c

    match tryTrace (forward case.Program n) forwardArgs, tryTrace (reverse case.Program n) reverseArgs with
    | Some f, Some r ->
        Verify.program f
        Verify.program r
        let ty = Reference.run (changeForward f) forwardArgs
        let cx = Reference.run (changeReverse r) reverseArgs

        if isFinite ty && isFinite cx then
            let left, leftScale = pairing c ty
            let right, rightScale = pairing cx t
            Some(abs (left - right) <= 1e-7 * (leftScale + rightScale) + 1e-12)
        else
            None
    | _ -> None

let private holds count family =
    let mutable said = 0

    forPrograms count family (fun case ->
        match paired id id case with
        | Some holds ->
            said <- said + 1
            Assert.True(holds, "<c, J t> and <J' c, t> differ")
        | None -> ())

    Assert.True(said > count / 2, $"only {said} of {count} programs say something")

[<Fact>]
let ``forward and reverse mode agree on smooth programs`` () = holds 1500 Smooth

[<Fact>]
let ``forward and reverse mode agree on programs with jumps and ties`` () = holds 1500 Everything

let private replace (name: string) (change: Equation -> Primitive) =
    mapEquations (fun eq -> if Primitive.name eq.Primitive = name then { eq with Primitive = change eq } else eq)

/// Derivative programs as broken rules would give them.
let private mutants: (string * (Program -> Program)) list =
    let unary op = replace (Primitive.name (Primitive.Unary op))

    [
        "a sign dropped", replace "neg" (fun _ -> Primitive.Move(MoveOp.Reverse [||]))
        "sine for cosine", unary UnaryOp.Cos (fun _ -> Primitive.Unary UnaryOp.Sin)
        "running sums the same way",
        replace "cumulateSum" (fun eq ->
            match eq.Primitive with
            | Primitive.Cumulate(op, axis, reverse) -> Primitive.Cumulate(op, axis, not reverse)
            | other -> other)
        "the adjoint loop the wrong way",
        replace "scan" (fun eq ->
            match eq.Primitive with
            | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
                Primitive.Control(ControlOp.Scan(constants, carry, length, not reverse, body))
            | other -> other)
        "a solve with the matrix itself",
        replace "triangularSolve" (fun eq ->
            match eq.Primitive with
            | Primitive.Factor(FactorOp.TriangularSolve(lower, transpose)) ->
                Primitive.Factor(FactorOp.TriangularSolve(lower, not transpose))
            | other -> other)
        "padding on the wrong side",
        replace "pad" (fun eq ->
            match eq.Primitive with
            | Primitive.Move(MoveOp.Pad(low, high)) -> Primitive.Move(MoveOp.Pad(high, low))
            | other -> other)
        "a scatter at the places counted from the end", replace "reverse" (fun _ -> Primitive.Move(MoveOp.Reverse [||]))
        "sums for differences", replace "sub" (fun _ -> Primitive.Binary BinaryOp.Add)
        "a factor dropped", replace "square" (fun _ -> Primitive.Unary UnaryOp.Abs)
    ]

[<Fact>]
let ``broken reverse rules fail the pairing law`` () =
    for name, mutant in mutants do
        let mutable caught = false

        // Only the reverse program is changed; the primal values of both stay right where nothing is differentiated.
        let tryOn case =
            if not caught then
                match paired id mutant case with
                | Some false -> caught <- true
                | _ -> ()

        for case in DifferentiableCases.all do
            tryOn { Program = traced case.Function case.At; Arguments = case.At }

        forPrograms 200 Smooth tryOn

        Assert.True(caught, $"no program shows: {name}")

[<Fact>]
let ``forward mode agrees with central differences`` () =
    let mutable said = 0
    let count = 400

    forPrograms count Smooth (fun case ->
        let case = liftConstants case
        let rng = Random 11

        let moderate =
            case.Arguments
            |> Array.forall (fun x -> not (isReal x) || Array.forall (fun v -> abs v < 1e3) (Literal.floats x))

        let t = case.Arguments |> Array.map (typeOf >> random rng)
        let c = Program.outputTypes case.Program |> Array.map (random rng)
        let f xs = fst (pairing c (Reference.run case.Program xs))

        match tryTrace (forward case.Program t.Length) (Array.append case.Arguments t) with
        | Some program ->
            let exact, scale = pairing c (Reference.run program (Array.append case.Arguments t))
            let fine = slope 2.5e-4 f case.Arguments t
            let at h = f (step h case.Arguments t)
            // A kink (abs, max) at the point or within the steps: one-sided slopes differ, or those of other steps.
            let left, right = (at 0.0 - at -1e-6) / 1e-6, (at 1e-6 - at 0.0) / 1e-6
            let tolerance = 1e-4 * (1.0 + scale)
            let smooth = abs (left - right) <= tolerance && abs (left - fine) <= tolerance

            if moderate && Double.IsFinite exact && smooth then
                said <- said + 1
                Assert.True(abs (exact - fine) <= 2.0 * tolerance, $"{exact:R}, differences give {fine:R}")
        | None -> ())

    Assert.True(said > count / 2, $"only {said} of {count} programs say something")

[<Fact>]
let ``forward mode passes loops of unknown length`` () =
    // x <- x^2 / 2 + 1/4 until it is below 1: the derivative is the product of the x.
    let f (xs: Tensor[]) =
        Control.whileLoop
            (fun s -> Ops.greater s[0] (Ops.scalar 0.6))
            (fun s -> [| 0.5 * Ops.square s[0] + 0.25; s[1] + 1.0 |])
            [| xs[0]; Ops.scalar 0.0 |]

    let ys, ts = Jvp.jvp f [| Ops.scalar 1.2 |] [| Ops.scalar 1.0 |]
    let mutable x, d, n = 1.2, 1.0, 0.0

    while x > 0.6 do
        d <- d * x
        x <- 0.5 * x * x + 0.25
        n <- n + 1.0

    Assert.Equal(3.0, n)
    Assert.Equal(x, ys[0].ToFloat())
    Assert.Equal(n, ys[1].ToFloat())
    Assert.Equal(d, ts[0].ToFloat(), 1e-15)
    Assert.Equal(0.0, ts[1].ToFloat())

[<Fact>]
let ``tangents must have the types of the arguments`` () =
    let x = Tensor.OfFloats [| 1.0; 2.0 |]

    let error = Assert.Throws<PplException>(fun () -> Jvp.jvp id [| x |] [| Ops.scalar 1.0 |] |> ignore)

    Assert.Equal("PPL5001", error.Id)

[<Fact>]
let ``captured tensors have no tangent`` () =
    let a = Tensor.OfFloat 3.0

    let program =
        Trace.program [| a.Type; a.Type |] (fun args ->
            snd (Jvp.jvp (fun xs -> [| xs[0] * args[1] |]) [| args[0] |] [| Ops.scalar 1.0 |]))

    let results = Reference.run program [| Literal.f64 2.0; Literal.f64 5.0 |]
    Assert.Equal(Literal.f64 5.0, results[0])
