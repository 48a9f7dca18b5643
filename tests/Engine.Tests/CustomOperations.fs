// Operations from outside in compiled programs: every element type there and back, loops, threads, nested programs, errors from
// inside a call, and calls that outlive their operation's last other reference.
module Ppl.Engine.Tests.CustomOperations

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests
open Ppl.Core.Tests.CustomCases
open Ppl.Jit

let private engines: IEngine list = [ CpuEngine(CpuOptions(CheckIl = true)); LoopEngine() ]
let private vector dtype n = TensorType.create dtype (Shape.ofList [ n ])

/// Its arguments, in the opposite order.
type private Swap() =
    inherit CustomOperation("swap", "1")
    override _.ResultTypes arguments = Array.rev arguments
    override _.Evaluate arguments = Array.rev arguments

/// Runs a compiled program that has a call of its own; fails for a negative first element.
type private Nested(inner: Lazy<ICompiled>) =
    inherit CustomOperation("nested", "1")
    override _.ResultTypes arguments = arguments

    override _.Evaluate arguments =
        if arguments[0].ToFloats()[0] < 0.0 then
            raise (InvalidOperationException "below zero")

        inner.Value.Run(arguments |> Array.map _.Value) |> Array.map Tensor.OfLiteral

let private nested () =
    let compile () = (CpuEngine() :> IEngine).Compile(Trace.program [| vector DType.F64 3 |] (fun xs -> bump.Apply xs))
    Nested(Lazy<ICompiled> compile)

[<Fact>]
let ``every element type goes there and back`` () =
    let arguments: Literal[] =
        [|
            for dtype in [ DType.F64; DType.F32; DType.I64; DType.I32; DType.U32; DType.Bool ] do
                let x = Tensor.OfInts [| 3; 0; -7; 5; 1 |]
                (Ops.convert dtype x).Value
        |]

    let swap = Swap()
    let program = Trace.program (arguments |> Array.map _.Type) (fun xs -> swap.Apply xs)

    for engine in engines do
        let results = (engine.Compile program).Run arguments
        Array.iter2 (Values.assertSame engine.Name) (Array.rev arguments) results

[<Fact>]
let ``calls in loops and branches, of what loops carry`` () =
    let f (xs: Tensor[]) =
        let step (state: Tensor[]) (slices: Tensor[]) =
            let results = twist.Apply [| state[0]; slices[0] |]
            [| Ops.tanh results[0] |], [| results[1]; (bump.Apply [| slices[0] |])[0] |]

        let state, ys = Control.scan step [| xs[0] |] [| xs[1] |]

        let chosen =
            Control.cond
                (Ops.less (Ops.at 0 xs[0]) (Tensor.OfFloat 0.0))
                (fun () -> (bump.Apply [| state[0] |])[0])
                (fun () -> state[0])

        [| chosen; ys[0]; ys[1] |]

    let x = Literal.create (Shape.ofList [ 3 ]) (Storage.F64 [| -0.4; 1.1; 0.3 |])
    let rows = Literal.create (Shape.ofList [ 4; 3 ]) (Storage.F64(Array.init 12 (fun i -> sin (float i))))
    let program = Compile.program [| x.Type; rows.Type |] f
    let expected = Reference.run program [| x; rows |]

    for engine in engines do
        let results = (engine.Compile program).Run [| x; rows |]
        Array.iter2 (fun a b -> Assert.True(Values.distance a b < 1e-13)) expected results

[<Fact>]
let ``calls on several threads give the same`` () =
    let shape = Shape.ofList [ 400; 64 ]
    let x = Literal.create shape (Storage.F64(Array.init shape.Count (fun i -> cos (float i))))
    let rows (x: Tensor) = Control.map (fun row -> (bump.Apply [| Ops.exp row |])[0] + Ops.sum (Ops.sin row)) x
    let program = Compile.program [| x.Type |] (fun xs -> [| rows xs[0] |])
    let run threads = ((CpuEngine(CpuOptions(Threads = threads)) :> IEngine).Compile program).Run [| x |]
    let alone = run 1
    Values.assertSame "two threads" alone[0] (Array.head (run 2))
    Assert.True(Values.distance alone[0] (Array.head (Reference.run program [| x |])) < 1e-12)

[<Fact>]
let ``an operation may run a compiled program, and its errors come out`` () =
    let op = nested ()
    let program = Trace.program [| vector DType.F64 3 |] (fun xs -> op.Apply [| Ops.square xs[0] - 1.0 |])

    for engine in engines do
        let compiled = engine.Compile program
        let good = (Tensor.OfFloats [| 2.0; 0.5; 0.0 |]).Value
        let expected = (Reference.run program [| good |])[0]
        Values.assertSame engine.Name expected (Array.head (compiled.Run [| good |]))
        let bad = (Tensor.OfFloats [| 0.0; 0.5; 0.0 |]).Value
        let error = Assert.Throws<InvalidOperationException>(fun () -> compiled.Run [| bad |] |> ignore)
        Assert.Equal("below zero", error.Message)
        Values.assertSame "afterwards" expected (Array.head (compiled.Run [| good |]))

[<Fact>]
let ``a call lives as long as its code`` () =
    let compiled =
        let program = Trace.program [| vector DType.F64 3 |] (fun xs -> (nested ()).Apply [| xs[0] |])
        (CpuEngine() :> IEngine).Compile program

    for _ in 1..3 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

    let x = (Tensor.OfFloats [| 1.0; 2.0; 3.0 |]).Value

    Values.assertSame
        "bump"
        (Array.head (Reference.evaluate (Primitive.Custom bump) [| x |]))
        (Array.head (compiled.Run [| x |]))

[<Fact>]
let ``results of other shapes than promised are an error`` () =
    let broken =
        { new CustomOperation("broken", "1") with
            member _.ResultTypes arguments = arguments
            member _.Evaluate arguments = [| Ops.sum arguments[0] |]
        }

    let program = Trace.program [| vector DType.F64 3 |] (fun xs -> broken.Apply xs)

    for engine in engines do
        let compiled = engine.Compile program
        let x = (Tensor.OfFloats [| 1.0; 2.0; 3.0 |]).Value
        let error = Assert.Throws<PplException>(fun () -> compiled.Run [| x |] |> ignore)
        Assert.Equal("PPL5010", error.Id)
