// Steering the step size towards a wanted acceptance statistic by dual averaging, in logarithms.
// Source: Hoffman and Gelman (2014), The no-U-turn sampler, equation 6 and section 3.2.1.
// Read Windows next.
namespace Ppl.Inference.Adaptation

/// The state of dual averaging: a value, updated once per transition.
[<Struct>]
type DualAveraging =
    {
        /// mu: the logarithm that the iterates are pulled towards.
        Centre: float
        /// ln e, the iterate to sample with next.
        LogStep: float
        /// The weighted mean of the iterates: what to keep after warm-up.
        LogStepMean: float
        /// H-bar, the running mean of (wanted - seen).
        Error: float
        /// The number of updates.
        Count: int
    }

/// Dual averaging.
[<RequireQualifiedAccess>]
module DualAveraging =

    /// gamma
    let private shrinkage = 0.05

    /// t0
    let private delay = 10.0

    let private log10 = 2.302585092994046

    /// A new start from a step size: mu = ln(10 e).
    let start logStep = { Centre = logStep + log10; LogStep = logStep; LogStepMean = logStep; Error = 0.0; Count = 0 }

    /// <summary>
    /// One update with the acceptance statistic a of a transition, t the number of the update:
    /// H = (1 - 1/(t + t0)) H + (wanted - a)/(t + t0); ln e = mu - sqrt(t)/gamma H;
    /// mean = t^-k ln e + (1 - t^-k) mean, with gamma = 0.05, t0 = 10, k = 0.75.
    /// </summary>
    let update wanted acceptance (state: DualAveraging) =
        let count = state.Count + 1
        let t = float count
        let eta = 1.0 / (t + delay)
        let error = (1.0 - eta) * state.Error + eta * (wanted - min acceptance 1.0)
        let logStep = state.Centre - sqrt t / shrinkage * error
        // t^-0.75 by square roots, which are rounded the same way everywhere.
        let weight = 1.0 / (sqrt t * sqrt (sqrt t))
        let mean = weight * logStep + (1.0 - weight) * state.LogStepMean
        { state with LogStep = logStep; LogStepMean = mean; Error = error; Count = count }
