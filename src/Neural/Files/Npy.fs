// NumPy's file of one array: magic, version, a header that is a Python dictionary of three entries, the elements. Described in
// NumPy's documentation, numpy.lib.format. Arrays of Python objects are programs (pickles) and never read.
// Relies on Elements. Read Npz next.
namespace Ppl.Neural.Files

open System
open System.IO
open System.Text
open Ppl.Core
open Ppl.Core.Tensors

/// The three entries of a header, as a reader of exactly that much Python.
module internal NpyHeader =

    [<NoComparison; NoEquality>]
    type Header = { Descr: string; FortranOrder: bool; Extents: int64[] }

    /// A position in a text.
    type private Scanner(place: Place, text: string) =
        let mutable at = 0

        let skip () =
            while at < text.Length && (text[at] = ' ' || text[at] = '\n') do
                at <- at + 1

        let fail what : 'a = FileErrors.damaged { place with Offset = place.Offset + int64 at } $"in the header: {what}"

        member _.Fail what : 'a = fail what

        member _.AtEnd =
            skip ()
            at = text.Length

        /// Whether the next character is this one; passes it.
        member _.Try(c: char) =
            skip ()
            let found = at < text.Length && text[at] = c

            if found then
                at <- at + 1

            found

        member this.Expect(c: char) =
            if not (this.Try c) then
                fail $"'{c}' is missing"

        member this.Text() : string =
            let quote = if this.Try '"' then '"' else '\''

            if quote = '\'' then
                this.Expect '\''

            match text.IndexOf(quote, at) with
            | -1 -> fail "a text does not end"
            | stop ->
                let found = text[at .. stop - 1]
                at <- stop + 1
                found

        member _.Word() : string =
            skip ()
            let start = at

            while at < text.Length && Char.IsAsciiLetterOrDigit text[at] do
                at <- at + 1

            text[start .. at - 1]

        /// Items between brackets, separated by commas; a comma after the last is allowed.
        member this.Items(opening: char, closing: char, item: unit -> unit) =
            this.Expect opening
            let mutable more = not (this.Try closing)

            while more do
                item ()

                if this.Try ',' then
                    more <- not (this.Try closing)
                else
                    this.Expect closing
                    more <- false

        member this.Number() : int64 =
            match
                Int64.TryParse(this.Word(), Globalization.NumberStyles.None, Globalization.CultureInfo.InvariantCulture)
            with
            | true, number -> number
            | _ -> fail "a whole number is needed"

    let private truth (scanner: Scanner) =
        match scanner.Word() with
        | "True" -> true
        | "False" -> false
        | _ -> scanner.Fail "True or False is needed"

    let private tuple (scanner: Scanner) : int64[] =
        let items = ResizeArray()

        scanner.Items(
            '(',
            ')',
            fun () ->
                items.Add(scanner.Number())

                if items.Count > 64 then
                    scanner.Fail "more than 64 axes"
        )

        items.ToArray()

    let parse (place: Place) (text: string) : Header =
        let scanner = Scanner(place, text)
        let mutable descr, order, extents = None, None, None

        scanner.Items(
            '{',
            '}',
            fun () ->
                let key = scanner.Text()
                scanner.Expect ':'

                match key with
                | "descr" when descr.IsNone -> descr <- Some(scanner.Text())
                | "fortran_order" when order.IsNone -> order <- Some(truth scanner)
                | "shape" when extents.IsNone -> extents <- Some(tuple scanner)
                | _ -> scanner.Fail $"the key '{key}' is unknown or occurs twice"
        )

        if not scanner.AtEnd then
            scanner.Fail "something follows the dictionary"

        match descr, order, extents with
        | Some descr, Some order, Some extents -> { Descr = descr; FortranOrder = order; Extents = extents }
        | _ -> scanner.Fail "descr, fortran_order and shape are needed"

