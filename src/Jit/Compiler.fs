// From a loop program to machine code that is ready to run: cut, decide, place, write, (check,) assemble.
// Relies on all files above. Read CpuEngine next.
namespace Ppl.Jit

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// Sizes of what was emitted, for tests and benchmarks: none may come near the limits of RyuJIT.
[<NoComparison>]
type CodeSize =
    {
        /// Methods of the program.
        Methods: int
        /// The most IL instructions of a method.
        Instructions: int
        /// The most bytes of IL of a method.
        Bytes: int
        /// The most locals of a method.
        Locals: int
        /// The most references to locals of a method.
        References: int
        /// The most labels of a method.
        Labels: int
        /// Elements of memory that a run needs.
        ArenaLength: int
    }

/// How a loop program is compiled.
[<NoComparison>]
type CompilerSettings =
    {
        /// The width of vectors: 512, 256 or 128.
        VectorBits: int
        /// Whether the stack types of every instruction are checked.
        CheckIl: bool
        /// About how many IL instructions a method may have.
        MethodLimit: int
        /// How many locals of one type a method may have for values and variables.
        Pool: int
        /// About how many operations of inlined functions a method may have.
        InlineBudget: int
    }

    /// For the processor this runs on. Methods have at most a third of the 20,000 instructions that RyuJIT optimises,
    /// because some become several references to locals and inlined functions add locals of their own; the locals of all
    /// types together stay below 512, where it stops inlining.
    static member Default =
        {
            VectorBits = Machine.widestBits
            CheckIl = false
            MethodLimit = 6000
            Pool = 96
            InlineBudget = 500
        }

/// Machine code of a loop program, with its constants. Immutable and thread-safe; collected with its last reference.
[<Sealed>]
type LoopCode
    internal
    (
        program: LoopProgram,
        layout: Layout,
        arenaLength: int,
        constants: Memory,
        entries: Entry[],
        steps: int[],
        workers: Workers
    ) =

    /// What was compiled.
    member _.Program = program

    /// Where its buffers lie.
    member internal _.Layout = layout

    /// Elements of memory that a run needs.
    member _.ArenaLength = arenaLength

    /// Where a buffer lies: the memory and the offset in it.
    member internal _.Locate(arena: Memory, buffer: BufferId) : struct (Memory * int) =
        match program.Buffers[buffer].Place with
        | Place.Constant _ -> struct (constants, layout.Offsets[buffer])
        | Place.Input _
        | Place.Output _
        | Place.Scratch _ -> struct (arena, layout.Offsets[buffer])

    /// Memory for runs.
    member _.NewArena() = new Memory(arenaLength)

    /// Writes a buffer (not a constant one).
    member this.Write(arena, buffer, data: Storage) =
        let struct (memory, offset) = this.Locate(arena, buffer)
        Elements.write memory offset data

    /// Reads a buffer as a value of this type.
    member this.Read(arena, buffer, ty: TensorType) : Literal =
        let struct (memory, offset) = this.Locate(arena, buffer)
        Elements.read memory offset ty

    /// The code if it is one piece.
    member internal _.Sole: Entry | null = if entries.Length = 1 then entries[0] else null

    /// Runs the one piece; apart from Run, so that nothing is between a caller and it.
    member internal this.RunSole(entry: Entry, arena: Memory) =
        entry.Invoke(arena.Address, constants.Address)
        GC.KeepAlive this
        GC.KeepAlive arena

    /// Runs on an arena of ArenaLength elements.
    member this.Run(arena: Memory) =
        let mutable first = 0

        for count in steps do
            if count = 1 || isNull workers then
                for part in first .. first + count - 1 do
                    entries[part].Invoke(arena.Address, constants.Address)
            else
                workers.Run(entries, first, count, arena.Address, constants.Address)

            first <- first + count

        // Nothing that the code reads may be finalised while it runs.
        GC.KeepAlive this
        GC.KeepAlive arena

    /// Runs one stage.
    member this.RunStage(arena: Memory, stage: int) =
        entries[stage].Invoke(arena.Address, constants.Address)
        GC.KeepAlive this
        GC.KeepAlive arena

