// Products, factorisations, solves and Fourier transforms as calls of the hand-written kernels.
// Relies on Places. Read Opaque next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Matrices

open Ppl.Core
open Ppl.Core.Ir

/// Rows of a large product that one thread computes at a time: every panel packs the right operand again, so they are not
/// low, but a product of few rows is still cut into a few.
let private panel rows = if rows >= 512 then 128 else max 48 ((rows / 4 + 7) / 8 * 8)

let private isLargeProduct (p: Product) =
    p.Rows >= 96
    && p.Columns * p.Inner >= 128 * 128
    && int64 p.Rows * int64 p.Columns * int64 p.Inner >= (1L <<< 22)

let private from (view: View) start = { view with Offset = Affine.shift start view.Offset }

/// The statements of a large product.
let gemm (r: Region) (eq: Equation) (dot: DotAxes) =
    let e = r.Emitter
    let left, right, v = eq.Args[0], eq.Args[1], eq.Outs[0]
    let p = Facts.matrixProduct dot (r.Shape left) (r.Shape right)
    let freeLeft = Facts.freeAxes (r.Shape left).Rank dot.BatchLeft dot.ContractLeft
    let freeRight = Facts.freeAxes (r.Shape right).Rank dot.BatchRight dot.ContractRight
    let struct (a, transposeA) = Places.asMatrices r left dot.BatchLeft freeLeft dot.ContractLeft
    let struct (b, transposeB) = Places.asMatrices r right dot.BatchRight dot.ContractRight freeRight
    let c = Places.allocate r v
    let strideA = if transposeA then p.Rows else p.Inner

    let call first rows i =
        let c = Places.moved (from c (first * p.Columns)) (p.Rows * p.Columns) i
        let a = Places.moved (from a (if transposeA then first else first * strideA)) (p.Rows * p.Inner) i
        let b = Places.moved b (p.Inner * p.Columns) i
        Stmt.Call(Kernel.Gemm(c, a, b, rows, p.Columns, p.Inner, strideA, transposeA, transposeB))

    if p.Batch = 1 && r.Depth = 0 && isLargeProduct p then
        let panel = panel p.Rows

        e.Do(
            Stmt.Parallel
                [|
                    for first in 0..panel .. p.Rows - 1 do
                        [| call first (min panel (p.Rows - first)) Affine.zero |]
                |]
        )
    else
        Places.batched r p.Batch (fun i -> e.Do(call 0 p.Rows i))

    r.Views[v] <- ValueSome c

/// The statements of a decomposition into one result.
let decompose (r: Region) (eq: Equation) op =
    let e = r.Emitter
    let v = eq.Outs[0]
    let source = r.Shape eq.Args[0]
    let m, n = source[source.Rank - 2], source[source.Rank - 1]
    let count = Array.fold (*) 1 (source.ToArray()[.. source.Rank - 3])
    let first = Places.dense r eq.Args[0]
    let target = Places.allocate r v
    let size = if count = 0 then 0 else r.Count v / count
    let kind = ReferenceMatrices.decompositionOf op

    // A matrix without elements still has a determinant, and R of no columns has no elements to write.
    if size > 0 then
        Places.batched r count (fun i ->
            e.Do(Stmt.Call(Kernel.Decompose(Places.moved target size i, Places.moved first (m * n) i, kind, m, n))))

    r.Views[v] <- ValueSome target

/// Whether these are unit matrices.
let rec private isUnit (r: Region) v =
    match r.Definition v with
    | ValueSome { Primitive = Primitive.Constant literal } when (r.Type v).DType = DType.F64 ->
        let n = (r.Shape v)[(r.Shape v).Rank - 1]

        Literal.floats literal
        |> Seq.indexed
        |> Seq.forall (fun (i, x) -> x = (if i / n % n = i % n then 1.0 else 0.0))
    | ValueSome { Primitive = Primitive.Move(MoveOp.Broadcast(shape, axes)); Args = args } ->
        axes.Length >= 2 && axes = [| shape.Rank - axes.Length .. shape.Rank - 1 |] && isUnit r args[0]
    | _ -> false

/// The matrices whose Cholesky factors nothing but this equation needs, which inverts them: L^-1 comes from one elimination.
let private tryInverted (r: Region) (eq: Equation) =
    match eq.Primitive with
    | Primitive.Factor(FactorOp.TriangularSolve(true, false)) when r.Uses eq.Args[0] = 1 && r.Uses eq.Outs[0] > 0 ->
        let shape = r.Shape eq.Outs[0]

        match r.Definition eq.Args[0] with
        | ValueSome { Primitive = Primitive.Factor FactorOp.Cholesky; Args = args } when
            shape[shape.Rank - 1] <= Ppl.Kernels.Dense.LargestInverse && isUnit r eq.Args[1]
            ->
            ValueSome args[0]
        | _ -> ValueNone
    | _ -> ValueNone

