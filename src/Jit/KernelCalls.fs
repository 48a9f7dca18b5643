// How statements that call hand-written kernels become calls: static methods on addresses, which emitted code calls, and
// their emission. Integers take 8 bytes each, so they are widened here. Relies on Ppl.Kernels. Read Emitter next.
namespace Ppl.Jit

open System
open System.Reflection
open Microsoft.FSharp.NativeInterop
open Ppl.Core
open Ppl.Kernels
open Ppl.Lowering

/// The kernels on addresses. Public only because emitted code calls them.
[<AbstractClass; Sealed>]
type KernelEntries private () =

    static let integers (address: nativeint) : nativeptr<int64> = NativePtr.ofNativeInt address
    static let reals (address: nativeint) : nativeptr<float> = NativePtr.ofNativeInt address

    static let singles (address: nativeint) : nativeptr<float32> = NativePtr.ofNativeInt address
    static let realSpan (address: nativeint) count = Span<float>(NativePtr.toVoidPtr (reals address), count)
    static let integerSpan (address: nativeint) count = Span<int64>(NativePtr.toVoidPtr (integers address), count)

    static let keyAt (address: nativeint) =
        let words = integers address
        RandomStream.Key(int (NativePtr.get words 0), int (NativePtr.get words 1))

    /// destination[0..1] = the key folded with a number.
    static member FoldIn(destination: nativeint, key: nativeint, data: int64) =
        let folded = RandomStream.FoldIn(keyAt key, int data)
        NativePtr.set (integers destination) 0 (int64 (int32 folded))
        NativePtr.set (integers destination) 1 (int64 (int32 (folded >>> 32)))

    /// destination[0..count-1] uniform in (0, 1).
    static member Uniform(destination: nativeint, key: nativeint, count: int) =
        RandomStream.Uniform(Span<float>(NativePtr.toVoidPtr (reals destination), count), keyAt key)

    /// destination[0..count-1] 32 random bits each.
    static member Bits(destination: nativeint, key: nativeint, count: int) =
        let packed: nativeptr<int> = NativePtr.ofNativeInt destination
        RandomStream.Bits(Span<uint32>(NativePtr.toVoidPtr packed, count), keyAt key)

        // From the back, because the packed words lie where the elements go.
        for index in count - 1 .. -1 .. 0 do
            NativePtr.set (integers destination) index (int64 (NativePtr.get packed index))

    /// C[m,n] = op(A) op(B), with the rows of A as stored lda apart.
    static member Gemm
        (c: nativeint, a: nativeint, b: nativeint, m: int, n: int, k: int, lda: int, transposeA: int, transposeB: int)
        =
        let ldb = if transposeB <> 0 then k else n

        Dense.Gemm(m, n, k, 1.0, reals a, lda, (transposeA <> 0), reals b, ldb, (transposeB <> 0), 0.0, reals c, n)

    /// C[m,n] = op(A) op(B) in single precision.
    static member GemmSingle
        (c: nativeint, a: nativeint, b: nativeint, m: int, n: int, k: int, lda: int, transposeA: int, transposeB: int)
        =
        let ldb = if transposeB <> 0 then k else n

        Dense.Gemm(
            m,
            n,
            k,
            1.0f,
            singles a,
            lda,
            (transposeA <> 0),
            singles b,
            ldb,
            (transposeB <> 0),
            0.0f,
            singles c,
            n
        )

    /// L L' = A for each matrix of the batch.
    static member Cholesky(l: nativeint, a: nativeint, batch: int, n: int) =
        let distance = nativeint n * nativeint n
        let noFailures: nativeptr<int> = NativePtr.ofNativeInt 0n

        Dense.CholeskyBatch(batch, n, reals a, distance, n, reals l, distance, n, noFailures) |> ignore

    /// L^-1 for L L' = A.
    static member CholeskyInverse(result: nativeint, a: nativeint, n: int) =
        Dense.CholeskyInverse(n, reals a, n, reals result, n)

    /// The cotangent of A from that of L in A = L L'.
    static member CholeskyVjp(result: nativeint, l: nativeint, c: nativeint, n: int) =
        Dense.CholeskyVjp(n, reals l, n, reals c, n, reals result, n)

    /// op(L) X = B for each matrix of the batch.
    static member TriangularSolve
        (
            x: nativeint,
            l: nativeint,
            b: nativeint,
            batch: int,
            n: int,
            k: int,
            lower: int,
            transpose: int,
            transposeB: int
        ) =
        let size = nativeint n * nativeint k

        if transposeB <> 0 then
            for i in 0 .. batch - 1 do
                let offset = nativeint i * size * 8n
                Dense.Transpose(reals (b + offset), k, n, n, reals (x + offset))
        else
            let bytes = int64 batch * int64 size * 8L
            Buffer.MemoryCopy(NativePtr.toVoidPtr (reals b), NativePtr.toVoidPtr (reals x), bytes, bytes)

        let lower, transpose = lower <> 0, transpose <> 0
        let distance = nativeint n * nativeint n
        Dense.TriangularSolveBatch(batch, n, k, reals l, distance, n, lower, transpose, false, reals x, size, k)

    /// A X = B, or A' X = B.
    static member Solve(x: nativeint, a: nativeint, b: nativeint, n: int, k: int, adjoint: int, transposeB: int) =
        if transposeB <> 0 then
            Dense.Transpose(reals b, k, n, n, reals x)
        else
            let bytes = int64 n * int64 k * 8L
            Buffer.MemoryCopy(NativePtr.toVoidPtr (reals b), NativePtr.toVoidPtr (reals x), bytes, bytes)

        Dense.Solve(n, k, reals a, (adjoint <> 0), reals x, k)

    /// The factors of A.
    static member Decompose(result: nativeint, a: nativeint, m: int, n: int, kind: int) =
        Dense.Decompose(enum<Decomposition> kind, m, n, reals a, reals result)

    /// The largest of each row, and the sum of e^(x - largest) `distance` elements further on.
    static member ExponentialSums(destination: nativeint, source: nativeint, distance: int, rows: int, n: int) =
        let tops = reals destination
        ExponentialSums.Rows(tops, NativePtr.add tops distance, reals source, rows, n)

    /// The same of rows of f32.
    static member ExponentialSumsSingle(destination: nativeint, source: nativeint, distance: int, rows: int, n: int) =
        let tops = reals destination
        ExponentialSums.Rows(tops, NativePtr.add tops distance, singles source, rows, n)

    /// The pair of a row from those of its parts.
    static member JoinExponentials(destination: nativeint, source: nativeint, distance: int, from: int, n: int) =
        let tops, parts = reals destination, reals source
        ExponentialSums.Join(tops, NativePtr.add tops distance, parts, NativePtr.add parts from, 1, n)

    /// The Fourier transform of each row of n real parts and then n imaginary ones.
    static member Fourier(result: nativeint, x: nativeint, rows: int, n: int, inverse: int) =
        FourierTransform.Run(rows, n, (inverse <> 0), reals x, reals result)

    /// Each of the rows of n elements, sorted.
    static member Sort(destination: nativeint, source: nativeint, isReal: int, rows: int, n: int) =
        if isReal <> 0 then
            Sorting.Sort(realSpan source (rows * n), realSpan destination (rows * n), n)
        else
            Sorting.Sort(integerSpan source (rows * n), integerSpan destination (rows * n), n)

    /// The indices of the sorted elements of each row.
    static member ArgSort(destination: nativeint, source: nativeint, isReal: int, rows: int, n: int) =
        if isReal <> 0 then
            Sorting.ArgSort(realSpan source (rows * n), integerSpan destination (rows * n), n)
        else
            Sorting.ArgSort(integerSpan source (rows * n), integerSpan destination (rows * n), n)

    /// For each of m values of a row, how many of the n sorted elements are below it (not above it).
    static member Search
        (
            destination: nativeint,
            sorted: nativeint,
            values: nativeint,
            isReal: int,
            rows: int,
            n: int,
            m: int,
            right: int
        ) =
        let counts = integerSpan destination (rows * m)

        if isReal <> 0 then
            Sorting.Search(realSpan sorted (rows * n), realSpan values (rows * m), counts, n, m, (right <> 0))
        else
            Sorting.Search(integerSpan sorted (rows * n), integerSpan values (rows * m), counts, n, m, (right <> 0))

