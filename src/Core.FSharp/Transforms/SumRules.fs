// Sums: scalar factors and terms that do not vary move out of them, so that what is left depends on data alone, or is one
// loop; products with known matrices are written out, so that their loops fuse with what surrounds them.
// Relies on ElementwiseRules. Read Rewrite next.
module internal Ppl.Core.Transforms.SumRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Patterns
open Ppl.Core.Transforms.MoveRules
open Ppl.Core.Transforms.ElementwiseRules

/// Contracted extents up to this are written out against the columns of a known matrix.
let private unrollLimit = 32

let private sumBy (facts: Facts) axes x = facts.Emit(Primitive.Reduce(ReduceOp.Sum, axes), [| x |])

/// Whether v does not vary along any of the axes, so that a sum over them is a product.
let private constantAlong (facts: Facts) (axes: int[]) v =
    match v with
    | Spread facts (struct (a, own)) ->
        axes
        |> Array.forall (fun axis ->
            match Array.tryFindIndex (fun o -> o = axis) own with
            | None -> true
            | Some i -> (facts.ShapeOf a)[i] = 1)
    | _ -> false

/// ln(1 + e^-|a|): the part of a softplus whose sum is the logarithm of a product (see Exponentials).
let private isLogarithm facts v =
    match v with
    | Unary facts (struct (UnaryOp.Log1p,
                           Unary facts (struct (UnaryOp.Exp, Negated facts (Unary facts (struct (UnaryOp.Abs, _))))))) ->
        true
    | _ -> false

/// Sums of more terms and additions than this are not searched for logarithms.
let private termLimit = 512

/// Whether v has few terms, each counted as often as it occurs: in graphs of additions that share terms they are
/// exponentially many.
let private hasFewTerms (facts: Facts) v =
    let rec left room v =
        if room <= 0 then
            0
        else
            match v with
            | Binary facts (struct ((BinaryOp.Add | BinaryOp.Sub), a, b)) -> left (left (room - 1) a) b
            | Negated facts a -> left (room - 1) a
            | _ -> room - 1

    left termLimit v > 0

