// Reverse mode against central differences of the reference evaluator and against forward mode, first and second order, over
// every primitive; what it must not do: work for data, NaN from branches not taken, derivatives of endless loops.
module Ppl.Core.Tests.GradTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.Values
open Ppl.Core.Tests.TransformCases
open Ppl.Core.Tests.DifferentiableCases

let private constants (rng: Random) (ys: Tensor[]) = ys |> Array.map (fun y -> tensor (random rng y.Type))

/// The inner product of f(x) with fixed random c, over the real results, with fixed random c: a real function to be differentiated.
let private weighted f (xs: Tensor[]) =
    let ys: Tensor[] = f xs
    let cs = constants (Random 3) ys

    Array.map2
        (fun (c: Tensor) (y: Tensor) -> if DType.isReal y.DType then Ops.sum (c * y) else Ops.scalarLike xs[0] 0.0)
        cs
        ys
    |> Array.reduce (+)

let private gradient f (xs: Tensor[]) = snd (Grad.valueAndGradMany (weighted f) xs)
let private floatOf (xs: Literal[]) = (Literal.floats xs[0])[0]

let private close what (expected: float) (actual: float) scale =
    if not (abs (expected - actual) <= scale) then
        Assert.Fail $"{what}: expected {expected:R}, got {actual:R}"

[<Fact>]
let ``gradients agree with central differences`` () =
    for case in all do
        let program = traced (fun xs -> [| weighted case.Function xs |]) case.At
        let f xs = floatOf (Reference.run program xs)
        let gradients = run (gradient case.Function) case.At

        for k in 0..3 do
            let t = case.At |> Array.map (typeOf >> random (Random(20 + k)))
            let expected = slope 1e-3 f case.At t
            let actual, scale = pairing gradients t
            close case.Name expected actual (1e-8 * (1.0 + scale))

[<Fact>]
let ``gradients agree with forward mode`` () =
    for case in all do
        let t = case.At |> Array.map (typeOf >> random (Random 5))
        let gradients = run (gradient case.Function) case.At
        let forward (xs: Tensor[]) = snd (Jvp.jvp (fun xs -> [| weighted case.Function xs |]) xs (tensors t))
        let expected = floatOf (run forward case.At)
        let actual, scale = pairing gradients t
        close case.Name expected actual (1e-13 * (1.0 + 10.0 * scale))

[<Fact>]
let ``gradients of concrete tensors are those of traced ones`` () =
    for case in all do
        let eager = gradient case.Function (tensors case.At) |> values
        Array.iter2 (assertSame case.Name) (run (gradient case.Function) case.At) eager

let private second f (t: Literal[]) (xs: Tensor[]) =
    let along (xs: Tensor[]) =
        Array.map2 (fun (t: Literal) g -> Ops.sum (tensor t * g)) t (gradient f xs) |> Array.reduce (+)

    snd (Grad.valueAndGradMany along xs)

