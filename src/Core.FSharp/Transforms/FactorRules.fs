// Derivatives of general solves, determinants, QR, symmetric eigenvalues and singular values, both directions, with tensor
// operations. Packed factors (Primitive.FactorOp says how) are split and joined here.
// Sources: Giles (2008), Collected matrix derivative results; Seeger et al. (2017), Auto-differentiating linear algebra, for
// QR; Townsend (2016), Differentiating the singular value decomposition.
// Factors that are not unique have no derivative: where two eigenvalues or singular values are equal and the cotangent or
// tangent sees their vectors apart, the rules give infinities or NaN; functions of the values alone stay right.
// Relies on LinearAlgebra and Derivatives. Read Activity next.
module internal Ppl.Core.Transforms.FactorRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Derivatives

let private transposed (x: Tensor) = swapLast x
let private mul a b = matmul a false b false
let private mulTransposed a b = matmul a true b false
let private byTransposed a b = matmul a false b true

/// Rows start ... limit - 1 of the matrices.
let private rows start limit (x: Tensor) = Ops.slice (x.Shape.Rank - 2) start limit x

let private join (parts: Tensor[]) = Ops.concat (parts[0].Shape.Rank - 2) parts
let private columns (x: Tensor) = x.Shape[x.Shape.Rank - 1]
let private height (x: Tensor) = x.Shape[x.Shape.Rank - 2]

/// The diagonal as a row [.., 1, n].
let private diagonalRow (x: Tensor) =
    let d = Ops.diagonal x
    Ops.reshape (Shape.ofArray (Array.append (d.Shape.ToArray()[.. d.Shape.Rank - 2]) [| 1; columns x |])) d

/// The matrices with this row on the diagonal, zeros elsewhere.
let private onDiagonal (row: Tensor) (like: Tensor) =
    let spread = Ops.broadcastTo like.Shape row
    triangle true 1.0 (triangle false 1.0 spread)

let private strictLower x = triangle true 0.0 x

// ---- general systems and determinants

let private solve adjoint = if adjoint then LinearAlgebra.solveTransposed else LinearAlgebra.solve

/// op(A) X = B: the cotangent of B is op(A)'^-1 c, that of A is minus its product with X'.
let private solveVjp adjoint (a: Tensor) (x: Tensor) (c: Tensor) (wanted: bool[]) =
    let right = solve (not adjoint) a c
    let left = if adjoint then byTransposed x right else byTransposed right x
    [| (if wanted[0] then Some(-left) else None); Some right |]

let private solveJvp adjoint (a: Tensor) (x: Tensor) (ts: Tensor option[]) =
    let moved = ts[0] |> Option.map (fun t -> -(matmul t adjoint x false))

    sum ts[1] moved |> Option.map (solve adjoint a)

/// c for each matrix, as [.., 1, 1].
let private perMatrix (c: Tensor) = Ops.reshape (Shape.ofArray (Array.append (c.Shape.ToArray()) [| 1; 1 |])) c

/// d log |det A| = trace(A^-1 dA): the cotangent is c A^-1'.
let private logAbsDetVjp (a: Tensor) (c: Tensor) =
    Ops.broadcastTo a.Shape (perMatrix c)
    * LinearAlgebra.solveTransposed a (LinearAlgebra.identityLike a)

let private logAbsDetJvp (a: Tensor) (t: Tensor) =
    Ops.sumAlong [| a.Shape.Rank - 2 |] (Ops.diagonal (LinearAlgebra.solve a t))

// ---- QR: A = Q R, so C = Q' dA R^-1 = Q' dQ + dR R^-1, antisymmetric and upper triangular

let private qrParts (a: Tensor) (y: Tensor) = rows 0 (height a) y, rows (height a) (height y) y

/// X with X R' = Y.
let private divideByTransposed (r: Tensor) (y: Tensor) = transposed (Ops.triangularSolve false false r (transposed y))

let private qrVjp (a: Tensor) (y: Tensor) (c: Tensor) =
    let q, r = qrParts a y
    let cq, cr = qrParts a c
    let m = byTransposed r cr - mulTransposed cq q
    let symmetric = strictLower m + transposed (triangle true 1.0 m)
    divideByTransposed r (cq + mul q symmetric)

let private qrJvp (a: Tensor) (y: Tensor) (t: Tensor) =
    let q, r = qrParts a y
    let scaled = transposed (Ops.triangularSolve false true r (transposed t))
    let inner = mulTransposed q scaled
    let below = strictLower inner
    let upper = inner - (below - transposed below)
    join [| scaled - mul q upper; mul upper r |]

// ---- symmetric eigenvalues: A = V diag(w) V'

