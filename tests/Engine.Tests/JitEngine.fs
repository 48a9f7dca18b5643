// The engine as its callers see it: arguments and results of all types, the cache, memory that stays flat, no allocation
// per call, instances on many threads, and refusals.
module Ppl.Engine.Tests.JitEngine

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Jit

let private f64 (extents: int list) = TensorType.create DType.F64 (Shape.ofList extents)

/// One equation after the other on the inputs; the last one's results are the program's.
let private program
    (inputs: TensorType list)
    (equations: (Primitive * int list * TensorType) list)
    (outputs: int list)
    =
    let results = equations |> List.map (fun (_, _, ty) -> ty)

    let program: Program =
        {
            Inputs = [| 0 .. inputs.Length - 1 |]
            Equations =
                equations
                |> List.mapi (fun i (primitive, args, _) ->
                    { Primitive = primitive; Args = List.toArray args; Outs = [| inputs.Length + i |] })
                |> List.toArray
            Outputs = List.toArray outputs
            Types = List.toArray (inputs @ results)
        }

    program

/// y = x * c + x, z = sum y: a program per constant.
let private affine n (c: float) =
    let ty = f64 [ n ]
    let constant = Literal.create ty.Shape (Storage.F64(Array.create n c))

    program
        [ ty ]
        [
            Primitive.Constant constant, [], ty
            Primitive.Binary BinaryOp.Mul, [ 0; 1 ], ty
            Primitive.Binary BinaryOp.Add, [ 2; 0 ], ty
            Primitive.Reduce(ReduceOp.Sum, [| 0 |]), [ 3 ], f64 []
        ]
        [ 3; 4 ]

let private floats (xs: float list) = Literal.create (Shape.ofList [ xs.Length ]) (Storage.F64(List.toArray xs))
let private engine () = CpuEngine() :> IEngine

[<Fact>]
let ``A program runs with its constants, and the interpreting engine agrees`` () =
    let source = affine 11 2.0
    let x = floats [ for i in 0..10 -> float i ]
    let expected = Reference.run source [| x |]

    for engine in [ engine (); LoopEngine() :> IEngine ] do
        let results = (engine.Compile source).Run [| x |]
        Assert.Equal<Literal[]>(expected, results)

[<Fact>]
let ``Integers and truth values are arguments and results`` () =
    let ints = TensorType.create DType.I32 (Shape.ofList [ 5 ])
    let truths = TensorType.create DType.Bool (Shape.ofList [ 5 ])

    let source =
        program
            [ ints; truths ]
            [
                Primitive.Unary UnaryOp.Neg, [ 0 ], ints
                Primitive.Select, [ 1; 0; 2 ], ints
                Primitive.Unary UnaryOp.Not, [ 1 ], truths
            ]
            [ 3; 4 ]

    let x = Literal.create ints.Shape (Storage.I32 [| 1; -2; Int32.MinValue; 4; 5 |])
    let p = Literal.create truths.Shape (Storage.Bool [| true; false; false; true; false |])
    let compiled = (engine ()).Compile source
    Assert.Equal<Literal[]>(Reference.run source [| x; p |], compiled.Run [| x; p |])
    use instance = compiled.NewInstance()
    instance.SetInput(0, x)
    instance.SetInput(1, p)
    instance.Invoke()
    Assert.Equal(2.0, instance.Read(0, 1))
    Assert.Equal(1.0, instance.Read(1, 1))

[<Fact>]
let ``The same program by bits is compiled once, another one is not`` () =
    let engine = engine ()
    let first = engine.Compile(affine 8 0.0)
    Assert.Same(first, engine.Compile(affine 8 0.0))
    Assert.NotSame(first, engine.Compile(affine 8 -0.0))

[<Fact>]
let ``Many threads that ask at once get the same code`` () =
    let engine = engine ()
    let found = Array.Parallel.init 16 (fun _ -> engine.Compile(affine 9 1.0))
    Assert.All(found, (fun code -> Assert.Same(found[0], code)))

