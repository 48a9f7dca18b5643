// The meaning of the elementwise primitives at the points where implementations differ.
module Ppl.Core.Tests.ElementwiseTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tests.Values

let private unary op x expected = gives (f expected) (Primitive.Unary op) [ f x ]
let private inf = infinity

[<Fact>]
let ``arithmetic functions of one real keep signed zeros, infinities and NaN`` () =
    let x = [ 1.5; -1.5; 0.0; -0.0; inf; -inf; nan ]
    unary UnaryOp.Neg x [ -1.5; 1.5; -0.0; 0.0; -inf; inf; nan ]
    unary UnaryOp.Abs x [ 1.5; 1.5; 0.0; 0.0; inf; inf; nan ]
    unary UnaryOp.Sign x [ 1.0; -1.0; 0.0; -0.0; 1.0; -1.0; nan ]
    unary UnaryOp.Floor x [ 1.0; -2.0; 0.0; -0.0; inf; -inf; nan ]
    unary UnaryOp.Reciprocal x [ 1.0 / 1.5; -1.0 / 1.5; inf; -inf; 0.0; -0.0; nan ]
    unary UnaryOp.Square x [ 2.25; 2.25; 0.0; 0.0; inf; inf; nan ]
    unary UnaryOp.Sqrt [ 2.25; -1.5; 0.0; -0.0; inf; -inf; nan ] [ 1.5; nan; 0.0; -0.0; inf; nan; nan ]

[<Fact>]
let ``special functions have their limits`` () =
    unary UnaryOp.Exp [ 0.0; -0.0; inf; -inf; nan; 710.0; -746.0 ] [ 1.0; 1.0; inf; 0.0; nan; inf; 0.0 ]
    unary UnaryOp.Expm1 [ 0.0; -0.0; inf; -inf; nan ] [ 0.0; -0.0; inf; -1.0; nan ]
    unary UnaryOp.Log [ 1.0; 0.0; -0.0; -1.0; inf; nan ] [ 0.0; -inf; -inf; nan; inf; nan ]
    unary UnaryOp.Log1p [ 0.0; -0.0; -1.0; -2.0; inf; nan ] [ 0.0; -0.0; -inf; nan; inf; nan ]
    unary UnaryOp.Sin [ 0.0; -0.0; inf; nan ] [ 0.0; -0.0; nan; nan ]
    unary UnaryOp.Cos [ 0.0; inf; nan ] [ 1.0; nan; nan ]
    unary UnaryOp.Tanh [ 0.0; -0.0; inf; -inf; nan ] [ 0.0; -0.0; 1.0; -1.0; nan ]
    unary UnaryOp.Sigmoid [ 0.0; inf; -inf; nan ] [ 0.5; 1.0; 0.0; nan ]
    unary UnaryOp.Softplus [ inf; -inf; nan; 1000.0 ] [ inf; 0.0; nan; 1000.0 ]
    unary UnaryOp.Erf [ 0.0; -0.0; inf; -inf; nan ] [ 0.0; -0.0; 1.0; -1.0; nan ]
    unary UnaryOp.Erfc [ 0.0; inf; -inf; nan ] [ 1.0; 0.0; 2.0; nan ]
    unary UnaryOp.Lgamma [ 1.0; 2.0; 0.0; -1.0; inf; nan ] [ 0.0; 0.0; inf; inf; inf; nan ]
    unary UnaryOp.Digamma [ 0.0; -0.0; -1.0; inf; nan ] [ -inf; inf; nan; inf; nan ]
    unary UnaryOp.Trigamma [ 0.0; -1.0; inf; nan ] [ inf; inf; 0.0; nan ]
    unary UnaryOp.Ndtr [ 0.0; inf; -inf; nan ] [ 0.5; 1.0; 0.0; nan ]
    unary UnaryOp.LogNdtr [ -inf; nan ] [ -inf; nan ]
    unary UnaryOp.Ndtri [ 0.5; 0.0; 1.0; -0.5; 1.5; nan ] [ 0.0; -inf; inf; nan; nan; nan ]
    let half = Math.PI / 2.0
    unary UnaryOp.Tan [ 0.0; -0.0; inf; nan ] [ 0.0; -0.0; nan; nan ]
    unary UnaryOp.Asin [ 0.0; -0.0; 1.0; -1.0; 1.5; nan ] [ 0.0; -0.0; half; -half; nan; nan ]
    unary UnaryOp.Acos [ 1.0; 0.0; -1.0; 1.5; nan ] [ 0.0; half; Math.PI; nan; nan ]
    unary UnaryOp.Atan [ 0.0; -0.0; inf; -inf; nan ] [ 0.0; -0.0; half; -half; nan ]
    unary UnaryOp.Sinh [ 0.0; -0.0; inf; -inf; nan; 711.0 ] [ 0.0; -0.0; inf; -inf; nan; inf ]
    unary UnaryOp.Cosh [ 0.0; inf; -inf; nan; -711.0 ] [ 1.0; inf; inf; nan; inf ]
    unary UnaryOp.Asinh [ 0.0; -0.0; inf; -inf; nan ] [ 0.0; -0.0; inf; -inf; nan ]
    unary UnaryOp.Acosh [ 1.0; 0.5; -3.0; inf; nan ] [ 0.0; nan; nan; inf; nan ]
    unary UnaryOp.Atanh [ 0.0; -0.0; 1.0; -1.0; 2.0; nan ] [ 0.0; -0.0; inf; -inf; nan; nan ]
    unary UnaryOp.Exp2 [ 0.0; 10.0; -1.0; inf; -inf; nan ] [ 1.0; 1024.0; 0.5; inf; 0.0; nan ]
    unary UnaryOp.Log2 [ 1.0; 1024.0; 0.0; -1.0; inf; nan ] [ 0.0; 10.0; -inf; nan; inf; nan ]
    unary UnaryOp.Cbrt [ 27.0; -8.0; -0.0; inf; -inf; nan ] [ 3.0; -2.0; -0.0; inf; -inf; nan ]
    unary UnaryOp.Log1mExp [ 0.0; 1.0; -inf; nan ] [ -inf; nan; 0.0; nan ]
    unary UnaryOp.Erfinv [ 0.0; -0.0; 1.0; -1.0; 2.0; nan ] [ 0.0; -0.0; inf; -inf; nan; nan ]
    unary UnaryOp.BesselI0e [ 0.0; inf; -inf; nan ] [ 1.0; 0.0; 0.0; nan ]
    unary UnaryOp.BesselI1e [ 0.0; -0.0; inf; nan ] [ 0.0; -0.0; 0.0; nan ]

