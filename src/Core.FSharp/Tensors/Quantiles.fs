// Quantiles of the gamma and beta distributions: the inverses of the incomplete gamma and beta functions in their last argument.
// In u = ln x, or u = logit x, both tails are log-concave, so Newton's method on the logarithm of the smaller tail converges from
// everywhere: from the side where the tail is too small its steps never overshoot, and from the other side the first step
// leads there. Derivatives follow from the implicit function theorem.
// Relies on SpecialFunctions and Control. Read Transforms/Derivatives next.
/// Inverses of the incomplete gamma and beta functions.
[<RequireQualifiedAccess>]
module Ppl.Core.Tensors.Quantiles

open Ppl.Core

/// Enough from any start: a tail far away is nearly exponential (one step) or Gaussian (each step halves the distance).
let private mostSteps = 64

/// The u with ln lower(u) = ln p, or ln upper(u) = ln(1 - p) where p is above 1/2; density is that of u. Where a tail is too
/// small to be a number, the next u is halfway back to the last good one, at first the centre.
let private newton lower upper density (centre: Tensor) (p: Tensor) (start: Tensor) : Tensor =
    let isUpper = Ops.greater p (Ops.scalarLike p 0.5)
    let goal = Ops.log (Ops.select isUpper (1.0 - p) p)

    let step (state: Tensor[]) =
        let u, good = state[1], state[2]
        let tail = Ops.select isUpper (upper u) (lower u)
        let isLost = Ops.equal tail (Ops.zerosLike tail)
        let distance = (goal - Ops.log tail) * tail / density u
        let moved = u + Ops.select isUpper (-distance) distance
        let next = Ops.select isLost (0.5 * (u + good)) moved
        // NaN keeps nobody waiting: no comparison with it holds.
        let isFar = Ops.greater (Ops.abs (next - u)) (4e-16 * (1.0 + Ops.abs u))
        [| state[0] + Ops.scalarLike state[0] 1.0; next; Ops.select isLost good u; Ops.any isFar |]

    let goesOn (state: Tensor[]) =
        Ops.logicalAnd state[3] (Ops.less state[0] (Ops.scalarLike state[0] (float mostSteps)))

    (Control.whileLoop goesOn step [| Tensor.OfInt 0; start; centre; Tensor.OfBool true |])[1]

/// Where ln x is below this, the first term of the power series is all.
let private seriesBelow = -40.0

/// One type and shape; f32 is computed in f64 and rounded once.
let private inF64 name (f: Tensor[] -> Tensor) (xs: Tensor list) : Tensor =
    let shape =
        xs
        |> List.fold
            (fun (shape: Shape) x ->
                match Shape.tryBroadcast shape x.Shape with
                | Some wider -> wider
                | None -> Errors.shapes name $"{x.Type} does not broadcast to {shape}")
            Shape.scalar

    let dtype = (List.head xs).DType

    if xs |> List.exists (fun x -> x.DType <> dtype) || not (DType.isReal dtype) then
        Errors.dtypes name "takes reals of one type"

    xs |> List.map (Ops.broadcastTo shape >> Ops.toFloat) |> List.toArray |> f |> Ops.convert dtype

/// x where 0 < p < 1, the ends at 0 and 1, NaN elsewhere.
let private within (p: Tensor) low high (x: Tensor) =
    let number value = Ops.scalarLike p value

    let atEnds =
        Ops.select
            (Ops.equal p (number 0.0))
            (number low)
            (Ops.select (Ops.equal p (number 1.0)) (number high) (number nan))

    Ops.select (Ops.logicalAnd (Ops.greater p (number 0.0)) (Ops.less p (number 1.0))) x atEnds

/// p, or 1/2 where there is nothing to solve.
let private inner (p: Tensor) = within p 0.5 0.5 p |> fun p -> Ops.select (Ops.isNaN p) (Ops.scalarLike p 0.5) p

let private gammaDensity (a: Tensor) (x: Tensor) = Ops.exp ((a - 1.0) * Ops.log x - x - Ops.lgamma a)

