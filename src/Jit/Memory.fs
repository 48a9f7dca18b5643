// Native memory, aligned to cache lines, freed when disposed of or finalised: the arenas of instances and the constants of
// compiled programs. Relies on Layout. Read Compiler next.
namespace Ppl.Jit

open System
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Ppl.Core
open Ppl.Lowering

/// A run of 8-byte elements, zero at first.
[<Sealed>]
type Memory(elements: int) =

    let bytes = unativeint (max elements 8) * 8un

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

    override _.Finalize() = free ()

    interface IDisposable with
        member this.Dispose() =
            free ()
            GC.SuppressFinalize this

/// Between host values and elements of 8 bytes.
[<RequireQualifiedAccess>]
module Elements =

    /// Writes a value from an offset on.
    let write (memory: Memory) offset (data: Storage) =
        match data with
        | Storage.F64 values -> values.AsSpan().CopyTo(memory.Reals(offset, values.Length))
        | Storage.I32 values ->
            let target = memory.Integers(offset, values.Length)

            for i in 0 .. values.Length - 1 do
                target[i] <- int64 values[i]
        | Storage.F32 _
        | Storage.I64 _
        | Storage.U32 _ -> ElementType.refuse (Storage.dtype data)
        | Storage.Bool values ->
            let target = memory.Integers(offset, values.Length)

            for i in 0 .. values.Length - 1 do
                target[i] <- if values[i] then -1L else 0L

    /// Reads a value of this type from an offset on.
    let read (memory: Memory) offset (ty: TensorType) =
        let count = ty.Shape.Count

        let data =
            match ty.DType with
            | DType.F64 -> Storage.F64(memory.Reals(offset, count).ToArray())
            | DType.I32 ->
                let values = Array.zeroCreate count

                for i in 0 .. count - 1 do
                    values[i] <- int (memory.Integers(offset, count)[i])

                Storage.I32 values
            | DType.F32
            | DType.I64
            | DType.U32 -> ElementType.refuse ty.DType
            | DType.Bool ->
                let values = Array.zeroCreate count

                for i in 0 .. count - 1 do
                    values[i] <- memory.Integers(offset, count)[i] <> 0L

                Storage.Bool values

        Literal.create ty.Shape data
