// A Gaussian process with its function values integrated out.
// Relies on Columns. Read Radon next.
namespace Ppl.Examples

open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Core.Probability.Families
open Ppl.Core.Models

/// Gaussian processes.
[<RequireQualifiedAccess>]
module Processes =

    /// y ~ MVN(0, K), K_ij = alpha^2 exp(-(x_i - x_j)^2 / (2 rho^2)) + sigma 1[i = j] (sigma, not its square).
    let gpRegr (data: DataSet) =
        let x, y = data.Vector "x", column data "y"
        let n = x.Length
        let squaredDistances = Tensor.OfMatrix(Array2D.init n n (fun i j -> (x[i] - x[j]) ** 2.0))
        let identity = Tensor.OfMatrix(Array2D.init n n (fun i j -> if i = j then 1.0 else 0.0))
        let zeros = Ops.zerosLike y

        model {
            let! rho = sample "rho" (gamma 25.0 4.0)
            let! alpha = sample "alpha" (halfNormal 2.0)
            let! sigma = sample "sigma" (halfNormal 1.0)
            let kernel = Ops.square alpha * Ops.exp (squaredDistances * (-0.5 / Ops.square rho))
            let covariance = kernel + sigma * identity
            do! observe "y" (multivariateNormal zeros covariance) y
        }
