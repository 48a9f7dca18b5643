// Families of vectors: dirichlet, and multivariate normal by its covariance or by the Cholesky factor of that.
// Formulas: docs/math/families.md. Relies on Family, Draws, Special and GaussianForm. Read Improper next.

/// Families of vectors.
[<RequireQualifiedAccess>]
module Ppl.Core.Probability.Vectors

open System
open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors

let private append (shape: Shape) extents = Shape.ofArray (Array.append (shape.ToArray()) extents)
let private withoutLast (shape: Shape) = Shape.without [| shape.Rank - 1 |] shape
let private sumLast (x: Tensor) = Ops.sumAlong [| x.Shape.Rank - 1 |] x

/// x with an axis of extent 1 at the end.
let private column (x: Tensor) = Ops.reshape (append x.Shape [| 1 |]) x

let private requireAxis name what (x: Tensor) =
    if x.Shape.Rank = 0 || x.Shape[x.Shape.Rank - 1] = 0 then
        Errors.shapes name $"'{what}' needs an axis for the elements of an event, got {x.Type}"

let private requireSquare name what n (x: Tensor) =
    let rank = x.Shape.Rank

    if rank < 2 || x.Shape[rank - 1] <> n || x.Shape[rank - 2] <> n then
        Errors.shapes name $"'{what}' must be {n} by {n} matrices, got {x.Type}"

/// The Dirichlet distribution on vectors that sum to 1.
/// ln p(x) = ln Gamma(sum a) - sum ln Gamma(a_i) + sum (a_i - 1) ln x_i, a = concentration (last axis).
/// Mean a_i/a_0, variance a_i (a_0 - a_i)/(a_0^2 (a_0 + 1)), a_0 = sum a.
let dirichlet (concentration: Tensor) : IDistribution =
    let name = "dirichlet(concentration)"
    let concentration = Ops.toFloat concentration
    requireAxis name "concentration" concentration
    let last = concentration.Shape.Rank - 1
    let total = sumLast concentration

    let logDensity (x: Tensor) =
        let positive = Ops.greater (Ops.minAlong [| x.Shape.Rank - 1 |] x) (Ops.scalar 0.0)
        let summing = Ops.lessEqual (Ops.abs (sumLast x - 1.0)) (Ops.scalar Support.Tolerance)
        let holds = Ops.logicalAnd positive summing
        let safe = Ops.select (column holds) x (Ops.scalar 0.5)
        let constant = Ops.lgamma total - sumLast (Ops.lgamma concentration)
        Ops.select holds (sumLast ((concentration - 1.0) * Ops.log safe) + constant) Family.minusInfinity

    let sample shape key =
        let logs = Draws.logGamma concentration shape key
        Ops.max Draws.smallest (Ops.exp (Ops.logSoftmax logs))

    let mean () = concentration / column total

    Family.distribution
        {
            Name = name
            Parameters = [ Parameter.positive "concentration" concentration ]
            DType = DType.F64
            Batch = withoutLast concentration.Shape
            Event = Shape.ofList [ concentration.Shape[last] ]
            Support = Support.Simplex
            Sample = sample
            LogDensity = logDensity
            Mean = Some mean
            Variance = Some(fun () -> mean () * (1.0 - mean ()) / (column total + 1.0))
        }

/// L^-1 d for the vectors d of a batch.
let private whiten (scaleTril: Tensor) (d: Tensor) : Tensor =
    let n = d.Shape[d.Shape.Rank - 1]
    let batch = withoutLast d.Shape

    if scaleTril.Shape.Rank = 2 then
        // One factor for all: one solve with the events as columns.
        let columns = Ops.reshape (Shape.ofList [ batch.Count; n ]) d |> Ops.transpose [| 1; 0 |]
        let solved = Ops.triangularSolve true false scaleTril columns
        Ops.transpose [| 1; 0 |] solved |> Ops.reshape d.Shape
    else
        let factors = Ops.broadcastTo (append batch [| n; n |]) scaleTril
        Ops.triangularSolve true false factors (column d) |> Ops.reshape d.Shape

