// Sums written out term by term, where a loop would cost more than it saves. What a term is comes as a function of the
// position in the operand. Relies on Fold and Moves. Read Orientation next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Unrolled

open Ppl.Core
open Ppl.Core.Ir

let private isScalar (shape: Shape) (axes: Affine[]) = (Affine.dot (Shape.strides shape) axes).Lane = 0

/// Blocks of eight terms: the active lanes of the last one, and how many blocks.
let private blocksOf n =
    let blocks = (n + 7) / 8
    struct (blocks, n - 8 * (blocks - 1))

let private laneFrom start = { Affine.constant start with Lane = 1 }

/// One element (or eight) of a reduction, at a position of the result.
let reduce (r: Region) v (eq: Equation) op reducedAxes (at: At) (part: At -> Fold.Term) (axes: Affine[]) =
    let x = eq.Args[0]
    let shape = r.Shape x
    let n = if r.Count v = 0 then 0 else r.Count x / r.Count v
    let elem = Elem.ofDType (r.Type v).DType
    let kept = Facts.freeAxes shape.Rank reducedAxes [||]
    let full = Array.create shape.Rank Affine.zero
    kept |> Array.iteri (fun i axis -> full[axis] <- axes[i])
    let wide = reducedAxes |> Array.filter (fun axis -> shape[axis] <> 1)
    let scalar = isScalar shape full

    let inLanes (position: int -> At) =
        let struct (blocks, lastActive) = blocksOf n
        let terms = Array.init blocks (fun b -> part (position (8 * b)))
        Fold.lanes r.Emitter r.Floor elem op terms lastActive

    if scalar && n >= 5 && n = r.Count x then
        inLanes (At.block n)
    elif scalar && n >= 5 && wide.Length = 1 then
        inLanes (fun start -> At.axes (min 8 (n - start)) (Index.withAxis full wide[0] (laneFrom start)))
    elif n = 0 then
        Fold.identity r.Emitter elem op
    else
        let positions = Index.enumerate shape (List.ofArray reducedAxes) full |> Array.ofList
        Fold.chains r.Emitter r.Floor elem op (Array.map (fun p -> part (At.axes at.Active p)) positions)

/// The positions of both operands of a product at a position of the result and of the contracted axes.
let operandAxes (r: Region) (eq: Equation) (dot: DotAxes) (axes: Affine[]) (inner: Affine[]) =
    let side v (batch: int[]) (contracted: int[]) first =
        let shape = r.Shape v
        let position = Array.create shape.Rank Affine.zero
        batch |> Array.iteri (fun i axis -> position[axis] <- axes[i])

        Facts.freeAxes shape.Rank batch contracted
        |> Array.iteri (fun i axis -> position[axis] <- axes[first + i])

        contracted |> Array.iteri (fun i axis -> position[axis] <- inner[i])
        position

    let batch = dot.BatchLeft.Length
    let left = (r.Shape eq.Args[0]).Rank - batch - dot.ContractLeft.Length

    struct (side eq.Args[0] dot.BatchLeft dot.ContractLeft batch,
            side eq.Args[1] dot.BatchRight dot.ContractRight (batch + left))

/// One element (or eight) of a product, at a position of the result; factors are given by the position of the contracted
/// axes and the active lanes.
let contract (r: Region) v (eq: Equation) (dot: DotAxes) (at: At) (factors: Affine[] -> int -> Fold.Term) axes =
    let e = r.Emitter
    let shape = r.Shape eq.Args[0]
    let extents = dot.ContractLeft |> Array.map (fun axis -> shape[axis])
    let n = Array.fold (*) 1 extents

    if isScalar (r.Shape v) axes && n >= 5 && extents.Length = 1 then
        let struct (blocks, lastActive) = blocksOf n
        let terms = Array.init blocks (fun b -> factors [| laneFrom (8 * b) |] (min 8 (n - 8 * b)))
        Fold.lanes e r.Floor Elem.Real ReduceOp.Sum terms lastActive
    else
        let inners =
            Index.enumerate
                (Shape.ofArray extents)
                [ 0 .. extents.Length - 1 ]
                (Array.create extents.Length Affine.zero)

        let terms = inners |> List.map (fun inner -> factors inner at.Active) |> Array.ofList
        Fold.chains e r.Floor Elem.Real ReduceOp.Sum terms
