// What a loop program will do, counted in its text: arithmetic, memory traffic, turns of loops, calls of kernels. Explanations
// print it, and engines decide with it what is worth several threads. Loops have known bounds, so counts are exact except
// for branches (each side counts half) and loops of unknown length (one turn). Relies on LoopIr and Facts.
namespace Ppl.Lowering

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// What a run of some statements does.
[<NoComparison>]
type Work =
    {
        /// Real arithmetic, per lane: a fused multiply-add counts 2, a function about as many additions as it costs.
        Flops: float
        /// Bytes loaded, from whatever cache they come.
        BytesRead: float
        /// Bytes stored.
        BytesWritten: float
        /// Turns of the loops along the heaviest path, from the outside in.
        Trips: int[]
        /// Operations by name, those with most work first.
        Operations: string[]
        /// Calls of hand-written kernels, with their extents.
        Calls: string[]
        /// Whether there is no loop of unknown length.
        IsBounded: bool
    }

/// Statements that belong together: one statement with blocks or a call, or a run of statements without.
[<RequireQualifiedAccess; Struct>]
type StageKind =
    | Straight
    | Loop
    | Parallel
    | Branch
    | Repeat
    | Call

/// A part of a loop program.
[<NoComparison; NoEquality>]
type Stage = { Kind: StageKind; Body: Block; Work: Work }

/// The counts so far.
[<Sealed>]
type private Tally(program: LoopProgram) =

    let operations = Dictionary<string, float>()
    let calls = ResizeArray<string>()

    let lower (text: string) = string (System.Char.ToLowerInvariant text[0]) + text.Substring 1

    member val Flops = 0.0 with get, set
    member val Read = 0.0 with get, set
    member val Written = 0.0 with get, set
    member val IsBounded = true with get, set

    member _.Calls = calls.ToArray()

    /// Names, those with most work first, ties by name.
    member _.Operations =
        operations |> Seq.sortBy (fun item -> -item.Value, item.Key) |> Seq.map _.Key |> Array.ofSeq

    member private this.Arithmetic(name: string, value: Value, cost: float, times: float) =
        let ty = program.Values[value]

        if ty.Elem = Elem.Real || ty.Elem = Elem.Single then
            let work = cost * times * (if ty.Lanes = Lanes.Eight then 8.0 else 1.0)
            this.Flops <- this.Flops + work
            let name = lower name

            operations[name] <-
                match operations.TryGetValue name with
                | true, before -> before + work
                | _ -> work

    member private this.Loaded(value: Value, times: float) =
        let ty = program.Values[value]
        let bytes = float (Elem.bytes ty.Elem)
        this.Read <- this.Read + times * (if ty.Lanes = Lanes.Eight then 8.0 * bytes else bytes)

    member this.Let(value: Value, op: Op, times: float) =
        let count name cost = this.Arithmetic(name, value, cost, times)

        match op with
        | Op.Unary(op, _) -> count (string op) (float (Facts.opCost (Primitive.Unary op)))
        | Op.Binary(op, _, _) -> count (string op) (float (Facts.opCost (Primitive.Binary op)))
        | Op.Special(op, _) -> count (string op) (float (Facts.opCost (Primitive.Special op)))
        | Op.Fma _
        | Op.Fnma _ -> count "fma" 2.0
        | Op.Select _ -> count "select" 1.0
        | Op.ReduceLanes(op, _) -> count $"reduce{op}" 7.0
        | Op.Load _ -> this.Loaded(value, times)
        | Op.Gather _ ->
            this.Loaded(value, times)
            count "gather" 0.0
        | _ -> ()

    member this.Moved(read: float, written: float, times: float) =
        this.Read <- this.Read + 8.0 * read * times
        this.Written <- this.Written + 8.0 * written * times

    member this.Call(name: string, flops: float, read: float, written: float, times: float) =
        calls.Add name
        this.Flops <- this.Flops + flops * times
        this.Moved(read, written, times)

