// RyuJIT stops optimising, silently, past 60,000 bytes of IL, 20,000 instructions, 2,000 labels, 8,000 references to
// locals, and stops inlining past 512 locals. No emitted method may come near, however large the program is.
module Ppl.Engine.Tests.JitSizes

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Jit
open Ppl.Engine.Tests.LoopPrograms

let private vector = eight Elem.Real

/// `count` operations in one block on the latest `alive` values; all of these are stored at the end.
let private straight count alive =
    let s = Sketch()
    let input = s.Input(Elem.Real, 8 * alive)
    let output = s.Output(Elem.Real, 8 * alive)
    let values = Array.init alive (fun i -> s.Let(vector, Op.Load(at input (8 * i), 1)))

    for i in 0 .. count - 1 do
        let other = values[(i * 7 + 3) % alive]

        let op =
            if i % 2 = 0 then
                Op.Binary(BinaryOp.Add, values[i % alive], other)
            else
                Op.Fma(other, other, values[i % alive])

        values[i % alive] <- s.Let(vector, op)

    values |> Array.iteri (fun i value -> s.Add(Stmt.Store(at output (8 * i), 1, 8, value)))
    s.Program

/// The same inside two loops, with a branch per ten statements.
let private nested count =
    let s = Sketch()
    let input = s.Input(Elem.Real, 64)
    let output = s.Output(Elem.Real, 8)
    let x = s.Variable vector
    s.Add(Stmt.Set(x, s.Let(vector, Op.Load(at input 0, 1))))

    s.For(
        0,
        2,
        1,
        fun outer ->
            s.For(
                0,
                48,
                8,
                fun inner ->
                    for i in 0 .. count - 1 do
                        let loaded = s.Let(vector, Op.Load(atIndex input 1 1 inner, 1))
                        let current = s.Let(vector, Op.Get x)
                        s.Add(Stmt.Set(x, s.Let(vector, Op.Fma(loaded, loaded, current))))

                        if i % 10 = 0 then
                            let even = s.Let(one Elem.Mask, Op.Compare(CompareOp.Le, outer, inner))

                            let halve () =
                                let half = s.Let(vector, Op.Splat(s.Let(one Elem.Real, Op.Real 0.5)))
                                let current = s.Let(vector, Op.Get x)
                                s.Add(Stmt.Set(x, s.Let(vector, Op.Binary(BinaryOp.Mul, half, current))))

                            s.If(even, halve, ignore)
            )
    )

    s.Add(Stmt.Store(at output 0, 1, 8, s.Let(vector, Op.Get x)))
    s.Program

let private within (size: CodeSize) =
    Assert.InRange(size.Bytes, 1, 50_000)
    Assert.InRange(size.Instructions, 1, 10_000)
    Assert.InRange(size.Locals, 0, 400)
    Assert.InRange(size.References, 0, 6_000)
    Assert.InRange(size.Labels, 0, 1_000)

let private arguments (program: LoopProgram) =
    [
        for id in program.Inputs -> Storage.F64(Array.init program.Buffers[id].Length (fun i -> 0.001 * float (i % 97)))
    ]

[<Theory>]
[<InlineData(300, 16)>]
[<InlineData(1000, 48)>]
[<InlineData(2500, 30)>]
[<InlineData(3000, 200)>]
[<InlineData(10000, 500)>]
let ``Long straight programs stay below the limits and keep their bits`` (count: int) (alive: int) =
    let program = straight count alive
    let expected = evaluated program (arguments program) |> List.map bitsOf

    for bits in widths do
        within (Compiler.measure (settings bits) program)
        Assert.Equal<int64[] list>(expected, run bits program (arguments program) |> List.map bitsOf)

[<Theory>]
[<InlineData(100)>]
[<InlineData(5000)>]
let ``Large loop bodies stay below the limits and keep their bits`` (count: int) =
    let program = nested count
    let expected = evaluated program (arguments program) |> List.map bitsOf

    for bits in widths do
        within (Compiler.measure (settings bits) program)
        Assert.Equal<int64[] list>(expected, run bits program (arguments program) |> List.map bitsOf)

[<Fact>]
let ``A small program is one method, a large one is several`` () =
    Assert.Equal(1, (Compiler.measure (settings 512) (straight 300 16)).Methods)
    Assert.True((Compiler.measure (settings 512) (straight 10000 16)).Methods > 3)

let private golden =
    "locals i8
  ldc.i8 0
  stloc 0
L0:
  ldarg 1
  ldloc 0
  conv.topointer
  ldc.i4 8
  conv.topointer
  mul
  add
  ldc.i4 256
  conv.topointer
  add
  ldarg 1
  ldloc 0
  conv.topointer
  ldc.i4 8
  conv.topointer
  mul
  add
  ldc.i4 64
  conv.topointer
  add
  ldobj Vector512.f8
  ldarg 1
  ldloc 0
  conv.topointer
  ldc.i4 8
  conv.topointer
  mul
  add
  ldc.i4 64
  conv.topointer
  add
  ldobj Vector512.f8
  call Vector512.f8.op_Addition(Vector512.f8, Vector512.f8)
  stobj Vector512.f8
  ldloc 0
  ldc.i8 8
  add
  stloc 0
  ldloc 0
  ldc.i8 16
  br.ifless L0
  ret
"

[<Fact>]
let ``A loop is its body, a counter in a local and one branch`` () =
    let s = Sketch()
    let input = s.Input(Elem.Real, 16)
    let output = s.Output(Elem.Real, 16)

    s.For(
        0,
        16,
        8,
        fun i ->
            let x = s.Let(vector, Op.Load(atIndex input 0 1 i, 1))
            let y = s.Let(vector, Op.Load(atIndex input 0 1 i, 1))
            let sum = s.Let(vector, Op.Binary(BinaryOp.Add, x, y))
            s.Add(Stmt.Store(atIndex output 0 1 i, 1, 8, sum))
    )

    let struct (bodies, _) = Compiler.bodies (settings 512) s.Program
    Assert.Equal(golden, (IlText.body bodies[0]).Replace("\r", ""))

[<Fact>]
let ``The checker finds a body whose stack types do not fit`` () =
    let broken code = { Locals = [| typeof<float> |]; Labels = 0; Code = code }

    let refused code =
        let error = Assert.Throws<PplException>(fun () -> IlCheck.body (broken code))
        Assert.Equal("PPL7001", error.Id)

    refused [| Il.LoadInt64 1L; Il.StoreLocal 0; Il.Return |]
    refused [| Il.LoadReal 1.0; Il.Return |]
    refused [| Il.LoadReal 1.0; Il.LoadInt64 1L; Il.Arithmetic IlArithmetic.Add; Il.StoreLocal 0; Il.Return |]
    refused [| Il.Arithmetic IlArithmetic.Add |]
    refused [| Il.LoadArgument IlBody.ArenaArgument; Il.LoadObject typeof<int64>; Il.StoreLocal 0 |]
    IlCheck.body (broken [| Il.LoadReal 1.0; Il.StoreLocal 0; Il.Return |])
