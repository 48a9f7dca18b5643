// The types of the results of rearrangements and of data-dependent access.
// Relies on TypeChecks. Read MatrixTypes next.
module internal Ppl.Core.Ir.MoveTypes

open Ppl.Core
open Ppl.Core.Ir.TypeChecks

// Written so that no stride overflows.
let private sliceExtent start limit stride = if limit > start then (limit - start - 1) / stride + 1 else 0

let private slice (start: int[]) (limit: int[]) (stride: int[]) (ty: TensorType) =
    let rank = ty.Shape.Rank

    if start.Length <> rank || limit.Length <> rank || stride.Length <> rank then
        Errors.shapes "slice" $"needs one start, limit and stride per axis of {ty}"

    for axis in 0 .. rank - 1 do
        if start[axis] < 0 || limit[axis] > ty.Shape[axis] || start[axis] > limit[axis] || stride[axis] < 1 then
            Errors.range "slice" $"{start[axis]}..{limit[axis]} by {stride[axis]} on axis {axis} of {ty}"

    { ty with Shape = Shape.ofArray (Array.map3 sliceExtent start limit stride) }

let private broadcast (shape: Shape) (axes: int[]) (ty: TensorType) =
    let increasing = axes |> Array.pairwise |> Array.forall (fun (a, b) -> a < b)

    if axes.Length <> ty.Shape.Rank || not increasing then
        Errors.axis "broadcast" $"axes %A{axes} for an argument {ty}"

    axes
    |> Array.iteri (fun own axis ->
        if axis < 0 || axis >= shape.Rank || (ty.Shape[own] <> 1 && ty.Shape[own] <> shape[axis]) then
            Errors.shapes "broadcast" $"{ty} does not fit shape {shape} along axes %A{axes}")

    { ty with Shape = shape }

let private concat axis (types: TensorType[]) =
    if types.Length = 0 then
        Errors.shapes "concat" "needs at least one argument"

    checkAxes "concat" types[0].Shape [| axis |]

    let rest =
        Array.map (fun (ty: TensorType) -> { ty with Shape = Shape.without [| axis |] ty.Shape }) types

    if
        types |> Array.exists (fun ty -> ty.Shape.Rank <> types[0].Shape.Rank)
        || Array.exists ((<>) rest[0]) rest
    then
        Errors.shapes "concat" $"the arguments may differ along axis {axis} only: {show types}"

    let extents = types[0].Shape.ToArray()
    extents[axis] <- types |> Array.sumBy (fun ty -> ty.Shape[axis])
    { types[0] with Shape = Shape.ofArray extents }

let private windows (axes: int[]) (sizes: int[]) (strides: int[]) (dilations: int[]) (ty: TensorType) =
    checkAxes "windows" ty.Shape axes
    let steps = Array.concat [ sizes; strides; dilations ]

    if steps.Length <> 3 * axes.Length || sizes.Length <> axes.Length || strides.Length <> axes.Length then
        Errors.shapes "windows" $"needs one size, stride and dilation for each of the axes %A{axes}"

    if steps |> Array.exists (fun n -> n < 1) then
        Errors.range "windows" $"sizes %A{sizes}, strides %A{strides} and dilations %A{dilations} must be positive"

    let extents = ty.Shape.ToArray()

    axes
    |> Array.iteri (fun i axis ->
        // In 64 bits, so that nothing overflows.
        let room = int64 extents[axis] - 1L - int64 dilations[i] * int64 (sizes[i] - 1)
        extents[axis] <- if room < 0L then 0 else int (room / int64 strides[i]) + 1)

    { ty with Shape = Shape.ofArray (Array.append extents sizes) }

