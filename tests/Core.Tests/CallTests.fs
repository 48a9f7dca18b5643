// Parts of programs with their own way to be differentiated: checkpoints (computed again) and functions with a derivative
// given by hand. They are programs in the program: they print, read back, batch and have derivatives of every order.
module Ppl.Core.Tests.CallTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.TransformCases

let private floats (x: Tensor) = x.ToFloats()
let private vector n = TensorType.create DType.F64 (Shape.ofList [ n ])
let private one f (x: Tensor) : Tensor = (f [| x |]: Tensor[])[0]

// ---- checkpoints

let private layer (x: Tensor) = Ops.tanh (Ops.exp (Ops.sin x) - 1.0)
let private kept (x: Tensor) = Ops.sum (layer (layer (layer x)))

let private again (x: Tensor) =
    let layer = one (Control.checkpoint (fun xs -> [| layer xs[0] |]))
    Ops.sum (layer (layer (layer x)))

[<Fact>]
let ``checkpoints change no value and no derivative`` () =
    let x = Tensor.OfFloats [| 0.3; -0.8; 1.4 |]
    let direction = Tensor.OfFloats [| 1.0; 0.5; -2.0 |]
    Assert.Equal((kept x).ToFloat(), (again x).ToFloat())
    Assert.Equal<float[]>(floats (Grad.grad kept x), floats (Grad.grad again x))
    Assert.Equal<float[]>(floats (Jacobians.hvp kept x direction), floats (Jacobians.hvp again x direction))
    let reverse f = floats (Grad.grad (fun x -> Ops.sum (direction * Grad.grad f x)) x)
    Array.iter2 (fun (x: float) (y: float) -> Assert.Equal(x, y, 1e-14)) (reverse kept) (reverse again)
    let lanes = Ops.stack [| x; direction |]
    Assert.Equal<float[]>(floats (Vmap.vmap (Grad.grad kept) lanes), floats (Vmap.vmap (Grad.grad again) lanes))

[<Fact>]
let ``what a checkpoint computes is computed again and not shared, even after simplification`` () =
    let gradient f = Trace.program [| vector 3 |] (fun xs -> [| Grad.grad f xs[0] |])
    let plain, checkpointed = gradient kept, gradient again
    Assert.Equal(3, count "exp" plain)
    // Three runs forward (the last value aside, which no gradient needs), three again.
    Assert.Equal(6, count "exp" checkpointed)
    Assert.InRange(count "exp" (Simplify.program checkpointed), 5, 6)
    Assert.Equal(3, count "exp" (Simplify.program plain))

[<Fact>]
let ``a checkpoint computes nothing outside itself`` () =
    // The function uses tensors of its surroundings only; the exponential is inside all the same.
    let program =
        Trace.program [| vector 3 |] (fun xs -> Control.checkpoint (fun _ -> [| Ops.exp xs[0] |]) [||])

    Assert.Equal(1, program.Equations.Length)
    Assert.Equal(1, count "exp" program)

