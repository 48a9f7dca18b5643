// Results assembled from parts: concatenations, and pads with zeros around.
// Relies on Places. Read Updates next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Assembly

open Ppl.Core
open Ppl.Core.Ir

let private assembly (r: Region) v parts =
    match r.Assemblies.TryGetValue v with
    | true, found -> found
    | _ ->
        let fresh = struct (Places.allocate r v, Array.create parts false)
        r.Assemblies[v] <- fresh
        fresh

/// Where each part of a concatenation or of a pad along one axis goes, and which parts have been stored.
let parts (r: Region) (eq: Equation) : struct (View[] * bool[]) =
    let v = eq.Outs[0]
    let struct (view, ready) = assembly r v eq.Args.Length
    let at axis start = { view with Offset = Affine.shift (start * view.Strides[axis]) view.Offset }

    match eq.Primitive with
    | Primitive.Move(MoveOp.Concat axis) ->
        let starts = eq.Args |> Array.scan (fun start x -> start + (r.Shape x)[axis]) 0
        struct (Array.init eq.Args.Length (fun i -> at axis starts[i]), ready)
    | Primitive.Move(MoveOp.Pad(low, _)) ->
        let offset = Affine.dot view.Strides (Array.map Affine.constant low)
        struct ([| { view with Offset = Affine.add view.Offset offset } |], ready)
    | primitive -> Errors.bug "Assembly" $"{Primitive.name primitive} is not assembled"

/// Whether the parts may be stored in any order, before the equation's own turn.
let storesParts (r: Region) (eq: Equation) =
    match eq.Primitive with
    | Primitive.Move(MoveOp.Concat _) -> true
    | Primitive.Move(MoveOp.Pad _) -> (Index.wideAxes (r.Shape eq.Outs[0])).Count = 1
    | _ -> false

/// The statements of a concatenation or a pad.
let emit (r: Region) (eq: Equation) =
    let v = eq.Outs[0]
    let struct (targets, ready) = parts r eq
    let struct (view, _) = r.Assemblies[v]

    match eq.Primitive with
    | Primitive.Move(MoveOp.Pad(low, high)) ->
        let inner = r.Count eq.Args[0]

        // Nothing inside may still have an extent along the wide axis: then all is zeros.
        if storesParts r eq && inner > 0 then
            let axis = (Index.wideAxes (r.Shape v))[0]
            Nest.zeroFill r (Places.elem r v) view.Buffer view.Offset low[axis]
            Nest.zeroFill r (Places.elem r v) view.Buffer (Affine.shift (low[axis] + inner) view.Offset) high[axis]
        else
            Nest.zeroFill r (Places.elem r v) view.Buffer view.Offset (r.Count v)
    | _ -> ()

    eq.Args
    |> Array.iteri (fun i x ->
        if not ready[i] then
            Nest.store r x targets[i]
            ready[i] <- true)

    r.Views[v] <- ValueSome view
