// The cost of compilation is linear in the number of equations and in the depth of nests, and no method comes near the limits
// of RyuJIT. Counts are compared (bytes that a phase allocates, values of the loop program, sizes of methods), not times.
module Ppl.Engine.Tests.CompileCosts

open System
open System.Threading
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Lowering
open Ppl.Jit

let private vector n = TensorType.create DType.F64 (Shape.ofList [ n ])

let private chain count (x: Tensor) =
    let mutable y = x

    for i in 1..count do
        y <- if i % 2 = 0 then y * x else Ops.abs y + x

    Ops.sum y

let private recurrence count (x: Tensor) =
    let a = Ops.sum x
    let mutable h = a

    for t in 1 .. count / 4 do
        h <- a * h + sin (float t) / (1.0 + Ops.square h)

    h

let private wide count (x: Tensor) =
    let mutable layer = Array.init 16 (fun i -> x * (1.0 + float i))

    for row in 1 .. count / 16 do
        let last = layer

        layer <-
            Array.init 16 (fun i ->
                let other = last[(5 * i + row) % 16]
                if i % 2 = 0 then last[i] + other else Ops.max last[i] (other * 0.5))

    layer |> Array.map Ops.sum |> Array.reduce (fun a b -> a + b)

/// Sums over data, each with its own part of the total.
let private sums count (x: Tensor) =
    let mutable total = Ops.sum x

    for i in 1 .. count / 5 do
        total <- total + Ops.sum (Ops.square (x - 0.25 * float i) * x)

    total

/// Sums that wait for each other: each is a level of the plan.
let private levels count (x: Tensor) =
    let mutable y = x

    for _ in 1 .. count / 4 do
        y <- x * Ops.sum (Ops.tanh y) + y

    Ops.sum y

let private scan step (x: Tensor) =
    let body (state: Tensor[]) (_: Tensor[]) = step state, [||]
    fst (Control.scanBy false 10 body [| x; x * 2.0; x + 1.0 |] [||])

/// A nest whose carried values wait for each other, so that questions about the body are asked several times.
let rec private nest depth (x: Tensor) =
    if depth = 0 then
        Ops.tanh x * x
    else
        let step (s: Tensor[]) = [| s[1] * 0.5; s[2] + s[0]; nest (depth - 1) s[0] * 0.3 + s[1] |]
        let state = scan step x
        state[0] + state[2]

let private scans count (x: Tensor) =
    let mutable y = x

    for _ in 1 .. count / 22 do
        y <- nest 1 y + x

    Ops.sum y

let private families =
    dict
        [
            "chain", (chain, 8)
            "long vectors", (chain, 1000)
            "recurrence", (recurrence, 1)
            "wide", (wide, 8)
            "sums", (sums, 50)
            "levels", (levels, 50)
            "scans", (scans, 8)
        ]

/// The result and the bytes that this thread allocated for it.
let private allocated (f: unit -> 'a) =
    let before = GC.GetAllocatedBytesForCurrentThread()
    let result = f ()
    result, float (GC.GetAllocatedBytesForCurrentThread() - before)

/// By how much the counts per equation of tracing, simplification, lowering and emission may grow.
let private factors = [ 1.5; 1.5; 1.5; 4.0 ]

/// For each phase a count per equation, and the sizes of the methods.
let private costs name count =
    let build, length = families[name]

    let traced, trace =
        allocated (fun () -> Trace.program [| vector length |] (fun args -> [| build count args[0] |]))

    let simple, simplify = allocated (fun () -> Simplify.program traced)
    let loops = Lower.program simple
    let _, emit = allocated (fun () -> Compiler.bodies CompilerSettings.Default loops)
    let equations = float (Program.size traced)

    [ trace / equations; simplify / equations; float loops.Values.Length / equations; emit / equations ],
    Compiler.measure CompilerSettings.Default loops

[<Theory>]
[<InlineData("chain")>]
[<InlineData("long vectors")>]
[<InlineData("recurrence")>]
[<InlineData("wide")>]
[<InlineData("sums")>]
[<InlineData("levels")>]
[<InlineData("scans")>]
let ``Each phase costs the same per equation for many more equations`` (name: string) =
    costs name 1600 |> ignore
    let small, _ = costs name 1600
    let large, size = costs name 12000

    // Emission may cut a program again, into smaller methods, where it turns out longer than estimated.
    List.iter2 (fun (few, factor) many -> Assert.InRange(many, 0.0, factor * few)) (List.zip small factors) large

    Assert.InRange(size.Bytes, 1, 50_000)
    Assert.InRange(size.Instructions, 1, 10_000)
    Assert.InRange(size.Locals, 0, 400)
    Assert.InRange(size.References, 0, 6_000)
    Assert.InRange(size.Labels, 0, 1_000)

[<Fact>]
let ``Tracing a gradient and simplifying it cost the same per equation at any depth of nested scans`` () =
    let perEquation depth =
        let trace () = Trace.program [| vector 8 |] (fun args -> [| Grad.grad (nest depth >> Ops.sum) args[0] |])

        let traced, trace = allocated trace
        let _, simplify = allocated (fun () -> Simplify.program traced)
        let equations = float (Program.size traced)
        trace / equations, simplify / equations

    perEquation 2 |> ignore
    let trace2, simplify2 = perEquation 2
    let trace7, simplify7 = perEquation 7
    Assert.InRange(trace7, 0.0, 1.5 * trace2)
    Assert.InRange(simplify7, 0.0, 1.5 * simplify2)

[<Fact>]
let ``A chain of 20,000 operations compiles on a thread with a small stack`` () =
    let mutable values = 0

    let compile () =
        let program = Compile.program [| vector 100 |] (fun args -> [| chain 20_000 args[0] |])
        values <- (Lower.program program).Values.Length

    let thread = Thread(compile, 1 <<< 20)
    thread.Start()
    thread.Join()
    Assert.True(values >= 20_000)