/// Reading and writing npy files: one tensor.
[<RequireQualifiedAccess>]
module Npy =

    let private magic = Array.append [| 0x93uy |] "NUMPY"B

    let private codes =
        [
            "<f8", DType.F64
            "<f4", DType.F32
            "<i8", DType.I64
            "<i4", DType.I32
            "<u4", DType.U32
            "|b1", DType.Bool
        ]

    let private elementType (place: Place) (descr: string) : DType =
        match codes |> List.tryFind (fun (code, _) -> code = descr) with
        | Some(_, dtype) -> dtype
        | None when descr.Contains 'O' ->
            FileErrors.unreadable place "Python objects, which are programs" "save numbers only (allow_pickle=False)"
        | None ->
            FileErrors.unreadable
                place
                $"the element type '{descr}'"
                "convert the array to little-endian f8, f4, i8, i4, u4 or b1 before it is saved"

    let private take (stream: Stream) (count: int) : byte[] =
        let bytes = Array.zeroCreate<byte> count
        stream.ReadExactly bytes
        bytes

    /// NumPy itself refuses longer headers by default.
    let private longestHeader = 65_536L

    /// The header, and how many bytes it has with all before it.
    let private header (limits: FileLimits) (place: Place) (stream: Stream) (length: int64) : NpyHeader.Header * int64 =
        if length < 10L || take stream 6 <> magic then
            FileErrors.unreadable place "it does not begin as npy files do" "give a file that numpy.save has written"

        let version = take stream 2

        let before, size =
            match version[0], version[1] with
            | 1uy, 0uy -> 10L, int64 (BitConverter.ToUInt16(take stream 2, 0))
            | (2uy | 3uy), 0uy when length >= 12L -> 12L, int64 (BitConverter.ToUInt32(take stream 4, 0))
            | major, minor ->
                FileErrors.unreadable place $"version {major}.{minor}" "save it as version 1.0, 2.0 or 3.0"

        if size > min limits.HeaderBytes longestHeader then
            FileErrors.unreadable place $"a header of {size} bytes" "save plain arrays of numbers"

        if before + size > length then
            FileErrors.damaged place $"a header of {size} bytes, but only {length - before} are left"

        let text = Encoding.UTF8.GetString(take stream (int size))
        NpyHeader.parse { place with Offset = place.Offset + before } text, before + size

    /// Elements in the order of Fortran: those of the reversed shape, transposed.
    let private transposed (shape: Shape) (tensor: Tensor) =
        let rank = shape.Rank
        Ops.transpose (Array.init rank (fun i -> rank - 1 - i)) tensor

    /// The tensor of a stream with this many bytes in all, which has been checked against the file.
    let internal readFrom (limits: FileLimits) (place: Place) (stream: Stream) (length: int64) : Tensor =
        let header, before = header limits place stream length
        let dtype = elementType place header.Descr
        let bytes = length - before

        if bytes > limits.TotalBytes then
            FileErrors.unreadable place $"{bytes} bytes of elements" "raise FileLimits.TotalBytes"

        let place = { place with Offset = (if place.Offset < 0L then -1L else before) }
        let shape = Elements.shape place dtype header.Extents bytes

        if header.FortranOrder && shape.Rank > 1 then
            let reversed = Shape.ofArray (Array.rev (shape.ToArray()))
            transposed shape (Elements.read place dtype reversed stream)
        else
            Elements.read place dtype shape stream

    /// The tensor of a stream that can seek; errors (PPL3006) call it by `file`.
    let readStream (limits: FileLimits) (file: string) (stream: Stream) : Tensor =
        FileErrors.guard file (fun () -> readFrom limits { File = file; Offset = 0L; Tensor = "" } stream stream.Length)

    /// The tensor of a file; an error (PPL3006) if it is not a file of one array of numbers.
    let read (path: string) : Tensor =
        FileErrors.guard path (fun () ->
            use stream = File.OpenRead path
            readStream FileLimits.Default path stream)

    /// Writes a tensor as version 1.0, as numpy.save does: the elements begin at a multiple of 64.
    let writeStream (tensor: Tensor) (stream: Stream) : unit =
        let descr = codes |> List.find (fun (_, dtype) -> dtype = tensor.DType) |> fst

        let extents =
            match tensor.Shape.ToArray() with
            | [| one |] -> $"{one},"
            | extents -> String.Join(", ", extents)

        let text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}"
        let padded = text.PadRight((10 + text.Length + 1 + 63) / 64 * 64 - 10 - 1) + "\n"
        stream.Write(ReadOnlySpan magic)
        stream.Write([| 1uy; 0uy |], 0, 2)
        stream.Write(BitConverter.GetBytes(uint16 padded.Length), 0, 2)
        stream.Write(ReadOnlySpan(Encoding.ASCII.GetBytes padded))
        Elements.write tensor stream

    /// Writes a tensor to a file, which is replaced only when all of it is on the disk.
    let write (path: string) (tensor: Tensor) : unit = Elements.replace path (writeStream tensor)
