// Random loop programs: every operation and statement, nested blocks, variables that are set in loops and branches,
// buffers that are read and written at shifted places. Legal by construction; the seed is the whole description.
module Ppl.Engine.Tests.RandomLoops

open System
open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Engine.Tests.LoopPrograms

let private length = 40
let private elems = [| Elem.Real; Elem.Single; Elem.Long; Elem.Int; Elem.Word; Elem.Mask |]

let private unaryOps elem =
    match elem with
    | Elem.Real ->
        [|
            UnaryOp.Neg
            UnaryOp.Abs
            UnaryOp.Sign
            UnaryOp.Floor
            UnaryOp.Reciprocal
            UnaryOp.Square
            UnaryOp.Sqrt
            UnaryOp.Exp
            UnaryOp.Log
            UnaryOp.Sigmoid
            UnaryOp.Softplus
            UnaryOp.Lgamma
        |]
    | Elem.Single -> [| UnaryOp.Neg; UnaryOp.Abs; UnaryOp.Floor; UnaryOp.Reciprocal; UnaryOp.Square; UnaryOp.Sqrt |]
    | Elem.Long
    | Elem.Int
    | Elem.Word -> [| UnaryOp.Neg; UnaryOp.Abs; UnaryOp.Sign; UnaryOp.Square |]
    | Elem.Mask -> [| UnaryOp.Not |]

let private binaryOps elem =
    match elem with
    | Elem.Real
    | Elem.Single -> [| BinaryOp.Add; BinaryOp.Sub; BinaryOp.Mul; BinaryOp.Div; BinaryOp.Max; BinaryOp.Min |]
    | Elem.Long
    | Elem.Int
    | Elem.Word ->
        [|
            BinaryOp.Add
            BinaryOp.Sub
            BinaryOp.Mul
            BinaryOp.Div
            BinaryOp.Rem
            BinaryOp.Max
            BinaryOp.Min
            BinaryOp.And
            BinaryOp.Or
            BinaryOp.Xor
            BinaryOp.ShiftLeft
            BinaryOp.ShiftRight
        |]
    | Elem.Mask -> [| BinaryOp.And; BinaryOp.Or; BinaryOp.Xor |]

let private compareOps elem =
    match elem with
    | Elem.Mask -> [| CompareOp.Eq; CompareOp.Ne |]
    | _ -> [| CompareOp.Eq; CompareOp.Ne; CompareOp.Lt; CompareOp.Le; CompareOp.Gt; CompareOp.Ge |]

let private reductions elem =
    match elem with
    | Elem.Mask -> [| ReduceOp.Any; ReduceOp.All |]
    | _ -> [| ReduceOp.Sum; ReduceOp.Prod; ReduceOp.Max; ReduceOp.Min |]