[<Fact>]
let ``Setting, running, reading and feeding allocate nothing`` () =
    use instance = ((engine ()).Compile(affine 64 -0.5)).NewInstance()
    let mutable sum = 0.0

    let step () =
        (instance.Input 0)[3] <- 1.0
        instance.Invoke()
        instance.Feed(0, 0)
        sum <- sum + instance.Read(1, 0) + (instance.Output 0)[3]

    for _ in 1..100 do
        step ()

    let before = GC.GetAllocatedBytesForCurrentThread()

    for _ in 1..1000 do
        step ()

    Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)

[<Fact>]
let ``Arguments stay between calls, and feeding makes a result an argument`` () =
    use instance = ((engine ()).Compile(affine 3 1.0)).NewInstance()
    instance.SetInput(0, floats [ 1.0; 2.0; 3.0 ])
    instance.Invoke()
    instance.Invoke()
    Assert.Equal<float[]>([| 2.0; 4.0; 6.0 |], (instance.Output 0).ToArray())
    instance.Feed(0, 0)
    instance.Invoke()
    Assert.Equal<float[]>([| 4.0; 8.0; 12.0 |], (instance.Output 0).ToArray())

[<Fact>]
let ``Instances on many threads give identical bits`` () =
    let compiled = (engine ()).Compile(affine 1000 0.1)
    let results = Array.zeroCreate 8

    Parallel.For(
        0,
        8,
        fun thread ->
            use instance = compiled.NewInstance()
            let x = instance.Input 0

            for i in 0 .. x.Length - 1 do
                x[i] <- sin (float i)

            for _ in 1..200 do
                instance.Invoke()

            results[thread] <- instance.GetOutput 1
    )
    |> ignore

    Assert.All(results, (fun result -> Assert.Equal(results[0], result)))

// Not inlined, so that no local of the test keeps the program alive.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private compileAndForget () =
    let engine = CpuEngine(CpuOptions(CacheCapacity = 1)) :> IEngine
    let code = engine.Compile(affine 8 3.0)
    code.Run [| floats [ for i in 0..7 -> float i ] |] |> ignore
    WeakReference code

[<Fact>]
let ``Code is collected with its last reference`` () =
    let code = compileAndForget ()

    for _ in 1..5 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

    Assert.False code.IsAlive

// Not inlined either. Each program is run, so its code, constants and an arena existed.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private compileMany (engine: IEngine) count =
    let x = floats [ for i in 0..7 -> float i ]

    [|
        for i in 1..count do
            let code = engine.Compile(affine 8 (float i))
            code.Run [| x |] |> ignore
            WeakReference code
    |]

[<Fact>]
let ``Of two thousand programs only those in the cache stay`` () =
    let engine = CpuEngine(CpuOptions(CacheCapacity = 8)) :> IEngine
    let codes = compileMany engine 2000

    for _ in 1..5 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

    let alive = codes |> Array.filter (fun code -> code.IsAlive) |> Array.length
    // The cache holds 8; what the stack still happens to mention may add a few.
    Assert.InRange(alive, 8, 24)
    GC.KeepAlive engine

let private refused id (act: unit -> unit) =
    let error = Assert.Throws<PplException>(act)
    Assert.Equal(id, error.Id)

[<Fact>]
let ``What does not fit is refused`` () =
    let compiled = (engine ()).Compile(affine 4 1.0)
    refused "PPL5001" (fun () -> compiled.Run [||] |> ignore)
    use instance = compiled.NewInstance()
    refused "PPL5001" (fun () -> instance.SetInput(0, floats [ 1.0 ]))
    refused "PPL5004" (fun () -> instance.SetInput(1, floats [ 1.0 ]))
    refused "PPL5004" (fun () -> instance.GetOutput 2 |> ignore)
    refused "PPL5004" (fun () -> instance.Read(0, 4) |> ignore)
    refused "PPL5001" (fun () -> instance.Feed(1, 0))
    refused "PPL5008" (fun () -> CpuEngine(CpuOptions(VectorBits = 64)) |> ignore)
    refused "PPL5008" (fun () -> CpuEngine(CpuOptions(CacheCapacity = 0)) |> ignore)

[<Fact>]
let ``A disposed instance says so`` () =
    let instance = ((engine ()).Compile(affine 4 1.0)).NewInstance()
    instance.Dispose()
    instance.Dispose()
    refused "PPL5008" (fun () -> instance.Invoke())
