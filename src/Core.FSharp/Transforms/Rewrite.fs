// Algebra and partial evaluation, applied to each equation while a program is written anew. Every rule is an identity of
// real arithmetic; results may differ from the original by rounding (a division by a scalar becomes a multiplication, a
// sum is split into a sum and a product) and in the sign of zero. Infinities and NaN: no rule removes an operand that
// could have made the result NaN, so there is none such as 0 x = 0.
// What depends on data alone becomes a constant; scalar factors and terms move out of sums over data.
// Relies on Facts. Read DeadCode next.
module internal Ppl.Core.Transforms.Rewrite

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Patterns

/// Contracted extents up to this are written out against the columns of a known matrix.
let private unrollLimit = 32

let private isUniform (literal: Literal) =
    literal.Type.Shape.Count > 1
    && (match literal.Data with
        | Storage.F64 data ->
            let bits = BitConverter.DoubleToInt64Bits data[0]
            data |> Array.forall (fun x -> BitConverter.DoubleToInt64Bits x = bits)
        | Storage.I32 data -> data |> Array.forall ((=) data[0])
        | Storage.Bool data -> data |> Array.forall ((=) data[0]))

let private firstElement (literal: Literal) =
    match literal.Data with
    | Storage.F64 data -> Literal.f64 data[0]
    | Storage.I32 data -> Literal.i32 data[0]
    | Storage.Bool data -> Literal.bool data[0]

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

let private resultShape (facts: Facts) primitive (args: Var[]) =
    let types: TensorType[] = TypeRules.results primitive (Array.map facts.TypeOf args)
    types[0].Shape

let private number facts x = constant facts (Literal.f64 x)
let private isReal (facts: Facts) v = (facts.TypeOf v).DType = DType.F64

/// Known arguments give a known result, unless that would make data out of almost nothing.
let private fold (facts: Facts) primitive (args: Var[]) =
    if args.Length = 0 || not (Array.forall facts.IsKnown args) then
        ValueNone
    else
        let result = resultShape facts primitive args
        let size = args |> Array.sumBy (fun v -> (facts.ShapeOf v).Count)

        if result.Count > max 4096 (4 * size) then
            ValueNone
        else
            ValueSome((Reference.evaluate primitive (args |> Array.map (fun v -> (facts.Known v).Value)))[0])

let rec private single (facts: Facts) primitive (args: Var[]) : Var =
    match fold facts primitive args with
    | ValueSome literal -> constant facts literal
    | ValueNone ->
        match primitive with
        | Primitive.Constant literal -> constant facts literal
        | Primitive.Unary op -> unary facts op args[0]
        | Primitive.Binary op -> binary facts op args[0] args[1]
        | Primitive.Select -> select facts args[0] args[1] args[2]
        | Primitive.Convert dtype when (facts.TypeOf args[0]).DType = dtype -> args[0]
        | Primitive.Reduce(ReduceOp.Sum, axes) when isReal facts args[0] -> sum facts axes args[0]
        | Primitive.Move op -> move facts op args
        | Primitive.Index(IndexOp.Take axis) -> take facts axis args[0] args[1]
        | Primitive.Contract axes -> contract facts axes args[0] args[1]
        | _ -> facts.Raw(primitive, args)

// ---- elementwise

and private unary facts op x =
    match x with
    | Spread facts (struct (a, axes)) when (facts.ShapeOf a).Count < (facts.ShapeOf x).Count ->
        broadcast facts (facts.ShapeOf x) axes (single facts (Primitive.Unary op) [| a |])
    | _ when not (isReal facts x) -> facts.Raw(Primitive.Unary op, [| x |])
    | _ ->
        match op, x with
        | UnaryOp.Neg, _ -> negate facts x
        | UnaryOp.Square, Negated facts a -> unary facts UnaryOp.Square a
        | UnaryOp.Square, Scaled facts (struct (s, a)) ->
            scale facts (single facts (Primitive.Unary UnaryOp.Square) [| s |]) (unary facts UnaryOp.Square a)
        | UnaryOp.Reciprocal, Unary facts (struct (UnaryOp.Reciprocal, a)) -> a
        | UnaryOp.Log, Unary facts (struct (UnaryOp.Exp, a)) -> a
        | UnaryOp.Log, Unary facts (struct (UnaryOp.Reciprocal, a)) -> negate facts (unary facts UnaryOp.Log a)
        | UnaryOp.Log, Unary facts (struct (UnaryOp.Sqrt, a)) ->
            scale facts (number facts 0.5) (unary facts UnaryOp.Log a)
        | UnaryOp.Log, Unary facts (struct (UnaryOp.Sigmoid, a)) ->
            negate facts (unary facts UnaryOp.Softplus (negate facts a))
        | _ -> facts.Raw(Primitive.Unary op, [| x |])

