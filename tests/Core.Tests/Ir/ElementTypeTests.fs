// The element types beside f64, i32 and bool: what is computed in them, how they are converted and written, and that they
// are never mixed. The laws that hold for all types are in ProgramProperties.
module Ppl.Core.Tests.ElementTypeTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Tests.Values

let private rng = Random 7

/// Single-precision numbers of all magnitudes, the extreme ones included.
let private someSingles: float32 list =
    [
        0.0f
        -0.0f
        1.0f
        -1.5f
        Single.Epsilon
        -3.0f * Single.Epsilon
        1.17549435e-38f
        Single.MaxValue
        infinityf
        -infinityf
        nanf
        for _ in 1..400 do
            BitConverter.Int32BitsToSingle(rng.Next())
    ]

let private pairs = List.allPairs (List.truncate 60 someSingles) (List.truncate 60 someSingles)

[<Fact>]
let ``arithmetic of f32 is that of the processor`` () =
    let xs, ys = List.unzip pairs

    let binary op (f: float32 -> float32 -> float32) =
        gives (singles (List.map2 f xs ys)) (Primitive.Binary op) [ singles xs; singles ys ]

    binary BinaryOp.Add (fun x y -> x + y)
    binary BinaryOp.Sub (fun x y -> x - y)
    binary BinaryOp.Mul (fun x y -> x * y)
    binary BinaryOp.Div (fun x y -> x / y)
    binary BinaryOp.Max (fun x y -> MathF.Max(x, y))
    binary BinaryOp.Min (fun x y -> MathF.Min(x, y))
    let unary op f = gives (singles (List.map f someSingles)) (Primitive.Unary op) [ singles someSingles ]
    unary UnaryOp.Neg (fun x -> -x)
    unary UnaryOp.Abs MathF.Abs
    unary UnaryOp.Floor MathF.Floor
    unary UnaryOp.Reciprocal (fun x -> 1.0f / x)
    unary UnaryOp.Square (fun x -> x * x)
    unary UnaryOp.Sqrt MathF.Sqrt

[<Fact>]
let ``functions of f32 are those of f64, rounded once`` () =
    for op in Primitive.members<UnaryOp> do
        if op <> UnaryOp.Not && op <> UnaryOp.IsFinite && op <> UnaryOp.IsNaN then
            let wide = (Reference.evaluate (Primitive.Unary op) [| f (List.map float someSingles) |])[0]
            let expected = singles [ for x in Literal.floats wide -> float32 x ]
            gives expected (Primitive.Unary op) [ singles someSingles ]

    gives (b [ true; false; false ]) (Primitive.Unary UnaryOp.IsFinite) [ singles [ 1.0f; infinityf; nanf ] ]
    gives (b [ false; false; true ]) (Primitive.Unary UnaryOp.IsNaN) [ singles [ 1.0f; infinityf; nanf ] ]
    gives (singles [ 8.0f ]) (Primitive.Binary BinaryOp.Pow) [ singles [ 2.0f ]; singles [ 3.0f ] ]

[<Fact>]
let ``64-bit integers wrap`` () =
    let lowest, highest = Int64.MinValue, Int64.MaxValue
    let unary op x expected = gives (longs expected) (Primitive.Unary op) [ longs x ]
    let binary op x y expected = gives (longs expected) (Primitive.Binary op) [ longs x; longs y ]
    unary UnaryOp.Neg [ 3L; lowest ] [ -3L; lowest ]
    unary UnaryOp.Abs [ -3L; lowest ] [ 3L; lowest ]
    unary UnaryOp.Sign [ -3L; 0L; highest ] [ -1L; 0L; 1L ]
    unary UnaryOp.Square [ -3L; 1L <<< 32 ] [ 9L; 0L ]
    binary BinaryOp.Add [ highest; 2L ] [ 1L; 3L ] [ lowest; 5L ]
    binary BinaryOp.Sub [ lowest; 2L ] [ 1L; 3L ] [ highest; -1L ]
    binary BinaryOp.Mul [ highest; 1L <<< 32 ] [ 2L; 1L <<< 32 ] [ -2L; 0L ]
    binary BinaryOp.Div [ -7L; 7L; 7L; lowest; 0L ] [ 2L; -2L; 0L; -1L; 0L ] [ -3L; -3L; 0L; lowest; 0L ]
    binary BinaryOp.Rem [ -7L; 7L; 7L; lowest; 0L ] [ 2L; -2L; 0L; -1L; 0L ] [ -1L; 1L; 0L; 0L; 0L ]
    binary BinaryOp.Max [ -7L; highest ] [ 2L; lowest ] [ 2L; highest ]
    binary BinaryOp.Xor [ 12L; -1L ] [ 10L; -1L ] [ 6L; 0L ]
    binary BinaryOp.ShiftLeft [ 1L; 1L; 3L; 1L ] [ 63L; 64L; 65L; -1L ] [ lowest; 1L; 6L; lowest ]
    binary BinaryOp.ShiftRight [ -1L; -1L; 8L; lowest ] [ 63L; 64L; 65L; -1L ] [ 1L; -1L; 4L; 1L ]

