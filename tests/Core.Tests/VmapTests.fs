// The law of batching, vmap f xs = stack (map f xs) to the bit, on random programs over every primitive and nested control
// flow, with random axes, lanes in front and behind, shared arguments and maps inside maps; what loops and branches of single lanes must not do to others;
// and that broken batched programs fail the law.
module Ppl.Core.Tests.VmapTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms
open Ppl.Core.Tests.RandomLanes
open Ppl.Core.Tests.TransformCases
open Ppl.Core.Tests.Values

let private holds (change: Program -> Program) seed (case: Case) =
    let case = liftAll case
    let rng = Random seed

    if case.Arguments.Length = 0 then
        true
    else
        let lanes = lanesOf rng (1 + rng.Next 4) case
        let program = batched case.Program lanes
        Verify.program program
        Array.forall2 sameBits (expected case.Program lanes) (Reference.run (change program) lanes.Stacked)

[<Theory>]
[<InlineData(1)>]
[<InlineData(2)>]
let ``vmap is the stack of the lanes`` seed = forPrograms 1000 Everything (fun case -> Assert.True(holds id seed case))

[<Fact>]
let ``lanes along the last axis hold what lanes along the first axis hold`` () =
    forPrograms 1500 Everything (fun case ->
        let case = liftAll case

        if case.Arguments.Length > 0 then
            let lanes = lanesOf (Random 5) 3 case
            let varies = lanes.Axes |> Array.map _.IsSome
            let last = lanesLast case lanes
            Verify.program last.Program
            let first = Reference.run (Vmap.program 3 varies case.Program) (along (fun _ -> 0) case lanes)
            let moved = first |> Array.map (fun y -> placed (y.Type.Shape.Rank - 1) y)
            Assert.True(Array.forall2 sameBits moved (Reference.run last.Program last.Arguments)))

[<Fact>]
let ``a map inside a map`` () =
    forPrograms 500 Everything (fun case ->
        let case = liftAll case
        let rng = Random 3

        if case.Arguments.Length > 0 then
            let inner = lanesOf rng (1 + rng.Next 3) case
            let innerProgram = batched case.Program inner
            let innerCase = { Program = innerProgram; Arguments = inner.Stacked }
            let outer = lanesOf rng (1 + rng.Next 3) innerCase

            let program =
                traced
                    (Vmap.vmapMany
                        outer.Axes
                        outer.OutAxes
                        (Vmap.vmapMany inner.Axes inner.OutAxes (Trace.replay case.Program)))
                    outer.Stacked

            Verify.program program
            let results = Reference.run program outer.Stacked
            Assert.True(Array.forall2 sameBits (expected innerProgram outer) results))

[<Fact>]
let ``no lanes at all`` () =
    forPrograms 100 Everything (fun case ->
        let case = liftAll case

        if case.Arguments.Length > 0 then
            let all = lanesOf (Random 4) 1 case

            let empty axis (x: Literal) =
                match axis with
                | Some axis -> (Ops.slice axis 0 0 (tensor x)).Value
                | None -> x

            let xs = Array.map2 empty all.Axes all.Stacked
            let results = run (Vmap.vmapMany all.Axes all.OutAxes (Trace.replay case.Program)) xs
            Assert.All(results, (fun y -> Assert.Equal(0, y.Type.Shape.Count))))

// ---- broken batched programs

let private change name (by: Equation -> Equation) : Program -> Program =
    mapEquations (fun eq -> if Primitive.name eq.Primitive = name then by eq else eq)

let private mutants: (string * (Program -> Program)) list =
    [
        "lanes that have ended change",
        change "select" (fun eq -> { eq with Args = [| eq.Args[0]; eq.Args[1]; eq.Args[1] |] })
        "the loop ends with the first lane",
        change "reduceAny" (fun eq ->
            match eq.Primitive with
            | Primitive.Reduce(ReduceOp.Any, axes) -> { eq with Primitive = Primitive.Reduce(ReduceOp.All, axes) }
            | _ -> eq)
        "indices not clamped to their lane",
        change "min" (fun eq -> { eq with Primitive = Primitive.Binary BinaryOp.Max })
        "the first lane for all",
        change "constant" (fun eq ->
            match eq.Primitive with
            | Primitive.Constant value when value.Type.DType = DType.I32 && value.Type.Shape.Rank > 0 ->
                { eq with Primitive = Primitive.Constant(Literal.fill value.Type 0.0) }
            | _ -> eq)
        "running operations over the lanes",
        mapEquations (fun eq ->
            match eq.Primitive with
            | Primitive.Cumulate(op, _, reverse) -> { eq with Primitive = Primitive.Cumulate(op, 0, reverse) }
            | _ -> eq)
    ]

