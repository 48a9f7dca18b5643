// Emitted programs against the evaluator of loop programs, bit for bit: random ones, and hand-made ones for what the
// emitter could get wrong (order of reads and writes, spills, cuts into methods).
module Ppl.Engine.Tests.JitPrograms

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Jit
open Ppl.Engine.Tests.LoopPrograms

let private sameBits (label: string) (expected: Storage list) (actual: Storage list) =
    List.iteri2
        (fun n expected actual ->
            let e, a = bitsOf expected, bitsOf actual

            if e <> a then
                let i = Array.zip e a |> Array.findIndex (fun (x, y) -> x <> y)
                Assert.Fail $"{label}: result {n} differs at {i}: expected {e[i]:x}, got {a[i]:x}")
        expected
        actual

let private agrees label program arguments =
    let expected = evaluated program arguments

    for bits in widths do
        sameBits $"{label}, {bits} bits" expected (run bits program arguments)

[<Fact>]
let ``Random loop programs give the bits of the evaluator on every width`` () =
    for seed in 1..300 do
        let size = 10 + seed % 90
        agrees $"seed {seed}" (RandomLoops.program seed size) (RandomLoops.arguments seed)

[<Fact>]
let ``Programs cut into many methods, with few locals, give the same bits`` () =
    for seed in 301..400 do
        let program = RandomLoops.program seed (20 + seed % 180)
        let arguments = RandomLoops.arguments seed
        let expected = evaluated program arguments

        for bits in widths do
            let tight = { settings bits with MethodLimit = 60 + seed % 200; Pool = 4; InlineBudget = 30 }

            let code = Compiler.compile tight program
            sameBits $"seed {seed}, {bits} bits" expected (runCode code arguments)