let private solveGamma (a: Tensor) (p: Tensor) =
    let asked = inner p
    // Wilson and Hilferty's cube of a normal variable for shapes above 1. Below, P(a, x) is at most x^a / Gamma(a + 1) and Q(a, x)
    // at most e^-x: both starts are on the side from where no step overshoots.
    let cube = 1.0 - 1.0 / (9.0 * a) + Ops.ndtri asked / (3.0 * Ops.sqrt a)
    let central = Ops.log a + 3.0 * Ops.log (Ops.max cube (Ops.scalarLike cube 0.01))
    let left = (Ops.log asked + Ops.lgamma (a + 1.0)) / a
    let right = Ops.log (-(Ops.log1p (-asked)))
    let outer = Ops.select (Ops.greater asked (Ops.scalarLike asked 0.5)) right left
    let start = Ops.select (Ops.greater a (Ops.scalarLike a 1.0)) central outer
    let x u = Ops.exp u
    let lower u = SpecialFunctions.gammaP a (x u)
    let upper u = SpecialFunctions.gammaQ a (x u)
    let density u = Ops.exp (a * u - x u - Ops.lgamma a)
    let solved = x (newton lower upper density (Ops.log a) asked start)
    within p 0.0 infinity (Ops.select (Ops.less left (Ops.scalarLike left seriesBelow)) (x left) solved)

/// <summary>
/// The x with P(a, x) = p, for a > 0 and p in [0, 1]: the quantile function of the gamma distribution with shape a and rate 1;
/// 0 at 0, infinite at 1, NaN outside. P of the result is p up to the rounding of P. Differentiable: dx = (dp - dP/da da) / density.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: shapes that do not broadcast. PPL5002: not reals of one type.</exception>
let gammaPInv (a: Tensor) (p: Tensor) : Tensor =
    let backward (xs: Tensor[]) (ys: Tensor[]) (cs: Tensor[]) =
        let byP = cs[0] / gammaDensity xs[0] ys[0]
        [| -(byP * SpecialFunctions.gammaPByShape xs[0] ys[0]); byP |]

    inF64 "gammaPInv" (fun xs -> (Control.customGrad (fun xs -> [| solveGamma xs[0] xs[1] |]) backward xs)[0]) [ a; p ]

let private solveBeta (a: Tensor) (b: Tensor) (p: Tensor) =
    let asked = inner p
    let deviation = Ops.sqrt (Ops.trigamma a + Ops.trigamma b)
    let centre = Ops.digamma a - Ops.digamma b
    let start = centre + deviation * Ops.ndtri asked
    let lower u = SpecialFunctions.betaI a b (Ops.sigmoid u)
    let upper u = SpecialFunctions.betaI b a (Ops.sigmoid (-u))
    let density u = Ops.exp (a * Ops.logSigmoid u + b * Ops.logSigmoid (-u) - SpecialFunctions.lbeta a b)
    let solved = Ops.sigmoid (newton lower upper density centre asked start)
    // I(a, b, x) is nearly x^a / (a B(a, b)) for small x, and the other tail likewise.
    let logBeta = SpecialFunctions.lbeta a b
    let left = (Ops.log asked + Ops.log a + logBeta) / a
    let right = (Ops.log1p (-asked) + Ops.log b + logBeta) / b
    let isBelow (end': Tensor) shape = Ops.less (end' + Ops.log1p shape) (Ops.scalarLike end' seriesBelow)
    let atEnd = Ops.select (isBelow right a) (1.0 - Ops.exp right) solved
    within p 0.0 1.0 (Ops.select (isBelow left b) (Ops.exp left) atEnd)

/// <summary>
/// The x with I(a, b, x) = p, for a, b > 0 and p in [0, 1]: the quantile function of the beta distribution; NaN outside. I of
/// the result is p up to the rounding of I and of x, which near 1 has few digits of 1 - x: ask for 1 - betaIInv b a (1 - p) there.
/// Differentiable: dx = (dp - dI/da da - dI/db db) / density.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: shapes that do not broadcast. PPL5002: not reals of one type.</exception>
let betaIInv (a: Tensor) (b: Tensor) (p: Tensor) : Tensor =
    let backward (xs: Tensor[]) (ys: Tensor[]) (cs: Tensor[]) =
        let a, b, x = xs[0], xs[1], ys[0]

        let density = Ops.exp ((a - 1.0) * Ops.log x + (b - 1.0) * Ops.log1p (-x) - SpecialFunctions.lbeta a b)

        let byP = cs[0] / density
        [| -(byP * SpecialFunctions.betaIByA a b x); -(byP * SpecialFunctions.betaIByB a b x); byP |]

    inF64
        "betaIInv"
        (fun xs -> (Control.customGrad (fun xs -> [| solveBeta xs[0] xs[1] xs[2] |]) backward xs)[0])
        [ a; b; p ]
