// Densities as densities: they integrate to 1 with the moments that the families state, they are -inf with gradient zero
// outside the support, and their shapes keep the contract.
module Ppl.Core.Tests.ProbabilityDensities

open System
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Core.Tests.ProbabilityCatalogue
open Xunit

let cases = caseTable ()

/// Points x_i and weights w_i with sum w_i f(x_i) = integral of f over the support: the trapezoidal rule after a
/// substitution under which the integrand is smooth and vanishes at both ends (where the rule converges geometrically).
let private rule (distribution: IDistribution) (family: string, parameters: float list) =
    let grid low high n = Array.init n (fun i -> low + (high - low) * (float i + 0.5) / float n), (high - low) / float n

    match distribution.Support with
    | Support.Real ->
        let scale = List.last parameters
        let loc = parameters[parameters.Length - 2]
        // Both sides of loc on their own: a density may have a kink there.
        let u, h = grid -50.0 50.0 20001
        let side sign = u |> Array.map (fun u -> loc + sign * scale * exp u)
        let weights = u |> Array.map (fun u -> h * scale * exp u)
        Array.append (side -1.0) (side 1.0), Array.append weights weights
    | support ->
        let low, high =
            match family with
            | "beta" -> -36.0, 36.0
            | "uniform" -> -36.0, 36.0
            | _ -> -250.0, 50.0

        let u, h = grid low high 40001
        let bijector = Bijector.ofSupport support Shape.scalar (Shape.ofList [ u.Length ])
        let x, logDet = bijector.FromReal(Tensor.OfFloats u)
        x.ToFloats(), logDet.ToFloats() |> Array.map (fun j -> h * exp j)

/// All masses that matter.
let private masses (distribution: IDistribution) =
    let last =
        match distribution.Support with
        | Support.Boolean -> 1
        | Support.IntegerInterval(_, high) -> (Literal.ints high.Value)[0]
        | _ -> 2000

    let xs = Array.init (last + 1) float
    xs, Array.create xs.Length 1.0

let private close tolerance expected actual what =
    Assert.True(
        abs (expected - actual) <= tolerance * (1.0 + abs expected),
        $"{what}: expected {expected:R}, got {actual:R}"
    )

[<Theory; MemberData(nameof cases)>]
let ``integrates to 1, with the stated moments`` (index: int, name: string) =
    let case = scalarCases[index]
    let distribution = ofCase case

    let xs, ws =
        if Support.isDiscrete distribution.Support then
            masses distribution
        else
            rule distribution case

    let density = Array.map2 (fun w l -> w * exp l) ws (logDensities distribution xs)
    let expectation f = Array.fold2 (fun total x p -> if p > 0.0 then total + p * f x else total) 0.0 xs density
    // A beta density with a pole at 1 loses the mass within rounding of 1.
    let tolerance = if fst case = "beta" then 1e-7 else 1e-10
    close tolerance 1.0 (Array.sum density) name

    match distribution.Mean, distribution.Variance with
    | Some mean, Some variance ->
        let m = mean.ToFloat()
        close (10.0 * tolerance) m (expectation id) $"{name}, mean"
        close (10.0 * tolerance) (variance.ToFloat()) (expectation (fun x -> (x - m) ** 2.0)) $"{name}, variance"
    | None, None -> Assert.Contains("auchy", name)
    | _ -> failwith $"{name}: one moment without the other"

[<Fact>]
let ``moments are absent exactly where they do not exist`` () =
    let moments (d: IDistribution) = d.Mean.IsSome, d.Variance.IsSome
    Assert.Equal((false, false), moments (studentT 1.0 0.0 1.0))
    Assert.Equal((true, false), moments (studentT 2.0 0.0 1.0))
    Assert.Equal((true, true), moments (studentT 2.01 0.0 1.0))
    Assert.Equal((false, false), moments (studentT [| 3.0; 1.0 |] 0.0 1.0))
    Assert.Equal((false, false), moments (inverseGamma 1.0 1.0))
    Assert.Equal((true, false), moments (inverseGamma 2.0 1.0))
    Assert.Equal((true, true), moments (inverseGamma 2.5 1.0))
    Assert.Equal((false, false), moments (cauchy 0.0 1.0))
    Assert.Equal((false, false), moments (halfCauchy 1.0))

