// Random well-typed tensor programs, lowered as usual and with nothing small, through machine code of every width:
// the bits of the loop evaluator (which the tests of lowering compare with the reference evaluator).
module Ppl.Engine.Tests.JitRandom

open Xunit
open Ppl.Core
open Ppl.Lowering
open Ppl.Jit
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms
open Ppl.Core.Tests.RandomLanes
open Ppl.Engine.Tests.LoopPrograms

let private flat (results: Literal[]) = results |> Array.map (fun result -> bitsOf result.Data)

let private check lowering change (case: Case) =
    let loops = Lower.programWith lowering case.Program
    let expected = flat (Evaluate.run loops case.Arguments)
    let arguments = case.Arguments |> Array.map (fun x -> x.Data) |> Array.toList

    for bits in widths do
        let actual =
            runCode (Compiler.compile (change (settings bits)) loops) arguments
            |> List.map bitsOf
            |> List.toArray

        if actual <> expected then
            Assert.Fail $"{bits} bits: expected %A{expected}\nactual %A{actual}\n{Print.program loops}"

let private tight settings = { settings with MethodLimit = 100; Pool = 4 }

[<Fact>]
let ``Exact programs have the bits of the loop evaluator`` () = forPrograms 200 Exact (check Lower.defaults id)

[<Fact>]
let ``Smooth programs have the bits of the loop evaluator`` () = forPrograms 200 Smooth (check Lower.defaults id)

[<Fact>]
let ``Programs with nothing small have the bits of the loop evaluator`` () =
    forPrograms 200 Smooth (check { Lower.defaults with Small = 2 } id)

[<Fact>]
let ``Programs cut small have the bits of the loop evaluator`` () = forPrograms 100 Smooth (check Lower.defaults tight)

[<Fact>]
let ``Programs mapped over lanes have the bits of the loop evaluator`` () =
    forPrograms 100 Smooth (inLanes >> check Lower.defaults id)