and private negate facts x =
    match x with
    | Negated facts a -> a
    | Binary facts (struct (BinaryOp.Sub, a, b)) -> subtract facts b a
    | Scaled facts (struct (s, a)) -> scale facts (single facts (Primitive.Unary UnaryOp.Neg) [| s |]) a
    | Uniform facts s when (facts.ShapeOf x).Rank > 0 ->
        broadcast facts (facts.ShapeOf x) [||] (single facts (Primitive.Unary UnaryOp.Neg) [| s |])
    | _ -> facts.Raw(Primitive.Unary UnaryOp.Neg, [| x |])

/// s a for a scalar s, which ends on the left and is not 1, -1 or a product with another scalar.
and private scale facts (s: Var) (a: Var) : Var =
    let product s t = single facts (Primitive.Binary BinaryOp.Mul) [| s; t |]

    match s, a with
    | Number facts 1.0, _ -> a
    | Number facts -1.0, Negated facts b -> b
    | Number facts -1.0, Binary facts (struct (BinaryOp.Sub, b, c)) -> subtract facts c b
    | Number facts -1.0, _ when (facts.ShapeOf a).Rank = 0 -> negate facts a
    | _, Negated facts b -> scale facts (single facts (Primitive.Unary UnaryOp.Neg) [| s |]) b
    | _, Scaled facts (struct (t, b)) -> scale facts (product s t) b
    | _, Uniform facts t when (facts.ShapeOf a).Rank > 0 -> broadcast facts (facts.ShapeOf a) [||] (product s t)
    | _ when facts.IsKnown s && facts.IsKnown a -> product s a
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Mul, [| broadcast facts (facts.ShapeOf a) [||] s; a |])

