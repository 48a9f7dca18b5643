// NumPy's file of several arrays: a zip archive of npy files. Archives are where bombs hide: what an entry says it will inflate to
// is checked against what deflate can do at best, and inflating stops there; checksums are verified.
// Relies on Npy. Read Parameters next.
namespace Ppl.Neural.Files

open System
open System.Collections.Generic
open System.IO
open System.IO.Compression
open Ppl.Core
open Ppl.Core.Tensors

/// A stream that counts what is read from another and computes its checksum (CRC-32, polynomial 0xEDB88320).
[<Sealed>]
type internal CheckedStream(inner: Stream) =
    inherit Stream()

    static let table =
        Array.init 256 (fun n ->
            Seq.fold
                (fun (c: uint32) _ -> if c &&& 1u = 1u then 0xEDB88320u ^^^ (c >>> 1) else c >>> 1)
                (uint32 n)
                [ 1..8 ])

    let mutable crc = 0xFFFFFFFFu

    member _.Crc = crc ^^^ 0xFFFFFFFFu

    override _.Read(buffer: byte[], offset, count) =
        let read = inner.Read(buffer, offset, count)

        for i in offset .. offset + read - 1 do
            crc <- table[int ((crc ^^^ uint32 buffer[i]) &&& 0xFFu)] ^^^ (crc >>> 8)

        read

    override _.CanRead = true
    override _.CanSeek = false
    override _.CanWrite = false
    override _.Length = inner.Length

    override _.Position
        with get () = inner.Position
        and set _ = raise (NotSupportedException())

    override _.Flush() = ()
    override _.Seek(_, _) = raise (NotSupportedException())
    override _.SetLength _ = raise (NotSupportedException())
    override _.Write(_: byte[], _: int, _: int) = raise (NotSupportedException())

/// Reading and writing npz files: named tensors.
[<RequireQualifiedAccess>]
module Npz =

    /// Deflate makes at most 258 bytes of 2 bits: 1,032 times as many bytes, and a little for its ends.
    let private mostInflated (compressed: int64) = compressed * 1032L + 1032L

    let private nameOf (place: Place) (entry: ZipArchiveEntry) =
        if not (entry.FullName.EndsWith(".npy", StringComparison.Ordinal)) then
            FileErrors.unreadable
                place
                $"the entry '{entry.FullName}' is no npy file"
                "give an archive that numpy.savez has written"

        entry.FullName[.. entry.FullName.Length - 5]

    let private requirePlausible (place: Place) (length: int64) (entry: ZipArchiveEntry) =
        if entry.CompressedLength > length || entry.Length > mostInflated entry.CompressedLength then
            FileErrors.damaged place $"{entry.CompressedLength} bytes that should inflate to {entry.Length}"

        if entry.IsEncrypted then
            FileErrors.unreadable place "it is encrypted" "decrypt the archive"

    let private readEntry limits (place: Place) (entry: ZipArchiveEntry) : Tensor =
        use inflated = entry.Open()
        use stream = new CheckedStream(inflated)
        let tensor = Npy.readFrom limits place stream entry.Length

        if stream.ReadByte() >= 0 then
            FileErrors.damaged place "more bytes than it says"

        if stream.Crc <> entry.Crc32 then
            FileErrors.damaged place "its checksum is not that of its bytes"

        tensor

    /// The tensors of a stream that can seek, with their names; errors (PPL3006) call it by `file`.
    let readStream (limits: FileLimits) (file: string) (stream: Stream) : (string * Tensor)[] =
        FileErrors.guard file (fun () ->
            let length = stream.Length
            use archive = new ZipArchive(stream, ZipArchiveMode.Read, true)
            let place = { File = file; Offset = -1L; Tensor = "" }
            let seen = HashSet()
            let mutable total = 0L

            if archive.Entries.Count > limits.Tensors then
                FileErrors.unreadable
                    place
                    $"{archive.Entries.Count} entries, more than {limits.Tensors}"
                    "raise FileLimits.Tensors"

            let checkedEntry (entry: ZipArchiveEntry) =
                let name = nameOf place entry
                let place = { place with Tensor = name }
                requirePlausible place length entry
                total <- total + entry.Length

                if not (seen.Add name) then
                    FileErrors.damaged place "the name occurs twice"

                if total > limits.TotalBytes then
                    FileErrors.unreadable place $"{total} bytes of tensors so far" "raise FileLimits.TotalBytes"

                name, place, entry

            // All entries are checked before the first is inflated.
            archive.Entries
            |> Seq.map checkedEntry
            |> Seq.toArray
            |> Array.map (fun (name, place, entry) -> name, readEntry limits place entry))

    /// The tensors of a file, with their names; an error (PPL3006) if it is not an archive of arrays of numbers.
    let read (path: string) : (string * Tensor)[] =
        FileErrors.guard path (fun () ->
            use stream = File.OpenRead path
            readStream FileLimits.Default path stream)

    /// Writes tensors with their names to a stream, uncompressed, as numpy.savez does. Names must differ (else PPL5008).
    /// The same tensors give the same bytes: no time is written.
    let writeStream (tensors: (string * Tensor)[]) (stream: Stream) : unit =
        match tensors |> Array.countBy fst |> Array.tryFind (fun (_, n) -> n > 1) with
        | Some(name, _) -> Errors.argument "Npz.write" $"the name '{name}' occurs twice" "give each tensor its own name"
        | None -> ()

        use archive = new ZipArchive(stream, ZipArchiveMode.Create, true)

        for name, tensor in tensors do
            let entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression)
            // The first moment that zip archives know.
            entry.LastWriteTime <- DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero)
            use target = entry.Open()
            Npy.writeStream tensor target

    /// Writes tensors with their names to a file, which is replaced only when all of it is on the disk.
    let write (path: string) (tensors: (string * Tensor)[]) : unit = Elements.replace path (writeStream tensors)
