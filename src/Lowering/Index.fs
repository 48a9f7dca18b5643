// Where an element is: affine positions over loop counters and the lane, and views of buffers.
// Relies on Emitter. Read Region next.
namespace Ppl.Lowering

open System.Collections.Generic
open Ppl.Core

/// Const + Lane * lane + sum of factor * value.
[<NoComparison; NoEquality>]
type internal Affine = { Const: int; Lane: int; Terms: struct (int * Value)[] }

[<RequireQualifiedAccess>]
module internal Affine =

    let constant c = { Const = c; Lane = 0; Terms = [||] }
    let zero = constant 0

    /// A loop counter.
    let counter value = { Const = 0; Lane = 0; Terms = [| struct (1, value) |] }

    let isConst a = a.Lane = 0 && a.Terms.Length = 0

    let shift c a = if c = 0 then a else { a with Const = a.Const + c }

    let scale k a =
        if k = 1 then
            a
        elif k = 0 then
            zero
        else
            {
                Const = k * a.Const
                Lane = k * a.Lane
                Terms = a.Terms |> Array.map (fun struct (factor, value) -> struct (k * factor, value))
            }

    let private mergeTerms (a: struct (int * Value)[]) (b: struct (int * Value)[]) =
        let merged = ResizeArray a

        for struct (factor, value) in b do
            let at = merged.FindIndex(fun struct (_, other) -> other = value)

            if at < 0 then
                merged.Add(struct (factor, value))
            else
                let struct (own, _) = merged[at]

                if own + factor = 0 then
                    merged.RemoveAt at
                else
                    merged[at] <- struct (own + factor, value)

        // One order, so that equal positions are equal keys.
        merged.Sort(fun (struct (_, x)) (struct (_, y)) -> compare x y)
        merged.ToArray()

    let add a b =
        {
            Const = a.Const + b.Const
            Lane = a.Lane + b.Lane
            Terms =
                if a.Terms.Length = 0 then b.Terms
                elif b.Terms.Length = 0 then a.Terms
                else mergeTerms a.Terms b.Terms
        }

    /// The sum of factor * position over the axes.
    let dot (factors: int[]) (axes: Affine[]) =
        let mutable sum = zero

        for axis in 0 .. axes.Length - 1 do
            sum <- add sum (scale factors[axis] axes[axis])

        sum

    /// The first and last coordinate that the active lanes reach, if they are known now.
    let staticRange a active =
        if a.Terms.Length > 0 then
            ValueNone
        else
            let last = a.Const + a.Lane * (if a.Lane = 0 then 0 else active - 1)
            ValueSome(struct (min a.Const last, max a.Const last))

/// Keys of evaluated elements: a variable and a row-major position in it.
[<Sealed>]
type internal PositionComparer() =
    interface IEqualityComparer<struct (int * Affine)> with
        member _.Equals(struct (v, a), struct (w, b)) =
            v = w
            && a.Const = b.Const
            && a.Lane = b.Lane
            && a.Terms.Length = b.Terms.Length
            && (let mutable same = true

                for i in 0 .. a.Terms.Length - 1 do
                    let struct (f, x) = a.Terms[i]
                    let struct (g, y) = b.Terms[i]
                    same <- same && f = g && x = y

                same)

        member _.GetHashCode(struct (v, a)) =
            let mutable hash = (v * 31 + a.Const) * 31 + a.Lane

            for struct (factor, value) in a.Terms do
                hash <- (hash * 31 + factor) * 31 + value

            hash

/// A position in a tensor: one affine form per axis, or one for its row-major order.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Index =
    | Axes of Affine[]
    | Flat of Affine

/// A position and how many of the eight lanes matter.
[<NoComparison; NoEquality>]
type internal At = { Index: Index; Active: int }

[<RequireQualifiedAccess>]
module internal At =

    let axes active affines = { Index = Index.Axes affines; Active = active }
    let flat active affine = { Index = Index.Flat affine; Active = active }

    /// One element by its row-major number.
    let element i = flat 8 (Affine.constant i)

    /// The block of eight elements from that row-major number on, of `count` in all.
    let block count start = flat (min 8 (count - start)) { Affine.constant start with Lane = 1 }

