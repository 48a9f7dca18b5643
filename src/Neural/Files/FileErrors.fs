// What can be wrong with a file of parameters, in one voice; and the limits that readers keep to.
// Relies on Ppl.Core's errors. Read Elements next.
namespace Ppl.Neural.Files

open System
open System.IO
open Ppl.Core

/// Limits of readers. A file beyond them is refused (PPL3006) before memory is allocated for it.
[<Sealed>]
type FileLimits() =

    /// The largest header in bytes; 16 MiB.
    member val HeaderBytes = 16L <<< 20 with get, set

    /// The largest number of tensors; 100,000.
    member val Tensors = 100_000 with get, set

    /// The largest number of bytes of all tensors together; 16 GiB.
    member val TotalBytes = 16L <<< 30 with get, set

    /// The limits that are used if none are given.
    static member Default = FileLimits()

/// The place that a reader is at: for messages.
[<NoComparison; NoEquality>]
type internal Place = { File: string; Offset: int64; Tensor: string }

module internal FileErrors =

    let private where place =
        let tensor = if place.Tensor = "" then "" else $", tensor '{place.Tensor}'"
        let offset = if place.Offset < 0L then "" else $", byte {place.Offset}"
        $"{place.File}{tensor}{offset}"

    /// PPL3006: a file that is not what it should be, or that asks for more than the limits.
    let unreadable (place: Place) (what: string) (advice: string) : 'a =
        raise (PplException("PPL3006", $"{where place}: {what}.", advice))

    /// PPL3006 for damaged files.
    let damaged place what : 'a = unreadable place what "get an undamaged copy of the file, or write it again"

    /// PPL3007: a readable file whose tensors are not those of the parameters.
    let doesNotFit (file: string) (what: string) : 'a =
        raise (
            PplException(
                "PPL3007",
                $"{file}: {what}.",
                "read the file into parameters of the structure that was saved, or read its tensors by name"
            )
        )

    /// Nothing but PplException leaves a reader: whatever the operating system or a library says becomes PPL3006.
    let guard (file: string) (read: unit -> 'a) : 'a =
        try
            read ()
        with
        | :? PplException -> reraise ()
        | :? IOException
        | :? UnauthorizedAccessException
        | :? InvalidDataException
        | :? NotSupportedException
        | :? ArgumentException
        | :? FormatException
        | :? OverflowException
        | :? InvalidOperationException
        | :? Text.Json.JsonException
        | :? IndexOutOfRangeException as inner ->
            let what = $"{file}: it cannot be read ({inner.Message.Trim().TrimEnd '.'})."

            raise (
                PplException(
                    "PPL3006",
                    what,
                    "check the path, the rights and the format of the file",
                    null,
                    Nullable(),
                    inner
                )
            )
