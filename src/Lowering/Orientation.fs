// Which way eight elements of a small tensor cost about what one does, from how its operands lie.
// Relies on Region. Read Pull next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Orientation

open Ppl.Core
open Ppl.Core.Ir

/// So many operations are looked at: operands may be shared by very many.
let private mostVisited = 64

/// Whether eight elements along an axis cost about what one does: they lie one after the other in memory, are made of such, or
/// are known outside the loops.
let isCheapInLanes (r: Region) v axis =
    let mutable left = mostVisited

    let rec isCheap v axis =
        left <- left - 1

        match r.Views[v], r.Aliases[v], r.Deferred v with
        | _ when left < 0 -> false
        | ValueSome view, _, _ -> view.Source.IsSome || view.Strides[axis] = 0 || view.Strides[axis] = 1
        | _, ValueSome _, _ -> true
        | _ when r.Blocks[v].IsSome -> (Index.wideAxes (r.Shape v)).Count <= 1
        | _, _, ValueSome eq when r.Role v = Role.Inline -> ofEquation eq axis
        | _ -> false

    and ofEquation eq axis =
        let operand i own = isCheap eq.Args[i] own

        match eq.Primitive with
        | Primitive.Constant _
        | Primitive.Iota _ -> true
        | Primitive.Move(MoveOp.Transpose permutation) -> operand 0 permutation[axis]
        | Primitive.Move(MoveOp.Broadcast(_, along)) ->
            match System.Array.IndexOf(along, axis) with
            | -1 -> true
            | own -> (r.Shape eq.Args[0])[own] = 1 || operand 0 own
        | Primitive.Contract dot ->
            let batch = dot.BatchLeft.Length
            let freeLeft = Facts.freeAxes (r.Shape eq.Args[0]).Rank dot.BatchLeft dot.ContractLeft
            let freeRight = Facts.freeAxes (r.Shape eq.Args[1]).Rank dot.BatchRight dot.ContractRight

            if axis < batch then false
            elif axis < batch + freeLeft.Length then operand 0 freeLeft[axis - batch]
            else operand 1 freeRight[axis - batch - freeLeft.Length]
        | primitive when Primitive.isElementwise primitive ->
            [ 0 .. eq.Args.Length - 1 ] |> List.forall (fun i -> operand i axis)
        | _ -> false

    isCheap v axis

/// The axis of a small matrix product along which its elements are computed together rather than one by one: a row or a column takes
/// as many multiply-adds as one of its elements.
let ofProduct (r: Region) v (eq: Equation) =
    match eq.Primitive with
    | Primitive.Contract dot when (r.Shape v).Rank = 2 && dot.BatchLeft.Length = 0 && dot.ContractLeft.Length > 0 ->
        let shape = r.Shape v
        let isWide axis = shape[axis] >= 3 && shape[axis] <= 8 && shape[1 - axis] > 1

        if isWide 1 && isCheapInLanes r v 1 then ValueSome 1
        elif isWide 0 && isCheapInLanes r v 0 then ValueSome 0
        else ValueNone
    | _ -> ValueNone