/// A sum of terms apart from its logarithms: the rest, and the logarithms with their signs.
let rec private detach (facts: Facts) v : struct (Var voption * (Var * bool) list) =
    let flip logs = logs |> List.map (fun (v, positive) -> v, not positive)

    let join combine alone (struct (a, logs)) (struct (b, logs')) =
        match a, b with
        | ValueSome a, ValueSome b -> struct (ValueSome(combine a b), logs @ logs')
        | ValueSome a, ValueNone -> struct (ValueSome a, logs @ logs')
        | ValueNone, ValueSome b -> struct (ValueSome(alone b), logs @ logs')
        | ValueNone, ValueNone -> struct (ValueNone, logs @ logs')

    match v with
    | _ when isLogarithm facts v -> struct (ValueNone, [ v, true ])
    | Binary facts (struct (BinaryOp.Add, a, b)) -> join (add facts) id (detach facts a) (detach facts b)
    | Binary facts (struct (BinaryOp.Sub, a, b)) ->
        let struct (b, logs) = detach facts b
        join (subtract facts) (negate facts) (detach facts a) (struct (b, flip logs))
    | Negated facts a ->
        let struct (a, logs) = detach facts a
        struct (ValueOption.map (negate facts) a, flip logs)
    | _ -> struct (ValueSome v, [])

let private sumByRules (facts: Facts) (axes: int[]) x =
    let shape = facts.ShapeOf x
    let recurse v = sumBy facts axes v
    let times = axes |> Array.fold (fun n axis -> n * float shape[axis]) 1.0
    // Terms with data are not split off: sum(y) - sum(mu) would cancel where sum(y - mu) does not.
    let splits v = constantAlong facts axes v

    if axes |> Array.exists (fun axis -> shape[axis] = 0) then
        // Before all others: 0 times an infinite factor would be NaN.
        constant facts (Literal.fill { facts.TypeOf x with Shape = Shape.without axes shape } 0.0)
    elif times = 1.0 then
        reshape facts (Shape.without axes shape) x
    else
        match x with
        | Negated facts a -> negate facts (recurse a)
        | Scaled facts (struct (s, a)) -> scale facts s (recurse a)
        | _ when splits x -> scale facts (number facts x times) (withoutAxes facts axes x)
        | Binary facts (struct (BinaryOp.Add, a, b)) when splits a || splits b -> add facts (recurse a) (recurse b)
        | Binary facts (struct (BinaryOp.Sub, a, b)) when splits a || splits b -> subtract facts (recurse a) (recurse b)
        | Binary facts (struct (BinaryOp.Mul, a, b)) when splits a ->
            multiply facts (withoutAxes facts axes a) (recurse b)
        | Binary facts (struct (BinaryOp.Mul, a, b)) when splits b ->
            multiply facts (withoutAxes facts axes b) (recurse a)
        | Moved facts (struct (MoveOp.Reshape _, args)) when axes.Length = shape.Rank ->
            sumBy facts (Array.init (facts.ShapeOf args[0]).Rank id) args[0]
        | _ ->
            let raw v = facts.Raw(Primitive.Reduce(ReduceOp.Sum, axes), [| v |])

            match (if hasFewTerms facts x then detach facts x else struct (ValueSome x, [])) with
            | struct (_, [])
            | struct (ValueNone, [ _ ]) -> raw x
            | struct (rest, logs) ->
                let combine total (v, positive) =
                    if positive then add facts total (raw v) else subtract facts total (raw v)

                match rest, logs with
                | ValueSome rest, _ -> List.fold combine (recurse rest) logs
                | ValueNone, _ ->
                    let zero =
                        constant facts (Literal.fill { facts.TypeOf x with Shape = Shape.without axes shape } 0.0)

                    List.fold combine zero logs

/// The rules for sums of reals. What they gave is remembered: sums of terms that many sums share are asked for by each.
let sum (facts: Facts) (axes: int[]) x =
    let key = struct (x, System.String.Join(",", axes))

    match facts.Sums.TryGetValue key with
    | true, known -> known
    | _ ->
        let result = sumByRules facts axes x
        facts.Sums[key] <- result
        result

// ---- contractions

let private innerProduct facts x y = sumBy facts [| 0 |] (multiply facts x y)

/// Row i (or column i) of a known matrix.
let private line facts (matrix: Literal) axis i =
    let rows, columns = matrix.Type.Shape[0], matrix.Type.Shape[1]

    let places =
        if axis = 0 then
            Array.init columns (fun column -> i * columns + column)
        else
            Array.init rows (fun row -> row * columns + i)

    constant facts (Literal.create (Shape.ofList [ places.Length ]) (Storage.gather places matrix.Data))

/// Matrix times vector for a known matrix: as a sum of scaled columns when few are contracted, as separate sums when few
/// results are wanted. Either way the loops over data fuse with what surrounds them.
let private matrixVector (facts: Facts) (matrix: Literal) contracted vector : Var voption =
    let inner, outer = matrix.Type.Shape[contracted], matrix.Type.Shape[1 - contracted]

    if inner > 0 && inner <= unrollLimit && outer >= 1 then
        let term k =
            let block = facts.Emit(Primitive.Move(MoveOp.Slice([| k |], [| k + 1 |], [| 1 |])), [| vector |])
            scale facts (reshape facts Shape.scalar block) (line facts matrix contracted k)

        ValueSome(Seq.reduce (add facts) (Seq.init inner term))
    elif outer > 0 && outer <= unrollLimit then
        let result n =
            innerProduct facts (line facts matrix (1 - contracted) n) vector
            |> reshape facts (Shape.ofList [ 1 ])

        ValueSome(concat facts 0 (Array.init outer result))
    else
        ValueNone

let contract (facts: Facts) axes x y =
    let isMatrix v = (facts.ShapeOf v).Rank = 2
    let isVector v = (facts.ShapeOf v).Rank = 1
    let one (list: int[]) = list.Length = 1

    let rewritten =
        match facts.Known x, facts.Known y with
        | ValueSome matrix, _ when isMatrix x && isVector y && one axes.ContractLeft ->
            matrixVector facts matrix axes.ContractLeft[0] y
        | _, ValueSome matrix when isMatrix y && isVector x && one axes.ContractRight ->
            matrixVector facts matrix axes.ContractRight[0] x
        | _ when isVector x && isVector y && one axes.ContractLeft -> ValueSome(innerProduct facts x y)
        | _ -> ValueNone

    match rewritten with
    | ValueSome v -> v
    | ValueNone -> facts.Raw(Primitive.Contract axes, [| x; y |])