[<Fact>]
let ``scans with checkpoints are scans`` () =
    let a = Tensor.OfFloats [| 0.9; -0.4 |]
    let sequence length = Tensor.OfFloats(Array.init length (fun i -> sin (float i)))

    let sums (scan: int -> _ -> Tensor[] -> Tensor[] -> Tensor[] * Tensor[]) (x: Tensor) (a: Tensor) =
        let step (s: Tensor[]) (x: Tensor[]) =
            let next = Ops.tanh (s[0] * a + x[0])
            [| next |], [| Ops.sum next |]

        let state, ys = scan x.Shape[0] step [| a |] [| x |]
        Ops.sum state[0] + Ops.sum (Ops.square ys[0]), ys[0]

    for length in [ 0; 1; 2; 7; 9; 16; 17 ] do
        let x = sequence length
        let value, ys = sums (Control.scanBy false) x a
        let value', ys' = sums Control.scanCheckpointed x a
        Assert.Equal(value.Value, value'.Value)
        Assert.Equal(ys.Value, ys'.Value)
        let gradient scan = floats (Grad.grad (fun a -> fst (sums scan x a)) a)
        let plain, checkpointed = gradient (Control.scanBy false), gradient Control.scanCheckpointed
        Array.iter2 (fun (e: float) (a: float) -> Assert.Equal(e, a, 1e-13)) plain checkpointed

    let error =
        Assert.Throws<PplException>(fun () ->
            Control.scanCheckpointed 3 (fun s _ -> s, [||]) [| a |] [| sequence 4 |] |> ignore)

    Assert.Contains("a sequence of length 3 is needed, got f64[4]", error.Message)

// ---- derivatives given by hand

/// x^2 y, with a derivative that can be told from the usual one: it is right, and 1000 times as large in y.
let private marked (xs: Tensor[]) =
    Control.customGrad
        (fun xs -> [| Ops.square xs[0] * xs[1] |])
        (fun xs _ cs -> [| 2.0 * xs[0] * xs[1] * cs[0]; 1000.0 * Ops.square xs[0] * cs[0] |])
        xs

let private at (x: float) (y: float) = [| Ops.scalar x; Ops.scalar y |]

[<Fact>]
let ``the derivative is the one given`` () =
    let value, gradient = Grad.valueAndGradMany (fun xs -> (marked xs)[0]) (at 3.0 5.0)
    Assert.Equal(45.0, value.ToFloat())
    Assert.Equal(30.0, gradient[0].ToFloat())
    Assert.Equal(9000.0, gradient[1].ToFloat())

[<Fact>]
let ``forward derivatives are the transpose of the rule`` () =
    let ys, ts = Jvp.jvp marked (at 3.0 5.0) (at 1.0 10.0)
    Assert.Equal(45.0, ys[0].ToFloat())
    Assert.Equal(30.0 + 90000.0, ts[0].ToFloat())

[<Fact>]
let ``second derivatives differentiate the rule`` () =
    // d/dx of 2 x y c and d/dy of it.
    let f (z: Tensor) = (marked [| z[0]; z[1] |])[0]
    let z = Tensor.OfFloats [| 3.0; 5.0 |]
    let rows = Jacobians.jacobianReverse (Grad.grad f) z
    let columns = Jacobians.hessian f z
    Assert.Equal<float[]>([| 10.0; 6.0; 6000.0; 0.0 |], floats rows)
    Assert.Equal<float[]>([| 10.0; 6.0; 6000.0; 0.0 |], floats columns)

[<Fact>]
let ``rules are mapped, with sums for what the lanes share`` () =
    let xs = Tensor.OfFloats [| 1.0; 2.0; 3.0 |]
    let f (y: Tensor) = Ops.sum (Vmap.vmap (fun x -> (marked [| x; y |])[0]) xs)
    Assert.Equal(1000.0 * 14.0, (Grad.grad f (Ops.scalar 5.0)).ToFloat())
    let g (x: Tensor) = (Grad.grad (fun x -> (marked [| x; Ops.scalar 5.0 |])[0]) x)
    Assert.Equal<float[]>([| 10.0; 20.0; 30.0 |], floats (Vmap.vmap g xs))
    let h (y: Tensor) = Grad.grad (fun y -> Ops.sum (Vmap.vmap (fun x -> (marked [| x; y |])[0]) xs)) y
    Assert.Equal<float[]>([| 14000.0; 14000.0 |], floats (Vmap.vmap h (Tensor.OfFloats [| 1.0; 7.0 |])))

[<Fact>]
let ``the functions may capture, but no derivative passes what they capture`` () =
    let scaled (a: Tensor) (x: Tensor) =
        (Control.customGrad (fun xs -> [| a * xs[0] |]) (fun _ _ cs -> [| a * cs[0] |]) [| x |])[0]

    // a differs between lanes, and is traced.
    let slopes =
        Vmap.vmap
            (fun a -> Grad.grad (fun x -> Ops.square (scaled a x)) (Ops.scalar 3.0))
            (Tensor.OfFloats [| 1.0; 2.0 |])

    Assert.Equal<float[]>([| 6.0; 24.0 |], floats slopes)

    for derivative in [ Grad.grad; (fun f x -> (snd (Jvp.jvp (fun xs -> [| f xs[0] |]) [| x |] [| x |]))[0]) ] do
        let error =
            Assert.Throws<PplException>(fun () ->
                derivative (fun a -> scaled a (Ops.scalar 3.0)) (Ops.scalar 2.0) |> ignore)

        Assert.Equal("PPL5008", error.Id)
        Assert.Contains("captures", error.Message)

[<Fact>]
let ``the rule gives one cotangent per argument`` () =
    let wrong () =
        Control.customGrad (fun xs -> [| Ops.sum xs[0] |]) (fun _ _ cs -> cs) [| Tensor.OfFloats [| 1.0; 2.0 |] |]

    let error = Assert.Throws<PplException>(fun () -> wrong () |> ignore)
    Assert.Equal("PPL5001", error.Id)
    Assert.Contains("one cotangent per argument: expected (f64[2]), got (f64[])", error.Message)

[<Fact>]
let ``a derivative where there is none: rounding passes gradients straight through`` () =
    let straight (x: Tensor) = (Control.customGrad (fun xs -> [| Ops.floor xs[0] |]) (fun _ _ cs -> cs) [| x |])[0]
    let x = Tensor.OfFloats [| 1.7; -0.2 |]
    Assert.Equal<float[]>([| 2.0; -2.0 |], floats (Grad.grad (fun x -> Ops.sum (Ops.square (straight x))) x))

[<Fact>]
let ``a derivative past a loop of unknown length`` () =
    // sqrt by Newton's iteration; its derivative is known.
    let root (x: Tensor) =
        (Control.customGrad
            (fun xs ->
                let step (s: Tensor[]) = [| s[1]; 0.5 * (s[1] + xs[0] / s[1]) |]
                let final = Control.whileLoop (fun s -> Ops.notEqual s[0] s[1]) step [| xs[0]; 0.5 * (xs[0] + 1.0) |]
                [| final[1] |])
            (fun _ ys cs -> [| cs[0] / (2.0 * ys[0]) |])
            [| x |])[0]

    Assert.Equal(1.5, (root (Ops.scalar 2.25)).ToFloat())
    Assert.Equal(1.0 / 3.0, (Grad.grad root (Ops.scalar 2.25)).ToFloat(), 1e-15)
    // -1/4 x^(-3/2)
    Assert.Equal(-0.25 / 3.375, (Grad.grad (Grad.grad root) (Ops.scalar 2.25)).ToFloat(), 1e-15)
    let lanes = Tensor.OfFloats [| 1.0; 2.25; 4.0 |]
    Assert.Equal<float[]>([| 1.0; 1.5; 2.0 |], floats (Vmap.vmap root lanes))
    let slopes = floats (Vmap.vmap (Grad.grad root) lanes)
    Array.iter2 (fun (e: float) (a: float) -> Assert.Equal(e, a, 1e-15)) [| 0.5; 1.0 / 3.0; 0.25 |] slopes

[<Fact>]
let ``both are programs: they read back, and their digests tell the rules apart`` () =
    let program rule =
        Trace.program [| vector 2 |] (fun xs ->
            let y = (Control.customGrad (fun xs -> [| Ops.exp xs[0] |]) rule xs)[0]
            Control.checkpoint (fun ys -> [| Ops.sin ys[0] |]) [| y |])

    let first = program (fun _ ys cs -> [| ys[0] * cs[0] |])
    let second = program (fun _ ys cs -> [| 2.0 * ys[0] * cs[0] |])
    Verify.program first
    let text = Text.print first
    Assert.Equal(text, Text.print (Text.parse text))
    Assert.Equal(Digest.ofProgram first, Digest.ofProgram (Text.parse text))
    Assert.NotEqual<string>(Digest.ofProgram first, Digest.ofProgram second)
    // Simplification keeps both: the program may be differentiated after it.
    let simple = Simplify.program first
    Verify.program simple
    Assert.Equal(1, count "customGrad" simple)
    Assert.Equal(1, count "checkpoint" simple)

[<Fact>]
let ``derivatives given by hand outlive simplification, not compilation`` () =
    let double (x: Tensor) =
        (Control.customGrad (fun xs -> [| 2.0 * xs[0] |]) (fun _ _ cs -> [| 7.0 * cs[0] |]) [| x |])[0]

    let scalar = TensorType.scalar DType.F64
    let simple = Simplify.program (Trace.program [| scalar |] (fun xs -> [| double xs[0] |]))
    Assert.Equal(7.0, (Grad.grad (fun x -> (Trace.replay simple [| x |])[0]) (Ops.scalar 3.0)).ToFloat())
    let compiled = Compile.program [| scalar |] (fun xs -> [| double xs[0]; Grad.grad double xs[0] |])
    Assert.Equal(0, count "customGrad" compiled)
    Assert.Equal<Literal[]>([| Literal.f64 6.0; Literal.f64 7.0 |], Reference.run compiled [| Literal.f64 3.0 |])