/// A square grid on R^2 with its cell area.
let private plane half n =
    let step = 2.0 * half / float n
    let at i = -half + step * (float i + 0.5)

    Array.init (2 * n * n) (fun k -> let cell = k / 2 in if k % 2 = 0 then at (cell / n) else at (cell % n)),
    step * step

[<Fact>]
let ``dirichlet integrates to 1 with its moments`` () =
    let d = dirichlet [| 0.8; 2.0; 3.5 |]
    let u, area = plane 30.0 400
    let count = u.Length / 2
    let bijector = Bijector.ofSupport Support.Simplex d.Event (Shape.ofList [ count ])

    let x, logDet =
        bijector.FromReal(Tensor.OfLiteral(Literal.create bijector.UnconstrainedShape (Storage.F64 u)))

    let density = Ops.exp ((d.Expand [ count ]).LogDensity x + logDet) * area
    close 1e-9 1.0 ((Ops.sum density).ToFloat()) "total"
    let mean = Ops.dot density x
    let square = Ops.dot density (Ops.square x)
    Array.iter2 (fun e a -> close 1e-9 e a "mean") (d.Mean.Value.ToFloats()) (mean.ToFloats())
    let variance = square - Ops.square mean
    Array.iter2 (fun e a -> close 1e-9 e a "variance") (d.Variance.Value.ToFloats()) (variance.ToFloats())

[<Fact>]
let ``multivariate normal integrates to 1 with its moments`` () =
    let d = multivariateNormalCholesky [| 0.5; -1.0 |] (array2D [ [ 1.5; 0.0 ]; [ -0.7; 0.8 ] ])
    let u, area = plane 15.0 300
    let count = u.Length / 2
    let x = Tensor.OfLiteral(Literal.create (Shape.ofList [ count; 2 ]) (Storage.F64 u))
    let density = Ops.exp ((d.Expand [ count ]).LogDensity x) * area
    close 1e-9 1.0 ((Ops.sum density).ToFloat()) "total"
    let mean = Ops.dot density x
    Array.iter2 (fun e a -> close 1e-9 e a "mean") (d.Mean.Value.ToFloats()) (mean.ToFloats())
    let variance = Ops.dot density (Ops.square (x - mean))
    Array.iter2 (fun e a -> close 1e-9 e a "variance") (d.Variance.Value.ToFloats()) (variance.ToFloats())
    let covariance = Ops.dot density (Ops.slice 1 0 1 (x - mean) * Ops.slice 1 1 2 (x - mean))
    close 1e-9 (1.5 * -0.7) (covariance.ToFloats()[0]) "covariance"

/// Family, parameters, points outside the support.
let private outside: (string * float list * float list) list =
    [
        "exponential", [ 2.0 ], [ 0.0; -0.0; -1e-300; -3.0; -infinity ]
        "halfNormal", [ 2.0 ], [ -1e-300; -3.0; -infinity ]
        "halfCauchy", [ 2.0 ], [ -1e-300; -3.0; -infinity ]
        "logNormal", [ 0.0; 1.0 ], [ 0.0; -3.0 ]
        "gamma", [ 0.5; 1.0 ], [ 0.0; -3.0 ]
        "inverseGamma", [ 0.5; 1.0 ], [ 0.0; -3.0 ]
        "beta", [ 0.5; 2.0 ], [ 0.0; 1.0; -0.5; 1.5; infinity ]
        "uniform", [ -1.0; 2.0 ], [ -1.0; 2.0; 3.0; -7.0 ]
        "bernoulli", [ 0.3 ], [ -1.0; 2.0 ]
        "bernoulliLogit", [ 0.3 ], [ -1.0; 2.0 ]
        "binomial", [ 3.0; 0.3 ], [ -1.0; 4.0; 2e9 ]
        "binomialLogit", [ 3.0; 0.3 ], [ -1.0; 4.0; -2e9 ]
        "poisson", [ 0.3 ], [ -1.0; -2e9 ]
        "poissonLog", [ 0.3 ], [ -1.0; -5.0 ]
        "negativeBinomial2", [ 0.3; 0.4 ], [ -1.0; -5.0 ]
    ]

