// Constants and rearrangements: a constant of one number everywhere is its scalar, repeated; what is repeated is repeated
// once; a move of a move is one move; a slice of parts is a part. No arithmetic: the same bits.
// Relies on Segments. Read ElementwiseRules next.
module internal Ppl.Core.Transforms.MoveRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Patterns

let private isUniform (literal: Literal) =
    literal.Type.Shape.Rank > 0 && literal.Type.Shape.Count > 0 && Storage.isUniform literal.Data

let private firstElement (literal: Literal) = Literal.create Shape.scalar (Storage.slice 0 1 literal.Data)

/// A constant; a uniform one as its scalar, repeated, so that the rules see it.
let constant (facts: Facts) (literal: Literal) : Var =
    let plain (literal: Literal) =
        let v = facts.Raw(Primitive.Constant literal, [||])
        facts.Learn(v, lazy literal)
        v

    if isUniform literal then
        let scalar = plain (firstElement literal)
        let v = facts.Raw(Primitive.Move(MoveOp.Broadcast(literal.Type.Shape, [||])), [| scalar |])
        facts.Learn(v, lazy literal)
        v
    else
        plain literal

/// The shape of the only result of a primitive.
let resultShape (facts: Facts) primitive (args: Var[]) =
    let types: TensorType[] = TypeRules.results primitive (Array.map facts.TypeOf args)
    types[0].Shape

let private emit (facts: Facts) op (args: Var[]) = facts.Emit(Primitive.Move op, args)
let private raw (facts: Facts) op (args: Var[]) = facts.Raw(Primitive.Move op, args)
let private all value (items: int[]) = items |> Array.forall (fun item -> item = value)

/// The same elements under another shape.
let reshape facts shape (x: Var) = emit facts (MoveOp.Reshape shape) [| x |]

/// x with axis i as axis axes[i] of the shape, repeated along the others.
let rec broadcast (facts: Facts) (shape: Shape) (axes: int[]) (x: Var) : Var =
    let own = facts.ShapeOf x

    if own = shape then
        x
    elif shape.Count = 0 then
        constant facts (Literal.fill { facts.TypeOf x with Shape = shape } 0.0)
    elif own.Rank > 0 && own.Count = 1 then
        broadcast facts shape [||] (reshape facts Shape.scalar x)
    else
        match x with
        | Spread facts (struct (a, inner)) -> broadcast facts shape (inner |> Array.map (fun i -> axes[i])) a
        | _ ->
            let op = MoveOp.Broadcast(shape, axes)
            let v = raw facts op [| x |]

            if facts.IsKnown x && not (facts.IsKnown v) then
                let source = (facts.Known x).Value
                facts.Learn(v, lazy ((Reference.evaluate (Primitive.Move op) [| source |])[0]))

            v

/// Parts one after the other: nested concatenations and empty parts are dissolved.
let concat (facts: Facts) axis (parts: Var[]) =
    let flat =
        parts
        |> Array.filter (fun v -> parts.Length = 1 || (facts.ShapeOf v)[axis] > 0)
        |> Array.collect (fun v ->
            match v with
            | Moved facts (struct (MoveOp.Concat inner, args)) when inner = axis -> args
            | _ -> [| v |])

    match flat with
    | [||] -> parts[0]
    | [| one |] -> one
    | _ -> raw facts (MoveOp.Concat axis) flat

/// v without axes along which it does not vary (it repeats something that has extent 1 there, or no such axis).
let withoutAxes (facts: Facts) (axes: int[]) v =
    match v with
    | Spread facts (struct (a, own)) ->
        let source = facts.ShapeOf a
        let kept = [| 0 .. own.Length - 1 |] |> Array.filter (fun i -> not (Array.contains own[i] axes))
        let place axis = axis - (axes |> Array.filter (fun other -> other < axis) |> Array.length)
        let part = reshape facts (Shape.ofArray (kept |> Array.map (fun i -> source[i]))) a
        broadcast facts (Shape.without axes (facts.ShapeOf v)) (kept |> Array.map (fun i -> place own[i])) part
    | _ -> Errors.bug "MoveRules.withoutAxes" "the variable does not repeat anything"

let private sliceOfPad (facts: Facts) (start: int[], limit: int[], stride: int[]) (low: int[]) x (padded: Var) =
    let inside = facts.ShapeOf x
    let isWithin i = start[i] >= low[i] && limit[i] <= low[i] + inside[i]

    if Seq.forall isWithin (seq { 0 .. inside.Rank - 1 }) then
        emit facts (MoveOp.Slice(Array.map2 (-) start low, Array.map2 (-) limit low, stride)) [| x |]
    else
        raw facts (MoveOp.Slice(start, limit, stride)) [| padded |]

