// Bijectors: round trips, log-determinants against numeric Jacobians, shapes, and refusals. Random points by FsCheck.
module Ppl.Core.Tests.ProbabilityBijectors

open System
open FsCheck
open FsCheck.FSharp
open MathNet.Numerics.LinearAlgebra
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability
open Xunit

let private scalar = Shape.scalar
let private vector n = Shape.ofList [ n ]
let private tensor (shape: Shape) (xs: float[]) = Tensor.OfLiteral(Literal.create shape (Storage.F64 xs))

/// Points of moderate size, at which central differences are good to about 1e-9.
let private points n = Gen.choose (-300, 300) |> Gen.map (fun i -> float i / 100.0) |> Gen.arrayOfLength n

let private check (gen: Gen<'a>) (property: 'a -> unit) =
    Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(1234UL, 5UL),
        Prop.forAll (Arb.fromGen gen) property
    )

let private close tolerance (expected: float) (actual: float) =
    if not (abs (expected - actual) <= tolerance * (1.0 + abs expected)) then
        failwith $"expected {expected:R}, got {actual:R}"

/// Supports of one event, with the event's shape.
let private supports: (string * Support * Shape) list =
    [
        "real", Support.Real, scalar
        "real vector", Support.Real, vector 3
        "positive", Support.Positive, scalar
        "positive vector", Support.Positive, vector 2
        "nonnegative", Support.Nonnegative, scalar
        "greater than -1.5", Support.GreaterThan(Tensor.OfFloat -1.5), scalar
        "less than 2.5", Support.LessThan(Tensor.OfFloat 2.5), scalar
        "interval (-1, 3)", Support.Interval(Tensor.OfFloat -1.0, Tensor.OfFloat 3.0), scalar
        "intervals", Support.Interval(Tensor.OfFloats [| -1.0; 0.0 |], Tensor.OfFloats [| 3.0; 0.5 |]), vector 2
        "unit interval", Support.UnitInterval, scalar
        "ordered", Support.Ordered, vector 4
        "ordered pair", Support.Ordered, vector 2
        "ordered singleton", Support.Ordered, vector 1
        "positive-ordered", Support.PositiveOrdered, vector 4
        "simplex 2", Support.Simplex, vector 2
        "simplex 3", Support.Simplex, vector 3
        "simplex 6", Support.Simplex, vector 6
    ]

let names: TheoryData<string> = TheoryData<string>(supports |> List.map (fun (name, _, _) -> name))
let private find name = supports |> List.find (fun (n, _, _) -> n = name)

/// ln |det| of the central-difference Jacobian of u -> x, on the first d coordinates of x.
let private numericLogDet (bijector: Bijector) (u: float[]) =
    let d = u.Length
    let h = 1e-5

    let at (v: float[]) = (fst (bijector.FromReal(tensor bijector.UnconstrainedShape v))).ToFloats()

    let column j =
        let moved sign = at (Array.mapi (fun i x -> if i = j then x + sign * h else x) u)
        Array.map2 (fun a b -> (a - b) / (2.0 * h)) (moved 1.0) (moved -1.0)

    let columns = Array.init d column
    let matrix = Matrix<float>.Build.Dense(d, d, fun i j -> columns[j][i])
    log (abs (matrix.Determinant()))

[<Theory; MemberData(nameof names)>]
let ``log-determinant is that of the numeric Jacobian`` name =
    let _, support, event = find name
    let bijector = Bijector.ofSupport support event scalar

    check (points bijector.UnconstrainedShape.Count) (fun u ->
        let _, logDet = bijector.FromReal(tensor bijector.UnconstrainedShape u)
        close 1e-6 (numericLogDet bijector u) (logDet.ToFloat()))

[<Theory; MemberData(nameof names)>]
let ``values are in the support and map back`` name =
    let _, support, event = find name
    let bijector = Bijector.ofSupport support event scalar

    check (points bijector.UnconstrainedShape.Count) (fun u ->
        let x, _ = bijector.FromReal(tensor bijector.UnconstrainedShape u)
        Assert.Equal(event, x.Shape)
        Assert.Equal(None, Support.check support x.Value)
        Array.iter2 (close 1e-9) u ((bijector.ToReal x).ToFloats()))