/// Estimates of work.
[<RequireQualifiedAccess>]
module Costs =

    let private turns start limit step = if limit <= start then 0 else (limit - start + step - 1) / step

    let private kernel (tally: Tally) times kernel =
        match kernel with
        | Kernel.FoldIn _ -> tally.Call("foldIn", 0.0, 2.0, 2.0, times)
        | Kernel.Uniform(_, _, n) -> tally.Call($"uniform {n}", 0.0, 2.0, float n, times)
        | Kernel.Bits(_, _, n) -> tally.Call($"bits {n}", 0.0, 2.0, float n, times)
        | Kernel.Gemm(_, _, _, m, n, k, _, _, _) ->
            let m', n', k' = float m, float n, float k
            tally.Call($"gemm {m}x{n}x{k}", 2.0 * m' * n' * k', m' * k' + k' * n', m' * n', times)
        | Kernel.Cholesky(_, _, batch, n) ->
            let n', count = float n, float batch * times
            tally.Call($"cholesky {n}", n' * n' * n' / 3.0, n' * n' / 2.0, n' * n', count)
        | Kernel.CholeskyInverse(_, _, n) ->
            let n' = float n
            tally.Call($"choleskyInverse {n}", 2.0 * n' * n' * n' / 3.0, n' * n' / 2.0, n' * n', times)
        | Kernel.CholeskyVjp(_, _, _, n) ->
            let n' = float n
            tally.Call($"choleskyVjp {n}", 2.0 * n' * n' * n' / 3.0, n' * n', n' * n', times)
        | Kernel.TriangularSolve(_, _, _, batch, n, k, _, _, _) ->
            let n', k', count = float n, float k, float batch * times
            tally.Call($"triangularSolve {n}x{k}", n' * n' * k', n' * n' / 2.0 + n' * k', n' * k', count)
        | Kernel.Solve(_, _, _, n, k, _, _) ->
            let n', k' = float n, float k
            tally.Call($"solve {n}x{k}", n' * n' * (2.0 * n' / 3.0 + 2.0 * k'), n' * n' + n' * k', n' * k', times)
        | Kernel.Decompose(_, _, kind, m, n) ->
            // A reflection per column or row; sweeps for eigenvalues are not counted.
            let m', n' = float m, float n
            tally.Call($"decompose {kind} {m}x{n}", 4.0 * m' * n' * min m' n', m' * n', m' * n', times)
        | Kernel.ExponentialSums(_, _, _, rows, n) ->
            let count = float rows * float n
            tally.Call($"exponentialSums {rows}x{n}", 20.0 * count, count, 2.0 * float rows, times)
        | Kernel.JoinExponentials(_, _, _, _, n) ->
            tally.Call($"joinExponentials {n}", 20.0 * float n, 2.0 * float n, 2.0, times)
        | Kernel.Fourier(_, _, rows, n, _) ->
            let count = 2.0 * float rows * float n
            tally.Call($"fourier {rows}x{n}", 2.5 * count * System.Math.Log2(float n), count, count, times)
        | Kernel.Custom(call, _, _) ->
            let count (types: TensorType[]) = types |> Array.sumBy (fun ty -> float ty.Shape.Count)
            tally.Call($"custom {call.Operation.Name}", 0.0, count call.Arguments, count call.Results, times)
        | Kernel.Sort(_, _, _, rows, n) ->
            let count = float rows * float n
            tally.Call($"sort {rows}x{n}", 0.0, count, count, times)
        | Kernel.ArgSort(_, _, _, rows, n) ->
            let count = float rows * float n
            tally.Call($"argSort {rows}x{n}", 0.0, count, count, times)
        | Kernel.Search(_, _, _, _, rows, n, m, _) ->
            tally.Call($"search {rows}x{m} in {n}", 0.0, float rows * float (n + m), float rows * float m, times)

    /// Counts a block that runs so many times; gives the turns of its heaviest loops.
    let rec private block (tally: Tally) (times: float) (statements: Block) : int list =
        let mutable heaviest = 0.0
        let mutable trips = []

        let nested (count: int) inner (run: unit -> int list) =
            let before = tally.Flops + tally.Read + tally.Written
            let below = run ()
            let own = tally.Flops + tally.Read + tally.Written - before

            if own > heaviest || (own = heaviest && trips.IsEmpty) then
                heaviest <- own
                trips <- if inner then count :: below else below

        for statement in statements do
            match statement with
            | Stmt.Let(value, op) -> tally.Let(value, op, times)
            | Stmt.Set _ -> ()
            | Stmt.Store(_, _, lanes, _) -> tally.Moved(0.0, float lanes, times)
            | Stmt.Copy(_, _, count) -> tally.Moved(float count, float count, times)
            | Stmt.Call call -> kernel tally times call
            | Stmt.For(_, start, limit, step, body) ->
                let count = turns start limit step
                nested count true (fun () -> block tally (times * float count) body)
            | Stmt.If(_, whenTrue, whenFalse) ->
                nested 1 false (fun () -> block tally (0.5 * times) whenTrue)
                nested 1 false (fun () -> block tally (0.5 * times) whenFalse)
            | Stmt.Parallel blocks ->
                for body in blocks do
                    nested 1 false (fun () -> block tally times body)
            | Stmt.While(test, _, body) ->
                tally.IsBounded <- false
                nested 1 false (fun () -> block tally times test)
                nested 1 false (fun () -> block tally times body)

        trips

    /// What these statements of a program do.
    let ofBlock (program: LoopProgram) (statements: Block) : Work =
        let tally = Tally program
        let trips = block tally 1.0 statements

        {
            Flops = tally.Flops
            BytesRead = tally.Read
            BytesWritten = tally.Written
            Trips = Array.ofList trips
            Operations = tally.Operations
            Calls = tally.Calls
            IsBounded = tally.IsBounded
        }

    let private kindOf statement =
        match statement with
        | Stmt.For _ -> StageKind.Loop
        | Stmt.Parallel _ -> StageKind.Parallel
        | Stmt.If _ -> StageKind.Branch
        | Stmt.While _ -> StageKind.Repeat
        | Stmt.Call _ -> StageKind.Call
        | Stmt.Let _
        | Stmt.Set _
        | Stmt.Store _
        | Stmt.Copy _ -> StageKind.Straight

    /// The program cut into stages, in order: what a user sees as its kernels.
    let stages (program: LoopProgram) : Stage[] =
        let result = ResizeArray<Stage>()
        let straight = ResizeArray<Stmt>()

        let add kind (body: Block) = result.Add { Kind = kind; Body = body; Work = ofBlock program body }

        let flush () =
            if straight.Count > 0 then
                add StageKind.Straight (straight.ToArray())
                straight.Clear()

        for statement in program.Body do
            match kindOf statement with
            | StageKind.Straight -> straight.Add statement
            | kind ->
                flush ()
                add kind [| statement |]

        flush ()
        result.ToArray()
