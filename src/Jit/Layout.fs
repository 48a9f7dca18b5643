// Where buffers lie: arguments, results and scratch in the arena of an instance, constants in the memory of the compiled
// program. Offsets are in cells of 8 bytes; every buffer starts on a cache line. Relies on the loop IR. Read Emitter next.
namespace Ppl.Jit

open Ppl.Lowering

/// The memory of a program.
[<NoComparison; ReferenceEquality>]
type Layout =
    {
        /// The first cell of each buffer in the arena, or in the constants.
        Offsets: int[]
        /// Cells of the arena without the slots that emission adds at its end.
        ArenaLength: int
        /// Cells of the constants.
        ConstantsLength: int
    }

/// Facts about layouts.
[<RequireQualifiedAccess>]
module Layout =

    /// So many cells and at least 8 beyond, a multiple of 8.
    let room length = (length + 15) / 8 * 8

    /// The layout of a program: scratch first (it is the hottest), then arguments, then results.
    let ofProgram (program: LoopProgram) =
        let offsets = Array.zeroCreate program.Buffers.Length

        let mutable arena = room program.ScratchLength
        let mutable constants = 0

        for index in 0 .. offsets.Length - 1 do
            let buffer = program.Buffers[index]

            match buffer.Place with
            | Place.Scratch offset -> offsets[index] <- offset
            | Place.Input _
            | Place.Output _ ->
                offsets[index] <- arena
                arena <- arena + Buffer.cells buffer.Elem buffer.Length
            | Place.Constant _ ->
                offsets[index] <- constants
                constants <- constants + Buffer.cells buffer.Elem buffer.Length

        { Offsets = offsets; ArenaLength = arena; ConstantsLength = constants }
