// Programs on several threads: the same bits for 1, 2 and 4 of them, no allocation per call, nested and concurrent calls, and
// loops that are too short are left alone.
module Ppl.Engine.Tests.Threads

open System
open System.Threading.Tasks
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Lowering
open Ppl.Jit

let private f64 (extents: int list) = TensorType.create DType.F64 (Shape.ofList extents)
let private engine threads = CpuEngine(CpuOptions(Threads = threads)) :> IEngine

let private f32 (extents: int list) = TensorType.create DType.F32 (Shape.ofList extents)

let private numbers (ty: TensorType) seed =
    let items = Array.init ty.Shape.Count (fun i -> sin (float (i % 1009 + seed)))
    Literal.create ty.Shape (if ty.DType = DType.F32 then Storage.F32(Array.map float32 items) else Storage.F64 items)

let private reals (x: Literal) =
    match x.Data with
    | Storage.F32 items -> Array.map float items
    | _ -> Literal.floats x

let private isParallel statement =
    match statement with
    | Stmt.Parallel _ -> true
    | _ -> false

let private parallels (program: Program) = (Lower.program program).Body |> Array.filter isParallel |> Array.length

let private oscillate (a: Tensor) (x: Tensor) =
    let step (state: Tensor[]) (_: Tensor[]) = [| Ops.sin (state[0] * a + x) |], [||]
    Ops.sum (fst (Control.scanBy false 30 step [| x |] [||])).[0]

let private cases: (string * TensorType list * (Tensor[] -> Tensor[]))[] =
    [|
        "elementwise", [ f64 [ 100_003 ] ], (fun x -> [| Ops.exp (Ops.tanh x[0]) |])
        "sum", [ f64 [ 120_007 ] ], (fun x -> [| Ops.sum (Ops.exp x[0]) |])
        "sums and stores",
        [ f64 [ 100_001 ] ],
        (fun x ->
            let y = Ops.exp x[0]
            [| Ops.sum y; y; Ops.sum (y * x[0]) |])
        "gradient", [ f64 [ 90_000 ] ], (fun x -> [| Grad.grad (fun x -> Ops.sum (Ops.softplus (Ops.sin x))) x[0] |])
        "rows", [ f64 [ 3000; 100 ] ], (fun x -> [| Ops.sumAlong [| 1 |] (Ops.exp x[0]) |])
        "columns", [ f64 [ 100; 3001 ] ], (fun x -> [| Ops.sumAlong [| 0 |] (Ops.exp x[0]) |])
        // Turns with loops, memory and a reduction of their own; 301 is no multiple of the parts.
        "map", [ f64 [ 301; 40 ]; f64 [ 40 ] ], (fun x -> [| Control.map (oscillate x[1]) x[0] |])
        "map of factors",
        [ f64 [ 61; 24; 24 ] ],
        (fun x ->
            let shift = Tensor.OfMatrix(Array2D.init 24 24 (fun i j -> if i = j then 30.0 else 0.0))
            let factor (m: Tensor) = Ops.cholesky (Ops.dot m (Ops.transpose [| 1; 0 |] m) + shift)
            [| Control.map factor x[0] |])
        "map from the back",
        [ f64 [ 301; 40 ]; f64 [ 40 ] ],
        (fun x -> snd (Control.scanBy true 301 (fun _ xs -> [||], [| oscillate x[1] xs[0] |]) [||] [| x[0] |]))
        // The cotangents of what the turns capture are sums over the turns.
        "gradient of a map",
        [ f64 [ 301; 40 ]; f64 [ 40 ] ],
        (fun x -> snd (Grad.valueAndGradMany (fun x -> Ops.sum (Control.map (oscillate x[1]) x[0])) x))
        "gradient of a map within a map",
        [ f64 [ 40; 8; 40 ]; f64 [ 40 ] ],
        (fun x ->
            let rows = Control.map (oscillate x[1])
            snd (Grad.valueAndGradMany (fun x -> Ops.sum (Ops.square (Control.map rows x[0]))) x))
        "product", [ f64 [ 300; 200 ]; f64 [ 200; 160 ] ], (fun x -> [| Ops.dot x[0] x[1] |])
        "product of few rows", [ f32 [ 100; 210 ]; f32 [ 210; 300 ] ], (fun x -> [| Ops.dot x[0] x[1] |])
        "transforms",
        [ f64 [ 50; 1000 ]; f64 [ 50; 1000 ] ],
        (fun x ->
            let struct (re, im) = Ops.fft x[0] x[1]
            [| re; im |])
        // Parts of a transposed operand are columns of it as stored.
        "transposed product",
        [ f64 [ 200; 301 ]; f64 [ 200; 161 ] ],
        (fun x -> [| Ops.dot (Ops.transpose [| 1; 0 |] x[0]) x[1] |])
        "transposed product in single precision",
        [ f32 [ 130; 520 ]; f32 [ 130; 190 ] ],
        (fun x -> [| Ops.dot (Ops.transpose [| 1; 0 |] x[0]) x[1] |])
    |]

let private case name =
    let _, types, f = cases |> Array.find (fun (own, _, _) -> own = name)
    Compile.program (List.toArray types) f, types |> List.mapi (fun i ty -> numbers ty i) |> List.toArray