[<Fact>]
let ``second derivatives agree with differences of gradients, are symmetric and agree with forward over reverse`` () =
    for case in all do
        let t = case.At |> Array.map (typeOf >> random (Random 5))
        let u = case.At |> Array.map (typeOf >> random (Random 6))
        let ofGradient = traced (gradient case.Function) case.At
        let along xs = fst (pairing u (Reference.run ofGradient xs))
        let expected = slope 1e-3 along case.At t
        let actual, scale = pairing (run (second case.Function t) case.At) u
        close case.Name expected actual (1e-7 * (1.0 + scale))
        let turned, scale' = pairing (run (second case.Function u) case.At) t
        close $"{case.Name}: symmetry" actual turned (1e-11 * (1.0 + scale + scale'))
        let forward (xs: Tensor[]) = snd (Jvp.jvp (gradient case.Function) xs (tensors t))
        let mixed, scale'' = pairing (run forward case.At) u
        close $"{case.Name}: forward over reverse" actual mixed (1e-11 * (1.0 + scale + scale''))

[<Fact>]
let ``derivatives of special functions of second order`` () =
    let x = Tensor.OfFloat 1.7
    Assert.Equal((Ops.trigamma x).ToFloat(), (Grad.grad Ops.digamma x).ToFloat())
    let second = SpecialFunctions.polygamma (Ops.scalar 2.0) x
    Assert.Equal(second.ToFloat(), (Grad.grad Ops.trigamma x).ToFloat())
    let third = SpecialFunctions.polygamma (Ops.scalar 3.0) x
    Assert.Equal(third.ToFloat(), (Grad.grad (Grad.grad Ops.trigamma) x).ToFloat())

[<Fact>]
let ``incomplete gamma and beta functions have their derivatives by shapes`` () =
    let x = Ops.scalar 0.4

    let check name (f: Tensor -> Tensor) at =
        let value (a: float) = (f (Ops.scalar a)).ToFloat()
        let h = 1e-5 * at
        let slope = (value (at + h) - value (at - h)) / (2.0 * h)
        let exact = (Grad.grad f (Ops.scalar at)).ToFloat()
        Assert.True(abs (slope - exact) < 1e-8 * (1.0 + abs slope), $"{name} at {at}: {exact}, differences {slope}")

    for at in [ 0.3; 1.7; 12.0 ] do
        check "gammaP" (fun a -> SpecialFunctions.gammaP a (Ops.scalar 2.5)) at
        check "gammaQ" (fun a -> SpecialFunctions.gammaQ a (Ops.scalar 2.5)) at
        check "betaI by a" (fun a -> SpecialFunctions.betaI a (Ops.scalar 2.2) x) at
        check "betaI by b" (fun b -> SpecialFunctions.betaI (Ops.scalar 1.3) b x) at

[<Fact>]
let ``the third derivative of a product with zeros`` () =
    // d^3 (x y z) / dx dy dz = 1, at zeros too.
    let x = Tensor.OfFloats [| 0.0; 0.0; 5.0 |]
    let product (x: Tensor) = Ops.prodAlong [| 0 |] x
    let dx (x: Tensor) = (Grad.grad product x)[0]
    let dxdy (x: Tensor) = (Grad.grad dx x)[1]
    Assert.Equal<float[]>([| 0.0; 0.0; 1.0 |], (Grad.grad dxdy x).ToFloats())

let private broken: (string * (Tensor[] -> Tensor[] -> Tensor[])) list =
    [
        "a sign flipped", (fun _ g -> Array.map (~-) g)
        "a factor dropped", (fun xs g -> Array.map2 (fun (x: Tensor) g -> g / (1.0 + 0.01 * Ops.square x)) xs g)
        "a cotangent lost", (fun _ g -> g |> Array.mapi (fun i g -> if i = 0 then g else Ops.zerosLike g))
        "elements exchanged",
        (fun _ g -> g |> Array.map (fun g -> if g.Shape.Rank = 0 then g else Ops.reverse [| 0 |] g))
        "an element forgotten",
        (fun _ g -> g |> Array.map (fun g -> if g.Shape.Rank = 1 then g * Ops.toFloat (Ops.iota g.Shape.Count) else g))
    ]

[<Fact>]
let ``broken gradients fail the comparison with central differences`` () =
    for name, mutant in broken do
        let differs (case: Smooth) =
            let program = traced (fun xs -> [| weighted case.Function xs |]) case.At
            let t = case.At |> Array.map (typeOf >> random (Random 20))
            let expected = slope 1e-3 (fun xs -> floatOf (Reference.run program xs)) case.At t
            let gradients = run (fun xs -> mutant xs (gradient case.Function xs)) case.At
            let actual, scale = pairing gradients t
            not (abs (expected - actual) <= 1e-8 * (1.0 + scale))

        Assert.True(List.exists differs all, name)

// ---- what gradients must not do

[<Fact>]
let ``there is no work for data`` () =
    // y and x are arguments without a gradient: of the product with the design no transposed product is made for the
    // design itself, and the function of y alone has no backward part.
    let n, k = 50, 3
    let vector m = TensorType.create DType.F64 (Shape.ofList [ m ])
    let types = [| vector k; TensorType.create DType.F64 (Shape.ofList [ n; k ]); vector n |]

    let density (beta: Tensor) (x: Tensor) (y: Tensor) =
        Ops.sum (Ops.square (Ops.dot x beta - Ops.log (Ops.exp (Ops.sin y))))

    let program =
        Trace.program types (fun args -> [| Grad.grad (fun beta -> density beta args[1] args[2]) args[0] |])

    Assert.Equal(2, count "dot" program)
    Assert.Equal(0, count "cos" program)
    Assert.Equal(1, count "exp" program)

[<Fact>]
let ``what is carried but does not vary is not differentiated`` () =
    // The second carry is data. It grows by a loop of unknown length, which has no reverse derivative.
    let f (x: Tensor) =
        let step (s: Tensor[]) (_: Tensor[]) =
            let grown =
                Control.whileLoop (fun t -> Ops.less t[0] (Ops.scalar 4.0)) (fun t -> [| 2.0 * t[0] |]) [| s[1] |]

            [| s[0] * x + s[1]; grown[0] - 3.5 |], [||]

        (fst (Control.scanBy false 3 step [| x; Ops.scalar 0.5 |] [||]))[0]

    // s <- s x + c: ((x^2 + c0) x + c1) x + c2
    let expected = 4.0 * 1.5 ** 3.0 + 2.0 * 0.5 * 1.5 + 0.5
    Assert.Equal(expected, (Grad.grad f (Tensor.OfFloat 1.5)).ToFloat(), 1e-12)

[<Fact>]
let ``a loop of unknown length on the way has no gradient`` () =
    let f (x: Tensor) =
        (Control.whileLoop (fun s -> Ops.less s[0] (Ops.scalar 4.0)) (fun s -> [| 2.0 * s[0] |]) [| x |])[0]

    let error = Assert.Throws<PplException>(fun () -> Grad.grad f (Tensor.OfFloat 1.0) |> ignore)
    Assert.Equal("PPL5006", error.Id)
    Assert.Contains("Control.scan", error.Advice)

[<Fact>]
let ``the value must be a real scalar`` () =
    for f in [ id; Ops.iota 3 |> fun k -> (fun _ -> k) ] do
        let error =
            Assert.Throws<PplException>(fun () -> Grad.grad f (Tensor.OfFloats [| 1.0; 2.0 |]) |> ignore)

        Assert.Equal("PPL5001", error.Id)
        Assert.Contains("f64[]", error.Message)

[<Fact>]
let ``integers and truth values have zero gradients`` () =
    let xs = [| Tensor.OfFloat 2.0; Tensor.OfInt 3; Tensor.OfBool true |]
    let _, back = Grad.vjp (fun xs -> [| xs[0] * Ops.toFloat xs[1]; Ops.floor xs[0]; xs[1]; xs[2] |]) xs
    let results = back [| Ops.scalar 1.0; Ops.scalar 1.0; Tensor.OfInt 5; Tensor.OfBool true |] |> values
    Assert.Equal<Literal[]>([| Literal.f64 3.0; Literal.i32 0; Literal.bool false |], results)

[<Fact>]
let ``a branch that is not selected does not spoil the gradient`` () =
    // The value and the derivative of the branch not taken are NaN and infinite; what is selected is not.
    let at (f: Tensor -> Tensor) x = (Grad.grad (fun x -> Ops.sum (f x)) (Tensor.OfFloats x)).ToFloats()
    let zero = Ops.scalar 0.0
    let positive x = Ops.greater x zero
    // One select is enough where the derivative of the other branch is finite,
    Assert.Equal<float[]>([| 2.0; 0.5 |], at (fun x -> Ops.select (positive x) (Ops.log x) (2.0 * x)) [| -3.0; 2.0 |])
    // and where it is not, the argument is selected too.
    let safe (x: Tensor) =
        let inside = Ops.select (positive x) x (Ops.onesLike x)
        Ops.select (positive x) (Ops.sqrt inside) zero

    Assert.Equal<float[]>([| 0.0; 0.25 |], at safe [| 0.0; 4.0 |])
    // Constants that are not selected may be anything.
    let nans = Ops.fill (TensorType.create DType.F64 (Shape.ofList [ 2 ])) nan
    Assert.Equal<float[]>([| 6.0; 0.0 |], at (fun x -> Ops.select (positive x) (Ops.square x) nans) [| 3.0; -1.0 |])

[<Fact>]
let ``ties share the gradient`` () =
    let x = Tensor.OfFloats [| 1.0; 3.0; 3.0 |]
    Assert.Equal<float[]>([| 0.0; 0.5; 0.5 |], (Grad.grad (fun x -> Ops.maxAlong [| 0 |] x) x).ToFloats())
    let both (x: Tensor) = Ops.max x[1] x[2]
    Assert.Equal<float[]>([| 0.0; 0.5; 0.5 |], (Grad.grad both x).ToFloats())

[<Fact>]
let ``running extremes share the gradient among ties, running log-sum-exps give none to nothing`` () =
    let weighted (f: Tensor -> Tensor) (x: Tensor) = Ops.sum (Tensor.OfFloats [| 1.0; 10.0; 100.0; 1000.0 |] * f x)
    let at f xs = (Grad.grad (weighted f) (Tensor.OfFloats xs)).ToFloats()
    // y = 2 2 2 5: the second is shared by two, the third too.
    Assert.Equal<float[]>([| 56.0; 55.0; 0.0; 1000.0 |], at (Ops.cumulativeMax 0) [| 2.0; 2.0; 1.0; 5.0 |])
    Assert.Equal<float[]>([| 56.0; 55.0; 0.0; 1000.0 |], at (Ops.cumulativeMin 0) [| -2.0; -2.0; -1.0; -5.0 |])
    // What falls behind and comes back later does not tie with what it left.
    Assert.Equal<float[]>([| 1.0; 1110.0; 0.0; 0.0 |], at (Ops.cumulativeMax 0) [| 1.0; 3.0; 1.0; 2.0 |])

    let shares = at (Ops.cumulativeLogSumExp 0) [| -infinity; -infinity; 1.0; 1.0 |]

    for expected, actual in Array.zip [| 0.0; 0.0; 600.0; 500.0 |] shares do
        Assert.Equal(expected, actual, 1e-11)

    // The product of the others at a zero: d/dx_1 (x_0 x_1 x_2 x_3) = 2 * 3 * 5.
    Assert.Equal<float[]>(
        [| 1.0; 2.0 * 10.0 + 6.0 * 100.0 + 30.0 * 1000.0; 0.0; 0.0 |],
        at (Ops.cumulativeProd 0) [| 2.0; 0.0; 3.0; 5.0 |]
    )

[<Fact>]
let ``nothing passes stopGradient`` () =
    let x = Tensor.OfFloats [| 2.0; 3.0 |]
    let f (x: Tensor) = Ops.sum (x * Ops.stopGradient (Ops.square x))
    Assert.Equal<float[]>([| 4.0; 9.0 |], (Grad.grad f x).ToFloats())
    let _, tangents = Jvp.jvp (fun xs -> [| Ops.stopGradient xs[0] |]) [| x |] [| Ops.onesLike x |]
    Assert.Equal<float[]>([| 0.0; 0.0 |], tangents[0].ToFloats())

[<Fact>]
let ``powers at zero`` () =
    let slope exponent = (Grad.grad (fun x -> Ops.pow x (Ops.scalar exponent)) (Tensor.OfFloat 0.0)).ToFloat()
    Assert.Equal(0.0, slope 0.0)
    Assert.Equal(1.0, slope 1.0)
    Assert.Equal(0.0, slope 2.0)
    Assert.Equal(infinity, slope 0.5)
    let byExponent y = (Grad.grad (fun y -> Ops.pow (Ops.scalar 0.0) y) (Tensor.OfFloat y)).ToFloat()
    Assert.Equal(0.0, byExponent 2.0)

[<Fact>]
let ``the function is traced once`` () =
    let mutable calls = 0

    let f (x: Tensor) =
        calls <- calls + 1
        Ops.sum (Ops.square x)

    Grad.valueAndGrad f (Tensor.OfFloats [| 1.0; 2.0 |]) |> ignore
    Assert.Equal(1, calls)

/// Gradients, and directional derivatives, of the same function at the same arguments in f32.
[<Fact>]
let ``derivatives of f32 programs are those of f64 programs up to rounding`` () =
    for case in all do
        let rounded = case.At |> Array.map (fun x -> convertTo DType.F32 x |> convertTo DType.F64)
        let narrow = Array.map (convertTo DType.F32)

        let compare what (expected: Literal[]) (actual: Literal[]) =
            for wide, narrow in Array.zip expected actual do
                let scale = if isReal wide then 1.0 + Array.sumBy abs (Literal.widened wide) else 1.0
                Assert.Equal(narrowed wide.Type, narrow.Type)

                if isReal wide then
                    let distance = distance wide (convertTo DType.F64 narrow)
                    Assert.True(distance < 3e-5 * scale, $"{case.Name}: {what} differ by {distance}")

        compare "gradients" (run (gradient case.Function) rounded) (run (gradient case.Function) (narrow rounded))
        let t = rounded |> Array.map (typeOf >> random (Random 5))
        let forward (xs: Tensor[]) = snd (Jvp.jvp case.Function xs[.. case.At.Length - 1] xs[case.At.Length ..])

        compare
            "directional derivatives"
            (run forward (Array.append rounded t))
            (run forward (narrow (Array.append rounded t)))
