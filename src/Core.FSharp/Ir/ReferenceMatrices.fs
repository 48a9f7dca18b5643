// The meaning of products, factorisations and solves: plain loops over the entries of one matrix after the other.
// Relies on ReferenceArrays and arguments that TypeRules has accepted. Read ReferenceOrder next.
module internal Ppl.Core.Ir.ReferenceMatrices

open System
open Ppl.Core
open Ppl.Core.Ir.ReferenceArrays
open Ppl.Kernels

/// Real numbers as the storage of a real element type: f32 rounds.
let ofReals dtype (xs: float[]) = if dtype = DType.F32 then Storage.F32(Array.map float32 xs) else Storage.F64 xs

/// The general dot product, each sum in row-major order of the contracted axes, in f64 (f32 rounds the results).
let contract (axes: DotAxes) (ty: TensorType) (x: Literal) (y: Literal) =
    let left, right = Shape.strides x.Type.Shape, Shape.strides y.Type.Shape
    let pick (strides: int[]) (of': int[]) = Array.map (fun axis -> strides[axis]) of'

    let free (shape: Shape) batch contracted = [| 0 .. shape.Rank - 1 |] |> Array.except (Array.append batch contracted)

    let freeLeft = free x.Type.Shape axes.BatchLeft axes.ContractLeft
    let freeRight = free y.Type.Shape axes.BatchRight axes.ContractRight
    let still (other: int[]) = Array.zeroCreate<int> other.Length

    let leftStart =
        offsets ty.Shape (Array.concat [ pick left axes.BatchLeft; pick left freeLeft; still freeRight ]) 0

    let rightStart =
        offsets ty.Shape (Array.concat [ pick right axes.BatchRight; still freeLeft; pick right freeRight ]) 0

    let summed = Shape.ofArray (Array.map (fun axis -> x.Type.Shape[axis]) axes.ContractLeft)
    let leftStep = offsets summed (pick left axes.ContractLeft) 0
    let rightStep = offsets summed (pick right axes.ContractRight) 0
    let x, y = Literal.widened x, Literal.widened y

    Array.init leftStart.Length (fun i ->
        let mutable sum = 0.0

        for k in 0 .. leftStep.Length - 1 do
            sum <- sum + x[leftStart[i] + leftStep[k]] * y[rightStart[i] + rightStep[k]]

        sum)
    |> ofReals ty.DType

/// The lower Cholesky factor of the n x n matrix at `start`, column by column. NaN as a pivot spreads to the whole
/// lower triangle from that column on.
let private choleskyAt (a: float[]) (l: float[]) n start =
    let at i j = start + i * n + j

    for j in 0 .. n - 1 do
        for i in j .. n - 1 do
            let mutable rest = a[at i j]

            for k in 0 .. j - 1 do
                rest <- rest - l[at i k] * l[at j k]

            l[at i j] <-
                if i > j then rest / l[at j j]
                elif rest > 0.0 then Math.Sqrt rest
                else nan

/// Forward or backward substitution for one matrix (at `start` of l) and one column of right-hand sides.
let private solveColumn (l: float[]) (x: float[]) n k start column lower transpose =
    let entry i j = if transpose then l[start + j * n + i] else l[start + i * n + j]
    let forward = lower <> transpose

    for step in 0 .. n - 1 do
        let i = if forward then step else n - 1 - step
        let mutable rest = x[column + i * k]

        for before in 0 .. step - 1 do
            let j = if forward then before else n - 1 - before
            rest <- rest - entry i j * x[column + j * k]

        x[column + i * k] <- rest / entry i i

/// The cotangent of the Cholesky factorisation at `start`: Phi(G) with G = L'^-1 Q L^-1, where Q is symmetric and has the
/// lower triangle of L' C.
let private choleskyVjpAt (l: float[]) (c: float[]) (result: float[]) n start =
    let product i j = Seq.sum (seq { for k in i .. n - 1 -> l[start + k * n + i] * c[start + k * n + j] })
    let symmetric = Array.init (n * n) (fun at -> product (max (at / n) (at % n)) (min (at / n) (at % n)))

    let solved (x: float[]) =
        for column in 0 .. n - 1 do
            solveColumn l x n n start column true true

        x

    let half = solved symmetric
    let whole = solved (Array.init (n * n) (fun at -> half[at % n * n + at / n]))

    for i in 0 .. n - 1 do
        for j in 0..i do
            result[start + i * n + j] <- if i = j then 0.5 * whole[i * n + j] else whole[i * n + j]

/// What Ppl.Kernels computes of one matrix.
let decompositionOf op =
    match op with
    | FactorOp.LogAbsDet -> Decomposition.LogAbsDeterminant
    | FactorOp.DetSign -> Decomposition.DeterminantSign
    | FactorOp.Qr -> Decomposition.Qr
    | FactorOp.Eigh -> Decomposition.Eigh
    | FactorOp.Svd -> Decomposition.Svd
    | FactorOp.Cholesky
    | FactorOp.CholeskyVjp
    | FactorOp.TriangularSolve _
    | FactorOp.Solve _ -> Errors.bug "ReferenceMatrices" $"{op} is no decomposition"

/// A decomposition by the code that engines call: the factors are unique, but algorithms differ in their rounding.
let private decompose op (ty: TensorType) (a: Literal) =
    let shape = a.Type.Shape
    let m, n = shape[shape.Rank - 2], shape[shape.Rank - 1]
    let count = Array.fold (*) 1 (shape.ToArray()[.. shape.Rank - 3])
    let result: float[] = Array.zeroCreate ty.Shape.Count
    let size = if count = 0 then 0 else result.Length / count
    let source = Literal.widened a

    for i in 0 .. count - 1 do
        let matrix = ReadOnlySpan<float>(source, i * m * n, m * n)
        PackedDense.Decompose(decompositionOf op, m, n, matrix, Span<float>(result, i * size, size))

    ofReals a.Type.DType result

/// Factorisations and solves, one matrix after the other; `ty` is the type of the result; f32 is widened, and the
/// results are rounded.
let factor op (ty: TensorType) (args: Literal[]) =
    let shape = args[0].Type.Shape
    let n = shape[shape.Rank - 1]
    let matrices = Array.fold (*) 1 (shape.ToArray()[.. shape.Rank - 3])
    let a = Literal.widened args[0]

    match op with
    | FactorOp.Cholesky ->
        let l = Array.zeroCreate a.Length

        for m in 0 .. matrices - 1 do
            choleskyAt a l n (m * n * n)

        ofReals args[0].Type.DType l
    | FactorOp.Solve adjoint ->
        let k = args[1].Type.Shape[shape.Rank - 1]
        let x = Array.copy (Literal.widened args[1])

        for m in 0 .. matrices - 1 do
            let matrix = ReadOnlySpan<float>(a, m * n * n, n * n)
            PackedDense.Solve(n, k, matrix, adjoint, Span<float>(x, m * n * k, n * k))

        ofReals args[1].Type.DType x
    | FactorOp.LogAbsDet
    | FactorOp.DetSign
    | FactorOp.Qr
    | FactorOp.Eigh
    | FactorOp.Svd -> decompose op ty args[0]
    | FactorOp.TriangularSolve(lower, transpose) ->
        let k = args[1].Type.Shape[shape.Rank - 1]
        let x = Array.copy (Literal.widened args[1])

        for m in 0 .. matrices - 1 do
            for column in 0 .. k - 1 do
                solveColumn a x n k (m * n * n) (m * n * k + column) lower transpose

        ofReals args[1].Type.DType x
    | FactorOp.CholeskyVjp ->
        let result = Array.zeroCreate a.Length

        for m in 0 .. matrices - 1 do
            choleskyVjpAt a (Literal.widened args[1]) result n (m * n * n)

        ofReals args[0].Type.DType result
