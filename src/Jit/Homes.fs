// Gives every kept value and every variable a home: reused locals by liveness (a linear scan over the structured code),
// or, past the pool and across methods, a slot of the arena. A local per value would be past what RyuJIT tracks.
// Relies on Trees. Read Locals next.
namespace Ppl.Jit

open System
open System.Collections.Generic
open Ppl.Lowering

/// Where a kept value or a variable lives.
[<RequireQualifiedAccess; NoComparison; ReferenceEquality>]
type Home =
    /// Nowhere: not kept.
    | None
    /// Locals of the method, one per part.
    | Locals of int[]
    /// Elements of the arena from this offset.
    | Slot of offset: int

/// Memory of the arena for values that no local holds.
[<Sealed>]
type Slots(first: int) =

    let mutable next = first

    /// The first element not taken yet.
    member _.End = next

    /// Room for one value; vectors on a multiple of 8.
    member _.Take lanes =
        if lanes = Lanes.One then
            next <- next + 1
            next - 1
        else
            next <- (next + 7) / 8 * 8 + 8
            next - 8

/// The homes of one program's values and variables; methods are placed one after the other.
[<Sealed>]
type Homes
    (
        program: LoopProgram,
        trees: Trees,
        vectors: VectorSet,
        pool: int,
        slots: Slots,
        sharedValues: bool[],
        sharedVariables: bool[]
    ) =

    let parts = 8 / vectors.Lanes

    let values =
        Array.init program.Values.Length (fun v ->
            if sharedValues[v] && trees.Form v <> Form.Constant then
                Home.Slot(slots.Take program.Values[v].Lanes)
            else
                Home.None)

    let variables =
        Array.init program.Variables.Length (fun x ->
            if sharedVariables[x] then Home.Slot(slots.Take program.Variables[x].Lanes) else Home.None)

    /// How many locals of one kind a method may have: vectors of integers are few in practice.
    let poolSize (ty: ValueType) =
        match ty.Lanes, ty.Elem with
        | Lanes.Eight, (Elem.Long | Elem.Int | Elem.Word) -> max parts (pool / 3)
        | Lanes.Eight, _ -> max parts pool
        | Lanes.One, _ -> pool

    let lifetimes = Lifetimes(program, trees, sharedValues, sharedVariables)

    let settle (interval: Interval) home =
        if interval.IsVariable then
            variables[interval.Id] <- home
        else
            values[interval.Id] <- home

    let homeOf (interval: Interval) = if interval.IsVariable then variables[interval.Id] else values[interval.Id]

    /// One pool per kind: reals, singles, integers and masks; vectors of reals and masks, of singles, of integers.
    let kindOf (ty: ValueType) =
        match ty.Lanes, ty.Elem with
        | Lanes.One, Elem.Real -> 0
        | Lanes.One, Elem.Single -> 1
        | Lanes.One, (Elem.Long | Elem.Int | Elem.Word | Elem.Mask) -> 2
        | Lanes.Eight, (Elem.Long | Elem.Int | Elem.Word) -> 3
        | Lanes.Eight, (Elem.Real | Elem.Mask) -> 4
        | Lanes.Eight, Elem.Single -> 5

    /// The one that lives longest goes to the arena.
    let spill (alive: List<Interval>) (interval: Interval) =
        let mutable longest = interval

        for other in alive do
            if other.End > longest.End then
                longest <- other

        let home = homeOf longest
        settle longest (Home.Slot(slots.Take longest.Type.Lanes))

        if not (obj.ReferenceEquals(longest, interval)) then
            settle interval home
            alive.Remove longest |> ignore
            alive.Add interval

    /// Frees the locals of what has ended.
    let release (alive: List<Interval>) (free: Stack<int[]>) start =
        for index in alive.Count - 1 .. -1 .. 0 do
            if alive[index].End <= start then
                match homeOf alive[index] with
                | Home.Locals taken -> free.Push taken
                | _ -> ()

                alive.RemoveAt index

    /// Linear scan over the intervals of one kind, in the order of their starts. One that starts where another ends may
    /// have its locals: a node reads part by part before it writes that part.
    let scan (locals: List<Type>) (ty: ValueType) (intervals: List<Interval>) =
        let perValue = if ty.Lanes = Lanes.One then 1 else parts
        let free = Stack<int[]>()
        let alive = List<Interval>()
        let mutable room = poolSize ty / perValue

        let make () =
            room <- room - 1
            let from = locals.Count

            for _ in 1..perValue do
                locals.Add(Registers.typeOf vectors ty)

            Array.init perValue (fun part -> from + part)

        for interval in intervals do
            release alive free interval.Start

            if free.Count = 0 && room = 0 then
                spill alive interval
            else
                settle interval (Home.Locals(if free.Count > 0 then free.Pop() else make ()))
                alive.Add interval

    /// Places what a method defines; gives the types of its locals.
    member _.Place(body: Node[]) : List<Type> =
        let locals = List<Type>()
        let kinds = Array.init 6 (fun _ -> List<Interval>())

        for interval in lifetimes.Of body do
            kinds[kindOf interval.Type].Add interval

        for intervals in kinds do
            if intervals.Count > 0 then
                scan locals intervals[0].Type intervals

        locals

    /// The home of a kept value.
    member _.Value(value: Value) = values[value]

    /// The home of a variable.
    member _.Variable(variable: Variable) = variables[variable]
