// Means and covariances of a stream of vectors, one pass, updated in place.
// Source: Welford (1962), Technometrics 4(3).
// Read MetricEstimate next.
namespace Ppl.Inference.Adaptation

open System

/// The running mean and the sums of squared (or cross) deviations of vectors.
[<NoComparison; NoEquality>]
type RunningMoments =
    {
        /// The number of vectors.
        mutable Count: int
        /// Their mean, d.
        Mean: float[]
        /// Sums of squared deviations, d, or of cross products, d x d (lower triangle).
        Spread: float[]
    }

/// Running moments.
[<RequireQualifiedAccess>]
module RunningMoments =

    /// No vectors yet; variances only.
    let diagonal d = { Count = 0; Mean = Array.zeroCreate d; Spread = Array.zeroCreate d }

    /// No vectors yet; the whole covariance.
    let dense d = { Count = 0; Mean = Array.zeroCreate d; Spread = Array.zeroCreate (d * d) }

    /// A copy that shares nothing.
    let copy m = { m with Mean = Array.copy m.Mean; Spread = Array.copy m.Spread }

    /// Forgets all vectors.
    let clear m =
        m.Count <- 0
        Array.Clear m.Mean
        Array.Clear m.Spread

    /// Takes in a vector: mean += (x - mean)/n, then spread += (x - old mean)(x - new mean)'. Allocates nothing.
    let add (m: RunningMoments) (x: ReadOnlySpan<float>) =
        let d = m.Mean.Length
        m.Count <- m.Count + 1
        let share = 1.0 / float m.Count

        if m.Spread.Length = d then
            for i in 0 .. d - 1 do
                let deviation = x[i] - m.Mean[i]
                m.Mean[i] <- m.Mean[i] + share * deviation
                m.Spread[i] <- m.Spread[i] + deviation * (x[i] - m.Mean[i])
        else
            // (x - old)(x - new)' = (1 - 1/n) (x - old)(x - old)': rows need the old mean only.
            for i in 0 .. d - 1 do
                let deviation = (1.0 - share) * (x[i] - m.Mean[i])

                for j in 0..i do
                    m.Spread[i * d + j] <- m.Spread[i * d + j] + deviation * (x[j] - m.Mean[j])

            for i in 0 .. d - 1 do
                m.Mean[i] <- m.Mean[i] + share * (x[i] - m.Mean[i])

    /// The i-th variance, divisor n - 1.
    let variance (m: RunningMoments) i =
        let place = if m.Spread.Length = m.Mean.Length then i else i * (m.Mean.Length + 1)
        m.Spread[place] / float (m.Count - 1)
