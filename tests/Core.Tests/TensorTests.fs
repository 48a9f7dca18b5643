// Tensors: the same function on concrete and on traced tensors, broadcasting, operators and errors; control flow and what its
// bodies may use; sharing of equal expressions.
module Ppl.Core.Tests.TensorTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.Values
open Ppl.Core.Tests.RandomBuild
open Ppl.Core.Tests.ShrinkPrograms
open Ppl.Core.Tests.TransformCases

let private scalarType = TensorType.scalar DType.F64
let private vectorType n = f64 (Shape.ofList [ n ])

let private fails id (action: unit -> unit) =
    let error = Assert.Throws<PplException>(action)
    Assert.Equal(id, error.Id)
    error.Message

// ---- concrete and traced

[<Fact>]
let ``concrete and traced tensors give the same bits`` () =
    for case in DifferentiableCases.all do
        let eager = case.Function(tensors case.At) |> values
        Array.iter2 (assertSame case.Name) (run case.Function case.At) eager

[<Fact>]
let ``random programs replay to the same results, concrete and traced`` () =
    forPrograms 400 AllTypes (fun case ->
        let expected = Reference.run case.Program case.Arguments
        Array.iter2 (assertSame "concrete") expected (Trace.replay case.Program (tensors case.Arguments) |> values)
        let again = traced (Trace.replay case.Program) case.Arguments
        Verify.program again
        Array.iter2 (assertSame "traced") expected (Reference.run again case.Arguments))

[<Fact>]
let ``reading and showing`` () =
    let x = Tensor.OfMatrix(array2D [ [ 1.0; 2.5 ]; [ 3.0; 4.0 ] ])
    Assert.Equal<float[]>([| 1.0; 2.5; 3.0; 4.0 |], x.ToFloats())
    Assert.Equal("f64[2,2] {1, 2.5, 3, 4}", string x)
    Assert.Equal("i32[9] {0, 1, 2, 3, 4, 5, 6, 7, ...}", string (Ops.iota 9))
    Assert.Contains("f64[2,2]", fails "PPL5001" (fun () -> x.ToFloat() |> ignore))
    Assert.Contains("i32", fails "PPL5002" (fun () -> (Ops.iota 2).ToFloats() |> ignore))
    let data = [| 1.0 |]
    let copied = Tensor.OfFloats data
    data[0] <- 2.0
    Assert.Equal<float[]>([| 1.0 |], copied.ToFloats())

[<Fact>]
let ``operators`` () =
    let x, y = Tensor.OfFloats [| 1.0; 4.0 |], Tensor.OfFloats [| 3.0; -2.0 |]
    let same expected (actual: Tensor) = Assert.Equal<float[]>(expected, actual.ToFloats())
    same [| 4.0; 2.0 |] (x + y)
    same [| 3.0; 6.0 |] (x + 2.0)
    same [| 3.0; 6.0 |] (2.0 + x)
    same [| -2.0; 6.0 |] (x - y)
    same [| 0.0; 3.0 |] (x - 1.0)
    same [| 0.0; -3.0 |] (1.0 - x)
    same [| 3.0; -8.0 |] (x * y)
    same [| 2.0; 8.0 |] (x * 2.0)
    same [| 2.0; 8.0 |] (2.0 * x)
    same [| 1.0 / 3.0; -2.0 |] (x / y)
    same [| 0.5; 2.0 |] (x / 2.0)
    same [| 2.0; 0.5 |] (2.0 / x)
    same [| -1.0; -4.0 |] (-x)
    same [| 4.0 |] (Ops.reshape (Shape.ofList [ 1 ]) x[1])

[<Theory>]
[<InlineData("", "3", "3")>]
[<InlineData("1", "3", "3")>]
[<InlineData("2,1", "3", "2,3")>]
[<InlineData("2,1", "1,4", "2,4")>]
[<InlineData("5,1,3", "2,1", "5,2,3")>]
[<InlineData("1", "0", "0")>]
let ``shapes are broadcast from the right`` (a: string, b: string, expected: string) =
    let shape (text: string) = Shape.ofArray (if text = "" then [||] else text.Split ',' |> Array.map int)
    let filled value text = Ops.fill (f64 (shape text)) value

    let sums =
        [
            filled 1.0 a + filled 2.0 b
            filled 2.0 b + filled 1.0 a
            Ops.select (Tensor.OfBool true) (filled 3.0 a) (filled 3.0 b)
        ]

    for sum in sums do
        assertSame "broadcast" (Literal.fill (f64 (shape expected)) 3.0) sum.Value