[<Fact>]
let ``broken batched programs fail the law`` () =
    for name, mutant in mutants do
        let mutable caught = false

        forPrograms 2000 Everything (fun case ->
            if not caught then
                // A mutant of a loop may not end; those are tried only where the mutant ends earlier.
                if count "while" case.Program = 0 || name = "the loop ends with the first lane" then
                    caught <- not (holds mutant 1 case))

        Assert.True(caught, $"no program shows: {name}")

// ---- control flow of single lanes

let private floats (x: Tensor) = x.ToFloats()

[<Fact>]
let ``lanes leave a loop at different times`` () =
    // The Collatz steps of 1, 7, 27 and 2.
    let steps (n: Tensor) =
        let next (n: Tensor) =
            let odd = Ops.equal (Ops.rem n (Tensor.OfInt 2)) (Tensor.OfInt 1)
            Ops.select odd (Tensor.OfInt 3 * n + Tensor.OfInt 1) (n / Tensor.OfInt 2)

        (Control.whileLoop
            (fun s -> Ops.notEqual s[0] (Tensor.OfInt 1))
            (fun s -> [| next s[0]; s[1] + Tensor.OfInt 1 |])
            [| n; Tensor.OfInt 0 |])[1]

    let counts = Vmap.vmap steps (Tensor.OfInts [| 1; 7; 27; 2 |])
    Assert.Equal<int[]>([| 0; 16; 111; 1 |], Literal.ints counts.Value)

[<Fact>]
let ``a loop in a branch ends with the lanes that took the branch`` () =
    let f (x: Tensor) =
        Control.cond
            (Ops.greater x (Ops.scalar 0.0))
            (fun () ->
                (Control.whileLoop (fun s -> Ops.greater s[0] (Ops.scalar 1.0)) (fun s -> [| 0.5 * s[0] |]) [| x |])[0])
            (fun () ->
                (Control.whileLoop (fun s -> Ops.less s[0] (Ops.scalar 0.0)) (fun s -> [| s[0] + 1.0 |]) [| x |])[0])

    // In f the loops of the other branch would end at once; in g they would not end for the lanes of the other branch.
    let g (x: Tensor) =
        Control.cond
            (Ops.greater x (Ops.scalar 0.0))
            (fun () ->
                (Control.whileLoop (fun s -> Ops.notEqual s[0] (Ops.scalar 0.0)) (fun s -> [| s[0] - 1.0 |]) [| x |])[0])
            (fun () ->
                (Control.whileLoop (fun s -> Ops.notEqual s[0] (Ops.scalar 5.0)) (fun s -> [| s[0] + 1.0 |]) [| x |])[0])

    Assert.Equal<float[]>([| 1.0; 0.5; 0.75 |], floats (Vmap.vmap f (Tensor.OfFloats [| 8.0; -2.5; 0.75 |])))
    Assert.Equal<float[]>([| 0.0; 5.0; 0.0 |], floats (Vmap.vmap g (Tensor.OfFloats [| 4.0; -2.0; 9.0 |])))

[<Fact>]
let ``a shared loop that no lane enters does not run`` () =
    // The loop is the same for all lanes and never ends; no lane takes the branch.
    let f (x: Tensor) (shared: Tensor) =
        Control.cond
            (Ops.greater x (Ops.scalar 100.0))
            (fun () -> x + (Control.whileLoop (fun s -> Ops.less s[0] (Ops.scalar 1.0)) id [| shared |])[0])
            (fun () -> -x)

    let xs = [| Values.f [ 3.0; 4.0 ]; Literal.f64 0.0 |]
    let results = run (fun xs -> [| Vmap.vmap (fun x -> f x xs[1]) xs[0] |]) xs
    Assert.Equal<Literal[]>([| Values.f [ -3.0; -4.0 ] |], results)

