// Forward-mode differentiation of functions of tensors: values and directional derivatives together, along every primitive,
// loops of unknown length included.
//   y = f(x), tangent t of x:  t of y = (dy/dx) t
// A second derivation of every derivative: <c, J t> = <J' c, t> ties the two modes together. Absent tangents are zeros.
// Relies on Grad (to transpose the derivatives that users give). Read Lanes next.
namespace Ppl.Core.Transforms

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms.Derivatives

/// Directional derivatives of functions of tensors.
[<RequireQualifiedAccess>]
module Jvp =

    let private reduce op axes (x: Tensor) (y: Tensor) (t: Tensor) =
        match op with
        | ReduceOp.Sum -> Some(Ops.sumAlong axes t)
        | ReduceOp.Prod -> Some(Ops.sumAlong axes (t * productOfOthers axes x))
        | ReduceOp.Max
        | ReduceOp.Min ->
            let hit, count = extremes axes x y
            Some(Ops.sumAlong axes (hit * t) / count)
        | ReduceOp.Any
        | ReduceOp.All -> None

    /// A = L L', so dL = L Phi(L^-1 dA L'^-1), Phi taking the lower triangle and half the diagonal (Murray 2016, eq. 8);
    /// dA is symmetric and known by its lower triangle.
    let private cholesky (l: Tensor) (t: Tensor) =
        let lower = triangle true 0.5 t
        let right = Ops.triangularSolve true false l (lower + swapLast lower)
        let both = swapLast (Ops.triangularSolve true false l (swapLast right))
        matmul l false (triangle true 0.5 both) false

    /// a = Phi(G), G = S + S', S = L'^-1 Phi(L' b) L^-1: linear in b, and dL on either side of S gives -L'^-1 dL' G.
    let private choleskyVjp (l: Tensor) (b: Tensor) (a: Tensor) (tl: Tensor option) (tb: Tensor option) =
        let lower = triangle true 1.0
        let solve x = Ops.triangularSolve true true l x

        let moved (t: Tensor) =
            let inner = Ops.choleskyVjp l (solve (matmul (lower t) true (lower b) false))
            let outer = solve (matmul (lower t) true (a + swapLast a) false)
            inner - triangle true 0.5 (outer + swapLast outer)

        sum (Option.map (Ops.choleskyVjp l) tb) (Option.map moved tl)

    /// op(L) X = B, so op(L) dX = dB - op(dL) X.
    let private triangularSolve lower transpose (l: Tensor) (x: Tensor) (tl: Tensor option) (tb: Tensor option) =
        let moved = tl |> Option.map (fun t -> -(matmul (triangle lower 1.0 t) transpose x false))
        sum tb moved |> Option.map (Ops.triangularSolve lower transpose l)

    /// An operation that is linear in the arguments at these places, applied to their tangents.
    let private linear primitive places (xs: Tensor[]) (ts: Tensor option[]) =
        let at i x = if List.contains i places then orZero x ts[i] else x
        Some(Bind.one primitive (Array.mapi at xs))

    let private simple primitive (xs: Tensor[]) (y: Tensor) (ts: Tensor option[]) : Tensor option =
        let along i by = ts[i] |> Option.map by

        match primitive with
        | Primitive.Unary op -> unary op xs[0] y |> Option.bind (along 0)
        | Primitive.Binary op ->
            match binary op xs[0] xs[1] y with
            | Some(byLeft, byRight) -> sum (along 0 byLeft) (along 1 byRight)
            | None -> None
        | Primitive.Special op -> special op xs |> Array.mapi along |> Array.fold sum None
        | Primitive.Select -> linear primitive [ 1; 2 ] xs ts
        | Primitive.Reduce(op, axes) -> ts[0] |> Option.bind (reduce op axes xs[0] y)
        | Primitive.Cumulate(op, axis, reverse) -> along 0 (AlongRules.cumulateJvp op axis reverse xs[0] y)
        | Primitive.Order(OrderOp.Sort axis) -> along 0 (AlongRules.sortJvp axis xs[0])
        | Primitive.Move _ -> linear primitive [ 0 .. xs.Length - 1 ] xs ts
        | Primitive.Index(IndexOp.Take _ | IndexOp.DynamicSlice _) -> linear primitive [ 0 ] xs ts
        | Primitive.Index(IndexOp.ScatterAdd _) -> linear primitive [ 0; 2 ] xs ts
        | Primitive.Index IndexOp.DynamicUpdate -> linear primitive [ 0; 1 ] xs ts
        | Primitive.Contract axes ->
            sum (along 0 (fun t -> Ops.dotGeneral axes t xs[1])) (along 1 (fun t -> Ops.dotGeneral axes xs[0] t))
        | Primitive.Factor FactorOp.Cholesky -> along 0 (cholesky y)
        | Primitive.Factor FactorOp.CholeskyVjp -> choleskyVjp xs[0] xs[1] y ts[0] ts[1]
        | Primitive.Factor(FactorOp.TriangularSolve(lower, transpose)) ->
            triangularSolve lower transpose xs[0] y ts[0] ts[1]
        | Primitive.Factor op -> FactorRules.jvp op xs y ts
        | Primitive.Fourier inverse -> along 0 (Ops.fourier inverse)
        | Primitive.Convert dtype -> if DType.isReal dtype then along 0 (Ops.convert dtype) else None
        | Primitive.Constant _
        | Primitive.Iota _
        | Primitive.Compare _
        | Primitive.Order _
        | Primitive.Random _ -> None
        | Primitive.Control _
        | Primitive.Custom _ -> Errors.bug "Jvp.simple" "control flow and operations from outside have their own rules"

    let rec private push (program: Program) (xs: Tensor[]) (ts: Tensor option[]) : Tensor[] * Tensor option[] =
        let values: Tensor[] = Array.zeroCreate program.Types.Length
        let tangents: Tensor option[] = Array.create program.Types.Length None
        Array.iter2 (fun v x -> values[v] <- x) program.Inputs xs
        Array.iter2 (fun v t -> tangents[v] <- t) program.Inputs ts

        for eq in program.Equations do
            let args = eq.Args |> Array.map (fun v -> values[v])
            let given = eq.Args |> Array.map (fun v -> tangents[v])

            let results, moved =
                if Array.exists Option.isSome given then
                    pushEquation eq args given
                else
                    Bind.many eq.Primitive args, Array.map (fun _ -> None) eq.Outs

            Array.iteri (fun i v -> values[v] <- results[i]) eq.Outs
            Array.iteri (fun i v -> tangents[v] <- moved[i]) eq.Outs

        program.Outputs |> Array.map (fun v -> values[v]), program.Outputs |> Array.map (fun v -> tangents[v])

    and private pushEquation (eq: Equation) (args: Tensor[]) (ts: Tensor option[]) =
        match eq.Primitive with
        | Primitive.Control(ControlOp.Cond(whenTrue, whenFalse)) -> pushCond eq whenTrue whenFalse args ts
        | Primitive.Control(ControlOp.While(constants, condition, body)) -> pushWhile constants condition body args ts
        | Primitive.Control(ControlOp.Scan(constants, carry, length, reverse, body)) ->
            pushScan constants carry length reverse body args ts
        | Primitive.Control(ControlOp.Checkpoint body) -> pushCheckpoint eq body args ts
        | Primitive.Control(ControlOp.CustomGrad(captured, _, vjp)) -> pushCustom eq captured vjp args ts
        | Primitive.Custom op ->
            let results = Bind.many eq.Primitive args
            results, CustomRules.jvp Grad.transpose op args results ts
        | primitive ->
            let results = Bind.many primitive args
            results, [| simple primitive args results[0] ts |]

    /// The results of a program, followed by the tangents of those in the mask.
    and private pushInto (program: Program) mask (xs: Tensor[]) (ts: Tensor option[]) =
        let ys, tangents = push program xs ts
        Array.append ys (pick mask (Array.map2 orZero ys tangents))

    and private pushCond eq whenTrue whenFalse args ts =
        let mask = Activity.results eq.Primitive (ts |> Array.map Option.isSome)
        let branch program () = pushInto program mask args[1..] ts[1..]
        let results = Control.condMany args[0] (branch whenTrue) (branch whenFalse)
        let n = eq.Outs.Length
        results[.. n - 1], deal mask results[n..]

    and private pushCheckpoint eq body args ts =
        let moving = ts |> Array.map Option.isSome
        let mask = Activity.results eq.Primitive moving
        let given = Array.append args (Array.choose id ts)
        let n = eq.Outs.Length

        let inside =
            Trace.program (given |> Array.map _.Type) (fun all ->
                pushInto body mask all[.. args.Length - 1] (deal moving all[args.Length ..]))

        let results = Bind.many (Primitive.Control(ControlOp.Checkpoint inside)) given
        results[.. n - 1], deal mask results[n..]

    /// The user's rule is c -> J' c; its transpose is t -> J t. It is linear: any c will do to transpose it.
    and private pushCustom eq captured vjp args ts =
        requireNoCaptured (ts[.. captured - 1] |> Array.map Option.isSome)
        let results = Bind.many eq.Primitive args
        let rule (cotangents: Tensor[]) = Trace.replay vjp (Array.concat [ args; results; cotangents ])
        let _, transposed = Grad.vjp rule (results |> Array.map Ops.zerosLike)
        let tangents = transposed (Array.map2 orZero args[captured..] ts[captured..])
        results, Array.map2 (fun (y: Tensor) t -> if Derivatives.isReal y then Some t else None) results tangents

    /// The loop carries the tangents of what varies beside the values.
    and private pushWhile constants condition body args ts =
        let inner, initial = args[.. constants - 1], args[constants..]
        let mask = Activity.loop constants initial.Length body (ts |> Array.map Option.isSome)
        let n = initial.Length
        let test (state: Tensor[]) = (Trace.replay condition (Array.append inner state[.. n - 1]))[0]

        let step (state: Tensor[]) =
            let tangents = Array.append ts[.. constants - 1] (deal mask state[n..])
            pushInto body mask (Array.append inner state[.. n - 1]) tangents

        let tangents = pick mask (Array.map2 orZero initial ts[constants..])
        let results = Control.whileLoop test step (Array.append initial tangents)
        results[.. n - 1], deal mask results[n..]

    and private pushScan constants carry length reverse body args ts =
        let inner, initial, xs =
            args[.. constants - 1], args[constants .. constants + carry - 1], args[constants + carry ..]

        let xTangents = ts[constants + carry ..]
        let moving = xTangents |> Array.map Option.isSome
        let mask = Activity.loop constants carry body (ts |> Array.map Option.isSome)
        let stateMask = mask[.. carry - 1]

        let step (state: Tensor[]) (slices: Tensor[]) =
            let values = Array.concat [ inner; state[.. carry - 1]; slices[.. xs.Length - 1] ]

            let tangents =
                Array.concat [ ts[.. constants - 1]; deal stateMask state[carry..]; deal moving slices[xs.Length ..] ]

            let results, moved = push body values tangents
            let moved = Array.map2 orZero results moved

            Array.append results[.. carry - 1] (pick stateMask moved[.. carry - 1]),
            Array.append results[carry..] (pick mask[carry..] moved[carry..])

        let tangents = pick stateMask (Array.map2 orZero initial ts[constants .. constants + carry - 1])

        let state, ys =
            Control.scanBy
                reverse
                length
                step
                (Array.append initial tangents)
                (Array.append xs (Array.choose id xTangents))

        let outputs = mask.Length - carry

        Array.append state[.. carry - 1] ys[.. outputs - 1],
        Array.append (deal stateMask state[carry..]) (deal mask[carry..] ys[outputs..])

    /// The values of f at xs and their derivatives along the tangents: (df/dx) t. The tangents have the types of xs; those of
    /// integers and truth values are ignored, and theirs among the results are zeros.
    let jvp (f: Tensor[] -> Tensor[]) (xs: Tensor[]) (tangents: Tensor[]) : Tensor[] * Tensor[] =
        if (xs |> Array.map _.Type) <> (tangents |> Array.map _.Type) then
            Errors.shapes "jvp" "there must be one tangent for each argument, of the same type"

        let closure = Trace.closure (xs |> Array.map _.Type) f
        let fixedOnes = closure.Captured |> Array.map (fun _ -> None)
        let moving = Array.map2 (fun (x: Tensor) t -> if DType.isReal x.DType then Some t else None) xs tangents
        let ys, ts = push closure.Program (Array.append closure.Captured xs) (Array.append fixedOnes moving)
        ys, Array.map2 orZero ys ts
