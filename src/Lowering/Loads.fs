// Reading elements that are in memory: loads from views at positions, and constants, which are read as numbers where the
// position is known and in a layout that suits the lanes. Relies on Region. Read Moves next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Loads

open Ppl.Core
open Ppl.Core.Ir

/// Loads from a place of a buffer; lanes beyond the active ones are not read where that could leave the buffer.
let fromView (r: Region) elem (view: View) (place: Affine) active =
    let e = r.Emitter
    let floor = max r.Floor view.Depth
    let address = View.address view.Buffer place

    if place.Lane = 0 then
        e.Let(floor, elem, Lanes.One, Op.Load(address, 1))
    elif place.Lane = 1 || active >= 8 then
        e.Let(floor, elem, Lanes.Eight, Op.Load(address, place.Lane))
    else
        let lanes = e.Binary(0, BinaryOp.Min, e.LaneIndex, e.Int(active - 1))
        e.Let(floor, elem, Lanes.Eight, Op.Gather(address, place.Lane, lanes))

let private literalElement (e: Emitter) (literal: Literal) i =
    match literal.Data with
    | Storage.F64 data -> e.Real data[i]
    | Storage.I32 data -> e.Int data[i]
    | Storage.F32 _
    | Storage.I64 _
    | Storage.U32 _ -> ElementType.refuse (Storage.dtype literal.Data)
    | Storage.Bool data -> e.Mask data[i]

/// The axis along which the lanes go and that is not contiguous, if there is exactly one lane axis of step 1.
let private laneAxis (at: At) =
    match at.Index with
    | Index.Axes axes ->
        let axis = axes |> Array.findIndex (fun a -> a.Lane <> 0)
        if axes[axis].Lane = 1 then axis else -1
    | Index.Flat _ -> -1

/// A view of a whole constant, read at a position: as a number, in lanes, or in lanes of a copy with that axis last.
let constant (r: Region) (view: View) (literal: Literal) (at: At) (place: Affine) =
    let elem = ElementType.ofDType literal.Type.DType

    if Affine.isConst place && place.Const < literal.Type.Shape.Count then
        literalElement r.Emitter literal place.Const
    elif place.Lane > 1 && laneAxis at >= 0 then
        match at.Index with
        | Index.Axes axes ->
            let struct (buffer, strides) = r.Constants.MovedLast(literal, laneAxis at)
            let view = { view with Buffer = buffer; Strides = strides; Source = ValueNone }
            fromView r elem view (Affine.dot strides axes) at.Active
        | Index.Flat _ -> fromView r elem view place at.Active
    else
        fromView r elem view place at.Active

/// The literal behind a variable, if it is a constant.
let rec tryLiteral (r: Region) v =
    match r.Aliases[v], r.Definition v with
    | ValueSome(struct (outer, w)), _ -> tryLiteral outer w
    | ValueNone, ValueSome { Primitive = Primitive.Constant literal } -> ValueSome literal
    | _ -> ValueNone

let wholeConstant (r: Region) (literal: Literal) =
    { View.whole (r.Constants.Buffer literal) literal.Type.Shape 0 with Source = ValueSome literal }
