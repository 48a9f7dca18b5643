// A line search for the strong Wolfe conditions: Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6,
// with the cubic interpolation of eq. 3.59.
// Relies on nothing but numbers. Read Lbfgs next.
namespace Ppl.Neural

open System

/// A point on the line: the step, the value there and the slope.
[<Struct>]
type internal LinePoint = { Step: float; Value: float; Slope: float }

module internal LineSearch =

    /// Sufficient decrease and curvature: f(a) <= f(0) + c1 a f'(0) and |f'(a)| <= c2 |f'(0)|.
    [<Struct>]
    type Conditions = { C1: float; C2: float; MaxEvaluations: int }

    /// The minimum of the cubic through two points, or the middle if that is not well inside.
    let interpolate (a: LinePoint) (b: LinePoint) : float =
        let d1 = a.Slope + b.Slope - 3.0 * (a.Value - b.Value) / (a.Step - b.Step)
        let d2 = float (sign (b.Step - a.Step)) * sqrt (d1 * d1 - a.Slope * b.Slope)
        let cubic = b.Step - (b.Step - a.Step) * ((b.Slope + d2 - d1) / (b.Slope - a.Slope + 2.0 * d2))
        let low, high = min a.Step b.Step, max a.Step b.Step
        let margin = 0.1 * (high - low)
        // A comparison with NaN (no minimum, or an infinite value) is false.
        if cubic >= low + margin && cubic <= high - margin then cubic else 0.5 * (low + high)

    /// The first step found that satisfies both conditions, from the given first step; none if there is none within the
    /// evaluations allowed. evaluate gives the point at a step.
    let search
        (conditions: Conditions)
        (evaluate: float -> LinePoint)
        (start: LinePoint)
        (first: float)
        : LinePoint option =
        let mutable left = conditions.MaxEvaluations

        let at step =
            left <- left - 1
            evaluate step

        let tooHigh (p: LinePoint) = not (p.Value <= start.Value + conditions.C1 * p.Step * start.Slope)
        let isFlat (p: LinePoint) = abs p.Slope <= -conditions.C2 * start.Slope

        // Near a minimum values differ by rounding only; there the slopes decide.
        let isAbove (p: LinePoint) (q: LinePoint) = p.Value > q.Value + 1e-15 * abs q.Value

        // Invariant: the interval between low and high contains good steps, and low has the least value so far.
        // An interval that interpolation hardly shortens is halved.
        let rec zoom (before: float) (low: LinePoint) (high: LinePoint) : LinePoint option =
            let width = abs (high.Step - low.Step)

            if left <= 0 || width = 0.0 then
                None
            else
                let p = at (if width > 0.66 * before then 0.5 * (low.Step + high.Step) else interpolate low high)

                if tooHigh p then zoom width low p
                elif isFlat p then Some p
                elif isAbove p low then zoom width low p
                elif p.Slope * (high.Step - low.Step) >= 0.0 then zoom width p low
                else zoom width p high

        let rec grow (previous: LinePoint) (step: float) : LinePoint option =
            if left <= 0 || not (Double.IsFinite step) then
                None
            else
                let p = at step

                if tooHigh p then zoom infinity previous p
                elif isFlat p then Some p
                elif isAbove p previous then zoom infinity previous p
                elif p.Slope >= 0.0 then zoom infinity p previous
                else grow p (2.0 * step)

        grow start first