/// The log density at a point, and its derivatives with respect to all real arguments.
let private withGradient (make: Tensor[] -> IDistribution) (args: Tensor[]) =
    let real = args |> Array.filter (fun a -> a.DType = DType.F64)

    let f (moved: Tensor[]) =
        let moving = System.Collections.Generic.Queue<Tensor> moved
        let all = args |> Array.map (fun a -> if a.DType = DType.F64 then moving.Dequeue() else a)
        (make all[.. all.Length - 2]).LogDensity all[all.Length - 1]

    let value, gradients = Grad.valueAndGradMany f real
    value.ToFloat(), gradients |> Array.collect (fun g -> g.ToFloats())

[<Fact>]
let ``outside the support: -inf with gradient zero`` () =
    for family, parameters, points in outside do
        for x in points do
            let parameters = parameters |> List.mapi (fun n p -> parameter family n [| p |]) |> List.toArray
            let integer = (make family parameters).DType = DType.I32

            let value, gradient =
                withGradient (make family) (Array.append parameters [| tensor 0 integer [| x |] |])

            Assert.True((value = -infinity), $"{family} at {x}: {value}")
            Assert.True(Array.forall (fun g -> g = 0.0) gradient, $"{family} at {x}: gradient %A{gradient}")

[<Fact>]
let ``outside the support of vectors and categories`` () =
    let check family parameters x integer =
        let parameters = parameters |> List.mapi (parameter family) |> List.toArray
        let value, gradient = withGradient (make family) (Array.append parameters [| x |])
        Assert.Equal(-infinity, value)
        Assert.True(Array.forall (fun g -> g = 0.0) gradient, $"{family} {integer}: gradient %A{gradient}")

    for x in [ [| 0.5; 0.6 |]; [| 1.0; 0.0 |]; [| 1.5; -0.5 |]; [| nan; 0.5 |] ] do
        check "dirichlet" [ [| 0.5; 2.0 |] ] (tensor 1 false x) false

    for k in [ -1; 3 ] do
        check "categorical" [ [| 0.5; 0.25; 0.25 |] ] (Tensor.OfInt k) true
        check "categoricalLogit" [ [| 0.5; 0.25; 0.25 |] ] (Tensor.OfInt k) true

