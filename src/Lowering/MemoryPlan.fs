// Places for scratch buffers: buffers whose lives do not overlap share memory. Lives are intervals of statements in the
// order of the text; one that enters or leaves a loop covers the whole loop. Relies on LoopIr. Read Lower next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.MemoryPlan

open System.Collections.Generic
open Ppl.Core

/// A loop, with the buffers touched in it so far.
type private Loop = { Start: int; Touched: HashSet<BufferId> }

/// The first and last statement that touches each buffer (-1: none).
type private Lives(count: int) =
    let first = Array.create count -1
    let last = Array.create count -1
    let opened = Stack<Loop>()
    let mutable time = 0

    member _.First = first
    member _.Last = last
    member _.Tick() = time <- time + 1

    member _.Touch(buffer: BufferId) =
        if first[buffer] < 0 then
            first[buffer] <- time

        last[buffer] <- time

        if opened.Count > 0 then
            opened.Peek().Touched.Add buffer |> ignore

    member _.OpenLoop() = opened.Push { Start = time; Touched = HashSet() }

    /// Ends blocks that may run at once: what one of them touches lives through all of them.
    member this.CloseParallel() =
        let blocks = opened.Pop()
        this.Tick()

        for b in blocks.Touched do
            first[b] <- min first[b] blocks.Start
            last[b] <- time

        if opened.Count > 0 then
            opened.Peek().Touched.UnionWith blocks.Touched

    /// Ends a loop: what lives across its border lives through all of it. Gives its times and the buffers touched in it.
    member this.CloseLoop() : struct (int * int * HashSet<BufferId>) =
        let loop = opened.Pop()
        this.Tick()

        for b in loop.Touched do
            if first[b] < loop.Start then
                last[b] <- time

        if opened.Count > 0 then
            opened.Peek().Touched.UnionWith loop.Touched

        struct (loop.Start, time, loop.Touched)

let private kernelBuffers kernel (touch: Address -> unit) =
    match kernel with
    | Kernel.FoldIn(a, b, _)
    | Kernel.Uniform(a, b, _)
    | Kernel.Bits(a, b, _)
    | Kernel.Sort(a, b, _, _, _)
    | Kernel.ExponentialSums(a, _, b, _, _)
    | Kernel.JoinExponentials(a, _, b, _, _)
    | Kernel.ArgSort(a, b, _, _, _)
    | Kernel.Cholesky(a, b, _, _)
    | Kernel.CholeskyInverse(a, b, _)
    | Kernel.Decompose(a, b, _, _, _)
    | Kernel.Fourier(a, b, _, _, _) ->
        touch a
        touch b
    | Kernel.Custom(_, results, arguments) ->
        Array.iter touch results
        Array.iter touch arguments
    | Kernel.Gemm(a, b, c, _, _, _, _, _, _)
    | Kernel.CholeskyVjp(a, b, c, _)
    | Kernel.TriangularSolve(a, b, c, _, _, _, _, _, _)
    | Kernel.Solve(a, b, c, _, _, _, _)
    | Kernel.Search(a, b, c, _, _, _, _, _) ->
        touch a
        touch b
        touch c

/// Loops as start, end, and buffers touched, innermost first.
let private scan (body: Block) count =
    let lives = Lives count
    let loops = ResizeArray<struct (int * int * HashSet<BufferId>)>()
    let touch (address: Address) = lives.Touch address.Buffer

    let rec block (statements: Block) =
        for statement in statements do
            lives.Tick()

            match statement with
            | Stmt.Let(_, (Op.Load(address, _) | Op.Gather(address, _, _))) -> touch address
            | Stmt.Let _
            | Stmt.Set _ -> ()
            | Stmt.Store(address, _, _, _) -> touch address
            | Stmt.Copy(into, from, _) ->
                touch into
                touch from
            | Stmt.Call kernel -> kernelBuffers kernel touch
            | Stmt.For(_, _, _, _, inner) -> loop (fun () -> block inner)
            | Stmt.While(test, _, inner) ->
                loop (fun () ->
                    block test
                    block inner)
            | Stmt.Parallel blocks ->
                lives.OpenLoop()
                Array.iter block blocks
                lives.CloseParallel()
            | Stmt.If(_, whenTrue, whenFalse) ->
                block whenTrue
                block whenFalse

    and loop inner =
        lives.OpenLoop()
        inner ()
        loops.Add(lives.CloseLoop())

    block body
    struct (lives, loops)

/// Places by first fit among the buffers alive, in the order of their starts.
type private Places() =
    let alive = ResizeArray<struct (int * int * int)>()

    /// The place of a buffer that lives from first to last.
    member _.Take(first, last, size) =
        alive.RemoveAll(fun (struct (_, _, stop)) -> stop < first) |> ignore
        let mutable offset = 0
        let mutable at = 0

        // In the order of their places: the first gap that is wide enough.
        for i in 0 .. alive.Count - 1 do
            let struct (start, extent, _) = alive[i]

            if offset + size > start then
                offset <- max offset (start + extent)
                at <- i + 1

        alive.Insert(at, struct (offset, size, last))
        offset

/// The buffers with their places, and the length of scratch memory.
let assign (body: Block) (buffers: Buffer[]) : struct (Buffer[] * int) =
    let struct (lives, loops) = scan body buffers.Length
    let first, last = lives.First, lives.Last

    // A buffer first written inside a loop and read after it lives through the whole loop: inner loops come first.
    for struct (start, stop, touched) in loops do
        for b in touched do
            if first[b] > start && first[b] <= stop && last[b] > stop then
                first[b] <- start

    let places = Places()
    let result = Array.copy buffers
    let mutable length = 0

    let scratch =
        [|
            for b in 0 .. buffers.Length - 1 do
                match buffers[b].Place with
                | Place.Scratch _ when first[b] >= 0 -> b
                | _ -> ()
        |]

    for b in scratch |> Array.sortBy (fun b -> first[b]) do
        let size = Buffer.cells buffers[b].Elem buffers[b].Length
        let offset = places.Take(first[b], last[b], size)
        length <- max length (offset + size)
        result[b] <- { buffers[b] with Place = Place.Scratch offset }

    struct (result, length)
