// Decides which computations are written where they are used (so that RyuJIT sees expression trees: loads become memory
// operands, masks stay in mask registers), and which get a place of their own. A computation may move to its only use, in
// the same block, past nodes that do not write what it reads. Relies on Uses. Read Homes next.
namespace Ppl.Jit

open Ppl.Core.Ir
open Ppl.Lowering

/// How a value is made available to its uses.
[<RequireQualifiedAccess; Struct>]
type Form =
    /// Not used.
    | Dead
    /// Computed again wherever it is used: constants.
    | Constant
    /// Computed where it is used: once, or a comparison of values at hand.
    | Tree
    /// Read from a variable that keeps the content until the last use.
    | Alias
    /// Computed where it is defined and kept.
    | Kept

/// A place in a block: the block's number and the index of a node.
[<NoComparison; ReferenceEquality>]
type private Spot = { Block: int; Index: int }

/// What a computation reads that could change.
[<NoComparison; ReferenceEquality>]
type private Reads =
    {
        Buffers: BufferId list
        Variables: Variable list
    }

    member this.IsEmpty = this.Buffers.IsEmpty && this.Variables.IsEmpty

/// The forms of the values of a program that Outline cut into methods.
[<Sealed>]
type Trees(program: LoopProgram, parts: int, methods: Node[][], sharedValues: bool[], sharedVariables: bool[]) =

    let count = program.Values.Length
    let ops: Op voption[] = Array.create count ValueNone
    let forms = Array.create count Form.Kept
    let uses = Array.zeroCreate<int> count
    let defBlock = Array.create count -1
    let lastIndex = Array.create count -1
    let nested = Array.zeroCreate<bool> count
    let sizes = Array.zeroCreate<int> count
    let reads = Array.create count { Buffers = []; Variables = [] }
    let mutable blocks = 0

    /// Larger trees are cut: RyuJIT walks them recursively.
    let maxSize = 24

    /// Moving a computation of two kept operands far keeps both alive instead of one.
    let maxDistance = 16

    /// A longer search for conflicting writes is not worth its time.
    let maxSearch = 200

    let isEight value = program.Values[value].Lanes = Lanes.Eight

    let extent (buffer: Buffer) offset = struct (offset, offset + Buffer.cells buffer.Elem buffer.Length)

    let overlap b c =
        b = c
        || match program.Buffers[b].Place, program.Buffers[c].Place with
           | Place.Scratch offset1, Place.Scratch offset2 ->
               let struct (low1, high1) = extent program.Buffers[b] offset1
               let struct (low2, high2) = extent program.Buffers[c] offset2
               low1 < high2 && low2 < high1
           | _ -> false

    let isMutable buffer =
        match program.Buffers[buffer].Place with
        | Place.Input _
        | Place.Constant _ -> false
        | Place.Output _
        | Place.Scratch _ -> true

    let rec isConstant op =
        match op with
        | Op.Real _
        | Op.Single _
        | Op.Long _
        | Op.Int _
        | Op.Word _
        | Op.Mask _
        | Op.LaneIndex
        | Op.LaneMask _ -> true
        | Op.Splat x -> ops[x] |> ValueOption.exists isConstant
        | _ -> false

    /// Whether a part of the result needs other parts of the operands.
    let mixesParts (op: Op) = parts > 1 && op.IsWindow

    let isCall op =
        match op with
        | Op.Unary(op, _) -> Functions.isFunction op
        | Op.Binary(BinaryOp.Pow, _, _)
        | Op.Special _ -> true
        | _ -> false

    // A scalar that serves an eight-lane value is needed once per part; constants cost nothing.
    let countUse (path: Spot list) weight value =
        if forms[value] <> Form.Constant then
            uses[value] <- uses[value] + weight

            match path with
            | spot :: _ when spot.Block = defBlock[value] -> lastIndex[value] <- max lastIndex[value] spot.Index
            | _ ->
                nested[value] <- true

                for spot in path do
                    if spot.Block = defBlock[value] then
                        lastIndex[value] <- max lastIndex[value] spot.Index

    let countOp path value op =
        let weight = if isEight value then parts else 1

        match op with
        | Op.Splat x -> countUse path weight x
        | Op.Load(from, _) ->
            for struct (_, term) in from.Terms do
                countUse path weight term
        | Op.Gather(from, _, index) ->
            for struct (_, term) in from.Terms do
                countUse path weight term

            countUse path 1 index
        // In parts, a scalar may come out of another part of a vector whose place an earlier part of the result has taken:
        // it has to be at hand before the first part.
        | Op.Pack scalars -> scalars |> Array.iter (countUse path weight)
        // A part of the result needs two parts of the operands.
        | Op.Window(first, second, _) -> [ first; second ] |> List.iter (countUse path (min 2 parts))
        | op -> Uses.ofOp op |> List.iter (countUse path 1)

    let countLeaf path statement =
        match statement with
        | Stmt.Let(value, op) -> countOp path value op
        | Stmt.Store(into, _, _, value) ->
            for struct (_, term) in into.Terms do
                countUse path (if isEight value then parts else 1) term

            countUse path 1 value
        | statement -> Uses.ofLeaf statement |> List.iter (countUse path 1)

    // All methods first: a constant may be defined in a method that comes after its uses.
    let recordOp node =
        match node with
        | Node.Leaf(Stmt.Let(value, op)) -> ops[value] <- ValueSome op
        | _ -> ()

    let rec countBlock path (nodes: Node[]) : unit =
        let block = blocks
        blocks <- blocks + 1

        nodes
        |> Array.iteri (fun index node ->
            let path = { Block = block; Index = index } :: path

            match node with
            | Node.Leaf statement ->
                countLeaf path statement

                match statement with
                | Stmt.Let(value, _) -> defBlock[value] <- block
                | _ -> ()
            | Node.For(_, _, _, _, body) -> countBlock path body
            | Node.If(condition, whenTrue, whenFalse) ->
                countUse path 1 condition
                countBlock path whenTrue
                countBlock path whenFalse
            | Node.While(test, condition, body) ->
                let testBlock = blocks
                countBlock path test
                countUse ({ Block = testBlock; Index = test.Length } :: path) 1 condition
                countBlock path body
            | Node.Method _ -> ())

    let conflicts (read: Reads) (effects: Effects) =
        effects.Unknown
        || read.Variables |> List.exists effects.Variables.Contains
        || read.Buffers |> List.exists (fun b -> effects.Buffers.Exists(fun c -> overlap b c))

    let ownReads op =
        match op with
        | Op.Load(from, _)
        | Op.Gather(from, _, _) when isMutable from.Buffer -> { Buffers = [ from.Buffer ]; Variables = [] }
        | Op.Get variable -> { Buffers = []; Variables = [ variable ] }
        | _ -> { Buffers = []; Variables = [] }

    /// What a computation reads that could change, its trees included.
    let readsOf op =
        let add (read: Reads) x =
            if forms[x] = Form.Tree || forms[x] = Form.Alias then
                { Buffers = reads[x].Buffers @ read.Buffers; Variables = reads[x].Variables @ read.Variables }
            else
                read

        Uses.ofOp op |> List.fold add (ownReads op)

    let sizeOf op = 1 + (Uses.ofOp op |> List.sumBy (fun x -> if forms[x] = Form.Tree then sizes[x] else 0))

    let keptOperands op = Uses.ofOp op |> List.sumBy (fun x -> if forms[x] = Form.Kept then 1 else 0)

    /// Whether a node writes nothing of what is read.
    let spares (read: Reads) (effects: Effects option[]) (nodes: Node[]) index =
        match nodes[index], effects[index] with
        | Node.Leaf(Stmt.Let _), _ -> true
        | _, Some known -> not (conflicts read known)
        | node, None ->
            let known = Effects.ofNode node
            effects[index] <- Some known
            not (conflicts read known)

    /// Whether nothing between (both ends exclusive) writes what is read.
    let isClear nodes effects (read: Reads) first last =
        if read.IsEmpty then
            true
        elif last - first > maxSearch then
            false
        else
            let mutable index = first + 1

            while index < last && spares read effects nodes index do
                index <- index + 1

            index >= last

    /// In parts, an early part must not be stored where a later part is still to be read.
    let storesIntoItself (nodes: Node[]) index (read: Reads) =
        parts > 1
        && index < nodes.Length
        && match nodes[index] with
           | Node.Leaf(Stmt.Store(into, _, _, _)) -> read.Buffers |> List.exists (overlap into.Buffer)
           | _ -> false

    /// Whether a value is at hand wherever it is used. A comparison of such scalars is made again at each use: in flags or
    /// a vector register, where a kept mask would pass through an integer register.
    let isFixed value = forms[value] = Form.Kept || forms[value] = Form.Constant

    let decide (nodes: Node[]) effects index value op =
        let last = lastIndex[value]

        if forms[value] = Form.Constant then
            Form.Constant
        elif sharedValues[value] then
            Form.Kept
        elif uses[value] = 0 then
            Form.Dead
        else
            let read = readsOf op
            reads[value] <- read
            sizes[value] <- sizeOf op
            // A use in a nested block happens during the node at `last`, whose writes then count too.
            let past = if nested[value] then last + 1 else last

            match op with
            | Op.Compare(_, x, y) when not (isEight value) && isFixed x && isFixed y -> Form.Tree
            | Op.Get variable when not sharedVariables[variable] && isClear nodes effects read index past -> Form.Alias
            | _ when
                uses[value] = 1
                && not nested[value]
                && not (isCall op)
                && not (mixesParts op)
                && sizes[value] <= maxSize
                && (last - index <= maxDistance || keptOperands op <= 1)
                && isClear nodes effects read index last
                && not (storesIntoItself nodes last read)
                ->
                Form.Tree
            | _ -> Form.Kept

    let rec decideBlock (nodes: Node[]) : unit =
        let effects: Effects option[] = Array.create nodes.Length None

        nodes
        |> Array.iteri (fun index node ->
            match node with
            | Node.Leaf(Stmt.Let(value, op)) -> forms[value] <- decide nodes effects index value op
            | Node.Leaf _
            | Node.Method _ -> ()
            | Node.For(_, _, _, _, body) -> decideBlock body
            | Node.If(_, whenTrue, whenFalse) ->
                decideBlock whenTrue
                decideBlock whenFalse
            | Node.While(test, _, body) ->
                decideBlock test
                decideBlock body)

    do
        methods |> Array.iter (Uses.nodes recordOp)

        for value in 0 .. count - 1 do
            if ops[value] |> ValueOption.exists isConstant then
                forms[value] <- Form.Constant

        for body in methods do
            countBlock [] body
            decideBlock body

    /// The form of a value.
    member _.Form(value: Value) = forms[value]

    /// The computation of a value; none for a loop counter.
    member _.Op(value: Value) = ops[value]
