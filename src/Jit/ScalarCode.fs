// The operations of the loop IR on one lane: reals are f8, singles f4, integers i8 (sign-extended or zero-extended 32-bit
// values, or 64-bit ones), masks i8 (0 or -1).
// What has no short scalar form is done in lane 0 of a 128-bit vector, by the same code as vectors, so that the bits
// agree. Each function calls each of its pushes exactly once, in order. Relies on VectorCode. Read LaneCode next.
namespace Ppl.Jit

open System
open System.Collections.Concurrent
open System.Reflection
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Kernels
open Ppl.Lowering

/// Code for single lanes.
[<RequireQualifiedAccess>]
module ScalarCode =

    let private methods = ConcurrentDictionary<string, MethodInfo>()

    let private math (w: Writer) (name: string) (ty: Type) arity =
        let find () =
            let holder = if ty = typeof<float32> then typeof<MathF> else typeof<Math>

            match holder.GetMethod(name, Array.create arity ty) with
            | null -> Errors.bug "ScalarCode" $"Math has no {name}"
            | target -> target

        let key = name + ty.Name

        match methods.TryGetValue key with
        | true, target -> w.Call target
        | _ -> w.Call(methods.GetOrAdd(key, find ()))

    let private real = typeof<float>
    let private integer = typeof<int64>
    let private set () = Machine.vectors 128

    // As VectorCode.wrap.
    let private wrap (w: Writer) elem =
        match elem with
        | Elem.Int ->
            w.Convert IlConvert.ToInt32
            w.Convert IlConvert.ToInt64
        | Elem.Word ->
            w.Int64 0xFFFFFFFFL
            w.Arithmetic IlArithmetic.And
        | _ -> ()

    /// Turns 0 or 1 (i4) into a mask.
    let private toMask (w: Writer) =
        w.Convert IlConvert.ToInt64
        w.Add Il.Negate

    /// Turns 0 or 1 (i4) into the mask of the opposite.
    let private toOppositeMask (w: Writer) =
        w.Convert IlConvert.ToInt64
        w.Int64 1L
        w.Arithmetic IlArithmetic.Sub

    /// The topmost real in lane 0.
    let lift (w: Writer) = w.Call((set ()).CreateScalarUnsafe real)

    /// The real in lane 0.
    let drop (w: Writer) = VectorCode.lane w (set ()) Elem.Real 0

    let private absInt (w: Writer) elem =
        w.Add Il.Duplicate
        w.Int32 63
        w.Arithmetic IlArithmetic.ShiftRight

        w.Keep(
            integer,
            fun sign ->
                w.Load sign
                w.Arithmetic IlArithmetic.Add
                w.Load sign
                w.Arithmetic IlArithmetic.Xor
        )

        wrap w elem

    let private realUnary (w: Writer) elem op (push: Push) =
        let ty = Registers.element elem

        match op with
        | UnaryOp.Neg ->
            push ()
            w.Add Il.Negate
        | UnaryOp.Abs ->
            push ()
            math w "Abs" ty 1
        | UnaryOp.Floor ->
            push ()
            math w "Floor" ty 1
        | UnaryOp.Sqrt ->
            push ()
            math w "Sqrt" ty 1
        | UnaryOp.Reciprocal ->
            (if elem = Elem.Single then w.Single 1.0f else w.Real 1.0)
            push ()
            w.Arithmetic IlArithmetic.Div
        | UnaryOp.Square ->
            push ()
            w.Add Il.Duplicate
            w.Arithmetic IlArithmetic.Mul
        | UnaryOp.IsFinite ->
            push ()
            math w "Abs" real 1
            w.Real infinity
            w.Compare IlCompare.Less
            toMask w
        | UnaryOp.IsNaN ->
            push ()
            w.Add Il.Duplicate
            w.Compare IlCompare.Equal
            toOppositeMask w
        | op ->
            let lifted () =
                push ()
                lift w

            VectorCode.unary w (set ()) Elem.Real op lifted
            drop w

    let private intUnary (w: Writer) elem op =
        match op with
        | UnaryOp.Neg ->
            w.Add Il.Negate
            wrap w elem
        | UnaryOp.Abs -> absInt w elem
        | UnaryOp.Sign ->
            w.Int64 1L
            math w "Min" integer 2
            w.Int64 -1L
            math w "Max" integer 2
        | UnaryOp.Square ->
            w.Add Il.Duplicate
            w.Arithmetic IlArithmetic.Mul
            wrap w elem
        | _ -> Errors.bug "ScalarCode.unary" "no such operation on integers"

    /// A unary operation that is not a function.
    let unary (w: Writer) elem op (push: Push) =
        match elem, op with
        | (Elem.Real | Elem.Single), op -> realUnary w elem op push
        | (Elem.Long | Elem.Int | Elem.Word), op ->
            push ()
            intUnary w elem op
        | Elem.Mask, UnaryOp.Not ->
            push ()
            w.Add Il.Complement
        | Elem.Mask, _ -> Errors.bug "ScalarCode.unary" "no such operation on truth values"

    let private realBinary (w: Writer) elem op =
        match op with
        | BinaryOp.Add -> w.Arithmetic IlArithmetic.Add
        | BinaryOp.Sub -> w.Arithmetic IlArithmetic.Sub
        | BinaryOp.Mul -> w.Arithmetic IlArithmetic.Mul
        | BinaryOp.Div -> w.Arithmetic IlArithmetic.Div
        | BinaryOp.Max -> math w "Max" (Registers.element elem) 2
        | BinaryOp.Min -> math w "Min" (Registers.element elem) 2
        | BinaryOp.Pow when elem = Elem.Real -> w.Call(Functions.pow real)
        | _ -> Errors.bug "ScalarCode.binary" "no such operation on reals"

    let private bitwise (w: Writer) op =
        match op with
        | BinaryOp.And -> w.Arithmetic IlArithmetic.And
        | BinaryOp.Or -> w.Arithmetic IlArithmetic.Or
        | BinaryOp.Xor -> w.Arithmetic IlArithmetic.Xor
        | _ -> Errors.bug "ScalarCode.binary" "no such operation on truth values"

    // (x / (y | isZero)) & (isZero - 1), in 64 bits, where the least 32-bit integer over -1 does not overflow.
    let private quotient (w: Writer) elem op =
        w.Keep(
            integer,
            fun y ->
                let isZero () =
                    w.Load y
                    w.Int64 0L
                    w.Compare IlCompare.Equal

                w.Load y
                isZero ()
                w.Convert IlConvert.ToInt64
                w.Arithmetic IlArithmetic.Or
                w.Arithmetic op
                isZero ()
                toOppositeMask w
                w.Arithmetic IlArithmetic.And
        )

        wrap w elem

    // 64-bit division of the least integer by -1 overflows: a method has the cases.
    let private longQuotient (w: Writer) op =
        let name = if op = IlArithmetic.Div then "Quotient" else "Remainder"

        match typeof<Integers>.GetMethod(name, [| integer; integer |]) with
        | null -> Errors.bug "ScalarCode" $"Integers has no {name}"
        | target -> w.Call target

    let private divide w elem op = if elem = Elem.Long then longQuotient w op else quotient w elem op

    let private shift (w: Writer) elem op =
        w.Int64(if elem = Elem.Long then 63L else 31L)
        w.Arithmetic IlArithmetic.And
        w.Convert IlConvert.ToInt32
        w.Arithmetic op
        wrap w elem

    let private integerBinary (w: Writer) elem op (x: Push) (y: Push) =
        x ()

        if op = BinaryOp.ShiftRight && elem = Elem.Int then
            w.Int64 0xFFFFFFFFL
            w.Arithmetic IlArithmetic.And

        y ()

        match op with
        | BinaryOp.Add ->
            w.Arithmetic IlArithmetic.Add
            wrap w elem
        | BinaryOp.Sub ->
            w.Arithmetic IlArithmetic.Sub
            wrap w elem
        | BinaryOp.Mul ->
            w.Arithmetic IlArithmetic.Mul
            wrap w elem
        | BinaryOp.Div -> divide w elem IlArithmetic.Div
        | BinaryOp.Rem -> divide w elem IlArithmetic.Rem
        | BinaryOp.Max -> math w "Max" integer 2
        | BinaryOp.Min -> math w "Min" integer 2
        | BinaryOp.ShiftLeft -> shift w elem IlArithmetic.ShiftLeft
        | BinaryOp.ShiftRight -> shift w elem IlArithmetic.ShiftRightUnsigned
        | op -> bitwise w op

    /// A binary operation.
    let binary (w: Writer) elem op (x: Push) (y: Push) =
        match elem with
        | Elem.Long
        | Elem.Int
        | Elem.Word -> integerBinary w elem op x y
        | Elem.Real
        | Elem.Single ->
            x ()
            y ()
            realBinary w elem op
        | Elem.Mask ->
            x ()
            y ()
            bitwise w op

    /// Compares the two topmost entries of this element type; leaves 0 or 1 (i4).
    let condition (w: Writer) elem op =
        let isNot compare =
            w.Compare compare
            w.Int32 0
            w.Compare IlCompare.Equal

        match op with
        | CompareOp.Eq -> w.Compare IlCompare.Equal
        | CompareOp.Ne -> isNot IlCompare.Equal
        | CompareOp.Lt -> w.Compare IlCompare.Less
        | CompareOp.Gt -> w.Compare IlCompare.Greater
        | CompareOp.Le -> isNot (if elem = Elem.Real then IlCompare.GreaterOrUnordered else IlCompare.Greater)
        | CompareOp.Ge -> isNot (if elem = Elem.Real then IlCompare.LessOrUnordered else IlCompare.Less)

    /// Compares the two topmost entries of this element type; leaves a mask.
    let compare w elem op =
        condition w elem op
        toMask w

    /// The topmost mask in lane 0 of a vector.
    let liftMask (w: Writer) =
        w.Call((set ()).CreateScalarUnsafe integer)
        VectorCode.asReal w (set ())

    /// Of reals of either precision, by a mask that `mask` leaves in lane 0 of a vector.
    let selectReal (w: Writer) elem (mask: Push) (whenTrue: Push) (whenFalse: Push) =
        let lifted push () =
            push ()
            w.Call((set ()).CreateScalarUnsafe(Registers.element elem))

        VectorCode.select w (set ()) elem mask (lifted whenTrue) (lifted whenFalse)
        VectorCode.lane w (set ()) elem 0

    /// Of integers or masks: whenFalse ^ ((whenTrue ^ whenFalse) & mask).
    let selectBits (w: Writer) (mask: Push) (whenTrue: Push) (whenFalse: Push) =
        whenFalse ()

        w.Keep(
            integer,
            fun kept ->
                whenTrue ()
                w.Load kept
                w.Arithmetic IlArithmetic.Xor
                mask ()
                w.Arithmetic IlArithmetic.And
                w.Load kept
                w.Arithmetic IlArithmetic.Xor
        )

    /// a b + c, or c - a b.
    let fma (w: Writer) elem isNegated (a: Push) (b: Push) (c: Push) =
        a ()

        if isNegated then
            w.Add Il.Negate

        b ()
        c ()
        math w "FusedMultiplyAdd" (Registers.element elem) 3

    let private isNotZero (w: Writer) elem =
        (if elem = Elem.Real then w.Real 0.0 else w.Int64 0L)
        w.Compare IlCompare.Equal
        toOppositeMask w

    /// Converts between element types.
    let convert (w: Writer) source target (push: Push) =
        push ()

        match source, target with
        // conv.i4 and conv.i8 saturate, and give 0 for NaN, since .NET 9.
        | Elem.Real, Elem.Int ->
            w.Convert IlConvert.ToInt32
            w.Convert IlConvert.ToInt64
        | Elem.Real, Elem.Long -> w.Convert IlConvert.ToInt64
        | Elem.Real, Elem.Word ->
            w.Real 4294967295.0
            math w "Min" real 2
            w.Real 0.0
            math w "Max" real 2
            w.Convert IlConvert.ToInt64
        | Elem.Single, Elem.Real
        | (Elem.Long | Elem.Int | Elem.Word), Elem.Real -> w.Convert IlConvert.ToReal
        | (Elem.Real | Elem.Long), Elem.Single -> w.Convert IlConvert.ToSingle
        | (Elem.Real | Elem.Long | Elem.Int | Elem.Word), Elem.Mask -> isNotZero w source
        | (Elem.Long | Elem.Int | Elem.Word), (Elem.Long | Elem.Int | Elem.Word) ->
            if source <> target then
                wrap w target
        | Elem.Mask, (Elem.Long | Elem.Int | Elem.Word) ->
            w.Int64 1L
            w.Arithmetic IlArithmetic.And
        | Elem.Mask, Elem.Real ->
            w.Int64 1L
            w.Arithmetic IlArithmetic.And
            w.Convert IlConvert.ToReal
        | _ when source = target -> ()
        | _ -> Errors.bug "ScalarCode.convert" "no such conversion"
