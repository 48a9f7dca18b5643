// Code that works lane by lane or among lanes: reductions of eight lanes to one, loads with strides, gathers, operations
// that no instruction set has, and stores of the first lanes. Operands and addresses come as pushes.
// Relies on ScalarCode and VectorCode. Read ValueCode next.
namespace Ppl.Jit

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// Emission among lanes.
[<RequireQualifiedAccess>]
module LaneCode =

    let private laneType elem = Registers.laneType elem

    /// Adds a number of elements to a kept address and pushes it.
    let private pushOffset (w: Writer) start elem elements =
        w.Load start

        if elements <> 0 then
            w.Bytes(int64 elements * int64 (Elem.bytes elem))
            w.Arithmetic IlArithmetic.Add

    // ---- eight lanes to one ----

    let private combine (w: Writer) (part: VectorSet) elem op =
        match op with
        | ReduceOp.Sum -> w.Call(part.Operator("op_Addition", Registers.element elem))
        | ReduceOp.Prod -> w.Call(part.Operator("op_Multiply", Registers.element elem))
        | ReduceOp.Max -> VectorCode.binary w part elem BinaryOp.Max
        | ReduceOp.Min -> VectorCode.binary w part elem BinaryOp.Min
        | ReduceOp.Any -> VectorCode.binary w part Elem.Mask BinaryOp.Or
        | ReduceOp.All -> VectorCode.binary w part Elem.Mask BinaryOp.And

    let private combineScalars (w: Writer) elem op =
        let onStack: Push = ignore

        match op with
        | ReduceOp.Sum -> ScalarCode.binary w elem BinaryOp.Add onStack onStack
        | ReduceOp.Prod -> ScalarCode.binary w elem BinaryOp.Mul onStack onStack
        | ReduceOp.Max -> ScalarCode.binary w elem BinaryOp.Max onStack onStack
        | ReduceOp.Min -> ScalarCode.binary w elem BinaryOp.Min onStack onStack
        | ReduceOp.Any -> ScalarCode.binary w Elem.Mask BinaryOp.Or onStack onStack
        | ReduceOp.All -> ScalarCode.binary w Elem.Mask BinaryOp.And onStack onStack

    /// Eight lanes, given in parts, to one: lanes i and i + 4, then i and i + 2, then i and i + 1; first among parts, then
    /// within one.
    let reduce (w: Writer) (set: VectorSet) elem op (pushPart: int -> unit) =
        let parts = 8 / set.Lanes

        let rec among part step =
            if step >= parts then
                pushPart part
            else
                among part (2 * step)
                among (part + step) (2 * step)
                combine w set elem op

        let rec within (current: VectorSet) =
            w.Keep(
                current.Of(Registers.element elem),
                fun kept ->
                    if current.Bits > 128 then
                        w.Load kept
                        w.Call(current.Generic("GetLower", Registers.element elem, 1))
                        w.Load kept
                        w.Call(current.Generic("GetUpper", Registers.element elem, 1))
                        combine w current.Half elem op
                    else
                        w.Load kept
                        VectorCode.lane w current elem 0
                        w.Load kept
                        VectorCode.lane w current elem 1
                        combineScalars w elem op
            )

            if current.Bits > 128 then
                within current.Half

        among 0 1
        within set

    // ---- one part, lane by lane ----

    /// Integer division and shifts by varying counts, which no instruction set has for all widths.
    let binary (w: Writer) (set: VectorSet) elem op (pushX: Push) (pushY: Push) =
        pushX ()

        w.Keep(
            set.Integer,
            fun kept1 ->
                pushY ()

                w.Keep(
                    set.Integer,
                    fun kept2 ->
                        for lane in 0 .. set.Lanes - 1 do
                            let laneOf kept () =
                                w.Load kept
                                VectorCode.lane w set elem lane

                            ScalarCode.binary w elem op (laneOf kept1) (laneOf kept2)
                )
        )

        VectorCode.ofLanes w set elem

    /// Conversions that no instruction set has for all widths.
    let convert (w: Writer) (set: VectorSet) source target (push: Push) =
        push ()

        w.Keep(
            Registers.vectorType set source,
            fun kept ->
                for lane in 0 .. set.Lanes - 1 do
                    let laneOf () =
                        w.Load kept
                        VectorCode.lane w set source lane

                    ScalarCode.convert w source target laneOf
        )

        VectorCode.ofLanes w set target

    /// Elements `stride` apart from an address on.
    let load (w: Writer) (set: VectorSet) elem stride (pushStart: Push) =
        pushStart ()

        w.Keep(
            typeof<nativeint>,
            fun start ->
                for lane in 0 .. set.Lanes - 1 do
                    pushOffset w start elem (lane * stride)
                    w.Add(Il.LoadObject(laneType elem))
        )

        VectorCode.ofLanes w set elem

    let private gatherLanes (w: Writer) (set: VectorSet) elem stride (pushStart: Push) (pushIndex: int -> unit) =
        pushStart ()

        w.Keep(
            typeof<nativeint>,
            fun start ->
                for lane in 0 .. set.Lanes - 1 do
                    w.Load start
                    pushIndex lane
                    w.Convert IlConvert.ToPointer
                    w.Bytes(int64 stride * int64 (Elem.bytes elem))
                    w.Arithmetic IlArithmetic.Mul
                    w.Arithmetic IlArithmetic.Add
                    w.Add(Il.LoadObject(laneType elem))
        )

    /// Elements at an address plus stride times the lanes of a vector of indices.
    let gather (w: Writer) (set: VectorSet) elem stride (pushStart: Push) (pushIndices: Push) =
        pushIndices ()

        w.Keep(
            set.Integer,
            fun kept ->
                gatherLanes w set elem stride pushStart (fun lane ->
                    w.Load kept
                    VectorCode.lane w set Elem.Int lane)
        )

        VectorCode.ofLanes w set elem

    /// The same for indices in memory, which are read as scalars and never pass through a vector register.
    let gatherByMemory (w: Writer) (set: VectorSet) elem stride (pushStart: Push) (pushFirst: Push) indexStride =
        pushFirst ()

        w.Keep(
            typeof<nativeint>,
            fun first ->
                gatherLanes w set elem stride pushStart (fun lane ->
                    pushOffset w first Elem.Int (lane * indexStride)
                    w.Add(Il.LoadObject typeof<int64>))
        )

        VectorCode.ofLanes w set elem

    // ---- windows ----

    let private windowByLanes (w: Writer) (set: VectorSet) elem (first: Push) (second: Push) start =
        let ty = Registers.vectorType set elem
        first ()

        w.Keep(
            ty,
            fun kept1 ->
                second ()

                w.Keep(
                    ty,
                    fun kept2 ->
                        for lane in start .. start + set.Lanes - 1 do
                            w.Load(if lane < set.Lanes then kept1 else kept2)
                            VectorCode.lane w set elem (lane % set.Lanes)
                )
        )

        VectorCode.ofLanes w set elem

    /// The lanes from `start` on of two parts one after the other.
    let window (w: Writer) (set: VectorSet) elem (first: Push) (second: Push) start =
        let asReal (push: Push) =
            push ()

            if Registers.isInteger elem then
                VectorCode.asReal w set

        // There, only half of a vector counts.
        if elem = Elem.Single && set.Bits = 128 then
            windowByLanes w set elem first second start
        else
            asReal first
            asReal second
            w.Int32 start
            w.Call((Registers.vectors set elem).Window(Registers.element elem))

            if Registers.isInteger elem then
                VectorCode.asInteger w set

    // ---- stores ----

    /// The first `count` lanes of a kept vector, in halves: halves forward to later loads, masked stores do not.
    let rec storeFirst (w: Writer) (current: VectorSet) elem (pushAddress: int -> unit) at kept count =
        let vectors = Registers.vectors current elem
        let element = Registers.element elem

        let half name (run: int -> unit) =
            w.Load kept
            w.Call(vectors.Generic(name, element, 1))
            w.Keep(vectors.Half.Of element, run)

        let halfLanes = current.Lanes / 2

        if count = current.Lanes then
            pushAddress at
            w.Load kept
            VectorCode.store w current elem
        elif vectors.Bits = 128 then
            for lane in 0 .. count - 1 do
                pushAddress (at + lane)
                w.Load kept
                VectorCode.lane w current elem lane
                w.Add(Il.StoreObject(laneType elem))
        else
            half "GetLower" (fun lower -> storeFirst w current.Half elem pushAddress at lower (min count halfLanes))

            if count > halfLanes then
                half "GetUpper" (fun upper ->
                    storeFirst w current.Half elem pushAddress (at + halfLanes) upper (count - halfLanes))

    /// The first `count` lanes of the topmost entry, to places that are `stride` elements apart.
    let storeStrided (w: Writer) (set: VectorSet) elem (pushAddress: int -> unit) stride count =
        w.Keep(
            Registers.vectorType set elem,
            fun kept ->
                for lane in 0 .. count - 1 do
                    pushAddress (lane * stride)
                    w.Load kept
                    VectorCode.lane w set elem lane
                    w.Add(Il.StoreObject(laneType elem))
        )