[<Fact>]
let ``unsigned integers wrap, compare and shift without a sign`` () =
    let highest = UInt32.MaxValue
    let unary op x expected = gives (words expected) (Primitive.Unary op) [ words x ]
    let binary op x y expected = gives (words expected) (Primitive.Binary op) [ words x; words y ]
    unary UnaryOp.Neg [ 1u; 0u ] [ highest; 0u ]
    unary UnaryOp.Abs [ highest ] [ highest ]
    unary UnaryOp.Sign [ 0u; 1u; highest ] [ 0u; 1u; 1u ]
    unary UnaryOp.Square [ 65536u; highest ] [ 0u; 1u ]
    binary BinaryOp.Add [ highest ] [ 2u ] [ 1u ]
    binary BinaryOp.Sub [ 1u ] [ 2u ] [ highest ]
    binary BinaryOp.Mul [ highest ] [ highest ] [ 1u ]
    binary BinaryOp.Div [ highest; highest; 7u; 1u ] [ 2u; highest; 0u; highest ] [ 0x7FFFFFFFu; 1u; 0u; 0u ]
    binary BinaryOp.Rem [ highest; highest; 7u; 1u ] [ 2u; highest; 0u; highest ] [ 1u; 0u; 0u; 1u ]
    binary BinaryOp.Max [ highest ] [ 1u ] [ highest ]
    binary BinaryOp.Min [ highest ] [ 1u ] [ 1u ]
    binary BinaryOp.ShiftLeft [ 1u; 3u; 1u ] [ 32u; 33u; highest ] [ 1u; 6u; 0x80000000u ]
    binary BinaryOp.ShiftRight [ highest; 8u ] [ 31u; 33u ] [ 1u; 4u ]
    gives (b [ false; true ]) (Primitive.Compare CompareOp.Lt) [ words [ highest; 1u ]; words [ 1u; highest ] ]

[<Fact>]
let ``reals become integers by truncation inside the range`` () =
    let x =
        [ 1.9; -1.9; -0.5; 0.0; 4294967295.5; 4294967296.0; 1e10; -1e10; 1e19; -1e19; nan; infinity; -infinity ]

    let max32, max64 = UInt32.MaxValue, Int64.MaxValue

    let asWords = [ 1u; 0u; 0u; 0u; max32; max32; max32; 0u; max32; 0u; 0u; max32; 0u ]

    let asLongs =
        [
            1L
            -1L
            0L
            0L
            4294967295L
            4294967296L
            10000000000L
            -10000000000L
            max64
            Int64.MinValue
            0L
            max64
            Int64.MinValue
        ]

    gives (words asWords) (Primitive.Convert DType.U32) [ f x ]
    gives (longs asLongs) (Primitive.Convert DType.I64) [ f x ]
    // 2^63 as a real is above the highest integer, the next one below is inside.
    let edge = [ 9223372036854775808.0; 9223372036854774784.0; -9223372036854775808.0 ]
    gives (longs [ max64; 9223372036854774784L; Int64.MinValue ]) (Primitive.Convert DType.I64) [ f edge ]
    let y = [ 1.9f; -1.9f; 3e9f; -3e9f; 1e20f; nanf; infinityf ]
    let max, min = Int32.MaxValue, Int32.MinValue
    gives (i [ 1; -1; max; min; max; 0; max ]) (Primitive.Convert DType.I32) [ singles y ]
    gives (words [ 1u; 0u; 3000000000u; 0u; max32; 0u; max32 ]) (Primitive.Convert DType.U32) [ singles y ]

    gives (longs [ 1L; -1L; 3000000000L; -3000000000L; max64; 0L; max64 ]) (Primitive.Convert DType.I64) [ singles y ]