[<Fact>]
let ``what is shared stays shared`` () =
    let n = 5

    let f (x: Tensor) (data: Tensor) =
        let grown =
            Control.whileLoop (fun s -> Ops.less (Ops.sum s[0]) (Ops.scalar 9.0)) (fun s -> [| 2.0 * s[0] |]) [| data |]

        Control.cond (Ops.greater data[0] (Ops.scalar 0.0)) (fun () -> Ops.sum (x * grown[0])) (fun () -> Ops.sum x)

    let vector m = TensorType.create DType.F64 (Shape.ofList [ m ])
    let matrix = TensorType.create DType.F64 (Shape.ofList [ n; 3 ])

    let program =
        Trace.program [| matrix; vector 3 |] (fun xs -> [| Vmap.vmap (fun x -> f x xs[1]) xs[0] |])

    // The loop over data and the branch on data are those of one lane.
    Assert.Equal(1, count "cond" program)
    let loop = program.Equations |> Array.find (fun eq -> Primitive.name eq.Primitive = "while")
    Assert.Equal(vector 3, program.Types[loop.Outs[0]])

[<Fact>]
let ``random draws of lanes are those of their keys`` () =
    let keys = Literal.create (Shape.ofList [ 3; 2 ]) (Storage.I32 [| 1; 2; 3; 4; 5; 6 |]) |> tensor

    let draw (key: Tensor) = Ops.uniform (Shape.ofList [ 4 ]) (Ops.foldIn key (Tensor.OfInt 7))

    let together = Vmap.vmap draw keys
    let expected = Ops.stack (Array.init 3 (fun i -> draw keys[i]))
    Assert.Equal(expected.Value, together.Value)

[<Fact>]
let ``gradients, loops and maps nest`` () =
    // vmap of grad of scan of a function that captures, and grad of vmap.
    let a = Tensor.OfFloat 0.7
    let xs = Tensor.OfMatrix(array2D [ [ 0.1; 0.5; -0.3 ]; [ 1.2; -0.7; 0.4 ] ])

    let f (x: Tensor) =
        (fst (Control.scan (fun s x -> [| Ops.sin (s[0] * a + x[0]) |], [||]) [| Ops.sum x |] [| x |]))[0]

    let inside = Vmap.vmap (Grad.grad f) xs
    let outside = Grad.grad (fun xs -> Ops.sum (Vmap.vmap f xs)) xs
    let each = Ops.stack [| Grad.grad f xs[0]; Grad.grad f xs[1] |]
    Assert.Equal(each.Value, inside.Value)
    Assert.Equal<float[]>(floats each, floats outside)

// ---- messages

let private failure (f: unit -> Tensor[]) = Assert.Throws<PplException>(fun () -> f () |> ignore)

[<Fact>]
let ``errors name the argument, the axis and the shapes`` () =
    let x = Tensor.OfMatrix(array2D [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ])
    let y = Tensor.OfFloats [| 1.0; 2.0; 3.0; 4.0 |]
    let add (xs: Tensor[]) = [| Ops.sum xs[0] + Ops.sum xs[1] |]
    let map inAxes outAxes f xs () = Vmap.vmapMany inAxes outAxes f xs

    let differ = failure (map [| Some 1; Some 0 |] [| Some 0 |] add [| x; y |])
    Assert.Equal("PPL5001", differ.Id)
    Assert.Contains("3 along axis 1 of argument 0 (f64[2,3])", differ.Message)
    Assert.Contains("4 along axis 0 of argument 1 (f64[4])", differ.Message)

    let outside = failure (map [| Some 2; None |] [| Some 0 |] add [| x; y |])
    Assert.Equal("PPL5003", outside.Id)
    Assert.Contains("axis 2 of argument 0 of type f64[2,3]", outside.Message)

    let none = failure (map [| None; None |] [| Some 0 |] add [| x; y |])
    Assert.Equal("PPL5008", none.Id)

    let few = failure (map [| Some 0 |] [| Some 0 |] add [| x; y |])
    Assert.Contains("1 axes for 2 arguments", few.Message)

    let result = failure (map [| Some 0; None |] [| Some 1 |] add [| x; y |])
    Assert.Equal("PPL5003", result.Id)
    Assert.Contains("axis 1 of result 0, in each lane of type f64[]", result.Message)

    let shared = failure (map [| Some 0; None |] [| None |] add [| x; y |])
    Assert.Contains("result 0 (f64[] in each lane) differs between lanes", shared.Message)

    // What does not differ may be asked for once.
    let once = Vmap.vmapMany [| Some 0; None |] [| None |] (fun xs -> [| Ops.sum xs[1] |]) [| x; y |]
    Assert.Equal(10.0, once[0].ToFloat())
