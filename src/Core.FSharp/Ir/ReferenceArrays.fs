// The meaning of the primitives that move, index, reduce and contract: each is a table of offsets and one plain loop.
// Relies on arguments that TypeRules has accepted. Read Reference next.
module internal Ppl.Core.Ir.ReferenceArrays

open System
open Ppl.Core
open Ppl.Kernels

/// The flat offset of each element of `shape`, in row-major order, when a step along axis a moves strides[a].
let offsets (shape: Shape) (strides: int[]) start =
    let mutable result = [| start |]

    for axis in 0 .. shape.Rank - 1 do
        let outer, extent, stride = result, shape[axis], strides[axis]
        result <- Array.init (outer.Length * extent) (fun i -> outer[i / extent] + i % extent * stride)

    result

/// sum of index[a] * strides[a]
let private offset (index: int[]) (strides: int[]) = Array.fold2 (fun sum i stride -> sum + i * stride) 0 index strides

/// 0, 1, 2, ... along an axis.
let iota (ty: TensorType) axis =
    let index = offsets ty.Shape (Array.init ty.Shape.Rank (fun a -> if a = axis then 1 else 0)) 0

    match ty.DType with
    | DType.F64 -> Storage.F64(Array.map float index)
    | DType.F32 -> Storage.F32(Array.map float32 index)
    | DType.I64 -> Storage.I64(Array.map int64 index)
    | DType.U32 -> Storage.U32(Array.map uint32 index)
    | DType.I32
    | DType.Bool -> Storage.I32 index

let private concat axis (ty: TensorType) (args: Literal[]) =
    let strides = Shape.strides ty.Shape
    let target = Storage.zeros ty.DType ty.Shape.Count
    let mutable start = 0

    for arg in args do
        Storage.scatter (offsets arg.Type.Shape strides (start * strides[axis])) arg.Data target
        start <- start + arg.Type.Shape[axis]

    target

let private pad (low: int[]) (ty: TensorType) (x: Literal) =
    let strides = Shape.strides ty.Shape
    let target = Storage.zeros ty.DType ty.Shape.Count
    Storage.scatter (offsets x.Type.Shape strides (offset low strides)) x.Data target
    target

/// Rearrangements; `ty` is the type of the result.
let move op (ty: TensorType) (args: Literal[]) =
    let strides = Shape.strides args[0].Type.Shape
    let from shape strides start = Storage.gather (offsets shape strides start) args[0].Data

    match op with
    | MoveOp.Reshape _ -> args[0].Data
    | MoveOp.Transpose permutation -> from ty.Shape (Array.map (fun axis -> strides[axis]) permutation) 0
    | MoveOp.Broadcast(shape, axes) ->
        let stretched = Array.zeroCreate shape.Rank

        axes
        |> Array.iteri (fun own axis ->
            if args[0].Type.Shape[own] <> 1 then
                stretched[axis] <- strides[own])

        from shape stretched 0
    | MoveOp.Slice(start, _, stride) -> from ty.Shape (Array.map2 (*) stride strides) (offset start strides)
    | MoveOp.Windows(axes, _, windowStrides, dilations) ->
        let outer = Array.copy strides
        axes |> Array.iteri (fun i axis -> outer[axis] <- strides[axis] * windowStrides[i])
        let inner = Array.map2 (fun axis dilation -> strides[axis] * dilation) axes dilations
        from ty.Shape (Array.append outer inner) 0
    | MoveOp.Pad(low, _) -> pad low ty args[0]
    | MoveOp.Concat axis -> concat axis ty args
    | MoveOp.Reverse axes ->
        let steps = Array.mapi (fun axis s -> if Array.contains axis axes then -s else s) strides
        let start = axes |> Array.sumBy (fun axis -> (ty.Shape[axis] - 1) * strides[axis])
        from ty.Shape steps start

/// A shape around one axis: (elements before, along, after) it.
let around axis (shape: Shape) =
    let extents = shape.ToArray()
    let product = Array.fold (*) 1
    struct (product extents[.. axis - 1], extents[axis], product extents[axis + 1 ..])

/// Where Take reads, for each element of its result in row-major order.
let private takePositions axis (shape: Shape) (indices: int[]) =
    let struct (outer, extent, inner) = around axis shape
    let positions = Array.zeroCreate (outer * indices.Length * inner)
    let mutable at = 0

    for o in 0 .. outer - 1 do
        for index in indices do
            let row = (o * extent + Math.Clamp(index, 0, extent - 1)) * inner

            for i in 0 .. inner - 1 do
                positions[at] <- row + i
                at <- at + 1

    positions

