// Static shapes and typed shapes, in the one notation of the system: f64[3,4].
namespace Ppl.Core

open System

/// An immutable list of extents, outermost first. The scalar shape has none.
[<Struct; CustomEquality; NoComparison>]
type Shape private (extents: int[]) =

    /// The shape with these extents; the array is copied. Extents are zero or more.
    static member OfArray(extents: int[]) =
        if Array.exists (fun e -> e < 0) extents then
            Errors.range "shape" $"extents must not be negative: %A{extents}"

        let count = extents |> Array.fold (fun (c: int64) e -> Checked.(*) c (int64 e)) 1L

        if count > int64 Int32.MaxValue then
            Errors.range "shape" $"{count} elements do not fit in one tensor"

        Shape(Array.copy extents)

    /// The shape without extents.
    static member Scalar = Shape [||]

    member private _.Raw = if isNull (box extents) then [||] else extents

    /// The number of axes.
    member this.Rank = this.Raw.Length

    /// The extent of an axis.
    member this.Item
        with get axis = this.Raw[axis]

    /// The number of elements.
    member this.Count = Array.fold (*) 1 this.Raw

    /// A copy of the extents.
    member this.ToArray() = Array.copy this.Raw

    override this.Equals other =
        match other with
        | :? Shape as other -> (this :> IEquatable<Shape>).Equals other
        | _ -> false

    override this.GetHashCode() = this.Raw |> Array.fold (fun h e -> h * 31 + e) 17

    override this.ToString() = "[" + String.Join(",", this.Raw) + "]"

    interface IEquatable<Shape> with
        member this.Equals other = this.Raw.AsSpan().SequenceEqual(ReadOnlySpan other.Raw)

/// The element type and shape of a tensor.
[<Struct; NoComparison>]
type TensorType =
    {
        /// The type of the elements.
        DType: DType
        /// The extents.
        Shape: Shape
    }

    /// For example f64[3,4].
    override this.ToString() = DType.name this.DType + this.Shape.ToString()

/// Shapes as values.
[<RequireQualifiedAccess>]
module Shape =

    /// The shape without extents.
    let scalar = Shape.Scalar

    /// The shape with these extents.
    let ofList (extents: int list) = Shape.OfArray(List.toArray extents)

    /// The shape with these extents.
    let ofArray extents = Shape.OfArray extents

    /// The extents as an array.
    let toArray (shape: Shape) = shape.ToArray()

    /// Row-major strides in elements.
    let strides (shape: Shape) =
        let strides = Array.zeroCreate shape.Rank
        let mutable step = 1

        for axis in shape.Rank - 1 .. -1 .. 0 do
            strides[axis] <- step
            step <- step * shape[axis]

        strides

    /// The shape without the named axes.
    let without (axes: int[]) (shape: Shape) =
        shape.ToArray()
        |> Array.indexed
        |> Array.filter (fun (axis, _) -> not (Array.contains axis axes))
        |> Array.map snd
        |> Shape.OfArray

    /// The shape with one more axis of this extent in front.
    let prepend extent (shape: Shape) = Shape.OfArray(Array.append [| extent |] (shape.ToArray()))

    /// The shape without its first axis.
    let tail (shape: Shape) = Shape.OfArray(Array.tail (shape.ToArray()))

    /// The common shape of two shapes under right-aligned broadcasting, if there is one.
    let tryBroadcast (a: Shape) (b: Shape) =
        let rank = max a.Rank b.Rank

        let extent (s: Shape) axis =
            let own = axis - (rank - s.Rank)
            if own < 0 then 1 else s[own]

        let pairs = Array.init rank (fun axis -> extent a axis, extent b axis)

        if pairs |> Array.forall (fun (x, y) -> x = y || x = 1 || y = 1) then
            pairs |> Array.map (fun (x, y) -> if x = 1 then y else x) |> Shape.OfArray |> Some
        else
            None

/// Tensor types as values.
[<RequireQualifiedAccess>]
module TensorType =

    /// The type with this element type and shape.
    let create dtype shape = { DType = dtype; Shape = shape }

    /// A scalar of this element type.
    let scalar dtype = create dtype Shape.scalar
