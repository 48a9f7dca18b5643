// Safetensors: 8 bytes with the length of a JSON header; the header with type, shape and place of each tensor; the elements.
// The format is described at github.com/huggingface/safetensors. What is read here is what that text allows and nothing else: no
// duplicate names, no overlaps, no holes, no element type that a tensor does not have.
// Relies on Elements. Read Npy next.
namespace Ppl.Neural.Files

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Text
open System.Text.Json
open Ppl.Core
open Ppl.Core.Tensors

/// Reading and writing safetensors files: named tensors.
[<RequireQualifiedAccess>]
module Safetensors =

    let private codes =
        [
            "F64", DType.F64
            "F32", DType.F32
            "I64", DType.I64
            "I32", DType.I32
            "U32", DType.U32
            "BOOL", DType.Bool
        ]

    let private codeOf dtype = codes |> List.find (fun (_, d) -> d = dtype) |> fst

    /// One line of the header. Places are counted from the end of the header.
    [<NoComparison; NoEquality>]
    type private Entry = { Name: string; DType: DType; Extents: int64[]; Start: int64; End: int64 }

    // ---- the header; the reader of JSON checks the syntax and the depth

    let private fail place what : 'a = FileErrors.damaged place $"in the header: {what}"

    let private numbers place (json: JsonElement) : int64[] =
        if json.ValueKind <> JsonValueKind.Array then
            fail place $"a list of numbers is needed, not {json.ValueKind}"

        [|
            for item in json.EnumerateArray() do
                match item.ValueKind, item.TryGetInt64() with
                | JsonValueKind.Number, (true, number) when number >= 0L -> number
                | _ -> fail place "a whole number of 0 or more is needed"
        |]

    let private text place (json: JsonElement) : string =
        match json.ValueKind, (if json.ValueKind = JsonValueKind.String then json.GetString() else null) with
        | JsonValueKind.String, NonNull text -> text
        | kind, _ -> fail place $"a text is needed, not {kind}"

    let private fields place (json: JsonElement) : (string * JsonElement)[] =
        if json.ValueKind <> JsonValueKind.Object then
            fail place $"an object is needed, not {json.ValueKind}"

        let all = [| for field in json.EnumerateObject() -> field.Name, field.Value |]
        let seen = HashSet()

        for name, _ in all do
            if not (seen.Add name) then
                fail place $"the name '{name}' occurs twice"

        all

    let private entry (place: Place) (json: JsonElement) : Entry =
        let all = fields place json |> Map.ofArray

        let find name =
            match all.TryFind name with
            | Some value -> value
            | None -> fail place $"'{name}' is missing"

        if all.Count <> 3 then
            fail place "dtype, shape and data_offsets are needed and nothing else"

        let code = text place (find "dtype")

        match codes |> List.tryFind (fun (name, _) -> name = code), numbers place (find "data_offsets") with
        | Some(_, dtype), [| start; stop |] when start <= stop ->
            {
                Name = place.Tensor
                DType = dtype
                Extents = numbers place (find "shape")
                Start = start
                End = stop
            }
        | None, _ ->
            FileErrors.unreadable
                place
                $"the element type {code}"
                "convert the tensor to F64, F32, I64, I32, U32 or BOOL before it is saved"
        | _ -> fail place "data_offsets must be a start and an end after it"

    let private parse (limits: FileLimits) (file: string) (bytes: byte[]) : Entry[] =
        let place = { File = file; Offset = 8L; Tensor = "" }

        // The format asks for it, so that a file of another kind is seen at once.
        if bytes.Length = 0 || bytes[0] <> byte '{' then
            fail place "it does not begin with '{'"

        use document = JsonDocument.Parse(ReadOnlyMemory bytes, JsonDocumentOptions(MaxDepth = 8))
        let all = fields place document.RootElement

        if all.Length > limits.Tensors then
            FileErrors.unreadable place $"{all.Length} tensors, more than {limits.Tensors}" "raise FileLimits.Tensors"

        [|
            for name, json in all do
                if name = "__metadata__" then
                    for key, value in fields place json do
                        text { place with Tensor = key } value |> ignore
                else
                    entry { place with Tensor = name } json
        |]

    /// The tensors lie one after the other from the first byte to the last.
    let private requireTiling (place: Place) (length: int64) (entries: Entry[]) =
        let mutable at = 0L

        for entry in entries do
            if entry.Start <> at then
                let what = if entry.Start < at then "overlaps the one before" else "leaves a hole before it"

                FileErrors.damaged
                    { place with Tensor = entry.Name }
                    $"it begins at {entry.Start}, which {what} (ends at {at})"

            at <- entry.End

        if at <> length then
            FileErrors.damaged place $"the tensors have {at} bytes, the file has {length} for them"

    let private readLength (place: Place) (limits: FileLimits) (stream: Stream) : int =
        let available = stream.Length - 8L

        if available < 0L then
            FileErrors.damaged place $"{stream.Length} bytes are too few for a safetensors file"

        let bytes = Array.zeroCreate<byte> 8
        stream.ReadExactly bytes
        let length = BinaryPrimitives.ReadUInt64LittleEndian(ReadOnlySpan bytes)

        if length > uint64 limits.HeaderBytes then
            FileErrors.unreadable
                place
                $"a header of {length} bytes"
                "raise FileLimits.HeaderBytes, if the file can be trusted"

        if int64 length > available then
            FileErrors.damaged place $"a header of {length} bytes, but only {available} are left"

        int length

    /// The tensors of a stream that can seek, in the order of the file, with their names; errors (PPL3006) call it by `file`.
    let readStream (limits: FileLimits) (file: string) (stream: Stream) : (string * Tensor)[] =
        FileErrors.guard file (fun () ->
            let place = { File = file; Offset = 0L; Tensor = "" }
            let header = Array.zeroCreate<byte>(readLength place limits stream)
            stream.ReadExactly header
            let first = 8L + int64 header.Length

            let entries = parse limits file header |> Array.sortBy (fun entry -> entry.Start, entry.End)
            let at entry = { File = file; Offset = first + entry.Start; Tensor = entry.Name }
            requireTiling { place with Offset = first } (stream.Length - first) entries

            if stream.Length - first > limits.TotalBytes then
                FileErrors.unreadable place $"{stream.Length - first} bytes of tensors" "raise FileLimits.TotalBytes"

            // All shapes are checked before the first element is read.
            let shapes = entries |> Array.map (fun e -> Elements.shape (at e) e.DType e.Extents (e.End - e.Start))

            Array.map2 (fun e shape -> e.Name, Elements.read (at e) e.DType shape stream) entries shapes)

    /// The tensors of a file in its order, with their names; an error (PPL3006) if it is not a file that the format allows.
    let read (path: string) : (string * Tensor)[] =
        FileErrors.guard path (fun () ->
            use stream = File.OpenRead path
            readStream FileLimits.Default path stream)

    let private header (tensors: (string * Tensor)[]) : byte[] =
        use buffer = new MemoryStream()
        use json = new Utf8JsonWriter(buffer)
        json.WriteStartObject()
        let mutable at = 0L

        for name, tensor in tensors do
            let bytes = int64 tensor.Shape.Count * Elements.size tensor.DType
            json.WriteStartObject name
            json.WriteString("dtype", codeOf tensor.DType)
            json.WriteStartArray "shape"
            tensor.Shape.ToArray() |> Array.iter json.WriteNumberValue
            json.WriteEndArray()
            json.WriteStartArray "data_offsets"
            json.WriteNumberValue at
            json.WriteNumberValue(at + bytes)
            json.WriteEndArray()
            json.WriteEndObject()
            at <- at + bytes

        json.WriteEndObject()
        json.Flush()
        // Padded with spaces, so that the elements begin at a multiple of 8.
        let text = Encoding.UTF8.GetString(buffer.ToArray())
        Encoding.UTF8.GetBytes(text.PadRight(text.Length + (8 - int (buffer.Length % 8L)) % 8))

    /// Writes tensors with their names to a stream. Names must differ (else PPL5008); the largest elements come first, so
    /// that all are aligned.
    let writeStream (tensors: (string * Tensor)[]) (stream: Stream) : unit =
        let repeated =
            tensors |> Array.countBy fst |> Array.tryFind (fun (name, n) -> n > 1 || name = "__metadata__")

        match repeated with
        | Some(name, _) ->
            Errors.argument "Safetensors.write" $"the name '{name}' is taken" "give each tensor its own name"
        | None -> ()

        let ordered = tensors |> Array.sortBy (fun (_, tensor) -> -(Elements.size tensor.DType))
        let header = header ordered
        let length = Array.zeroCreate<byte> 8
        BinaryPrimitives.WriteUInt64LittleEndian(Span length, uint64 header.Length)
        stream.Write(length, 0, 8)
        stream.Write(header, 0, header.Length)

        for _, tensor in ordered do
            Elements.write tensor stream

    /// Writes tensors with their names to a file, which is replaced only when all of it is on the disk.
    let write (path: string) (tensors: (string * Tensor)[]) : unit = Elements.replace path (writeStream tensors)
