// The one place where statements of a loop program are made: numbered values with their types, nested open blocks, and
// the rule that a pure computation goes into the outermost block in which all its operands are visible, which moves
// loop-invariant work out of loops. Relies on LoopIr. Read Index next.
namespace Ppl.Lowering

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// Facts about operations.
[<RequireQualifiedAccess>]
module internal Operation =

    let private overTerms (address: Address) (visit: Value -> unit) =
        for struct (_, value) in address.Terms do
            visit value

    /// Calls the function on each operand.
    let operands op (visit: Value -> unit) =
        match op with
        | Op.Real _
        | Op.Single _
        | Op.Long _
        | Op.Int _
        | Op.Word _
        | Op.Mask _
        | Op.LaneIndex
        | Op.LaneMask _
        | Op.Get _ -> ()
        | Op.Unary(_, a)
        | Op.Convert(_, a)
        | Op.Splat a
        | Op.ReduceLanes(_, a)
        | Op.Lane(a, _) -> visit a
        | Op.Binary(_, a, b)
        | Op.Compare(_, a, b)
        | Op.Window(a, b, _) ->
            visit a
            visit b
        | Op.Fma(a, b, c)
        | Op.Fnma(a, b, c)
        | Op.Select(a, b, c) ->
            visit a
            visit b
            visit c
        | Op.Load(address, _) -> overTerms address visit
        | Op.Gather(address, _, index) ->
            overTerms address visit
            visit index
        | Op.Special(_, items)
        | Op.Pack items -> Array.iter visit items