[<Theory>]
[<InlineData("elementwise")>]
[<InlineData("sum")>]
[<InlineData("sums and stores")>]
[<InlineData("gradient")>]
[<InlineData("rows")>]
[<InlineData("columns")>]
[<InlineData("map")>]
[<InlineData("map of factors")>]
[<InlineData("map from the back")>]
[<InlineData("gradient of a map")>]
[<InlineData("gradient of a map within a map")>]
[<InlineData("product")>]
[<InlineData("product of few rows")>]
[<InlineData("transforms")>]
[<InlineData("transposed product")>]
[<InlineData("transposed product in single precision")>]
let ``The bits are the same on 1, 2 and 4 threads, and near those of the reference`` (name: string) =
    let program, arguments = case name
    Assert.True(parallels program > 0)
    let expected = ((engine 1).Compile program).Run arguments

    for threads in [ 2; 4 ] do
        use instance = ((engine threads).Compile program).NewInstance()
        arguments |> Array.iteri (fun i x -> instance.SetInput(i, x))

        // Again and again, because threads come in any order.
        for _ in 1..20 do
            instance.Invoke()

            for i in 0 .. expected.Length - 1 do
                Assert.True((instance.GetOutput i).Equals expected[i], $"{threads} threads, result {i}")

    let reference = Reference.run program arguments

    for i in 0 .. expected.Length - 1 do
        let tolerance = if expected[i].Type.DType = DType.F32 then 1e-4 else 1e-10

        Array.iter2
            (fun (x: float) (y: float) -> Assert.InRange(abs (x - y), 0.0, tolerance * (1.0 + abs x)))
            (reals reference[i])
            (reals expected[i])

[<Fact>]
let ``Short loops and loops inside loops stay on one thread`` () =
    let short = Compile.program [| f64 [ 2000 ] |] (fun x -> [| Ops.sum (Ops.exp x[0]) |])

    let step (state: Tensor[]) (_: Tensor[]) = [| Ops.exp state[0] * 0.1 |], [||]

    let inside =
        Compile.program [| f64 [ 100_000 ] |] (fun x -> fst (Control.scanBy false 3 step [| x[0] |] [||]))

    Assert.Equal(0, parallels short)
    let size block = (Costs.ofBlock (Lower.program inside) [| block |]).Flops
    let bodies = (Lower.program inside).Body |> Array.filter isParallel |> Array.sumBy size
    Assert.Equal(0.0, bodies)

[<Fact>]
let ``Maps of short turns, and maps inside loops, stay on one thread`` () =
    let short = Compile.program [| f64 [ 301; 4 ] |] (fun x -> [| Control.map Ops.sum x[0] |])
    Assert.Equal(0, parallels short)

    // The state varies, so the map cannot leave the loop.
    let step (args: Tensor[]) (state: Tensor[]) (_: Tensor[]) =
        [| state[0] + Ops.sum (Control.map (oscillate (args[1] + state[0])) args[0]) |], [||]

    let inside =
        Compile.program [| f64 [ 301; 40 ]; f64 [ 40 ] |] (fun x ->
            fst (Control.scanBy false 2 (step x) [| Ops.sum x[1] |] [||]))

    let rec hasParts (block: Block) =
        block
        |> Array.exists (fun statement ->
            match statement with
            | Stmt.Parallel _ -> true
            | Stmt.For(_, _, _, _, body) -> hasParts body
            | _ -> false)

    Assert.False(hasParts (Lower.program inside).Body)

[<Fact>]
let ``Parts of long turns are few, because each has code of its own`` () =
    let long (x: Tensor) = Seq.fold (fun (y: Tensor) k -> Ops.sin (y * float k + x)) x [ 1..800 ] |> Ops.sum
    let program = Compile.program [| f64 [ 100; 40 ] |] (fun x -> [| Control.map long x[0] |])

    let parts =
        (Lower.program program).Body
        |> Array.choose (fun statement ->
            match statement with
            | Stmt.Parallel blocks -> Some blocks.Length
            | _ -> None)

    Assert.Equal<int[]>([| 2 |], parts)

[<Theory>]
[<InlineData("sums and stores")>]
[<InlineData("map")>]
[<InlineData("gradient of a map")>]
let ``A call on several threads allocates nothing`` (name: string) =
    let program, arguments = case name
    use instance = ((engine 2).Compile program).NewInstance()
    arguments |> Array.iteri (fun i x -> instance.SetInput(i, x))
    instance.Invoke()
    let before = GC.GetAllocatedBytesForCurrentThread()

    for _ in 1..20 do
        instance.Invoke()

    Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)

[<Fact>]
let ``Instances of one engine may run at the same time`` () =
    let program, arguments = case "sum"
    let compiled = (engine 3).Compile program
    let expected = ((engine 1).Compile program).Run arguments

    let results =
        Array.init 4 (fun _ -> Task.Run(fun () -> Array.init 10 (fun _ -> (compiled.Run arguments)[0])))

    for result in results do
        for value in result.Result do
            Assert.True(value.Equals expected[0])

[<Fact>]
let ``Loop programs with parts print and evaluate, and keep memory of the parts apart`` () =
    let program, arguments = case "sums and stores"
    let loops = Lower.program program
    Assert.Contains("parallel", Print.program loops)
    let expected = ((engine 1).Compile program).Run arguments
    let evaluated = Evaluate.run loops arguments

    for i in 0 .. expected.Length - 1 do
        Assert.Equal<float[]>(Literal.floats expected[i], Literal.floats evaluated[i])

[<Fact>]
let ``Panels of a transposed operand are evaluated to the same bits`` () =
    let program, arguments = case "transposed product"
    let loops = Lower.program program
    let expected = ((engine 1).Compile program).Run arguments
    let evaluated = Evaluate.run loops arguments
    Assert.Equal<float[]>(Literal.floats expected[0], Literal.floats evaluated[0])

[<Fact>]
let ``No threads are refused`` () =
    Assert.Throws<PplException>(fun () -> CpuEngine(CpuOptions(Threads = 0)) |> ignore) |> ignore