let move op (types: TensorType[]) =
    let ty = if types.Length > 0 then types[0] else TensorType.scalar DType.F64

    match op with
    | MoveOp.Concat axis -> concat axis types
    | _ ->
        arity (Primitive.name (Primitive.Move op)) 1 types

        match op with
        | MoveOp.Reshape shape ->
            if shape.Count <> ty.Shape.Count then
                Errors.shapes "reshape" $"{ty} has {ty.Shape.Count} elements, shape {shape} has {shape.Count}"

            { ty with Shape = shape }
        | MoveOp.Transpose permutation ->
            checkAxes "transpose" ty.Shape permutation

            if permutation.Length <> ty.Shape.Rank then
                Errors.axis "transpose" $"%A{permutation} is not a permutation of the axes of {ty}"

            { ty with Shape = Shape.ofArray (Array.map (fun axis -> ty.Shape[axis]) permutation) }
        | MoveOp.Broadcast(shape, axes) -> broadcast shape axes ty
        | MoveOp.Slice(start, limit, stride) -> slice start limit stride ty
        | MoveOp.Pad(low, high) ->
            let rank = ty.Shape.Rank

            if low.Length <> rank || high.Length <> rank || Array.exists (fun n -> n < 0) (Array.append low high) then
                Errors.shapes "pad" $"needs a non-negative low and high per axis of {ty}"

            { ty with
                Shape = Shape.ofArray (Array.map3 (fun a b c -> a + b + c) low (ty.Shape.ToArray()) high)
            }
        | MoveOp.Reverse axes ->
            checkAxes "reverse" ty.Shape axes
            ty
        | MoveOp.Windows(axes, sizes, strides, dilations) -> windows axes sizes strides dilations ty
        | MoveOp.Concat _ -> Errors.bug "MoveTypes.move" "concat was handled above"

let private takeShape axis (operand: Shape) (indices: Shape) =
    let extents = operand.ToArray()
    Array.concat [ extents[.. axis - 1]; indices.ToArray(); extents[axis + 1 ..] ] |> Shape.ofArray

let private requireIndices name (indices: TensorType) =
    if indices.DType <> DType.I32 then
        Errors.dtypes name $"indices are i32, got {indices}"

// With indices but nothing to index there is no nearest legal index.
let private requireIndexable name axis (x: TensorType) (indices: TensorType) =
    if x.Shape[axis] = 0 && indices.Shape.Count > 0 then
        Errors.range name $"no index is legal along axis {axis} of {x}"

let private requireStarts name rank (starts: TensorType[]) =
    if starts.Length <> rank || starts |> Array.exists (fun s -> s <> TensorType.scalar DType.I32) then
        Errors.shapes name $"needs {rank} starts of type i32[], got ({show starts})"

let index op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Index op)

    match op with
    | IndexOp.Take axis ->
        arity name 2 types
        checkAxes name types[0].Shape [| axis |]
        requireIndices name types[1]
        requireIndexable name axis types[0] types[1]
        { types[0] with Shape = takeShape axis types[0].Shape types[1].Shape }
    | IndexOp.ScatterAdd axis ->
        arity name 3 types
        checkAxes name types[0].Shape [| axis |]
        requireDType name numbers types[0]
        requireIndices name types[1]
        requireIndexable name axis types[0] types[1]
        requireSameDType name [| types[0]; types[2] |]
        let expected = { types[0] with Shape = takeShape axis types[0].Shape types[1].Shape }

        if types[2] <> expected then
            Errors.shapes name $"adds {types[2]} where {expected} is needed (target {types[0]}, indices {types[1]})"

        types[0]
    | IndexOp.DynamicSlice sizes ->
        atLeast name 1 types
        let rank = types[0].Shape.Rank
        requireStarts name rank types[1..]

        if sizes.Length <> rank then
            Errors.shapes name $"needs one size per axis of {types[0]}"

        sizes
        |> Array.iteri (fun axis size ->
            if size < 0 || size > types[0].Shape[axis] then
                Errors.range name $"a block of {size} along axis {axis} of {types[0]}")

        { types[0] with Shape = Shape.ofArray sizes }
    | IndexOp.DynamicUpdate ->
        atLeast name 2 types
        let rank = types[0].Shape.Rank
        requireStarts name rank types[2..]

        requireSameDType name types[0..1]

        let fits =
            types[1].Shape.Rank = rank
            && Seq.forall (fun a -> types[1].Shape[a] <= types[0].Shape[a]) (seq { 0 .. rank - 1 })

        if not fits then
            Errors.shapes name $"{types[1]} does not fit into {types[0]}"

        types[0]
