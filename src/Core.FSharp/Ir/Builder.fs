// Building programs: emission with type checking, common-subexpression elimination keyed by bits, and capture of the
// variables of enclosing programs (closure conversion), so that bodies of loops may use what is around them.
// Relies on TypeRules. Read Reference next.
namespace Ppl.Core.Ir

open System
open System.Collections.Generic
open System.Threading
open Ppl.Core

/// Equality of primitives by bits: constants by their bytes, programs by identity.
module private Bits =

    let same a b =
        match a, b with
        | Primitive.Constant x, Primitive.Constant y -> x.Equals y
        | Primitive.Iota(x, i), Primitive.Iota(y, j) -> x = y && i = j
        | Primitive.Unary x, Primitive.Unary y -> x = y
        | Primitive.Binary x, Primitive.Binary y -> x = y
        | Primitive.Compare x, Primitive.Compare y -> x = y
        | Primitive.Select, Primitive.Select -> true
        | Primitive.Convert x, Primitive.Convert y -> x = y
        | Primitive.Reduce(x, i), Primitive.Reduce(y, j) -> x = y && i = j
        | Primitive.Cumulate(x, i, r), Primitive.Cumulate(y, j, s) -> x = y && i = j && r = s
        | Primitive.Order x, Primitive.Order y -> x = y
        | Primitive.Move x, Primitive.Move y -> x = y
        | Primitive.Index x, Primitive.Index y -> x = y
        | Primitive.Contract x, Primitive.Contract y -> x = y
        | Primitive.Factor x, Primitive.Factor y -> x = y
        | Primitive.Fourier x, Primitive.Fourier y -> x = y
        | Primitive.Random x, Primitive.Random y -> x = y
        | Primitive.Custom x, Primitive.Custom y -> x.Name = y.Name && x.Version = y.Version
        | _ -> Object.ReferenceEquals(a, b)

    let hash primitive =
        match primitive with
        | Primitive.Constant value -> value.GetHashCode()
        | Primitive.Unary op -> HashCode.Combine(1, int (hash op))
        | Primitive.Binary op -> HashCode.Combine(2, int (hash op))
        | Primitive.Compare op -> HashCode.Combine(3, int (hash op))
        | Primitive.Move op -> HashCode.Combine(4, hash op)
        | Primitive.Index op -> HashCode.Combine(5, hash op)
        | other -> (Primitive.name other).GetHashCode()

    let comparer =
        { new IEqualityComparer<struct (Primitive * Var[])> with
            member _.Equals(struct (p, xs), struct (q, ys)) = xs.AsSpan().SequenceEqual(ReadOnlySpan ys) && same p q

            member _.GetHashCode(struct (p, xs)) =
                let mutable h = hash p

                for x in xs do
                    h <- h * 31 + x

                h
        }

/// A program under construction. Later builders are inner ones: a body is traced while its surroundings wait.
type Builder() =

    static let mutable created = 0L

    let order = Interlocked.Increment &created
    let types = ResizeArray<TensorType>()
    let equations = ResizeArray<Equation>()
    let inputs = ResizeArray<Var>()
    let known = Dictionary<struct (Primitive * Var[]), Var[]>(Bits.comparer)
    let captured = ResizeArray<struct (Builder * Var)>()
    let captures = Dictionary<struct (int64 * Var), Var>()
    let mutable closed = false

    let fresh ty =
        types.Add ty
        types.Count - 1

    /// Position in the order of creation.
    member _.Order = order

    /// The type of a variable.
    member _.TypeOf(v: Var) = types[v]

    /// The variables of enclosing programs that this one uses, in order of first use.
    member _.Captured: IReadOnlyList<struct (Builder * Var)> = captured

    /// A new parameter.
    member _.Input ty =
        let v = fresh ty
        inputs.Add v
        v

    /// The results of a primitive: those of an equal earlier equation, or a new equation's.
    member this.Emit(primitive, args: Var[]) : Var[] =
        if closed then
            Errors.escaped (Primitive.name primitive)

        let key = struct (primitive, args)

        match known.TryGetValue key with
        | true, outs -> outs
        | false, _ ->
            let results = TypeRules.results primitive (Array.map this.TypeOf args)
            let outs = Array.map fresh results
            equations.Add { Primitive = primitive; Args = args; Outs = outs }
            known[key] <- outs
            outs

    /// The variable that stands here for a variable of an enclosing program.
    member _.Capture(outer: Builder, v: Var) : Var =
        let key = struct (outer.Order, v)

        match captures.TryGetValue key with
        | true, own -> own
        | false, _ ->
            let own = fresh (outer.TypeOf v)
            captures[key] <- own
            captured.Add(struct (outer, v))
            own

    /// Ends construction: the captured variables become the first parameters.
    member _.Finish(outputs: Var[]) : Program =
        closed <- true
        let front = [| for struct (outer, v) in captured -> captures[struct (outer.Order, v)] |]

        {
            Inputs = Array.append front (inputs.ToArray())
            Equations = equations.ToArray()
            Outputs = outputs
            Types = types.ToArray()
        }
