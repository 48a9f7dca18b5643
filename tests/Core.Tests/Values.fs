// Short forms of literals, and equality of results: the same bits, except that every NaN equals every other.
module Ppl.Core.Tests.Values

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir

let reals (shape: int list) (data: float list) = Literal.create (Shape.ofList shape) (Storage.F64(List.toArray data))
let ints (shape: int list) (data: int list) = Literal.create (Shape.ofList shape) (Storage.I32(List.toArray data))
let bools (shape: int list) (data: bool list) = Literal.create (Shape.ofList shape) (Storage.Bool(List.toArray data))

/// Vectors of the other element types.
let singles (data: float32 list) = Literal.create (Shape.ofList [ data.Length ]) (Storage.F32(List.toArray data))

let longs (data: int64 list) = Literal.create (Shape.ofList [ data.Length ]) (Storage.I64(List.toArray data))
let words (data: uint32 list) = Literal.create (Shape.ofList [ data.Length ]) (Storage.U32(List.toArray data))

/// A vector.
let f (data: float list) = reals [ data.Length ] data

/// A vector.
let i (data: int list) = ints [ data.Length ] data

/// A vector.
let b (data: bool list) = bools [ data.Length ] data

let private bits (x: float) = if Double.IsNaN x then Int64.MaxValue else BitConverter.DoubleToInt64Bits x
let private bitsOfSingle (x: float32) = if Single.IsNaN x then Int32.MaxValue else BitConverter.SingleToInt32Bits x

/// Equal types, and equal bits or both NaN.
let sameBits (x: Literal) (y: Literal) =
    match x.Data, y.Data with
    | Storage.F64 xs, Storage.F64 ys -> x.Type = y.Type && Array.forall2 (fun x y -> bits x = bits y) xs ys
    | Storage.F32 xs, Storage.F32 ys ->
        x.Type = y.Type && Array.forall2 (fun x y -> bitsOfSingle x = bitsOfSingle y) xs ys
    | _ -> x = y

let private show (value: Literal) = $"{value.Type} %A{value.Data}"

let assertSame what (expected: Literal) (actual: Literal) =
    if not (sameBits expected actual) then
        Assert.Fail $"{what}: expected {show expected}, got {show actual}"

/// The primitive on these arguments gives this value.
let gives (expected: Literal) primitive (args: Literal list) =
    let actual = Reference.evaluate primitive (List.toArray args)
    assertSame (Primitive.name primitive) expected (Assert.Single actual)

/// The largest distance between two real tensors.
let distance (x: Literal) (y: Literal) =
    Assert.Equal(x.Type, y.Type)

    Array.map2 (fun (a: float) b -> abs (a - b)) (Literal.widened x) (Literal.widened y)
    |> Array.fold max 0.0