[<Fact>]
let ``special functions of several arguments have their limits`` () =
    let special op xs expected = gives (f expected) (Primitive.Special op) (List.map f xs)
    let pi = Math.PI

    special
        SpecialOp.Atan2
        [ [ 0.0; -0.0; 1.0; inf; nan ]; [ -1.0; -1.0; 0.0; inf; 1.0 ] ]
        [ pi; -pi; pi / 2.0; pi / 4.0; nan ]

    special
        SpecialOp.Polygamma
        [ [ 2.0; 3.0; 2.0; 2.5; 2.0 ]; [ 0.0; 0.0; inf; 1.0; -1.5 ] ]
        [ -inf; inf; -0.0; nan; nan ]

    special SpecialOp.GammaP [ [ 2.0; 2.0; 0.0; -1.0; inf ]; [ 0.0; inf; 1.0; 1.0; 1.0 ] ] [ 0.0; 1.0; 1.0; nan; 0.0 ]
    special SpecialOp.GammaQ [ [ 2.0; 2.0; 0.0; -1.0; inf ]; [ 0.0; inf; 1.0; 1.0; 1.0 ] ] [ 1.0; 0.0; 0.0; nan; 1.0 ]
    special SpecialOp.GammaPByShape [ [ 2.0; 2.0; nan ]; [ 0.0; inf; 1.0 ] ] [ 0.0; 0.0; nan ]
    let shapes = [ [ 2.0; 2.0; 2.0; 0.0 ]; [ 3.0; 3.0; 3.0; 1.0 ]; [ 0.0; 1.0; 1.5; 0.5 ] ]
    special SpecialOp.BetaI shapes [ 0.0; 1.0; nan; nan ]
    special SpecialOp.BetaIByA shapes [ 0.0; 0.0; nan; nan ]
    special SpecialOp.BetaIByB shapes [ 0.0; 0.0; nan; nan ]