[<Theory; MemberData(nameof names)>]
let ``a batch is its events one by one`` name =
    let _, support, event = find name
    let one = Bijector.ofSupport support event scalar
    let three = Bijector.ofSupport support event (vector 3)
    let size = one.UnconstrainedShape.Count
    Assert.Equal(Shape.prepend 3 one.UnconstrainedShape, three.UnconstrainedShape)

    check (points (3 * size)) (fun u ->
        let xs, logDets = three.FromReal(tensor three.UnconstrainedShape u)
        Assert.Equal(vector 3, logDets.Shape)

        for i in 0..2 do
            let x, logDet = one.FromReal(tensor one.UnconstrainedShape (Array.sub u (i * size) size))
            Assert.Equal<float[]>(x.ToFloats(), xs[i].ToFloats())
            Assert.Equal(logDet.ToFloat(), logDets.ToFloats()[i]))

[<Theory; MemberData(nameof names)>]
let ``traced and eager agree`` name =
    let _, support, event = find name
    let bijector = Bijector.ofSupport support event (vector 2)
    let ty = TensorType.create DType.F64 bijector.UnconstrainedShape

    let program =
        Trace.program [| ty |] (fun args -> let x, j = bijector.FromReal args[0] in [| x; j; bijector.ToReal x |])

    check (points ty.Shape.Count) (fun u ->
        let u = tensor ty.Shape u
        let x, j = bijector.FromReal u
        let traced = Trace.replay program [| u |]
        let eager = [| x; j; bijector.ToReal x |]
        Array.iter2 (fun (a: Tensor) (b: Tensor) -> Assert.Equal(a.Value, b.Value)) eager traced)

[<Fact>]
let ``a missing Jacobian would be seen`` () =
    // The test above must reject the known-wrong variant "log-determinant 0".
    for name in [ "positive"; "interval (-1, 3)"; "ordered"; "simplex 3" ] do
        let _, support, event = find name
        let bijector = Bijector.ofSupport support event scalar
        let u = Array.init bijector.UnconstrainedShape.Count (fun i -> 0.7 + float i)
        Assert.True(abs (numericLogDet bijector u) > 1e-3, name)

[<Fact>]
let ``logit stays finite far out`` () =
    let bijector = Bijector.ofSupport Support.UnitInterval scalar scalar

    for u in [ -700.0; -40.0; 40.0; 700.0 ] do
        let _, logDet = bijector.FromReal(Tensor.OfFloat u)
        close 1e-12 (-abs u) (logDet.ToFloat())

[<Fact>]
let ``unit vectors: uniform directions and a standard normal radius`` () =
    // exp(log-determinant) is the density of n standard normal variables over that of a uniform direction, 1/area.
    let areas = [ 2, 2.0 * Math.PI; 3, 4.0 * Math.PI; 4, 2.0 * Math.PI * Math.PI ]

    for n, area in areas do
        let bijector = Bijector.ofSupport Support.UnitVector (vector n) scalar

        check (points n |> Gen.filter (fun u -> Array.sumBy (fun x -> x * x) u > 1e-3)) (fun u ->
            let x, logDet = bijector.FromReal(tensor (vector n) u)
            let r2 = Array.sumBy (fun v -> v * v) u
            Assert.Equal(None, Support.check Support.UnitVector x.Value)
            Array.iter2 (close 1e-12) (Array.map (fun v -> v / sqrt r2) u) (x.ToFloats())
            close 1e-12 (log area - 0.5 * float n * log (2.0 * Math.PI) - 0.5 * r2) (logDet.ToFloat()))

[<Fact>]
let ``discrete supports are refused`` () =
    let discrete =
        [ Support.Boolean; Support.NonnegativeInteger; Support.IntegerInterval(0, Tensor.OfInt 15) ]

    for support in discrete do
        let error = Assert.Throws<PplException>(fun () -> Bijector.ofSupport support scalar scalar |> ignore)
        Assert.Equal("PPL6010", error.Id)
        Assert.Contains(Support.describe support, error.What)

[<Fact>]
let ``vectors need an axis`` () =
    for support in [ Support.Ordered; Support.PositiveOrdered; Support.Simplex; Support.UnitVector ] do
        let error = Assert.Throws<PplException>(fun () -> Bijector.ofSupport support scalar scalar |> ignore)
        Assert.Equal("PPL5001", error.Id)
