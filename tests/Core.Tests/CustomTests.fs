// Operations from outside: eager and traced, derivatives from either rule, batches, text, digest, common subexpressions, folding;
// operations that break their contract, and rules that Custom.check refuses.
module Ppl.Core.Tests.CustomTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.Values
open Ppl.Core.Tests.CustomCases

let private x = Tensor.OfFloats [| 0.3; -1.2; 0.8 |]
let private y = Tensor.OfFloats [| 1.5; 0.4; -0.7 |]

/// The only result for one argument.
let private single (op: CustomOperation) (x: Tensor) = Array.head (op.Apply [| x |])

let private refused id (f: unit -> unit) =
    let error = Assert.Throws<PplException> f
    Assert.Equal(id, error.Id)
    error

/// x^3 with a part to be replaced.
type private Cube(?vjp, ?jvp, ?evaluate, ?batch) =
    inherit CustomOperation("cube", "1")

    override _.ResultTypes arguments = [| arguments[0] |]

    override _.Evaluate arguments =
        match evaluate with
        | Some f -> f arguments
        | None -> [| arguments[0] * Ops.square arguments[0] |]

    override _.Vjp(arguments, _, cotangents) : Tensor[] | null =
        match vjp with
        | Some rule -> [| rule arguments[0] cotangents[0] |]
        | None -> null

    override _.Jvp(arguments, _, tangents) : Tensor[] | null =
        match jvp with
        | Some rule -> [| rule arguments[0] tangents[0] |]
        | None -> null

    override _.Batch(_, arguments, _) : Tensor[] | null =
        match batch with
        | Some rule -> [| rule arguments[0] |]
        | None -> null

let private right (x: Tensor) (t: Tensor) = t * (3.0 * Ops.square x)
let private wrong (x: Tensor) (t: Tensor) = t * (3.0 * x)

[<Fact>]
let ``concrete and traced tensors give the same`` () =
    let eager = twist.Apply [| x; y |]
    let program = Trace.program [| x.Type; y.Type |] (fun xs -> twist.Apply xs)
    Verify.program program
    let results = Reference.run program [| x.Value; y.Value |]
    Array.iter2 (fun (a: Tensor) b -> assertSame "twist" a.Value b) eager results
    assertSame "sum" (Literal.f64 (0.3 * 1.5 + -1.2 * 0.4 + 0.8 * -0.7)) results[1]

[<Fact>]
let ``one rule gives both directions, and second derivatives`` () =
    for op in [ Cube(vjp = right); Cube(jvp = right); Cube(vjp = right, jvp = right) ] do
        let f x = single op x
        let cube (x: Tensor) = x * Ops.square x
        let near what (a: Tensor) (b: Tensor) = Assert.True(distance a.Value b.Value < 1e-12, what)
        near "reverse" (Grad.grad (cube >> Ops.sum) x) (Grad.grad (f >> Ops.sum) x)
        let forward (f: Tensor -> Tensor) = (snd (Jvp.jvp (fun xs -> [| f xs[0] |]) [| x |] [| y |]))[0]
        near "forward" (forward cube) (forward f)
        near "Hessian" (Jacobians.hessian (cube >> Ops.sum) x) (Jacobians.hessian (f >> Ops.sum) x)

[<Fact>]
let ``without a rule a derivative is an error that names the operation`` () =
    let op = Cube()
    let error = refused "PPL5006" (fun () -> Grad.grad (fun x -> Ops.sum (single op x)) x |> ignore)
    Assert.Contains("'cube' (version 1)", error.Message)
    refused "PPL5006" (fun () -> Jvp.jvp (fun xs -> op.Apply xs) [| x |] [| y |] |> ignore) |> ignore
    // As a constant it needs none.
    let gradient = Grad.grad (fun x -> Ops.sum (x * single op (Ops.stopGradient x))) x
    assertSame "constant" (x * Ops.square x).Value gradient.Value

