// Pushes values: what is kept comes from its home, what is a tree is computed in place. An eight-lane value is 1, 2 or 4
// parts; part p of a result is computed from parts p of the operands. Every decision was made by Trees and Homes.
// Relies on LaneCode. Read Emitter next.
namespace Ppl.Jit

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// The writer of the values of one method.
[<Sealed>]
type ValueCode
    (program: LoopProgram, layout: Layout, trees: Trees, homes: Homes, set: VectorSet, inlined: bool[], w: Writer) =

    let lanes = set.Lanes
    let parts = 8 / lanes

    let elemOf value = program.Values[value].Elem
    let isEight value = program.Values[value].Lanes = Lanes.Eight

    /// The type in locals of one element, or of one part.
    let registerType ty = Registers.typeOf set ty

    let bytesOf buffer = int64 (Elem.bytes program.Buffers[buffer].Elem)

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
            w.Bytes(int64 stride * bytesOf address.Buffer)
            w.Arithmetic IlArithmetic.Mul
            w.Arithmetic IlArithmetic.Add

        let elements = int64 address.Offset + int64 extra
        let offset = int64 layout.Offsets[address.Buffer] * 8L + elements * bytesOf address.Buffer

        if offset <> 0L then
            w.Bytes offset
            w.Arithmetic IlArithmetic.Add

    and pushOp value op part = if isEight value then pushVector value op part else pushScalar value op

    // ---- one lane ----

    and pushScalar value op =
        let elem = elemOf value

        match op with
        | Op.Real x -> w.Real x
        | Op.Single x -> w.Single x
        | Op.Long n -> w.Int64 n
        | Op.Int n -> w.Int64(int64 n)
        | Op.Word n -> w.Int64(int64 n)
        | Op.Mask b -> w.Int64(if b then -1L else 0L)
        | Op.Unary(op, x) when Functions.isFunction op -> pushScalarFunction value op x
        | Op.Unary(op, x) -> ScalarCode.unary w (elemOf x) op (push x 0)
        | Op.Binary(op, x, y) -> ScalarCode.binary w elem op (push x 0) (push y 0)
        | Op.Special(op, args) ->
            args |> Array.iter (fun x -> pushValue x 0)
            w.Call(Functions.special op typeof<float>)
        | Op.Fma(a, b, c) -> ScalarCode.fma w elem false (push a 0) (push b 0) (push c 0)
        | Op.Fnma(a, b, c) -> ScalarCode.fma w elem true (push a 0) (push b 0) (push c 0)
        | Op.Compare(op, x, y) ->
            pushValue x 0
            pushValue y 0
            ScalarCode.compare w (elemOf x) op
        | Op.Select(mask, x, y) when elem = Elem.Real || elem = Elem.Single ->
            ScalarCode.selectReal w elem (fun () -> pushLiftedMask mask) (push x 0) (push y 0)
        | Op.Select(mask, x, y) -> ScalarCode.selectBits w (push mask 0) (push x 0) (push y 0)
        | Op.Convert(target, x) -> ScalarCode.convert w (elemOf x) target (push x 0)
        | Op.Load(from, _) ->
            pushAddress from 0
            w.Add(Il.LoadObject(registerType program.Values[value]))
        | Op.ReduceLanes(op, x) -> LaneCode.reduce w set (elemOf x) op (pushValue x)
        | Op.Lane(x, lane) ->
            pushValue x (lane / lanes)
            VectorCode.lane w set elem (lane % lanes)
        | Op.Get variable -> pushVariable variable 0
        | Op.Splat _
        | Op.LaneIndex
        | Op.LaneMask _
        | Op.Gather _
        | Op.Window _
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

    // ---- eight lanes, one part ----

    and pushVector value op part =
        let elem = elemOf value

        match op with
        | Op.Real x -> VectorCode.constantReal w set x
        | Op.Single x -> VectorCode.constantSingle w set x
        | Op.Long n -> VectorCode.constantInt w set n
        | Op.Int n -> VectorCode.constantInt w set (int64 n)
        | Op.Word n -> VectorCode.constantInt w set (int64 n)
        | Op.Mask b -> pushLaneConstants Elem.Mask (fun _ -> if b then -1L else 0L) part
        | Op.LaneIndex -> pushLaneConstants Elem.Int int64 part
        | Op.LaneMask count -> pushLaneConstants Elem.Mask (fun lane -> if lane < count then -1L else 0L) part
        | Op.Unary(op, x) when Functions.isFunction op ->
            pushValue x part
            w.Call(Functions.unary inlined[value] op set.Real)
        | Op.Unary(op, x) -> VectorCode.unary w set (elemOf x) op (push x part)
        | Op.Binary(op, x, y) -> pushVectorBinary elem op x y part
        | Op.Special(op, args) ->
            args |> Array.iter (fun x -> pushValue x part)
            w.Call(Functions.special op set.Real)
        | Op.Fma(a, b, c) -> VectorCode.fma w set elem false (push a part) (push b part) (push c part)
        | Op.Fnma(a, b, c) -> VectorCode.fma w set elem true (push a part) (push b part) (push c part)
        | Op.Compare(op, x, y) ->
            pushValue x part
            pushValue y part
            VectorCode.compare w set (elemOf x) op
        | Op.Select(mask, x, y) -> VectorCode.select w set elem (push mask part) (push x part) (push y part)
        | Op.Convert(target, x) when VectorCode.hasConvert (elemOf x) target ->
            VectorCode.convert w set (elemOf x) target (push x part)
        | Op.Convert(target, x) -> LaneCode.convert w set (elemOf x) target (push x part)
        | Op.Splat x ->
            match trees.Form x, trees.Op x with
            | Form.Tree, ValueSome(Op.Lane(source, lane)) when lane > 0 && VectorCode.hasSplatLane set elem ->
                pushValue source part
                VectorCode.splatLane w set lane
            | _ ->
                pushValue x 0
                VectorCode.splat w set elem
        | Op.Load(from, stride) -> pushVectorLoad value from stride part
        | Op.Gather(from, stride, index) -> pushGather elem from stride index part
        | Op.Pack scalars ->
            for lane in part * lanes .. part * lanes + lanes - 1 do
                pushValue scalars[lane] 0

            VectorCode.ofLanes w set elem
        | Op.Window(first, second, start) -> pushWindow elem first second (start + part * lanes)
        | Op.Get variable -> pushVariable variable part
        | Op.ReduceLanes _
        | Op.Lane _ -> Errors.bug "Emitter" "an operation of one lane gives eight"

    /// As many lanes of two values as a part has, from a lane on.
    and pushWindow elem first second start =
        let source index () = if index < parts then pushValue first index else pushValue second (index - parts)
        let index = start / lanes

        if start % lanes = 0 then
            source index ()
        else
            LaneCode.window w set elem (source index) (source (index + 1)) (start % lanes)

    and pushLaneConstants elem (valueAt: int -> int64) part =
        for lane in part * lanes .. part * lanes + lanes - 1 do
            w.Int64(valueAt lane)

        VectorCode.ofLanes w set elem

    and pushVectorBinary elem op x y part =
        match op, uniform y with
        | (BinaryOp.ShiftLeft | BinaryOp.ShiftRight), ValueSome count ->
            VectorCode.shift w set elem op (push x part) count
        | _ when VectorCode.hasBinary elem op ->
            pushValue x part
            pushValue y part
            VectorCode.binary w set elem op
        | _ -> LaneCode.binary w set elem op (push x part) (push y part)

    /// The integer that all lanes are, if that is known.
    and uniform value =
        match trees.Op value with
        | ValueSome(Op.Splat x) -> uniform x
        | ValueSome(Op.Int n) -> ValueSome n
        | ValueSome(Op.Word n) -> ValueSome(int n)
        | ValueSome(Op.Long n) -> ValueSome(int n)
        | _ -> ValueNone

    and pushVectorLoad value from stride part =
        let elem = elemOf value

        match stride with
        | 1 when isAcrossVectors elem from ->
            let shift = from.Offset % lanes
            let load extra () = pushAddress from extra
            VectorCode.loadAcross w set elem (load -shift) (load (lanes - shift)) shift
        | 1 ->
            pushAddress from (part * lanes)
            VectorCode.load w set elem
        | 0 ->
            pushAddress from 0
            w.Add(Il.LoadObject(Registers.laneType elem))
            VectorCode.splat w set elem
        | stride -> LaneCode.load w set elem stride (fun () -> pushAddress from (part * lanes * stride))

    /// Whether eight elements lie in two vectors that may just have been stored: such a load would wait for both stores to
    /// reach the cache, where two loads take the content of each store from the processor's queue.
    and isAcrossVectors elem (from: Address) =
        match program.Buffers[from.Buffer].Place with
        | Place.Constant _ -> false
        | _ -> from.Terms.Length = 0 && from.Offset % 8 <> 0 && VectorCode.hasAlign set elem

    and pushGather elem from stride index part =
        let pushStart () = pushAddress from 0

        match trees.Form index, trees.Op index with
        | Form.Tree, ValueSome(Op.Load(indices, indexStride)) ->
            let pushFirst () = pushAddress indices (part * lanes * indexStride)
            LaneCode.gatherByMemory w set elem stride pushStart pushFirst indexStride
        | _ -> LaneCode.gather w set elem stride pushStart (push index part)

    /// The element type of a value.
    member _.Elem value = elemOf value

    /// Whether a value has eight lanes.
    member _.IsEight value = isEight value

    /// The type in memory and in locals of one element, or of one part.
    member _.RegisterType ty = registerType ty

    /// How many parts a value of this type has.
    member _.Parts(ty: ValueType) = if ty.Lanes = Lanes.One then 1 else parts

    /// Pushes a part of a value.
    member _.Push(value, part) = pushValue value part

    /// Pushes a part of a computation.
    member _.PushOp(value, op, part) = pushOp value op part

    /// Pushes the address of an element of a buffer, `extra` elements further on.
    member _.PushAddress(address, extra) = pushAddress address extra

    /// Pushes a part of what a home holds.
    member _.PushHome(home, ty, part) = pushHome home ty part

    /// Stores what `push` pushes as a part of what a home holds.
    member _.StoreHome(home, ty, part, push: Push) = storeHome home ty part push

    /// Pushes a condition as 0 or not 0 (i4).
    member _.PushCondition condition =
        match trees.Form condition, trees.Op condition with
        | Form.Tree, ValueSome(Op.Compare(op, x, y)) when elemOf x <> Elem.Mask ->
            pushValue x 0
            pushValue y 0
            ScalarCode.condition w (elemOf x) op
        | _ ->
            pushValue condition 0
            w.Convert IlConvert.ToInt32
