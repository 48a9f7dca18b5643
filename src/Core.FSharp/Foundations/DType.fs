// Element types. Every engine, rule and text form enumerates them; a new one breaks the build where it is not handled.
namespace Ppl.Core

/// The type of a tensor's elements.
[<RequireQualifiedAccess; Struct>]
type DType =
    /// IEEE 754 binary64.
    | F64
    /// Two's complement 32-bit integers; arithmetic wraps.
    | I32
    /// Truth values.
    | Bool

/// Facts about element types.
[<RequireQualifiedAccess>]
module DType =

    /// The name in the notation of messages and program texts.
    let name dtype =
        match dtype with
        | DType.F64 -> "f64"
        | DType.I32 -> "i32"
        | DType.Bool -> "bool"

    /// All element types.
    let all = [| DType.F64; DType.I32; DType.Bool |]

    /// The element type of that name, if there is one.
    let tryParse text = all |> Array.tryFind (fun dtype -> name dtype = text)
