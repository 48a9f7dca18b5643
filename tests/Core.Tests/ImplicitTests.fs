// Functions defined by equations against closed forms: square roots, Kepler's equation, linear systems; their derivatives of
// both modes and second order, in maps; what does not converge; and errors.
module Ppl.Core.Tests.ImplicitTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms

let private options = IterationOptions.Default
let private floats (x: Tensor) = x.ToFloats()

let private close (tolerance: float) (expected: float[]) (actual: float[]) =
    Assert.Equal(expected.Length, actual.Length)

    Array.iter2
        (fun (e: float) (a: float) ->
            Assert.True(abs (e - a) <= tolerance * (1.0 + abs e), $"expected %A{expected}, got %A{actual}"))
        expected
        actual

/// Newton's iteration for y^2 = x.
let private root (x: Tensor) = Implicit.solve options (fun theta y -> Ops.square y - theta[0]) (Ops.onesLike x) [| x |]

/// Kepler: the eccentric anomaly E of E - e sin E = M, as a fixed point.
let private anomaly (e: Tensor) (m: Tensor) =
    Implicit.fixedPoint options (fun theta y -> theta[1] + theta[0] * Ops.sin y) m [| e; m |]

[<Fact>]
let ``square roots by Newton, with derivatives of two orders and both modes`` () =
    let at (f: Tensor -> Tensor) x = (f (Ops.scalar x)).ToFloat()

    for x in [ 0.3; 1.0; 2.0; 50.0 ] do
        let r = sqrt x

        close
            1e-14
            [| r; 0.5 / r; -0.25 / (x * r) |]
            [| at root x; at (Grad.grad root) x; at (Grad.grad (Grad.grad root)) x |]

        let forward (x: Tensor) = (snd (Jvp.jvp (fun xs -> [| root xs[0] |]) [| x |] [| Ops.scalar 3.0 |]))[0]
        close 1e-14 [| 1.5 / r |] [| at forward x |]
        close 1e-13 [| -0.25 / (x * r) |] [| at (fun x -> Jacobians.hvp root x (Ops.scalar 1.0)) x |]

[<Fact>]
let ``Kepler's equation and its derivatives`` () =
    // dE/dM = 1 / (1 - e cos E), dE/de = sin E / (1 - e cos E).
    for e, m in [ 0.1, 0.7; 0.5, 2.0; 0.8, 1.1 ] do
        let value, gradient =
            Grad.valueAndGradMany (fun xs -> anomaly xs[0] xs[1]) [| Ops.scalar e; Ops.scalar m |]

        let y = value.ToFloat()
        Assert.Equal(m, y - e * sin y, 1e-11)
        let slope = 1.0 / (1.0 - e * cos y)
        close 1e-11 [| sin y * slope; slope |] [| gradient[0].ToFloat(); gradient[1].ToFloat() |]

[<Fact>]
let ``a linear system`` () =
    // x with A x = b: derivatives A^-1 in b and -A^-T c x' in A. Its first pivot is zero.
    let a = Tensor.OfMatrix(array2D [ [ 0.0; 2.0; 1.0 ]; [ 1.0; -1.0; 0.5 ]; [ 3.0; 0.2; -1.0 ] ])
    let b = Tensor.OfFloats [| 1.0; -2.0; 0.5 |]
    let residual (theta: Tensor[]) (x: Tensor) = Ops.dot theta[0] x - theta[1]
    let solve a b = Implicit.solve options residual (Ops.zerosLike b) [| a; b |]
    let x = solve a b
    close 1e-14 (floats b) (floats (Ops.dot a x))
    let inverse = Jacobians.jacobian (solve a) b
    close 1e-14 [| for i in 0..8 -> if i % 4 = 0 then 1.0 else 0.0 |] (floats (Ops.dot a inverse))
    close 1e-14 (floats inverse) (floats (Jacobians.jacobianForward (solve a) b))
    let c = Tensor.OfFloats [| 0.3; 1.0; -0.6 |]
    let byMatrix = Grad.grad (fun a -> Ops.dot c (solve a b)) a
    let w = Ops.dot (Ops.transpose [| 1; 0 |] inverse) c
    let expected = -(Ops.reshape (Shape.ofList [ 3; 1 ]) w * Ops.reshape (Shape.ofList [ 1; 3 ]) x)
    close 1e-13 (floats expected) (floats byMatrix)

[<Fact>]
let ``two equations for two unknowns, against central differences`` () =
    // x^2 + y^2 = r, x y = s.
    let residual (theta: Tensor[]) (z: Tensor) =
        Ops.stack [| Ops.sum (Ops.square z) - theta[0][0]; z[0] * z[1] - theta[0][1] |]

    let f (t: Tensor) = Implicit.solve options residual (Tensor.OfFloats [| 2.0; 0.5 |]) [| t |]
    let at = [| 5.0; 1.5 |]
    let jacobian = floats (Jacobians.jacobian f (Tensor.OfFloats at))

    for j in 0..1 do
        let shifted h = floats (f (Tensor.OfFloats(at |> Array.mapi (fun i v -> if i = j then v + h else v))))
        let slopes = Array.map2 (fun a b -> (a - b) / 2e-5) (shifted 1e-5) (shifted -1e-5)
        close 1e-8 slopes [| jacobian[j]; jacobian[2 + j] |]

    let g (t: Tensor) = Ops.sum (Ops.exp (f t))
    let h = floats (Jacobians.hessian g (Tensor.OfFloats at))
    Assert.Equal(h[1], h[2], 1e-9)

[<Fact>]
let ``each lane converges by itself`` () =
    let xs = Tensor.OfFloats [| 0.01; 1.0; 2.0; 400.0 |]
    let together, slopes = floats (Vmap.vmap root xs), floats (Vmap.vmap (Grad.grad root) xs)

    for i in 0..3 do
        Assert.Equal((root xs[i]).ToFloat(), together[i])
        Assert.Equal((Grad.grad root xs[i]).ToFloat(), slopes[i])

[<Fact>]
let ``what does not converge is NaN`` () =
    Assert.True(Double.IsNaN((root (Ops.scalar -1.0)).ToFloat()))
    let endless = Implicit.fixedPoint options (fun _ y -> 2.0 * y) (Ops.scalar 1.0) [||]
    Assert.True(Double.IsNaN(endless.ToFloat()))

[<Fact>]
let ``what is captured is a constant, and types must fit`` () =
    let captured (x: Tensor) = Implicit.solve options (fun _ y -> Ops.square y - x) (Ops.scalar 1.0) [||]
    Assert.Equal(3.0, (captured (Ops.scalar 9.0)).ToFloat(), 1e-14)
    let error = Assert.Throws<PplException>(fun () -> Grad.grad captured (Ops.scalar 9.0) |> ignore)
    Assert.Equal("PPL5008", error.Id)

    let shapes =
        Assert.Throws<PplException>(fun () ->
            Implicit.solve options (fun _ y -> Ops.sum y) (Tensor.OfFloats [| 1.0; 2.0 |]) [||] |> ignore)

    Assert.Equal("PPL5001", shapes.Id)
    Assert.Contains("gives f64[] where the unknown is f64[2]", shapes.Message)

    let integers =
        Assert.Throws<PplException>(fun () ->
            Implicit.fixedPoint options (fun _ y -> y) (Tensor.OfInt 1) [||] |> ignore)

    Assert.Equal("PPL5002", integers.Id)