/// Builds one loop program.
[<Sealed>]
type internal Emitter() =
    let values = ResizeArray<Ppl.Lowering.ValueType>()
    let depths = ResizeArray<int>()
    let variables = ResizeArray<Ppl.Lowering.ValueType>()
    let buffers = ResizeArray<Buffer>()
    let blocks = ResizeArray [ ResizeArray<Stmt>() ]
    let constants = Dictionary<struct (Elem * Lanes * int64), Value>()
    let splats = Dictionary<Value, Value>()
    let clamps = Dictionary<struct (Value * int), Value>()

    let add (elem: Elem) lanes depth =
        values.Add { Elem = elem; Lanes = lanes }
        depths.Add depth
        values.Count - 1

    /// The number of enclosing blocks of the place where statements go now.
    member _.Depth = blocks.Count - 1

    /// The depth of the block in which a value is visible.
    member _.DepthOf value = depths[value]

    member _.TypeOf value = values[value]
    member _.Values = values.ToArray()
    member _.Variables = variables.ToArray()
    member _.Buffers = buffers

    /// The counters of loops whose turns are independent.
    member val Independent = HashSet<Value>()

    /// A statement at the end of the innermost open block.
    member _.Do stmt = blocks[blocks.Count - 1].Add stmt

    /// A statement at the end of the open block of that depth.
    member _.DoAt depth stmt = blocks[depth].Add stmt

    /// Opens an inner block.
    member _.Open() = blocks.Add(ResizeArray())

    /// Closes the innermost block.
    member _.Close() : Block =
        let block = blocks[blocks.Count - 1]
        blocks.RemoveAt(blocks.Count - 1)
        block.ToArray()

    /// Runs an action with the block of that depth as the innermost; blocks inside it stay open around the action.
    member _.Within(depth, action: unit -> unit) =
        let inner = blocks.GetRange(depth + 1, blocks.Count - depth - 1)
        blocks.RemoveRange(depth + 1, inner.Count)
        action ()
        blocks.AddRange inner

    /// A value that a statement of the innermost open block binds, such as a loop counter of the block about to open.
    member _.Counter() = add Elem.Int Lanes.One blocks.Count

    member _.NewVariable elem lanes : Variable =
        variables.Add { Elem = elem; Lanes = lanes }
        variables.Count - 1

    member _.NewBuffer buffer : BufferId =
        buffers.Add buffer
        buffers.Count - 1

    /// A pure computation, no further out than the floor.
    member _.Let(floor, elem, lanes, op) : Value =
        let mutable depth = floor
        Operation.operands op (fun operand -> depth <- max depth depths[operand])
        let value = add elem lanes depth
        blocks[depth].Add(Stmt.Let(value, op))
        value

    /// The content of a variable now.
    member this.Get(variable: Variable) =
        let ty = variables[variable]
        this.Let(this.Depth, ty.Elem, ty.Lanes, Op.Get variable)

    member private this.Constant(elem, lanes, bits, op) =
        let key = struct (elem, lanes, bits)

        match constants.TryGetValue key with
        | true, value -> value
        | _ ->
            let value = this.Let(0, elem, lanes, op)
            constants[key] <- value
            value

    member this.Real(x: float) = this.Constant(Elem.Real, Lanes.One, System.BitConverter.DoubleToInt64Bits x, Op.Real x)

    member this.Single(x: float32) =
        this.Constant(Elem.Single, Lanes.One, int64 (System.BitConverter.SingleToInt32Bits x), Op.Single x)

    member this.Long(x: int64) = this.Constant(Elem.Long, Lanes.One, x, Op.Long x)
    member this.Word(x: uint32) = this.Constant(Elem.Word, Lanes.One, int64 x, Op.Word x)
    member this.Int(x: int) = this.Constant(Elem.Int, Lanes.One, int64 x, Op.Int x)
    member this.Mask(x: bool) = this.Constant(Elem.Mask, Lanes.One, (if x then 1L else 0L), Op.Mask x)
    member this.LaneIndex = this.Constant(Elem.Int, Lanes.Eight, -1L, Op.LaneIndex)
    member this.LaneMask count = this.Constant(Elem.Mask, Lanes.Eight, int64 count, Op.LaneMask count)

    /// The number that each element type writes so.
    member this.Number(elem, x: float) =
        match elem with
        | Elem.Real -> this.Real x
        | Elem.Single -> this.Single(float32 x)
        | Elem.Long -> this.Long(int64 x)
        | Elem.Int -> this.Int(int x)
        | Elem.Word -> this.Word(uint32 x)
        | Elem.Mask -> this.Mask(x <> 0.0)

    /// One element of a literal.
    member this.Element(literal: Literal, i: int) =
        match literal.Data with
        | Storage.F64 data -> this.Real data[i]
        | Storage.F32 data -> this.Single data[i]
        | Storage.I64 data -> this.Long data[i]
        | Storage.I32 data -> this.Int data[i]
        | Storage.U32 data -> this.Word data[i]
        | Storage.Bool data -> this.Mask data[i]

    /// Eight lanes: the value itself or its splat.
    member this.Wide value =
        if values[value].Lanes = Lanes.Eight then
            value
        else
            match splats.TryGetValue value with
            | true, wide -> wide
            | _ ->
                let wide = this.Let(depths[value], values[value].Elem, Lanes.Eight, Op.Splat value)
                splats[value] <- wide
                wide

    /// Whether any of the values has eight lanes.
    member _.AnyWide(a: Value, b: Value, c: Value) =
        values[a].Lanes = Lanes.Eight || values[b].Lanes = Lanes.Eight || values[c].Lanes = Lanes.Eight

    /// The value as another element type; between f32 and the others by way of f64, which rounds once where i64 does not.
    member this.Convert(floor, target, value: Value) : Value =
        let source = values[value].Elem

        if source = target then
            value
        else
            let direct =
                (source <> Elem.Single || target = Elem.Real)
                && (target <> Elem.Single || source = Elem.Real || source = Elem.Long)

            let value = if direct then value else this.Convert(floor, Elem.Real, value)
            this.Let(floor, target, values[value].Lanes, Op.Convert(target, value))

    /// An operation on operands brought to the same number of lanes.
    member this.Unary(floor, elem, op, a) = this.Let(floor, elem, values[a].Lanes, Op.Unary(op, a))

    member this.Binary(floor, op, a: Value, b: Value) =
        let elem = values[a].Elem

        if this.AnyWide(a, b, b) then
            this.Let(floor, elem, Lanes.Eight, Op.Binary(op, this.Wide a, this.Wide b))
        else
            this.Let(floor, elem, Lanes.One, Op.Binary(op, a, b))

    member this.Special(floor, op, args: Value[]) =
        if args |> Array.exists (fun v -> values[v].Lanes = Lanes.Eight) then
            this.Let(floor, Elem.Real, Lanes.Eight, Op.Special(op, Array.map this.Wide args))
        else
            this.Let(floor, Elem.Real, Lanes.One, Op.Special(op, args))

    member this.Compare(floor, op, a: Value, b: Value) =
        if this.AnyWide(a, b, b) then
            this.Let(floor, Elem.Mask, Lanes.Eight, Op.Compare(op, this.Wide a, this.Wide b))
        else
            this.Let(floor, Elem.Mask, Lanes.One, Op.Compare(op, a, b))

    member this.Select(floor, mask: Value, a: Value, b: Value) =
        let elem = values[a].Elem

        if this.AnyWide(mask, a, b) then
            this.Let(floor, elem, Lanes.Eight, Op.Select(this.Wide mask, this.Wide a, this.Wide b))
        else
            this.Let(floor, elem, Lanes.One, Op.Select(mask, a, b))

    /// a b + c
    member this.Fma(floor, a: Value, b: Value, c: Value) =
        if this.AnyWide(a, b, c) then
            this.Let(floor, values[c].Elem, Lanes.Eight, Op.Fma(this.Wide a, this.Wide b, this.Wide c))
        else
            this.Let(floor, values[c].Elem, Lanes.One, Op.Fma(a, b, c))

    /// c - a b
    member this.Fnma(floor, a: Value, b: Value, c: Value) =
        if this.AnyWide(a, b, c) then
            this.Let(floor, values[c].Elem, Lanes.Eight, Op.Fnma(this.Wide a, this.Wide b, this.Wide c))
        else
            this.Let(floor, values[c].Elem, Lanes.One, Op.Fnma(a, b, c))

    /// The index brought into 0..limit.
    member this.Clamp(index: Value, limit: int) =
        let floor = depths[index]
        let key = struct (index, limit)

        match clamps.TryGetValue key with
        | true, value -> value
        | _ ->
            let low = this.Binary(floor, BinaryOp.Max, index, this.Int 0)
            let value = this.Binary(floor, BinaryOp.Min, low, this.Int limit)
            clamps[key] <- value
            value

    /// Scratch memory of this length; the memory plan gives it its place.
    member this.Scratch elem length = this.NewBuffer { Elem = elem; Length = length; Place = Place.Scratch 0 }

    /// Stores one element or the first lanes of eight; a scalar for several lanes is splat.
    member this.Store(depth, address: Address, stride, lanes, value) =
        let value = if lanes > 1 then this.Wide value else value
        this.DoAt depth (Stmt.Store(address, stride, lanes, value))
