// When the metric is learnt: a fast phase (step size only), a row of doubling windows at whose ends the metric is replaced,
// and a final fast phase.
// Source: the Stan reference manual, "HMC algorithm parameters", and Stan's windowed_adaptation.
// Read RunningMoments next.
namespace Ppl.Inference.Adaptation

/// The phases of a warm-up.
type Windows =
    {
        /// The number of warm-up transitions.
        Warmup: int
        /// The first transition that the metric learns from.
        First: int
        /// The transitions after which the metric is replaced, increasing; the last one closes the slow phase.
        Ends: int[]
    }

    /// Whether the metric learns from this transition.
    member this.Learns transition =
        this.Ends.Length > 0 && transition >= this.First && transition <= this.Ends[this.Ends.Length - 1]

    /// The number of transitions in the last window.
    member this.LastLength =
        match this.Ends.Length with
        | 0 -> 0
        | 1 -> this.Ends[0] - this.First + 1
        | n -> this.Ends[n - 1] - this.Ends[n - 2]

    /// Whether the metric is replaced after this transition.
    member this.Closes transition = System.Array.BinarySearch(this.Ends, transition) >= 0

/// Schedules of warm-up.
[<RequireQualifiedAccess>]
module Windows =

    /// Below this many transitions there is nothing to learn a metric from.
    let minimum = 20

    /// Ends of windows of doubling length; a window whose successor would not fit is stretched to the end.
    let rec private ends first length last =
        let close = first + length - 1

        if close + 2 * length > last then
            [ last ]
        else
            close :: ends (close + 1) (2 * length) last

    /// <summary>
    /// The schedule with these buffers and first window. Where they do not fit, the buffers take 15% and 10% of the warm-up
    /// and one window the rest.
    /// </summary>
    let create initial window final warmup : Windows =
        if warmup < minimum then
            { Warmup = warmup; First = warmup; Ends = [||] }
        else
            let fits = initial + window + final <= warmup
            let initial = if fits then initial else 15 * warmup / 100
            let final = if fits then final else warmup / 10
            let last = warmup - final - 1
            let window = if fits then window else last - initial + 1
            { Warmup = warmup; First = initial; Ends = List.toArray (ends initial window last) }