[<Fact>]
let ``masses of exactly 0 and 1 are legal, with finite gradients`` () =
    let at family parameters x =
        let parameters = parameters |> List.mapi (parameter family) |> List.toArray
        withGradient (make family) (Array.append parameters [| Tensor.OfInt x |])

    let expect family parameters x expected =
        let value, gradient = at family parameters x
        Assert.Equal(expected, value)

        if expected > -infinity then
            Assert.True(Array.forall Double.IsFinite gradient, $"{family}: %A{gradient}")

        Assert.True(Array.forall (Double.IsNaN >> not) gradient, $"{family}: %A{gradient}")

    expect "bernoulli" [ [| 0.0 |] ] 0 0.0
    expect "bernoulli" [ [| 0.0 |] ] 1 -infinity
    expect "bernoulli" [ [| 1.0 |] ] 1 0.0
    expect "bernoulli" [ [| 1.0 |] ] 0 -infinity
    expect "binomial" [ [| 4.0 |]; [| 0.0 |] ] 0 0.0
    expect "binomial" [ [| 4.0 |]; [| 0.0 |] ] 1 -infinity
    expect "binomial" [ [| 4.0 |]; [| 0.0 |] ] 4 -infinity
    expect "binomial" [ [| 4.0 |]; [| 1.0 |] ] 4 0.0
    expect "binomial" [ [| 4.0 |]; [| 1.0 |] ] 3 -infinity
    expect "poisson" [ [| 0.0 |] ] 0 0.0
    expect "poisson" [ [| 0.0 |] ] 1 -infinity
    expect "poisson" [ [| 0.0 |] ] 7 -infinity
    expect "categorical" [ [| 0.0; 1.0 |] ] 1 0.0
    expect "categorical" [ [| 0.0; 1.0 |] ] 0 -infinity
    expect "categoricalLogit" [ [| -infinity; 3.0 |] ] 1 0.0
    expect "categoricalLogit" [ [| -infinity; 3.0 |] ] 0 -infinity

[<Fact>]
let ``extreme log-odds stay finite`` () =
    for logits in [ -700.0; -40.0; 40.0; 700.0 ] do
        for x in [ 0; 1 ] do
            let value, gradient = withGradient (make "bernoulliLogit") [| Tensor.OfFloat logits; Tensor.OfInt x |]
            Assert.True(Double.IsFinite value && Array.forall Double.IsFinite gradient)

            let value, gradient =
                withGradient (make "binomialLogit") [| Tensor.OfInt 5; Tensor.OfFloat logits; Tensor.OfInt x |]

            Assert.True(Double.IsFinite value && Array.forall Double.IsFinite gradient)

[<Fact>]
let ``batches broadcast, expand in front, and are their elements one by one`` () =
    let d = normal (Tensor.OfMatrix(array2D [ [ 0.0 ]; [ 10.0 ] ])) [| 1.0; 2.0; 3.0 |]
    Assert.Equal(Shape.ofList [ 2; 3 ], d.Batch)
    let many = d |> iid 4
    Assert.Equal(Shape.ofList [ 4; 2; 3 ], many.Batch)
    Assert.Equal(Shape.ofList [ 5; 4; 2; 3 ], (many |> each [ 5 ]).Batch)
    let x = many.Sample(Ppl.Core.Randomness.Key.ofSeed 3UL)
    Assert.Equal(many.Batch, x.Shape)
    let all = (many.LogDensity x).ToFloats()

    for i in 0..23 do
        let loc, scale = (if i / 3 % 2 = 0 then 0.0 else 10.0), float (i % 3) + 1.0
        let one = (normal loc scale).LogDensity(Tensor.OfFloat(x.ToFloats()[i]))
        Assert.Equal(one.ToFloat(), all[i])

[<Fact>]
let ``categories and vectors in batches`` () =
    let table = array2D [ [ 0.5; 0.25; 0.25 ]; [ 0.125; 0.125; 0.75 ] ]
    let d = categorical table |> iid 2
    let x = Tensor.OfLiteral(Literal.create (Shape.ofList [ 2; 2 ]) (Storage.I32 [| 0; 1; 2; 2 |]))
    Assert.Equal<float[]>([| log 0.5; log 0.125; log 0.25; log 0.75 |], (d.LogDensity x).ToFloats())
    let x = Tensor.OfMatrix(array2D [ [ 0.5; 0.25; 0.25 ]; [ 0.125; 0.125; 0.75 ] ])
    let both = dirichlet (array2D [ [ 1.0; 2.0; 3.0 ]; [ 0.5; 0.5; 4.0 ] ])
    let first = (dirichlet [| 1.0; 2.0; 3.0 |]).LogDensity x[0]
    let second = (dirichlet [| 0.5; 0.5; 4.0 |]).LogDensity x[1]
    Assert.Equal<float[]>([| first.ToFloat(); second.ToFloat() |], (both.LogDensity x).ToFloats())