/// M_ij / (w_j - w_i) outside the diagonal, 0 on it; 0 / 0 is 0 here.
let private overDifferences (w: Tensor) (m: Tensor) =
    let spread = Ops.broadcastTo m.Shape w
    let difference = spread - transposed spread
    let zero = Ops.zerosLike m
    let nothing = Ops.logicalAnd (Ops.equal difference zero) (Ops.equal m zero)
    let outside = strictLower m + transposed (strictLower (transposed m))
    outside / Ops.select nothing (Ops.onesLike m) (difference + LinearAlgebra.identityLike m)

let private eighVjp (y: Tensor) (c: Tensor) =
    let w, v = rows 0 1 y, rows 1 (height y) y
    let cw, cv = rows 0 1 c, rows 1 (height c) c
    let inner = onDiagonal cw v + overDifferences w (mulTransposed v cv)
    let full = byTransposed (mul v inner) v
    triangle true 0.5 (full + transposed full)

let private eighJvp (y: Tensor) (t: Tensor) =
    let w, v = rows 0 1 y, rows 1 (height y) y
    let lower = triangle true 0.5 t
    let inner = mul (mulTransposed v (lower + transposed lower)) v
    join [| diagonalRow inner; mul v (overDifferences w inner) |]

// ---- singular values: A = U diag(s) V'

let private svdParts (a: Tensor) (y: Tensor) =
    let m = height a
    rows 0 m y, rows m (m + 1) y, rows (m + 1) (height y) y

/// x less its part in the span of the orthonormal columns of u; nothing is left if they are all of space.
let private beside (u: Tensor) (x: Tensor) = if height u = columns u then None else Some(x - mul u (mulTransposed u x))

let private svdVjp (a: Tensor) (y: Tensor) (c: Tensor) =
    let u, s, v = svdParts a y
    let cu, cs, cv = svdParts a c
    let square = Ops.square s
    let twist u cu = let m = mulTransposed u cu in overDifferences square (m - transposed m)

    let inner =
        twist u cu * s + onDiagonal cs (twist u cu) + Ops.reshape (transposed s).Shape s * twist v cv

    let main = byTransposed (mul u inner) v
    let left = beside u (cu / s) |> Option.map (fun x -> byTransposed x v)
    let right = beside v (cv / s) |> Option.map (fun x -> byTransposed u x)
    (sum (Some main) (sum left right)).Value

let private svdJvp (a: Tensor) (y: Tensor) (t: Tensor) =
    let u, s, v = svdParts a y
    let column = Ops.reshape (transposed s).Shape s
    let square = Ops.square s
    let inner = mul (mulTransposed u t) v
    let du = mul u (overDifferences square (inner * s + column * transposed inner))
    let dv = mul v (overDifferences square (column * inner + transposed inner * s))
    let du = (sum (Some du) (beside u (mul t v / s))).Value
    let dv = (sum (Some dv) (beside v (mulTransposed t u / s))).Value
    join [| du; diagonalRow inner; dv |]

// ---- all

/// The cotangents of the arguments of a factorisation that Vjp does not know itself.
let vjp op (wanted: bool[]) (xs: Tensor[]) (y: Tensor) (c: Tensor) : Tensor option[] =
    match op with
    | FactorOp.Solve adjoint -> solveVjp adjoint xs[0] y c wanted
    | FactorOp.LogAbsDet -> [| Some(logAbsDetVjp xs[0] c) |]
    | FactorOp.DetSign -> [| None |]
    | FactorOp.Qr -> [| Some(qrVjp xs[0] y c) |]
    | FactorOp.Eigh -> [| Some(eighVjp y c) |]
    | FactorOp.Svd -> [| Some(svdVjp xs[0] y c) |]
    | FactorOp.Cholesky
    | FactorOp.CholeskyVjp
    | FactorOp.TriangularSolve _ -> Errors.bug "FactorRules.vjp" "Vjp has its own rules for these"

/// The tangent of the result of a factorisation that Jvp does not know itself.
let jvp op (xs: Tensor[]) (y: Tensor) (ts: Tensor option[]) : Tensor option =
    match op with
    | FactorOp.Solve adjoint -> solveJvp adjoint xs[0] y ts
    | FactorOp.LogAbsDet -> ts[0] |> Option.map (logAbsDetJvp xs[0])
    | FactorOp.DetSign -> None
    | FactorOp.Qr -> ts[0] |> Option.map (qrJvp xs[0] y)
    | FactorOp.Eigh -> ts[0] |> Option.map (eighJvp y)
    | FactorOp.Svd -> ts[0] |> Option.map (svdJvp xs[0] y)
    | FactorOp.Cholesky
    | FactorOp.CholeskyVjp
    | FactorOp.TriangularSolve _ -> Errors.bug "FactorRules.jvp" "Jvp has its own rules for these"