let inline private accumulate (positions: int[]) (target: 'a[]) (u: 'a[]) =
    positions |> Array.iteri (fun i p -> target[p] <- target[p] + u[i])

let private addAt (positions: int[]) (x: Storage) (u: Storage) =
    let target = Storage.copy x

    match target, u with
    | Storage.F64 target, Storage.F64 u -> accumulate positions target u
    | Storage.F32 target, Storage.F32 u -> accumulate positions target u
    | Storage.I64 target, Storage.I64 u -> accumulate positions target u
    | Storage.I32 target, Storage.I32 u -> accumulate positions target u
    | Storage.U32 target, Storage.U32 u -> accumulate positions target u
    | _ -> Errors.bug "ReferenceArrays.addAt" "element types differ after the types were checked"

    target

/// The positions in x of the block of these sizes at the clamped start.
let private blockPositions (x: Shape) (sizes: Shape) (starts: Literal[]) =
    let strides = Shape.strides x

    let clamped =
        Array.mapi (fun axis start -> Math.Clamp((Literal.ints start)[0], 0, x[axis] - sizes[axis])) starts

    offsets sizes strides (offset clamped strides)

/// Data-dependent access.
let index op (args: Literal[]) =
    let x = args[0]

    match op with
    | IndexOp.Take axis -> Storage.gather (takePositions axis x.Type.Shape (Literal.ints args[1])) x.Data
    | IndexOp.ScatterAdd axis -> addAt (takePositions axis x.Type.Shape (Literal.ints args[1])) x.Data args[2].Data
    | IndexOp.DynamicSlice sizes -> Storage.gather (blockPositions x.Type.Shape (Shape.ofArray sizes) args[1..]) x.Data
    | IndexOp.DynamicUpdate ->
        let target = Storage.copy x.Data
        Storage.scatter (blockPositions x.Type.Shape args[1].Type.Shape args[2..]) args[1].Data target
        target

let private fold f (initial: 'a) count (into: int[]) (x: 'a[]) =
    let result = Array.create count initial

    for i in 0 .. x.Length - 1 do
        result[into[i]] <- f result[into[i]] x[i]

    result

let private impossible op (ty: TensorType) =
    Errors.bug "ReferenceArrays.reduce" $"{op} of {ty} after the types were checked"

let private realFold op count into (x: float[]) =
    match op with
    | ReduceOp.Sum -> fold (+) 0.0 count into x
    | ReduceOp.Prod -> fold (*) 1.0 count into x
    | ReduceOp.Max -> fold (fun a b -> Math.Max(a, b)) -infinity count into x
    | ReduceOp.Min -> fold (fun a b -> Math.Min(a, b)) infinity count into x
    | ReduceOp.Any
    | ReduceOp.All -> impossible op (TensorType.scalar DType.F64)

let inline private integerFold op (lowest: ^a) (highest: ^a) count into (x: ^a[]) : ^a[] =
    match op with
    | ReduceOp.Sum -> fold (+) LanguagePrimitives.GenericZero count into x
    | ReduceOp.Prod -> fold (*) LanguagePrimitives.GenericOne count into x
    | ReduceOp.Max -> fold max lowest count into x
    | ReduceOp.Min -> fold min highest count into x
    | ReduceOp.Any
    | ReduceOp.All -> impossible op (TensorType.scalar DType.I32)

/// Reductions: a fold from the neutral element, in row-major order. Those of f32 are taken in f64 and rounded once.
let reduce op (axes: int[]) (ty: TensorType) (x: Literal) =
    let outStrides = Shape.strides ty.Shape
    let kept = Array.except axes [| 0 .. x.Type.Shape.Rank - 1 |]
    let strides = Array.zeroCreate x.Type.Shape.Rank
    kept |> Array.iteri (fun position axis -> strides[axis] <- outStrides[position])
    let into = offsets x.Type.Shape strides 0
    let n = ty.Shape.Count

    match op, x.Data with
    | _, Storage.F64 data -> Storage.F64(realFold op n into data)
    | _, Storage.F32 data -> Storage.F32(realFold op n into (Array.map float data) |> Array.map float32)
    | _, Storage.I64 data -> Storage.I64(integerFold op Int64.MinValue Int64.MaxValue n into data)
    | _, Storage.I32 data -> Storage.I32(integerFold op Int32.MinValue Int32.MaxValue n into data)
    | _, Storage.U32 data -> Storage.U32(integerFold op UInt32.MinValue UInt32.MaxValue n into data)
    | ReduceOp.Any, Storage.Bool data -> Storage.Bool(fold (||) false n into data)
    | ReduceOp.All, Storage.Bool data -> Storage.Bool(fold (&&) true n into data)
    | _, Storage.Bool _ -> impossible op x.Type

