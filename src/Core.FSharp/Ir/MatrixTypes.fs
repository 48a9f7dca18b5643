// The types of the results of products, factorisations, solves and Fourier transforms.
// Relies on TypeChecks. Read ControlTypes next.
module internal Ppl.Core.Ir.MatrixTypes

open Ppl.Core
open Ppl.Core.Ir.TypeChecks

let contract (axes: DotAxes) (types: TensorType[]) =
    arity "dot" 2 types
    Array.iter (requireDType "dot" reals) types
    requireSameDType "dot" types
    checkAxes "dot" types[0].Shape (Array.append axes.BatchLeft axes.ContractLeft)
    checkAxes "dot" types[1].Shape (Array.append axes.BatchRight axes.ContractRight)

    let pair (left: int[]) (right: int[]) =
        if
            left.Length <> right.Length
            || Array.exists2 (fun l r -> types[0].Shape[l] <> types[1].Shape[r]) left right
        then
            Errors.shapes "dot" $"{show types} along %A{left} and %A{right}"

    pair axes.BatchLeft axes.BatchRight
    pair axes.ContractLeft axes.ContractRight
    let batch = axes.BatchLeft |> Array.map (fun a -> types[0].Shape[a])
    let left = (Shape.without (Array.append axes.BatchLeft axes.ContractLeft) types[0].Shape).ToArray()
    let right = (Shape.without (Array.append axes.BatchRight axes.ContractRight) types[1].Shape).ToArray()
    TensorType.create types[0].DType (Shape.ofArray (Array.concat [ batch; left; right ]))

let private requireSquare name (ty: TensorType) =
    let rank = ty.Shape.Rank
    requireDType name reals ty

    if rank < 2 || ty.Shape[rank - 1] <> ty.Shape[rank - 2] then
        Errors.shapes name $"needs square matrices, got {ty}"

/// The batch extents of matrices, their rows and columns.
let private matrices name (ty: TensorType) =
    requireDType name reals ty

    if ty.Shape.Rank < 2 then
        Errors.shapes name $"needs matrices, got {ty}"

    let extents = ty.Shape.ToArray()
    struct (extents[.. extents.Length - 3], extents[extents.Length - 2], extents[extents.Length - 1])

let private decomposition op (ty: TensorType) =
    let name = Primitive.name (Primitive.Factor op)
    let struct (batch, m, n) = matrices name ty

    let ofExtents extents = { ty with Shape = Shape.ofArray (Array.append batch extents) }

    match op with
    | FactorOp.Qr ->
        if m < n then
            Errors.shapes name $"needs at least as many rows as columns, got {ty}"

        ofExtents [| m + n; n |]
    | FactorOp.Svd -> ofExtents [| m + 1 + n; min m n |]
    | _ ->
        requireSquare name ty
        ofExtents (if op = FactorOp.Eigh then [| n + 1; n |] else [||])

let private requireRightSide name (types: TensorType[]) =
    let a, b = types[0].Shape, types[1].Shape
    let batch (s: Shape) = s.ToArray()[.. s.Rank - 3]

    if b.Rank <> a.Rank || batch a <> batch b || b[b.Rank - 2] <> a[a.Rank - 1] then
        Errors.shapes name $"{show types}"

let factor op (types: TensorType[]) =
    match op with
    | FactorOp.Solve _ ->
        arity "solve" 2 types
        requireSquare "solve" types[0]
        requireSameDType "solve" types
        requireRightSide "solve" types
        types[1]
    | FactorOp.LogAbsDet
    | FactorOp.DetSign
    | FactorOp.Qr
    | FactorOp.Eigh
    | FactorOp.Svd ->
        arity (Primitive.name (Primitive.Factor op)) 1 types
        decomposition op types[0]
    | FactorOp.Cholesky ->
        arity "cholesky" 1 types
        requireSquare "cholesky" types[0]
        types[0]
    | FactorOp.TriangularSolve _ ->
        arity "triangularSolve" 2 types
        requireSquare "triangularSolve" types[0]
        requireSameDType "triangularSolve" types
        requireRightSide "triangularSolve" types
        types[1]
    | FactorOp.CholeskyVjp ->
        arity "choleskyVjp" 2 types
        requireSquare "choleskyVjp" types[0]
        requireSameDType "choleskyVjp" types

        if types[1] <> types[0] then
            Errors.shapes "choleskyVjp" $"{show types}"

        types[0]

let fourier (ty: TensorType) =
    requireDType "fourier" reals ty
    let rank = ty.Shape.Rank

    if rank < 2 || ty.Shape[rank - 2] <> 2 then
        Errors.shapes "fourier" $"needs real parts above imaginary ones, [.., 2, n], got {ty}"

    ty
