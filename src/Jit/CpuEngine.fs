// The engine for the processor this runs on: programs are lowered to loops, loops to IL, IL to machine code by RyuJIT.
// Relies on all files above and on Lowering. Read Explain next.
namespace Ppl.Jit

open System.Runtime.CompilerServices
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// How a CpuEngine compiles.
[<Sealed>]
type CpuOptions() =

    /// The width of vectors in bits: 512, 256 or 128; by default what the processor has. The bits of results are the same.
    member val VectorBits = Machine.widestBits with get, set

    /// How many threads a program may run on; 1 by default, so that chains, which have threads of their own, do not compete.
    /// Heavy loops and large products at the top level of a program then run on that many. The bits of results are the same.
    member val Threads = 1 with get, set

    /// How many compiled programs are kept for reuse; 512 by default.
    member val CacheCapacity = 512 with get, set

    /// Whether the stack types of every emitted instruction are checked before it runs; off by default, on in Debug builds.
    member val CheckIl =
#if DEBUG
        true
#else
        false
#endif
        with get, set

/// <summary>Compiles programs to machine code; the same program (by bits) twice gives the same code.</summary>
/// <remarks>
/// Thread-safe. Where the runtime cannot emit code (RuntimeFeature.IsDynamicCodeSupported is false), programs are
/// interpreted as by <see cref="T:Ppl.Jit.LoopEngine"/>: same bits, slowly. Code and constants are collected when neither
/// the cache nor a compiled program nor an instance refers to them.
/// </remarks>
[<Sealed>]
type CpuEngine(options: CpuOptions) =

    let bits = options.VectorBits

    let settings = { CompilerSettings.Default with VectorBits = bits; CheckIl = options.CheckIl }

    do
        if bits <> 512 && bits <> 256 && bits <> 128 then
            Errors.argument "CpuEngine" $"vectors of {bits} bits" "use 512, 256 or 128"

        if options.CacheCapacity < 1 then
            Errors.argument "CpuEngine" $"a cache of {options.CacheCapacity} programs" "keep at least one"

        if options.Threads < 1 then
            Errors.argument "CpuEngine" $"{options.Threads} threads" "give at least one"

    let cache = Cache options.CacheCapacity
    let workers = if options.Threads > 1 then Workers options.Threads else null

    let compile program : ICompiled =
        if RuntimeFeature.IsDynamicCodeSupported then
            Compiled(program, Lower.program program |> Compiler.compileFor settings workers)
        else
            LoopCompiled program

    /// How it compiles.
    member internal _.Settings = settings

    /// An engine for the vectors that the processor has.
    new() = CpuEngine(CpuOptions())

    interface IEngine with

        member _.Name =
            match bits with
            | 512 -> "cpu512"
            | 256 -> "cpu256"
            | _ -> "cpu128"

        member _.Compile program = cache.Get(Digest.ofProgram program, (fun () -> compile program))
