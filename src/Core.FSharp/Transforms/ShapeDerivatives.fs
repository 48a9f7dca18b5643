// Second derivatives of the incomplete gamma and beta functions by their shapes, for which there is no code of their own: central
// differences, of sixth order, of the first derivatives. As functions of a shape these change on a scale that is known, so the
// step is a fixed part of that: truncation and rounding together stay below 1e-10 of the size of the first derivative on that scale.
// Relies on SpecialFunctions. Read Derivatives next.
module internal Ppl.Core.Transforms.ShapeDerivatives

open Ppl.Core
open Ppl.Core.Tensors

/// The derivative of f at a, for f that changes on this scale: 45 (f_1 - f_-1) - 9 (f_2 - f_-2) + (f_3 - f_-3) over 60 h. The
/// scale is a constant to derivatives.
let private difference (f: Tensor -> Tensor) (scale: Tensor) (a: Tensor) =
    let h = Ops.stopGradient scale / 64.0
    let pair k = f (a + k * h) - f (a - k * h)
    (45.0 * pair 1.0 - 9.0 * pair 2.0 + pair 3.0) / (60.0 * h)

/// ln x, finite at the borders.
let private boundedLog (x: Tensor) = Ops.log (Ops.clamp (Ops.scalarLike x 1e-300) (Ops.scalarLike x 1e300) x)

/// The scale on which functions change with a shape a, where ln t has standard deviation about 1 / sqrt a and is this far
/// from its mean: a / (1 + sqrt a + a distance).
let private scaleOf (a: Tensor) (distance: Tensor) = a / (1.0 + Ops.sqrt a + a * Ops.abs distance)

/// In f64, whatever the type of the arguments: differences of rounded numbers have no digits.
let private wide (f: Tensor[] -> Tensor) (xs: Tensor[]) : Tensor =
    Ops.convert xs[0].DType (f (xs |> Array.map Ops.toFloat))

/// d2P(a, x)/da2
let gamma (a: Tensor) (x: Tensor) : Tensor =
    [| a; x |]
    |> wide (fun xs ->
        let a, x = xs[0], xs[1]
        let scale = scaleOf a (boundedLog x - Ops.log a)
        difference (fun a -> SpecialFunctions.gammaPByShape a x) scale a)

/// The distance of ln x from about the mean of ln t, t having the beta distribution with these shapes.
let private distance (x: Tensor) (a: Tensor) (b: Tensor) = boundedLog x + Ops.log1p (b / a)

/// d2I(a, b, x)/da2
let betaByA (a: Tensor) (b: Tensor) (x: Tensor) : Tensor =
    [| a; b; x |]
    |> wide (fun xs ->
        let a, b, x = xs[0], xs[1], xs[2]
        difference (fun a -> SpecialFunctions.betaIByA a b x) (scaleOf a (distance x a b)) a)

/// d2I(a, b, x)/db2
let betaByB (a: Tensor) (b: Tensor) (x: Tensor) : Tensor =
    [| a; b; x |]
    |> wide (fun xs ->
        let a, b, x = xs[0], xs[1], xs[2]
        difference (fun b -> SpecialFunctions.betaIByB a b x) (scaleOf b (distance (1.0 - x) b a)) b)

/// d2I(a, b, x)/da db
let betaByBoth (a: Tensor) (b: Tensor) (x: Tensor) : Tensor =
    [| a; b; x |]
    |> wide (fun xs ->
        let a, b, x = xs[0], xs[1], xs[2]
        difference (fun b -> SpecialFunctions.betaIByA a b x) (scaleOf b (distance (1.0 - x) b a)) b)
