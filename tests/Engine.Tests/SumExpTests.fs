// Log-sum-exp in one pass: which programs it is used for, edge cases from tables, and the same numbers as the reference evaluator, the
// loop evaluator and machine code of every width.
module Ppl.Engine.Tests.SumExpTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Lowering
open Ppl.Jit

let private tensor dtype (extents: int list) = TensorType.create dtype (Shape.ofList extents)
let private f64 = tensor DType.F64
let private f32 = tensor DType.F32

let private literal (ty: TensorType) (items: float[]) =
    Literal.create ty.Shape (if ty.DType = DType.F32 then Storage.F32(Array.map float32 items) else Storage.F64 items)

let private waves (ty: TensorType) = Array.init ty.Shape.Count (fun i -> 3.0 * sin (float (i * i % 10007)) - 1.0)

let private reals (x: Literal) =
    match x.Data with
    | Storage.F32 items -> Array.map float items
    | _ -> Literal.floats x

let rec private calls (block: Block) =
    block
    |> Array.sumBy (fun statement ->
        match statement with
        | Stmt.Call(Kernel.ExponentialSums _) -> 1
        | Stmt.For(_, _, _, _, body) -> calls body
        | Stmt.Parallel blocks -> Array.sumBy calls blocks
        | _ -> 0)

let private kernels (program: Program) = calls (Lower.program program).Body

/// As people write it who know that their numbers are finite.
let private plain (axes: int[]) (x: Tensor) =
    let top = Ops.maxAlong axes x
    let extents = x.Shape.ToArray() |> Array.mapi (fun i n -> if Array.contains i axes then 1 else n)
    top + Ops.log (Ops.sumAlong axes (Ops.exp (x - Ops.reshape (Shape.ofArray extents) top)))

let private all (x: Tensor) = [| 0 .. x.Shape.Rank - 1 |]

let private cases: (string * TensorType * (Tensor -> Tensor))[] =
    [|
        "all", f64 [ 100_003 ], Ops.logSumExp
        "whole blocks", f64 [ 64 * 1024 ], Ops.logSumExp
        "parts", f64 [ 300_005 ], Ops.logSumExp
        "matrix", f64 [ 90; 101 ], Ops.logSumExp
        "rows", f64 [ 130; 70 ], Ops.logSumExpAlong [| 1 |]
        "many rows", f64 [ 4000; 70 ], Ops.logSumExpAlong [| 1 |]
        "few long rows", f64 [ 3; 5000 ], Ops.logSumExpAlong [| 1 |]
        "many long rows", f64 [ 65; 5000 ], Ops.logSumExpAlong [| 1 |]
        "two axes", f64 [ 40; 5; 60 ], Ops.logSumExpAlong [| 1; 2 |]
        "single precision", f32 [ 50_001 ], Ops.logSumExp
        "rows of single precision", f32 [ 130; 70 ], Ops.logSumExpAlong [| 1 |]
        "computed", f64 [ 300_005 ], (fun x -> Ops.logSumExp (Ops.tanh x * 2.0))
        "computed rows", f64 [ 301; 70 ], (fun x -> Ops.logSumExpAlong [| 1 |] (Ops.tanh x * 2.0))
        "computed in single precision", f32 [ 50_001 ], (fun x -> Ops.logSumExp (Ops.tanh x))
        "transposed", f64 [ 70; 130 ], (fun x -> Ops.logSumExpAlong [| 1 |] (Ops.transpose [| 1; 0 |] x))
        "plain", f64 [ 100_003 ], (fun x -> plain (all x) x)
        "plain rows", f64 [ 130; 70 ], plain [| 1 |]
    |]

let private case name =
    let _, ty, f = cases |> Array.find (fun (own, _, _) -> own = name)
    Compile.program [| ty |] (fun x -> [| f x[0] |]), ty

let private run engine (program: Program) argument = ((engine: IEngine).Compile(program).Run [| argument |])[0]

let private checkCase name =
    let program, ty = case name
    Assert.True(kernels program > 0)
    let argument = literal ty (waves ty)
    let expected = Reference.run program [| argument |] |> Array.head
    let actual = run (CpuEngine()) program argument
    let tolerance = if ty.DType = DType.F32 then 3e-7 else 1e-14

    Array.iter2
        (fun (x: float) (y: float) -> Assert.InRange(abs (x - y), 0.0, tolerance * (1.0 + abs x)))
        (reals expected)
        (reals actual)

    let loops = Lower.program program
    let evaluated = Evaluate.run loops [| argument |] |> Array.head
    Assert.Equal<float[]>(reals evaluated, reals actual)

    for bits in [ 256; 128 ] do
        let code = Compiler.compile { CompilerSettings.Default with VectorBits = bits } loops
        use arena = code.NewArena()
        code.Write(arena, loops.Inputs[0], argument.Data)
        code.Run arena
        Assert.True((code.Read(arena, loops.Outputs[0], expected.Type)).Equals actual, $"{name}: {bits} bits")

    for threads in [ 2; 4 ] do
        let other = run (CpuEngine(CpuOptions(Threads = threads))) program argument
        Assert.True(other.Equals actual, $"{name}: {threads} threads")

[<Fact>]
let ``One pass gives the numbers of the reference, for every width and number of threads the same`` () =
    for name, _, _ in cases do
        checkCase name