[<Fact>]
let ``between integers the low bits stay`` () =
    let x = [ -1L; 1L <<< 32; (1L <<< 31) + 5L; Int64.MinValue; 7L ]
    gives (i [ -1; 0; Int32.MinValue + 5; 0; 7 ]) (Primitive.Convert DType.I32) [ longs x ]
    gives (words [ UInt32.MaxValue; 0u; 2147483653u; 0u; 7u ]) (Primitive.Convert DType.U32) [ longs x ]
    gives (words [ UInt32.MaxValue; 5u ]) (Primitive.Convert DType.U32) [ i [ -1; 5 ] ]
    gives (i [ -1; 5 ]) (Primitive.Convert DType.I32) [ words [ UInt32.MaxValue; 5u ] ]
    gives (longs [ 4294967295L ]) (Primitive.Convert DType.I64) [ words [ UInt32.MaxValue ] ]
    gives (longs [ -1L ]) (Primitive.Convert DType.I64) [ i [ -1 ] ]

[<Fact>]
let ``numbers become reals by one rounding`` () =
    // Halfway between two numbers of single precision, and just above: a detour through f64 would lose the difference.
    let halfway = (1L <<< 54) + (1L <<< 30)
    gives (singles [ float32 (1L <<< 54) ]) (Primitive.Convert DType.F32) [ longs [ halfway ] ]
    let above = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(float32 (1L <<< 54)) + 1)
    gives (singles [ above ]) (Primitive.Convert DType.F32) [ longs [ halfway + 1L ] ]
    gives (f [ 9007199254740992.0 ]) (Primitive.Convert DType.F64) [ longs [ 9007199254740993L ] ]
    gives (singles [ 4294967296.0f ]) (Primitive.Convert DType.F32) [ words [ UInt32.MaxValue ] ]
    gives (f [ 4294967295.0 ]) (Primitive.Convert DType.F64) [ words [ UInt32.MaxValue ] ]
    let x = [ 0.1; -0.0; 1e39; -1e39; 1e-46; nan; infinity ]

    gives (singles [ 0.1f; -0.0f; infinityf; -infinityf; 0.0f; nanf; infinityf ]) (Primitive.Convert DType.F32) [ f x ]

    gives (f [ float 0.1f; -0.0; nan ]) (Primitive.Convert DType.F64) [ singles [ 0.1f; -0.0f; nanf ] ]
    gives (singles [ 0.0f; 1.0f ]) (Primitive.Convert DType.F32) [ b [ false; true ] ]
    gives (b [ false; false; true; true ]) (Primitive.Convert DType.Bool) [ singles [ 0.0f; -0.0f; 1e-45f; nanf ] ]
    gives (b [ false; true ]) (Primitive.Convert DType.Bool) [ longs [ 0L; 1L <<< 32 ] ]

[<Fact>]
let ``reductions of f32 round once`` () =
    let tiny = BitConverter.Int32BitsToSingle 0x33800000 // 2^-24: lost if added to 1 in f32
    let x = singles (1.0f :: List.replicate 64 tiny)
    let whole op = Primitive.Reduce(op, [| 0 |])
    let scalar x = Literal.f32 x
    gives (scalar (float32 (1.0 + 64.0 * float tiny))) (whole ReduceOp.Sum) [ x ]
    gives (scalar 1e30f) (whole ReduceOp.Prod) [ singles [ 1e30f; 1e30f; 1e-30f ] ]
    gives (scalar nanf) (whole ReduceOp.Max) [ singles [ 1.0f; nanf ] ]
    gives (scalar -infinityf) (whole ReduceOp.Max) [ singles [] ]
    gives (scalar 0.0f) (whole ReduceOp.Sum) [ singles [] ]

    gives
        (singles [ 1.0f; float32 (1.0 + float tiny); float32 (1.0 + 2.0 * float tiny) ])
        (Primitive.Cumulate(CumulateOp.Sum, 0, false))
        [ singles [ 1.0f; tiny; tiny ] ]