let private sliceOfConcat (facts: Facts) (start: int[], limit: int[], stride: int[]) axis parts (whole: Var) =
    match Segments.within facts axis parts start[axis] limit[axis] with
    | ValueSome(struct (part, offset)) ->
        let shift (at: int[]) = at |> Array.mapi (fun i n -> if i = axis then n - offset else n)
        emit facts (MoveOp.Slice(shift start, shift limit, stride)) [| part |]
    | ValueNone -> raw facts (MoveOp.Slice(start, limit, stride)) [| whole |]

let private moveOfMove (facts: Facts) op (x: Var) inner (innerArgs: Var[]) =
    match op, inner with
    | MoveOp.Reshape _, MoveOp.Reshape _ -> emit facts op innerArgs
    | MoveOp.Transpose outer, MoveOp.Transpose first ->
        emit facts (MoveOp.Transpose(outer |> Array.map (fun i -> first[i]))) innerArgs
    | MoveOp.Pad(low, high), MoveOp.Pad(low', high') ->
        emit facts (MoveOp.Pad(Array.map2 (+) low low', Array.map2 (+) high high')) innerArgs
    | MoveOp.Slice(start, limit, stride), MoveOp.Slice(start', _, stride') when all 1 stride && all 1 stride' ->
        let shift = Array.map2 (+) start'
        emit facts (MoveOp.Slice(shift start, shift limit, stride)) innerArgs
    | MoveOp.Slice(start, limit, stride), MoveOp.Concat axis ->
        sliceOfConcat facts (start, limit, stride) axis innerArgs x
    | MoveOp.Slice(start, limit, stride), MoveOp.Pad(low, _) ->
        sliceOfPad facts (start, limit, stride) low innerArgs[0] x
    | _ -> raw facts op [| x |]

/// The rules for rearrangements.
let move (facts: Facts) op (args: Var[]) =
    let x = args[0]
    let shape = facts.ShapeOf x

    match op with
    | MoveOp.Broadcast(target, axes) -> broadcast facts target axes x
    | MoveOp.Concat axis -> concat facts axis args
    | MoveOp.Reshape target when target = shape -> x
    | MoveOp.Slice _ when resultShape facts (Primitive.Move op) [| x |] = shape -> x
    | MoveOp.Transpose permutation when permutation = Array.init shape.Rank id -> x
    | MoveOp.Reverse axes when axes |> Array.forall (fun axis -> shape[axis] = 1) -> x
    | MoveOp.Pad(low, high) when all 0 low && all 0 high -> x
    | _ ->
        match x, op with
        | Moved facts (struct (inner, innerArgs)), MoveOp.Pad _ -> moveOfMove facts op x inner innerArgs
        | _, MoveOp.Pad _ -> raw facts op args
        | Uniform facts s, _ when shape.Rank > 0 ->
            broadcast facts (resultShape facts (Primitive.Move op) [| x |]) [||] s
        | Moved facts (struct (inner, innerArgs)), _ -> moveOfMove facts op x inner innerArgs
        | _ -> raw facts op args

/// The rule for what is read at indices: one scalar everywhere is itself.
let take (facts: Facts) axis x indices =
    let primitive = Primitive.Index(IndexOp.Take axis)

    match x with
    | Uniform facts s when (facts.ShapeOf x).Rank > 0 ->
        broadcast facts (resultShape facts primitive [| x; indices |]) [||] s
    | _ -> facts.Raw(primitive, [| x; indices |])

/// The rules along an axis: of one element there is nothing to run over or to sort, and what is sorted stays so.
let along (facts: Facts) primitive x =
    let shape = facts.ShapeOf x
    let zeros () = constant facts (Literal.fill (TensorType.create DType.I32 shape) 0.0)

    match primitive, x with
    | Primitive.Cumulate(_, axis, _), _ when shape[axis] <= 1 -> x
    | Primitive.Order(OrderOp.Sort axis), _ when shape[axis] <= 1 -> x
    | Primitive.Order(OrderOp.ArgSort axis), _ when shape[axis] <= 1 -> zeros ()
    | Primitive.Order(OrderOp.Sort _), Uniform facts _ -> x
    | Primitive.Order(OrderOp.Sort axis), Sorted facts inner when inner = axis -> x
    | _ -> facts.Raw(primitive, [| x |])
