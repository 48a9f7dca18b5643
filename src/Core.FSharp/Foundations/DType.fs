// Element types. Every engine, rule and text form enumerates them; a new one breaks the build where it is not handled.
namespace Ppl.Core

/// The type of a tensor's elements. Operations never mix them: what is to meet is converted first.
[<RequireQualifiedAccess; Struct>]
type DType =
    /// IEEE 754 binary64.
    | F64
    /// IEEE 754 binary32.
    | F32
    /// Two's complement 64-bit integers; arithmetic wraps.
    | I64
    /// Two's complement 32-bit integers; arithmetic wraps. The type of indices and of random keys.
    | I32
    /// Unsigned 32-bit integers; arithmetic wraps.
    | U32
    /// Truth values.
    | Bool

/// Facts about element types.
[<RequireQualifiedAccess>]
module DType =

    /// The name in the notation of messages and program texts.
    let name dtype =
        match dtype with
        | DType.F64 -> "f64"
        | DType.F32 -> "f32"
        | DType.I64 -> "i64"
        | DType.I32 -> "i32"
        | DType.U32 -> "u32"
        | DType.Bool -> "bool"

    /// All element types.
    let all = [| DType.F64; DType.F32; DType.I64; DType.I32; DType.U32; DType.Bool |]

    /// The element type of that name, if there is one.
    let tryParse text = all |> Array.tryFind (fun dtype -> name dtype = text)

    /// Whether the elements stand for real numbers, which is what derivatives are taken of: f64 and f32.
    let isReal dtype =
        match dtype with
        | DType.F64
        | DType.F32 -> true
        | DType.I64
        | DType.I32
        | DType.U32
        | DType.Bool -> false

    /// Whether the elements are integers: i64, i32 and u32.
    let isInteger dtype =
        match dtype with
        | DType.I64
        | DType.I32
        | DType.U32 -> true
        | DType.F64
        | DType.F32
        | DType.Bool -> false