/// A fold along an axis from this state; `show` gives the element for the state after each step.
let private running step (initial: 's) (show: 's -> 'a) (struct (outer, extent, inner)) reverse (x: 'a[]) : 'a[] =
    let result = Array.copy x

    for o in 0 .. outer - 1 do
        for i in 0 .. inner - 1 do
            let mutable state = initial

            for turn in 0 .. extent - 1 do
                let k = if reverse then extent - 1 - turn else turn
                let at = (o * extent + k) * inner + i
                state <- step state x[at]
                result[at] <- show state

    result

/// The largest so far and the sum of e^(x - largest). Equal infinities differ by nothing here.
let private addExponential (struct (top: float, total: float)) (x: float) =
    let shrink = VectorMath.Exp(-(if top = x then 0.0 else Math.Abs(top - x)))
    let total = if x > top then total * shrink + 1.0 else total + shrink
    struct (Math.Max(top, x), total)

let private runningReals op parts reverse (data: float[]) =
    match op with
    | CumulateOp.Sum -> running (+) 0.0 id parts reverse data
    | CumulateOp.Prod -> running (*) 1.0 id parts reverse data
    | CumulateOp.Max -> running (fun a b -> Math.Max(a, b)) -infinity id parts reverse data
    | CumulateOp.Min -> running (fun a b -> Math.Min(a, b)) infinity id parts reverse data
    | CumulateOp.LogSumExp ->
        let logarithm (struct (top: float, total: float)) = top + VectorMath.Log total
        running addExponential (struct (-infinity, 0.0)) logarithm parts reverse data

let inline private runningIntegers op (least: ^a, most: ^a) parts reverse (data: ^a[]) =
    match op with
    | CumulateOp.Sum -> running (+) LanguagePrimitives.GenericZero id parts reverse data
    | CumulateOp.Prod -> running (*) LanguagePrimitives.GenericOne id parts reverse data
    | CumulateOp.Max -> running max least id parts reverse data
    | CumulateOp.Min -> running min most id parts reverse data
    | CumulateOp.LogSumExp -> Errors.bug "ReferenceArrays.cumulate" "a log-sum-exp of integers"

/// Running sums, products, ... along an axis; those of f32 are kept in f64, and each is rounded once.
let cumulate op axis reverse (x: Literal) =
    let parts = around axis x.Type.Shape

    match x.Data with
    | Storage.F64 data -> Storage.F64(runningReals op parts reverse data)
    | Storage.F32 data -> Storage.F32(runningReals op parts reverse (Array.map float data) |> Array.map float32)
    | Storage.I64 data -> Storage.I64(runningIntegers op (Int64.MinValue, Int64.MaxValue) parts reverse data)
    | Storage.I32 data -> Storage.I32(runningIntegers op (Int32.MinValue, Int32.MaxValue) parts reverse data)
    | Storage.U32 data -> Storage.U32(runningIntegers op (UInt32.MinValue, UInt32.MaxValue) parts reverse data)
    | Storage.Bool _ -> Errors.bug "ReferenceArrays.cumulate" $"{op} of {x.Type} after the types were checked"

/// Real numbers as the storage of a real element type: f32 rounds.
let private ofReals dtype (xs: float[]) =
    if dtype = DType.F32 then Storage.F32(Array.map float32 xs) else Storage.F64 xs

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
    | FactorOp.Solve _ -> Errors.bug "ReferenceArrays" $"{op} is no decomposition"

/// A decomposition by the code that engines call: the factors are unique, but algorithms differ in their rounding.
let private decompose op (ty: TensorType) (a: Literal) =
    let shape = a.Type.Shape
    let m, n = shape[shape.Rank - 2], shape[shape.Rank - 1]
    let count = Array.fold (*) 1 (shape.ToArray()[.. shape.Rank - 3])
    let result: float[] = Array.zeroCreate ty.Shape.Count
    let size = if count = 0 then 0 else result.Length / count
    let source = Literal.floats a

    for i in 0 .. count - 1 do
        let matrix = ReadOnlySpan<float>(source, i * m * n, m * n)
        PackedDense.Decompose(decompositionOf op, m, n, matrix, Span<float>(result, i * size, size))

    Storage.F64 result

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

/// Factorisations and solves, one matrix after the other; `ty` is the type of the result; f32 is widened, and the results
/// are rounded.
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
        let x = Array.copy (Literal.floats args[1])

        for m in 0 .. matrices - 1 do
            let matrix = ReadOnlySpan<float>(a, m * n * n, n * n)
            PackedDense.Solve(n, k, matrix, adjoint, Span<float>(x, m * n * k, n * k))

        Storage.F64 x
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