let private invert (r: Region) (eq: Equation) source =
    let v = eq.Outs[0]
    let shape = r.Shape v
    let n = shape[shape.Rank - 1]
    let first, target = Places.dense r source, Places.allocate r v

    if n > 0 then
        Places.batched r (shape.Count / (n * n)) (fun i ->
            let at view = Places.moved view (n * n) i
            r.Emitter.Do(Stmt.Call(Kernel.CholeskyInverse(at target, at first, n))))

    r.Views[v] <- ValueSome target

/// Whether the factor is never needed itself, only its inverse.
let private isOnlyInverted (r: Region) (eq: Equation) =
    let inverts (user: Equation) = user.Args.Length > 0 && user.Args[0] = eq.Outs[0] && (tryInverted r user).IsSome

    match eq.Primitive with
    | Primitive.Factor FactorOp.Cholesky -> r.Uses eq.Outs[0] = 1 && Array.exists inverts r.Program.Equations
    | _ -> false

let private call (r: Region) (eq: Equation) op =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape v
    let first = Places.dense r eq.Args[0]
    let n = shape[shape.Rank - 2]
    let k = shape[shape.Rank - 1]
    let count = if n * k = 0 then 0 else shape.Count / (n * k)

    let into (kernel: View -> unit) =
        let target = Places.allocate r v

        if count > 0 then
            kernel target

        r.Views[v] <- ValueSome target

    match op with
    | FactorOp.Cholesky ->
        into (fun target -> e.Do(Stmt.Call(Kernel.Cholesky(Places.addressOf target, Places.addressOf first, count, n))))
    | FactorOp.CholeskyVjp ->
        let cotangent = Places.dense r eq.Args[1]

        into (fun target ->
            Places.batched r count (fun i ->
                let at view = Places.moved view (n * n) i
                e.Do(Stmt.Call(Kernel.CholeskyVjp(at target, at first, at cotangent, n)))))
    | FactorOp.Solve adjoint ->
        let batch = [| 0 .. shape.Rank - 3 |]

        let struct (right, transposeB) =
            Places.asMatrices r eq.Args[1] batch [| shape.Rank - 2 |] [| shape.Rank - 1 |]

        into (fun target ->
            Places.batched r count (fun i ->
                let x, a, b =
                    Places.moved target (n * k) i, Places.moved first (n * n) i, Places.moved right (n * k) i

                e.Do(Stmt.Call(Kernel.Solve(x, a, b, n, k, adjoint, transposeB)))))
    | FactorOp.LogAbsDet
    | FactorOp.DetSign
    | FactorOp.Qr
    | FactorOp.Eigh
    | FactorOp.Svd -> Errors.bug "Matrices" "decompositions have their own statements"
    | FactorOp.TriangularSolve(lower, transpose) ->
        let batch = [| 0 .. shape.Rank - 3 |]

        let struct (right, transposeB) =
            Places.asMatrices r eq.Args[1] batch [| shape.Rank - 2 |] [| shape.Rank - 1 |]

        into (fun target ->
            let x, l, b = Places.addressOf target, Places.addressOf first, Places.addressOf right
            e.Do(Stmt.Call(Kernel.TriangularSolve(x, l, b, count, n, k, lower, transpose, transposeB))))

/// The statements of a factorisation or a solve.
let factor (r: Region) (eq: Equation) op =
    match tryInverted r eq with
    | ValueSome source -> invert r eq source
    | ValueNone ->
        if not (isOnlyInverted r eq) then
            call r eq op

/// Enough pairs for a thread of its own.
let private fourierBlock = 1 <<< 14

/// The statements of Fourier transforms: many rows are cut into blocks that may run at once.
let fourier (r: Region) (eq: Equation) inverse =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape v
    let source = Places.dense r eq.Args[0]
    let target = Places.allocate r v
    let n = shape[shape.Rank - 1]
    let rows = if n = 0 then 0 else shape.Count / (2 * n)

    let call first count =
        let at view = Places.addressOf (from view (2 * n * first))
        Stmt.Call(Kernel.Fourier(at target, at source, count, n, inverse))

    if r.Depth = 0 && rows > 1 && shape.Count >= 4 * fourierBlock then
        let block = max 1 (max (fourierBlock / n) (rows / 16))
        e.Do(Stmt.Parallel [| for first in 0..block .. rows - 1 -> [| call first (min block (rows - first)) |] |])
    elif rows > 0 then
        e.Do(call 0 rows)

    r.Views[v] <- ValueSome target
