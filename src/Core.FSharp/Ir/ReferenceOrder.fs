// The meaning of the primitives that sort and search: stable sorts of index arrays and searches by definition.
// Relies on arguments that TypeRules has accepted. Read Reference next.
module internal Ppl.Core.Ir.ReferenceOrder

open System
open Ppl.Core

/// a is before b: NaN is after all numbers, -0.0 and 0.0 are equal.
let private realBefore (a: float) (b: float) = a < b || (Double.IsNaN b && not (Double.IsNaN a))

/// Whether the element at the first position is before that at the second one.
let private beforeAt (x: Storage) : int -> int -> bool =
    match x with
    | Storage.F64 x -> (fun i j -> realBefore x[i] x[j])
    | Storage.F32 x -> (fun i j -> realBefore (float x[i]) (float x[j]))
    | Storage.I64 x -> (fun i j -> x[i] < x[j])
    | Storage.I32 x -> (fun i j -> x[i] < x[j])
    | Storage.U32 x -> (fun i j -> x[i] < x[j])
    | Storage.Bool _ -> Errors.bug "ReferenceOrder" "an order of bool after the types were checked"

/// Two storages of one type, one after the other.
let private joined (x: Storage) (y: Storage) =
    let all = Storage.zeros (Storage.dtype x) (Storage.length x + Storage.length y)
    Storage.scatter [| 0 .. Storage.length x - 1 |] x all
    Storage.scatter [| Storage.length x .. Storage.length all - 1 |] y all
    all

/// The positions of the elements along an axis, line by line.
let private lines axis (shape: Shape) : int[][] =
    let struct (outer, extent, inner) = ReferenceArrays.around axis shape

    [|
        for o in 0 .. outer - 1 do
            for i in 0 .. inner - 1 do
                Array.init extent (fun k -> (o * extent + k) * inner + i)
    |]

/// For each position, which element along the axis belongs there.
let private permutation axis (x: Literal) =
    let before = beforeAt x.Data
    let result = Array.zeroCreate x.Type.Shape.Count

    for line in lines axis x.Type.Shape do
        let compare i j =
            if before line[i] line[j] then -1
            elif before line[j] line[i] then 1
            else 0

        // List.sortWith is stable.
        List.sortWith compare [ 0 .. line.Length - 1 ]
        |> List.iteri (fun place source -> result[line[place]] <- source)

    result

let private sort axis (x: Literal) =
    let sources = permutation axis x
    let positions = Array.zeroCreate sources.Length

    for line in lines axis x.Type.Shape do
        for position in line do
            positions[position] <- line[sources[position]]

    Storage.gather positions x.Data

/// Along each line, the first element that none beats: NaN beats every number.
let private best beats axis (x: Literal) =
    let isNaN i = Double.IsNaN(Storage.number x.Data i)
    let wins i j = not (isNaN j) && (isNaN i || beats i j)

    lines axis x.Type.Shape
    |> Array.map (fun line ->
        let mutable found = 0

        for k in 1 .. line.Length - 1 do
            if wins line[k] line[found] then
                found <- k

        found)

let private search right (sorted: Literal) (values: Literal) =
    let rank = sorted.Type.Shape.Rank
    let n, m = sorted.Type.Shape[rank - 1], values.Type.Shape[rank - 1]
    let before = beforeAt (joined sorted.Data values.Data)
    let first = sorted.Type.Shape.Count

    Array.init values.Type.Shape.Count (fun i ->
        let value = first + i
        let counts k = if right then not (before value k) else before k value
        let row = i / m * n
        Seq.filter counts (seq { row .. row + n - 1 }) |> Seq.length)

/// Sorts and searches.
let order op (args: Literal[]) =
    let x = args[0]
    let before = beforeAt x.Data

    match op with
    | OrderOp.Sort axis -> sort axis x
    | OrderOp.ArgSort axis -> Storage.I32(permutation axis x)
    | OrderOp.ArgMax axis -> Storage.I32(best (fun i j -> before j i) axis x)
    | OrderOp.ArgMin axis -> Storage.I32(best before axis x)
    | OrderOp.SearchSorted right -> Storage.I32(search right x args[1])