/// The compiler.
[<RequireQualifiedAccess>]
module Compiler =

    let private isReference il =
        match il with
        | Il.LoadArgument _
        | Il.LoadLocal _
        | Il.StoreLocal _ -> true
        | _ -> false

    let private references (body: IlBody) =
        let mutable count = 0

        for il in body.Code do
            if isReference il then
                count <- count + 1

        count

    // Half to three quarters of the limits of RyuJIT (20,000 instructions, 8,000 references, 2,000 labels).
    let private fits (body: IlBody) = body.Code.Length <= 10_000 && body.Labels <= 1_000 && references body <= 6_000

    /// The bodies of these blocks of a program, the index of each block's body, and the elements of arena.
    let private cut settings methodLimit (program: LoopProgram) blocks : struct (IlBody[] * int[] * int) =
        let set = Machine.vectors settings.VectorBits
        let parts = 8 / set.Lanes
        let layout = Layout.ofProgram program
        let struct (methods, entries) = Outline.blocks parts methodLimit blocks
        let struct (sharedValues, sharedVariables) = Uses.shared program methods
        let trees = Trees(program, parts, methods, sharedValues, sharedVariables)
        let inlined = Inlining.choose program parts settings.InlineBudget methods
        let slots = Slots layout.ArenaLength
        let homes = Homes(program, trees, set, settings.Pool, slots, sharedValues, sharedVariables)

        let emit (body: Node[]) =
            let writer = Writer(homes.Place body)
            Emitter(program, layout, trees, homes, set, inlined, writer).Emit body
            writer.Body

        let made = methods |> Array.map emit
        struct (made, entries, Layout.room slots.End)

    /// Sizes are estimated before emission; where the estimate was too small (many spills), the program is cut again into
    /// smaller methods.
    let private cutToFit settings (program: LoopProgram) blocks =
        let rec attempt limit =
            let struct (made, _, _) as result = cut settings limit program blocks

            if limit <= 100 || Array.forall fits made then result else attempt (limit / 2)

        attempt settings.MethodLimit

    /// The bodies of a program's methods, callees first, and the elements of arena that they need.
    let bodies settings (program: LoopProgram) : struct (IlBody[] * int) =
        let struct (made, _, arenaLength) = cutToFit settings program [| program.Body |]
        struct (made, arenaLength)

    let private writeConstants (program: LoopProgram) (layout: Layout) =
        let memory = new Memory(layout.ConstantsLength)

        program.Buffers
        |> Array.iteri (fun index buffer ->
            match buffer.Place with
            | Place.Constant literal -> Elements.write memory layout.Offsets[index] literal.Data
            | Place.Input _
            | Place.Output _
            | Place.Scratch _ -> ())

        memory

    /// Machine code of these blocks, which are the program's body, in steps of so many blocks that may run at once.
    let private inSteps settings workers (program: LoopProgram) (blocks: Block[]) (steps: int[]) : LoopCode =
        let layout = Layout.ofProgram program
        let struct (bodies, entries, arenaLength) = cutToFit settings program blocks

        if settings.CheckIl then
            Array.iter IlCheck.body bodies

        let constants = writeConstants program layout
        // The owner of the code is the memory that it reads.
        let made = IlAssemble.program constants bodies
        let entries = entries |> Array.map (fun index -> made[index])
        LoopCode(program, layout, arenaLength, constants, entries, steps, workers)

    /// Machine code in stages, which run one after the other: these blocks, which are the program's body.
    let stages settings (program: LoopProgram) (blocks: Block[]) : LoopCode =
        inSteps settings null program blocks (blocks |> Array.map (fun _ -> 1))

    /// Machine code, ready to run.
    let compile settings (program: LoopProgram) : LoopCode = stages settings program [| program.Body |]

    /// Machine code whose heavy loops run on several threads: what stands between them is a step of its own.
    let internal compileFor settings (workers: Workers) (program: LoopProgram) : LoopCode =
        let blocks = List<Block>()
        let steps = List<int>()
        let straight = List<Stmt>()

        let flush () =
            if straight.Count > 0 then
                blocks.Add(straight.ToArray())
                steps.Add 1
                straight.Clear()

        for statement in program.Body do
            match statement with
            | Stmt.Parallel parts ->
                flush ()
                blocks.AddRange parts
                steps.Add parts.Length
            | statement -> straight.Add statement

        flush ()

        if isNull workers || blocks.Count <= 1 then
            compile settings program
        else
            inSteps settings workers program (blocks.ToArray()) (steps.ToArray())

    /// The sizes of what would be emitted; nothing is compiled.
    let measure settings (program: LoopProgram) : CodeSize =
        let struct (bodies, arenaLength) = bodies settings program
        let most project = bodies |> Array.map project |> Array.max

        {
            Methods = bodies.Length
            Instructions = most (fun body -> body.Code.Length)
            Bytes = Array.max (IlAssemble.sizes bodies)
            Locals = most (fun body -> body.Locals.Length)
            References = most references
            Labels = most (fun body -> body.Labels)
            ArenaLength = arenaLength
        }
