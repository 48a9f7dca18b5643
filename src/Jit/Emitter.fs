// Writes one method of a program: its statements, loops and branches. Every decision is made by Outline, Trees and Homes.
// Relies on ValueCode and KernelCalls. Read Compiler next.
namespace Ppl.Jit

open Ppl.Core
open Ppl.Lowering

/// The writer of one method.
[<Sealed>]
type Emitter
    (program: LoopProgram, layout: Layout, trees: Trees, homes: Homes, set: VectorSet, inlined: bool[], w: Writer) =

    let code = ValueCode(program, layout, trees, homes, set, inlined, w)
    let lanes = set.Lanes

    let emitLet value op =
        if trees.Form value = Form.Kept then
            let ty = program.Values[value]

            for part in 0 .. code.Parts ty - 1 do
                code.StoreHome(homes.Value value, ty, part, (fun () -> code.PushOp(value, op, part)))

    let emitSet variable value =
        let ty = program.Variables[variable]

        for part in 0 .. code.Parts ty - 1 do
            code.StoreHome(homes.Variable variable, ty, part, (fun () -> code.Push(value, part)))

    /// Whether elements behind those stored belong to nobody, so that a whole vector may be stored.
    let endsBuffer (into: Address) count =
        into.Terms.Length = 0 && into.Offset + count = program.Buffers[into.Buffer].Length

    let pushAddress into extra = code.PushAddress(into, extra)

    let storePart (into: Address) count value part =
        let elem = code.Elem value
        let first = part * lanes
        let here = min lanes (count - first)

        if here = lanes || (here > 0 && endsBuffer into count) then
            pushAddress into first
            code.Push(value, part)
            VectorCode.store w set elem
        elif here > 0 then
            code.Push(value, part)

            w.Keep(
                Registers.vectorType set elem,
                fun kept -> LaneCode.storeFirst w set elem (pushAddress into) first kept here
            )

    let storeStrided (into: Address) stride count value part =
        let first = part * lanes

        if count > first then
            code.Push(value, part)
            let pushLane offset = pushAddress into (first * stride + offset)
            LaneCode.storeStrided w set (code.Elem value) pushLane stride (min lanes (count - first))

    let emitStore (into: Address) stride count value =
        if not (code.IsEight value) then
            pushAddress into 0
            code.Push(value, 0)
            w.Add(Il.StoreObject(code.RegisterType program.Values[value]))
        else
            for part in 0 .. 8 / lanes - 1 do
                if stride = 1 then
                    storePart into count value part
                else
                    storeStrided into stride count value part

    let elemOf (address: Address) = program.Buffers[address.Buffer].Elem

    let emitCopy destination source (count: int) =
        pushAddress destination 0
        pushAddress source 0
        w.Int32(count * Elem.bytes (elemOf destination))
        w.Add Il.CopyBlock

    let emitKernel kernel =
        KernelCalls.emit w elemOf (fun address -> pushAddress address 0) (fun value -> code.Push(value, 0)) kernel

    let emitLeaf statement =
        match statement with
        | Stmt.Let(value, op) -> emitLet value op
        | Stmt.Set(variable, value) -> emitSet variable value
        | Stmt.Store(into, stride, count, value) -> emitStore into stride count value
        | Stmt.Copy(destination, source, count) -> emitCopy destination source count
        | Stmt.Call kernel -> emitKernel kernel
        | Stmt.For _
        | Stmt.If _
        | Stmt.Parallel _
        | Stmt.While _ -> Errors.bug "Emitter" "a block among the leaves"

    let rec emitBlock (nodes: Node[]) : unit =
        for node in nodes do
            match node with
            | Node.Leaf statement -> emitLeaf statement
            | Node.For(counter, start, limit, step, body) -> emitFor counter start limit step body
            | Node.If(condition, whenTrue, whenFalse) -> emitIf condition whenTrue whenFalse
            | Node.While(test, condition, body) -> emitWhile test condition body
            | Node.Method index ->
                for argument in 0 .. IlBody.parameters.Length - 1 do
                    w.Add(Il.LoadArgument argument)

                w.Add(Il.CallBody index)

    // The bounds are known, so the test is at the end only, and not at all where the body runs once.
    and emitFor counter start limit step body =
        if start < limit then
            let ty = program.Values[counter]
            let home = homes.Value counter
            code.StoreHome(home, ty, 0, (fun () -> w.Int64(int64 start)))
            let top = w.NewLabel()

            if start + step < limit then
                w.Mark top

            emitBlock body

            if start + step < limit then
                let next () =
                    code.PushHome(home, ty, 0)
                    w.Int64(int64 step)
                    w.Arithmetic IlArithmetic.Add

                code.StoreHome(home, ty, 0, next)
                code.PushHome(home, ty, 0)
                w.Int64(int64 limit)
                w.Branch(IlBranch.IfLess, top)

    and emitIf condition whenTrue whenFalse =
        let otherwise = w.NewLabel()
        code.PushCondition condition
        w.Branch(IlBranch.IfFalse, otherwise)
        emitBlock whenTrue

        if whenFalse.Length = 0 then
            w.Mark otherwise
        else
            let after = w.NewLabel()
            w.Branch(IlBranch.Always, after)
            w.Mark otherwise
            emitBlock whenFalse
            w.Mark after

    and emitWhile test condition body =
        let top = w.NewLabel()
        let check = w.NewLabel()
        w.Branch(IlBranch.Always, check)
        w.Mark top
        emitBlock body
        w.Mark check
        emitBlock test
        code.PushCondition condition
        w.Branch(IlBranch.IfTrue, top)

    /// Writes the whole method.
    member _.Emit(body: Node[]) =
        emitBlock body
        w.Add Il.Return
