// Elementwise operations on concrete f64 tensors, at once: no table of offsets, no closure per element, vectors of eight where
// there are that many elements. The functions are those of the reference evaluator on one lane and on eight, so the bits are the
// same; whatever is not here goes to the reference evaluator. Relies on Ppl.Kernels. Read Tensor next.
module internal Ppl.Core.Tensors.Eager

open System
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Kernels

let private vectors (x: float[]) = MemoryMarshal.Cast<float, Vector512<float>>(ReadOnlySpan x)
let private places (x: float[]) = MemoryMarshal.Cast<float, Vector512<float>>(Span x)

let inline private map
    ([<InlineIfLambda>] one: float -> float)
    ([<InlineIfLambda>] eight: Vector512<float> -> Vector512<float>)
    (x: float[])
    =
    let result: float[] = GC.AllocateUninitializedArray x.Length
    let source = vectors x
    let target = places result

    for i in 0 .. source.Length - 1 do
        target[i] <- eight source[i]

    for i in 8 * source.Length .. x.Length - 1 do
        result[i] <- one x[i]

    result

/// Both operands, of which either may be one number for all elements.
let inline private combine
    ([<InlineIfLambda>] one: float -> float -> float)
    ([<InlineIfLambda>] eight: Vector512<float> -> Vector512<float> -> Vector512<float>)
    (x: float[])
    (y: float[])
    =
    if x.Length = y.Length then
        let result: float[] = GC.AllocateUninitializedArray x.Length
        let left = vectors x
        let right = vectors y
        let target = places result

        for i in 0 .. target.Length - 1 do
            target[i] <- eight left[i] right[i]

        for i in 8 * target.Length .. x.Length - 1 do
            result[i] <- one x[i] y[i]

        result
    elif y.Length = 1 then
        let b = y[0]
        let wide = Vector512.Create b
        map (fun a -> one a b) (fun a -> eight a wide) x
    else
        let a = x[0]
        let wide = Vector512.Create a
        map (fun b -> one a b) (fun b -> eight wide b) y

/// The function of all elements; null if it is not among those here.
let private unary op (x: float[]) : float[] | null =
    match op with
    | UnaryOp.Neg -> map (fun x -> -x) (fun x -> -x) x
    | UnaryOp.Abs -> map (fun x -> Math.Abs x) (fun x -> Vector512.Abs x) x
    | UnaryOp.Square -> map (fun x -> x * x) (fun x -> x * x) x
    | UnaryOp.Sqrt -> map (fun x -> Math.Sqrt x) (fun x -> Vector512.Sqrt x) x
    | UnaryOp.Reciprocal -> map (fun x -> 1.0 / x) (fun x -> Vector512<float>.One / x) x
    | UnaryOp.Exp -> map (fun x -> VectorMath.Exp x) (fun x -> VectorMath.Exp x) x
    | UnaryOp.Expm1 -> map (fun x -> VectorMath.Expm1 x) (fun x -> VectorMath.Expm1 x) x
    | UnaryOp.Log -> map (fun x -> VectorMath.Log x) (fun x -> VectorMath.Log x) x
    | UnaryOp.Log1p -> map (fun x -> VectorMath.Log1p x) (fun x -> VectorMath.Log1p x) x
    | UnaryOp.Sin -> map (fun x -> VectorMath.Sin x) (fun x -> VectorMath.Sin x) x
    | UnaryOp.Cos -> map (fun x -> VectorMath.Cos x) (fun x -> VectorMath.Cos x) x
    | UnaryOp.Tanh -> map (fun x -> VectorMath.Tanh x) (fun x -> VectorMath.Tanh x) x
    | UnaryOp.Sigmoid -> map (fun x -> VectorMath.Sigmoid x) (fun x -> VectorMath.Sigmoid x) x
    | UnaryOp.Softplus -> map (fun x -> VectorMath.Softplus x) (fun x -> VectorMath.Softplus x) x
    | UnaryOp.Erf -> map (fun x -> VectorMath.Erf x) (fun x -> VectorMath.Erf x) x
    | UnaryOp.Erfc -> map (fun x -> VectorMath.Erfc x) (fun x -> VectorMath.Erfc x) x
    | UnaryOp.Lgamma -> map (fun x -> VectorMath.Lgamma x) (fun x -> VectorMath.Lgamma x) x
    | UnaryOp.Digamma -> map (fun x -> VectorMath.Digamma x) (fun x -> VectorMath.Digamma x) x
    | UnaryOp.Ndtr -> map (fun x -> VectorMath.Ndtr x) (fun x -> VectorMath.Ndtr x) x
    | UnaryOp.LogNdtr -> map (fun x -> VectorMath.LogNdtr x) (fun x -> VectorMath.LogNdtr x) x
    | _ -> null

let private binary op (x: float[]) (y: float[]) : float[] | null =
    match op with
    | BinaryOp.Add -> combine (fun x y -> x + y) (fun x y -> x + y) x y
    | BinaryOp.Sub -> combine (fun x y -> x - y) (fun x y -> x - y) x y
    | BinaryOp.Mul -> combine (fun x y -> x * y) (fun x y -> x * y) x y
    | BinaryOp.Div -> combine (fun x y -> x / y) (fun x y -> x / y) x y
    | _ -> null

let private literal (ty: TensorType) (data: float[] | null) : Literal voption =
    match data with
    | null -> ValueNone
    | data -> ValueSome { Type = ty; Data = Storage.F64 data }

/// The result of an operation on one value, if it is among those here.
let tryUnary primitive (x: Literal) : Literal voption =
    match primitive, x.Data with
    | Primitive.Unary op, Storage.F64 data -> literal x.Type (unary op data)
    | _ -> ValueNone

/// The result of an operation on two values of one shape, or of which one is a scalar, if it is among those here.
let tryBinary primitive (x: Literal) (y: Literal) : Literal voption =
    match primitive, x.Data, y.Data with
    | Primitive.Binary op, Storage.F64 left, Storage.F64 right ->
        if x.Type.Shape = y.Type.Shape || y.Type.Shape.Rank = 0 then
            literal x.Type (binary op left right)
        elif x.Type.Shape.Rank = 0 then
            literal y.Type (binary op left right)
        else
            ValueNone
    | _ -> ValueNone
