// What the rewriting of programs knows about the program it writes: definitions, known values, and the patterns that the
// rules ask for (a uniform tensor, a tensor scaled by a scalar, ...).
// Relies on Builder. Read Segments next.
namespace Ppl.Core.Transforms

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// A program being rewritten by rules, with the definition of each variable at hand. The rules get at each other through
/// Emit, so that they can live in several files.
[<Sealed>]
type internal Facts(rules: Facts -> Primitive -> Var[] -> Var) =

    let builder = Builder()
    let definitions = Dictionary<Var, struct (Primitive * Var[])>()
    let known = Dictionary<Var, Lazy<Literal>>()

    /// The sums over axes that rules have found.
    member val Sums = Dictionary<struct (Var * string), Var>()

    member _.Builder = builder
    member _.TypeOf v : TensorType = builder.TypeOf v
    member _.ShapeOf v : Shape = (builder.TypeOf v).Shape

    /// The result of an equation by the rules.
    member this.Emit(primitive, args: Var[]) : Var = rules this primitive args

    /// An equation as it is, without any rule.
    member _.Raw(primitive, args: Var[]) : Var =
        let out = (builder.Emit(primitive, args))[0]
        definitions[out] <- struct (primitive, args)
        out

    /// States the value of a variable.
    member _.Learn(v: Var, value: Lazy<Literal>) = known[v] <- value

    /// The value of a variable, if it is known.
    member _.Known(v: Var) : Literal voption =
        match known.TryGetValue v with
        | true, value -> ValueSome value.Value
        | false, _ -> ValueNone

    member _.IsKnown(v: Var) = known.ContainsKey v

    /// The equation that defines a variable, if it has one.
    member _.Definition(v: Var) =
        match definitions.TryGetValue v with
        | true, definition -> ValueSome definition
        | false, _ -> ValueNone

/// Patterns over definitions.
module internal Patterns =

    let inline private define (facts: Facts) v = facts.Definition v

    /// v = op a
    [<return: Struct>]
    let (|Unary|_|) (facts: Facts) v =
        match define facts v with
        | ValueSome(struct (Primitive.Unary op, args)) -> ValueSome(struct (op, args[0]))
        | _ -> ValueNone

    /// v = a op b
    [<return: Struct>]
    let (|Binary|_|) (facts: Facts) v =
        match define facts v with
        | ValueSome(struct (Primitive.Binary op, args)) -> ValueSome(struct (op, args[0], args[1]))
        | _ -> ValueNone

    /// v = -a
    [<return: Struct>]
    let (|Negated|_|) facts v =
        match v with
        | Unary facts (struct (UnaryOp.Neg, a)) -> ValueSome a
        | _ -> ValueNone

    /// v = a repeated along axes (or to a shape)
    [<return: Struct>]
    let (|Spread|_|) (facts: Facts) v =
        match define facts v with
        | ValueSome(struct (Primitive.Move(MoveOp.Broadcast(_, axes)), args)) -> ValueSome(struct (args[0], axes))
        | _ -> ValueNone

    /// v = move a
    [<return: Struct>]
    let (|Moved|_|) (facts: Facts) v =
        match define facts v with
        | ValueSome(struct (Primitive.Move op, args)) -> ValueSome(struct (op, args))
        | _ -> ValueNone

    /// v is sorted along this axis
    [<return: Struct>]
    let (|Sorted|_|) (facts: Facts) v =
        match define facts v with
        | ValueSome(struct (Primitive.Order(OrderOp.Sort axis), _)) -> ValueSome axis
        | _ -> ValueNone

    /// v repeats one scalar; a known scalar counts as such.
    [<return: Struct>]
    let (|Uniform|_|) (facts: Facts) v =
        if (facts.ShapeOf v).Rank = 0 then
            if facts.IsKnown v then ValueSome v else ValueNone
        else
            match v with
            | Spread facts (struct (a, _)) when (facts.ShapeOf a).Rank = 0 -> ValueSome a
            | _ -> ValueNone

    /// v = s a with a scalar s, which the rewriter keeps on the left.
    [<return: Struct>]
    let (|Scaled|_|) facts v =
        match v with
        | Binary facts (struct (BinaryOp.Mul, Uniform facts s, a)) -> ValueSome(struct (s, a))
        | _ -> ValueNone

    /// The one real number that all elements of v are.
    [<return: Struct>]
    let (|Number|_|) (facts: Facts) v =
        match v with
        | Uniform facts s ->
            match facts.Known s with
            | ValueSome { Data = Storage.F64 data } -> ValueSome data[0]
            | ValueSome { Data = Storage.F32 data } -> ValueSome(float data[0])
            | _ -> ValueNone
        | _ -> ValueNone

    /// Whether all elements of v are zeros.
    let isZero (facts: Facts) v =
        let zeros (literal: Literal) =
            match literal.Data with
            | Storage.F64 data -> data |> Array.forall (fun x -> x = 0.0)
            | Storage.F32 data -> data |> Array.forall (fun x -> x = 0.0f)
            | Storage.I64 data -> data |> Array.forall (fun x -> x = 0L)
            | Storage.I32 data -> data |> Array.forall (fun x -> x = 0)
            | Storage.U32 data -> data |> Array.forall (fun x -> x = 0u)
            | Storage.Bool _ -> false

        let source =
            match v with
            | Uniform facts s -> s
            | _ -> v

        match facts.Known source with
        | ValueSome literal -> zeros literal
        | ValueNone -> false

    let isReal (facts: Facts) v = DType.isReal (facts.TypeOf v).DType
