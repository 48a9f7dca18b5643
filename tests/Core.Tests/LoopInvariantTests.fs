// What loops compute in every turn from the same values is computed in front of them, unless that might run what would never
// have run or cost more memory than it saves.
module Ppl.Core.Tests.LoopInvariantTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.TransformCases

let private parse (text: string) = Text.parse (text.Replace("\r", "").Trim() + "\n")

/// How many equations of this name are outside and inside of loops after simplification.
let private places name program =
    let simple = Simplify.program program
    Verify.program simple
    let outside = simple.Equations |> Array.filter (fun eq -> Primitive.name eq.Primitive = name)
    outside.Length, count name simple - outside.Length

let private scan length =
    parse
        $"""
program (%%0: f64[20], %%1: f64[20]) {{
  %%2: f64[20] = scan[constants=1 carry=1 length={length} reverse=false] %%0 %%1
    body (%%0: f64[20], %%1: f64[20]) {{
      %%2: f64[20] = exp %%0
      %%3: f64[20] = mul %%1 %%2
      return %%3
    }}
  return %%2
}}"""

[<Fact>]
let ``invariants leave scans of at least one step`` () =
    Assert.Equal((1, 0), places "exp" (scan 5))
    Assert.Equal((0, 1), places "exp" (scan 0))

let private loop size operation =
    parse
        $"""
program (%%0: f64[{size}], %%1: f64[{size}]) {{
  %%2: f64[{size}] = while[constants=1] %%0 %%1
    condition (%%0: f64[{size}], %%1: f64[{size}]) {{
      %%2: f64[{size}] = sin %%0
      %%3: f64[{size}] = sub %%2 %%1
      %%4: f64[] = reduceSum[axes=0] %%3
      %%5: f64[] = constant 0
      %%6: bool[] = gt %%4 %%5
      return %%6
    }}
    body (%%0: f64[{size}], %%1: f64[{size}]) {{
      {operation}
      %%3: f64[{size}] = add %%1 %%2
      return %%3
    }}
  return %%2
}}"""

[<Fact>]
let ``conditions run once at least, bodies may not run at all`` () =
    let cheap = loop 20 "%2: f64[20] = exp %0"
    Assert.Equal((1, 0), places "sin" cheap)
    Assert.Equal((1, 0), places "exp" cheap)
    Assert.Equal((0, 1), places "exp" (loop 100000 "%2: f64[100000] = exp %0"))

[<Fact>]
let ``a loop that may not end does not leave another loop that may not run`` () =
    let inner =
        """%2: f64[20] = while[constants=0] %0
        condition (%0: f64[20]) {
          %1: bool[] = constant true
          return %1
        }
        body (%0: f64[20]) {
          return %0
        }"""

    Assert.Equal((1, 1), places "while" (loop 20 inner))

[<Fact>]
let ``repetitions stay inside`` () =
    let program =
        parse
            """
program (%0: f64[], %1: f64[20]) {
  %2: f64[20] = scan[constants=1 carry=1 length=5 reverse=false] %0 %1
    body (%0: f64[], %1: f64[20]) {
      %2: f64[] = exp %0
      %3: f64[20] = broadcast[axes=] %2
      %4: f64[20] = sin %1
      %5: f64[20] = mul %3 %4
      return %5
    }
  return %2
}"""

    Assert.Equal((1, 0), places "exp" program)
    Assert.Equal((0, 1), places "broadcast" program)

[<Fact>]
let ``the results stay`` () =
    let xs =
        [| Values.f [ for i in 0..19 -> sin (float i) ]; Values.f [ for i in 0..19 -> cos (float i) ] |]

    for program in [ scan 5; scan 0; loop 20 "%2: f64[20] = exp %0" ] do
        Assert.Equal<Literal[]>(Reference.run program xs, Reference.run (Simplify.program program) xs)