[<Fact>]
let ``multivariate normals: one factor for all equals one factor each`` () =
    let tril = array2D [ [ 1.5; 0.0 ]; [ -0.7; 0.8 ] ]
    let shared = multivariateNormalCholesky (array2D [ [ 0.5; -1.0 ]; [ 2.0; 3.0 ] ]) tril
    let factors = Ops.broadcastTo (Shape.ofList [ 2; 2; 2 ]) (Tensor.OfMatrix tril)

    let own =
        Vectors.multivariateNormalCholesky (Tensor.OfMatrix(array2D [ [ 0.5; -1.0 ]; [ 2.0; 3.0 ] ])) factors

    let key = Ppl.Core.Randomness.Key.ofSeed 5UL
    let x = shared.Sample key
    Array.iter2 (fun e a -> close 1e-14 e a "draw") (x.ToFloats()) ((own.Sample key).ToFloats())

    Array.iter2
        (fun e a -> close 1e-14 e a "density")
        ((shared.LogDensity x).ToFloats())
        ((own.LogDensity x).ToFloats())

/// Three vectors, their mean, and a root of a covariance of 4 x 4.
let private vectors = Tensor.OfMatrix(Array2D.init 3 4 (fun i j -> sin (float (4 * i + j))))

let private loc = Tensor.OfFloats [| 0.3; -0.2; 0.1; 0.5 |]

let private covarianceOf (root: Tensor) =
    let identity = LinearAlgebra.identityLike root
    Ops.dot root (Ops.transpose [| 1; 0 |] root) + 0.5 * identity

let private root = Tensor.OfMatrix(Array2D.init 4 4 (fun i j -> cos (float (3 * i + 2 * j))))

let private byCovariance (x: Tensor) (loc: Tensor) root =
    Ops.sum (Ops.exp (0.1 * ((multivariateNormal loc (covarianceOf root)).Expand [ 3 ]).LogDensity x))

let private byFactor (x: Tensor) (loc: Tensor) root =
    let factor = Ops.cholesky (covarianceOf root)
    Ops.sum (Ops.exp (0.1 * ((multivariateNormalCholesky loc factor).Expand [ 3 ]).LogDensity x))

let private sameAll tolerance what (expected: Tensor) (actual: Tensor) =
    Array.iter2 (fun e a -> close tolerance e a what) (expected.ToFloats()) (actual.ToFloats())

[<Fact>]
let ``multivariate normals by covariance are those by its factor, with first and second derivatives`` () =
    sameAll 1e-13 "density" (byFactor vectors loc root) (byCovariance vectors loc root)
    let gradients f = Grad.grad (fun x -> f x loc root) vectors, Grad.grad (f vectors loc) root
    let x, r = gradients byFactor
    let x', r' = gradients byCovariance
    sameAll 1e-12 "derivative in the value" x x'
    sameAll 1e-12 "derivative in the covariance" r r'
    let direction = Ops.sin root
    let second f = Grad.grad (fun r -> Ops.sum (direction * Grad.grad (f vectors loc) r)) root
    sameAll 1e-11 "second derivative" (second byFactor) (second byCovariance)

    let forward f =
        let _, tangents = Jvp.jvp (fun rs -> [| f vectors loc rs[0] |]) [| root |] [| direction |]
        tangents[0]

    sameAll 1e-12 "forward derivative" (forward byFactor) (forward byCovariance)

