// Where a random choice is: its address, the named axes around it, and the near names of a mistyped one.
// Relies on nothing but Foundations. Read Model next.
namespace Ppl.Core.Models

open System
open System.Collections.Generic

/// A named axis: of a plate, of a scan, or of a data set.
[<Sealed; AllowNullLiteral>]
type Axis(name: string, size: int, labels: IReadOnlyList<string>) =

    /// An axis without labels.
    new(name, size) = Axis(name, size, [||])

    /// The name.
    member _.Name = name

    /// The number of elements.
    member _.Size = size

    /// One label for each element, or none at all.
    member _.Labels = labels

    /// For example county(85).
    override _.ToString() = $"{name}({size})"

/// The place of a choice, an observation, a factor or a derived value in a model.
[<Sealed>]
type Site(address: string, axes: Axis list) =

    /// A site without axes.
    new(address) = Site(address, [])

    /// The full name: scopes and own name, joined by slashes.
    member _.Address = address

    /// The named axes at the front of the shape, outermost first. Axes behind them have no name.
    member _.Axes = axes

    override _.ToString() = address

/// Addresses as strings.
[<RequireQualifiedAccess>]
module Address =

    /// The address of a name inside a scope.
    let join (scope: string) (name: string) = scope + "/" + name

    /// Whether an address lies inside a scope.
    let isUnder (scope: string) (address: string) = address.StartsWith(scope + "/", StringComparison.Ordinal)

    /// The number of insertions, deletions and replacements that turn one word into the other.
    let private distance (a: string) (b: string) =
        let next (row: int[]) i =
            let fresh = Array.create (b.Length + 1) i

            for j in 1 .. b.Length do
                let replace =
                    row[j - 1] + (if Char.ToLowerInvariant a[i - 1] = Char.ToLowerInvariant b[j - 1] then 0 else 1)

                fresh[j] <- min replace (1 + min row[j] fresh[j - 1])

            fresh

        (Seq.fold next (Array.init (b.Length + 1) id) (seq { 1 .. a.Length }))[b.Length]

    /// The known addresses, the ones most like the given one first, at most five.
    let nearest (address: string) (known: string seq) =
        known
        |> Seq.distinct
        |> Seq.sortBy (fun other -> distance address other, other)
        |> Seq.truncate 5
        |> Seq.toArray