[<Fact>]
let ``Other uses of the exponentials, other axes and short rows stay with loop nests`` () =
    let count ty f = kernels (Compile.program [| ty |] (fun x -> [| f x[0] |]))
    Assert.Equal(0, count (f64 [ 30_000 ]) (Grad.grad Ops.logSumExp))
    Assert.Equal(0, count (f64 [ 300; 300 ]) (Ops.logSumExpAlong [| 0 |]))
    Assert.Equal(0, count (f64 [ 3000; 20 ]) (Ops.logSumExpAlong [| 1 |]))
    Assert.Equal(0, count (f64 [ 100 ]) Ops.logSumExp)
    // The maximum of other numbers is no shift of theirs, and neither is one of other rows.
    let other (x: Tensor) = Ops.log (Ops.sum (Ops.exp (x - Ops.maxAlong [| 0 |] (x * x))))
    Assert.Equal(0, count (f64 [ 30_000 ]) other)

    let across (x: Tensor) =
        Ops.sumAlong [| 1 |] (Ops.exp (x - Ops.reshape (Shape.ofList [ 1; 100 ]) (Ops.maxAlong [| 1 |] x)))

    Assert.Equal(0, count (f64 [ 100; 100 ]) across)

[<Fact>]
let ``Both halves may be results`` () =
    let halves (x: Tensor[]) =
        let top = Ops.maxAlong [| 1 |] x[0]
        [| top; Ops.sumAlong [| 1 |] (Ops.exp (x[0] - Ops.reshape (Shape.ofList [ 200; 1 ]) top)) |]

    let ty = f64 [ 200; 90 ]
    let program = Compile.program [| ty |] halves
    Assert.Equal(1, kernels program)
    let argument = literal ty (waves ty)
    let expected = Reference.run program [| argument |]
    let actual = (CpuEngine() :> IEngine).Compile(program).Run [| argument |]
    Assert.Equal<float[]>(reals expected[0], reals actual[0])
    Array.iter2 (fun (x: float) y -> Assert.Equal(x, y, 12)) (reals expected[1]) (reals actual[1])

/// What the elements are that are not -1, and where they stand.
let private edges: (string * (int * float) list * float)[] =
    [|
        "infinite", [ 7, infinity ], -1.0
        "two infinite", [ 7, infinity; 5000, infinity ], -1.0
        "minus infinite", [ 0, -infinity; 9_001, -infinity ], -1.0
        "all minus infinite", [], -infinity
        "one finite", [ 8_000, 3.0 ], -infinity
        "infinite among minus infinite", [ 8_000, infinity ], -infinity
        "not a number", [ 6_000, nan ], -1.0
        "not a number in the tail", [ 9_999, nan ], -1.0
        "not a number beside infinity", [ 1, nan; 2, infinity ], -1.0
        "not a number among minus infinite", [ 3, nan ], -infinity
        "large", [ 4, 1e300; 5, 1e300 ], -1.0
        "all very small", [ 4, -1.7e308 ], -1.75e308
        "huge range", [ 4, -1e308; 5, 1e308 ], 0.0
        "far below", [ 4, 800.0 ], 0.0
    |]

[<Fact>]
let ``Edge cases agree with the reference, guarded or not`` () =
    for f in [ Ops.logSumExp; (fun x -> plain (all x) x) ] do
        let ty = f64 [ 10_003 ]
        let program = Compile.program [| ty |] (fun x -> [| f x[0] |])
        Assert.True(kernels program > 0)

        for name, special, rest in edges do
            let items = Array.create ty.Shape.Count rest

            for place, value in special do
                items[place] <- value

            let argument = literal ty items
            let first values = reals values |> Array.head
            let expected = Reference.run program [| argument |] |> Array.head |> first
            let actual = run (CpuEngine()) program argument |> first
            let isSame = (Double.IsNaN expected && Double.IsNaN actual) || expected = actual
            let isNear = abs (expected - actual) <= 1e-14 * (1.0 + abs expected)
            Assert.True(isSame || isNear, $"{name}: {expected} and {actual}")

[<Fact>]
let ``Empty axes and axes of one element`` () =
    let run ty (f: Tensor -> Tensor) =
        let program = Compile.program [| ty |] (fun x -> [| f x[0] |])
        reals (run (CpuEngine()) program (literal ty (waves ty)))

    Assert.Equal<float[]>([| -infinity |], run (f64 [ 0 ]) Ops.logSumExp)
    Assert.Equal<float[]>([| -infinity; -infinity |], run (f64 [ 2; 0 ]) (Ops.logSumExpAlong [| 1 |]))
    Assert.Equal<float[]>([||], run (f64 [ 0; 9_000 ]) (Ops.logSumExpAlong [| 1 |]))
    let ones = run (f64 [ 9_000; 1 ]) (Ops.logSumExpAlong [| 1 |])
    Array.iter2 (fun (x: float) y -> Assert.Equal(x, y, 14)) (waves (f64 [ 9_000 ])) ones

[<Fact>]
let ``Programs with kernels of exponentials print`` () =
    let text = Print.program (Lower.program (fst (case "parts")))
    Assert.Contains("exponentialSums", text)
    Assert.Contains("joinExponentials", text)