[<Fact>]
let ``only the lower triangle of a covariance is read, also by the derivative`` () =
    let covariance = covarianceOf root
    // Traced, so that a matrix that is not symmetric is not refused.
    let traced =
        Trace.program [| covariance.Type |] (fun args ->
            let density k = (Vectors.multivariateNormal loc k).LogDensity(vectors[0])
            [| density (args[0]); Grad.grad density (args[0]) |])

    let gradient = ((Trace.replay traced [| covariance |])[1]).ToFloats()

    for i in 0..15 do
        let nudged h =
            let entries = Array.mapi (fun j x -> if i = j then x + h else x) (covariance.ToFloats())
            let changed = Tensor.OfLiteral(Literal.create (Shape.ofList [ 4; 4 ]) (Storage.F64 entries))
            ((Trace.replay traced [| changed |])[0]).ToFloat()

        close 1e-7 ((nudged 1e-5 - nudged -1e-5) / 2e-5) gradient[i] "derivative"

[<Fact>]
let ``multivariate normals: one covariance each`` () =
    let covariances = Ops.broadcastTo (Shape.ofList [ 3; 4; 4 ]) (covarianceOf root)
    let own = Vectors.multivariateNormal (Ops.broadcastTo (Shape.ofList [ 3; 4 ]) loc) covariances
    let shared = (multivariateNormal loc (covarianceOf root)).Expand [ 3 ]
    sameAll 1e-13 "density" (own.LogDensity vectors) (shared.LogDensity vectors)
    let key = Ppl.Core.Randomness.Key.ofSeed 5UL
    sameAll 1e-14 "draw" (own.Sample key) (shared.Sample key)

    sameAll
        0.0
        "variance"
        (Ops.diagonal (covarianceOf root))
        ((multivariateNormal loc (covarianceOf root)).Variance.Value)

[<Fact>]
let ``a value of another shape or type is refused`` () =
    let refused id (f: unit -> Tensor) = Assert.Equal(id, Assert.Throws<PplException>(fun () -> f () |> ignore).Id)
    refused "PPL5001" (fun () -> (normal 0.0 1.0 |> iid 3).LogDensity(Tensor.OfFloats [| 1.0; 2.0 |]))
    refused "PPL5001" (fun () -> (normal 0.0 1.0).LogDensity(Tensor.OfFloats [| 1.0; 2.0 |]))
    refused "PPL5002" (fun () -> (poisson 1.0).LogDensity(Tensor.OfFloat 1.0))
    refused "PPL5001" (fun () -> (normal [| 0.0; 1.0 |] [| 1.0; 2.0; 3.0 |]).LogDensity(Tensor.OfFloat 1.0))

