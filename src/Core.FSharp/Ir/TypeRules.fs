// The type of each primitive's results, or a clear error that names the operation and the types it was given.
// Relies on Primitive. Read Reference next.
/// The types of the results of primitives.
[<RequireQualifiedAccess>]
module Ppl.Core.Ir.TypeRules

open Ppl.Core

let private show (types: TensorType[]) = types |> Array.map string |> String.concat ", "

let private arity name expected (types: TensorType[]) =
    if types.Length <> expected then
        Errors.shapes name $"takes {expected} arguments, got {types.Length} ({show types})"

let private atLeast name least (types: TensorType[]) =
    if types.Length < least then
        Errors.shapes name $"takes at least {least} arguments, got {types.Length}"

let private requireDType name allowed (ty: TensorType) =
    if not (List.contains ty.DType allowed) then
        let names = allowed |> List.map DType.name |> String.concat " or "
        Errors.dtypes name $"takes {names}, got {ty}"

let private requireSameDType name (types: TensorType[]) =
    if types |> Array.exists (fun ty -> ty.DType <> types[0].DType) then
        Errors.dtypes name $"the arguments differ in type: {show types}"

let private requireSame name (types: TensorType[]) =
    requireSameDType name types

    if types |> Array.exists (fun ty -> ty <> types[0]) then
        Errors.shapes name $"the arguments differ in shape: {show types}"

let private checkAxes name (shape: Shape) (axes: int[]) =
    for axis in axes do
        if axis < 0 || axis >= shape.Rank then
            Errors.axis name $"axis {axis} of a tensor of shape {shape}"

    if (Array.distinct axes).Length <> axes.Length then
        Errors.axis name $"an axis is named twice in %A{axes}"

let private reals = [ DType.F64; DType.F32 ]
let private integers = [ DType.I64; DType.I32; DType.U32 ]
let private numbers = reals @ integers

let private unary op (ty: TensorType) =
    let name = Primitive.name (Primitive.Unary op)

    match op with
    | UnaryOp.Neg
    | UnaryOp.Abs
    | UnaryOp.Sign
    | UnaryOp.Square ->
        requireDType name numbers ty
        ty
    | UnaryOp.Not ->
        requireDType name [ DType.Bool ] ty
        ty
    | UnaryOp.StopGradient -> ty
    | UnaryOp.IsFinite
    | UnaryOp.IsNaN ->
        requireDType name reals ty
        { ty with DType = DType.Bool }
    | _ ->
        requireDType name reals ty
        ty

let private binary op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Binary op)
    arity name 2 types
    requireSame name types

    let allowed =
        match op with
        | BinaryOp.Add
        | BinaryOp.Sub
        | BinaryOp.Mul
        | BinaryOp.Div
        | BinaryOp.Max
        | BinaryOp.Min -> numbers
        | BinaryOp.Pow -> reals
        | BinaryOp.Rem
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> integers
        | BinaryOp.And
        | BinaryOp.Or
        | BinaryOp.Xor -> DType.Bool :: integers

    requireDType name allowed types[0]
    types[0]

let private special op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Special op)
    arity name (Primitive.specialArity op) types
    requireSame name types
    requireDType name reals types[0]
    types[0]

let private compare op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Compare op)
    arity name 2 types
    requireSame name types

    match op with
    | CompareOp.Eq
    | CompareOp.Ne -> ()
    | _ -> requireDType name numbers types[0]

    { types[0] with DType = DType.Bool }

let private select (types: TensorType[]) =
    arity "select" 3 types
    requireDType "select" [ DType.Bool ] types[0]
    requireSame "select" types[1..2]

    if types[0].Shape <> types[1].Shape then
        Errors.shapes "select" $"the condition is {types[0]}, the branches are {types[1]}"

    types[1]

let private reduce op axes (ty: TensorType) =
    let name = Primitive.name (Primitive.Reduce(op, axes))
    checkAxes name ty.Shape axes

    match op with
    | ReduceOp.Any
    | ReduceOp.All -> requireDType name [ DType.Bool ] ty
    | _ -> requireDType name numbers ty

    { ty with Shape = Shape.without axes ty.Shape }

let private order op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Order op)

    let alongAxis axis =
        arity name 1 types
        requireDType name numbers types[0]
        checkAxes name types[0].Shape [| axis |]

    match op with
    | OrderOp.Sort axis ->
        alongAxis axis
        types[0]
    | OrderOp.ArgSort axis ->
        alongAxis axis
        { types[0] with DType = DType.I32 }
    | OrderOp.ArgMax axis
    | OrderOp.ArgMin axis ->
        alongAxis axis
        let result = Shape.without [| axis |] types[0].Shape

        if types[0].Shape[axis] = 0 && result.Count > 0 then
            Errors.range name $"there is no element along axis {axis} of {types[0]}"

        TensorType.create DType.I32 result
    | OrderOp.SearchSorted _ ->
        arity name 2 types
        requireDType name numbers types[0]
        let outer (shape: Shape) = shape.ToArray()[.. shape.Rank - 2]

        if types[1].DType <> types[0].DType then
            Errors.dtypes name $"the arguments differ in type: {show types}"

        if
            types[0].Shape.Rank = 0
            || types[1].Shape.Rank <> types[0].Shape.Rank
            || outer types[0].Shape <> outer types[1].Shape
        then
            Errors.shapes name $"the arguments may differ along the last axis only: {show types}"

        { types[1] with DType = DType.I32 }

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

