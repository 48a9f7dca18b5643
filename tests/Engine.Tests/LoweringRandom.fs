// Random well-typed programs: the loop program, interpreted, gives what the reference evaluator gives.
module Ppl.Engine.Tests.LoweringRandom

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Core.Tests
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms
open Ppl.Core.Tests.RandomLanes

/// No contraction of products, so that elementwise results have the bits of the reference.
let private exact = { Lower.defaults with FuseProducts = false }

/// Nothing is small: everything goes through loops and memory.
let private loops = { Lower.defaults with Small = 2 }

let private close (x: float) (y: float) =
    x = y
    || (Double.IsNaN x && Double.IsNaN y)
    || abs (x - y) <= 1e-9 * (1.0 + abs x + abs y)
    // Beyond this a difference of rounding may be an overflow on one side.
    || (abs x > 1e200 && (abs y > 1e200 || Double.IsNaN y))

let private agrees same (expected: Literal) (actual: Literal) =
    match expected.Data, actual.Data with
    | Storage.F64 xs, Storage.F64 ys -> Array.forall2 same xs ys
    | Storage.I32 xs, Storage.I32 ys -> xs = ys
    | Storage.Bool xs, Storage.Bool ys -> xs = ys
    | _ -> false

let private sameBits (x: float) (y: float) =
    // Equal zeros of either sign: max(-0, 0) inside a reduction depends on the order.
    x = y || (Double.IsNaN x && Double.IsNaN y)

let private check options same (case: Case) =
    let loopProgram = Lower.programWith options case.Program
    let expected = Reference.run case.Program case.Arguments
    let actual = Evaluate.run loopProgram case.Arguments

    if not (Array.forall2 (agrees same) expected actual) then
        Assert.Fail $"expected %A{expected}\nactual %A{actual}\n{Print.program loopProgram}"

[<Fact>]
let ``exact programs give the same bits`` () = forPrograms 400 Exact (check exact sameBits)

[<Fact>]
let ``exact programs give the same bits through loops`` () =
    forPrograms 400 Exact (check { exact with Small = 2 } sameBits)

[<Fact>]
let ``smooth programs agree up to rounding`` () = forPrograms 400 Smooth (check Lower.defaults close)

[<Fact>]
let ``smooth programs agree up to rounding through loops`` () = forPrograms 400 Smooth (check loops close)

[<Fact>]
let ``programs mapped over lanes agree up to rounding`` () =
    forPrograms 300 Smooth (inLanes >> check Lower.defaults close)

[<Fact>]
let ``programs mapped over lanes agree up to rounding through loops`` () =
    forPrograms 300 Smooth (inLanes >> check loops close)
