// Algebra and partial evaluation, applied to each equation while a program is written anew: what depends on data alone
// becomes a constant, and MoveRules, ElementwiseRules and SumRules make of the rest what is cheapest. Every rule is an
// identity of real arithmetic, so results differ from the original's by
//   rounding: sums are split and reordered, a division by a scalar becomes a multiplication with its inverse;
//   the sign of zero: 0 + x is x;
//   the range of intermediate results: log(exp x) is x where exp x alone is infinite, and (s a)^2 as s^2 a^2 may overflow or
//     vanish where s a does not; products with two scalars alike. Nothing of the kind happens between 1e-70 and 1e70
//     (f32: 1e-9 and 1e9);
//   the kind of the answer where an infinity is multiplied: s (sum of a) is infinite where the sum of s a is NaN.
// No rule removes an operand that could have made the result NaN: there is none such as 0 x = 0 or x - x = 0.
// Relies on SumRules. Read DeadCode next.
module internal Ppl.Core.Transforms.Rewrite

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Transforms.Patterns
open Ppl.Core.Transforms.MoveRules

/// A loop over known values is run at compile time up to this many equations.
let private loopLimit = 20_000

/// Results up to this size are computed whatever the size of the arguments.
let private smallCount = 4096

/// Known arguments give a known result, unless that would make data out of almost nothing.
let private foldAll (facts: Facts) primitive (args: Var[]) : Literal[] voption =
    if args.Length = 0 || not (Array.forall facts.IsKnown args) then
        ValueNone
    else
        let results = TypeRules.results primitive (Array.map facts.TypeOf args)
        let size = args |> Array.sumBy (fun v -> (facts.ShapeOf v).Count)

        if results |> Array.exists (fun ty -> ty.Shape.Count > max smallCount (4 * size)) then
            ValueNone
        else
            ValueSome(Reference.evaluate primitive (args |> Array.map (fun v -> (facts.Known v).Value)))

/// The same for primitives with one result.
let private fold facts primitive args = foldAll facts primitive args |> ValueOption.map Array.head

let private single (facts: Facts) primitive (args: Var[]) : Var =
    match primitive with
    | Primitive.Unary op when isReal facts args[0] -> ElementwiseRules.unary facts op args[0]
    | Primitive.Binary op when isReal facts args[0] -> ElementwiseRules.binary facts op args[0] args[1]
    | Primitive.Binary op -> ElementwiseRules.integer facts op args[0] args[1]
    | Primitive.Select -> ElementwiseRules.select facts args[0] args[1] args[2]
    | Primitive.Convert dtype when (facts.TypeOf args[0]).DType = dtype -> args[0]
    | Primitive.Reduce(ReduceOp.Sum, axes) when isReal facts args[0] -> SumRules.sum facts axes args[0]
    | Primitive.Move op -> move facts op args
    | Primitive.Cumulate _
    | Primitive.Order(OrderOp.Sort _ | OrderOp.ArgSort _) -> along facts primitive args[0]
    | Primitive.Index(IndexOp.Take axis) -> take facts axis args[0] args[1]
    | Primitive.Contract axes -> SumRules.contract facts axes args[0] args[1]
    | _ -> facts.Raw(primitive, args)

/// The result of an equation without sub-programs, by all rules.
let private rules (facts: Facts) primitive (args: Var[]) : Var =
    match primitive with
    | Primitive.Constant literal -> constant facts literal
    | Primitive.Iota(ty, _) ->
        let v = facts.Raw(primitive, args)

        if ty.Shape.Count <= smallCount then
            facts.Learn(v, lazy ((Reference.evaluate primitive [||])[0]))

        v
    | _ ->
        match fold facts primitive args with
        | ValueSome literal -> constant facts literal
        | ValueNone when Primitive.isElementwise primitive ->
            match ElementwiseRules.commute facts primitive args with
            | ValueSome v -> v
            | ValueNone -> single facts primitive args
        | ValueNone -> single facts primitive args

// ---- programs

/// What an input of a sub-program is known to be.
[<RequireQualifiedAccess; Struct>]
type Given =
    | Nothing
    | Value of value: Literal
    /// The same as an earlier input.
    | Same of index: int

