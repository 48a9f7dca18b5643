// The operations of the loop IR on one hardware vector. Reals and masks are Vector<double>, integers Vector<long> with
// sign-extended 32-bit values. Each function calls each of its pushes exactly once, in order.
// Relies on Writer, Machine and Functions. Read ScalarCode next.
namespace Ppl.Jit

open System
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

    /// The type of lanes of this element type in registers.
    let element elem = if elem = Elem.Int then integer else real

    let private operator (w: Writer) (set: VectorSet) name elem = w.Call(set.Operator(name, element elem))

    let private generic (w: Writer) (set: VectorSet) name elem arity = w.Call(set.Generic(name, element elem, arity))

    /// All lanes this real.
    let constantReal (w: Writer) (set: VectorSet) x =
        w.Real x
        w.Call(set.Create real)

    /// All lanes this integer.
    let constantInt (w: Writer) (set: VectorSet) (n: int64) =
        w.Int64 n
        w.Call(set.Create integer)

    /// The bits of integers as those of reals (or a mask).
    let asReal w set = generic w set "AsDouble" Elem.Int 1

    /// The bits of reals as those of integers.
    let asInteger w set = generic w set "AsInt64" Elem.Real 1

    /// Sign-extends the low 32 bits.
    let wrap (w: Writer) set =
        w.Int32 32
        operator w set "op_LeftShift" Elem.Int
        w.Int32 32
        operator w set "op_RightShift" Elem.Int

    /// Lanes made of scalars that are on the stack; masks come as i8.
    let ofLanes (w: Writer) (set: VectorSet) elem =
        w.Call(set.CreateFromLanes(if elem = Elem.Real then real else integer))

        if elem = Elem.Mask then
            asReal w set

    /// One scalar to all lanes; a mask comes as i8.
    let splat (w: Writer) (set: VectorSet) elem =
        w.Call(set.Create(if elem = Elem.Real then real else integer))

        if elem = Elem.Mask then
            asReal w set

    /// The scalar in one lane; a mask comes out as i8.
    let lane (w: Writer) (set: VectorSet) elem index =
        if elem = Elem.Mask then
            asInteger w set

        let ty = if elem = Elem.Real then real else integer

        if index = 0 then
            w.Call(set.Generic("ToScalar", ty, 1))
        else
            w.Int32 index
            w.Call(set.Generic("GetElement", ty, 1, typeof<int>))

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

    /// A unary operation that is not a function.
    let unary (w: Writer) (set: VectorSet) elem op (push: Push) =
        match op, elem with
        | UnaryOp.Neg, Elem.Int ->
            push ()
            operator w set "op_UnaryNegation" elem
            wrap w set
        | UnaryOp.Abs, Elem.Int ->
            push ()
            generic w set "Abs" elem 1
            wrap w set
        | UnaryOp.Sign, Elem.Int ->
            push ()
            constantInt w set 1L
            generic w set "Min" elem 2
            constantInt w set -1L
            generic w set "Max" elem 2
        | UnaryOp.Square, Elem.Int ->
            push ()
            w.Add Il.Duplicate
            operator w set "op_Multiply" elem
            wrap w set
        | UnaryOp.Not, Elem.Mask ->
            push ()
            operator w set "op_OnesComplement" elem
        | UnaryOp.Neg, Elem.Real ->
            push ()
            operator w set "op_UnaryNegation" elem
        | (UnaryOp.Abs | UnaryOp.Sqrt), Elem.Real ->
            push ()
            generic w set (if op = UnaryOp.Abs then "Abs" else "Sqrt") elem 1
        | UnaryOp.Floor, Elem.Real ->
            push ()
            w.Call(set.Static("Floor", real, [| set.Real |]))
        | UnaryOp.Reciprocal, Elem.Real ->
            constantReal w set 1.0
            push ()
            operator w set "op_Division" elem
        | UnaryOp.Square, Elem.Real ->
            push ()
            w.Add Il.Duplicate
            operator w set "op_Multiply" elem
        | UnaryOp.Sign, Elem.Real -> sign w set push
        | UnaryOp.IsFinite, Elem.Real ->
            push ()
            generic w set "Abs" elem 1
            constantReal w set infinity
            generic w set "LessThan" elem 2
        | UnaryOp.IsNaN, Elem.Real ->
            push ()
            generic w set "IsNaN" elem 1
        | _ -> Errors.bug "VectorCode.unary" "no such operation on this type"

    let private realBinary w set op =
        match op with
        | BinaryOp.Add -> operator w set "op_Addition" Elem.Real
        | BinaryOp.Sub -> operator w set "op_Subtraction" Elem.Real
        | BinaryOp.Mul -> operator w set "op_Multiply" Elem.Real
        | BinaryOp.Div -> operator w set "op_Division" Elem.Real
        | BinaryOp.Max -> generic w set "Max" Elem.Real 2
        | BinaryOp.Min -> generic w set "Min" Elem.Real 2
        | BinaryOp.Pow -> w.Call(Functions.pow set.Real)
        | _ -> Errors.bug "VectorCode.binary" "no such operation on reals"

    let private bitwise w set elem op =
        match op with
        | BinaryOp.And -> operator w set "op_BitwiseAnd" elem
        | BinaryOp.Or -> operator w set "op_BitwiseOr" elem
        | BinaryOp.Xor -> operator w set "op_ExclusiveOr" elem
        | _ -> Errors.bug "VectorCode.binary" "no such operation on truth values"

    let private integerBinary w set op =
        match op with
        | BinaryOp.Add ->
            operator w set "op_Addition" Elem.Int
            wrap w set
        | BinaryOp.Sub ->
            operator w set "op_Subtraction" Elem.Int
            wrap w set
        | BinaryOp.Mul ->
            operator w set "op_Multiply" Elem.Int
            wrap w set
        | BinaryOp.Max -> generic w set "Max" Elem.Int 2
        | BinaryOp.Min -> generic w set "Min" Elem.Int 2
        | op -> bitwise w set Elem.Int op

    /// Whether `binary` has the operation; the others go lane by lane.
    let hasBinary elem op =
        match op with
        | BinaryOp.Div -> elem = Elem.Real
        | BinaryOp.Rem
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> false
        | _ -> true

    /// A binary operation on the two topmost entries.
    let binary w set elem op =
        match elem with
        | Elem.Real -> realBinary w set op
        | Elem.Int -> integerBinary w set op
        | Elem.Mask -> bitwise w set elem op

    /// All lanes shifted by the same constant.
    let shift (w: Writer) set op (push: Push) count =
        push ()

        if op = BinaryOp.ShiftRight then
            constantInt w set 0xFFFFFFFFL
            operator w set "op_BitwiseAnd" Elem.Int

        w.Int32(count &&& 31)
        operator w set (if op = BinaryOp.ShiftRight then "op_UnsignedRightShift" else "op_LeftShift") Elem.Int
        wrap w set

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

            if elem = Elem.Int then
                asReal w set

            if op = CompareOp.Ne then
                complement ()

    /// whenTrue where the mask holds, else whenFalse.
    let select w set elem (mask: Push) (whenTrue: Push) (whenFalse: Push) =
        mask ()

        if elem = Elem.Int then
            asInteger w set

        whenTrue ()
        whenFalse ()
        generic w set "ConditionalSelect" elem 3

    /// a b + c, or c - a b.
    let fma (w: Writer) (set: VectorSet) isNegated (a: Push) (b: Push) (c: Push) =
        a ()

        if isNegated then
            operator w set "op_UnaryNegation" Elem.Real

        b ()
        c ()
        w.Call(set.Static("FusedMultiplyAdd", real, [| set.Real; set.Real; set.Real |]))

    // Truncates, saturates to 32 bits; NaN gives 0. The result is exact through the shifter at every width.
    let private truncate (w: Writer) (set: VectorSet) (push: Push) =
        push ()

        w.Keep(
            set.Real,
            fun x ->
                constantReal w set -2147483648.0
                constantReal w set 2147483647.0
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
        (if elem = Elem.Int then constantInt w set 0L else constantReal w set 0.0)
        compare w set elem CompareOp.Ne

    /// Converts between element types.
    let convert w set source target (push: Push) =
        match source, target with
        | Elem.Real, Elem.Int -> truncate w set push
        | Elem.Int, Elem.Real ->
            push ()
            constantInt w set shifterBits
            operator w set "op_Addition" Elem.Int
            asReal w set
            constantReal w set shifter
            operator w set "op_Subtraction" Elem.Real
        | (Elem.Real | Elem.Int), Elem.Mask ->
            push ()
            isNotZero w set source
        | Elem.Mask, Elem.Real ->
            push ()
            constantReal w set 1.0
            operator w set "op_BitwiseAnd" Elem.Mask
        | Elem.Mask, Elem.Int ->
            push ()
            asInteger w set
            constantInt w set 1L
            operator w set "op_BitwiseAnd" Elem.Int
        | _ -> push ()
