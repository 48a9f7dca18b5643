// Recurrences in lanes on the engine: the same bits at every width, for the interpreter and for any number of threads, close
// to the reference evaluator; what is carried stays in registers.
module Ppl.Engine.Tests.Recurrences

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests
open Ppl.Core.Tests.AffineScans
open Ppl.Jit
open Ppl.Lowering
open Xunit

let private shapes =
    [
        for numbers, varying in [ 1, false; 1, true; 2, false; 2, true; 3, false ] do
            for steps in [ 64; 67; 79 ] do
                for dtype in [ DType.F64; DType.F32 ] do
                    {
                        Numbers = numbers
                        Steps = steps
                        Reverse = (steps = 67)
                        Varying = varying
                        Functions = (numbers = 1)
                        DType = dtype
                    }
    ]

let private split shape =
    let result, notes = Simplify.report SimplifyOptions.Default (program shape 1)
    Assert.NotEmpty notes
    result

let private engine bits threads = CpuEngine(CpuOptions(VectorBits = bits, Threads = threads)) :> IEngine
let private run (engine: IEngine) program args = (engine.Compile program).Run args
let private numbers (x: Literal) = (Ops.toFloat (Tensor.OfLiteral x)).ToFloats()

[<Fact>]
let ``all engines give the same bits, close to the reference`` () =
    for shape in shapes do
        let source = split shape
        let args = stable shape (Random 2)
        let expected = run (LoopEngine() :> IEngine) source args

        for bits in [ 512; 256; 128 ] do
            for threads in [ 1; 2 ] do
                Array.iter2 (Values.assertSame $"{shape}, {bits} bits") expected (run (engine bits threads) source args)

        let tolerance = if shape.DType = DType.F64 then 1e-13 else 3e-5

        for x, y in Array.zip (Reference.run (program shape 1) args) expected do
            let largest = numbers x |> Array.fold (fun m x -> max m (abs x)) 1.0

            Array.iter2
                (fun a b -> Assert.True(abs (a - b) <= tolerance * largest, $"{shape}: {a} and {b}"))
                (numbers x)
                (numbers y)

[<Fact>]
let ``gradients have the same bits at every width`` () =
    for shape in shapes do
        let source =
            Trace.program (types shape) (fun args ->
                let total args =
                    scan shape 3 args
                    |> Array.filter (fun y -> DType.isReal y.DType)
                    |> Array.map (Ops.square >> Ops.sum)
                    |> Array.reduce (fun a b -> a + b)

                snd (Grad.valueAndGradMany total args))
            |> Simplify.program

        let args = stable shape (Random 4)
        let expected = run (engine 512 1) source args

        for bits in [ 256; 128 ] do
            Array.iter2 (Values.assertSame $"{shape}, {bits} bits") expected (run (engine bits 1) source args)

// ---- what is emitted

let rec private statements (block: Block) : Stmt seq =
    seq {
        for statement in block do
            yield statement

            match statement with
            | Stmt.For(_, _, _, _, body) -> yield! statements body
            | _ -> ()
    }

[<Fact>]
let ``what a recurrence carries stays in registers, and windows are single operations`` () =
    let recurrence =
        Compile.program
            [| TensorType.create DType.F64 (Shape.ofList [ 200 ]); TensorType.scalar DType.F64 |]
            (fun args ->
                let step (s: Tensor[]) (x: Tensor[]) = let next = args[1] * s[0] + x[0] in [| next |], [| next |]
                let _, ys = Control.scan step [| Ops.scalar 0.5 |] [| args[0] |]
                [| Ops.sum (Ops.square ys[0]) |])

    let loops = Lower.program recurrence

    let chain =
        loops.Body
        |> Array.choose (fun statement ->
            match statement with
            | Stmt.For(_, 0, 26, 1, body) -> Some body
            | _ -> None)
        |> Assert.Single

    let lets =
        chain
        |> Array.choose (fun statement ->
            match statement with
            | Stmt.Let(_, op) -> Some op
            | _ -> None)

    let count isWanted = lets |> Array.filter isWanted |> Array.length
    Assert.Equal(3, count _.IsWindow)
    Assert.Equal(1, count _.IsLoad)
    Assert.Equal(4, count _.IsFma)

    Assert.Equal(
        0,
        Seq.length (
            statements loops.Body
            |> Seq.filter (fun s ->
                match s with
                | Stmt.Let(_, op) -> op.IsPack
                | _ -> false)
        )
    )

    Assert.Equal(1, chain |> Array.filter _.IsStore |> Array.length)

[<Fact>]
let ``a call allocates nothing`` () =
    let shape = { plain 2 200 with Varying = true }
    use instance = ((engine 512 1).Compile(split shape)).NewInstance()
    stable shape (Random 5) |> Array.iteri (fun i x -> instance.SetInput(i, x))

    for _ in 1..100 do
        instance.Invoke()

    let before = GC.GetAllocatedBytesForCurrentThread()

    for _ in 1..1000 do
        instance.Invoke()

    Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)
