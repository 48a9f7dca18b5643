// Keeps what was compiled most recently, so that the same program gives the same code and memory stays flat whatever the
// number of programs. Relies on Ppl.Core. Read CpuEngine next.
namespace Ppl.Jit

open System
open System.Collections.Generic
open System.Threading
open Ppl.Core.Ir

/// Compiled programs by digest, the least recently used one dropped first. Thread-safe; two threads that ask for the same
/// program compile it once.
[<Sealed>]
type internal Cache(capacity: int) =

    let order = LinkedList<struct (string * Lazy<ICompiled>)>()
    let entries = Dictionary<string, LinkedListNode<struct (string * Lazy<ICompiled>)>>()
    let gate = Lock()

    let touch (node: LinkedListNode<_>) =
        order.Remove node
        order.AddFirst node

    let dropOldest () =
        match order.Last with
        | null -> ()
        | oldest ->
            let struct (key, _) = oldest.Value
            order.RemoveLast()
            entries.Remove key |> ignore

    let find key (compile: unit -> ICompiled) =
        let scope = gate.EnterScope()

        try
            match entries.TryGetValue key with
            | true, node ->
                touch node
                let struct (_, made) = node.Value
                made
            | _ ->
                let made = Lazy<ICompiled>(compile, LazyThreadSafetyMode.ExecutionAndPublication)
                entries[key] <- order.AddFirst(struct (key, made))

                if entries.Count > capacity then
                    dropOldest ()

                made
        finally
            scope.Dispose()

    /// What is kept for the key, or what `compile` makes, outside the lock. A failure is not kept.
    member _.Get(key: string, compile: unit -> ICompiled) : ICompiled =
        let made = find key compile

        try
            made.Value
        with _ ->
            let scope = gate.EnterScope()

            try
                match entries.TryGetValue key with
                | true, node ->
                    order.Remove node
                    entries.Remove key |> ignore
                | _ -> ()
            finally
                scope.Dispose()

            reraise ()
