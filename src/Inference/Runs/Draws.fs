// The draws of one chain, in plain arrays that are made before the first transition and filled in place.
// Read Worker next.
namespace Ppl.Inference.Runs

open System

/// The draws of one chain after its warm-up; row t of each table belongs to draw t.
[<NoComparison; NoEquality>]
type Draws =
    {
        /// The number of draws.
        Count: int
        /// The number of unconstrained coordinates.
        Dimension: int
        /// The number of reported values.
        RowLength: int
        /// The names of the columns of Statistics.
        StatisticNames: string[]
        /// Unconstrained positions, Count x Dimension.
        Positions: float[]
        /// Reported values, Count x RowLength.
        Rows: float[]
        /// Log densities on the unconstrained scale.
        LogDensities: float[]
        /// Statistics of the transitions (truth values as 0 and 1), Count x number of names.
        Statistics: float[]
    }

    /// One coordinate of all draws.
    member this.Coordinate i : float[] = Array.init this.Count (fun t -> this.Positions[t * this.Dimension + i])

    /// One reported value of all draws.
    member this.Column i : float[] = Array.init this.Count (fun t -> this.Rows[t * this.RowLength + i])

    /// One statistic of all draws; null if the kernel has none of this name.
    member this.Statistic name : float[] | null =
        match Array.IndexOf(this.StatisticNames, name) with
        | -1 -> null
        | place -> Array.init this.Count (fun t -> this.Statistics[t * this.StatisticNames.Length + place])

/// Tables of draws.
[<RequireQualifiedAccess>]
module Draws =

    /// Room for this many draws.
    let internal allocate count (sampler: CompiledSampler) : Draws =
        let d, row, names = sampler.Target.Dimension, sampler.Target.RowLength, sampler.Statistics

        {
            Count = count
            Dimension = d
            RowLength = row
            StatisticNames = names
            Positions = Array.zeroCreate (count * d)
            Rows = Array.zeroCreate (count * row)
            LogDensities = Array.zeroCreate count
            Statistics = Array.zeroCreate (count * names.Length)
        }

    /// The first draws only.
    let take count (draws: Draws) : Draws =
        if count = draws.Count then
            draws
        else
            { draws with
                Count = count
                Positions = Array.truncate (count * draws.Dimension) draws.Positions
                Rows = Array.truncate (count * draws.RowLength) draws.Rows
                LogDensities = Array.truncate count draws.LogDensities
                Statistics = Array.truncate (count * draws.StatisticNames.Length) draws.Statistics
            }

    /// The draws of consecutive segments of one chain as one table.
    let append (first: Draws) (second: Draws) : Draws =
        { first with
            Count = first.Count + second.Count
            Positions = Array.append first.Positions second.Positions
            Rows = Array.append first.Rows second.Rows
            LogDensities = Array.append first.LogDensities second.LogDensities
            Statistics = Array.append first.Statistics second.Statistics
        }
