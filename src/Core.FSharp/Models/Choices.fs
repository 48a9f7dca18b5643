// Values by address: what a trace chose, what a user constrains. Immutable.
// Relies on Tensor. Read Selection next.
namespace Ppl.Core.Models

open System
open System.Collections
open System.Collections.Generic
open Ppl.Core.Tensors

/// An immutable map from addresses to tensors.
[<Sealed>]
type Choices internal (map: Map<string, Tensor>) =

    member internal _.Map = map

    /// The number of addresses.
    member _.Count = map.Count

    /// The addresses in ordinal order.
    member _.Addresses: IReadOnlyCollection<string> = [| for KeyValue(address, _) in map -> address |]

    /// Whether there is a value at this address.
    member _.Contains address = map.ContainsKey address

    /// The value at an address (PPL6003 if there is none).
    member this.Item
        with get (address: string) =
            match map.TryFind address with
            | Some value -> value
            | None -> Refusals.missing address this.Addresses

    /// One line per address: its name and its value.
    override _.ToString() =
        let width = map |> Seq.fold (fun w (KeyValue(address, _)) -> max w address.Length) 0
        let line (KeyValue(address: string, value: Tensor)) = address.PadRight width + " = " + value.ToString()
        if map.IsEmpty then "(no choices)" else String.Join("\n", map |> Seq.map line)

    interface IEnumerable<KeyValuePair<string, Tensor>> with
        member _.GetEnumerator() : IEnumerator<KeyValuePair<string, Tensor>> =
            (map :> IEnumerable<KeyValuePair<string, Tensor>>).GetEnumerator()

        member _.GetEnumerator() : IEnumerator = (map :> IEnumerable).GetEnumerator()

/// Making and combining choices.
[<RequireQualifiedAccess>]
module Choices =

    /// No choices.
    let empty = Choices Map.empty

    /// These values at these addresses; of two values for one address the later.
    let ofSeq (values: (string * Tensor) seq) = Choices(Map.ofSeq values)

    /// The addresses with their values.
    let toSeq (choices: Choices) = Map.toSeq choices.Map

    /// The value at an address, if there is one.
    let tryFind address (choices: Choices) = choices.Map.TryFind address

    /// One more value, or another one.
    let add address value (choices: Choices) = Choices(choices.Map.Add(address, value))

    /// The choices whose address satisfies a condition.
    let filter keep (choices: Choices) = Choices(choices.Map |> Map.filter (fun address _ -> keep address))

    /// All choices of both; where both have one, that of the first.
    let merge (winning: Choices) (losing: Choices) =
        Choices(Map.fold (fun all address value -> Map.add address value all) losing.Map winning.Map)
