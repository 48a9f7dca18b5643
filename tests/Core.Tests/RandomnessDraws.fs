// Keys, and draws against their cdfs. Seeds are fixed, so each test passes or fails for good; the false-alarm rate is what
// a fresh seed would risk.
module Ppl.Core.Tests.RandomnessDraws

open System
open MathNet.Numerics.Distributions
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Randomness
open Ppl.Core.Probability
open Ppl.Core.Probability.Families
open Ppl.Core.Tests.ProbabilityCatalogue
open Xunit

let private key seed = Key.ofSeed seed
let private words (key: Tensor) = Literal.ints key.Value

/// Draws as numbers, whatever their type.
let private numbers (x: Tensor) = (Ops.toFloat x).ToFloats()

/// The Dvoretzky-Kiefer-Wolfowitz bound (Massart's constant): P(sup |F_n - F| > e) <= 2 exp(-2 n e^2), here 1e-9. Holds
/// for every F, discrete ones included, with the supremum over both sides of the steps.
let private distance (cdf: float -> float) (leftLimit: float -> float) (draws: float[]) =
    let sorted = Array.sort draws
    let n = float sorted.Length

    sorted
    |> Array.mapi (fun i x ->
        // Ties: the empirical cdf at x counts all of them, below x none.
        let isLast = i = sorted.Length - 1 || sorted[i + 1] > x
        let isFirst = i = 0 || sorted[i - 1] < x
        let above = if isLast then abs (float (i + 1) / n - cdf x) else 0.0
        let below = if isFirst then abs (float i / n - leftLimit x) else 0.0
        max above below)
    |> Array.max

let private bound n = sqrt (log (2.0 / 1e-9) / (2.0 * float n))

let private agrees discrete cdf (draws: float[]) =
    let left = if discrete then (fun x -> cdf (x - 1.0)) else cdf
    distance cdf left draws <= bound draws.Length

let private count = 100000

let cases = caseTable ()

[<Theory; MemberData(nameof cases)>]
let ``draws follow the cdf`` (index: int, name: string) =
    let distribution = ofCase scalarCases[index]
    let draws = (distribution |> iid count).Sample(key (uint64 index)) |> numbers
    Assert.Equal(None, Support.check distribution.Support (Tensor.OfFloats draws).Value)
    let discrete = Support.isDiscrete distribution.Support
    let cdf x = if discrete && x < 0.0 then 0.0 else cdf scalarCases[index] x
    let left = if discrete then (fun x -> cdf (x - 1.0)) else cdf
    let d = distance cdf left draws
    Assert.True(d <= bound count, $"{name}: {d:R} > {bound count:R}")

[<Fact>]
let ``the check rejects wrong samplers`` () =
    let draws (d: IDistribution) = (d |> iid count).Sample(key 1UL) |> numbers
    Assert.False(agrees false (cdf ("exponential", [ 2.0 ])) (draws (exponential 0.5)))
    Assert.False(agrees false (cdf ("gamma", [ 0.5; 2.0 ])) (draws (gamma 0.5 (1.0 / 2.0))))
    Assert.False(agrees false (cdf ("gamma", [ 0.5; 1.0 ])) (draws (gamma 1.5 1.0)))
    Assert.False(agrees false (cdf ("studentT", [ 3.0; 0.0; 1.0 ])) (draws (normal 0.0 1.0)))
    Assert.False(agrees true (cdf ("poisson", [ 300.0 ])) (draws (poisson 301.0)))
    Assert.False(agrees true (cdf ("negativeBinomial2", [ 20.0; 100.0 ])) (draws (poisson 20.0)))

/// Pearson's statistic of draws against masses, in bins of at least 50 expected draws; its tail is that of chi-square to a
/// good approximation, cut at 1e-9.
let private massesAgree (distribution: IDistribution) (draws: float[]) =
    let top = int (Array.max draws) + 1
    let masses = logDensities distribution (Array.init (top + 1) float) |> Array.map exp
    let observed = Array.zeroCreate (top + 1)

    for x in draws do
        observed[int x] <- observed[int x] + 1.0

    let n = float draws.Length
    let mutable statistic, bins, e, o, seen = 0.0, 0, 0.0, 0.0, 0.0

    for k in 0..top do
        e <- e + n * masses[k]
        o <- o + observed[k]

        if e >= 50.0 && n - seen - e >= 50.0 then
            statistic <- statistic + (o - e) ** 2.0 / e
            seen <- seen + e
            bins <- bins + 1
            e <- 0.0
            o <- 0.0

    // The last bin is everything above.
    let rest = n - seen
    statistic <- statistic + (o - rest) ** 2.0 / rest
    statistic <= ChiSquared.InvCDF(float bins, 1.0 - 1e-9)