[<Fact>]
let ``misfits are refused with both types`` () =
    let x = Ops.fill (f64 (Shape.ofList [ 2; 3 ])) 1.0
    let y = Ops.fill (f64 (Shape.ofList [ 2 ])) 1.0

    let mentions (parts: string list) (message: string) =
        for part in parts do
            Assert.Contains(part, message)

    let both = [ "f64[2,3]"; "f64[2]" ]
    fails "PPL5001" (fun () -> x + y |> ignore) |> mentions ("add" :: both)
    fails "PPL5001" (fun () -> Ops.select (Ops.greater x x) x y |> ignore) |> mentions both
    fails "PPL5001" (fun () -> Ops.dot x y |> ignore) |> mentions ("dot" :: both)
    fails "PPL5002" (fun () -> y + Ops.iota 2 |> ignore) |> mentions [ "f64[2]"; "i32[2]" ]
    fails "PPL5003" (fun () -> Ops.sumAlong [| 2 |] x |> ignore) |> mentions [ "2"; "[2,3]" ]

    fails "PPL5001" (fun () -> Ops.reshape (Shape.ofList [ 5 ]) x |> ignore)
    |> mentions [ "f64[2,3]"; "[5]" ]

    fails "PPL5004" (fun () -> y[2] |> ignore) |> mentions [ "f64[2]" ]
    fails "PPL5003" (fun () -> (Ops.scalar 1.0)[0] |> ignore) |> mentions [ "f64[]" ]

[<Fact>]
let ``misfits are refused while tracing, with the same message`` () =
    let misfit (xs: Tensor[]) = [| xs[0] + xs[1] |]

    let eager =
        fails "PPL5001" (fun () -> misfit [| Ops.zeros (vectorType 2); Ops.zeros (vectorType 3) |] |> ignore)

    let traced = fails "PPL5001" (fun () -> Trace.program [| vectorType 2; vectorType 3 |] misfit |> ignore)
    Assert.Equal(eager, traced)

[<Fact>]
let ``the value of a traced tensor is refused with the way out`` () =
    let message =
        fails "PPL5005" (fun () ->
            Trace.program [| scalarType |] (fun xs -> if xs[0].ToFloat() > 0.0 then xs else [| -xs[0] |])
            |> ignore)

    Assert.Contains("Ops.select", message)
    Assert.Contains("Control.cond", message)

// ---- tracing

[<Fact>]
let ``equal expressions are one equation`` () =
    let program =
        Trace.program [| vectorType 3 |] (fun xs ->
            let wave () = Ops.sum (Ops.sin (xs[0] * 2.0))
            [| wave () + wave () |])

    Assert.Equal(1, count "sin" program)
    Assert.Equal(1, count "reduceSum" program)

[<Fact>]
let ``constants that differ in their bits are not equal`` () =
    let program =
        Trace.program [| scalarType |] (fun xs -> [| xs[0] / 0.0; xs[0] / -0.0; xs[0] * nan; xs[0] + nan |])

    Assert.Equal(3, count "constant" program)

[<Fact>]
let ``the function is traced once`` () =
    let mutable calls = 0

    let f (xs: Tensor[]) =
        calls <- calls + 1
        [| Ops.exp xs[0] |]

    let engine =
        { new IEngine with
            member _.Name = "none"

            member _.Compile program =
                { new ICompiled with
                    member _.Program = program
                    member _.NewInstance() = raise (NotSupportedException())
                    member _.Run arguments = Reference.run program arguments
                }
        }

    let compiled = Compile.func engine [| scalarType |] f
    compiled.Run [| Literal.f64 1.0 |] |> ignore
    compiled.Run [| Literal.f64 2.0 |] |> ignore
    Assert.Equal(1, calls)

    Compile.valueAndGrad engine 1 (fun x -> f [| x |] |> Array.head |> Ops.sum) |> ignore
    Assert.Equal(2, calls)

[<Fact>]
let ``steps and branches are traced once`` () =
    let mutable calls = 0

    let counted x =
        calls <- calls + 1
        x

    let scan (x: Tensor) = fst (Control.scanBy false 9 (fun s _ -> counted [| s[0] * 2.0 |], [||]) [| x |] [||])
    Trace.program [| scalarType |] (fun xs -> scan xs[0]) |> ignore
    Assert.Equal(1, calls)

    Trace.program [| scalarType |] (fun xs ->
        [| Control.cond (Ops.greater xs[0] (Ops.scalar 0.0)) (fun () -> counted xs[0]) (fun () -> counted (-xs[0])) |])
    |> ignore

    Assert.Equal(3, calls)

[<Fact>]
let ``a tensor that leaves its function is refused`` () =
    let mutable kept = Ops.scalar 0.0

    let keep () =
        Trace.program [| scalarType |] (fun xs ->
            kept <- Ops.exp xs[0]
            xs)
        |> ignore

    keep ()
    Assert.Contains("traced", fails "PPL5009" (fun () -> kept + 1.0 |> ignore))
    fails "PPL5005" (fun () -> kept.Value |> ignore) |> ignore
    // In another trace, whether it is computed with or only returned.
    fails "PPL5009" (fun () -> Trace.program [| scalarType |] (fun xs -> [| kept * kept + xs[0] |]) |> ignore)
    |> ignore

    fails "PPL5008" (fun () -> Trace.program [| scalarType |] (fun xs -> [| kept + xs[0] |]) |> ignore)
    |> ignore

    // Out of the step of a loop.
    fails "PPL5009" (fun () ->
        Trace.program [| scalarType |] (fun xs ->
            let step (s: Tensor[]) (_: Tensor[]) =
                kept <- s[0] * 2.0
                [| kept |], [||]

            Control.scanBy false 3 step xs [||] |> ignore
            [| kept + xs[0] |])
        |> ignore)
    |> ignore

