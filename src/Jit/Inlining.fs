// Which elementary functions are inlined: those in the deepest loops first, as far as the locals that they bring stay
// within what RyuJIT tracks. The others are calls, which spill every live vector. Relies on Functions and Outline.
// Read Emitter next.
namespace Ppl.Jit

open System.Collections.Generic
open Ppl.Core.Ir
open Ppl.Lowering

/// A function that could be inlined.
[<NoComparison; ReferenceEquality>]
type private Site = { Depth: int; Cost: int; Value: Value }

/// The choice.
[<RequireQualifiedAccess>]
module Inlining =

    let private sites (program: LoopProgram) parts (body: Node[]) =
        let found = List<Site>()

        let add depth value op =
            // Constants and temporaries of a vector function are hoisted and spilled 64 bytes at a time: twice the weight.
            let copies = if program.Values[value].Lanes = Lanes.One then 1 else 2 * parts

            match Functions.inlineCost op with
            | ValueSome cost -> found.Add { Depth = depth; Cost = cost * copies; Value = value }
            | ValueNone -> ()

        let rec walk depth (nodes: Node[]) : unit =
            for node in nodes do
                match node with
                | Node.Leaf(Stmt.Let(value, Op.Unary(op, _))) -> add depth value op
                | Node.Leaf _
                | Node.Method _ -> ()
                | Node.For(_, _, _, _, inner) -> walk (depth + 1) inner
                | Node.If(_, whenTrue, whenFalse) ->
                    walk depth whenTrue
                    walk depth whenFalse
                | Node.While(test, _, inner) ->
                    walk (depth + 1) test
                    walk (depth + 1) inner

        walk 0 body
        found

    /// For each value whether it is inlined, when each method may spend `budget` operations on inlined functions.
    let choose (program: LoopProgram) parts budget (methods: Node[][]) : bool[] =
        let chosen = Array.zeroCreate program.Values.Length

        for body in methods do
            let found = sites program parts body
            // Ties in program order, so that the same program is always compiled the same way.
            found.Sort(fun x y -> if x.Depth <> y.Depth then y.Depth.CompareTo x.Depth else x.Value.CompareTo y.Value)
            let mutable spent = 0

            for site in found do
                if spent + site.Cost <= budget then
                    spent <- spent + site.Cost
                    chosen[site.Value] <- true

        chosen
