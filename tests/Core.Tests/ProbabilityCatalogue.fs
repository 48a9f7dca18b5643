// All families by name, for tests that go over all of them.
module Ppl.Core.Tests.ProbabilityCatalogue

open System
open MathNet.Numerics.Distributions
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability

let private one (f: Tensor -> IDistribution) (p: Tensor[]) = f p[0]
let private two (f: Tensor -> Tensor -> IDistribution) (p: Tensor[]) = f p[0] p[1]
let private three (f: Tensor -> Tensor -> Tensor -> IDistribution) (p: Tensor[]) = f p[0] p[1] p[2]

/// Name -> distribution of these parameters.
let make (family: string) : Tensor[] -> IDistribution =
    match family with
    | "normal" -> two Reals.normal
    | "studentT" -> three Reals.studentT
    | "cauchy" -> two Reals.cauchy
    | "laplace" -> two Reals.laplace
    | "exponential" -> one Positives.exponential
    | "halfNormal" -> one Positives.halfNormal
    | "halfCauchy" -> one Positives.halfCauchy
    | "logNormal" -> two Positives.logNormal
    | "gamma" -> two Positives.gamma
    | "inverseGamma" -> two Positives.inverseGamma
    | "beta" -> two Intervals.beta
    | "uniform" -> two Intervals.uniform
    | "bernoulli" -> one Categories.bernoulli
    | "bernoulliLogit" -> one Categories.bernoulliLogit
    | "binomial" -> two Counts.binomial
    | "binomialLogit" -> two Counts.binomialLogit
    | "poisson" -> one Counts.poisson
    | "poissonLog" -> one Counts.poissonLog
    | "negativeBinomial2" -> two Counts.negativeBinomial2
    | "categorical" -> one Categories.categorical
    | "categoricalLogit" -> one Categories.categoricalLogit
    | "dirichlet" -> one Vectors.dirichlet
    | "multivariateNormal" -> two Vectors.multivariateNormal
    | "multivariateNormalCholesky" -> two Vectors.multivariateNormalCholesky
    | other -> invalidArg (nameof family) other

/// Whether the n-th parameter is a vector (1) or a matrix (2).
let rank family n =
    match family, n with
    | ("categorical" | "categoricalLogit" | "dirichlet"), 0 -> 1
    | ("multivariateNormal" | "multivariateNormalCholesky"), 0 -> 1
    | ("multivariateNormal" | "multivariateNormalCholesky"), 1 -> 2
    | _ -> 0

/// Whether the n-th parameter is an integer.
let isCount family n = n = 0 && (family = "binomial" || family = "binomialLogit")

/// A tensor of this rank (matrices are square).
let tensor rank integer (xs: float[]) : Tensor =
    let shape =
        match rank with
        | 0 -> Shape.scalar
        | 1 -> Shape.ofList [ xs.Length ]
        | _ -> let n = int (round (sqrt (float xs.Length))) in Shape.ofList [ n; n ]

    let data = if integer then Storage.I32(Array.map int xs) else Storage.F64 xs
    Tensor.OfLiteral(Literal.create shape data)

/// One parameter of a family as a tensor.
let parameter family n (xs: float[]) = tensor (rank family n) (isCount family n) xs

/// Scalar families with parameters (one tensor each) for sweeps: moderate, skewed and extreme.
let scalarCases: (string * float list) list =
    [
        "normal", [ 0.0; 1.0 ]
        "normal", [ -3.0; 0.01 ]
        "studentT", [ 3.0; 1.0; 2.0 ]
        "studentT", [ 40.0; 0.0; 1.0 ]
        "cauchy", [ -1.0; 0.5 ]
        "laplace", [ 2.0; 3.0 ]
        "exponential", [ 2.5 ]
        "halfNormal", [ 0.3 ]
        "halfCauchy", [ 5.0 ]
        "logNormal", [ 0.5; 0.75 ]
        "gamma", [ 0.2; 3.0 ]
        "gamma", [ 1.0; 1.0 ]
        "gamma", [ 50.0; 0.5 ]
        "inverseGamma", [ 3.5; 2.0 ]
        "beta", [ 0.5; 0.5 ]
        "beta", [ 2.0; 30.0 ]
        "uniform", [ -2.0; 7.0 ]
        "bernoulli", [ 0.3 ]
        "bernoulliLogit", [ -1.2 ]
        "binomial", [ 7.0; 0.9 ]
        "binomial", [ 1000.0; 0.3 ]
        "binomialLogit", [ 12.0; 1.5 ]
        "poisson", [ 0.1 ]
        "poisson", [ 7.5 ]
        "poisson", [ 300.0 ]
        "poissonLog", [ 2.5 ]
        "negativeBinomial2", [ 6.0; 0.8 ]
        "negativeBinomial2", [ 20.0; 100.0 ]
    ]

/// The numbers and names of the cases, for theories.
let caseTable () =
    let table = Xunit.TheoryData<int, string>()
    scalarCases |> List.iteri (fun i case -> table.Add(i, string case))
    table

/// The distribution of a case.
let ofCase (family: string, parameters: float list) : IDistribution =
    parameters |> List.mapi (fun n x -> parameter family n [| x |]) |> List.toArray |> make family

/// n independent copies, and the log density at n points.
let logDensities (distribution: IDistribution) (xs: float[]) : float[] =
    let many = distribution.Expand [ xs.Length ]
    (many.LogDensity(tensor 1 (distribution.DType = DType.I32) xs)).ToFloats()

/// The cdf of a case, from MathNet or in closed form: independent of the library's formulas.
let cdf (family: string, parameters: float list) : float -> float =
    let sigmoid t = 1.0 / (1.0 + exp -t)

    match family, parameters with
    | "normal", [ m; s ] -> Normal(m, s).CumulativeDistribution
    | "studentT", [ df; m; s ] -> StudentT(m, s, df).CumulativeDistribution
    | "cauchy", [ m; s ] -> Cauchy(m, s).CumulativeDistribution
    | "laplace", [ m; s ] -> Laplace(m, s).CumulativeDistribution
    | "exponential", [ rate ] -> Exponential(rate).CumulativeDistribution
    | "halfNormal", [ s ] -> fun x -> 2.0 * Normal.CDF(0.0, s, x) - 1.0
    | "halfCauchy", [ s ] -> fun x -> 2.0 / Math.PI * atan (x / s)
    | "logNormal", [ m; s ] -> LogNormal(m, s).CumulativeDistribution
    | "gamma", [ a; rate ] -> Gamma(a, rate).CumulativeDistribution
    | "inverseGamma", [ a; s ] -> InverseGamma(a, s).CumulativeDistribution
    | "beta", [ a; b ] -> Beta(a, b).CumulativeDistribution
    | "uniform", [ low; high ] -> ContinuousUniform(low, high).CumulativeDistribution
    | "bernoulli", [ p ] -> Bernoulli(p).CumulativeDistribution
    | "bernoulliLogit", [ t ] -> Bernoulli(sigmoid t).CumulativeDistribution
    | "binomial", [ n; p ] -> Binomial(p, int n).CumulativeDistribution
    | "binomialLogit", [ n; t ] -> Binomial(sigmoid t, int n).CumulativeDistribution
    | "poisson", [ rate ] -> Poisson(rate).CumulativeDistribution
    | "poissonLog", [ t ] -> Poisson(exp t).CumulativeDistribution
    // MathNet counts failures before the r-th success, of probability p: mean r (1 - p)/p.
    | "negativeBinomial2", [ mean; c ] -> NegativeBinomial(c, c / (c + mean)).CumulativeDistribution
    | _ -> invalidArg (nameof family) family