let private move op (types: TensorType[]) =
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
        | MoveOp.Concat _ -> Errors.bug "TypeRules.move" "concat was handled above"

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

let private index op (types: TensorType[]) =
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

let private contract (axes: DotAxes) (types: TensorType[]) =
    arity "dot" 2 types
    Array.iter (requireDType "dot" reals) types
    requireSameDType "dot" types
    checkAxes "dot" types[0].Shape (Array.append axes.BatchLeft axes.ContractLeft)
    checkAxes "dot" types[1].Shape (Array.append axes.BatchRight axes.ContractRight)

    let pair (left: int[]) (right: int[]) =
        if
            left.Length <> right.Length
            || Array.exists2 (fun l r -> types[0].Shape[l] <> types[1].Shape[r]) left right
        then
            Errors.shapes "dot" $"{show types} along %A{left} and %A{right}"

    pair axes.BatchLeft axes.BatchRight
    pair axes.ContractLeft axes.ContractRight
    let batch = axes.BatchLeft |> Array.map (fun a -> types[0].Shape[a])
    let left = (Shape.without (Array.append axes.BatchLeft axes.ContractLeft) types[0].Shape).ToArray()
    let right = (Shape.without (Array.append axes.BatchRight axes.ContractRight) types[1].Shape).ToArray()
    TensorType.create types[0].DType (Shape.ofArray (Array.concat [ batch; left; right ]))

let private requireSquare name (ty: TensorType) =
    let rank = ty.Shape.Rank
    requireDType name reals ty

    if rank < 2 || ty.Shape[rank - 1] <> ty.Shape[rank - 2] then
        Errors.shapes name $"needs square matrices, got {ty}"

/// The batch extents of matrices, their rows and columns; f64.
let private matrices name (ty: TensorType) =
    requireDType name [ DType.F64 ] ty

    if ty.Shape.Rank < 2 then
        Errors.shapes name $"needs matrices, got {ty}"

    let extents = ty.Shape.ToArray()
    struct (extents[.. extents.Length - 3], extents[extents.Length - 2], extents[extents.Length - 1])

let private decomposition op (ty: TensorType) =
    let name = Primitive.name (Primitive.Factor op)
    let struct (batch, m, n) = matrices name ty

    let ofExtents extents = { ty with Shape = Shape.ofArray (Array.append batch extents) }

    match op with
    | FactorOp.Qr ->
        if m < n then
            Errors.shapes name $"needs at least as many rows as columns, got {ty}"

        ofExtents [| m + n; n |]
    | FactorOp.Svd -> ofExtents [| m + 1 + n; min m n |]
    | _ ->
        requireSquare name ty
        ofExtents (if op = FactorOp.Eigh then [| n + 1; n |] else [||])

let private requireRightSide name (types: TensorType[]) =
    let a, b = types[0].Shape, types[1].Shape
    let batch (s: Shape) = s.ToArray()[.. s.Rank - 3]

    if b.Rank <> a.Rank || batch a <> batch b || b[b.Rank - 2] <> a[a.Rank - 1] then
        Errors.shapes name $"{show types}"

let private factor op (types: TensorType[]) =
    match op with
    | FactorOp.Solve _ ->
        arity "solve" 2 types
        Array.iter (requireDType "solve" [ DType.F64 ]) types
        requireSquare "solve" types[0]
        requireRightSide "solve" types
        types[1]
    | FactorOp.LogAbsDet
    | FactorOp.DetSign
    | FactorOp.Qr
    | FactorOp.Eigh
    | FactorOp.Svd ->
        arity (Primitive.name (Primitive.Factor op)) 1 types
        decomposition op types[0]
    | FactorOp.Cholesky ->
        arity "cholesky" 1 types
        requireSquare "cholesky" types[0]
        types[0]
    | FactorOp.TriangularSolve _ ->
        arity "triangularSolve" 2 types
        requireSquare "triangularSolve" types[0]
        requireSameDType "triangularSolve" types
        requireRightSide "triangularSolve" types
        types[1]
    | FactorOp.CholeskyVjp ->
        arity "choleskyVjp" 2 types
        requireSquare "choleskyVjp" types[0]

        if types[1] <> types[0] then
            Errors.shapes "choleskyVjp" $"{show types}"

        types[0]

/// The type of a random key.
let key = TensorType.create DType.I32 (Shape.ofList [ 2 ])

