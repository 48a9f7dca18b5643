// Keys of random streams: values of type i32[2], derived by hashing and never by the order of calls. A draw belongs to
// key -> address -> plate index -> step; inserting a site, a thread or a chunk changes nobody else's draws.
// Relies on Ops (the foldIn primitive is Philox4x32-10). Read Draws next.
namespace Ppl.Core.Randomness

open System.Text
open Ppl.Core.Tensors

/// Keys of counter-based random streams.
[<RequireQualifiedAccess>]
module Key =

    /// The key of a seed: its low and its high 32 bits.
    let ofSeed (seed: uint64) : Tensor = Tensor.OfInts [| int (uint32 seed); int (uint32 (seed >>> 32)) |]

    /// The key of the stream that belongs to a number, known (an index) or computed in the program (a step counter).
    let foldInTensor (data: Tensor) (key: Tensor) : Tensor = Ops.foldIn key data

    /// The key of the stream that belongs to a number.
    let foldIn (data: int) (key: Tensor) : Tensor = Ops.foldIn key (Tensor.OfInt data)

    /// The 64-bit FNV-1a hash of the UTF-8 bytes of an address; the same on every machine and in every version.
    let hash (address: string) : uint64 =
        let mutable h = 14695981039346656037UL

        for b in Encoding.UTF8.GetBytes address do
            h <- (h ^^^ uint64 b) * 1099511628211UL

        h

    /// The key of the stream that belongs to an address. Both words of the 64-bit hash are folded in: two addresses that
    /// shared a stream would be correlated silently, and with 32 bits ten thousand sites collide with probability 1%.
    let foldInName (address: string) (key: Tensor) : Tensor =
        let h = hash address
        key |> foldIn (int (uint32 h)) |> foldIn (int (uint32 (h >>> 32)))