and private binary facts op x y =
    match x, y with
    // Equal repetitions commute with everything elementwise.
    | Spread facts (struct (a, axes)), Spread facts (struct (b, axes')) when
        axes = axes' && facts.ShapeOf a = facts.ShapeOf b
        ->
        broadcast facts (facts.ShapeOf x) axes (single facts (Primitive.Binary op) [| a; b |])
    | Spread facts (struct (a, axes)), Uniform facts t when (facts.ShapeOf a).Rank > 0 ->
        let t = broadcast facts (facts.ShapeOf a) [||] t
        broadcast facts (facts.ShapeOf x) axes (single facts (Primitive.Binary op) [| a; t |])
    | Uniform facts s, Spread facts (struct (b, axes)) when (facts.ShapeOf b).Rank > 0 ->
        let s = broadcast facts (facts.ShapeOf b) [||] s
        broadcast facts (facts.ShapeOf y) axes (single facts (Primitive.Binary op) [| s; b |])
    | _ when not (isReal facts x) -> integer facts op x y
    | _ ->
        match op with
        | BinaryOp.Add -> add facts x y
        | BinaryOp.Sub -> subtract facts x y
        | BinaryOp.Mul -> multiply facts x y
        | BinaryOp.Div -> divide facts x y
        | BinaryOp.Pow -> power facts x y
        | _ -> facts.Raw(Primitive.Binary op, [| x; y |])

and private integer facts op x y =
    match op with
    | BinaryOp.Add when isZero facts x -> y
    | BinaryOp.Add
    | BinaryOp.Sub when isZero facts y -> x
    | _ -> facts.Raw(Primitive.Binary op, [| x; y |])

and private add facts x y =
    match x, y with
    | _ when isZero facts x -> y
    | _ when isZero facts y -> x
    | _, Negated facts b -> subtract facts x b
    | Negated facts a, _ -> subtract facts y a
    | _ when x = y -> scale facts (number facts 2.0) x
    | _ ->
        match Segments.merge facts x y with
        | ValueSome parts -> concat facts 0 parts
        | ValueNone -> facts.Raw(Primitive.Binary BinaryOp.Add, [| x; y |])

and private subtract facts x y =
    match y with
    | _ when isZero facts y -> x
    | _ when isZero facts x -> negate facts y
    | Negated facts b -> add facts x b
    | _ ->
        match x with
        | Negated facts a -> negate facts (add facts a y)
        | _ -> facts.Raw(Primitive.Binary BinaryOp.Sub, [| x; y |])

and private multiply facts x y =
    match x, y with
    | Uniform facts s, _ -> scale facts s y
    | _, Uniform facts t -> scale facts t x
    | Negated facts a, Negated facts b -> multiply facts a b
    | Negated facts a, b
    | a, Negated facts b -> negate facts (multiply facts a b)
    | Scaled facts (struct (s, a)), Scaled facts (struct (t, b)) ->
        scale facts (single facts (Primitive.Binary BinaryOp.Mul) [| s; t |]) (multiply facts a b)
    | Scaled facts (struct (s, a)), b
    | a, Scaled facts (struct (s, b)) -> scale facts s (multiply facts a b)
    | _ when x = y -> unary facts UnaryOp.Square x
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Mul, [| x; y |])

and private divide facts x y =
    let inverse v = single facts (Primitive.Unary UnaryOp.Reciprocal) [| v |]

    match x, y with
    | _, Number facts 1.0 -> x
    | _, Uniform facts t -> scale facts (inverse t) x
    | _, Spread facts _ -> multiply facts x (inverse y)
    | _ when facts.IsKnown y -> multiply facts x (inverse y)
    | Number facts 1.0, _ -> unary facts UnaryOp.Reciprocal y
    | Negated facts a, _ -> negate facts (divide facts a y)
    | _, Negated facts b -> negate facts (divide facts x b)
    | Scaled facts (struct (s, a)), _ -> scale facts s (divide facts a y)
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Div, [| x; y |])

and private power facts x y =
    match y with
    | Number facts 1.0 -> x
    | Number facts 2.0 -> unary facts UnaryOp.Square x
    | Number facts 0.5 when facts.IsKnown x -> unary facts UnaryOp.Sqrt x
    | Number facts -1.0 -> unary facts UnaryOp.Reciprocal x
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Pow, [| x; y |])