/// Builds one program; `size` is about the number of statements.
type private Maker(seed: int, size: int) =

    let random = Random seed
    let s = Sketch()
    let scopes = Stack<List<struct (Value * ValueType)>>([ List() ])
    let readable = Dictionary<Elem, List<BufferId>>()
    let writable = Dictionary<Elem, List<BufferId>>()
    let variables = List<struct (Variable * ValueType)>()
    // Values in 0..bound, for addresses.
    let counters = Stack<struct (Value * int)>()
    let mutable budget = size

    let pick (items: 'a[]) = items[random.Next items.Length]
    let chance n = random.Next n = 0

    let anyType () : ValueType = { Elem = pick elems; Lanes = (if chance 2 then Lanes.One else Lanes.Eight) }

    let keep ty value =
        scopes.Peek().Add(struct (value, ty))
        value

    let define ty op = keep ty (s.Let(ty, op))

    let constant (ty: ValueType) =
        let op =
            match ty.Elem with
            | Elem.Real -> Op.Real(pick reals)
            | Elem.Single -> Op.Single(pick singles)
            | Elem.Long -> Op.Long(pick longs)
            | Elem.Int -> Op.Int(pick ints)
            | Elem.Word -> Op.Word(pick words)
            | Elem.Mask -> Op.Mask(chance 2)

        let scalar = s.Let(one ty.Elem, op)
        if ty.Lanes = Lanes.One then scalar else s.Let(ty, Op.Splat scalar)

    let find ty =
        let found =
            [|
                for scope in scopes do
                    for struct (value, known) in scope do
                        if known = ty then
                            value
            |]

        if found.Length = 0 || chance 8 then
            constant ty
        else
            // Mostly recent ones, which makes deep trees.
            found[found.Length - 1 - min (found.Length - 1) (random.Next(1 + random.Next 12))]

    let withTerm (buffer: BufferId) room : Address =
        match
            [|
                for struct (counter, bound) in counters do
                    if bound <= room then
                        struct (counter, bound)
            |]
        with
        | [||] -> at buffer (random.Next(room + 1))
        | fitting ->
            let struct (counter, bound) = pick fitting
            let stride = if bound > 0 then 1 + random.Next(max 1 (room / bound)) else 1
            let stride = if stride * bound > room then 1 else stride
            atIndex buffer (random.Next(room - stride * bound + 1)) stride counter

    /// An address from which `span` elements may be touched.
    let address (buffer: BufferId) span =
        let room = length - span
        if chance 3 then at buffer (random.Next(room + 1)) else withTerm buffer room

    let load (ty: ValueType) =
        let buffer = pick (readable[ty.Elem].ToArray())

        if ty.Lanes = Lanes.One then
            Op.Load(address buffer 1, 1)
        else
            let stride = pick [| 1; 1; 1; 0; 2; 3 |]
            Op.Load(address buffer (7 * stride + 1), stride)

    let gather elem =
        let mask = s.Let(one Elem.Int, Op.Int 15)
        let mask = s.Let(eight Elem.Int, Op.Splat mask)
        let index = s.Let(eight Elem.Int, Op.Binary(BinaryOp.And, find (eight Elem.Int), mask))
        Op.Gather(at (pick (readable[elem].ToArray())) (random.Next 8), pick [| 1; 2 |], index)

    let scalarOp elem =
        match random.Next 3 with
        | 0 when elem <> Elem.Single -> Op.ReduceLanes(pick (reductions elem), find (eight elem))
        | 1 -> Op.Lane(find (eight elem), random.Next 8)
        | _ -> load (one elem)

    let vectorOp elem =
        match random.Next 7 with
        | 0 -> gather elem
        | 1 -> Op.Pack(Array.init 8 (fun _ -> find (one elem)))
        | 2 when elem = Elem.Mask -> Op.LaneMask(random.Next 9)
        | 2 when elem = Elem.Int -> Op.LaneIndex
        | 3 -> Op.Splat(find (one elem))
        | 4 -> Op.Window(find (eight elem), find (eight elem), 1 + random.Next 7)
        | _ -> load (eight elem)

    let mixedOp (ty: ValueType) =
        let other elem = { ty with Elem = elem }
        let source = pick elems

        match random.Next 3 with
        | 0 ->
            let sources = elems |> Array.filter (fun source -> converts source ty.Elem)
            Op.Convert(ty.Elem, find (other (pick sources)))
        | 1 -> Op.Select(find (other Elem.Mask), find ty, find ty)
        | _ when ty.Elem = Elem.Mask && source <> Elem.Single ->
            Op.Compare(pick (compareOps source), find (other source), find (other source))
        | _ -> Op.Select(find (other Elem.Mask), find ty, find ty)

    let computation (ty: ValueType) =
        match random.Next 8 with
        | 0 -> Op.Unary(pick (unaryOps ty.Elem), find ty)
        | 1
        | 2 -> Op.Binary(pick (binaryOps ty.Elem), find ty, find ty)
        | 3 when ty.Elem = Elem.Real || ty.Elem = Elem.Single -> Op.Fma(find ty, find ty, find ty)
        | 4 when ty.Elem = Elem.Real || ty.Elem = Elem.Single -> Op.Fnma(find ty, find ty, find ty)
        | 5 ->
            match
                [|
                    for struct (variable, known) in variables do
                        if known = ty then
                            variable
                |]
            with
            | [||] -> load ty
            | known -> Op.Get(pick known)
        | 6 -> mixedOp ty
        | _ -> if ty.Lanes = Lanes.One then scalarOp ty.Elem else vectorOp ty.Elem

    let store (ty: ValueType) =
        let buffer = pick (writable[ty.Elem].ToArray())
        let value = find ty

        if ty.Lanes = Lanes.One then
            s.Add(Stmt.Store(address buffer 1, 1, 1, value))
        else
            let lanes = if chance 2 then 8 else 1 + random.Next 8
            let stride = if chance 4 then 2 else 1
            s.Add(Stmt.Store(address buffer ((lanes - 1) * stride + 1), stride, lanes, value))

    let kernel () =
        let ints = writable[Elem.Int].ToArray()
        let key = at (pick (readable[Elem.Int].ToArray())) (random.Next 30)

        match random.Next 3 with
        | 0 -> Kernel.FoldIn(at (pick ints) (random.Next 30), key, find (one Elem.Int))
        | 1 -> Kernel.Uniform(at (pick (writable[Elem.Real].ToArray())) (random.Next 20), key, random.Next 20)
        | _ -> Kernel.Bits(at (pick ints) (random.Next 20), key, random.Next 20)

    let copy () =
        let elem = pick elems
        let into = pick (writable[elem].ToArray())
        let from = readable[elem].ToArray() |> Array.filter (fun b -> b <> into) |> pick
        let count = random.Next 20
        s.Add(Stmt.Copy(address into (max count 1), address from (max count 1), count))

    let scoped (write: unit -> unit) =
        scopes.Push(List())
        write ()
        scopes.Pop() |> ignore

    let rec statement depth =
        budget <- budget - 1

        match random.Next 20 with
        | 0
        | 1 when depth < 3 -> loop depth
        | 2 when depth < 3 -> branch depth
        | 3 when depth < 2 -> repeat depth
        | 4
        | 5
        | 6 ->
            match [| for entry in variables -> entry |] with
            | [||] -> ()
            | known ->
                let struct (variable, ty) = pick known
                s.Add(Stmt.Set(variable, find ty))
        | 7
        | 8
        | 9 -> store (anyType ())
        | 10 -> copy ()
        | 11 when chance 3 -> s.Add(Stmt.Call(kernel ()))
        | _ ->
            let ty = anyType ()
            define ty (computation ty) |> ignore

    and statements depth count =
        for _ in 1..count do
            if budget > 0 then
                statement depth

    and loop depth =
        let step = pick [| 1; 2; 8 |]
        let limit = step * random.Next 4
        let start = random.Next 2

        s.For(
            start,
            limit,
            step,
            fun counter ->
                counters.Push(struct (counter, limit))

                scoped (fun () ->
                    keep (one Elem.Int) counter |> ignore
                    statements (depth + 1) (1 + random.Next 8))

                counters.Pop() |> ignore
        )

    and branch depth =
        let inner () = scoped (fun () -> statements (depth + 1) (random.Next 6))
        s.If(find (one Elem.Mask), inner, inner)

    // Runs a few times, whatever the body does: the count is a variable of its own.
    and repeat depth =
        let ty = one Elem.Int
        let count = s.Variable ty
        s.Add(Stmt.Set(count, s.Let(ty, Op.Int(random.Next 3))))

        s.While(
            (fun () ->
                let zero = s.Let(ty, Op.Int 0)
                let remaining = s.Let(ty, Op.Get count)
                s.Let(one Elem.Mask, Op.Compare(CompareOp.Gt, remaining, zero))),
            (fun () ->
                scoped (fun () -> statements (depth + 1) (random.Next 6))
                let minusOne = s.Let(ty, Op.Int -1)
                let remaining = s.Let(ty, Op.Get count)
                s.Add(Stmt.Set(count, s.Let(ty, Op.Binary(BinaryOp.Add, remaining, minusOne)))))
        )

    let prepare () =
        for elem in elems do
            let input = s.Input(elem, length)
            let fixedData = s.Constant(Literal.create (Shape.ofList [ length ]) (samplesOf length elem random))
            let scratch = [| s.Scratch(elem, length); s.Scratch(elem, length) |]
            let output = s.Output(elem, length)
            readable[elem] <- List([| input; fixedData; scratch[0]; scratch[1]; output |])
            writable[elem] <- List([| scratch[0]; scratch[1]; output |])

            for target in [| scratch[0]; scratch[1]; output |] do
                s.Add(Stmt.Copy(at target 0, at (if chance 2 then input else fixedData) 0, length))

        for _ in 1..4 do
            let ty = anyType ()
            let variable = s.Variable ty
            s.Add(Stmt.Set(variable, constant ty))
            variables.Add(struct (variable, ty))

    member _.Make() =
        prepare ()

        while budget > 0 do
            statement 0

        for struct (variable, ty) in variables do
            keep ty (s.Let(ty, Op.Get variable)) |> ignore

        for _ in 1..6 do
            store (anyType ())

        s.Program

/// The program of a seed.
let program seed size = Maker(seed, size).Make()

/// Arguments for it.
let arguments seed =
    let random = Random(seed + 1)
    [ for elem in elems -> samplesOf length elem random ]