[<Fact>]
let ``reductions of integers start at their own ends`` () =
    let whole op = Primitive.Reduce(op, [| 0 |])
    gives (Literal.i64 Int64.MinValue) (whole ReduceOp.Max) [ longs [] ]
    gives (Literal.i64 Int64.MaxValue) (whole ReduceOp.Min) [ longs [] ]
    gives (Literal.u32 0u) (whole ReduceOp.Max) [ words [] ]
    gives (Literal.u32 UInt32.MaxValue) (whole ReduceOp.Min) [ words [] ]
    gives (Literal.u32 UInt32.MaxValue) (whole ReduceOp.Max) [ words [ 1u; UInt32.MaxValue; 2u ] ]
    gives (Literal.u32 1u) (whole ReduceOp.Sum) [ words [ UInt32.MaxValue; 2u ] ]
    gives (Literal.i64 (1L <<< 40)) (whole ReduceOp.Prod) [ longs [ 1L <<< 20; 1L <<< 20 ] ]
    gives (words [ 5u; 4u ]) (Primitive.Cumulate(CumulateOp.Sum, 0, true)) [ words [ 1u; 4u ] ]
    gives (words [ 0u; 1u; 2u ]) (Primitive.Iota(TensorType.create DType.U32 (Shape.ofList [ 3 ]), 0)) []

[<Fact>]
let ``matrices of f32 are worked on in f64`` () =
    let matrix (xs: float list) = Literal.create (Shape.ofList [ 2; 2 ]) (Storage.F32 [| for x in xs -> float32 x |])
    let a = matrix [ 4.1; 0.0; 1.3; 3.7 ]
    let wide = Reference.evaluate (Primitive.Convert DType.F64) [| a |]

    let product = { BatchLeft = [||]; BatchRight = [||]; ContractLeft = [| 1 |]; ContractRight = [| 0 |] }

    let cases =
        [
            Primitive.Factor FactorOp.Cholesky, 1
            Primitive.Factor(FactorOp.TriangularSolve(true, false)), 2
            Primitive.Factor(FactorOp.Solve false), 2
            Primitive.Factor FactorOp.LogAbsDet, 1
            Primitive.Factor FactorOp.DetSign, 1
            Primitive.Factor FactorOp.Qr, 1
            Primitive.Factor FactorOp.Eigh, 1
            Primitive.Factor FactorOp.Svd, 1
            Primitive.Fourier false, 1
            Primitive.Contract product, 2
        ]

    for primitive, count in cases do
        let exact = Reference.evaluate primitive (Array.replicate count wide[0])
        let rounded = Reference.evaluate (Primitive.Convert DType.F32) exact
        gives rounded[0] primitive (List.replicate count a)

[<Fact>]
let ``elements of every type move alike`` () =
    for dtype in DType.all do
        let converted (value: Literal) = (Reference.evaluate (Primitive.Convert dtype) [| value |])[0]
        let apply primitive (args: Literal list) = (Reference.evaluate primitive (List.toArray args))[0]
        let x = converted (ints [ 2; 3 ] [ 0; 1; 0; 4; 5; 0 ])
        // Its last row as a column, with the first row of two written over its end.
        let turned = apply (Primitive.Move(MoveOp.Transpose [| 1; 0 |])) [ x ]
        let column = apply (Primitive.Index(IndexOp.Take 1)) [ turned; i [ 7 ] ]
        let row = converted (ints [ 2; 1 ] [ 1; 0 ])

        let updated =
            apply (Primitive.Index IndexOp.DynamicUpdate) [ column; row; Literal.i32 1; Literal.i32 0 ]

        assertSame (DType.name dtype) (converted (ints [ 3; 1 ] [ 4; 1; 0 ])) updated
        let padded = apply (Primitive.Move(MoveOp.Pad([| 1; 0 |], [| 0; 0 |]))) [ row ]
        let joined = apply (Primitive.Move(MoveOp.Concat 1)) [ padded; updated ]
        assertSame (DType.name dtype) (converted (ints [ 3; 2 ] [ 0; 4; 1; 1; 0; 0 ])) joined

let private roundTrip (value: Literal) =
    let program = Trace.program [||] (fun _ -> [| Tensor.OfLiteral value |])
    let again = Text.parse (Text.print program)
    Assert.Equal(Digest.ofProgram program, Digest.ofProgram again)
    // By bits: NaNs with a payload included.
    Assert.Equal(value, (Reference.run again [||])[0])

