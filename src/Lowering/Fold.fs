// Accumulating operations: identities, the combining step (a product used once is fused into the sum), and masking of
// lanes beyond the end. Relies on Region. Read Loads next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Fold

open System
open Ppl.Core
open Ppl.Core.Ir

/// What a reduction over nothing gives.
let identity (e: Emitter) elem op =
    match op, elem with
    | ReduceOp.Sum, _ -> e.Number(elem, 0.0)
    | ReduceOp.Prod, _ -> e.Number(elem, 1.0)
    | ReduceOp.Max, Elem.Int -> e.Int Int32.MinValue
    | ReduceOp.Min, Elem.Int -> e.Int Int32.MaxValue
    | ReduceOp.Max, _ -> e.Real Double.NegativeInfinity
    | ReduceOp.Min, _ -> e.Real Double.PositiveInfinity
    | ReduceOp.Any, _ -> e.Mask false
    | ReduceOp.All, _ -> e.Mask true

/// The operation that joins two partial results.
let binary op =
    match op with
    | ReduceOp.Sum -> BinaryOp.Add
    | ReduceOp.Prod -> BinaryOp.Mul
    | ReduceOp.Max -> BinaryOp.Max
    | ReduceOp.Min -> BinaryOp.Min
    | ReduceOp.Any -> BinaryOp.Or
    | ReduceOp.All -> BinaryOp.And

/// The operation of a running sum, product, ...; none where its state is more than its last value.
let tryRunning op =
    match op with
    | CumulateOp.Sum -> ValueSome BinaryOp.Add
    | CumulateOp.Prod -> ValueSome BinaryOp.Mul
    | CumulateOp.Max -> ValueSome BinaryOp.Max
    | CumulateOp.Min -> ValueSome BinaryOp.Min
    | CumulateOp.LogSumExp -> ValueNone

/// One element or block to be accumulated: a value, or a product not yet multiplied.
[<Struct; NoComparison; NoEquality>]
type Term =
    | Whole of value: Value
    | Product of left: Value * right: Value

/// The term as a value.
let value (e: Emitter) floor term =
    match term with
    | Whole value -> value
    | Product(a, b) -> e.Binary(floor, BinaryOp.Mul, a, b)

/// accumulator op term
let step (e: Emitter) floor op accumulator term =
    match term with
    | Product(a, b) -> e.Fma(floor, a, b, accumulator)
    | Whole value -> e.Binary(floor, binary op, accumulator, value)

/// The same for the first `active` lanes; the others keep the accumulator.
let maskedStep (e: Emitter) floor op accumulator term active =
    let next = step e floor op accumulator term

    if active >= 8 then
        next
    else
        e.Select(floor, e.LaneMask active, e.Wide next, e.Wide accumulator)

/// All terms in a few independent chains, so that no step waits for the one just before.
let chains (e: Emitter) floor elem op (terms: Term[]) =
    if terms.Length = 0 then
        identity e elem op
    else
        let width =
            if terms.Length >= 16 then 4
            elif terms.Length >= 6 then 2
            else 1

        let partial = Array.init width (fun i -> value e floor terms[i])

        for i in width .. terms.Length - 1 do
            partial[i % width] <- step e floor op partial[i % width] terms[i]

        let mutable result = partial[0]

        for i in 1 .. width - 1 do
            result <- e.Binary(floor, binary op, result, partial[i])

        result

/// Blocks of lanes, the last one partly active, reduced to one value.
let lanes (e: Emitter) floor elem op (terms: Term[]) lastActive =
    let last = terms.Length - 1

    let first =
        if last = 0 && lastActive < 8 then
            maskedStep e floor op (e.Wide(identity e elem op)) terms[0] lastActive
        else
            e.Wide(value e floor terms[0])

    let mutable total = first

    for i in 1..last do
        total <- maskedStep e floor op total terms[i] (if i = last then lastActive else 8)

    e.Let(floor, elem, Lanes.One, Op.ReduceLanes(op, total))
