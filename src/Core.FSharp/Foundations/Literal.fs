// Concrete host values: typed data with a shape, compared by bits (0.0 and -0.0 differ, NaN equals itself), because
// literals are keys of common-subexpression elimination and of the compile cache.
namespace Ppl.Core

open System
open System.Runtime.InteropServices

/// The elements of a concrete tensor in row-major order.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Storage =
    | F64 of float[]
    | I32 of int[]
    | Bool of bool[]

/// Facts about storage.
[<RequireQualifiedAccess>]
module Storage =

    /// The element type.
    let dtype storage =
        match storage with
        | Storage.F64 _ -> DType.F64
        | Storage.I32 _ -> DType.I32
        | Storage.Bool _ -> DType.Bool

    /// The number of elements.
    let length storage =
        match storage with
        | Storage.F64 data -> data.Length
        | Storage.I32 data -> data.Length
        | Storage.Bool data -> data.Length

    /// The raw bytes of the elements, as they lie in memory.
    let bytes storage : ReadOnlySpan<byte> =
        match storage with
        | Storage.F64 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.I32 data -> MemoryMarshal.AsBytes(ReadOnlySpan data)
        | Storage.Bool data -> MemoryMarshal.AsBytes(ReadOnlySpan data)

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

    /// An integer scalar.
    let i32 (x: int) = create Shape.scalar (Storage.I32 [| x |])

    /// A truth value.
    let bool (x: bool) = create Shape.scalar (Storage.Bool [| x |])

    /// The real elements; an error for another element type.
    let floats literal =
        match literal.Data with
        | Storage.F64 data -> data
        | _ -> Errors.dtypes "floats" $"expected f64, got {literal.Type}"

    /// The integer elements; an error for another element type.
    let ints literal =
        match literal.Data with
        | Storage.I32 data -> data
        | _ -> Errors.dtypes "ints" $"expected i32, got {literal.Type}"

    /// The truth values; an error for another element type.
    let bools literal =
        match literal.Data with
        | Storage.Bool data -> data
        | _ -> Errors.dtypes "bools" $"expected bool, got {literal.Type}"

    /// The literal of this type filled with one number (truth values: not zero).
    let fill (ty: TensorType) (x: float) =
        let n = ty.Shape.Count

        match ty.DType with
        | DType.F64 -> create ty.Shape (Storage.F64(Array.create n x))
        | DType.I32 -> create ty.Shape (Storage.I32(Array.create n (int x)))
        | DType.Bool -> create ty.Shape (Storage.Bool(Array.create n (x <> 0.0)))
