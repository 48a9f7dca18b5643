// The meaning of control flow in the reference evaluator, with programs written in the text form.
module Ppl.Core.Tests.ControlTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tests.Values

let private runs (text: string) (args: Literal list) (expected: Literal list) =
    let program = Text.parse text
    Verify.program program
    let results = Reference.run program (List.toArray args)
    Assert.Equal(expected.Length, results.Length)
    List.iteri (fun n value -> assertSame $"result {n}" value results[n]) expected

[<Fact>]
let ``cond runs one branch`` () =
    let text =
        """
        program (%0: bool[], %1: f64[2]) {
          %2: f64[2], %3: f64[] = cond %0 %1
            whenTrue (%0: f64[2]) {
              %1: f64[] = reduceSum[axes=0] %0
              return %0 %1
            }
            whenFalse (%0: f64[2]) {
              %1: f64[2] = neg %0
              %2: f64[] = constant -0
              return %1 %2
            }
          return %2 %3
        }
        """

    runs text [ Literal.bool true; f [ 1.0; 2.0 ] ] [ f [ 1.0; 2.0 ]; Literal.f64 3.0 ]
    runs text [ Literal.bool false; f [ 1.0; 2.0 ] ] [ f [ -1.0; -2.0 ]; Literal.f64 -0.0 ]

[<Fact>]
let ``while tests before the first turn`` () =
    // (limit; i, x): x <- 2 x, i <- i + 1 while i < limit
    let text =
        """
        program (%0: i32[], %1: i32[], %2: f64[]) {
          %3: i32[], %4: f64[] = while[constants=1] %0 %1 %2
            condition (%0: i32[], %1: i32[], %2: f64[]) {
              %3: bool[] = lt %1 %0
              return %3
            }
            body (%0: i32[], %1: i32[], %2: f64[]) {
              %3: i32[] = constant 1
              %4: i32[] = add %1 %3
              %5: f64[] = add %2 %2
              return %4 %5
            }
          return %3 %4
        }
        """

    runs text [ Literal.i32 10; Literal.i32 0; Literal.f64 1.0 ] [ Literal.i32 10; Literal.f64 1024.0 ]
    runs text [ Literal.i32 3; Literal.i32 3; Literal.f64 1.5 ] [ Literal.i32 3; Literal.f64 1.5 ]

let private running reverse length =
    $"""
    program (%%0: i32[], %%1: i32[], %%2: i32[{length}]) {{
      %%3: i32[], %%4: i32[{length},1] = scan[constants=1 carry=1 length={length} reverse={reverse}] %%0 %%1 %%2
        body (%%0: i32[], %%1: i32[], %%2: i32[]) {{
          %%3: i32[] = mul %%1 %%0
          %%4: i32[] = add %%3 %%2
          %%5: i32[1] = reshape %%4
          return %%4 %%5
        }}
      return %%3 %%4
    }}
    """

[<Fact>]
let ``scan carries forwards and stacks`` () =
    let args = [ Literal.i32 10; Literal.i32 0; i [ 1; 2; 3 ] ]
    runs (running "false" 3) args [ Literal.i32 123; ints [ 3; 1 ] [ 1; 12; 123 ] ]

[<Fact>]
let ``a reverse scan carries from the back and stacks in place`` () =
    let args = [ Literal.i32 10; Literal.i32 0; i [ 1; 2; 3 ] ]
    runs (running "true" 3) args [ Literal.i32 321; ints [ 3; 1 ] [ 321; 32; 3 ] ]

[<Fact>]
let ``a scan of length zero gives back the carry and nothing stacked`` () =
    runs (running "false" 0) [ Literal.i32 10; Literal.i32 7; i [] ] [ Literal.i32 7; ints [ 0; 1 ] [] ]

[<Fact>]
let ``a scan without sequences repeats`` () =
    let text =
        """
        program (%0: f64[]) {
          %1: f64[] = scan[constants=0 carry=1 length=5 reverse=false] %0
            body (%0: f64[]) {
              %1: f64[] = square %0
              return %1
            }
          return %1
        }
        """

    runs text [ Literal.f64 2.0 ] [ Literal.f64 4294967296.0 ]

[<Fact>]
let ``arguments of other types are refused`` () =
    let program = Text.parse "program (%0: f64[3]) {\n return %0\n}"
    let error = Assert.Throws<PplException>(fun () -> Reference.run program [| f [ 1.0 ] |] |> ignore)
    Assert.Equal("PPL5001", error.Id)
    Assert.Contains("f64[3]", error.Message)
    Assert.Contains("f64[1]", error.Message)
