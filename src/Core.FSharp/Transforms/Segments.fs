// Vectors made of parts one after the other. Gradients with respect to slices of one flat vector arrive as sums of padded
// pieces; where the pieces do not overlap, the sum is a concatenation and needs no arithmetic.
// Relies on Facts. Read MoveRules next.
module internal Ppl.Core.Transforms.Segments

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Patterns

/// A part of a vector: its extent and the variable there (none: zeros).
[<Struct>]
type private Part = { Extent: int; Content: Var voption }

let private parts (facts: Facts) v : Part list voption =
    let part v =
        let content = if isZero facts v then ValueNone else ValueSome v
        { Extent = (facts.ShapeOf v)[0]; Content = content }

    match v with
    | _ when (facts.ShapeOf v).Rank <> 1 -> ValueNone
    | Moved facts (struct (MoveOp.Pad(low, high), args)) ->
        let zeros n = { Extent = n; Content = ValueNone }
        ValueSome([ zeros low[0]; part args[0]; zeros high[0] ] |> List.filter (fun p -> p.Extent > 0))
    | Moved facts (struct (MoveOp.Concat _, args)) ->
        ValueSome(args |> Array.toList |> List.map part |> List.filter (fun p -> p.Extent > 0))
    | _ -> ValueNone

/// The sum of two part lists, if at every place one of them is zero and no part has to be cut.
let rec private overlay (xs: Part list) (ys: Part list) : Part list voption =
    let cons part rest =
        match rest with
        | ValueSome list -> ValueSome(part :: list)
        | ValueNone -> ValueNone

    let shorten n (part: Part) rest = if part.Extent = n then rest else { part with Extent = part.Extent - n } :: rest

    match xs, ys with
    | [], [] -> ValueSome []
    | x :: xs', y :: ys' ->
        match x.Content, y.Content with
        | ValueNone, ValueNone ->
            let n = min x.Extent y.Extent
            cons { Extent = n; Content = ValueNone } (overlay (shorten n x xs') (shorten n y ys'))
        | ValueSome _, ValueNone when y.Extent >= x.Extent -> cons x (overlay xs' (shorten x.Extent y ys'))
        | ValueNone, ValueSome _ when x.Extent >= y.Extent -> cons y (overlay (shorten y.Extent x xs') ys')
        | _ -> ValueNone
    | _ -> ValueNone

/// The parts of x + y, if both are made of parts that do not overlap.
let merge (facts: Facts) x y : Var[] voption =
    let zeros n =
        let literal = Literal.fill (TensorType.create (facts.TypeOf x).DType (Shape.ofList [ n ])) 0.0
        let v = facts.Raw(Primitive.Constant literal, [||])
        facts.Learn(v, lazy literal)
        v

    match parts facts x, parts facts y with
    | ValueSome xs, ValueSome ys ->
        match overlay xs ys with
        | ValueSome list ->
            list
            |> List.map (fun part ->
                match part.Content with
                | ValueSome v -> v
                | ValueNone -> zeros part.Extent)
            |> List.toArray
            |> ValueSome
        | ValueNone -> ValueNone
    | _ -> ValueNone

/// The argument of a concatenation that holds start..limit-1 whole, and where it starts.
let within (facts: Facts) axis (args: Var[]) start limit : struct (Var * int) voption =
    let mutable found = ValueNone
    let mutable offset = 0

    for arg in args do
        let extent = (facts.ShapeOf arg)[axis]

        if start >= offset && limit <= offset + extent then
            found <- ValueSome(struct (arg, offset))

        offset <- offset + extent

    found
