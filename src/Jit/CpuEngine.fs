// The engine for the processor this runs on: programs are lowered to loops, loops to IL, IL to machine code by RyuJIT.
// Relies on all files above and on Lowering.
namespace Ppl.Jit

open System
open System.Runtime.CompilerServices
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// How a CpuEngine compiles.
[<Sealed>]
type CpuOptions() =

    /// The width of vectors in bits: 512, 256 or 128; by default what the processor has. The bits of results are the same.
    member val VectorBits = Machine.widestBits with get, set

    /// How many compiled programs are kept for reuse; 512 by default.
    member val CacheCapacity = 512 with get, set

    /// Whether every emitted instruction is checked before it is run; for tests.
    member val CheckIl = false with get, set
