// The algebra of elementwise operations: signs and scalar factors move outwards, logarithms meet what they undo, and what is
// computed on repeated elements is computed once and repeated. Scalars stand on the left of products.
// Relies on MoveRules. Read SumRules next.
module internal Ppl.Core.Transforms.ElementwiseRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Patterns
open Ppl.Core.Transforms.MoveRules

let private unaryBy (facts: Facts) op x = facts.Emit(Primitive.Unary op, [| x |])
let private binaryBy (facts: Facts) op x y = facts.Emit(Primitive.Binary op, [| x; y |])

/// A number as a scalar of the element type of a variable.
let number (facts: Facts) like x = constant facts (Literal.fill (TensorType.scalar (facts.TypeOf like).DType) x)

/// -x
let negate facts x = unaryBy facts UnaryOp.Neg x

/// x + y
let add facts x y = binaryBy facts BinaryOp.Add x y

/// x - y
let subtract facts x y = binaryBy facts BinaryOp.Sub x y

/// x y
let multiply facts x y = binaryBy facts BinaryOp.Mul x y

/// s a for a scalar s.
let scale (facts: Facts) s a = multiply facts (broadcast facts (facts.ShapeOf a) [||] s) a

/// An operation on repetitions of one kind (and on repeated scalars), as the repetition of its result.
let commute (facts: Facts) primitive (args: Var[]) : Var voption =
    let shape = facts.ShapeOf args[0]

    let widest =
        let mutable found = ValueNone
        let mutable count = -1

        for arg in args do
            match arg with
            | Spread facts (struct (a, axes)) when (facts.ShapeOf a).Count > count ->
                found <- ValueSome(struct (a, axes))
                count <- (facts.ShapeOf a).Count
            | _ -> ()

        found

    match widest with
    | ValueSome(struct (source, axes)) when (facts.ShapeOf source).Count < shape.Count ->
        let narrow v =
            match v with
            | Spread facts (struct (b, axes')) when axes = axes' && facts.ShapeOf b = facts.ShapeOf source -> b
            | Uniform facts s -> broadcast facts (facts.ShapeOf source) [||] s
            | _ -> -1

        let narrowed = args |> Array.map narrow

        if Array.contains -1 narrowed then
            ValueNone
        else
            ValueSome(broadcast facts shape axes (facts.Emit(primitive, narrowed)))
    | _ -> ValueNone

/// The rules for real functions of one argument.
let unary (facts: Facts) op x =
    let apply op x = unaryBy facts op x

    match op, x with
    | UnaryOp.Neg, Negated facts a -> a
    | UnaryOp.Neg, Binary facts (struct (BinaryOp.Sub, a, b)) -> subtract facts b a
    | UnaryOp.Neg, Scaled facts (struct (s, a)) -> scale facts (negate facts s) a
    | UnaryOp.Square, Negated facts a -> apply UnaryOp.Square a
    | UnaryOp.Square, Scaled facts (struct (s, a)) -> scale facts (apply UnaryOp.Square s) (apply UnaryOp.Square a)
    | UnaryOp.Abs, Negated facts a -> apply UnaryOp.Abs a
    | UnaryOp.Abs, Unary facts (struct (UnaryOp.Abs, _)) -> x
    | UnaryOp.Reciprocal, Unary facts (struct (UnaryOp.Reciprocal, a)) -> a
    | UnaryOp.Log, Unary facts (struct (UnaryOp.Exp, a)) -> a
    | UnaryOp.Log, Unary facts (struct (UnaryOp.Reciprocal, a)) -> negate facts (apply UnaryOp.Log a)
    | UnaryOp.Log, Unary facts (struct (UnaryOp.Sqrt, a)) -> scale facts (number facts x 0.5) (apply UnaryOp.Log a)
    | UnaryOp.Log, Unary facts (struct (UnaryOp.Sigmoid, a)) -> negate facts (apply UnaryOp.Softplus (negate facts a))
    | _ -> facts.Raw(Primitive.Unary op, [| x |])

/// s a for a scalar s, which ends on the left and is not 1, -1 or a product with another scalar.
let private scaled facts (s: Var) (a: Var) : Var =
    match s, a with
    | Number facts 1.0, _ -> a
    | Number facts -1.0, _ -> negate facts a
    | _, Negated facts b -> scale facts (negate facts s) b
    | _, Scaled facts (struct (t, b)) -> scale facts (multiply facts s t) b
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Mul, [| broadcast facts (facts.ShapeOf a) [||] s; a |])

let private addition facts x y =
    match x, y with
    | _ when isZero facts x -> y
    | _ when isZero facts y -> x
    | _, Negated facts b -> subtract facts x b
    | Negated facts a, _ -> subtract facts y a
    | _ when x = y -> scale facts (number facts x 2.0) x
    | _ ->
        match Segments.merge facts x y with
        | ValueSome parts -> concat facts 0 parts
        | ValueNone -> facts.Raw(Primitive.Binary BinaryOp.Add, [| x; y |])

let private subtraction facts x y =
    match x, y with
    | _ when isZero facts y -> x
    | _ when isZero facts x -> negate facts y
    | _, Negated facts b -> add facts x b
    | Negated facts a, _ -> negate facts (add facts a y)
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Sub, [| x; y |])

