// The meaning of the primitives that reduce and accumulate: folds in index order.
// Relies on ReferenceArrays and arguments that TypeRules has accepted. Read ReferenceMatrices next.
module internal Ppl.Core.Ir.ReferenceReductions

open System
open Ppl.Core
open Ppl.Kernels

let private fold f (initial: 'a) count (into: int[]) (x: 'a[]) =
    let result = Array.create count initial

    for i in 0 .. x.Length - 1 do
        result[into[i]] <- f result[into[i]] x[i]

    result

let private impossible op (ty: TensorType) =
    Errors.bug "ReferenceReductions.reduce" $"{op} of {ty} after the types were checked"

let private realFold op count into (x: float[]) =
    match op with
    | ReduceOp.Sum -> fold (+) 0.0 count into x
    | ReduceOp.Prod -> fold (*) 1.0 count into x
    | ReduceOp.Max -> fold (fun a b -> Math.Max(a, b)) -infinity count into x
    | ReduceOp.Min -> fold (fun a b -> Math.Min(a, b)) infinity count into x
    | ReduceOp.Any
    | ReduceOp.All -> impossible op (TensorType.scalar DType.F64)

let inline private integerFold op (lowest: ^a) (highest: ^a) count into (x: ^a[]) : ^a[] =
    match op with
    | ReduceOp.Sum -> fold (+) LanguagePrimitives.GenericZero count into x
    | ReduceOp.Prod -> fold (*) LanguagePrimitives.GenericOne count into x
    | ReduceOp.Max -> fold max lowest count into x
    | ReduceOp.Min -> fold min highest count into x
    | ReduceOp.Any
    | ReduceOp.All -> impossible op (TensorType.scalar DType.I32)

/// Reductions: a fold from the neutral element, in row-major order. Those of f32 are taken in f64 and rounded once.
let reduce op (axes: int[]) (ty: TensorType) (x: Literal) =
    let outStrides = Shape.strides ty.Shape
    let kept = Array.except axes [| 0 .. x.Type.Shape.Rank - 1 |]
    let strides = Array.zeroCreate x.Type.Shape.Rank
    kept |> Array.iteri (fun position axis -> strides[axis] <- outStrides[position])
    let into = ReferenceArrays.offsets x.Type.Shape strides 0
    let n = ty.Shape.Count

    match op, x.Data with
    | _, Storage.F64 data -> Storage.F64(realFold op n into data)
    | _, Storage.F32 data -> Storage.F32(realFold op n into (Array.map float data) |> Array.map float32)
    | _, Storage.I64 data -> Storage.I64(integerFold op Int64.MinValue Int64.MaxValue n into data)
    | _, Storage.I32 data -> Storage.I32(integerFold op Int32.MinValue Int32.MaxValue n into data)
    | _, Storage.U32 data -> Storage.U32(integerFold op UInt32.MinValue UInt32.MaxValue n into data)
    | ReduceOp.Any, Storage.Bool data -> Storage.Bool(fold (||) false n into data)
    | ReduceOp.All, Storage.Bool data -> Storage.Bool(fold (&&) true n into data)
    | _, Storage.Bool _ -> impossible op x.Type

/// A fold along an axis from this state; `show` gives the element for the state after each step.
let private running step (initial: 's) (show: 's -> 'a) (struct (outer, extent, inner)) reverse (x: 'a[]) : 'a[] =
    let result = Array.copy x

    for o in 0 .. outer - 1 do
        for i in 0 .. inner - 1 do
            let mutable state = initial

            for turn in 0 .. extent - 1 do
                let k = if reverse then extent - 1 - turn else turn
                let at = (o * extent + k) * inner + i
                state <- step state x[at]
                result[at] <- show state

    result

/// The largest so far and the sum of e^(x - largest). Equal infinities differ by nothing here.
let private addExponential (struct (top: float, total: float)) (x: float) =
    let shrink = VectorMath.Exp(-(if top = x then 0.0 else Math.Abs(top - x)))
    let total = if x > top then total * shrink + 1.0 else total + shrink
    struct (Math.Max(top, x), total)

let private runningReals op parts reverse (data: float[]) =
    match op with
    | CumulateOp.Sum -> running (+) 0.0 id parts reverse data
    | CumulateOp.Prod -> running (*) 1.0 id parts reverse data
    | CumulateOp.Max -> running (fun a b -> Math.Max(a, b)) -infinity id parts reverse data
    | CumulateOp.Min -> running (fun a b -> Math.Min(a, b)) infinity id parts reverse data
    | CumulateOp.LogSumExp ->
        let logarithm (struct (top: float, total: float)) = top + VectorMath.Log total
        running addExponential (struct (-infinity, 0.0)) logarithm parts reverse data

let inline private runningIntegers op (least: ^a, most: ^a) parts reverse (data: ^a[]) =
    match op with
    | CumulateOp.Sum -> running (+) LanguagePrimitives.GenericZero id parts reverse data
    | CumulateOp.Prod -> running (*) LanguagePrimitives.GenericOne id parts reverse data
    | CumulateOp.Max -> running max least id parts reverse data
    | CumulateOp.Min -> running min most id parts reverse data
    | CumulateOp.LogSumExp -> Errors.bug "ReferenceReductions.cumulate" "a log-sum-exp of integers"

/// Running sums, products, ... along an axis; those of f32 are kept in f64, and each is rounded once.
let cumulate op axis reverse (x: Literal) =
    let parts = ReferenceArrays.around axis x.Type.Shape

    match x.Data with
    | Storage.F64 data -> Storage.F64(runningReals op parts reverse data)
    | Storage.F32 data -> Storage.F32(runningReals op parts reverse (Array.map float data) |> Array.map float32)
    | Storage.I64 data -> Storage.I64(runningIntegers op (Int64.MinValue, Int64.MaxValue) parts reverse data)
    | Storage.I32 data -> Storage.I32(runningIntegers op (Int32.MinValue, Int32.MaxValue) parts reverse data)
    | Storage.U32 data -> Storage.U32(runningIntegers op (UInt32.MinValue, UInt32.MaxValue) parts reverse data)
    | Storage.Bool _ -> Errors.bug "ReferenceReductions.cumulate" $"{op} of {x.Type} after the types were checked"
