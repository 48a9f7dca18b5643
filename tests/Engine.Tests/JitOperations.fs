// Every operation of the loop IR, emitted for each width and for one lane, against the reference evaluator's elementwise
// functions, bit for bit, on values that include NaN, infinities, signed zeros and subnormals.
module Ppl.Engine.Tests.JitOperations

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Engine.Tests.LoopPrograms

let private elems = [ Elem.Real; Elem.Single; Elem.Long; Elem.Int; Elem.Word; Elem.Mask ]
let private integers = [ Elem.Long; Elem.Int; Elem.Word ]

/// A loop that stores op (loads) at every index; the loads are used once, so the whole is one tree.
let private elementwise lanes (sources: Elem list) target length (op: Value list -> Op) =
    let s = Sketch()
    let inputs = sources |> List.map (fun elem -> s.Input(elem, length), elem)
    let output = s.Output(target, length)
    let step = if lanes = Lanes.One then 1 else 8

    s.For(
        0,
        length,
        step,
        fun i ->
            let loads =
                inputs
                |> List.map (fun (buffer, elem) ->
                    s.Let({ Elem = elem; Lanes = lanes }, Op.Load(atIndex buffer 0 1 i, 1)))

            let result = s.Let({ Elem = target; Lanes = lanes }, op loads)
            s.Add(Stmt.Store(atIndex output 0 1 i, 1, 8, result))
    )

    s.Program

let private everywhere (program: Lanes -> LoopProgram) (arguments: Storage list) (expected: Storage) =
    for lanes in [ Lanes.One; Lanes.Eight ] do
        for bits in widths do
            let actual = run bits (program lanes) arguments
            Assert.Equal<int64[]>(bitsOf expected, bitsOf actual[0])

let private all32 sources target op = fun lanes -> elementwise lanes sources target 1024 op

let private pairs elem =
    // All 32 x 32 pairs.
    let first = samples elem
    Storage.gather (Array.init 1024 (fun i -> i / 32)) first, tile 32 first

let private unaryCases =
    let real =
        [
            UnaryOp.Neg
            UnaryOp.Abs
            UnaryOp.Sign
            UnaryOp.Floor
            UnaryOp.Reciprocal
            UnaryOp.Square
            UnaryOp.Sqrt
            UnaryOp.Exp
            UnaryOp.Expm1
            UnaryOp.Log
            UnaryOp.Log1p
            UnaryOp.Sin
            UnaryOp.Cos
            UnaryOp.Tan
            UnaryOp.Asin
            UnaryOp.Acos
            UnaryOp.Atan
            UnaryOp.Sinh
            UnaryOp.Cosh
            UnaryOp.Tanh
            UnaryOp.Asinh
            UnaryOp.Acosh
            UnaryOp.Atanh
            UnaryOp.Exp2
            UnaryOp.Log2
            UnaryOp.Cbrt
            UnaryOp.Log1mExp
            UnaryOp.Sigmoid
            UnaryOp.Softplus
            UnaryOp.Erf
            UnaryOp.Erfc
            UnaryOp.Erfinv
            UnaryOp.Lgamma
            UnaryOp.Digamma
            UnaryOp.Trigamma
            UnaryOp.Ndtr
            UnaryOp.LogNdtr
            UnaryOp.Ndtri
            UnaryOp.BesselI0e
            UnaryOp.BesselI1e
        ]

    [
        for op in real do
            yield op, Elem.Real, Elem.Real

        for op in [ UnaryOp.IsFinite; UnaryOp.IsNaN ] do
            yield op, Elem.Real, Elem.Mask

        for op in [ UnaryOp.Neg; UnaryOp.Abs; UnaryOp.Floor; UnaryOp.Reciprocal; UnaryOp.Square; UnaryOp.Sqrt ] do
            yield op, Elem.Single, Elem.Single

        for op in [ UnaryOp.Neg; UnaryOp.Abs; UnaryOp.Sign; UnaryOp.Square ] do
            for elem in integers do
                yield op, elem, elem

        yield UnaryOp.Not, Elem.Mask, Elem.Mask
    ]

[<Fact>]
let ``Unary operations have the bits of the reference on every width`` () =
    for op, source, target in unaryCases do
        let x = tile 32 (samples source)
        let program = all32 [ source ] target (fun args -> Op.Unary(op, args[0]))
        everywhere program [ x ] (reference (Primitive.Unary op) [ x ])

let private binaryCases =
    [
        for op in [ BinaryOp.Add; BinaryOp.Sub; BinaryOp.Mul; BinaryOp.Div; BinaryOp.Max; BinaryOp.Min ] ->
            op, Elem.Single
        for op in [ BinaryOp.Add; BinaryOp.Sub; BinaryOp.Mul; BinaryOp.Div; BinaryOp.Pow; BinaryOp.Max; BinaryOp.Min ] ->
            op, Elem.Real
        for op in
            [
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
            ] do
            for elem in integers do
                yield op, elem
        for op in [ BinaryOp.And; BinaryOp.Or; BinaryOp.Xor ] -> op, Elem.Mask
    ]