/// d/dx of each special function by central differences against another primitive: no two functions are mixed up.
[<Fact>]
let ``special functions have the derivatives of their definitions`` () =
    let at op x =
        let results = Reference.evaluate (Primitive.Unary op) [| Literal.f64 x |]
        (Literal.floats results[0])[0]

    let normal x = exp (-x * x / 2.0) / sqrt (2.0 * Math.PI)

    let derivatives =
        [
            UnaryOp.Exp, exp
            UnaryOp.Expm1, exp
            UnaryOp.Log, (fun x -> 1.0 / x)
            UnaryOp.Log1p, (fun x -> 1.0 / (1.0 + x))
            UnaryOp.Sin, cos
            UnaryOp.Cos, (fun x -> -(sin x))
            UnaryOp.Tanh, (fun x -> 1.0 - tanh x ** 2.0)
            UnaryOp.Sigmoid, (fun x -> exp -x / (1.0 + exp -x) ** 2.0)
            UnaryOp.Softplus, (fun x -> 1.0 / (1.0 + exp -x))
            UnaryOp.Tan, (fun x -> 1.0 / cos x ** 2.0)
            UnaryOp.Asin, (fun x -> 1.0 / sqrt (1.0 - x * x))
            UnaryOp.Acos, (fun x -> -1.0 / sqrt (1.0 - x * x))
            UnaryOp.Atan, (fun x -> 1.0 / (1.0 + x * x))
            UnaryOp.Sinh, cosh
            UnaryOp.Cosh, sinh
            UnaryOp.Asinh, (fun x -> 1.0 / sqrt (1.0 + x * x))
            UnaryOp.Atanh, (fun x -> 1.0 / (1.0 - x * x))
            UnaryOp.Exp2, (fun x -> log 2.0 * 2.0 ** x)
            UnaryOp.Log2, (fun x -> 1.0 / (x * log 2.0))
            UnaryOp.Cbrt, (fun x -> x ** (-2.0 / 3.0) / 3.0)
            UnaryOp.Erfinv, (fun x -> sqrt Math.PI / 2.0 * exp (at UnaryOp.Erfinv x ** 2.0))
            UnaryOp.BesselI0e, (fun x -> at UnaryOp.BesselI1e x - at UnaryOp.BesselI0e x)
            UnaryOp.BesselI1e, (fun x -> at UnaryOp.BesselI0e x - at UnaryOp.BesselI1e x * (1.0 + 1.0 / x))
            UnaryOp.Erf, (fun x -> 2.0 / sqrt Math.PI * exp (-x * x))
            UnaryOp.Erfc, (fun x -> -2.0 / sqrt Math.PI * exp (-x * x))
            UnaryOp.Lgamma, at UnaryOp.Digamma
            UnaryOp.Digamma, at UnaryOp.Trigamma
            UnaryOp.Ndtr, normal
            UnaryOp.LogNdtr, (fun x -> normal x / at UnaryOp.Ndtr x)
            UnaryOp.Ndtri, (fun x -> 1.0 / normal (at UnaryOp.Ndtri x))
        ]

    for op, derivative in derivatives do
        for x in [ 0.2; 0.55; 0.8 ] do
            let slope = (at op (x + 1e-5) - at op (x - 1e-5)) / 2e-5
            Assert.True(abs (slope - derivative x) < 1e-6 * (1.0 + abs slope), $"{op} at {x}: {slope}, {derivative x}")

