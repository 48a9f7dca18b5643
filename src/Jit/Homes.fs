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

/// From the first to the last node at which something is alive.
[<NoComparison; ReferenceEquality>]
type private Interval = { Start: int; End: int; Type: ValueType; IsVariable: bool; Id: int }

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
        | Lanes.Eight, Elem.Int -> max parts (pool / 3)
        | Lanes.Eight, _ -> max parts pool
        | Lanes.One, _ -> pool

    let typeOf (ty: ValueType) =
        match ty.Lanes, ty.Elem with
        | Lanes.One, Elem.Real -> typeof<float>
        | Lanes.One, _ -> typeof<int64>
        | Lanes.Eight, Elem.Int -> vectors.Integer
        | Lanes.Eight, _ -> vectors.Real

    /// What is alive when, in one method.
    let intervals (body: Node[]) : List<Interval> =
        let starts = Dictionary<Value, int>()
        let ends = Dictionary<Value, int>()
        let first = Dictionary<Variable, int>()
        let final = Dictionary<Variable, int>()
        // Uses in a loop last until the end of the outermost loop that does not contain the definition.
        let waiting = List<struct (Dictionary<int, int> * int * int)>()
        let loopStarts = List<int>()
        let loopEnds = List<int>()
        let stack = List<int>()
        let mutable position = 0

        let extend (table: Dictionary<int, int>) key at =
            match table.TryGetValue key with
            | true, known when known >= at -> ()
            | _ -> table[key] <- at

        let rec useValue value =
            match trees.Form value with
            | Form.Constant
            | Form.Dead -> ()
            | Form.Alias ->
                match trees.Op value with
                | ValueSome(Op.Get variable) -> access variable
                | _ -> ()
            | Form.Tree -> trees.Op value |> ValueOption.iter (fun op -> Uses.ofOp op |> List.iter useValue)
            | Form.Kept ->
                match starts.TryGetValue value with
                | true, start ->
                    extend ends value position
                    let mutable level = 0

                    while level < stack.Count && loopStarts[stack[level]] <= start do
                        level <- level + 1

                    if level < stack.Count then
                        waiting.Add(struct (ends, value, stack[level]))
                | _ -> () // defined in another method: it lives in a slot

        and access variable =
            if stack.Count > 0 then
                waiting.Add(struct (final, variable, stack[0]))

            if not (first.ContainsKey variable) then
                first[variable] <- if stack.Count > 0 then loopStarts[stack[0]] else position

            extend final variable position

        let define value =
            starts[value] <- position
            extend ends value position

        let inLoop (run: int -> unit) =
            let loop = loopStarts.Count
            loopStarts.Add position
            loopEnds.Add 0
            stack.Add loop
            run loop
            position <- position + 1
            loopEnds[loop] <- position
            stack.RemoveAt(stack.Count - 1)

        let rec walk (nodes: Node[]) : unit =
            for node in nodes do
                position <- position + 1

                match node with
                | Node.Method _ -> ()
                | Node.Leaf(Stmt.Let(value, op)) ->
                    if trees.Form value = Form.Kept then
                        Uses.ofOp op |> List.iter useValue

                        match op with
                        | Op.Get variable -> access variable
                        | _ -> ()

                        define value
                | Node.Leaf statement ->
                    Uses.ofLeaf statement |> List.iter useValue

                    match statement with
                    | Stmt.Set(variable, _) -> access variable
                    | _ -> ()
                | Node.For(counter, _, _, _, body) ->
                    inLoop (fun loop ->
                        define counter
                        waiting.Add(struct (ends, counter, loop))
                        walk body)
                | Node.If(condition, whenTrue, whenFalse) ->
                    useValue condition
                    walk whenTrue
                    walk whenFalse
                | Node.While(test, condition, body) ->
                    inLoop (fun _ ->
                        walk test
                        position <- position + 1
                        useValue condition
                        walk body)

        walk body

        for struct (table, key, loop) in waiting do
            extend table key loopEnds[loop]

        let result = List<Interval>()

        for KeyValue(value, start) in starts do
            if not sharedValues[value] then
                result.Add
                    { Start = start; End = ends[value]; Type = program.Values[value]; IsVariable = false; Id = value }

        for KeyValue(variable, start) in first do
            if not sharedVariables[variable] then
                result.Add
                    {
                        Start = start
                        End = final[variable]
                        Type = program.Variables[variable]
                        IsVariable = true
                        Id = variable
                    }

        result

    let settle (interval: Interval) home =
        if interval.IsVariable then
            variables[interval.Id] <- home
        else
            values[interval.Id] <- home

    let homeOf (interval: Interval) = if interval.IsVariable then variables[interval.Id] else values[interval.Id]

    /// Linear scan over intervals of one kind. An interval that starts where another ends may have its locals: a node
    /// reads part by part before it writes that part.
    let scan (locals: List<Type>) (ofKind: Interval[]) =
        let ty = typeOf ofKind[0].Type
        let perValue = if ofKind[0].Type.Lanes = Lanes.One then 1 else parts
        let most = poolSize ofKind[0].Type / perValue
        let free = Stack<int[]>()
        let alive = List<Interval>()
        let mutable made = 0

        let take () =
            match free.TryPop() with
            | true, taken -> ValueSome taken
            | _ when made < most ->
                made <- made + 1
                let from = locals.Count
                locals.AddRange(Array.create perValue ty)
                ValueSome(Array.init perValue (fun part -> from + part))
            | _ -> ValueNone

        let release start =
            for index in alive.Count - 1 .. -1 .. 0 do
                if alive[index].End <= start then
                    match homeOf alive[index] with
                    | Home.Locals taken -> free.Push taken
                    | _ -> ()

                    alive.RemoveAt index

        for interval in ofKind |> Array.sortBy (fun interval -> interval.Start) do
            release interval.Start

            match take () with
            | ValueSome taken ->
                settle interval (Home.Locals taken)
                alive.Add interval
            | ValueNone ->
                // The one that lives longest goes to the arena.
                let longest = alive |> Seq.maxBy (fun other -> other.End)
                let slot = Home.Slot(slots.Take interval.Type.Lanes)

                if longest.End > interval.End then
                    settle interval (homeOf longest)
                    settle longest slot
                    alive.Remove longest |> ignore
                    alive.Add interval
                else
                    settle interval slot

    /// Places what a method defines; gives the types of its locals.
    member _.Place(body: Node[]) : List<Type> =
        let locals = List<Type>()

        intervals body
        |> Seq.groupBy (fun interval -> typeOf interval.Type)
        |> Seq.iter (fun (_, ofKind) -> scan locals (Array.ofSeq ofKind))

        locals

    /// The home of a kept value.
    member _.Value(value: Value) = values[value]

    /// The home of a variable.
    member _.Variable(variable: Variable) = variables[variable]