[<Fact>]
let ``batches are the lanes, by a rule or one by one`` () =
    let xs = Ops.stack [| x; y; x + y |]
    let stacked = Vmap.vmapAll (fun xs -> twist.Apply xs) [| xs; xs |]
    let mixed = Vmap.vmapMany [| Some 0; None |] [| Some 0; Some 0 |] (fun xs -> twist.Apply xs) [| xs; y |]

    for lane in 0..2 do
        let both, one = twist.Apply [| xs[lane]; xs[lane] |], twist.Apply [| xs[lane]; y |]

        for i in 0..1 do
            assertSame "all vary" both[i].Value (Ops.at lane stacked[i]).Value
            assertSame "one varies" one[i].Value (Ops.at lane mixed[i]).Value

    let program = Vmap.program 3 [| true |] (Trace.program [| x.Type |] (fun xs -> bump.Apply xs))
    Assert.Equal(1, program.Equations.Length)

[<Fact>]
let ``texts name the operation and its version, and read back with them`` () =
    let program = Trace.program [| x.Type; y.Type |] (fun xs -> twist.Apply xs)
    let text = Text.print program
    Assert.Contains("custom[name=twist version=1] %0 %1", text)
    Assert.Equal(text, Text.print (Text.parseWith all text))
    let error = refused "PPL5007" (fun () -> Text.parse text |> ignore)
    Assert.Contains("no custom operation 'twist' of version 1", error.Message)
    let other = Trace.program [| x.Type; y.Type |] (fun xs -> (Twist "2").Apply xs)
    Assert.NotEqual<string>(Digest.ofProgram program, Digest.ofProgram other)

[<Fact>]
let ``equal calls are one, unused ones none, and known arguments are folded`` () =
    let calls (program: Program) = program.Equations |> Array.filter (fun eq -> eq.Primitive.IsCustom) |> Array.length

    let program =
        Trace.program [| x.Type; y.Type |] (fun xs ->
            bump.Apply [| xs[0] |] |> ignore
            let first, again = Twist("1").Apply xs, Twist("1").Apply xs
            [| first[0] + again[0]; first[1] |])

    Assert.Equal(2, calls program)
    Assert.Equal(1, calls (Simplify.program program))
    let known = Trace.program [| x.Type |] (fun xs -> [| xs[0] * single bump (Ops.exp y) |])
    Assert.Equal(0, calls (Compile.program [| x.Type |] (fun xs -> Trace.replay known xs)))

[<Fact>]
let ``what breaks its contract is refused`` () =
    let short = Cube(evaluate = (fun xs -> [| xs[0][..1] |]))
    let error = refused "PPL5010" (fun () -> short.Apply [| x |] |> ignore)
    Assert.Contains("Evaluate gave (f64[2]), ResultTypes said (f64[3])", error.Message)
    let rule = Cube(vjp = (fun x _ -> Ops.sum x))

    let error = refused "PPL5010" (fun () -> Grad.grad (fun x -> Ops.sum (single rule x)) x |> ignore)

    Assert.Contains("Vjp gave (f64[]), needed are (f64[3])", error.Message)
    refused "PPL5008" (fun () -> Twist "with space" |> ignore) |> ignore
    refused "PPL5001" (fun () -> twist.Apply [| x; Tensor.OfFloat 1.0 |] |> ignore) |> ignore

[<Fact>]
let ``check accepts right rules on every element type`` () =
    for x, y in [ x, y; Ops.toFloat32 x, Ops.toFloat32 y ] do
        Custom.check twist [| x; y |]
        Custom.check bump [| x |]

    for op in [ Cube(); Cube(vjp = right); Cube(jvp = right); Cube(batch = (fun x -> x * Ops.square x)) ] do
        Custom.check op [| x |]

[<Fact>]
let ``check refuses rules that are wrong and functions that are not pure`` () =
    let mutable calls = 0

    let counting (xs: Tensor[]) =
        calls <- calls + 1
        [| xs[0] + float calls |]

    for what, op in
        [
            "cotangent", Cube(vjp = wrong, jvp = right)
            "tangent", Cube(jvp = wrong)
            "tangent", Cube(vjp = right, jvp = wrong)
            "batch", Cube(batch = (fun x -> x * x))
            "different results", Cube(evaluate = counting)
        ] do
        let error = refused "PPL5011" (fun () -> Custom.check op [| x |])
        Assert.Contains(what, error.Message)
