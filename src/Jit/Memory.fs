// Native memory, aligned to cache lines, freed when disposed of or finalised: the arenas of instances and the constants of
// compiled programs. Relies on Layout. Read Compiler next.
namespace Ppl.Jit

open System
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Ppl.Core

/// A run of 8-byte cells, zero at first. Offsets are in cells.
[<Sealed>]
type Memory(cells: int) =

    let bytes = unativeint (max cells 8) * 8un

    let mutable address =
        NativePtr.toNativeInt (NativePtr.ofVoidPtr<byte>(NativeMemory.AlignedAlloc(bytes, 64un)))

    do NativeMemory.Clear(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address), bytes)

    let free () =
        if address <> 0n then
            NativeMemory.AlignedFree(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address))
            address <- 0n

    /// The first byte; 0 after disposal.
    member _.Address = address

    /// Elements as reals.
    member _.Reals(offset: int, count: int) =
        Span<float>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<float>(address + nativeint offset * 8n)), count)

    /// Elements as integers.
    member _.Integers(offset: int, count: int) =
        Span<int64>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<int64>(address + nativeint offset * 8n)), count)

    /// Elements as reals of single precision.
    member _.Singles(offset: int, count: int) =
        Span<float32>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<float32>(address + nativeint offset * 8n)), count)

    /// The bytes of elements.
    member _.Bytes(offset: int, count: int) =
        Span<byte>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte>(address + nativeint offset * 8n)), count)

    override _.Finalize() = free ()

    interface IDisposable with
        member this.Dispose() =
            free ()
            GC.SuppressFinalize this

/// Between host values and elements in memory: 4 bytes for f32, 8 for all others.
[<RequireQualifiedAccess>]
module Elements =

    let private span<'a when 'a: unmanaged> (address: nativeint) count =
        Span<'a>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> address), count)

    let inline private writeAll address (values: 'a[]) ([<InlineIfLambda>] bits: 'a -> int64) =
        let target = span<int64> address values.Length

        for i in 0 .. values.Length - 1 do
            target[i] <- bits values[i]

    let inline private readAll address count ([<InlineIfLambda>] ofBits: int64 -> 'a) : 'a[] =
        let source = span<int64> address count
        let values = Array.zeroCreate count

        for i in 0 .. count - 1 do
            values[i] <- ofBits source[i]

        values

    /// Writes a value from an address on.
    let writeAt (address: nativeint) (data: Storage) =
        match data with
        | Storage.F64 values -> values.AsSpan().CopyTo(span address values.Length)
        | Storage.F32 values -> values.AsSpan().CopyTo(span address values.Length)
        | Storage.I64 values -> values.AsSpan().CopyTo(span address values.Length)
        | Storage.I32 values -> writeAll address values int64
        | Storage.U32 values -> writeAll address values int64
        | Storage.Bool values -> writeAll address values (fun x -> if x then -1L else 0L)

    /// Reads a value of this type from an address on.
    let readAt (address: nativeint) (ty: TensorType) =
        let count = ty.Shape.Count

        match ty.DType with
        | DType.F64 -> Storage.F64((span<float> address count).ToArray())
        | DType.F32 -> Storage.F32((span<float32> address count).ToArray())
        | DType.I64 -> Storage.I64((span<int64> address count).ToArray())
        | DType.I32 -> Storage.I32(readAll address count int)
        | DType.U32 -> Storage.U32(readAll address count uint32)
        | DType.Bool -> Storage.Bool(readAll address count (fun x -> x <> 0L))
        |> Literal.create ty.Shape

    let private at (memory: Memory) offset = memory.Address + nativeint (offset: int) * 8n

    /// Writes a value from an offset on.
    let write (memory: Memory) offset (data: Storage) = writeAt (at memory offset) data

    /// Reads a value of this type from an offset on.
    let read (memory: Memory) offset (ty: TensorType) = readAt (at memory offset) ty

    /// One element as a number; integers beyond 2^53 are rounded, truth values are 0 or 1.
    let number (memory: Memory) offset dtype index =
        match dtype with
        | DType.F64 -> memory.Reals(offset + index, 1)[0]
        | DType.F32 -> float (memory.Singles(offset, index + 1)[index])
        | DType.I64
        | DType.I32
        | DType.U32 -> float (memory.Integers(offset + index, 1)[0])
        | DType.Bool -> if memory.Integers(offset + index, 1)[0] = 0L then 0.0 else 1.0
