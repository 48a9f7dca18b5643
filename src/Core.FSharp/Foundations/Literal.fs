// Concrete host values: typed data with a shape, compared by bits (0.0 and -0.0 differ, NaN equals itself), because
// literals are keys of common-subexpression elimination and of the compile cache.
namespace Ppl.Core

open System
open System.Runtime.InteropServices

/// The elements of a concrete tensor in row-major order.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Storage =
    | F64 of float[]
    | F32 of float32[]
    | I64 of int64[]
    | I32 of int[]
    | U32 of uint32[]
    | Bool of bool[]

/// Facts about storage.
[<RequireQualifiedAccess>]
module Storage =

    /// The element type.
    let dtype storage =
        match storage with
        | Storage.F64 _ -> DType.F64
        | Storage.F32 _ -> DType.F32
        | Storage.I64 _ -> DType.I64
        | Storage.I32 _ -> DType.I32
        | Storage.U32 _ -> DType.U32
        | Storage.Bool _ -> DType.Bool

    /// The number of elements.
    let length storage =
        match storage with
        | Storage.F64 data -> data.Length
        | Storage.F32 data -> data.Length
        | Storage.I64 data -> data.Length
        | Storage.I32 data -> data.Length
        | Storage.U32 data -> data.Length
        | Storage.Bool data -> data.Length

    /// The raw bytes of the elements, as they lie in memory.
    let bytes storage : ReadOnlySpan<byte> =
        match storage with
        | Storage.F64 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.F32 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.I64 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.I32 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.U32 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.Bool data -> MemoryMarshal.AsBytes(ReadOnlySpan data)

    /// Whether all elements are the same bits; nothing is uniform.
    let isUniform storage =
        let bytes = bytes storage
        let width = bytes.Length / max (length storage) 1
        // Equal to itself one element further on.
        bytes.Slice(width).SequenceEqual(bytes.Slice(0, bytes.Length - width))

    /// New storage for n elements: zeros (false).
    let zeros dtype (n: int) =
        match dtype with
        | DType.F64 -> Storage.F64(Array.zeroCreate n)
        | DType.F32 -> Storage.F32(Array.zeroCreate n)
        | DType.I64 -> Storage.I64(Array.zeroCreate n)
        | DType.I32 -> Storage.I32(Array.zeroCreate n)
        | DType.U32 -> Storage.U32(Array.zeroCreate n)
        | DType.Bool -> Storage.Bool(Array.zeroCreate n)

    /// A copy of `count` elements from `start` on.
    let slice (start: int) (count: int) storage =
        match storage with
        | Storage.F64 data -> Storage.F64(Array.sub data start count)
        | Storage.F32 data -> Storage.F32(Array.sub data start count)
        | Storage.I64 data -> Storage.I64(Array.sub data start count)
        | Storage.I32 data -> Storage.I32(Array.sub data start count)
        | Storage.U32 data -> Storage.U32(Array.sub data start count)
        | Storage.Bool data -> Storage.Bool(Array.sub data start count)

    let private pick (positions: int[]) (data: 'a[]) : 'a[] = Array.map (fun p -> data[p]) positions

    /// The elements at these positions.
    let gather positions storage =
        match storage with
        | Storage.F64 data -> Storage.F64(pick positions data)
        | Storage.F32 data -> Storage.F32(pick positions data)
        | Storage.I64 data -> Storage.I64(pick positions data)
        | Storage.I32 data -> Storage.I32(pick positions data)
        | Storage.U32 data -> Storage.U32(pick positions data)
        | Storage.Bool data -> Storage.Bool(pick positions data)

    let private put (positions: int[]) (source: 'a[]) (target: 'a[]) =
        for i in 0 .. positions.Length - 1 do
            target[positions[i]] <- source[i]

    /// A copy of all elements.
    let copy storage = slice 0 (length storage) storage

    /// One element as a number; integers beyond 2^53 are rounded, truth values are 0 or 1.
    let number storage (index: int) =
        match storage with
        | Storage.F64 data -> data[index]
        | Storage.F32 data -> float data[index]
        | Storage.I64 data -> float data[index]
        | Storage.I32 data -> float data[index]
        | Storage.U32 data -> float data[index]
        | Storage.Bool data -> if data[index] then 1.0 else 0.0

    /// Copies the elements of source to these positions of target, which is of the same element type.
    let scatter (positions: int[]) (source: Storage) (target: Storage) =
        match source, target with
        | Storage.F64 source, Storage.F64 target -> put positions source target
        | Storage.F32 source, Storage.F32 target -> put positions source target
        | Storage.I64 source, Storage.I64 target -> put positions source target
        | Storage.I32 source, Storage.I32 target -> put positions source target
        | Storage.U32 source, Storage.U32 target -> put positions source target
        | Storage.Bool source, Storage.Bool target -> put positions source target
        | _ -> Errors.bug "Storage.scatter" "element types differ after the types were checked"

/// A concrete value: a type and its elements. Nobody mutates the elements after construction.
[<CustomEquality; NoComparison>]
type Literal =
    {
        /// Element type and shape.
        Type: TensorType
        /// The elements.
        Data: Storage
    }

    override this.Equals other =
        match other with
        | :? Literal as other ->
            this.Type = other.Type && (Storage.bytes this.Data).SequenceEqual(Storage.bytes other.Data)
        | _ -> false

    override this.GetHashCode() =
        let mutable hash = HashCode()
        hash.Add this.Type
        hash.AddBytes(Storage.bytes this.Data)
        hash.ToHashCode()

/// Making and reading literals.
[<RequireQualifiedAccess>]
module Literal =

    /// The literal of this shape with these elements; their number must be the shape's.
    let create shape data =
        if Storage.length data <> (shape: Shape).Count then
            Errors.shapes "literal" $"{Storage.length data} elements for shape {shape}"

        { Type = TensorType.create (Storage.dtype data) shape; Data = data }

    /// A real scalar.
    let f64 (x: float) = create Shape.scalar (Storage.F64 [| x |])

    /// A real scalar of single precision.
    let f32 (x: float32) = create Shape.scalar (Storage.F32 [| x |])

    /// A 64-bit integer scalar.
    let i64 (x: int64) = create Shape.scalar (Storage.I64 [| x |])

    /// An unsigned integer scalar.
    let u32 (x: uint32) = create Shape.scalar (Storage.U32 [| x |])

    /// An integer scalar.
    let i32 (x: int) = create Shape.scalar (Storage.I32 [| x |])

    /// A truth value.
    let bool (x: bool) = create Shape.scalar (Storage.Bool [| x |])

    let private elements name expected (read: Storage -> 'a[] voption) literal =
        match read literal.Data with
        | ValueSome found -> found
        | ValueNone -> Errors.dtypes name $"expected {DType.name expected}, got {literal.Type}"

    /// The real elements; an error for another element type.
    let floats literal =
        elements
            "floats"
            DType.F64
            (fun data ->
                match data with
                | Storage.F64 found -> ValueSome found
                | _ -> ValueNone)
            literal

    /// The elements of single precision; an error for another element type.
    let float32s literal =
        elements
            "float32s"
            DType.F32
            (fun data ->
                match data with
                | Storage.F32 found -> ValueSome found
                | _ -> ValueNone)
            literal

    /// The real elements of either precision as f64; an error for another element type.
    let widened literal =
        match literal.Data with
        | Storage.F64 data -> data
        | Storage.F32 data -> Array.map float data
        | _ -> Errors.dtypes "widened" $"expected f64 or f32, got {literal.Type}"

    /// The 64-bit integer elements; an error for another element type.
    let int64s literal =
        elements
            "int64s"
            DType.I64
            (fun data ->
                match data with
                | Storage.I64 found -> ValueSome found
                | _ -> ValueNone)
            literal

    /// The unsigned integer elements; an error for another element type.
    let uint32s literal =
        elements
            "uint32s"
            DType.U32
            (fun data ->
                match data with
                | Storage.U32 found -> ValueSome found
                | _ -> ValueNone)
            literal

    /// The integer elements; an error for another element type.
    let ints literal =
        elements
            "ints"
            DType.I32
            (fun data ->
                match data with
                | Storage.I32 found -> ValueSome found
                | _ -> ValueNone)
            literal

    /// The truth values; an error for another element type.
    let bools literal =
        elements
            "bools"
            DType.Bool
            (fun data ->
                match data with
                | Storage.Bool found -> ValueSome found
                | _ -> ValueNone)
            literal

    /// The literal of this type filled with one number (truth values: not zero).
    let fill (ty: TensorType) (x: float) =
        let n = ty.Shape.Count

        match ty.DType with
        | DType.F64 -> Storage.F64(Array.create n x)
        | DType.F32 -> Storage.F32(Array.create n (float32 x))
        | DType.I64 -> Storage.I64(Array.create n (int64 x))
        | DType.I32 -> Storage.I32(Array.create n (int x))
        | DType.U32 -> Storage.U32(Array.create n (uint32 x))
        | DType.Bool -> Storage.Bool(Array.create n (x <> 0.0))
        |> create ty.Shape
