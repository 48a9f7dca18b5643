// Every operation of the loop IR, emitted for each width and for one lane, against the reference evaluator's elementwise
// functions, bit for bit, on values that include NaN, infinities, signed zeros and subnormals.
module Ppl.Engine.Tests.JitOperations

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Lowering
open Ppl.Engine.Tests.LoopPrograms

let private elems = [ Elem.Real; Elem.Int; Elem.Mask ]

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

        for op in [ UnaryOp.Neg; UnaryOp.Abs; UnaryOp.Sign; UnaryOp.Square ] do
            yield op, Elem.Int, Elem.Int

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
            ] -> op, Elem.Int
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
    for elem in elems do
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
        for target in elems do
            let x = tile 32 (samples source)
            let program = all32 [ source ] target (fun args -> Op.Convert(target, args[0]))
            everywhere program [ x ] (reference (Primitive.Convert(dtypeOf target)) [ x ])

[<Fact>]
let ``Fused multiply-adds round once`` () =
    let x, y = pairs Elem.Real
    let z = tile 32 (rotated Elem.Real 3)

    let floats data =
        match data with
        | Storage.F64 xs -> xs
        | _ -> [||]

    let fused f = Storage.F64(Array.map3 f (floats x) (floats y) (floats z))

    let fma =
        all32 [ Elem.Real; Elem.Real; Elem.Real ] Elem.Real (fun args -> Op.Fma(args[0], args[1], args[2]))

    let fnma =
        all32 [ Elem.Real; Elem.Real; Elem.Real ] Elem.Real (fun args -> Op.Fnma(args[0], args[1], args[2]))

    everywhere fma [ x; y; z ] (fused (fun a b c -> System.Math.FusedMultiplyAdd(a, b, c)))
    everywhere fnma [ x; y; z ] (fused (fun a b c -> System.Math.FusedMultiplyAdd(-a, b, c)))

[<Fact>]
let ``Shifts by a constant count agree with shifts by a computed one`` () =
    let x = tile 32 (samples Elem.Int)

    for op in [ BinaryOp.ShiftLeft; BinaryOp.ShiftRight ] do
        for count in [ 0; 1; 13; 31; 32; 33; -1 ] do
            let counts = Storage.I32(Array.create 1024 count)

            for bits in widths do
                let s = Sketch()
                let input = s.Input(Elem.Int, 1024)
                let output = s.Output(Elem.Int, 1024)
                let by = s.Let(eight Elem.Int, Op.Splat(s.Let(one Elem.Int, Op.Int count)))

                s.For(
                    0,
                    1024,
                    8,
                    fun i ->
                        let x = s.Let(eight Elem.Int, Op.Load(atIndex input 0 1 i, 1))
                        let result = s.Let(eight Elem.Int, Op.Binary(op, x, by))
                        s.Add(Stmt.Store(atIndex output 0 1 i, 1, 8, result))
                )

                let actual = run bits s.Program [ x ]
                Assert.Equal<int64[]>(bitsOf (reference (Primitive.Binary op) [ x; counts ]), bitsOf actual[0])
