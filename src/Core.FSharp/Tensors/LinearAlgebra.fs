// Linear algebra beyond products, Cholesky factors and triangular systems: general systems, determinants, QR, eigenvalues,
// singular values. Matrices are the last two axes, batched over the others. All are differentiable both ways and batched by
// vmap; f32 is computed in f64 and rounded once. Relies on Ops. Read Control next.
/// Linear systems, determinants and factorisations.
[<RequireQualifiedAccess>]
module Ppl.Core.Tensors.LinearAlgebra

open Ppl.Core
open Ppl.Core.Ir

let private apply op xs = Bind.one (Primitive.Factor op) xs

let private rows start limit (x: Tensor) = Ops.slice (x.Shape.Rank - 2) start limit x

/// A row [.., 1, n] as a vector [.., n].
let private vector (row: Tensor) =
    let extents = row.Shape.ToArray()
    Ops.reshape (Shape.ofArray (Array.append extents[.. extents.Length - 3] [| extents[extents.Length - 1] |])) row

/// <summary>
/// X with A X = B for square A [.., n, n] and B [.., n, k], by LU factorisation with partial pivoting.
/// A singular A divides by zero: infinities and NaN.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: shapes that do not fit. PPL5002: not real, or of two types.</exception>
let solve (a: Tensor) (b: Tensor) : Tensor = apply (FactorOp.Solve false) [| a; b |]

/// X with A' X = B; as solve.
let solveTransposed (a: Tensor) (b: Tensor) : Tensor = apply (FactorOp.Solve true) [| a; b |]

/// The unit matrices of the shape of x [.., n, n].
let identityLike (x: Tensor) : Tensor =
    let n = x.Shape[x.Shape.Rank - 1]
    let entries = Array.init (n * n) (fun i -> if i / n = i % n then 1.0 else 0.0)
    let unit = Tensor.OfLiteral(Literal.create (Shape.ofList [ n; n ]) (Storage.F64 entries))
    Ops.broadcastTo x.Shape (Ops.convert x.DType unit)

/// The inverse of A [.., n, n]: solve is faster and more accurate where the inverse would be multiplied.
let inverse (a: Tensor) : Tensor = solve a (identityLike a)

/// (sign, log |det A|) for A [.., n, n]; (0, -inf) where A is singular. The derivative of the sign is zero.
let slogdet (a: Tensor) : struct (Tensor * Tensor) =
    struct (apply FactorOp.DetSign [| a |], apply FactorOp.LogAbsDet [| a |])

/// log |det A| for A [.., n, n].
let logAbsDet (a: Tensor) : Tensor = apply FactorOp.LogAbsDet [| a |]

/// log det A of symmetric positive definite A [.., n, n], whose lower triangle is read: twice the sum of the logarithms on
/// the diagonal of its Cholesky factor. NaN where A is not positive definite.
let logDetOfDefinite (a: Tensor) : Tensor =
    let logs = Ops.log (Ops.diagonal (Ops.cholesky a))
    2.0 * Ops.sumAlong [| logs.Shape.Rank - 1 |] logs

/// X with A X = B for symmetric positive definite A, whose lower triangle is read, through its Cholesky factor.
let solveDefinite (a: Tensor) (b: Tensor) : Tensor =
    let l = Ops.cholesky a
    Ops.triangularSolve true true l (Ops.triangularSolve true false l b)

/// <summary>
/// (Q, R) with Q R = A for A [.., m, n], m at least n: Q [.., m, n] with Q'Q = I, R [.., n, n] upper triangular with a
/// nonnegative diagonal, so that the factors are unique for full column rank; without it they have no derivative.
/// By Householder reflections; entries between 1e-150 and 1e150.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: more columns than rows. PPL5002: not real.</exception>
let qr (a: Tensor) : struct (Tensor * Tensor) =
    let packed = apply FactorOp.Qr [| a |]
    let m = a.Shape[a.Shape.Rank - 2]
    struct (rows 0 m packed, rows m packed.Shape[packed.Shape.Rank - 2] packed)

/// <summary>
/// (w, V) with A = V diag(w) V' for symmetric A [.., n, n], whose lower triangle is read: eigenvalues w [.., n], ascending,
/// and orthonormal eigenvectors, the columns of V [.., n, n]; of each the first of the largest components is positive.
/// By Jacobi rotations. Where eigenvalues coincide, their vectors have no derivative: infinities or NaN, unless only the
/// values are used.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: not square. PPL5002: not real.</exception>
let eigh (a: Tensor) : struct (Tensor * Tensor) =
    let packed = apply FactorOp.Eigh [| a |]
    struct (vector (rows 0 1 packed), rows 1 packed.Shape[packed.Shape.Rank - 2] packed)

/// <summary>
/// (U, s, V) with A = U diag(s) V' for A [.., m, n]: U [.., m, k] and V [.., n, k] with orthonormal columns, singular values
/// s [.., k], descending, k the smaller of m and n; of each column of V the first of the largest components is positive.
/// By one-sided Jacobi rotations. Where singular values coincide or vanish, their vectors have no derivative.
/// </summary>
/// <exception cref="T:Ppl.Core.PplException">PPL5001: not matrices. PPL5002: not real.</exception>
let svd (a: Tensor) : struct (Tensor * Tensor * Tensor) =
    let packed = apply FactorOp.Svd [| a |]
    let m = a.Shape[a.Shape.Rank - 2]
    let last = packed.Shape[packed.Shape.Rank - 2]
    struct (rows 0 m packed, vector (rows m (m + 1) packed), rows (m + 1) last packed)