and private select facts p x y =
    match facts.Known p with
    | ValueSome { Data = Storage.Bool data } when Array.forall id data -> x
    | ValueSome { Data = Storage.Bool data } when not (Array.exists id data) -> y
    | _ when x = y -> x
    | _ ->
        match p, x, y with
        | Uniform facts p', Uniform facts a, Uniform facts b when (facts.ShapeOf p).Rank > 0 ->
            broadcast facts (facts.ShapeOf x) [||] (single facts Primitive.Select [| p'; a; b |])
        | _ -> facts.Raw(Primitive.Select, [| p; x; y |])

// ---- sums

/// Whether v does not vary along any of the axes, so that a sum over them is a product.
and private constantAlong facts (axes: int[]) v =
    match v with
    | Spread facts (struct (a, own)) ->
        axes
        |> Array.forall (fun axis ->
            match Array.tryFindIndex ((=) axis) own with
            | None -> true
            | Some i -> (facts.ShapeOf a)[i] = 1 && (facts.ShapeOf v)[axis] > 1)
    | _ -> false

and private sum facts axes x =
    let recurse v = single facts (Primitive.Reduce(ReduceOp.Sum, axes)) [| v |]
    let shape = facts.ShapeOf x
    // Data terms are not split off: sum(y) - sum(mu) would cancel where sum(y - mu) does not.
    let splits v = constantAlong facts axes v

    match x with
    | Negated facts a -> negate facts (recurse a)
    | Scaled facts (struct (s, a)) when shape.Rank > 0 -> scaleAny facts s (recurse a)
    | Spread facts (struct (a, _)) when constantAlong facts axes x -> sumRepeated facts axes x a
    | Binary facts (struct (BinaryOp.Add, a, b)) when splits a || splits b -> add facts (recurse a) (recurse b)
    | Binary facts (struct (BinaryOp.Sub, a, b)) when splits a || splits b -> subtract facts (recurse a) (recurse b)
    | Binary facts (struct (BinaryOp.Mul, a, b)) when constantAlong facts axes a ->
        multiply facts (withoutAxes facts axes a) (recurse b)
    | Binary facts (struct (BinaryOp.Mul, a, b)) when constantAlong facts axes b ->
        multiply facts (withoutAxes facts axes b) (recurse a)
    | Moved facts (struct (MoveOp.Reshape _, args)) when axes.Length = shape.Rank ->
        let rank = (facts.ShapeOf args[0]).Rank

        if rank = 0 then
            args[0]
        else
            single facts (Primitive.Reduce(ReduceOp.Sum, Array.init rank id)) args
    | _ -> facts.Raw(Primitive.Reduce(ReduceOp.Sum, axes), [| x |])

/// s a where s is a scalar and a may be one as well.
and private scaleAny facts s a =
    if (facts.ShapeOf a).Rank = 0 then
        single facts (Primitive.Binary BinaryOp.Mul) [| s; a |]
    else
        scale facts s a

/// A slice of extent 1, dropped, along axes on which v does not vary.
and private withoutAxes facts axes v =
    let shape = facts.ShapeOf v
    let start = Array.create shape.Rank 0
    let limit = Array.init shape.Rank (fun i -> if Array.contains i axes then 1 else shape[i])
    let block = single facts (Primitive.Move(MoveOp.Slice(start, limit, Array.create shape.Rank 1))) [| v |]
    single facts (Primitive.Move(MoveOp.Reshape(Shape.without axes shape))) [| block |]

and private sumRepeated facts axes x a =
    let shape = facts.ShapeOf x
    let times = axes |> Array.fold (fun n axis -> n * float shape[axis]) 1.0

    let rest =
        if (facts.ShapeOf a).Rank = 0 then
            broadcast facts (Shape.without axes shape) [||] a
        else
            withoutAxes facts axes x

    scaleAny facts (number facts times) rest

// ---- rearrangements

and private broadcast (facts: Facts) (shape: Shape) (axes: int[]) (x: Var) : Var =
    let own = facts.ShapeOf x

    if own = shape then
        x
    elif own.Rank > 0 && own.Count = 1 then
        broadcast facts shape [||] (single facts (Primitive.Move(MoveOp.Reshape Shape.scalar)) [| x |])
    else
        match x with
        | Spread facts (struct (a, inner)) -> broadcast facts shape (inner |> Array.map (fun i -> axes[i])) a
        | _ ->
            let v = facts.Raw(Primitive.Move(MoveOp.Broadcast(shape, axes)), [| x |])

            if facts.IsKnown x && not (facts.IsKnown v) then
                let source = (facts.Known x).Value
                let primitive = Primitive.Move(MoveOp.Broadcast(shape, axes))
                facts.Learn(v, lazy ((Reference.evaluate primitive [| source |])[0]))

            v

and private concat facts axis (parts: Var[]) =
    let flat =
        parts
        |> Array.filter (fun v -> parts.Length = 1 || (facts.ShapeOf v)[axis] > 0)
        |> Array.collect (fun v ->
            match v with
            | Moved facts (struct (MoveOp.Concat inner, args)) when inner = axis -> args
            | _ -> [| v |])

    match flat with
    | [||] -> facts.Raw(Primitive.Move(MoveOp.Concat axis), parts)
    | [| one |] -> one
    | _ -> facts.Raw(Primitive.Move(MoveOp.Concat axis), flat)

and private move facts op (args: Var[]) =
    let x = args[0]
    let shape = facts.ShapeOf x

    match op with
    | MoveOp.Broadcast(target, axes) -> broadcast facts target axes x
    | MoveOp.Concat axis -> concat facts axis args
    | MoveOp.Reshape target when target = shape -> x
    | MoveOp.Slice _ when resultShape facts (Primitive.Move op) [| x |] = shape -> x
    | MoveOp.Transpose permutation when permutation = Array.init shape.Rank id -> x
    | MoveOp.Pad(low, high) when Array.forall ((=) 0) low && Array.forall ((=) 0) high -> x
    | MoveOp.Pad _ -> facts.Raw(Primitive.Move op, args)
    | _ ->
        match x with
        | Uniform facts s when shape.Rank > 0 ->
            let target = resultShape facts (Primitive.Move op) [| x |]
            broadcast facts target [||] s
        | Moved facts (struct (inner, innerArgs)) -> moveOfMove facts op x inner innerArgs
        | _ -> facts.Raw(Primitive.Move op, args)

and private moveOfMove facts op x inner innerArgs =
    match op, inner with
    | MoveOp.Reshape _, MoveOp.Reshape _ -> single facts (Primitive.Move op) innerArgs
    | MoveOp.Transpose outer, MoveOp.Transpose first ->
        single facts (Primitive.Move(MoveOp.Transpose(outer |> Array.map (fun i -> first[i])))) innerArgs
    | MoveOp.Slice(start, limit, stride), MoveOp.Slice(start', _, stride') when
        Array.forall ((=) 1) stride && Array.forall ((=) 1) stride'
        ->
        let shift = Array.map2 (+) start'
        single facts (Primitive.Move(MoveOp.Slice(shift start, shift limit, stride))) innerArgs
    | MoveOp.Slice(start, limit, stride), MoveOp.Concat axis ->
        match Segments.within facts axis innerArgs start[axis] limit[axis] with
        | ValueSome(struct (part, offset)) ->
            let shift (at: int[]) = at |> Array.mapi (fun i n -> if i = axis then n - offset else n)
            single facts (Primitive.Move(MoveOp.Slice(shift start, shift limit, stride))) [| part |]
        | ValueNone -> facts.Raw(Primitive.Move op, [| x |])
    | MoveOp.Slice(start, limit, stride), MoveOp.Pad(low, _) ->
        let inside = facts.ShapeOf innerArgs[0]

        if
            Array.forall id (Array.init start.Length (fun i -> start[i] >= low[i] && limit[i] <= low[i] + inside[i]))
        then
            let shift at = Array.map2 (-) at low
            single facts (Primitive.Move(MoveOp.Slice(shift start, shift limit, stride))) innerArgs
        else
            facts.Raw(Primitive.Move op, [| x |])
    | _ -> facts.Raw(Primitive.Move op, [| x |])

and private take facts axis x indices =
    let primitive = Primitive.Index(IndexOp.Take axis)

    match x with
    | Uniform facts s when (facts.ShapeOf x).Rank > 0 ->
        let target = resultShape facts primitive [| x; indices |]
        broadcast facts target [||] s
    | _ -> facts.Raw(primitive, [| x; indices |])

// ---- contractions with known matrices

/// Row i (or column i) of a known matrix.
and private line facts (matrix: Literal) axis i =
    let rows, columns = matrix.Type.Shape[0], matrix.Type.Shape[1]
    let data = Literal.floats matrix

    let values =
        if axis = 0 then
            Array.sub data (i * columns) columns
        else
            Array.init rows (fun row -> data[row * columns + i])

    constant facts (Literal.create (Shape.ofList [ values.Length ]) (Storage.F64 values))

/// Matrix times vector for a known matrix: as a sum of scaled columns when few are contracted, as separate sums when few
/// results are wanted. Either way the loops over data fuse with what surrounds them.
and private matrixVector facts (matrix: Literal) contracted vector : Var voption =
    let inner, outer = matrix.Type.Shape[contracted], matrix.Type.Shape[1 - contracted]
    let scalar = TensorType.scalar DType.F64

    if inner > 0 && inner <= unrollLimit && outer >= 1 then
        let term k =
            let block = single facts (Primitive.Move(MoveOp.Slice([| k |], [| k + 1 |], [| 1 |]))) [| vector |]
            let s = single facts (Primitive.Move(MoveOp.Reshape scalar.Shape)) [| block |]
            scaleAny facts s (line facts matrix contracted k)

        ValueSome(Seq.reduce (add facts) (Seq.init inner term))
    elif outer > 0 && outer <= unrollLimit then
        let result n =
            let product =
                single facts (Primitive.Binary BinaryOp.Mul) [| line facts matrix (1 - contracted) n; vector |]

            let total = single facts (Primitive.Reduce(ReduceOp.Sum, [| 0 |])) [| product |]
            single facts (Primitive.Move(MoveOp.Reshape(Shape.ofList [ 1 ]))) [| total |]

        ValueSome(concat facts 0 (Array.init outer result))
    else
        ValueNone

and private contract facts axes x y =
    let isMatrix v = (facts.ShapeOf v).Rank = 2
    let isVector v = (facts.ShapeOf v).Rank = 1
    let one (list: int[]) = list.Length = 1

    let rewritten =
        match facts.Known x, facts.Known y with
        | ValueSome matrix, _ when isMatrix x && isVector y && one axes.ContractLeft ->
            matrixVector facts matrix axes.ContractLeft[0] y
        | _, ValueSome matrix when isMatrix y && isVector x && one axes.ContractRight ->
            matrixVector facts matrix axes.ContractRight[0] x
        | _ when isVector x && isVector y && one axes.ContractLeft ->
            let product = single facts (Primitive.Binary BinaryOp.Mul) [| x; y |]
            ValueSome(single facts (Primitive.Reduce(ReduceOp.Sum, [| 0 |])) [| product |])
        | _ -> ValueNone

    match rewritten with
    | ValueSome v -> v
    | ValueNone -> facts.Raw(Primitive.Contract axes, [| x; y |])

// ---- programs

/// Writes one equation's results by the rules.
let rec private emit (facts: Facts) primitive (args: Var[]) : Var[] =
    match primitive with
    | Primitive.Control(ControlOp.Cond(whenTrue, whenFalse)) ->
        match facts.Known args[0] with
        | ValueSome { Data = Storage.Bool data } -> inlined facts (if data[0] then whenTrue else whenFalse) args[1..]
        | _ ->
            let same = Array.map (fun _ -> ValueNone)
            let op = ControlOp.Cond(program whenTrue (same args[1..]), program whenFalse (same args[1..]))
            facts.Builder.Emit(Primitive.Control op, args)
    | Primitive.Control(ControlOp.While(constants, condition, body)) ->
        let given = specialise facts constants args
        let condition, body = program condition given, program body given
        let args, constants = remaining given constants args
        facts.Builder.Emit(Primitive.Control(ControlOp.While(constants, condition, body)), args)
    | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
        let given = specialise facts constants args
        let body = program body given
        let args, constants = remaining given constants args
        facts.Builder.Emit(Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)), args)
    | _ -> [| single facts primitive args |]

