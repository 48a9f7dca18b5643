// The operations of the loop IR on one hardware vector. Reals and masks are Vector<double>, integers Vector<long> with
// sign-extended (Int) or zero-extended (Word) 32-bit values or 64-bit ones (Long). Singles are as many lanes of a vector of
// half the width; at 128 bits, the lower half of a vector, whose upper half nobody looks at. Each function calls each of its pushes exactly once, in order.
// Relies on Writer, Registers and Functions. Read ScalarCode next.
namespace Ppl.Jit

open System
open System.Runtime.Intrinsics.X86
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering

/// Code for vectors.
[<RequireQualifiedAccess>]
module VectorCode =

    let private real = typeof<float>
    let private integer = typeof<int64>

    // 1.5 * 2^52: adding it to a real of magnitude below 2^51 leaves the integer in the low bits.
    let private shifter = 6755399441055744.0
    let private shifterBits = BitConverter.DoubleToInt64Bits shifter

    let private operator (w: Writer) (set: VectorSet) name elem =
        w.Call((Registers.vectors set elem).Operator(name, Registers.element elem))

    let private generic (w: Writer) (set: VectorSet) name elem arity =
        w.Call((Registers.vectors set elem).Generic(name, Registers.element elem, arity))

    /// All lanes this real.
    let constantReal (w: Writer) (set: VectorSet) x =
        w.Real x
        w.Call(set.Create real)

    /// All lanes this integer.
    let constantInt (w: Writer) (set: VectorSet) (n: int64) =
        w.Int64 n
        w.Call(set.Create integer)

    /// All lanes this number of single precision.
    let constantSingle (w: Writer) (set: VectorSet) x =
        w.Single x
        w.Call(set.Singles.Create typeof<float32>)

    /// The bits of integers as those of reals (or a mask).
    let asReal w set = generic w set "AsDouble" Elem.Int 1

    /// The bits of reals as those of integers.
    let asInteger w set = generic w set "AsInt64" Elem.Real 1

    /// Brings the low bits of a result back into the form that the element type has in 64 bits.
    let wrap (w: Writer) set elem =
        match elem with
        | Elem.Int ->
            w.Int32 32
            operator w set "op_LeftShift" Elem.Int
            w.Int32 32
            operator w set "op_RightShift" Elem.Int
        | Elem.Word ->
            constantInt w set 0xFFFFFFFFL
            operator w set "op_BitwiseAnd" Elem.Word
        | _ -> ()

    /// Lanes made of scalars that are on the stack; masks come as i8.
    let ofLanes (w: Writer) (set: VectorSet) elem =
        if elem = Elem.Single && set.Bits = 128 then
            w.Single 0.0f
            w.Single 0.0f

        w.Call((Registers.vectors set elem).CreateFromLanes(Registers.laneType elem))

        if elem = Elem.Mask then
            asReal w set

    /// One scalar to all lanes; a mask comes as i8.
    let splat (w: Writer) (set: VectorSet) elem =
        w.Call((Registers.vectors set elem).Create(Registers.laneType elem))

        if elem = Elem.Mask then
            asReal w set

    /// Whether one instruction brings any lane of a whole value to all lanes.
    let hasSplatLane (set: VectorSet) elem = elem = Elem.Real && set.Bits = 512 && Avx512F.IsSupported

    /// One lane of the topmost entry to all lanes.
    let splatLane (w: Writer) (set: VectorSet) lane =
        for _ in 1 .. set.Lanes do
            w.Int64(int64 lane)

        w.Call(set.CreateFromLanes typeof<int64>)
        w.Call set.PermuteLanes

    /// The scalar in one lane; a mask comes out as i8.
    let lane (w: Writer) (set: VectorSet) elem index =
        if elem = Elem.Mask then
            asInteger w set

        let vectors = Registers.vectors set elem

        if index = 0 then
            w.Call(vectors.Generic("ToScalar", Registers.laneType elem, 1))
        else
            w.Int32 index
            w.Call(vectors.Generic("GetElement", Registers.laneType elem, 1, typeof<int>))

    /// Loads a part from the topmost address.
    let load (w: Writer) (set: VectorSet) elem =
        if elem = Elem.Single && set.Bits = 128 then
            // Two elements as one of 8 bytes.
            w.Add(Il.LoadObject real)
            w.Call(set.CreateScalarUnsafe real)
            w.Call(set.Generic("AsSingle", real, 1))
        else
            w.Add(Il.LoadObject(Registers.vectorType set elem))

    /// Whether one instruction takes a whole value from two that follow each other.
    let hasAlign (set: VectorSet) elem = elem <> Elem.Single && set.Bits = 512 && Avx512F.IsSupported

    /// The lanes from `shift` on of the vector at an address, then those of the vector behind it.
    let loadAcross (w: Writer) (set: VectorSet) elem (pushFirst: Push) (pushSecond: Push) shift =
        pushFirst ()
        load w set Elem.Real
        pushSecond ()
        load w set Elem.Real
        w.Int32 shift
        w.Call(set.Window real)

        if Registers.isInteger elem then
            asInteger w set

    /// Stores the topmost entry, a part, at the address below it.
    let store (w: Writer) (set: VectorSet) elem =
        if elem = Elem.Single && set.Bits = 128 then
            w.Call(set.Generic("AsDouble", typeof<float32>, 1))
            w.Call(set.Generic("ToScalar", real, 1))
            w.Add(Il.StoreObject real)
        else
            w.Add(Il.StoreObject(Registers.vectorType set elem))

    // Neither comparison holds for NaN and the zeros, which are kept.
    let private sign (w: Writer) (set: VectorSet) (push: Push) =
        push ()

        w.Keep(
            set.Real,
            fun x ->
                w.Load x
                generic w set "Abs" Elem.Real 1
                constantReal w set 0.0
                generic w set "GreaterThan" Elem.Real 2
                w.Load x
                constantReal w set -0.0
                operator w set "op_BitwiseAnd" Elem.Real
                constantReal w set 1.0
                operator w set "op_BitwiseOr" Elem.Real
                w.Load x
                generic w set "ConditionalSelect" Elem.Real 3
        )

    let private integerUnary (w: Writer) set elem op =
        match op, elem with
        | UnaryOp.Neg, _ ->
            operator w set "op_UnaryNegation" elem
            wrap w set elem
        | UnaryOp.Abs, Elem.Word -> ()
        | UnaryOp.Abs, _ ->
            generic w set "Abs" elem 1
            wrap w set elem
        | UnaryOp.Sign, _ ->
            constantInt w set 1L
            generic w set "Min" elem 2
            constantInt w set -1L
            generic w set "Max" elem 2
        | UnaryOp.Square, _ ->
            w.Add Il.Duplicate
            operator w set "op_Multiply" elem
            wrap w set elem
        | _ -> Errors.bug "VectorCode.unary" "no such operation on integers"

    // Arithmetic of both precisions.
    let private realUnary (w: Writer) (set: VectorSet) elem op (push: Push) =
        match op with
        | UnaryOp.Neg ->
            push ()
            operator w set "op_UnaryNegation" elem
        | UnaryOp.Abs
        | UnaryOp.Sqrt ->
            push ()
            generic w set (if op = UnaryOp.Abs then "Abs" else "Sqrt") elem 1
        | UnaryOp.Floor ->
            push ()
            let vectors = Registers.vectors set elem
            w.Call(vectors.Static("Floor", Registers.element elem, [| vectors.Of(Registers.element elem) |]))
        | UnaryOp.Reciprocal ->
            (if elem = Elem.Single then constantSingle w set 1.0f else constantReal w set 1.0)
            push ()
            operator w set "op_Division" elem
        | UnaryOp.Square ->
            push ()
            w.Add Il.Duplicate
            operator w set "op_Multiply" elem
        | _ -> Errors.bug "VectorCode.unary" "no such operation on reals"

    /// A unary operation that is not a function.
    let unary (w: Writer) (set: VectorSet) elem op (push: Push) =
        match op, elem with
        | UnaryOp.Not, Elem.Mask ->
            push ()
            operator w set "op_OnesComplement" elem
        | UnaryOp.Sign, Elem.Real -> sign w set push
        | UnaryOp.IsFinite, Elem.Real ->
            push ()
            generic w set "Abs" elem 1
            constantReal w set infinity
            generic w set "LessThan" elem 2
        | UnaryOp.IsNaN, Elem.Real ->
            push ()
            generic w set "IsNaN" elem 1
        | _ when Registers.isInteger elem ->
            push ()
            integerUnary w set elem op
        | _ -> realUnary w set elem op push

    let private realBinary w (set: VectorSet) elem op =
        match op with
        | BinaryOp.Add -> operator w set "op_Addition" elem
        | BinaryOp.Sub -> operator w set "op_Subtraction" elem
        | BinaryOp.Mul -> operator w set "op_Multiply" elem
        | BinaryOp.Div -> operator w set "op_Division" elem
        | BinaryOp.Max -> generic w set "Max" elem 2
        | BinaryOp.Min -> generic w set "Min" elem 2
        | BinaryOp.Pow when elem = Elem.Real -> w.Call(Functions.pow set.Real)
        | _ -> Errors.bug "VectorCode.binary" "no such operation on reals"

    let private bitwise w set elem op =
        match op with
        | BinaryOp.And -> operator w set "op_BitwiseAnd" elem
        | BinaryOp.Or -> operator w set "op_BitwiseOr" elem
        | BinaryOp.Xor -> operator w set "op_ExclusiveOr" elem
        | _ -> Errors.bug "VectorCode.binary" "no such operation on truth values"

    let private integerBinary w set elem op =
        match op with
        | BinaryOp.Add ->
            operator w set "op_Addition" elem
            wrap w set elem
        | BinaryOp.Sub ->
            operator w set "op_Subtraction" elem
            wrap w set elem
        | BinaryOp.Mul ->
            operator w set "op_Multiply" elem
            wrap w set elem
        | BinaryOp.Max -> generic w set "Max" elem 2
        | BinaryOp.Min -> generic w set "Min" elem 2
        | op -> bitwise w set elem op

    /// Whether `binary` has the operation; the others go lane by lane.
    let hasBinary elem op =
        match op with
        | BinaryOp.Div -> not (Registers.isInteger elem)
        | BinaryOp.Rem
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> false
        | _ -> true

    /// A binary operation on the two topmost entries.
    let binary w set elem op =
        match elem with
        | Elem.Real
        | Elem.Single -> realBinary w set elem op
        | Elem.Long
        | Elem.Int
        | Elem.Word -> integerBinary w set elem op
        | Elem.Mask -> bitwise w set elem op

    /// All lanes shifted by the same constant.
    let shift (w: Writer) set elem op (push: Push) (count: int) =
        push ()

        if op = BinaryOp.ShiftRight && elem = Elem.Int then
            constantInt w set 0xFFFFFFFFL
            operator w set "op_BitwiseAnd" elem

        w.Int32(count &&& (if elem = Elem.Long then 63 else 31))
        operator w set (if op = BinaryOp.ShiftRight then "op_UnsignedRightShift" else "op_LeftShift") elem
        wrap w set elem

    /// Compares the two topmost entries of this element type; leaves a mask.
    let compare w set elem op =
        let complement () = operator w set "op_OnesComplement" Elem.Mask

        match elem, op with
        | Elem.Mask, CompareOp.Ne -> operator w set "op_ExclusiveOr" Elem.Mask
        | Elem.Mask, CompareOp.Eq ->
            operator w set "op_ExclusiveOr" Elem.Mask
            complement ()
        | _ ->
            match op with
            | CompareOp.Eq
            | CompareOp.Ne -> generic w set "Equals" elem 2
            | CompareOp.Lt -> generic w set "LessThan" elem 2
            | CompareOp.Le -> generic w set "LessThanOrEqual" elem 2
            | CompareOp.Gt -> generic w set "GreaterThan" elem 2
            | CompareOp.Ge -> generic w set "GreaterThanOrEqual" elem 2

            if Registers.isInteger elem then
                asReal w set

            if op = CompareOp.Ne then
                complement ()

    /// whenTrue where the mask holds, else whenFalse.
    let select w set elem (mask: Push) (whenTrue: Push) (whenFalse: Push) =
        mask ()

        if Registers.isInteger elem then
            asInteger w set
        elif elem = Elem.Single then
            w.Call(set.Lanes32 "NarrowMask")

        whenTrue ()
        whenFalse ()
        generic w set "ConditionalSelect" elem 3

    /// a b + c, or c - a b.
    let fma (w: Writer) (set: VectorSet) elem isNegated (a: Push) (b: Push) (c: Push) =
        a ()

        if isNegated then
            operator w set "op_UnaryNegation" elem

        b ()
        c ()
        let vectors = Registers.vectors set elem
        let ty = vectors.Of(Registers.element elem)
        w.Call(vectors.Static("FusedMultiplyAdd", Registers.element elem, [| ty; ty; ty |]))

    // Truncates, saturates to these bounds of 32 bits; NaN gives 0. The result is exact through the shifter at every width.
    let private truncate (w: Writer) (set: VectorSet) lowest highest (push: Push) =
        push ()

        w.Keep(
            set.Real,
            fun x ->
                constantReal w set lowest
                constantReal w set highest
                w.Load x
                generic w set "Min" Elem.Real 2
                generic w set "Max" Elem.Real 2
                w.Call(set.Static("Truncate", real, [| set.Real |]))
                constantReal w set shifter
                operator w set "op_Addition" Elem.Real
                asInteger w set
                constantInt w set shifterBits
                operator w set "op_Subtraction" Elem.Int
                w.Load x
                generic w set "IsNaN" Elem.Real 1
                operator w set "op_OnesComplement" Elem.Mask
                asInteger w set
                operator w set "op_BitwiseAnd" Elem.Int
        )

    let private isNotZero w set elem =
        (if Registers.isInteger elem then constantInt w set 0L else constantReal w set 0.0)
        compare w set elem CompareOp.Ne

    /// Whether `convert` has the conversion; the others go lane by lane.
    let hasConvert source target =
        match source, target with
        | Elem.Real, Elem.Long
        | Elem.Long, (Elem.Real | Elem.Single) -> false
        | _ -> true

    /// Converts between element types.
    let convert w (set: VectorSet) source target (push: Push) =
        match source, target with
        | Elem.Real, Elem.Int -> truncate w set -2147483648.0 2147483647.0 push
        | Elem.Real, Elem.Word -> truncate w set 0.0 4294967295.0 push
        | (Elem.Int | Elem.Word), Elem.Real ->
            push ()
            constantInt w set shifterBits
            operator w set "op_Addition" Elem.Int
            asReal w set
            constantReal w set shifter
            operator w set "op_Subtraction" Elem.Real
        | Elem.Real, Elem.Single ->
            push ()
            w.Call(set.Lanes32 "Narrow")
        | Elem.Single, Elem.Real ->
            push ()
            w.Call(set.Lanes32 "Widen")
        | (Elem.Real | Elem.Long | Elem.Int | Elem.Word), Elem.Mask ->
            push ()
            isNotZero w set source
        | (Elem.Long | Elem.Int | Elem.Word), (Elem.Long | Elem.Int | Elem.Word) ->
            push ()

            if source <> target then
                wrap w set target
        | Elem.Mask, Elem.Real ->
            push ()
            constantReal w set 1.0
            operator w set "op_BitwiseAnd" Elem.Mask
        | Elem.Mask, (Elem.Long | Elem.Int | Elem.Word) ->
            push ()
            asInteger w set
            constantInt w set 1L
            operator w set "op_BitwiseAnd" Elem.Int
        | _ when source = target -> push ()
        | _ -> Errors.bug "VectorCode.convert" "no such conversion"