let private random op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Random op)

    if types.Length = 0 || types[0] <> key then
        Errors.dtypes name $"the first argument must be a key {key}, got ({show types})"

    match op with
    | RandomOp.FoldIn ->
        arity name 2 types

        if types[1] <> TensorType.scalar DType.I32 then
            Errors.dtypes name $"folds in i32[], got {types[1]}"

        key
    | RandomOp.Uniform shape ->
        arity name 1 types
        TensorType.create DType.F64 shape
    | RandomOp.Bits shape ->
        arity name 1 types
        TensorType.create DType.I32 shape

let private outputs (program: Program) = program.Outputs |> Array.map (fun v -> program.Types[v])
let private inputs (program: Program) = program.Inputs |> Array.map (fun v -> program.Types[v])

let private requireTypes name what (expected: TensorType[]) (actual: TensorType[]) =
    if expected.Length <> actual.Length || Array.exists2 (<>) expected actual then
        Errors.shapes name $"{what}: expected ({show expected}), got ({show actual})"

let private requireCounts name (counts: int list) (types: TensorType[]) =
    if List.exists (fun n -> n < 0) counts || List.sum counts > types.Length then
        Errors.range name $"{counts} constants and carried values among {types.Length} arguments"

let private control op (types: TensorType[]) =
    let name = Primitive.name (Primitive.Control op)
    let flag = TensorType.scalar DType.Bool

    match op with
    | ControlOp.Cond(whenTrue, whenFalse) ->
        requireTypes name "the condition" [| flag |] types[0..0]
        requireTypes name "the operands of the first branch" (inputs whenTrue) types[1..]
        requireTypes name "the operands of the second branch" (inputs whenFalse) types[1..]
        requireTypes name "the results of the branches differ" (outputs whenTrue) (outputs whenFalse)
        outputs whenTrue
    | ControlOp.While(constants, condition, body) ->
        requireCounts name [ constants ] types
        requireTypes name "the arguments of the condition" (inputs condition) types
        requireTypes name "the arguments of the body" (inputs body) types
        requireTypes name "the result of the condition" [| flag |] (outputs condition)
        requireTypes name "the body must give back what it carries" types[constants..] (outputs body)
        types[constants..]
    | ControlOp.Scan(constants, carry, length, _, body) ->
        requireCounts name [ constants; carry ] types

        if length < 0 then
            Errors.range name $"the length {length} is negative"

        let slice (ty: TensorType) =
            if ty.Shape.Rank = 0 || ty.Shape[0] <> length then
                Errors.shapes name $"a sequence of length {length} is needed, got {ty}"

            { ty with Shape = Shape.tail ty.Shape }

        let fixedCount = constants + carry

        requireTypes
            name
            "the arguments of the body"
            (inputs body)
            (Array.append types[.. fixedCount - 1] (Array.map slice types[fixedCount..]))

        let results = outputs body

        requireTypes
            name
            "the body must give back what it carries"
            types[constants .. fixedCount - 1]
            results[.. carry - 1]

        let stack (ty: TensorType) = { ty with Shape = Shape.prepend length ty.Shape }
        Array.append results[.. carry - 1] (Array.map stack results[carry..])
    | ControlOp.Checkpoint body ->
        requireTypes name "the arguments of the body" (inputs body) types
        outputs body
    | ControlOp.CustomGrad(captured, body, vjp) ->
        requireCounts name [ captured ] types
        requireTypes name "the arguments of the body" (inputs body) types
        let results = outputs body
        requireTypes name "the arguments of the derivative" (Array.concat [ types; results; results ]) (inputs vjp)
        requireTypes name "the derivative must give one cotangent per argument" types[captured..] (outputs vjp)
        results

/// The types of the results of a primitive applied to arguments of these types.
let results primitive (types: TensorType[]) : TensorType[] =
    let name = Primitive.name primitive

    match primitive with
    | Primitive.Constant value ->
        arity name 0 types
        [| value.Type |]
    | Primitive.Iota(ty, axis) ->
        arity name 0 types
        requireDType name numbers ty
        checkAxes name ty.Shape [| axis |]
        [| ty |]
    | Primitive.Unary op ->
        arity name 1 types
        [| unary op types[0] |]
    | Primitive.Binary op -> [| binary op types |]
    | Primitive.Special op -> [| special op types |]
    | Primitive.Compare op -> [| compare op types |]
    | Primitive.Select -> [| select types |]
    | Primitive.Convert dtype ->
        arity name 1 types
        [| { types[0] with DType = dtype } |]
    | Primitive.Reduce(op, axes) ->
        arity name 1 types
        [| reduce op axes types[0] |]
    | Primitive.Cumulate(op, axis, _) ->
        arity name 1 types
        requireDType name (if op = CumulateOp.LogSumExp then reals else numbers) types[0]
        checkAxes name types[0].Shape [| axis |]
        [| types[0] |]
    | Primitive.Order op -> [| order op types |]
    | Primitive.Move op -> [| move op types |]
    | Primitive.Index op -> [| index op types |]
    | Primitive.Contract axes -> [| contract axes types |]
    | Primitive.Factor op -> [| factor op types |]
    | Primitive.Random op -> [| random op types |]
    | Primitive.Control op -> control op types