[<Fact>]
let ``constants of every type are written and read back by their bits`` () =
    roundTrip (singles someSingles)
    roundTrip (singles [ BitConverter.Int32BitsToSingle 0x7FC01234; BitConverter.Int32BitsToSingle 0xFF800001 ])
    roundTrip (longs [ Int64.MinValue; Int64.MaxValue; -1L; 0L; 9007199254740993L ])
    roundTrip (words [ 0u; 1u; UInt32.MaxValue ])
    // The same bits as another type are another constant.
    let digest (value: Literal) = Digest.ofProgram (Trace.program [||] (fun _ -> [| Tensor.OfLiteral value |]))
    Assert.NotEqual<string>(digest (i [ 1 ]), digest (words [ 1u ]))
    Assert.NotEqual<string>(digest (singles [ 0.0f ]), digest (singles [ -0.0f ]))

let private refused (parts: string list) (action: unit -> unit) =
    let error = Assert.Throws<PplException>(action)
    Assert.Equal("PPL5002", error.Id)

    for part in parts do
        Assert.Contains(part, error.Message)

[<Fact>]
let ``element types are not mixed silently`` () =
    let x, y = Tensor.OfFloat32s [| 1.0f |], Tensor.OfFloats [| 1.0 |]
    let mixed name action = refused [ name; "f32[1]"; "f64[1]"; "convert" ] (action >> ignore)
    mixed "add" (fun () -> x + y)
    mixed "lt" (fun () -> Ops.less x y)
    mixed "dot" (fun () -> Ops.dot x y)
    mixed "select" (fun () -> Ops.select (Tensor.OfBool true) x y)
    mixed "scatterAdd" (fun () -> Ops.scatterAdd 0 (Tensor.OfInts [| 0 |]) y x)
    let i, u, l = Tensor.OfInts [| 0 |], Tensor.OfUInt32s [| 0u |], Tensor.OfInt64s [| 0L |]
    refused [ "add"; "i32[1]"; "u32[1]" ] (fun () -> i + u |> ignore)
    refused [ "mul"; "i64[1]"; "f64[]" ] (fun () -> l * 0.5 |> ignore)
    refused [ "exp"; "i64[1]" ] (fun () -> Ops.exp l |> ignore)
    refused [ "take"; "indices are i32"; "i64[1]" ] (fun () -> Ops.take 0 l y |> ignore)
    refused [ "take"; "indices are i32"; "u32[1]" ] (fun () -> Ops.take 0 u y |> ignore)
    refused [ "rem"; "f32[1]" ] (fun () -> Ops.rem x x |> ignore)

[<Fact>]
let ``a number beside a tensor takes its precision`` () =
    let x = Tensor.OfFloat32s [| 1.0f; 3.0f |]
    Assert.Equal<float32[]>([| 0.1f; 3.0f * 0.1f |], (0.1 * x).ToFloat32s())
    Assert.Equal<float32[]>([| 1.0f - 0.1f; 3.0f - 0.1f |], (x - 0.1).ToFloat32s())
    Assert.Equal<float32[]>([| 2.0f |], (Ops.reshape (Shape.ofList [ 1 ]) (Ops.mean x)).ToFloat32s())
    Assert.Equal(DType.F32, (Ops.logAddExp x x).DType)
    Assert.Equal(DType.F32, (Ops.logSoftmax x).DType)

[<Fact>]
let ``tensors of every type give back their elements`` () =
    Assert.Equal<float32[]>([| 1.5f |], (Tensor.OfFloat32s [| 1.5f |]).ToFloat32s())
    Assert.Equal<int64[]>([| 1L <<< 40 |], (Tensor.OfInt64s [| 1L <<< 40 |]).ToInt64s())
    Assert.Equal<uint32[]>([| UInt32.MaxValue |], (Tensor.OfUInt32s [| UInt32.MaxValue |]).ToUInt32s())
    Assert.Equal<int[]>([| -3 |], (Tensor.OfInts [| -3 |]).ToInts())
    Assert.Equal("f32[2] {1, 2.5}", string (Tensor.OfFloat32s [| 1.0f; 2.5f |]))
    Assert.Equal<int64[]>([| 3L |], (Ops.toInt64 (Tensor.OfFloat32s [| 3.7f |])).ToInt64s())
    Assert.Equal<uint32[]>([| 3u |], (Ops.toUInt32 (Tensor.OfInts [| 3 |])).ToUInt32s())