// ---- control flow

[<Fact>]
let ``what a branch computes is computed there only`` () =
    // Both branches use nothing but tensors from outside; their equations must not move out.
    let program =
        Trace.program [| scalarType |] (fun xs ->
            let x = xs[0]

            let endless () =
                (Control.whileLoop (fun s -> Ops.less s[0] (Ops.scalar 2.0)) (fun s -> [| s[0] * 1.5 |]) [| x |])[0]

            let inner () = Control.cond (Ops.greater x (Ops.scalar 9.0)) (fun () -> Ops.cos x) (fun () -> Ops.sin x)
            [| Control.cond (Ops.greater x (Ops.scalar 0.0)) endless inner |])

    let outside = program.Equations |> Array.map (fun eq -> Primitive.name eq.Primitive)
    Assert.Equal<string[]>([| "constant"; "gt"; "cond" |], outside)
    // The loop would not end at -1.
    Assert.Equal(Literal.f64 (sin -1.0), (Reference.run program [| Literal.f64 -1.0 |])[0])
    Assert.Equal(Literal.f64 2.25, (Reference.run (Simplify.program program) [| Literal.f64 1.0 |])[0])

[<Fact>]
let ``what a loop computes from its surroundings alone is computed once, before it`` () =
    let program =
        Trace.program [| scalarType |] (fun xs ->
            fst (Control.scanBy false 5 (fun s _ -> [| s[0] + Ops.exp xs[0] |], [||]) [| xs[0] |] [||]))

    let outside = program.Equations |> Array.map (fun eq -> Primitive.name eq.Primitive)
    Assert.Equal<string[]>([| "exp"; "scan" |], outside)

[<Fact>]
let ``loops in loops use tensors of every level`` () =
    let f (xs: Tensor[]) =
        let a, v = xs[0], xs[1]

        let outer (s: Tensor[]) (x: Tensor[]) =
            let middle (t: Tensor[]) (y: Tensor[]) =
                // a from the function, s from the outer step, t and y from here; the branch captures all four.
                let next =
                    Control.cond (Ops.greater y[0] s[0]) (fun () -> t[0] * a + s[0]) (fun () -> t[0] - y[0] * x[0])

                [| next |], [| next * s[0] |]

            let state, ys = Control.scan middle [| s[0] + a |] [| v |]
            [| state[0] |], [| Ops.sum ys[0] |]

        let state, ys = Control.scan outer [| a |] [| v |]
        [| state[0]; ys[0] |]

    let expected (a: float) (v: float[]) =
        let mutable s = a

        let ys =
            v
            |> Array.map (fun x ->
                let start = s
                let mutable t, total = start + a, 0.0

                for y in v do
                    t <- if y > start then t * a + start else t - y * x
                    total <- total + t * start

                s <- t
                total)

        s, ys

    let v = [| 0.5; -1.0; 2.0 |]
    let s, ys = expected 0.75 v
    let args = [| Literal.f64 0.75; Values.f (List.ofArray v) |]

    for results in [ run f args; f (tensors args) |> values ] do
        Assert.Equal(Literal.f64 s, results[0])
        Assert.Equal(Values.f (List.ofArray ys), results[1])

[<Fact>]
let ``concrete branches run alone`` () =
    let chosen =
        Control.cond (Tensor.OfBool true) (fun () -> Ops.scalar 1.0) (fun () ->
            Assert.Fail "not this one"
            Ops.scalar 2.0)

    Assert.Equal(1.0, chosen.ToFloat())

[<Fact>]
let ``misfits of control flow`` () =
    let x = Ops.zeros (vectorType 3)
    let run f = Trace.program [| scalarType |] (fun xs -> f xs[0]) |> ignore
    let grow (s: Tensor[]) = [| Ops.stack [| s[0]; s[0] |] |]

    fails "PPL5001" (fun () -> run (fun a -> fst (Control.scan (fun s _ -> grow s, [||]) [| a |] [| x |])))
    |> ignore

    fails "PPL5001" (fun () -> run (fun a -> Control.whileLoop (fun s -> Ops.less s[0] a) grow [| a |]))
    |> ignore

    fails "PPL5008" (fun () -> run (fun a -> fst (Control.scan (fun s _ -> s, [||]) [| a |] [||])))
    |> ignore

    fails "PPL5001" (fun () -> run (fun a -> fst (Control.scanBy false 4 (fun s _ -> s, [||]) [| a |] [| x |])))
    |> ignore

    let p a = Ops.less a (Ops.scalar 0.0)

    fails "PPL5001" (fun () -> run (fun a -> [| Control.cond (p a) (fun () -> a) (fun () -> x) |]))
    |> ignore
