// Linear recurrences x_t = A_t x_(t-1) + b_t of a few numbers, in eight lanes, which are successive times. The maps of eight
// successive steps, composed, are one affine map x_t = P_t x_(t-8) + q_t. P and q need no state: three times the maps are
// composed with those of 1, 2 and 4 steps before, in registers, and what is left is a chain of one step for each eight
// (scattered look-ahead, as in pipelined filters).
// P is a product of eight slopes: |slope|^8 must not overflow, or the result may be infinite or NaN where the plain
// recurrence is finite (slopes above 1e38; f32: 6e4).
// Relies on Lanes and Control. Read CarryRules next.
module internal Ppl.Core.Transforms.Lookahead

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Lanes

let private lanes = 8

/// x -> A x + b on a few numbers. Entries of A that are zero are absent; those that are the same in all lanes are scalars.
[<NoComparison; NoEquality>]
type private Map = { Slopes: Tensor option[,]; Offsets: Tensor[] }

/// offset + sum of slope x, the newest addend last.
let private apply (map: Map) (x: Tensor[]) : Tensor[] =
    let row i =
        let addend j sum = map.Slopes[i, j] |> Option.fold (fun sum slope -> slope * (x[j]: Tensor) + sum) sum
        // A number's own past last: nothing else then lies between its steps.
        seq { 0 .. x.Length - 1 }
        |> Seq.filter ((<>) i)
        |> Seq.fold (fun sum j -> addend j sum) map.Offsets[i]
        |> addend i

    Array.init x.Length row

/// One map after another.
let private after (earlier: Map) (later: Map) : Map =
    let n = later.Offsets.Length

    let slope i j =
        let products =
            [
                for k in 0 .. n - 1 do
                    match later.Slopes[i, k], earlier.Slopes[k, j] with
                    | Some a, Some b -> a * b
                    | _ -> ()
            ]

        if products.IsEmpty then None else Some(List.reduce (fun (a: Tensor) b -> a + b) products)

    { Slopes = Array2D.init n n slope; Offsets = apply later earlier.Offsets }

/// What a number is before each step of a scan, and in the end.
[<NoComparison; NoEquality>]
type States = { Before: Tensor; Final: Tensor }

/// A scan's direction and length.
[<Struct>]
type Steps = { Length: int; Reverse: bool }

let private padding steps = (lanes - steps.Length % lanes) % lanes

let private vectors steps = (steps.Length + padding steps) / lanes + 1

/// The values of the steps as vectors, behind that of a step before the first, which is the last of the first vector, and
/// before zeros.
let private vectorsOf (steps: Steps) (first: Tensor) (values: Tensor) : Tensor =
    let zeros n = Ops.zeros (TensorType.create values.DType (Shape.ofList [ n ]))

    let parts =
        [| zeros (lanes - 1); Ops.reshape (Shape.ofList [ 1 ]) first; values; zeros (padding steps) |]

    Ops.concat 0 (if steps.Reverse then Array.rev parts else parts)
    |> Ops.reshape (Shape.ofList [ vectors steps; lanes ])

/// A vector as it is some steps before, from the vector before it; scalars are the same in all steps.
let private delayed (steps: Steps) lag (before: Tensor) (now: Tensor) : Tensor =
    if now.Shape.Rank = 0 then now
    elif steps.Reverse then Ops.concat 0 [| now; before |] |> Ops.slice 0 lag (lag + lanes)
    else Ops.concat 0 [| before; now |] |> Ops.slice 0 (lanes - lag) (2 * lanes - lag)

let private states (steps: Steps) (vectors: Tensor) : States =
    let x = Ops.flatten vectors
    let first = if steps.Reverse then padding steps else lanes
    let before = if steps.Reverse then first + 1 else first - 1

    {
        Before = Ops.slice 0 before (before + steps.Length) x
        Final = Ops.at (if steps.Reverse then first else first + steps.Length - 1) x
    }

/// All coefficients: the slopes row by row, then the offsets.
let private entries (map: Map) : Tensor option[] =
    Array.append (Array.ofSeq (Seq.cast map.Slopes)) (Array.map Some map.Offsets)

let private ofEntries (entries: Tensor option[]) n : Map =
    {
        Slopes = Array2D.init n n (fun i j -> entries[n * i + j])
        Offsets = Array.init n (fun i -> Option.get entries[n * n + i])
    }

let private differs (entry: Tensor option) = entry |> Option.exists (fun x -> x.Shape.Rank > 0)

/// The coefficients of a map that differ between steps.
let private varying (map: Map) : Tensor[] = entries map |> Array.filter differs |> Array.map Option.get

/// A map with others in their place.
let private withVarying (values: Tensor[]) (map: Map) : Map =
    let all = entries map
    let replaced = Array.map2 Option.orElse all (Derivatives.deal (Array.map differs all) values)
    ofEntries replaced map.Offsets.Length

/// The states of x_t = A_t x_(t-1) + b_t. Slopes and offsets are scalars in each step, some the same in all of them.
let solve (steps: Steps) (slopes: Lane option[,]) (offsets: Lane[]) (initial: Tensor[]) : States[] =
    let n = offsets.Length
    let zero = Ops.zerosLike initial[0]

    let sequence (slope: Lane) = if slope.Varies then vectorsOf steps zero slope.Value else slope.Value

    let whole =
        {
            Slopes = slopes |> Array2D.map (Option.map sequence)
            Offsets =
                Array.map2 (fun first x -> vectorsOf steps first (spread (inFront steps.Length) x)) initial offsets
        }

    let sequences = varying whole
    let m = sequences.Length

    // The state, then the coefficients of the vector before, as they are and composed with those of 1 and 2 steps before.
    let step (carried: Tensor[]) (slices: Tensor[]) =
        let compose (map: Map, kept: Tensor[]) (level, lag) =
            let own = varying map
            let before = carried[n + level * m .. n + level * m + m - 1]
            after (withVarying (Array.map2 (delayed steps lag) before own) map) map, Array.append kept own

        let map, kept = List.fold compose (withVarying slices whole, [||]) [ 0, 1; 1, 2; 2, 4 ]
        let next = apply map carried[.. n - 1]
        Array.append next kept, next

    let start = Ops.zeros (TensorType.create zero.DType (Shape.ofList [ lanes ]))

    snd (Control.scanBy steps.Reverse (vectors steps) step (Array.create (n + 3 * m) start) sequences)
    |> Array.map (states steps)