let private countCases: (string * float list) list =
    [
        "poisson", [ 0.01 ]
        "poisson", [ 9.99 ]
        "poisson", [ 10.0 ]
        "poisson", [ 11.5 ]
        "poisson", [ 40.0 ]
        "poisson", [ 1000.0 ]
        "binomial", [ 1.0; 0.5 ]
        "binomial", [ 19.0; 0.5 ]
        "binomial", [ 20.0; 0.5 ]
        "binomial", [ 21.0; 0.5 ]
        "binomial", [ 40.0; 0.7 ]
        "binomial", [ 100.0; 0.101 ]
        "binomial", [ 5000.0; 0.9 ]
        "negativeBinomial2", [ 12.0; 3.0 ]
    ]

[<Fact>]
let ``counts follow their masses`` () =
    countCases
    |> List.iteri (fun i case ->
        let distribution = ofCase case
        let draws = (distribution |> iid 100000).Sample(key (uint64 (1000 + i))) |> numbers
        Assert.True(massesAgree distribution draws, string case))

[<Fact>]
let ``the mass check rejects a rate that is one percent off`` () =
    let draws = (poisson 40.4 |> iid 100000).Sample(key 77UL) |> numbers
    Assert.False(massesAgree (poisson 40.0) draws)

[<Fact>]
let ``categories follow their masses, and weight 0 is never drawn`` () =
    let d = categorical [| 0.0; 0.125; 0.0; 0.375; 0.5; 0.0 |]
    let draws = (d |> iid 100000).Sample(key 8UL) |> numbers
    Assert.Equal<float[]>([| 1.0; 3.0; 4.0 |], Array.sort (Array.distinct draws))
    Assert.True(massesAgree d draws)
    let logits = categoricalLogit [| 800.0; 799.0; -800.0 |]
    let draws = (logits |> iid 100000).Sample(key 9UL) |> numbers
    Assert.True(massesAgree logits draws)

[<Fact>]
let ``every element of a batch of categories has its own weights`` () =
    let d = categorical (array2D [ [ 1.0; 0.0; 0.0 ]; [ 0.0; 0.0; 1.0 ] ]) |> iid 50
    let draws = d.Sample(key 1UL)
    Assert.Equal<int[]>(Array.init 100 (fun i -> if i % 2 = 0 then 0 else 2), Literal.ints draws.Value)

[<Fact>]
let ``dirichlet draws have beta margins`` () =
    let a = [| 0.4; 2.0; 5.0 |]
    let draws = (dirichlet a |> iid count).Sample(key 4UL)
    Assert.Equal(None, Support.check Support.Simplex draws.Value)
    let xs = draws.ToFloats()

    for k in 0..2 do
        let margin = Array.init count (fun i -> xs[3 * i + k])
        Assert.True(agrees false (cdf ("beta", [ a[k]; 7.4 - a[k] ])) margin, string k)

[<Fact>]
let ``multivariate normal draws have normal projections`` () =
    let d = multivariateNormalCholesky [| 0.5; -1.0 |] (array2D [ [ 1.5; 0.0 ]; [ -0.7; 0.8 ] ])
    let xs = ((d |> iid count).Sample(key 5UL)).ToFloats()
    // a'x is normal with mean a'loc and variance |L'a|^2.
    for a0, a1 in [ 1.0, 0.0; 0.0, 1.0; 1.0, 1.0; 1.0, -1.0 ] do
        let projected = Array.init count (fun i -> a0 * xs[2 * i] + a1 * xs[2 * i + 1])
        let deviation = sqrt ((1.5 * a0 - 0.7 * a1) ** 2.0 + (0.8 * a1) ** 2.0)
        Assert.True(agrees false (cdf ("normal", [ 0.5 * a0 - a1; deviation ])) projected)