/// Emission of kernel calls.
[<RequireQualifiedAccess>]
module KernelCalls =

    let private entry (name: string) : MethodInfo =
        match typeof<KernelEntries>.GetMethod name with
        | null -> Errors.bug "KernelCalls" $"there is no {name}"
        | target -> target

    /// Pushes the arguments and calls the kernel.
    let emit (w: Writer) (elemOf: Address -> Elem) (pushAddress: Address -> unit) (pushValue: Value -> unit) kernel =
        let flag value = w.Int32(if value then 1 else 0)
        let isReal elem = if elem = Elem.Real then 1 else 0

        let call name addresses (counts: int list) =
            List.iter pushAddress addresses
            List.iter w.Int32 counts
            fun () -> w.Call(entry name)

        match kernel with
        | Kernel.FoldIn(destination, key, data) ->
            pushAddress destination
            pushAddress key
            pushValue data
            w.Call(entry "FoldIn")
        | Kernel.Uniform(destination, key, count) -> call "Uniform" [ destination; key ] [ count ] ()
        | Kernel.Bits(destination, key, count) -> call "Bits" [ destination; key ] [ count ] ()
        | Kernel.Cholesky(l, a, batch, n) -> call "Cholesky" [ l; a ] [ batch; n ] ()
        | Kernel.CholeskyInverse(result, a, n) -> call "CholeskyInverse" [ result; a ] [ n ] ()
        | Kernel.CholeskyVjp(result, l, c, n) -> call "CholeskyVjp" [ result; l; c ] [ n ] ()
        | Kernel.ExponentialSums(destination, distance, source, rows, n) ->
            let name = if elemOf source = Elem.Single then "ExponentialSumsSingle" else "ExponentialSums"
            call name [ destination; source ] [ distance; rows; n ] ()
        | Kernel.JoinExponentials(destination, distance, source, sourceDistance, n) ->
            call "JoinExponentials" [ destination; source ] [ distance; sourceDistance; n ] ()
        | Kernel.Sort(destination, source, elem, rows, n) ->
            call "Sort" [ destination; source ] [ isReal elem; rows; n ] ()
        | Kernel.ArgSort(destination, source, elem, rows, n) ->
            call "ArgSort" [ destination; source ] [ isReal elem; rows; n ] ()
        | Kernel.Search(destination, sorted, values, elem, rows, n, m, right) ->
            let finish = call "Search" [ destination; sorted; values ] [ isReal elem; rows; n; m ]
            flag right
            finish ()
        | Kernel.Gemm(c, a, b, m, n, k, strideA, transposeA, transposeB) ->
            let name = if elemOf c = Elem.Single then "GemmSingle" else "Gemm"
            let finish = call name [ c; a; b ] [ m; n; k; strideA ]
            flag transposeA
            flag transposeB
            finish ()
        | Kernel.Solve(x, a, b, n, k, adjoint, transposeB) ->
            let finish = call "Solve" [ x; a; b ] [ n; k ]
            flag adjoint
            flag transposeB
            finish ()
        | Kernel.Decompose(result, a, kind, m, n) -> call "Decompose" [ result; a ] [ m; n; int kind ] ()
        | Kernel.Fourier(result, x, rows, n, inverse) ->
            call "Fourier" [ result; x ] [ rows; n; (if inverse then 1 else 0) ] ()
        | Kernel.Custom(custom, results, arguments) ->
            Array.append results arguments
            |> Array.iteri (fun index address ->
                w.Int32 index
                pushAddress address
                w.Call(CustomEntries.Method "Place"))

            w.Int64(CustomHandles.handleOf custom)
            w.Call(CustomEntries.Method "Run")
        | Kernel.TriangularSolve(x, l, b, batch, n, k, lower, transpose, transposeB) ->
            let finish = call "TriangularSolve" [ x; l; b ] [ batch; n; k ]
            flag lower
            flag transpose
            flag transposeB
            finish ()