/// L e for the vectors e of a batch.
let private colour (scaleTril: Tensor) (e: Tensor) : Tensor =
    let axis = e.Shape.Rank - 1
    let n = e.Shape[axis]

    let axes batch left =
        {
            Ir.BatchLeft = batch
            Ir.BatchRight = batch
            Ir.ContractLeft = [| axis |]
            Ir.ContractRight = [| left |]
        }

    if scaleTril.Shape.Rank = 2 then
        Ops.dotGeneral (axes [||] 1) e scaleTril
    else
        let factors = Ops.broadcastTo (append (withoutLast e.Shape) [| n; n |]) scaleTril
        Ops.dotGeneral { axes (Array.init axis id) axis with ContractLeft = [| axis + 1 |] } factors e

/// The multivariate normal distribution with covariance L L', L = scaleTril lower triangular with a positive diagonal.
/// ln p(x) = -|L^-1 (x - loc)|^2/2 - sum ln L_ii - n ln(2 pi)/2. loc: [..., n], scaleTril: [..., n, n].
let multivariateNormalCholesky (loc: Tensor) (scaleTril: Tensor) : IDistribution =
    let name = "multivariateNormalCholesky(loc, scaleTril)"
    let loc, scaleTril = Ops.toFloat loc, Ops.toFloat scaleTril
    requireAxis name "loc" loc
    let n = loc.Shape[loc.Shape.Rank - 1]
    requireSquare name "scaleTril" n scaleTril
    let logDet = sumLast (Ops.log (Ops.diagonal scaleTril))

    let logDensity x =
        let z = whiten scaleTril (x - loc)
        -0.5 * sumLast (Ops.square z) - (logDet + 0.5 * float n * log (2.0 * Math.PI))

    Family.distribution
        {
            Name = name
            Parameters = [ Parameter.finite "loc" loc; Parameter.create "scaleTril" Rule.CholeskyFactor scaleTril ]
            DType = DType.F64
            Batch = Parameter.batch name [ sumLast loc; logDet ]
            Event = Shape.ofList [ n ]
            Support = Support.Real
            Sample = fun shape key -> loc + colour scaleTril (Draws.normal shape key)
            LogDensity = logDensity
            Mean = Some(fun () -> loc)
            Variance = Some(fun () -> sumLast (Ops.square scaleTril))
        }

/// The multivariate normal distribution with this covariance K, symmetric and positive definite (its lower triangle is read).
/// ln p(x) = -(x - loc)' K^-1 (x - loc)/2 - ln det K/2 - n ln(2 pi)/2. loc: [..., n], covariance: [..., n, n].
let multivariateNormal (loc: Tensor) (covariance: Tensor) : IDistribution =
    let name = "multivariateNormal(loc, covariance)"
    let loc, covariance = Ops.toFloat loc, Ops.toFloat covariance
    requireAxis name "loc" loc
    let n = loc.Shape[loc.Shape.Rank - 1]
    requireSquare name "covariance" n covariance
    let byFactor () = multivariateNormalCholesky loc (Ops.cholesky covariance)
    let variances = Ops.diagonal covariance

    let logDensity (x: Tensor) =
        if covariance.Shape.Rank = 2 then
            GaussianForm.logDensity covariance (x - loc) - 0.5 * float n * log (2.0 * Math.PI)
        else
            byFactor().LogDensity x

    Family.distribution
        {
            Name = name
            Parameters = [ Parameter.finite "loc" loc; Parameter.create "covariance" Rule.Covariance covariance ]
            DType = DType.F64
            Batch = Parameter.batch name [ sumLast loc; sumLast variances ]
            Event = Shape.ofList [ n ]
            Support = Support.Real
            Sample = fun shape key -> loc + colour (Ops.cholesky covariance) (Draws.normal shape key)
            LogDensity = logDensity
            Mean = Some(fun () -> loc)
            Variance = Some(fun () -> variances)
        }
