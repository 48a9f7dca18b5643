// Short forms, and gradients against central differences.
module Ppl.Neural.Tests.Support

open System
open Xunit
open Ppl.Core
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Trees

let shape (extents: int list) = Shape.ofList extents
let key n = Key.ofSeed (uint64 n)
let normal n extents = Draws.normal (shape extents) (key n)
let vector (xs: float list) = Tensor.OfFloats(List.toArray xs)

let tensor (extents: int list) (xs: float seq) =
    Tensor.OfLiteral(Literal.create (shape extents) (Storage.F64(Seq.toArray xs)))

let floats (tree: 'T) = Tree.leaves tree |> Array.collect (fun x -> x.ToFloats())

let close (tolerance: float) (expected: float seq) (actual: float seq) =
    let expected, actual = Seq.toArray expected, Seq.toArray actual
    Assert.Equal(expected.Length, actual.Length)

    for i in 0 .. expected.Length - 1 do
        if not (abs (expected[i] - actual[i]) <= tolerance * (1.0 + abs expected[i])) then
            Assert.Fail $"element {i}: expected {expected[i]:R}, got {actual[i]:R}"

let fails id (action: unit -> unit) =
    let error = Assert.Throws<PplException>(action)
    Assert.Equal(id, error.Id)

/// The gradient of a weighted sum of f at a tree agrees with central differences along three directions.
let differentiates (f: 'P -> Tensor) (at: 'P) =
    let weights = (f at).Shape |> fun s -> Draws.normal s (key 99)
    let g p = Ops.sum (weights * f p)
    let gradient = OnTrees.grad g at

    for seed in 1..3 do
        let direction =
            at |> Tree.map (fun x -> if x.DType = DType.F64 then Draws.normal x.Shape (key seed) else x)

        let moved (h: float) = at |> Tree.map2 (fun d x -> if x.DType = DType.F64 then x + h * d else x) direction
        let h = 1e-5
        let expected = ((g (moved h)).ToFloat() - (g (moved -h)).ToFloat()) / (2.0 * h)

        let actual =
            Array.map2
                (fun (d: Tensor) (x: Tensor) -> if x.DType = DType.F64 then (Ops.sum (d * x)).ToFloat() else 0.0)
                (Tree.leaves direction)
                (Tree.leaves gradient)
            |> Array.sum

        close 1e-7 [ expected ] [ actual ]

let sigmoid x = 1.0 / (1.0 + Math.Exp -x)

/// x W + b for one row.
let affine (w: float[,]) (b: float[]) (x: float[]) =
    Array.init b.Length (fun j -> b[j] + Seq.sum (Seq.init x.Length (fun i -> x[i] * w[i, j])))

let matrix (x: Tensor) =
    let data = x.ToFloats()
    Array2D.init x.Shape[0] x.Shape[1] (fun i j -> data[i * x.Shape[1] + j])

let rows (x: Tensor) =
    let width = x.Shape[x.Shape.Rank - 1]
    x.ToFloats() |> Array.chunkBySize width