[<Fact>]
let ``tiny concentrations: logarithms are exact where the draws underflow`` () =
    // ln X for X ~ gamma(a) with small a: a ln X tends to -exponential; F(t) = 1 - P(X > e^(t/a)).
    let a = 1e-3
    let logs = (Draws.logGamma (Tensor.OfFloat a) (Shape.ofList [ count ]) (key 6UL)).ToFloats()
    // Below x = 1e-6, P(X <= x) = x^a / Gamma(a + 1) to within 1e-9.
    let cdf l =
        if l < -13.8 then
            exp (a * l - MathNet.Numerics.SpecialFunctions.GammaLn(a + 1.0))
        else
            Gamma(a, 1.0).CumulativeDistribution(exp l)

    Assert.True(agrees false cdf logs)
    Assert.True(Array.exists (fun l -> l < -800.0) logs)
    let draws = ((gamma a 1.0 |> iid 1000).Sample(key 6UL)).ToFloats()
    Assert.True(Array.forall (fun x -> x > 0.0) draws)

[<Fact>]
let ``rejection ends for NaN parameters`` () =
    let shape = Shape.ofList [ 3 ]
    let bad = Tensor.OfFloats [| nan; 2.0; infinity |]
    let draws = (Draws.gamma bad shape (key 1UL)).ToFloats()
    Assert.True(Double.IsNaN draws[0] && Double.IsFinite draws[1])
    Assert.Equal(shape, (CountDraws.poisson bad shape (key 1UL)).Shape)
    Assert.Equal(shape, (CountDraws.binomial (Tensor.OfInt 50) bad shape (key 1UL)).Shape)

[<Fact>]
let ``one element's parameter changes no other element's draw`` () =
    let draw (shapes: float[]) = (Draws.gamma (Tensor.OfFloats shapes) (Shape.ofList [ 4 ]) (key 2UL)).ToFloats()
    let one, other = draw [| 0.3; 2.0; 5.0; 1.0 |], draw [| 0.3; 700.0; 5.0; 1.0 |]
    Assert.Equal<float[]>([| one[0]; one[2]; one[3] |], [| other[0]; other[2]; other[3] |])
    Assert.NotEqual(one[1], other[1])

[<Theory; MemberData(nameof cases)>]
let ``traced draws are the eager draws`` (index: int, name: string) =
    let d = ofCase scalarCases[index] |> iid 20
    let program = Trace.program [| (key 0UL).Type |] (fun args -> [| d.Sample args[0] |])
    let traced = (Trace.replay program [| key 11UL |])[0]
    Assert.True((d.Sample(key 11UL)).Value.Equals traced.Value, name)

// ---- keys

[<Fact>]
let ``addresses are hashed with FNV-1a`` () =
    // Test vectors of Fowler, Noll and Vo.
    Assert.Equal(0xcbf29ce484222325UL, Key.hash "")
    Assert.Equal(0xaf63dc4c8601ec8cUL, Key.hash "a")
    Assert.Equal(0x85944171f73967e8UL, Key.hash "foobar")

[<Fact>]
let ``both words of a seed count`` () =
    Assert.Equal<int[]>([| 1; 2 |], words (key 0x0000000200000001UL))
    Assert.Equal<int[]>([| -1; -1 |], words (key UInt64.MaxValue))

[<Fact>]
let ``derived keys differ by what was folded in, and in its order`` () =
    let root = key 1UL
    let names = [ for i in 0..499 -> $"site[{i}]" ]

    let derived =
        [ for name in names -> Key.foldInName name root ] @ [ for i in 0..499 -> Key.foldIn i root ]

    Assert.Equal(1000, derived |> List.map words |> List.distinct |> List.length)
    let twice a b = root |> Key.foldInName a |> Key.foldInName b |> words
    Assert.NotEqual<int[]>(twice "mu" "tau", twice "tau" "mu")
    Assert.Equal<int[]>(twice "mu" "tau", twice "mu" "tau")
    Assert.Equal<int[]>(words (Key.foldIn 7 root), words (Key.foldInTensor (Tensor.OfInt 7) root))

[<Fact>]
let ``streams of different addresses are uncorrelated`` () =
    // The correlation of n independent pairs is within 6.2/sqrt(n) but for a probability of about 1e-9.
    let draws name = (Draws.normal (Shape.ofList [ count ]) (Key.foldInName name (key 1UL))).ToFloats()
    let a, b = draws "mu", draws "mv"
    let correlation = Array.fold2 (fun s x y -> s + x * y) 0.0 a b / float count
    Assert.True(abs correlation < 6.2 / sqrt (float count))
