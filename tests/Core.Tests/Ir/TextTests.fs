// The text form: its look, the bits of constants, and the errors of the reader.
module Ppl.Core.Tests.TextTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tests.Values

let private constantOf (value: Literal) : Program =
    {
        Inputs = [||]
        Equations = [| { Primitive = Primitive.Constant value; Args = [||]; Outs = [| 0 |] } |]
        Outputs = [| 0 |]
        Types = [| value.Type |]
    }

let private again value = (Reference.run (Text.parse (Text.print (constantOf value))) [||])[0]

[<Fact>]
let ``programs print one equation per line`` () =
    let f64 = TensorType.create DType.F64 (Shape.ofList [ 3 ])

    let program: Program =
        {
            Inputs = [| 0; 1 |]
            Equations =
                [|
                    { Primitive = Primitive.Unary UnaryOp.Exp; Args = [| 0 |]; Outs = [| 2 |] }
                    { Primitive = Primitive.Reduce(ReduceOp.Sum, [| 0 |]); Args = [| 2 |]; Outs = [| 3 |] }
                |]
            Outputs = [| 3 |]
            Types = [| f64; TensorType.scalar DType.I32; f64; TensorType.scalar DType.F64 |]
        }

    let expected =
        "program (%0: f64[3], %1: i32[]) {\n  %2: f64[3] = exp %0\n  %3: f64[] = reduceSum[axes=0] %2\n  return %3\n}\n"

    Assert.Equal(expected, Text.print program)

[<Fact>]
let ``constants read back bit for bit`` () =
    let odd = BitConverter.Int64BitsToDouble 0x7FF8000000000123L

    let edges =
        [ 0.0; -0.0; nan; odd; -odd; infinity; -infinity; Double.Epsilon; Double.MaxValue; 0.1; 1.0 / 3.0 ]

    let rng = Random 11

    let anything =
        [ for _ in 1..2000 -> BitConverter.Int64BitsToDouble(rng.NextInt64(Int64.MinValue, Int64.MaxValue)) ]

    for value in
        [
            f edges
            f anything
            i [ Int32.MinValue; 0; Int32.MaxValue ]
            b [ true; false ]
            f [ 0.0; 0.0; 0.0 ]
            f [ 0.0; -0.0 ]
            f []
            Literal.f64 -0.0
            reals [ 2; 0 ] []
        ] do
        // Literals compare by bits.
        Assert.Equal(value, again value)

let private refused line (words: string list) (text: string) =
    let error = Assert.Throws<PplException>(fun () -> Text.parse text |> ignore)
    Assert.Equal("PPL5007", error.Id)
    Assert.Contains($"line {line}:", error.Message)
    List.iter (fun (word: string) -> Assert.Contains(word, error.Message)) words

let private body (lines: string list) = String.Join("\n", [ "program (%0: f64[3]) {" ] @ lines @ [ "}" ])

[<Fact>]
let ``the reader names the line and what is wrong`` () =
    refused 1 [ "program (inputs) {" ] "programme (%0: f64[3]) {"
    refused 1 [ "%0: f46[3]" ] "program (%0: f46[3]) {\n return\n}"
    refused 1 [ "%0 is assigned twice" ] "program (%0: f64[3], %0: f64[]) {\n return\n}"
    refused 2 [ "no primitive 'expp'" ] (body [ "%1: f64[3] = expp %0"; "return %1" ])
    refused 2 [ "%5 is used before" ] (body [ "%1: f64[3] = exp %5"; "return %1" ])
    refused 2 [ "%0 is assigned twice" ] (body [ "%0: f64[3] = exp %0"; "return %0" ])
    refused 2 [ "reduceSum needs axes=" ] (body [ "%1: f64[] = reduceSum %0"; "return %1" ])
    refused 2 [ "exp does not take" ] (body [ "%1: f64[3] = exp[axis=0] %0"; "return %1" ])
    refused 2 [ "axis 1"; "[3]" ] (body [ "%1: f64[] = reduceSum[axes=1] %0"; "return %1" ])
    refused 2 [ "exp gives (f64[3])"; "(f64[4])" ] (body [ "%1: f64[4] = exp %0"; "return %1" ])
    refused 2 [ "2 elements"; "f64[3]" ] (body [ "%1: f64[3] = constant 1 2"; "return %1" ])
    refused 2 [ "'x' is not a real number" ] (body [ "%1: f64[] = constant x"; "return %1" ])
    refused 2 [ "convert has one result" ] (body [ "= convert %0"; "return %0" ])
    refused 3 [ "'}'" ] (body [ "return %0"; "return %0" ])
    refused 4 [ "'more' follows" ] (body [ "return %0" ] + "\nmore")
    refused 2 [ "is not an equation" ] (body [ "exp %0"; "return %0" ])
    refused 2 [ "the text ends" ] "program (%0: f64[3]) {\n"