/// Family, parameters, the parameter at fault, the index, the value.
let private improper: (string * float[] list * string * int * float) list =
    [
        "normal", [ [| 0.0 |]; [| 0.0 |] ], "scale", 0, 0.0
        "normal", [ [| 0.0; 1.0 |]; [| 1.0; -2.0 |] ], "scale", 1, -2.0
        "normal", [ [| nan |]; [| 1.0 |] ], "loc", 0, nan
        "normal", [ [| 0.0 |]; [| infinity |] ], "scale", 0, infinity
        "studentT", [ [| 0.0 |]; [| 0.0 |]; [| 1.0 |] ], "df", 0, 0.0
        "cauchy", [ [| infinity |]; [| 1.0 |] ], "loc", 0, infinity
        "laplace", [ [| 0.0 |]; [| -1.0 |] ], "scale", 0, -1.0
        "exponential", [ [| -1.0 |] ], "rate", 0, -1.0
        "halfNormal", [ [| 0.0 |] ], "scale", 0, 0.0
        "halfCauchy", [ [| nan |] ], "scale", 0, nan
        "logNormal", [ [| 0.0 |]; [| 0.0 |] ], "scale", 0, 0.0
        "gamma", [ [| 1.0 |]; [| 0.0 |] ], "rate", 0, 0.0
        "inverseGamma", [ [| -1.0 |]; [| 1.0 |] ], "concentration", 0, -1.0
        "beta", [ [| 1.0 |]; [| 0.0 |] ], "beta", 0, 0.0
        "uniform", [ [| 1.0 |]; [| 1.0 |] ], "high", 0, 1.0
        "bernoulli", [ [| 0.5; 1.0; 1.5 |] ], "probs", 2, 1.5
        "bernoulliLogit", [ [| nan |] ], "logits", 0, nan
        "binomial", [ [| -1.0 |]; [| 0.5 |] ], "totalCount", 0, -1.0
        "binomial", [ [| 3.0 |]; [| -0.5 |] ], "probs", 0, -0.5
        "poisson", [ [| -1.0 |] ], "rate", 0, -1.0
        "negativeBinomial2", [ [| 1.0 |]; [| 0.0 |] ], "concentration", 0, 0.0
        "categorical", [ [| 0.5; 0.25 |] ], "probs", 0, 0.75
        "categoricalLogit", [ [| 0.0; infinity |] ], "logits", 1, infinity
        "dirichlet", [ [| 1.0; 0.0 |] ], "concentration", 1, 0.0
        "multivariateNormalCholesky", [ [| 0.0; 0.0 |]; [| 1.0; 0.5; 0.5; 1.0 |] ], "scaleTril", 1, 0.5
        "multivariateNormalCholesky", [ [| 0.0; 0.0 |]; [| 1.0; 0.0; 0.5; 0.0 |] ], "scaleTril", 3, 0.0
        "multivariateNormal", [ [| 0.0; 0.0 |]; [| 1.0; 0.5; 0.25; 1.0 |] ], "covariance", 1, 0.5
        "multivariateNormal", [ [| 0.0; 0.0 |]; [| 1.0; 2.0; 2.0; 1.0 |] ], "covariance", 3, 1.0
        "multivariateNormal", [ [| 0.0; 0.0 |]; [| infinity; 0.0; 0.0; 1.0 |] ], "covariance", 0, infinity
    ]

[<Fact>]
let ``improper parameters name site, family, parameter, index and value`` () =
    for family, parameters, name, index, value in improper do
        let tensors =
            parameters
            |> List.mapi (fun n xs ->
                if xs.Length > 1 && rank family n = 0 then Tensor.OfFloats xs else parameter family n xs)
            |> List.toArray

        let d = make family tensors
        let error = Assert.Throws<PplException>(fun () -> d.Check "theta")
        Assert.Equal("PPL1010", error.Id)
        Assert.Equal("theta", error.Site)

        let unused =
            Assert.Throws<PplException>(fun () -> (d |> iid 2).Sample(Ppl.Core.Randomness.Key.ofSeed 1UL) |> ignore)

        Assert.Equal(error.What, unused.What)
        Assert.Null unused.Site
        Assert.StartsWith(family + "(", error.What)
        Assert.Contains($"'{name}'", error.What)
        Assert.Equal(Nullable index, error.Index)
        Assert.Contains(value.ToString("R", Globalization.CultureInfo.InvariantCulture), error.What)

[<Fact>]
let ``traced improper parameters make NaN or -inf, not an exception`` () =
    let program =
        Compile.program [| TensorType.scalar DType.F64 |] (fun p ->
            [| (normal 0.0 p[0]).LogDensity(Tensor.OfFloat 1.0) |])

    let at scale = ((Trace.replay program [| Tensor.OfFloat scale |])[0]).ToFloat()
    Assert.True(Double.IsNaN(at -1.0))
    Assert.False(Double.IsFinite(at 0.0))
    Assert.True(Double.IsFinite(at 2.0))

[<Fact>]
let ``an improper scale names the site of the model`` () =
    let bad =
        model {
            let! mu = sample "mu" (normal 0.0 1.0)
            let! y = sample "y" (normal mu [| 1.0; 2.0; 0.0 |])
            return y
        }

    let error =
        Assert.Throws<PplException>(fun () -> Simulate.run (Ppl.Core.Randomness.Key.ofSeed 1UL) bad |> ignore)

    Assert.Equal("PPL1010", error.Id)
    Assert.Equal("y", error.Site)
    Assert.Equal(Nullable 2, error.Index)
