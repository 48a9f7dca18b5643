// Explanations count what is known of simple programs: operations, bytes, turns, stages; and they time every stage.
module Ppl.Engine.Tests.Explanations

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Lowering
open Ppl.Jit

let private f64 (extents: int list) = TensorType.create DType.F64 (Shape.ofList extents)
let private engine = CpuEngine() :> IEngine
let private compiled types f = Compile.program types f
let private explained types f = Explain.program engine (compiled types f)
let private loops (e: Explanation) = e.Stages |> Array.filter (fun stage -> stage.Kind = "loop")

[<Fact>]
let ``A sum of squares is one loop of fused multiply-adds that reads its argument once`` () =
    let e = explained [| f64 [ 1024 ] |] (fun args -> [| Ops.sum (Ops.square args[0]) |])
    let loop = Assert.Single(loops e)
    Assert.Equal(2.0 * 1024.0, loop.Flops)
    Assert.Equal(8.0 * 1024.0, loop.BytesRead)
    Assert.Equal(0.0, loop.BytesWritten)
    Assert.Equal<int[]>([| 1024 / 32 |], loop.Trips)
    Assert.Equal("fma", loop.Name)
    Assert.True loop.IsBounded
    Assert.Equal(8L * 1024L, e.InputBytes)
    Assert.Equal(8L, e.OutputBytes)
    Assert.Equal(0, e.Constants)

[<Fact>]
let ``An elementwise function reads its argument and writes its result once, and says what it computes`` () =
    let e = explained [| f64 [ 800 ] |] (fun args -> [| Ops.exp args[0] * 2.0 |])
    let loop = Assert.Single(loops e)
    Assert.Equal(6400.0, loop.BytesRead)
    Assert.Equal(6400.0, loop.BytesWritten)
    Assert.Equal("exp mul", loop.Name)
    Assert.Equal(float (20 + 1) * 800.0, loop.Flops)

[<Fact>]
let ``Data are constants, and kernels are named with their extents`` () =
    let data =
        Ops.reshape (Shape.ofList [ 40; 30 ]) (Tensor.OfFloats(Array.init 1200 (fun i -> sin (float i))))

    let e = explained [| f64 [ 30; 50 ] |] (fun args -> [| Ops.dot data args[0] |])
    let calls = e.Stages |> Array.collect _.Calls
    Assert.Equal<string[]>([| "gemm 40x50x30" |], calls)
    Assert.Equal(2.0 * 40.0 * 50.0 * 30.0, e.Flops)
    Assert.Equal(1, e.Constants)
    Assert.Equal(9600L, e.ConstantBytes)

[<Fact>]
let ``Loops of unknown length count once and say so`` () =
    let step (state: Tensor[]) = [| state[0] * 2.0 |]
    let condition (state: Tensor[]) = Ops.less state[0] (Tensor.OfFloat 100.0)
    let e = explained [| f64 [] |] (fun args -> Control.whileLoop condition step [| args[0] |])
    let loop = e.Stages |> Array.find (fun stage -> stage.Kind = "repeat")
    Assert.False loop.IsBounded

[<Fact>]
let ``Turns of nested loops multiply`` () =
    let step (state: Tensor[]) (xs: Tensor[]) = [| Ops.tanh state[0] + xs[0] |], [||]

    let e =
        explained [| f64 [ 100 ]; f64 [ 7; 100 ] |] (fun args -> fst (Control.scan step [| args[0] |] [| args[1] |]))

    let loop = Assert.Single(loops e |> Array.filter (fun stage -> stage.Trips.Length = 2))
    Assert.Equal(7, loop.Trips[0])
    // 100 elements per step, the last block of eight partly used.
    Assert.Equal(7.0 * 104.0 * 21.0, loop.Flops)

[<Fact>]
let ``Every stage is timed, and the profiled code computes the same`` () =
    let program =
        compiled [| f64 [ 500 ] |] (fun args ->
            let y = Ops.exp args[0]
            [| Ops.sum y; y / Ops.sum y |])

    let argument =
        Literal.create (Shape.ofList [ 500 ]) (Storage.F64(Array.init 500 (fun i -> cos (float i))))

    let e = Explain.profile engine program [| argument |]
    Assert.All(e.Stages, fun stage -> Assert.True(stage.Nanoseconds >= 0.0))
    Assert.True(e.Nanoseconds > 0.0)

    // The code in stages, which the profile runs, gives the bits of the code in one piece.
    let loops = Lower.program program
    let stages = Costs.stages loops |> Array.map _.Body
    let code = Compiler.stages CompilerSettings.Default loops stages
    use arena = code.NewArena()
    code.Write(arena, loops.Inputs[0], argument.Data)

    for i in 0 .. stages.Length - 1 do
        code.RunStage(arena, i)

    let expected = (engine.Compile program).Run [| argument |]

    for i in 0..1 do
        Assert.True(expected[i].Equals(code.Read(arena, loops.Outputs[i], expected[i].Type)))

[<Fact>]
let ``The text is a table with a line per stage and a line per note`` () =
    let e = explained [| f64 [ 1024 ] |] (fun args -> [| Ops.sum (Ops.square args[0]) |])
    let lines = string (Explain.withNotes [ "something" ] e) |> fun text -> text.TrimEnd().Split '\n'
    Assert.Equal(2 + 1 + e.Stages.Length + 1, lines.Length)
    Assert.StartsWith("2 equations in", lines[0])
    Assert.StartsWith("arguments 8,192 B, results 8 B", lines[1])
    Assert.EndsWith("what", lines[2])
    Assert.Contains(lines, fun line -> line.Contains "2,048" && line.Contains "8,192" && line.EndsWith "fma")
    Assert.Equal("note: something", Array.last lines)

[<Fact>]
let ``Arguments of other types are refused`` () =
    let program = compiled [| f64 [ 4 ] |] (fun args -> [| Ops.sum args[0] |])

    let refused =
        Assert.Throws<PplException>(fun () -> Explain.profile engine program [| Literal.f64 1.0 |] |> ignore)

    Assert.Equal("PPL5001", refused.Id)
    Assert.Contains("f64[4]", refused.Message)