[<Fact>]
let ``integers wrap`` () =
    let lowest, highest = Int32.MinValue, Int32.MaxValue
    let unary op x expected = gives (i expected) (Primitive.Unary op) [ i x ]
    let binary op x y expected = gives (i expected) (Primitive.Binary op) [ i x; i y ]
    unary UnaryOp.Neg [ 3; lowest ] [ -3; lowest ]
    unary UnaryOp.Abs [ -3; lowest ] [ 3; lowest ]
    unary UnaryOp.Sign [ -3; 0; 7 ] [ -1; 0; 1 ]
    unary UnaryOp.Square [ -3; 65536 ] [ 9; 0 ]
    binary BinaryOp.Add [ highest; 2 ] [ 1; 3 ] [ lowest; 5 ]
    binary BinaryOp.Sub [ lowest; 2 ] [ 1; 3 ] [ highest; -1 ]
    binary BinaryOp.Mul [ highest; 65536 ] [ 2; 65536 ] [ -2; 0 ]
    binary BinaryOp.Div [ -7; 7; 7; lowest; 0 ] [ 2; -2; 0; -1; 0 ] [ -3; -3; 0; lowest; 0 ]
    binary BinaryOp.Rem [ -7; 7; 7; lowest; 0 ] [ 2; -2; 0; -1; 0 ] [ -1; 1; 0; 0; 0 ]
    binary BinaryOp.Max [ -7; 7 ] [ 2; -2 ] [ 2; 7 ]
    binary BinaryOp.Min [ -7; 7 ] [ 2; -2 ] [ -7; -2 ]
    binary BinaryOp.And [ 12; -1 ] [ 10; 7 ] [ 8; 7 ]
    binary BinaryOp.Or [ 12; 0 ] [ 10; 7 ] [ 14; 7 ]
    binary BinaryOp.Xor [ 12; -1 ] [ 10; -1 ] [ 6; 0 ]
    binary BinaryOp.ShiftLeft [ 1; 1; 3; 1 ] [ 31; 32; 33; -1 ] [ lowest; 1; 6; lowest ]
    binary BinaryOp.ShiftRight [ -1; -1; 8; lowest ] [ 31; 32; 33; -1 ] [ 1; -1; 4; 1 ]

[<Fact>]
let ``operations on two reals keep NaN and order zeros`` () =
    let binary op x y expected = gives (f expected) (Primitive.Binary op) [ f x; f y ]
    binary BinaryOp.Add [ 1.0; inf; -0.0; nan ] [ 2.0; -inf; -0.0; 1.0 ] [ 3.0; nan; -0.0; nan ]
    binary BinaryOp.Sub [ 1.0; inf; 0.0; nan ] [ 2.0; inf; 0.0; 1.0 ] [ -1.0; nan; 0.0; nan ]
    binary BinaryOp.Mul [ 3.0; 0.0; -0.0; nan ] [ 2.0; inf; 5.0; 0.0 ] [ 6.0; nan; -0.0; nan ]
    binary BinaryOp.Div [ 3.0; 1.0; -1.0; 0.0 ] [ 2.0; 0.0; 0.0; 0.0 ] [ 1.5; inf; -inf; nan ]
    binary BinaryOp.Max [ 1.0; nan; 1.0; 0.0; -0.0 ] [ 2.0; 1.0; nan; -0.0; 0.0 ] [ 2.0; nan; nan; 0.0; 0.0 ]
    binary BinaryOp.Min [ 1.0; nan; 1.0; 0.0; -0.0 ] [ 2.0; 1.0; nan; -0.0; 0.0 ] [ 1.0; nan; nan; -0.0; -0.0 ]

    binary
        BinaryOp.Pow
        [ 2.0; nan; 1.0; -2.0; -2.0; 0.0 ]
        [ 10.0; 0.0; nan; 3.0; 0.5; -1.0 ]
        [ 1024.0; 1.0; 1.0; -8.0; nan; inf ]

[<Fact>]
let ``truth values have their tables`` () =
    let p, q = b [ false; false; true; true ], b [ false; true; false; true ]
    gives (b [ true; true; false; false ]) (Primitive.Unary UnaryOp.Not) [ p ]
    gives (b [ false; false; false; true ]) (Primitive.Binary BinaryOp.And) [ p; q ]
    gives (b [ false; true; true; true ]) (Primitive.Binary BinaryOp.Or) [ p; q ]
    gives (b [ false; true; true; false ]) (Primitive.Binary BinaryOp.Xor) [ p; q ]
    gives (b [ true; false; false; true ]) (Primitive.Compare CompareOp.Eq) [ p; q ]
    gives (b [ false; true; true; false ]) (Primitive.Compare CompareOp.Ne) [ p; q ]

