// Sets of addresses, as users describe them: by name, by scope, and their unions and complements.
// Relies on Address. Read Model next.
namespace Ppl.Core.Models

open System.Collections.Generic

/// A set of addresses.
[<Sealed>]
type Selection internal (contains: string -> bool) =

    /// Whether an address belongs to the set.
    member _.Contains(address: string) = contains address

/// Sets of addresses.
[<RequireQualifiedAccess>]
module Selection =

    /// All addresses.
    let all = Selection(fun _ -> true)

    /// No address.
    let none = Selection(fun _ -> false)

    /// These addresses.
    let addresses (names: string seq) = Selection(HashSet(names).Contains)

    /// All addresses inside a scope.
    let under scope = Selection(Address.isUnder scope)

    /// The addresses of one set or the other.
    let union (a: Selection) (b: Selection) = Selection(fun address -> a.Contains address || b.Contains address)

    /// The addresses that do not belong to a set.
    let complement (a: Selection) = Selection(a.Contains >> not)
