// From the first to the last node at which each kept value and each variable of a method is alive. Plain arrays and
// lists of references: this runs in the first milliseconds of a process, where every generic instantiation over a
// struct is compiled first. Relies on Trees. Read Homes next.
namespace Ppl.Jit

open System.Collections.Generic
open Ppl.Lowering

/// The lifetime of a value or a variable, in positions of nodes.
[<NoComparison; ReferenceEquality>]
type Interval = { Start: int; End: int; Type: ValueType; IsVariable: bool; Id: int }

/// A loop, while it is walked and after.
[<Sealed>]
type private Loop(start: int) =
    member _.Start = start
    member val End = 0 with get, set

/// Something that lives until the end of a loop.
[<NoComparison; ReferenceEquality>]
type private Waiting = { Ends: int[]; Id: int; Loop: Loop }

/// The lifetimes of one program; methods are walked one after the other.
[<Sealed>]
type Lifetimes(program: LoopProgram, trees: Trees, sharedValues: bool[], sharedVariables: bool[]) =

    let starts = Array.create program.Values.Length -1
    let ends = Array.create program.Values.Length -1
    let firsts = Array.create program.Variables.Length -1
    let lasts = Array.create program.Variables.Length -1
    let values = List<int>()
    let variables = List<int>()
    let waiting = List<Waiting>()
    let loops = List<Loop>()
    let mutable position = 0

    let extend (table: int[]) id at =
        if table[id] < at then
            table[id] <- at

    // A use in a loop lasts until the end of the outermost loop that does not contain the definition.
    let useKept value =
        extend ends value position
        let mutable level = 0

        while level < loops.Count && loops[level].Start <= starts[value] do
            level <- level + 1

        if level < loops.Count then
            waiting.Add { Ends = ends; Id = value; Loop = loops[level] }

    let access variable =
        if not sharedVariables[variable] then
            if firsts[variable] < 0 then
                variables.Add variable
                firsts[variable] <- if loops.Count > 0 then loops[0].Start else position

            extend lasts variable position

            if loops.Count > 0 then
                waiting.Add { Ends = lasts; Id = variable; Loop = loops[0] }

    let define value =
        if not sharedValues[value] then
            values.Add value
            starts[value] <- position
            extend ends value position

    let rec useValue value =
        match trees.Form value, trees.Op value with
        | Form.Alias, ValueSome(Op.Get variable) -> access variable
        | Form.Tree, ValueSome op -> useAll (Uses.ofOp op)
        | Form.Kept, _ when not sharedValues[value] -> useKept value
        | _ -> ()

    and useAll operands =
        for operand in operands do
            useValue operand

    let enter () =
        let loop = Loop position
        loops.Add loop
        loop

    let leave (loop: Loop) =
        position <- position + 1
        loop.End <- position
        loops.RemoveAt(loops.Count - 1)

    let leaf statement =
        match statement with
        | Stmt.Let(value, op) ->
            if trees.Form value = Form.Kept then
                match op with
                | Op.Window _ ->
                    // Written part by part while other parts of the operands are still to be read.
                    define value
                    position <- position + 1
                    useAll (Uses.ofOp op)
                | _ ->
                    useAll (Uses.ofOp op)

                    match op with
                    | Op.Get variable -> access variable
                    | _ -> ()

                    define value
        | Stmt.Set(variable, value) ->
            useValue value
            access variable
        | statement -> useAll (Uses.ofLeaf statement)

    let rec walk (nodes: Node[]) : unit =
        for node in nodes do
            position <- position + 1

            match node with
            | Node.Method _ -> ()
            | Node.Leaf statement -> leaf statement
            | Node.For(counter, _, _, _, body) ->
                let loop = enter ()
                define counter
                waiting.Add { Ends = ends; Id = counter; Loop = loop }
                walk body
                leave loop
            | Node.If(condition, whenTrue, whenFalse) ->
                useValue condition
                walk whenTrue
                walk whenFalse
            | Node.While(test, condition, body) ->
                let loop = enter ()
                walk test
                position <- position + 1
                useValue condition
                walk body
                leave loop

    /// The lifetimes in a method, in the order of their starts.
    member _.Of(body: Node[]) : List<Interval> =
        values.Clear()
        variables.Clear()
        waiting.Clear()
        position <- 0
        walk body

        for item in waiting do
            extend item.Ends item.Id item.Loop.End

        let result = List<Interval>()

        for value in values do
            result.Add
                {
                    Start = starts[value]
                    End = ends[value]
                    Type = program.Values[value]
                    IsVariable = false
                    Id = value
                }

        for variable in variables do
            result.Add
                {
                    Start = firsts[variable]
                    End = lasts[variable]
                    Type = program.Variables[variable]
                    IsVariable = true
                    Id = variable
                }

        result.Sort(fun x y -> x.Start.CompareTo y.Start)
        result