[<Fact>]
let ``Binary operations have the bits of the reference on every width`` () =
    for op, elem in binaryCases do
        let x, y = pairs elem
        let program = all32 [ elem; elem ] elem (fun args -> Op.Binary(op, args[0], args[1]))
        everywhere program [ x; y ] (reference (Primitive.Binary op) [ x; y ])

[<Fact>]
let ``Special functions have the bits of the reference on every width`` () =
    let x, y = pairs Elem.Real
    let z = tile 32 (rotated Elem.Real 3)

    for op in Primitive.members<SpecialOp> do
        let args = if Primitive.specialArity op = 2 then [ x; y ] else [ x; y; z ]
        let elems = args |> List.map (fun _ -> Elem.Real)
        let program = all32 elems Elem.Real (fun args -> Op.Special(op, List.toArray args))
        everywhere program args (reference (Primitive.Special op) args)

[<Fact>]
let ``Comparisons have the bits of the reference on every width`` () =
    for elem in elems |> List.filter ((<>) Elem.Single) do
        let x, y = pairs elem

        for op in [ CompareOp.Eq; CompareOp.Ne; CompareOp.Lt; CompareOp.Le; CompareOp.Gt; CompareOp.Ge ] do
            if elem <> Elem.Mask || op = CompareOp.Eq || op = CompareOp.Ne then
                let program = all32 [ elem; elem ] Elem.Mask (fun args -> Op.Compare(op, args[0], args[1]))
                everywhere program [ x; y ] (reference (Primitive.Compare op) [ x; y ])

[<Fact>]
let ``Selections have the bits of the reference on every width`` () =
    for elem in elems do
        let x, y = pairs elem
        let mask = tile 32 (samples Elem.Mask)
        let program = all32 [ Elem.Mask; elem; elem ] elem (fun args -> Op.Select(args[0], args[1], args[2]))
        everywhere program [ mask; x; y ] (reference Primitive.Select [ mask; x; y ])

[<Fact>]
let ``Conversions have the bits of the reference on every width`` () =
    for source in elems do
        for target in elems |> List.filter (converts source) do
            let x = tile 32 (samples source)
            let program = all32 [ source ] target (fun args -> Op.Convert(target, args[0]))
            everywhere program [ x ] (reference (Primitive.Convert(Elem.dtype target)) [ x ])

[<Fact>]
let ``Fused multiply-adds round once`` () =
    let fused isNegated (x: Storage) (y: Storage) (z: Storage) =
        match x, y, z with
        | Storage.F64 xs, Storage.F64 ys, Storage.F64 zs ->
            let fma a b c = System.Math.FusedMultiplyAdd((if isNegated then -a else a), b, c)
            Storage.F64(Array.map3 fma xs ys zs)
        | Storage.F32 xs, Storage.F32 ys, Storage.F32 zs ->
            let fma a b c = System.MathF.FusedMultiplyAdd((if isNegated then -a else a), b, c)
            Storage.F32(Array.map3 fma xs ys zs)
        | _ -> x

    for elem in [ Elem.Real; Elem.Single ] do
        let x, y = pairs elem
        let z = tile 32 (rotated elem 3)
        let sources = [ elem; elem; elem ]
        let fma = all32 sources elem (fun args -> Op.Fma(args[0], args[1], args[2]))
        let fnma = all32 sources elem (fun args -> Op.Fnma(args[0], args[1], args[2]))
        everywhere fma [ x; y; z ] (fused false x y z)
        everywhere fnma [ x; y; z ] (fused true x y z)

[<Fact>]
let ``Shifts by a constant count agree with shifts by a computed one`` () =
    let constant elem (count: int) =
        match elem with
        | Elem.Long -> Op.Long(int64 count)
        | Elem.Word -> Op.Word(uint32 count)
        | _ -> Op.Int count

    let check elem op count bits =
        let x = tile 32 (samples elem)
        let one32 = Literal.fill (TensorType.create DType.I32 (Shape.ofList [ 1024 ])) (float count)
        let counts = reference (Primitive.Convert(Elem.dtype elem)) [ one32.Data ]
        let s = Sketch()
        let input = s.Input(elem, 1024)
        let output = s.Output(elem, 1024)
        let by = s.Let(eight elem, Op.Splat(s.Let(one elem, constant elem count)))

        s.For(
            0,
            1024,
            8,
            fun i ->
                let x = s.Let(eight elem, Op.Load(atIndex input 0 1 i, 1))
                let result = s.Let(eight elem, Op.Binary(op, x, by))
                s.Add(Stmt.Store(atIndex output 0 1 i, 1, 8, result))
        )

        let actual = run bits s.Program [ x ]
        Assert.Equal<int64[]>(bitsOf (reference (Primitive.Binary op) [ x; counts ]), bitsOf actual[0])

    for elem in integers do
        for op in [ BinaryOp.ShiftLeft; BinaryOp.ShiftRight ] do
            for count in [ 0; 1; 13; 31; 32; 33; 63; -1 ] do
                List.iter (check elem op count) widths