[<Fact>]
let ``comparisons with NaN are false except Ne`` () =
    let x = f [ 1.0; 2.0; 2.0; 0.0; nan; nan; 1.0; inf ]
    let y = f [ 2.0; 1.0; 2.0; -0.0; nan; 1.0; nan; inf ]
    let compare op expected = gives (b (List.map (fun bit -> bit = 1) expected)) (Primitive.Compare op) [ x; y ]
    compare CompareOp.Eq [ 0; 0; 1; 1; 0; 0; 0; 1 ]
    compare CompareOp.Ne [ 1; 1; 0; 0; 1; 1; 1; 0 ]
    compare CompareOp.Lt [ 1; 0; 0; 0; 0; 0; 0; 0 ]
    compare CompareOp.Le [ 1; 0; 1; 1; 0; 0; 0; 1 ]
    compare CompareOp.Gt [ 0; 1; 0; 0; 0; 0; 0; 0 ]
    compare CompareOp.Ge [ 0; 1; 1; 1; 0; 0; 0; 1 ]

[<Fact>]
let ``comparisons of integers are signed`` () =
    let x, y = i [ -1; 1; 3 ], i [ 1; -1; 3 ]
    gives (b [ true; false; false ]) (Primitive.Compare CompareOp.Lt) [ x; y ]
    gives (b [ false; true; true ]) (Primitive.Compare CompareOp.Ge) [ x; y ]

[<Fact>]
let ``classification tells NaN from infinity`` () =
    let x = f [ 1.0; inf; -inf; nan; Double.Epsilon ]
    gives (b [ true; false; false; false; true ]) (Primitive.Unary UnaryOp.IsFinite) [ x ]
    gives (b [ false; false; false; true; false ]) (Primitive.Unary UnaryOp.IsNaN) [ x ]

[<Fact>]
let ``select takes each element from its branch, whatever the other holds`` () =
    let p = b [ true; false; true ]
    gives (f [ 1.0; -0.0; nan ]) Primitive.Select [ p; f [ 1.0; nan; nan ]; f [ nan; -0.0; 3.0 ] ]
    gives (i [ 1; 5; 3 ]) Primitive.Select [ p; i [ 1; 2; 3 ]; i [ 4; 5; 6 ] ]
    gives (b [ true; true; false ]) Primitive.Select [ p; b [ true; false; false ]; b [ false; true; true ] ]

[<Fact>]
let ``conversion to integers truncates and saturates`` () =
    let x = [ 1.9; -1.9; -0.0; 2147483647.5; 1e10; -2147483648.9; -1e10; nan; inf; -inf ]
    let highest, lowest = Int32.MaxValue, Int32.MinValue

    gives (i [ 1; -1; 0; highest; highest; lowest; lowest; 0; highest; lowest ]) (Primitive.Convert DType.I32) [ f x ]

[<Fact>]
let ``conversions between the other types`` () =
    gives (b [ false; false; true; true; true ]) (Primitive.Convert DType.Bool) [ f [ 0.0; -0.0; 0.1; nan; -inf ] ]
    gives (b [ false; true; true ]) (Primitive.Convert DType.Bool) [ i [ 0; 1; -256 ] ]
    gives (f [ 3.0; -2147483648.0 ]) (Primitive.Convert DType.F64) [ i [ 3; Int32.MinValue ] ]
    gives (f [ 0.0; 1.0 ]) (Primitive.Convert DType.F64) [ b [ false; true ] ]
    gives (i [ 0; 1 ]) (Primitive.Convert DType.I32) [ b [ false; true ] ]
    gives (f [ -0.0; nan ]) (Primitive.Convert DType.F64) [ f [ -0.0; nan ] ]

[<Fact>]
let ``elementwise primitives accept empty and scalar tensors`` () =
    gives (reals [ 0; 3 ] []) (Primitive.Unary UnaryOp.Exp) [ reals [ 0; 3 ] [] ]
    gives (reals [ 0; 3 ] []) (Primitive.Binary BinaryOp.Add) [ reals [ 0; 3 ] []; reals [ 0; 3 ] [] ]
    gives (Literal.bool true) (Primitive.Compare CompareOp.Lt) [ Literal.f64 1.0; Literal.f64 2.0 ]