/// The known values among the constants of a loop, to be written into its body.
and private specialise facts constants (args: Var[]) : Literal voption[] =
    args |> Array.mapi (fun i v -> if i < constants then facts.Known v else ValueNone)

and private remaining (given: Literal voption[]) constants (args: Var[]) =
    let kept = args |> Array.indexed |> Array.filter (fun (i, _) -> given[i].IsNone) |> Array.map snd
    kept, constants - (args.Length - kept.Length)

and private inlined facts (body: Program) (args: Var[]) : Var[] =
    let vars: Var[] = Array.zeroCreate body.Types.Length
    Array.iter2 (fun v arg -> vars[v] <- arg) body.Inputs args

    for eq in body.Equations do
        let outs = emit facts eq.Primitive (eq.Args |> Array.map (fun v -> vars[v]))
        Array.iter2 (fun v out -> vars[v] <- out) eq.Outs outs

    body.Outputs |> Array.map (fun v -> vars[v])

/// A program written anew; inputs with a given value are no longer inputs.
and program (original: Program) (given: Literal voption[]) : Program =
    let facts = Facts()

    let inputs =
        original.Inputs
        |> Array.mapi (fun i v ->
            match given[i] with
            | ValueSome literal -> constant facts literal
            | ValueNone -> facts.Builder.Input original.Types[v])

    facts.Builder.Finish(inlined facts original inputs)
