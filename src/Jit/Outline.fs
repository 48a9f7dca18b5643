// Cuts a loop program into methods that RyuJIT still optimises. Past 60,000 bytes of IL, 20,000 instructions, 2,000 locals or
// blocks, or 8,000 references to locals it silently stops; so a body above a limit becomes a sequence of calls. Values and variables that two methods share live in slots of the arena.
// Relies on Machine and the loop IR. Read Uses next.
namespace Ppl.Jit

open System.Collections.Generic
open Ppl.Core.Ir
open Ppl.Lowering

/// A statement of a method: as in the loop IR, with calls of other methods.
[<RequireQualifiedAccess; NoComparison; ReferenceEquality>]
type Node =
    /// A statement without blocks.
    | Leaf of Stmt
    | For of counter: Value * start: int * limit: int * step: int * body: Node[]
    | If of condition: Value * whenTrue: Node[] * whenFalse: Node[]
    | While of test: Node[] * condition: Value * body: Node[]
    /// Runs another method.
    | Method of index: int

/// The cutter.
[<RequireQualifiedAccess>]
module Outline =

    let private addressCost (address: Address) = 4 + 5 * address.Terms.Length

    /// About how many IL instructions a computation becomes, on vectors of `parts` parts.
    let private opCost parts op =
        match op with
        | Op.Real _
        | Op.Single _
        | Op.Long _
        | Op.Int _
        | Op.Word _
        | Op.Mask _
        | Op.LaneIndex
        | Op.LaneMask _
        | Op.Get _ -> 1
        | Op.Unary _
        | Op.Convert _
        | Op.Splat _
        | Op.Lane _ -> 6 * parts
        | Op.Binary((BinaryOp.Rem | BinaryOp.ShiftLeft | BinaryOp.ShiftRight), _, _) -> 160
        | Op.Binary _
        | Op.Special _
        | Op.Fma _
        | Op.Fnma _
        | Op.Compare _
        | Op.Window _
        | Op.Select _ -> 5 * parts
        | Op.Load(address, 1) when address.Terms.Length = 0 && address.Offset % 8 <> 0 -> 7 * parts
        | Op.Load(address, (0 | 1)) -> (addressCost address + 3) * parts
        | Op.Load(address, _) -> addressCost address * parts + 48
        | Op.Gather(address, _, _) -> addressCost address * parts + 100
        | Op.ReduceLanes _ -> 20
        | Op.Pack _ -> 10

    let private leafCost parts statement =
        match statement with
        | Stmt.Let(_, op) -> 1 + opCost parts op
        | Stmt.Set _ -> 2 * parts
        | Stmt.Store(address, 1, 8, _) -> (addressCost address + 2) * parts
        | Stmt.Store(address, _, lanes, _) -> (addressCost address + 6) * lanes
        | _ -> 24

    /// A cut: the methods so far, and how a block goes into one of them.
    type private Cutter(parts: int, limit: int) =

        let methods = List<Node[]>()

        member _.Methods = methods

        member _.Close(nodes: Node[]) =
            methods.Add nodes
            methods.Count - 1

        /// The statements as they are if they fit, else as calls of methods that each fit.
        member this.Pack(costed: struct (Node * int)[]) : struct (Node[] * int) =
            let total = costed |> Array.sumBy (fun struct (_, cost) -> cost)

            if total <= limit then
                struct (costed |> Array.map (fun struct (node, _) -> node), total)
            else
                let calls = List<Node>()
                let run = List<Node>()
                let mutable runCost = 0

                let closeRun () =
                    if run.Count > 0 then
                        calls.Add(Node.Method(this.Close(run.ToArray())))
                        run.Clear()
                        runCost <- 0

                for struct (node, cost) in costed do
                    if runCost + cost > limit then
                        closeRun ()

                    run.Add node
                    runCost <- runCost + cost

                closeRun ()
                // A very long block is a sequence of calls that is itself too long: once more.
                calls.ToArray() |> Array.map (fun node -> struct (node, 5)) |> this.Pack

        member this.Block(block: Block) : struct (Node[] * int) = block |> Array.collect this.Statements |> this.Pack

        // Inside a method, blocks that may run at once run one after the other.
        member private this.Statements(statement: Stmt) : struct (Node * int)[] =
            match statement with
            | Stmt.Parallel blocks -> blocks |> Array.collect (Array.collect this.Statements)
            | single -> [| this.Statement single |]

        member private this.Statement(statement: Stmt) : struct (Node * int) =
            match statement with
            | Stmt.For(counter, start, last, step, body) ->
                let struct (body, cost) = this.Block body
                struct (Node.For(counter, start, last, step, body), cost + 10)
            | Stmt.If(condition, whenTrue, whenFalse) ->
                let struct (whenTrue, cost1) = this.Block whenTrue
                let struct (whenFalse, cost2) = this.Block whenFalse
                struct (Node.If(condition, whenTrue, whenFalse), cost1 + cost2 + 6)
            | Stmt.While(test, condition, body) ->
                let struct (test, cost1) = this.Block test
                let struct (body, cost2) = this.Block body
                struct (Node.While(test, condition, body), cost1 + cost2 + 6)
            | leaf -> struct (Node.Leaf leaf, leafCost parts leaf)

    /// The methods of these blocks on vectors of `parts` parts, each at most about `limit` IL instructions, and the index
    /// of each block's own; a method calls only those before it. A nest of blocks that each nearly fit may exceed the limit
    /// by the depth of the nest, never without bound: an inner block above the limit is calls.
    let blocks parts limit (blocks: Block[]) : struct (Node[][] * int[]) =
        let cutter = Cutter(parts, limit)

        let entries =
            blocks
            |> Array.map (fun block ->
                let struct (body, _) = cutter.Block block
                cutter.Close body)

        struct (cutter.Methods.ToArray(), entries)
