// Writes one method of a program: every decision is made by Outline, Trees and Homes, this file prints it.
// An eight-lane value is 1, 2 or 4 parts; part p of a result is computed from parts p of the operands.
// Relies on all files above. Read Compiler next.
namespace Ppl.Jit

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// The writer of one method.
[<Sealed>]
type Emitter
    (program: LoopProgram, layout: Layout, trees: Trees, homes: Homes, set: VectorSet, inlined: bool[], w: Writer) =

    let lanes = set.Lanes
    let parts = 8 / lanes

    let elemOf value = program.Values[value].Elem
    let isEight value = program.Values[value].Lanes = Lanes.Eight

    /// The type in memory and in locals of one element, or of one part.
    let registerType (ty: ValueType) =
        match ty.Lanes, ty.Elem with
        | Lanes.One, Elem.Real -> typeof<float>
        | Lanes.One, _ -> typeof<int64>
        | Lanes.Eight, Elem.Int -> set.Integer
        | Lanes.Eight, _ -> set.Real

    let argumentOf buffer =
        match program.Buffers[buffer].Place with
        | Place.Constant _ -> IlBody.ConstantsArgument
        | Place.Input _
        | Place.Output _
        | Place.Scratch _ -> IlBody.ArenaArgument

    /// Pushes an address: an argument plus bytes.
    let pushBase argument (elements: int64) =
        w.Add(Il.LoadArgument argument)

        if elements <> 0L then
            w.Bytes(elements * 8L)
            w.Arithmetic IlArithmetic.Add

    let pushHome home (ty: ValueType) part =
        match home with
        | Home.Locals locals -> w.Load locals[part]
        | Home.Slot offset ->
            pushBase IlBody.ArenaArgument (int64 (offset + part * lanes))
            w.Add(Il.LoadObject(registerType ty))
        | Home.None -> Errors.bug "Emitter" "a value without a home"

    let storeHome home (ty: ValueType) part (push: Push) =
        match home with
        | Home.Locals locals ->
            push ()
            w.Store locals[part]
        | Home.Slot offset ->
            pushBase IlBody.ArenaArgument (int64 (offset + part * lanes))
            push ()
            w.Add(Il.StoreObject(registerType ty))
        | Home.None -> Errors.bug "Emitter" "a value without a home"

    let rec pushValue value part : unit =
        match trees.Form value, trees.Op value with
        | Form.Alias, ValueSome(Op.Get variable) -> pushVariable variable part
        | (Form.Constant | Form.Tree), ValueSome op -> pushOp value op part
        | _ -> pushHome (homes.Value value) program.Values[value] part

    and push value part : Push = fun () -> pushValue value part

    and pushVariable variable part = pushHome (homes.Variable variable) program.Variables[variable] part

    /// Pushes the address of an element of a buffer, `extra` elements further on.
    and pushAddress (address: Address) (extra: int) =
        w.Add(Il.LoadArgument(argumentOf address.Buffer))

        for struct (stride, term) in address.Terms do
            pushValue term 0
            w.Convert IlConvert.ToPointer
            w.Bytes(int64 stride * 8L)
            w.Arithmetic IlArithmetic.Mul
            w.Arithmetic IlArithmetic.Add

        let offset = int64 layout.Offsets[address.Buffer] + int64 address.Offset + int64 extra

        if offset <> 0L then
            w.Bytes(offset * 8L)
            w.Arithmetic IlArithmetic.Add

    and pushOp value op part = if isEight value then pushVector value op part else pushScalar value op

    // ---- one lane ----

    and pushScalar value op =
        let elem = elemOf value

        match op with
        | Op.Real x -> w.Real x
        | Op.Int n -> w.Int64(int64 n)
        | Op.Mask b -> w.Int64(if b then -1L else 0L)
        | Op.Unary(op, x) when Functions.isFunction op -> pushScalarFunction value op x
        | Op.Unary(op, x) -> ScalarCode.unary w (elemOf x) op (push x 0)
        | Op.Binary(op, x, y) -> ScalarCode.binary w elem op (push x 0) (push y 0)
        | Op.Fma(a, b, c) -> ScalarCode.fma w false (push a 0) (push b 0) (push c 0)
        | Op.Fnma(a, b, c) -> ScalarCode.fma w true (push a 0) (push b 0) (push c 0)
        | Op.Compare(op, x, y) ->
            pushValue x 0
            pushValue y 0
            ScalarCode.compare w (elemOf x) op
        | Op.Select(mask, x, y) when elem = Elem.Real ->
            ScalarCode.selectReal w (fun () -> pushLiftedMask mask) (push x 0) (push y 0)
        | Op.Select(mask, x, y) -> ScalarCode.selectBits w (push mask 0) (push x 0) (push y 0)
        | Op.Convert(target, x) -> ScalarCode.convert w (elemOf x) target (push x 0)
        | Op.Load(from, _) ->
            pushAddress from 0
            w.Add(Il.LoadObject(registerType program.Values[value]))
        | Op.ReduceLanes(op, x) -> pushReduced op x
        | Op.Lane(x, lane) ->
            pushValue x (lane / lanes)
            VectorCode.lane w set elem (lane % lanes)
        | Op.Get variable -> pushVariable variable 0
        | Op.Splat _
        | Op.LaneIndex
        | Op.LaneMask _
        | Op.Gather _
        | Op.Pack _ -> Errors.bug "Emitter" "an operation of eight lanes gives one"

    and pushScalarFunction value op x =
        if inlined[value] then
            let narrow = Machine.vectors 128
            pushValue x 0
            VectorCode.splat w narrow Elem.Real
            w.Call(Functions.unary true op narrow.Real)
            VectorCode.lane w narrow Elem.Real 0
        else
            pushValue x 0
            w.Call(Functions.unary false op typeof<float>)

    /// A mask in lane 0 of 128 bits; a comparison of reals does not go through an integer register.
    and pushLiftedMask mask =
        match trees.Form mask, trees.Op mask with
        | Form.Tree, ValueSome(Op.Compare(op, x, y)) when elemOf x = Elem.Real ->
            pushValue x 0
            ScalarCode.lift w
            pushValue y 0
            ScalarCode.lift w
            VectorCode.compare w (Machine.vectors 128) Elem.Real op
        | _ ->
            pushValue mask 0
            ScalarCode.liftMask w

    // ---- eight lanes to one ----

    and pushReduced op x =
        let elem = elemOf x

        let combine (part: VectorSet) =
            match op with
            | ReduceOp.Sum -> w.Call(part.Operator("op_Addition", VectorCode.element elem))
            | ReduceOp.Prod -> w.Call(part.Operator("op_Multiply", VectorCode.element elem))
            | ReduceOp.Max -> VectorCode.binary w part elem BinaryOp.Max
            | ReduceOp.Min -> VectorCode.binary w part elem BinaryOp.Min
            | ReduceOp.Any -> VectorCode.binary w part Elem.Mask BinaryOp.Or
            | ReduceOp.All -> VectorCode.binary w part Elem.Mask BinaryOp.And

        // Lanes i and i + 4, then i and i + 2, then i and i + 1: first among parts, then within one.
        let rec among part step =
            if step >= parts then
                pushValue x part
            else
                among part (2 * step)
                among (part + step) (2 * step)
                combine set

        let rec within (current: VectorSet) =
            w.Keep(
                current.Of(VectorCode.element elem),
                fun kept ->
                    if current.Bits > 128 then
                        w.Load kept
                        w.Call(current.Generic("GetLower", VectorCode.element elem, 1))
                        w.Load kept
                        w.Call(current.Generic("GetUpper", VectorCode.element elem, 1))
                        combine current.Half
                    else
                        w.Load kept
                        VectorCode.lane w current elem 0
                        w.Load kept
                        VectorCode.lane w current elem 1
                        combineScalars elem op
            )

            if current.Bits > 128 then
                within current.Half

        among 0 1
        within set

    and combineScalars elem op =
        let ignoreBoth: Push = ignore

        match op with
        | ReduceOp.Sum -> ScalarCode.binary w elem BinaryOp.Add ignoreBoth ignoreBoth
        | ReduceOp.Prod -> ScalarCode.binary w elem BinaryOp.Mul ignoreBoth ignoreBoth
        | ReduceOp.Max -> ScalarCode.binary w elem BinaryOp.Max ignoreBoth ignoreBoth
        | ReduceOp.Min -> ScalarCode.binary w elem BinaryOp.Min ignoreBoth ignoreBoth
        | ReduceOp.Any -> ScalarCode.binary w Elem.Mask BinaryOp.Or ignoreBoth ignoreBoth
        | ReduceOp.All -> ScalarCode.binary w Elem.Mask BinaryOp.And ignoreBoth ignoreBoth

    // ---- eight lanes, one part ----

    and pushVector value op part =
        let elem = elemOf value

        match op with
        | Op.Real x -> VectorCode.constantReal w set x
        | Op.Int n -> VectorCode.constantInt w set (int64 n)
        | Op.Mask b -> pushLaneConstants Elem.Mask (fun _ -> if b then -1L else 0L) part
        | Op.LaneIndex -> pushLaneConstants Elem.Int int64 part
        | Op.LaneMask count -> pushLaneConstants Elem.Mask (fun lane -> if lane < count then -1L else 0L) part
        | Op.Unary(op, x) when Functions.isFunction op ->
            pushValue x part
            w.Call(Functions.unary inlined[value] op set.Real)
        | Op.Unary(op, x) -> VectorCode.unary w set (elemOf x) op (push x part)
        | Op.Binary(op, x, y) -> pushVectorBinary elem op x y part
        | Op.Fma(a, b, c) -> VectorCode.fma w set false (push a part) (push b part) (push c part)
        | Op.Fnma(a, b, c) -> VectorCode.fma w set true (push a part) (push b part) (push c part)
        | Op.Compare(op, x, y) ->
            pushValue x part
            pushValue y part
            VectorCode.compare w set (elemOf x) op
        | Op.Select(mask, x, y) -> VectorCode.select w set elem (push mask part) (push x part) (push y part)
        | Op.Convert(target, x) -> VectorCode.convert w set (elemOf x) target (push x part)
        | Op.Splat x ->
            pushValue x 0
            VectorCode.splat w set elem
        | Op.Load(from, stride) -> pushVectorLoad value from stride part
        | Op.Gather(from, stride, index) -> pushGather elem from stride index part
        | Op.Pack scalars ->
            for lane in part * lanes .. part * lanes + lanes - 1 do
                pushValue scalars[lane] 0

            VectorCode.ofLanes w set elem
        | Op.Get variable -> pushVariable variable part
        | Op.ReduceLanes _
        | Op.Lane _ -> Errors.bug "Emitter" "an operation of one lane gives eight"

    and pushLaneConstants elem (valueAt: int -> int64) part =
        for lane in part * lanes .. part * lanes + lanes - 1 do
            w.Int64(valueAt lane)

        VectorCode.ofLanes w set elem

    and pushVectorBinary elem op x y part =
        match op, uniform y with
        | (BinaryOp.ShiftLeft | BinaryOp.ShiftRight), ValueSome count -> VectorCode.shift w set op (push x part) count
        | _ when VectorCode.hasBinary elem op ->
            pushValue x part
            pushValue y part
            VectorCode.binary w set elem op
        | _ -> pushLaneByLane op x y part

    /// The integer that all lanes are, if that is known.
    and uniform value =
        match trees.Op value with
        | ValueSome(Op.Splat x) -> uniform x
        | ValueSome(Op.Int n) -> ValueSome n
        | _ -> ValueNone

    // Integer division and shifts by varying counts, which no instruction set has for all widths.
    and pushLaneByLane op x y part =
        pushValue x part

        w.Keep(
            set.Integer,
            fun kept1 ->
                pushValue y part

                w.Keep(
                    set.Integer,
                    fun kept2 ->
                        for lane in 0 .. lanes - 1 do
                            let laneOf kept () =
                                w.Load kept
                                VectorCode.lane w set Elem.Int lane

                            ScalarCode.binary w Elem.Int op (laneOf kept1) (laneOf kept2)
                )
        )

        VectorCode.ofLanes w set Elem.Int

    /// Masks are loaded lane by lane as integers, so that no bit pattern passes through a real.
    and laneType elem = if elem = Elem.Real then typeof<float> else typeof<int64>

    and pushVectorLoad value from stride part =
        let elem = elemOf value

        match stride with
        | 1 ->
            pushAddress from (part * lanes)
            w.Add(Il.LoadObject(registerType program.Values[value]))
        | 0 ->
            pushAddress from 0
            w.Add(Il.LoadObject(laneType elem))
            VectorCode.splat w set elem
        | stride ->
            pushAddress from (part * lanes * stride)

            w.Keep(
                typeof<nativeint>,
                fun start ->
                    for lane in 0 .. lanes - 1 do
                        pushOffset start (lane * stride)
                        w.Add(Il.LoadObject(laneType elem))
            )

            VectorCode.ofLanes w set elem

    and pushOffset start elements =
        w.Load start

        if elements <> 0 then
            w.Bytes(int64 elements * 8L)
            w.Arithmetic IlArithmetic.Add

    // Lane by lane: indices that come from memory are read as scalars and never pass through a vector register.
    and pushGather elem from stride index part =
        let gather (pushIndex: int -> unit) =
            pushAddress from 0

            w.Keep(
                typeof<nativeint>,
                fun start ->
                    for lane in 0 .. lanes - 1 do
                        w.Load start
                        pushIndex lane
                        w.Convert IlConvert.ToPointer
                        w.Bytes(int64 stride * 8L)
                        w.Arithmetic IlArithmetic.Mul
                        w.Arithmetic IlArithmetic.Add
                        w.Add(Il.LoadObject(laneType elem))
            )

        match trees.Form index, trees.Op index with
        | Form.Tree, ValueSome(Op.Load(indices, indexStride)) ->
            pushAddress indices (part * lanes * indexStride)

            w.Keep(
                typeof<nativeint>,
                fun first ->
                    gather (fun lane ->
                        pushOffset first (lane * indexStride)
                        w.Add(Il.LoadObject typeof<int64>))
            )
        | _ ->
            pushValue index part

            w.Keep(
                set.Integer,
                fun kept ->
                    gather (fun lane ->
                        w.Load kept
                        VectorCode.lane w set Elem.Int lane)
            )

        VectorCode.ofLanes w set elem

    // ---- statements ----

    let partsOf (ty: ValueType) = if ty.Lanes = Lanes.One then 1 else parts

    let emitLet value op =
        if trees.Form value = Form.Kept then
            let ty = program.Values[value]

            for part in 0 .. partsOf ty - 1 do
                storeHome (homes.Value value) ty part (fun () -> pushOp value op part)

    let emitSet variable value =
        let ty = program.Variables[variable]

        for part in 0 .. partsOf ty - 1 do
            storeHome (homes.Variable variable) ty part (push value part)

    /// Whether elements behind those stored belong to nobody, so that a whole vector may be stored.
    let endsBuffer (into: Address) count =
        into.Terms.Length = 0 && into.Offset + count = program.Buffers[into.Buffer].Length

    /// The first `count` lanes of a kept vector, in halves: halves forward to later loads, masked stores do not.
    let rec storePiece (into: Address) at elem (current: VectorSet) kept count =
        let element = VectorCode.element elem

        let half name (run: int -> unit) =
            w.Load kept
            w.Call(current.Generic(name, element, 1))
            w.Keep(current.Half.Of element, run)

        let halfLanes = current.Lanes / 2

        if count = current.Lanes then
            pushAddress into at
            w.Load kept
            w.Add(Il.StoreObject(current.Of element))
        elif current.Bits = 128 then
            pushAddress into at
            w.Load kept
            VectorCode.lane w current elem 0
            w.Add(Il.StoreObject(laneType elem))
        else
            half "GetLower" (fun lower -> storePiece into at elem current.Half lower (min count halfLanes))

            if count > halfLanes then
                half "GetUpper" (fun upper ->
                    storePiece into (at + halfLanes) elem current.Half upper (count - halfLanes))

    let storePart (into: Address) count value part =
        let elem = elemOf value
        let first = part * lanes
        let here = min lanes (count - first)

        if here = lanes || (here > 0 && endsBuffer into count) then
            pushAddress into first
            pushValue value part
            w.Add(Il.StoreObject(registerType program.Values[value]))
        elif here > 0 then
            pushValue value part
            w.Keep(set.Of(VectorCode.element elem), fun kept -> storePiece into first elem set kept here)

    let storeStrided (into: Address) stride count value part =
        let elem = elemOf value

        if count > part * lanes then
            pushValue value part

            w.Keep(
                set.Of(VectorCode.element elem),
                fun kept ->
                    for lane in 0 .. min lanes (count - part * lanes) - 1 do
                        pushAddress into ((part * lanes + lane) * stride)
                        w.Load kept
                        VectorCode.lane w set elem lane
                        w.Add(Il.StoreObject(laneType elem))
            )

    let emitStore (into: Address) stride count value =
        if not (isEight value) then
            pushAddress into 0
            pushValue value 0
            w.Add(Il.StoreObject(registerType program.Values[value]))
        else
            for part in 0 .. parts - 1 do
                if stride = 1 then
                    storePart into count value part
                else
                    storeStrided into stride count value part

    let emitCopy destination source (count: int) =
        pushAddress destination 0
        pushAddress source 0
        w.Int32(count * 8)
        w.Add Il.CopyBlock

    let emitKernel kernel =
        KernelCalls.emit w (fun address -> pushAddress address 0) (fun value -> pushValue value 0) kernel

    let emitLeaf statement =
        match statement with
        | Stmt.Let(value, op) -> emitLet value op
        | Stmt.Set(variable, value) -> emitSet variable value
        | Stmt.Store(into, stride, count, value) -> emitStore into stride count value
        | Stmt.Copy(destination, source, count) -> emitCopy destination source count
        | Stmt.Call kernel -> emitKernel kernel
        | Stmt.For _
        | Stmt.If _
        | Stmt.While _ -> Errors.bug "Emitter" "a block among the leaves"

    /// Pushes a condition as 0 or not 0 (i4).
    let pushCondition condition =
        match trees.Form condition, trees.Op condition with
        | Form.Tree, ValueSome(Op.Compare(op, x, y)) when elemOf x <> Elem.Mask ->
            pushValue x 0
            pushValue y 0
            ScalarCode.condition w (elemOf x) op
        | _ ->
            pushValue condition 0
            w.Convert IlConvert.ToInt32

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
            storeHome home ty 0 (fun () -> w.Int64(int64 start))
            let top = w.NewLabel()

            if start + step < limit then
                w.Mark top

            emitBlock body

            if start + step < limit then
                storeHome home ty 0 (fun () ->
                    pushHome home ty 0
                    w.Int64(int64 step)
                    w.Arithmetic IlArithmetic.Add)

                pushHome home ty 0
                w.Int64(int64 limit)
                w.Branch(IlBranch.IfLess, top)

    and emitIf condition whenTrue whenFalse =
        let otherwise = w.NewLabel()
        pushCondition condition
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
        pushCondition condition
        w.Branch(IlBranch.IfTrue, top)

    /// Writes the whole method.
    member _.Emit(body: Node[]) =
        emitBlock body
        w.Add Il.Return