[<RequireQualifiedAccess>]
module internal Index =

    /// The row-major position in a tensor of this shape.
    let linear (shape: Shape) index =
        match index with
        | Index.Flat a -> a
        | Index.Axes axes -> Affine.dot (Shape.strides shape) axes

    let private unravel (shape: Shape) (i: int) =
        let axes = Array.create shape.Rank Affine.zero
        let mutable rest = i

        for axis in shape.Rank - 1 .. -1 .. 0 do
            axes[axis] <- Affine.constant (rest % shape[axis])
            rest <- rest / shape[axis]

        axes

    /// The axes with more than one element.
    let wideAxes (shape: Shape) =
        let axes = ResizeArray()

        for axis in 0 .. shape.Rank - 1 do
            if shape[axis] <> 1 then
                axes.Add axis

        axes

    /// The position with another coordinate on one axis.
    let withAxis (axes: Affine[]) axis a =
        let copy = Array.copy axes
        copy[axis] <- a
        copy

    /// All positions along the named axes, the others as given.
    let rec enumerate (shape: Shape) (over: int list) (axes: Affine[]) : Affine[] list =
        match over with
        | [] -> [ axes ]
        | axis :: rest ->
            [
                for i in 0 .. shape[axis] - 1 do
                    yield! enumerate shape rest (withAxis axes axis (Affine.constant i))
            ]

    /// The position per axis, if it can be written so.
    let tryAxes (shape: Shape) (at: At) =
        match at.Index with
        | Index.Axes axes -> ValueSome axes
        | Index.Flat a ->
            let wide = wideAxes shape

            if wide.Count <= 1 then
                let axes = Array.create shape.Rank Affine.zero

                if wide.Count = 1 then
                    axes[wide[0]] <- a

                ValueSome axes
            elif a.Terms.Length > 0 then
                ValueNone
            elif a.Lane = 0 then
                ValueSome(unravel shape a.Const)
            else
                let last = wide[wide.Count - 1]
                let row = a.Const % shape[last]

                if a.Lane = 1 && row + at.Active <= shape[last] then
                    let axes = unravel shape a.Const
                    axes[last] <- { axes[last] with Lane = 1 }
                    ValueSome axes
                else
                    ValueNone

/// The elements of a tensor in a buffer.
[<NoComparison; NoEquality>]
type internal View =
    {
        Buffer: BufferId
        /// Where element 0 is.
        Offset: Affine
        /// In elements, per axis.
        Strides: int[]
        /// The depth of the block in which the content is constant.
        Depth: int
        /// The content, if it is a constant and this view is the whole of it.
        Source: Literal voption
    }

[<RequireQualifiedAccess>]
module internal View =

    /// The whole of a buffer in row-major order.
    let whole buffer shape depth =
        {
            Buffer = buffer
            Offset = Affine.zero
            Strides = Shape.strides shape
            Depth = depth
            Source = ValueNone
        }

    /// Whether the elements lie in row-major order without gaps.
    let isContiguous (shape: Shape) (view: View) =
        let dense = Shape.strides shape
        let mutable same = true

        for axis in 0 .. shape.Rank - 1 do
            same <- same && (shape[axis] = 1 || view.Strides[axis] = dense[axis])

        same || shape.Count = 0

    /// Whether two contiguous views of one variable are the same memory.
    let isSamePlace (a: View) (b: View) =
        a.Buffer = b.Buffer
        && a.Offset.Const = b.Offset.Const
        && a.Offset.Terms.Length = 0
        && b.Offset.Terms.Length = 0
        && System.MemoryExtensions.SequenceEqual(System.ReadOnlySpan a.Strides, System.ReadOnlySpan b.Strides)

    /// The place of a position as an affine form of the buffer, if the view allows it.
    let tryPlace (shape: Shape) (at: At) (view: View) =
        match at.Index with
        | Index.Axes axes -> ValueSome(Affine.add view.Offset (Affine.dot view.Strides axes))
        | Index.Flat a when isContiguous shape view -> ValueSome(Affine.add view.Offset a)
        | Index.Flat _ ->
            match Index.tryAxes shape at with
            | ValueSome axes -> ValueSome(Affine.add view.Offset (Affine.dot view.Strides axes))
            | ValueNone -> ValueNone

    /// An affine form without lanes as an address.
    let address buffer (place: Affine) : Address = { Buffer = buffer; Offset = place.Const; Terms = place.Terms }
