// What elements of loop programs are in registers: the types of scalars on the stack, of vectors, and of one part of a
// value of eight lanes. Relies on Machine. Read Outline next.
namespace Ppl.Jit

open System
open Ppl.Lowering

/// The types of values in registers.
[<RequireQualifiedAccess>]
module Registers =

    /// The type of one lane in vector registers; masks are reals there.
    let element elem =
        match elem with
        | Elem.Real
        | Elem.Mask -> typeof<float>
        | Elem.Single -> typeof<float32>
        | Elem.Long
        | Elem.Int
        | Elem.Word -> typeof<int64>

    /// The type of one element on the stack and in memory; masks are integers there, so that no bit pattern passes through
    /// a real.
    let laneType elem = if elem = Elem.Mask then typeof<int64> else element elem

    /// Whether the lanes are integers.
    let isInteger elem =
        match elem with
        | Elem.Long
        | Elem.Int
        | Elem.Word -> true
        | Elem.Real
        | Elem.Single
        | Elem.Mask -> false

    /// The vectors that hold as many lanes of this element type as `set` has.
    let vectors (set: VectorSet) elem = if elem = Elem.Single then set.Singles else set

    /// The type of one part of a value of eight lanes.
    let vectorType (set: VectorSet) elem : Type = (vectors set elem).Of(element elem)

    /// The type of a value, or of one part of it.
    let typeOf (set: VectorSet) (ty: ValueType) =
        if ty.Lanes = Lanes.One then laneType ty.Elem else vectorType set ty.Elem