let private multiplication facts x y =
    match x, y with
    | Uniform facts s, a
    | a, Uniform facts s -> scaled facts s a
    | Negated facts a, Negated facts b -> multiply facts a b
    | Negated facts a, b
    | a, Negated facts b -> negate facts (multiply facts a b)
    | Scaled facts (struct (s, a)), Scaled facts (struct (t, b)) ->
        scale facts (multiply facts s t) (multiply facts a b)
    | Scaled facts (struct (s, a)), b
    | b, Scaled facts (struct (s, a)) -> scale facts s (multiply facts a b)
    | _ when x = y -> unaryBy facts UnaryOp.Square x
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Mul, [| x; y |])

let private division facts x y =
    let inverse v = unaryBy facts UnaryOp.Reciprocal v

    match x, y with
    | _, Number facts 1.0 -> x
    | _, Uniform facts t -> scale facts (inverse t) x
    | _, Spread facts _ -> multiply facts x (inverse y)
    | _ when facts.IsKnown y -> multiply facts x (inverse y)
    | Number facts 1.0, _ -> inverse y
    | Negated facts a, _ -> negate facts (binaryBy facts BinaryOp.Div a y)
    | _, Negated facts b -> negate facts (binaryBy facts BinaryOp.Div x b)
    | Scaled facts (struct (s, a)), _ -> scale facts s (binaryBy facts BinaryOp.Div a y)
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Div, [| x; y |])

let private power (facts: Facts) x y =
    match y with
    | Number facts 0.0 -> constant facts (Literal.fill (facts.TypeOf x) 1.0)
    | Number facts 1.0 -> x
    | Number facts 2.0 -> unaryBy facts UnaryOp.Square x
    | Number facts -1.0 -> unaryBy facts UnaryOp.Reciprocal x
    | _ -> facts.Raw(Primitive.Binary BinaryOp.Pow, [| x; y |])

/// The rules for real functions of two arguments.
let binary (facts: Facts) op x y =
    match op with
    | BinaryOp.Add -> addition facts x y
    | BinaryOp.Sub -> subtraction facts x y
    | BinaryOp.Mul -> multiplication facts x y
    | BinaryOp.Div -> division facts x y
    | BinaryOp.Pow -> power facts x y
    | _ -> facts.Raw(Primitive.Binary op, [| x; y |])

/// The rules for integers and truth values.
let integer (facts: Facts) op x y =
    match op with
    | BinaryOp.Add when isZero facts x -> y
    | BinaryOp.Add
    | BinaryOp.Sub when isZero facts y -> x
    | _ -> facts.Raw(Primitive.Binary op, [| x; y |])

/// The choice for a block of a tensor, if p makes the same one along every axis that the block does not fill.
let private choiceInBlock (facts: Facts) p (block: Shape) =
    let whole = facts.ShapeOf p

    match p with
    | Spread facts (struct (source, axes)) when axes |> Array.forall (fun axis -> whole[axis] = block[axis]) ->
        ValueSome(broadcast facts block axes source)
    | _ -> ValueNone

/// The choice between a tensor with a block replaced and the tensor itself: of blocks, so that the tensor stays where it is.
let private selectUpdate (facts: Facts) p (args: Var[]) =
    let target, block, starts = args[0], args[1], args[2..]

    match choiceInBlock facts p (facts.ShapeOf block) with
    | ValueNone -> ValueNone
    | ValueSome q ->
        let slice = Primitive.Index(IndexOp.DynamicSlice((facts.ShapeOf block).ToArray()))
        let old = facts.Emit(slice, Array.append [| target |] starts)
        let chosen = facts.Emit(Primitive.Select, [| q; block; old |])
        ValueSome(facts.Emit(Primitive.Index IndexOp.DynamicUpdate, Array.concat [ [| target; chosen |]; starts ]))

/// The rules for the choice between two.
let select (facts: Facts) p x y =
    let raw () = facts.Raw(Primitive.Select, [| p; x; y |])

    match facts.Known p with
    | ValueSome { Data = Storage.Bool data } when Array.forall id data -> x
    | ValueSome { Data = Storage.Bool data } when not (Array.exists id data) -> y
    | _ when x = y -> x
    | _ ->
        match facts.Definition x with
        | ValueSome(struct (Primitive.Index IndexOp.DynamicUpdate, args)) when args[0] = y ->
            ValueOption.defaultWith raw (selectUpdate facts p args)
        | _ -> raw ()
