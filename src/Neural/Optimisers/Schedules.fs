// Learning rates as functions of the number of steps done.
// Relies on Ops. Read FirstOrder next.
namespace Ppl.Neural

open System
open Ppl.Core
open Ppl.Core.Tensors

/// The learning rate after t steps: t as i32[] -> f64[].
type Schedule = Tensor -> Tensor

/// Schedules. In the formulas t counts the steps done so far: it is 0 at the first step.
[<RequireQualifiedAccess>]
module Schedules =

    let private positive name (steps: int) =
        if steps < 1 then
            Errors.argument name $"{steps} steps" "give at least one step"

    /// rate
    let constant (rate: float) : Schedule = fun _ -> Ops.scalar rate

    /// rate * factor^(t / steps)
    let exponential (rate: float) (factor: float) (steps: int) : Schedule =
        positive "exponential" steps
        fun t -> rate * Ops.pow (Ops.scalar factor) (Ops.toFloat t * (1.0 / float steps))

    /// final + (rate - final) (1 + cos(pi min(t, steps) / steps)) / 2: Loshchilov and Hutter (2017), eq. 5, without restarts.
    let cosine (rate: float) (final: float) (steps: int) : Schedule =
        positive "cosine" steps

        fun t ->
            let progress = Ops.min (Ops.toFloat t * (1.0 / float steps)) (Ops.scalar 1.0)
            final + 0.5 * (rate - final) * (1.0 + Ops.cos (Math.PI * progress))

    /// rate (t + 1) / steps for the first steps, where rate is that of the following schedule at its start; then the
    /// following schedule, which counts from there.
    let warmUp (steps: int) (following: Schedule) : Schedule =
        positive "warmUp" steps

        fun t ->
            let rising =
                Ops.toFloat (t |> Ops.add (Tensor.OfInt 1)) * (1.0 / float steps) * following (Tensor.OfInt 0)

            let later = following (Ops.max (Ops.sub t (Tensor.OfInt steps)) (Tensor.OfInt 0))
            Ops.select (Ops.less t (Tensor.OfInt steps)) rising later
