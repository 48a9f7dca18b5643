// Elements of tensors as bytes: little-endian, row-major, as all three formats have them and as memory has them on every
// platform with an engine. Sizes are checked before anything is allocated.
// Relies on FileErrors. Read Safetensors and Npy next.
module internal Ppl.Neural.Files.Elements

open System
open System.IO
open System.Runtime.InteropServices
open Ppl.Core
open Ppl.Core.Tensors

/// The bytes of one element.
let size dtype =
    match dtype with
    | DType.F64
    | DType.I64 -> 8L
    | DType.F32
    | DType.I32
    | DType.U32 -> 4L
    | DType.Bool -> 1L

/// The shape of these extents, if it has as many bytes as there should be and fits into one tensor.
let shape (place: Place) (dtype: DType) (extents: int64[]) (bytes: int64) : Shape =
    let mutable count = 1L

    for extent in extents do
        if extent < 0L || extent > int64 Int32.MaxValue then
            FileErrors.damaged place $"an extent of {extent}"

        // Both factors are below 2^31: no overflow.
        count <- count * extent

        if count > int64 Int32.MaxValue then
            FileErrors.unreadable place "more than 2^31 - 1 elements" "split the tensor before it is saved"

    if count * size dtype <> bytes then
        let text = "[" + String.Join(",", extents) + "]"
        FileErrors.damaged place $"{bytes} bytes for {DType.name dtype}{text}, which has {count * size dtype}"

    Shape.OfArray(Array.map int extents)

let private target storage : Span<byte> =
    match storage with
    | Storage.F64 data -> MemoryMarshal.AsBytes(Span data)
    | Storage.F32 data -> MemoryMarshal.AsBytes(Span data)
    | Storage.I64 data -> MemoryMarshal.AsBytes(Span data)
    | Storage.I32 data -> MemoryMarshal.AsBytes(Span data)
    | Storage.U32 data -> MemoryMarshal.AsBytes(Span data)
    | Storage.Bool data -> MemoryMarshal.AsBytes(Span data)

/// The next elements of a stream, whose size has been checked.
let read (place: Place) (dtype: DType) (shape: Shape) (stream: Stream) : Tensor =
    let storage = Storage.zeros dtype shape.Count
    stream.ReadExactly(target storage)

    if dtype = DType.Bool && (Storage.bytes storage).IndexOfAnyExceptInRange(0uy, 1uy) >= 0 then
        FileErrors.damaged place "a truth value that is neither 0 nor 1"

    Tensor.OfLiteral(Literal.create shape storage)

/// Writes the elements.
let write (tensor: Tensor) (stream: Stream) = stream.Write(Storage.bytes tensor.Value.Data)

/// Writes a file under a temporary name beside it, to the disk, and renames it: nobody ever sees half of it, and a
/// failure leaves the old one.
let replace (path: string) (write: Stream -> unit) =
    FileErrors.guard path (fun () ->
        let partial = path + ".partial"

        try
            using (new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None)) (fun stream ->
                write stream
                stream.Flush true)

            File.Move(partial, path, true)
        finally
            File.Delete partial)