/// What is known of the operands of a loop or branch that it does not change, the first ones.
let private specialise (facts: Facts) constants (args: Var[]) : Given[] =
    args
    |> Array.mapi (fun i v ->
        if i >= constants then
            Given.Nothing
        else
            match facts.Known v with
            | ValueSome literal -> Given.Value literal
            | ValueNone ->
                let first = System.Array.IndexOf(args, v)
                if first < i then Given.Same first else Given.Nothing)

let private remaining (given: Given[]) (args: Var[]) =
    args |> Array.indexed |> Array.filter (fun (i, _) -> given[i].IsNothing) |> Array.map snd

/// Writes one equation's results by the rules.
let rec private emit (facts: Facts) primitive (args: Var[]) : Var[] =
    match primitive with
    | Primitive.Control(ControlOp.Cond(whenTrue, whenFalse)) when facts.IsKnown args[0] ->
        let condition = Literal.bools (facts.Known args[0]).Value
        inlined facts (if condition[0] then whenTrue else whenFalse) args[1..]
    | Primitive.Control(ControlOp.Scan(_, _, length, _, body)) when
        Array.forall facts.IsKnown args && int64 length * int64 (Program.size body) <= int64 loopLimit
        ->
        let values = args |> Array.map (fun v -> (facts.Known v).Value)
        Reference.evaluate primitive values |> Array.map (constant facts)
    | Primitive.Control op -> control facts op args
    | Primitive.Custom _ ->
        match foldAll facts primitive args with
        | ValueSome literals -> literals |> Array.map (constant facts)
        | ValueNone -> facts.Builder.Emit(primitive, args)
    | _ -> [| facts.Emit(primitive, args) |]

and private control (facts: Facts) op (args: Var[]) : Var[] =
    let write op args = facts.Builder.Emit(Primitive.Control op, args)

    match op with
    | ControlOp.Cond(whenTrue, whenFalse) ->
        let operands = args[1..]
        let given = specialise facts operands.Length operands

        write
            (ControlOp.Cond(program whenTrue given, program whenFalse given))
            (Array.append [| args[0] |] (remaining given operands))
    | ControlOp.While(constants, condition, body) ->
        let given = specialise facts constants args
        let kept = remaining given args
        let constants = constants - (args.Length - kept.Length)
        write (ControlOp.While(constants, program condition given, program body given)) kept
    | ControlOp.Scan(constants, carry, length, reverse, body) ->
        let given = specialise facts constants args
        let kept = remaining given args
        let constants = constants - (args.Length - kept.Length)
        write (ControlOp.Scan(constants, carry, length, reverse, program body given)) kept
    | ControlOp.Checkpoint body when Array.forall facts.IsKnown args -> inlined facts body args
    | ControlOp.Checkpoint body ->
        let given = specialise facts args.Length args
        write (ControlOp.Checkpoint(program body given)) (remaining given args)
    // Its derivative speaks of all arguments.
    | ControlOp.CustomGrad(captured, body, vjp) ->
        let alone (inside: Program) = program inside (inside.Inputs |> Array.map (fun _ -> Given.Nothing))
        write (ControlOp.CustomGrad(captured, alone body, alone vjp)) args

and private inlined facts (body: Program) (args: Var[]) : Var[] =
    let vars: Var[] = Array.zeroCreate body.Types.Length
    Array.iter2 (fun v arg -> vars[v] <- arg) body.Inputs args

    for eq in body.Equations do
        let outs = emit facts eq.Primitive (eq.Args |> Array.map (fun v -> vars[v]))
        Array.iter2 (fun v out -> vars[v] <- out) eq.Outs outs

    body.Outputs |> Array.map (fun v -> vars[v])

/// A program written anew; inputs of which something is given are no longer inputs.
and program (original: Program) (given: Given[]) : Program =
    let facts = Facts(rules)
    let inputs: Var[] = Array.zeroCreate given.Length

    for i in 0 .. given.Length - 1 do
        inputs[i] <-
            match given[i] with
            | Given.Nothing -> facts.Builder.Input original.Types[original.Inputs[i]]
            | Given.Value literal -> constant facts literal
            | Given.Same index -> inputs[index]

    facts.Builder.Finish(inlined facts original inputs)
