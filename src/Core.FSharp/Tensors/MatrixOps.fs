// Products, Cholesky factors and triangular systems; draws of random numbers.
// Relies on MoveOps. Read SpecialFunctions next.
/// Products, Cholesky factors, draws: a part of Ops.
[<AutoOpen>]
module Ppl.Core.Tensors.MatrixOps

open Ppl.Core
open Ppl.Core.Ir

/// Operations on tensors.
[<RequireQualifiedAccess>]
module Ops =

    /// Sums of products over the paired axes.
    let dotGeneral axes (x: Tensor) (y: Tensor) = Bind.one (Primitive.Contract axes) [| x; y |]

    /// The product over the last axis of x and the first of y: inner, matrix-vector and matrix-matrix products.
    let dot (x: Tensor) (y: Tensor) =
        if x.Shape.Rank = 0 || y.Shape.Rank = 0 then
            Errors.shapes "dot" $"{x.Type} and {y.Type}: a scalar has no axis to sum over"

        dotGeneral
            {
                BatchLeft = [||]
                BatchRight = [||]
                ContractLeft = [| x.Shape.Rank - 1 |]
                ContractRight = [| 0 |]
            }
            x
            y

    /// The lower triangular L with L L' = x.
    let cholesky x = Bind.one (Primitive.Factor FactorOp.Cholesky) [| x |]

    /// X with L X = B (or L' X = B) for a triangular matrix and a matrix of right-hand sides.
    let triangularSolve lower transposed (l: Tensor) (b: Tensor) =
        Bind.one (Primitive.Factor(FactorOp.TriangularSolve(lower, transposed))) [| l; b |]

    /// The cotangent of x (its lower triangle) from the cotangent c of l = cholesky x: Phi(S + S') with
    /// S = l'^-1 Phi(l' c) l^-1, where Phi takes the lower triangle and half the diagonal.
    let internal choleskyVjp (l: Tensor) (c: Tensor) = Bind.one (Primitive.Factor FactorOp.CholeskyVjp) [| l; c |]

    // ---- randomness

    /// The key of a derived stream.
    let foldIn (key: Tensor) (data: Tensor) = Bind.one (Primitive.Random RandomOp.FoldIn) [| key; data |]

    /// Uniform draws in the open interval (0, 1).
    let uniform shape (key: Tensor) = Bind.one (Primitive.Random(RandomOp.Uniform shape)) [| key |]

    /// 32 random bits per element.
    let bits shape (key: Tensor) = Bind.one (Primitive.Random(RandomOp.Bits shape)) [| key |]
