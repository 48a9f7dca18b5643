// Places for scratch buffers: buffers whose lives do not overlap share memory. Lives are intervals of statements in the
// order of the text; one that enters or leaves a loop covers the whole loop. Relies on LoopIr. Read Lower next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.MemoryPlan

open Ppl.Core

/// The first and last statement that touches each buffer (-1: none).
type private Lives(count: int) =
    let first = Array.create count -1
    let last = Array.create count -1
    let mutable time = 0

    member _.First = first
    member _.Last = last
    member _.Time = time
    member _.Tick() = time <- time + 1

    member _.Touch(buffer: BufferId) =
        if first[buffer] < 0 then
            first[buffer] <- time

        last[buffer] <- time

    /// A loop from that time until now: what lives across its border lives through all of it.
    member _.CloseLoop start =
        for b in 0 .. count - 1 do
            if first[b] >= 0 && last[b] >= start && first[b] < start then
                last[b] <- time

let private kernelBuffers kernel (touch: Address -> unit) =
    match kernel with
    | Kernel.FoldIn(a, b, _)
    | Kernel.Uniform(a, b, _)
    | Kernel.Bits(a, b, _)
    | Kernel.Sort(a, b, _, _, _)
    | Kernel.ArgSort(a, b, _, _, _)
    | Kernel.Cholesky(a, b, _, _)
    | Kernel.Decompose(a, b, _, _, _) ->
        touch a
        touch b
    | Kernel.Gemm(a, b, c, _, _, _, _, _)
    | Kernel.CholeskyVjp(a, b, c, _)
    | Kernel.TriangularSolve(a, b, c, _, _, _, _, _, _)
    | Kernel.Solve(a, b, c, _, _, _, _)
    | Kernel.Search(a, b, c, _, _, _, _, _) ->
        touch a
        touch b
        touch c

/// Loops as (start, end) times, innermost first.
let private scan (body: Block) count =
    let lives = Lives count
    let loops = ResizeArray<struct (int * int)>()
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
            | Stmt.If(_, whenTrue, whenFalse) ->
                block whenTrue
                block whenFalse

    and loop inner =
        let start = lives.Time
        inner ()
        lives.Tick()
        lives.CloseLoop start
        loops.Add(struct (start, lives.Time))

    block body
    struct (lives, loops)

let private roundUp n = (n + 7) / 8 * 8

/// The buffers with their places, and the length of scratch memory.
let assign (body: Block) (buffers: Buffer[]) : struct (Buffer[] * int) =
    let struct (lives, loops) = scan body buffers.Length
    let first, last = lives.First, lives.Last

    // A buffer first written inside a loop and read after it lives through the whole loop: inner loops come first.
    for struct (start, stop) in loops do
        for b in 0 .. buffers.Length - 1 do
            if first[b] > start && first[b] <= stop && last[b] > stop then
                first[b] <- start

    let placed = ResizeArray<struct (BufferId * int * int)>()
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
        let size = roundUp buffers[b].Length + 8
        let others = ResizeArray<struct (int * int)>()

        for struct (other, offset, extent) in placed do
            if first[other] <= last[b] && first[b] <= last[other] then
                others.Add(struct (offset, extent))

        others.Sort(fun (struct (x, _)) (struct (y, _)) -> compare x y)
        let mutable offset = 0

        for struct (start, extent) in others do
            if offset + size > start then
                offset <- max offset (start + extent)

        placed.Add(struct (b, offset, size))
        length <- max length (offset + size)
        result[b] <- { buffers[b] with Place = Place.Scratch offset }

    struct (result, length)
