// A random program in the making: random constants, the choice of variables, and arguments inside the domains of
// functions. Shared with the tests of engines. Read RandomPrograms next.
module Ppl.Core.Tests.RandomBuild

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// Which primitives may occur.
type Family =
    /// All of them.
    | Everything
    /// None whose f64 sums an engine may reorder: results must agree to the bit.
    | Exact
    /// No jump (floor, sign, comparison, conversion of reals) and no stopGradient: results agree up to rounding, and derivatives
    /// with differences.
    | Smooth

let private wildReals =
    [| nan; infinity; -infinity; -0.0; 1e300; -1e300; 1e-300; Double.Epsilon; 2147483648.0; -745.2 |]

let private wildInts = [| Int32.MinValue; Int32.MaxValue; -1; 1 <<< 30; 32 |]

let private wildLongs =
    [| Int64.MinValue; Int64.MaxValue; -1L; 1L <<< 62; (1L <<< 54) + (1L <<< 30) + 1L; 64L |]

let f64 = TensorType.create DType.F64
let i32 = TensorType.create DType.I32

/// A program in the making.
type Build(rng: Random, family: Family, wild: bool, depth: int) =
    let types = List<TensorType>()
    let bound = List<Var>()
    let equations = List<Equation>()

    member _.Family = family
    member _.Depth = depth
    member _.Below n = rng.Next n
    member _.Chance p = rng.NextDouble() < p
    member _.OneOf(choices: 'a[]) = choices[rng.Next choices.Length]
    member _.TypeOf v = types[v]
    member _.Child() = Build(rng, family, wild, depth + 1)

    /// Whether to keep an argument inside the domain where the result is moderate.
    member this.Tame = this.Chance(if wild then 0.5 else 1.0)

    member this.Extent = this.OneOf [| 0; 1; 1; 1; 2; 2; 2; 3; 3; 3; 4; 4; 5; 9; 17 |]

    member this.Shape =
        let rank = this.OneOf [| 0; 0; 1; 1; 1; 2; 2; 3 |]
        let shape = Shape.ofArray (Array.init rank (fun _ -> this.Extent))
        if shape.Count > 60 then this.Shape else shape

    member this.DType = this.OneOf [| DType.F64; DType.F64; DType.F64; DType.I32; DType.Bool |]

    member private this.Real =
        if wild && this.Chance 0.15 then this.OneOf wildReals
        elif this.Chance 0.3 then float (this.Below 9 - 4) / 2.0
        else 4.0 * rng.NextDouble() - 2.0

    member private this.Int = if wild && this.Chance 0.15 then this.OneOf wildInts else this.Below 9 - 2

    member private this.Long =
        if wild && this.Chance 0.15 then this.OneOf wildLongs else int64 (this.Below 9 - 2)

    member this.Literal(ty: TensorType) =
        let n = ty.Shape.Count

        match ty.DType with
        | DType.F64 -> Storage.F64(Array.init n (fun _ -> this.Real))
        | DType.F32 -> Storage.F32(Array.init n (fun _ -> float32 this.Real))
        | DType.I64 -> Storage.I64(Array.init n (fun _ -> this.Long))
        | DType.I32 -> Storage.I32(Array.init n (fun _ -> this.Int))
        | DType.U32 -> Storage.U32(Array.init n (fun _ -> uint32 this.Int))
        | DType.Bool -> Storage.Bool(Array.init n (fun _ -> this.Chance 0.5))
        |> Literal.create ty.Shape

    member private _.Bind ty =
        types.Add ty
        bound.Add(types.Count - 1)
        types.Count - 1

    member this.Input ty = this.Bind ty

    member this.Add(primitive, args: Var[]) =
        let results = TypeRules.results primitive (Array.map this.TypeOf args)
        let outs = Array.map this.Bind results
        equations.Add { Primitive = primitive; Args = args; Outs = outs }
        outs

    /// The type of the one result of a primitive on these variables.
    member this.ResultType(primitive, args: Var[]) =
        Array.head (TypeRules.results primitive (Array.map this.TypeOf args))

    /// Whether it stays small enough for fast tests.
    member this.IsSmall(primitive, args) = this.ResultType(primitive, args).Shape.Count <= 200

    member this.One(primitive, args) = this.Add(primitive, args)[0]
    member this.Constant literal = this.One(Primitive.Constant literal, [||])
    member this.Unary(op, x) = this.One(Primitive.Unary op, [| x |])

    /// A variable of a type that will do: one there is, or else a new constant of the type given.
    member this.Pick(suits: TensorType -> bool, otherwise: TensorType) =
        let candidates = bound |> Seq.filter (fun v -> suits types[v]) |> Seq.toArray

        if candidates.Length > 0 && this.Chance 0.9 then
            // The younger half is taken more often, so that programs are deep rather than wide.
            let from = if this.Chance 0.5 then candidates.Length / 2 else 0
            candidates[from + this.Below(candidates.Length - from)]
        else
            this.Constant(this.Literal otherwise)

    member this.Need ty = this.Pick((=) ty, ty)
    member this.Of dtype = this.Pick((fun ty -> ty.DType = dtype), TensorType.create dtype this.Shape)

    /// A variable of the type with at least one axis.
    member this.Ranked dtype =
        this.Pick(
            (fun ty -> ty.DType = dtype && ty.Shape.Rank > 0),
            TensorType.create dtype (Shape.ofList [ this.Extent ])
        )

    member this.Subset(items: int[]) = items |> Array.filter (fun _ -> this.Chance 0.5)
    member this.Axes v = [| 0 .. types[v].Shape.Rank - 1 |]

    member this.Shuffle(items: 'a[]) =
        let items = Array.copy items
        rng.Shuffle items
        items

    member _.Finish(inputs, outputs) : Program =
        { Inputs = inputs; Equations = equations.ToArray(); Outputs = outputs; Types = types.ToArray() }

let fillLike (b: Build) v value = b.Constant(Literal.fill (b.TypeOf v) value)
let bounded (b: Build) x = b.Unary(UnaryOp.Tanh, x)

/// softplus x + 1/2
let positive (b: Build) x =
    let soft = b.Unary(UnaryOp.Softplus, bounded b x)
    b.One(Primitive.Binary BinaryOp.Add, [| soft; fillLike b x 0.5 |])

let intoDomain (b: Build) op x =
    match op with
    | UnaryOp.Exp
    | UnaryOp.Expm1
    | UnaryOp.Sin
    | UnaryOp.Cos
    | UnaryOp.Tan
    | UnaryOp.Sinh
    | UnaryOp.Cosh
    | UnaryOp.Exp2
    | UnaryOp.LogNdtr -> bounded b x
    | UnaryOp.Asin
    | UnaryOp.Acos
    | UnaryOp.Atanh
    | UnaryOp.Erfinv -> b.Unary(UnaryOp.Sin, bounded b x)
    | UnaryOp.Log1mExp -> b.Unary(UnaryOp.Neg, positive b x)
    | UnaryOp.Acosh -> b.One(Primitive.Binary BinaryOp.Add, [| positive b x; fillLike b x 1.0 |])
    | UnaryOp.Log
    | UnaryOp.Log2
    | UnaryOp.Cbrt
    | UnaryOp.Log1p
    | UnaryOp.Sqrt
    | UnaryOp.Reciprocal
    | UnaryOp.Lgamma
    | UnaryOp.Digamma
    | UnaryOp.Trigamma -> positive b x
    | UnaryOp.Ndtri -> b.Unary(UnaryOp.Sigmoid, bounded b x)
    | _ -> x
