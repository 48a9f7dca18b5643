// Derivatives of running operations and of sorts. A running operation y has the tangent
//   dy_i = scale_i r_i,   r_i = carry_i r_(i-1) + weight_i dx_i,
// a linear recurrence whose adjoint runs the other way with the same factors; it needs no division by an element, so it is
// right at zeros, ties and -inf, and so are its own derivatives.
// Relies on Derivatives. Read Vjp next.
module internal Ppl.Core.Transforms.AlongRules

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Derivatives

/// r_i = a_i r_(i-1) + b_i along an axis, from its end if reversed; r_(-1) = 0.
let private recurrence reverse axis (a: Tensor) (b: Tensor) : Tensor =
    let order = Array.append [| axis |] (keptAxes [| axis |] a.Shape.Rank)
    let front = Ops.transpose order a
    let zero = Ops.zeros (TensorType.create a.DType (Shape.tail front.Shape))

    let step (state: Tensor[]) (slices: Tensor[]) =
        let next = slices[0] * state[0] + slices[1]
        [| next |], [| next |]

    let _, results = Control.scanBy reverse a.Shape[axis] step [| zero |] [| front; Ops.transpose order b |]
    Ops.transpose (inverse order) results[0]

/// f (element before) (element) along an axis, in the direction of the run; a number in the place of the first.
let private ofNeighbours reverse axis (first: float) (f: Tensor -> Tensor -> Tensor) (x: Tensor) : Tensor =
    let n = x.Shape[axis]

    if n = 0 then
        x
    else
        let extents = x.Shape.ToArray()
        extents[axis] <- 1
        let edge = Ops.fill (TensorType.create x.DType (Shape.ofArray extents)) first
        let front, back = Ops.slice axis 0 (n - 1) x, Ops.slice axis 1 n x

        if reverse then
            Ops.concat axis [| f back front; edge |]
        else
            Ops.concat axis [| edge; f front back |]

/// What stood one place earlier, in the direction of the run; a number before the first.
let private previous reverse axis first (x: Tensor) = ofNeighbours reverse axis first (fun before _ -> before) x

[<NoComparison; NoEquality>]
type private Factors =
    {
        Carry: Tensor
        Weight: Tensor
        /// None: ones.
        Scale: Tensor option
    }

/// The factors for y = cumulate x; none for sums, which are their own derivative.
let private factors op axis reverse (x: Tensor) (y: Tensor) : Factors option =
    match op with
    | CumulateOp.Sum -> None
    | CumulateOp.Prod -> Some { Carry = x; Weight = previous reverse axis 1.0 y; Scale = None }
    | CumulateOp.LogSumExp ->
        // Where y is -inf, so is all before: the shares are zero, not NaN.
        let isEmpty (y: Tensor) = Ops.logicalAnd (Ops.logicalNot (Ops.isFinite y)) (Ops.less y (Ops.zerosLike y))
        let finite y = Ops.select (isEmpty y) (Ops.zerosLike y) y
        let carry = ofNeighbours reverse axis 0.0 (fun before here -> Ops.exp (before - finite here)) y
        Some { Carry = carry; Weight = Ops.exp (x - finite y); Scale = None }
    | CumulateOp.Max
    | CumulateOp.Min ->
        // r sums over those that tie with the extreme so far; they share.
        let same before here = Ops.convert x.DType (Ops.equal before here)
        let isSame = ofNeighbours reverse axis 0.0 same y
        let hit = Ops.convert x.DType (Ops.equal x y)
        Some { Carry = isSame; Weight = hit; Scale = Some(Ops.reciprocal (recurrence reverse axis isSame hit)) }

let private scaled (factors: Factors) (t: Tensor) =
    match factors.Scale with
    | Some scale -> scale * t
    | None -> t

/// t of x -> t of y
let cumulateJvp op axis reverse (x: Tensor) (y: Tensor) (t: Tensor) : Tensor =
    match factors op axis reverse x y with
    | None -> Ops.cumulate op axis reverse t
    | Some factors -> scaled factors (recurrence reverse axis factors.Carry (factors.Weight * t))

/// c of y -> c of x
let cumulateVjp op axis reverse (x: Tensor) (y: Tensor) (c: Tensor) : Tensor =
    match factors op axis reverse x y with
    | None -> Ops.cumulate op axis (not reverse) c
    | Some factors ->
        let carry = previous (not reverse) axis 0.0 factors.Carry
        factors.Weight * recurrence (not reverse) axis carry (scaled factors c)

/// Sorting permutes: t of x -> t of y
let sortJvp axis (x: Tensor) (t: Tensor) : Tensor = Arrays.takeAlongAxis axis (Ops.argSort axis x) t

/// c of y -> c of x, which goes back to where y came from.
let sortVjp axis (x: Tensor) (c: Tensor) : Tensor = Arrays.addAlongAxis axis (Ops.argSort axis x) c (Ops.zerosLike x)
