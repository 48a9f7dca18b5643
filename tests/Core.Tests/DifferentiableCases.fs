// Functions with arguments at which they are smooth: one for every primitive and every way a loop or a branch can use its
// surroundings. Shared by the tests of gradients, of forward mode and of simplification.
module Ppl.Core.Tests.DifferentiableCases

open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Tests.Values

/// A function and where to differentiate it.
[<NoComparison; NoEquality>]
type Smooth = { Name: string; Function: Tensor[] -> Tensor[]; At: Literal[] }

let private case name at f = { Name = name; Function = f; At = List.toArray at }
let private one name x f = case name [ x ] (fun xs -> [| f xs[0] |])
let private two name x y f = case name [ x; y ] (fun xs -> [| f xs[0] xs[1] |])

let private matrix rows columns start =
    reals [ rows; columns ] [ for k in 0 .. rows * columns - 1 -> start + 0.3 * sin (1.7 * float k) ]

/// Positive definite, n by n, as many as asked.
let private definite batch n =
    let entry m i j = (if i = j then 3.0 + float m + 0.2 * float i else 0.0) + 0.4 * cos (float ((i + 1) * (j + 1) + m))

    Literal.create
        (Shape.ofArray (Array.append batch [| n; n |]))
        (Storage.F64
            [|
                for m in 0 .. Array.fold (*) 1 batch - 1 do
                    for i in 0 .. n - 1 do
                        for j in 0 .. n - 1 -> entry m i j
            |])

/// Every unary operation of reals, inside its domain.
let private unaries =
    let real = f [ -1.3; -0.4; 0.2; 0.9; 2.1 ]
    let positive = f [ 0.3; 0.8; 1.4; 2.6; 5.5 ]
    let unit = f [ 0.2; 0.3; 0.5; 0.7; 0.85 ]

    let domain op =
        match op with
        | UnaryOp.Sqrt
        | UnaryOp.Log
        | UnaryOp.Log1p
        | UnaryOp.Log2
        | UnaryOp.Cbrt
        | UnaryOp.Lgamma
        | UnaryOp.Digamma
        | UnaryOp.Trigamma -> positive
        | UnaryOp.Asin
        | UnaryOp.Acos
        | UnaryOp.Atanh
        | UnaryOp.Erfinv
        | UnaryOp.Ndtri -> unit
        | UnaryOp.Acosh -> f [ 1.3; 1.8; 2.4; 3.6; 5.5 ]
        | UnaryOp.Log1mExp -> f [ -0.2; -0.5; -1.1; -2.3; -4.0 ]
        | _ -> real

    Primitive.members<UnaryOp>
    |> Array.filter (fun op ->
        match op with
        | UnaryOp.Not
        | UnaryOp.IsFinite
        | UnaryOp.IsNaN
        | UnaryOp.StopGradient -> false
        | _ -> true)
    |> Array.map (fun op -> one (string op) (domain op) (fun x -> Bind.one (Primitive.Unary op) [| x |]))
    |> Array.toList

let private x5 = f [ 0.4; -1.1; 0.7; 2.2; -0.3 ]
let private y5 = f [ 1.6; 0.9; -0.8; 1.2; 0.5 ]
let private p5 = f [ 1.6; 0.9; 0.8; 1.2; 0.5 ]
let private cube = reals [ 2; 3; 2 ] [ for k in 0..11 -> 0.5 + 0.4 * sin (float k) ]

let private elementwise =
    [
        two "add" x5 y5 Ops.add
        two "sub" x5 y5 Ops.sub
        two "mul" x5 y5 Ops.mul
        two "div" x5 y5 Ops.div
        two "pow" p5 x5 Ops.pow
        two "max" x5 y5 Ops.max
        two "min" x5 y5 Ops.min
        two "select" x5 y5 (fun x y -> Ops.select (Ops.greater x (Ops.scalarLike x 0.5)) (x * y) (Ops.square y))
        two "used twice" x5 y5 (fun x y -> Ops.sin (x * y) * x + y)
        one "pow with a known exponent" p5 (fun x -> Ops.pow x (Ops.scalarLike x 3.0))
        one "logistic" x5 (fun x -> Ops.logSigmoid x + Ops.logit (Ops.sigmoid x))
        two "logAddExp" x5 y5 Ops.logAddExp
    ]

/// Functions of several arguments; by their shapes they have one derivative, so a shape is fixed or enters linearly.
let private specials =
    let x = f [ 0.3; 0.8; 1.4; 2.6; 5.5 ]
    let a = f [ 0.7; 1.9; 2.5; 0.4; 9.5 ]
    let b = f [ 1.2; 0.6; 3.5; 2.4; 0.8 ]
    let p = f [ 0.2; 0.3; 0.5; 0.7; 0.85 ]
    let beside (x: Tensor) literal = Ops.convert x.DType (Tensor.OfLiteral literal)

    [
        two "atan2" x5 y5 SpecialFunctions.atan2
        one "polygamma" x (fun x -> SpecialFunctions.polygamma (Ops.scalarLike x 3.0) x)
        one "gammaP in x" x (fun x -> SpecialFunctions.gammaP (beside x a) x)
        one "gammaQ in x" x (fun x -> SpecialFunctions.gammaQ (beside x a) x)
        one "gammaPByShape in x" x (fun x -> SpecialFunctions.gammaPByShape (beside x a) x)
        one "betaI in x" p (fun x -> SpecialFunctions.betaI (beside x a) (beside x b) x)
        one "betaIByA in x" p (fun x -> SpecialFunctions.betaIByA (beside x a) (beside x b) x)
        one "betaIByB in x" p (fun x -> SpecialFunctions.betaIByB (beside x a) (beside x b) x)
        two "xlogy" x5 p SpecialFunctions.xlogy
        two "xlog1py" x5 p SpecialFunctions.xlog1py
        two "lbeta" a b SpecialFunctions.lbeta
        one "logExpm1" x SpecialFunctions.logExpm1
        one "erfcinv" x5 (fun x -> SpecialFunctions.erfcinv (1.0 + Ops.tanh x))
        one "logBesselI0" x5 SpecialFunctions.logBesselI0
        one "logBesselI1" x SpecialFunctions.logBesselI1
    ]

let private reductions =
    [
        for axes in [ [||]; [| 0 |]; [| 1 |]; [| 2; 0 |]; [| 0; 1; 2 |] ] do
            one $"sum %A{axes}" cube (fun x -> Ops.square (Ops.sumAlong axes x))
            one $"prod %A{axes}" cube (Ops.prodAlong axes)
            one $"max %A{axes}" cube (fun x -> Ops.square (Ops.maxAlong axes x))
            one $"min %A{axes}" cube (fun x -> Ops.square (Ops.minAlong axes x))
            one $"logSumExp %A{axes}" cube (Ops.logSumExpAlong axes)

        one "prod with a zero" (f [ 0.5; 0.0; 2.0; 3.0 ]) (Ops.prodAlong [| 0 |])
        one "prod with two zeros" (f [ 0.5; 0.0; 2.0; 0.0; 3.0 ]) (Ops.prodAlong [| 0 |])
        one "running sums" cube (fun x -> Ops.square (Ops.cumulativeSum 1 x))
        one "running sums reversed" cube (fun x -> Ops.square (Ops.cumulativeSumReversed 2 x))

        for op in Primitive.members<CumulateOp> do
            for axis, reverse in [ 0, false; 1, false; 1, true; 2, true ] do
                one $"running {op} {axis} {reverse}" cube (fun x -> Ops.square (Ops.cumulate op axis reverse x))

        one "running products with zeros" (f [ 0.5; 0.0; 2.0; 0.0; 3.0 ]) (Ops.cumulativeProd 0)
        one "running log-sum-exp far apart" (f [ -800.0; 3.0; 900.0; 0.1 ]) (Ops.cumulativeLogSumExp 0)
        one "running products of nothing" (reals [ 2; 0 ] []) (Ops.cumulativeProd 1)
        one "logSoftmax" (matrix 2 3 0.4) Ops.logSoftmax
        one "sum over nothing" (reals [ 2; 0 ] []) (Ops.sumAlong [| 1 |])
        one "prod over nothing" (reals [ 2; 0 ] []) (Ops.prodAlong [| 1 |])
    ]

let private orders =
    let x = reals [ 2; 4 ] [ 0.3; -1.2; 2.5; 0.9; 1.1; -0.4; 0.2; -2.0 ]
    let weighted (x: Tensor) = x * Ops.convert x.DType (Tensor.OfFloats [| 1.0; -2.0; 0.5; 3.0 |])

    [
        one "sort" x (fun x -> weighted (Ops.square (Ops.sort 1 x)))
        one "sort along the first axis" x (fun x -> weighted (Ops.exp (Ops.sort 0 x)))
        one "sort a vector, descending" x5 (fun x ->
            Ops.square (Arrays.sortDescending 0 x) * Ops.convert x.DType (Ops.iota 5))
        one "topK" x (fun x -> let largest, _ = Arrays.topK 2 1 x in Ops.square largest)
        one "quantile" x (fun x -> Ops.square (Arrays.quantile 0.3 1 x))
        one "median" x (fun x -> Ops.square (Arrays.median 0 x))
        one "takeAlongAxis" x (fun x ->
            let places = Ops.reshape (Shape.ofList [ 2; 3 ]) (Tensor.OfInts [| 3; 0; 0; 1; 2; 9 |])
            Ops.square (Arrays.takeAlongAxis 1 places x))
        two "addAlongAxis" x (matrix 1 4 0.3) (fun x u ->
            let places = Ops.reshape (Shape.ofList [ 1; 4 ]) (Tensor.OfInts [| 1; 0; 1; 0 |])
            Ops.square (Arrays.addAlongAxis 0 places u x))
        one "stopGradient" x5 (fun x -> x * Ops.stopGradient (Ops.convert x.DType (Ops.iota 5)))
    ]

let private moves =
    let each f = one f

    [
        each "reshape" cube (fun x -> Ops.square (Ops.reshape (Shape.ofList [ 4; 3 ]) x))
        each "transpose" cube (fun x ->
            Ops.square (Ops.transpose [| 2; 0; 1 |] x)
            * Ops.fill (TensorType.create x.DType (Shape.ofList [ 2; 2; 3 ])) 2.0)
        each "broadcast" (matrix 1 3 0.1) (fun x -> Ops.square (Ops.broadcastTo (Shape.ofList [ 2; 4; 3 ]) x))
        each "broadcast along" x5 (fun x -> Ops.square (Ops.broadcastAlong (Shape.ofList [ 5; 2 ]) [| 0 |] x))
        each "broadcast to nothing" (f [ 1.5 ]) (fun x -> Ops.broadcastTo (Shape.ofList [ 0 ]) x)
        each "slice" cube (fun x -> Ops.square (Ops.slice 1 1 3 x))
        each "strided slice" x5 (fun x -> Ops.square (Ops.sliceBy [| 1 |] [| 5 |] [| 3 |] x))
        each "strided slice of a matrix" (matrix 5 4 0.2) (fun x ->
            Ops.exp (Ops.sliceBy [| 0; 1 |] [| 5; 4 |] [| 2; 2 |] x))
        each "pad" (matrix 2 3 0.3) (fun x -> Ops.exp (Ops.pad [| 1; 0 |] [| 0; 2 |] x))
        each "reverse" cube (fun x -> Ops.square (Ops.reverse [| 0; 2 |] x) * x)
        two "concat" (matrix 2 3 0.3) (matrix 2 1 0.5) (fun x y -> Ops.exp (Ops.concat 1 [| x; y; x |]))
        two "stack" x5 y5 (fun x y -> Ops.square (Ops.stack [| x; y |]))
        each "at" (matrix 3 2 0.3) (fun x -> x[1] * x[2])
    ]

let private windowed =
    let images = reals [ 2; 4; 5; 2 ] [ for k in 0..79 -> sin (1.3 * float k) ]
    let filters = reals [ 2; 3; 2; 2 ] [ for k in 0..23 -> cos (float k) ]

    let options strides dilations padding : WindowOptions =
        { Strides = strides; Dilations = dilations; Padding = padding }

    let plain = Convolution.defaults 2
    let same = options [| 2; 1 |] [| 1; 2 |] Padding.Same

    [
        one "windows" x5 (fun x -> Ops.square (Ops.windows [| 0 |] [| 3 |] [| 1 |] [| 2 |] x))
        one "windows of two axes, strided" images (fun x ->
            Ops.exp (Ops.windows [| 2; 1 |] [| 2; 3 |] [| 2; 1 |] [| 1; 1 |] x))
        one "windows of too little" x5 (fun x -> Ops.windows [| 0 |] [| 9 |] [| 1 |] [| 1 |] x)
        two "convolution" images filters (fun x w -> Ops.square (Convolution.convolve plain w x))
        two "convolution, padded" images filters (fun x w -> Ops.square (Convolution.convolve same w x))
        two "convolution in groups" images (reals [ 2; 1; 1; 4 ] [ for k in 0..7 -> cos (float k) ]) (fun x w ->
            Ops.square (Convolution.grouped 2 plain w x))
        one "average pooling, padded" images (fun x -> Ops.sin (Convolution.averagePool [| 2; 2 |] same x))
        one "max pooling" images (fun x -> Ops.square (Convolution.maxPool [| 2; 2 |] plain x))
    ]

let private accesses =
    let places = Tensor.OfInts [| 2; 0; 2; 7; -1 |]
    let start = Tensor.OfInt 1

    [
        one "take" x5 (fun x -> Ops.square (Ops.take 0 places x))
        one "take along the second axis" (matrix 2 3 0.3) (fun x ->
            Ops.exp (Ops.take 1 (Tensor.OfInts [| 1; 1; 0 |]) x))
        two "scatterAdd" x5 y5 (fun x u -> Ops.square (Ops.scatterAdd 0 places u x))
        one "dynamicSlice" (matrix 3 4 0.2) (fun x ->
            Ops.exp (Ops.dynamicSlice [| 2; 2 |] [| Tensor.OfInt 9; start |] x))
        two "dynamicUpdate" (matrix 3 4 0.2) (matrix 2 2 0.5) (fun x u ->
            Ops.exp (Ops.dynamicUpdate [| start; Tensor.OfInt 9 |] u x))
        one "row" (matrix 3 2 0.3) (fun x -> Ops.square (Ops.row start x))
        two "setRow" (matrix 3 2 0.3) (f [ 0.4; 0.9 ]) (fun x r -> Ops.exp (Ops.setRow start r x))
        one "diagonal" (matrix 3 3 0.3) (fun x -> Ops.square (Ops.diagonal x))
        two "setAt, repeated" (matrix 4 3 0.2) (matrix 4 2 0.5) (fun x u ->
            Ops.exp (Arrays.setAt 1 (Tensor.OfInts [| 2; 2 |]) u x))
        one "slices" (matrix 4 3 0.2) (fun x -> Ops.exp x[1..2] * Ops.square x[..1, *])
        one "statistics" (matrix 4 3 0.2) (fun x ->
            Arrays.standardDeviation [| 0 |] x
            + Arrays.norm [| 0 |] x
            + Arrays.varianceBy 1.0 [| 0 |] (Ops.square x))
    ]

let private linearAlgebra =
    let general =
        {
            BatchLeft = [| 2; 0 |]
            BatchRight = [| 0; 3 |]
            ContractLeft = [| 3; 1 |]
            ContractRight = [| 1; 4 |]
        }

    let left = reals [ 2; 3; 2; 2; 2 ] [ for k in 0..47 -> sin (float k) ]
    let right = reals [ 2; 2; 3; 2; 3 ] [ for k in 0..71 -> cos (float k) ]
    let solve lower transposed = two $"triangularSolve lower={lower} transposed={transposed}"

    [
        two "inner product" x5 y5 Ops.dot
        two "matrix times vector" (matrix 4 5 0.2) x5 Ops.dot
        two "vector times matrix" x5 (matrix 5 3 0.2) Ops.dot
        two "matrix times matrix" (matrix 2 3 0.2) (matrix 3 4 0.1) (fun x y -> Ops.square (Ops.dot x y))
        two "general contraction" left right (Ops.dotGeneral general)
        two
            "outer product"
            x5
            y5
            (Ops.dotGeneral { BatchLeft = [||]; BatchRight = [||]; ContractLeft = [||]; ContractRight = [||] })
        one "cholesky" (definite [||] 3) Ops.cholesky
        one "cholesky of one" (definite [||] 1) Ops.cholesky
        one "cholesky of nothing" (reals [ 0; 0 ] []) Ops.cholesky
        one "batched cholesky" (definite [| 2; 2 |] 3) Ops.cholesky
        two "cotangent of cholesky" (definite [||] 3) (matrix 3 3 0.4) (fun s c ->
            Bind.one (Primitive.Factor FactorOp.CholeskyVjp) [| Ops.cholesky s; c |])

        for lower in [ true; false ] do
            for transposed in [ true; false ] do
                solve lower transposed (definite [||] 3) (matrix 3 2 0.4) (Ops.triangularSolve lower transposed)
                let many = reals [ 2; 3; 1 ] [ for k in 0..5 -> cos (float k) ]

                { solve lower transposed (definite [| 2 |] 3) many (Ops.triangularSolve lower transposed) with
                    Name = $"batched triangularSolve {lower} {transposed}"
                }

        two "multivariate normal" (definite [||] 3) (f [ 0.3; -0.8; 1.1 ]) (fun s y ->
            let l = Ops.cholesky s
            let z = Ops.triangularSolve true false l (Ops.reshape (Shape.ofList [ 3; 1 ]) y)
            -0.5 * Ops.sum (Ops.square z) - Ops.sum (Ops.log (Ops.diagonal l)))
    ]

let private transforms =
    let pairs f (xs: Tensor[]) =
        let struct (re, im) = f xs
        [| re; Ops.square im |]

    [
        case "fft" [ x5; y5 ] (pairs (fun xs -> Ops.fft (Ops.square xs[0]) xs[1]))
        case "ifft of rows" [ matrix 2 4 0.2; matrix 2 4 0.5 ] (pairs (fun xs -> Ops.ifft xs[0] (Ops.exp xs[1])))
        case "rfft" [ matrix 2 6 0.2 ] (pairs (fun xs -> Ops.rfft (Ops.exp xs[0])))
        two "irfft" (matrix 2 3 0.2) (matrix 2 3 0.5) (fun x y -> Ops.exp (Ops.irfft 5 x y))
        two "fftConvolve" x5 (matrix 2 3 0.2) (fun x y -> Ops.square (Ops.fftConvolve x y))
        one "dct" (matrix 2 5 0.2) (fun x -> Ops.square (Ops.dct x))
    ]

let private customs =
    [
        case "twist" [ x5; y5 ] (fun xs ->
            let results = CustomCases.twist.Apply [| Ops.sin xs[0]; xs[1] |]
            [| Ops.square results[0]; Ops.exp (0.1 * results[1]) |])
        one "bump" (matrix 2 3 0.2) (fun x -> Ops.square (Array.head (CustomCases.bump.Apply [| Ops.exp x |])))
    ]

/// General systems and decompositions: f32 loses digits where eigenvalues are near each other.
let private decompositions =
    [
        let general = reals [ 3; 3 ] [ 0.4; 1.3; -0.7; 2.1; 0.2; 0.5; -0.9; 0.8; 1.6 ]
        let tall = reals [ 4; 2 ] [ 0.4; 1.3; -0.7; 2.1; 0.2; 0.5; -0.9; 0.8 ]

        let many =
            reals [ 2; 3; 3 ] [ for k in 0..17 -> (if k % 9 % 4 = 0 then 2.0 + 0.3 * float k else cos (float k)) ]

        two "solve" general (matrix 3 2 0.4) LinearAlgebra.solve
        two "solve transposed" general (matrix 3 2 0.4) LinearAlgebra.solveTransposed
        two "batched solve" many (reals [ 2; 3; 1 ] [ for k in 0..5 -> sin (float k) ]) LinearAlgebra.solve
        one "inverse" general LinearAlgebra.inverse
        one "logAbsDet" general LinearAlgebra.logAbsDet
        one "batched logAbsDet" many LinearAlgebra.logAbsDet
        one "logDetOfDefinite" (definite [||] 3) LinearAlgebra.logDetOfDefinite
        two "solveDefinite" (definite [||] 3) (matrix 3 2 0.4) LinearAlgebra.solveDefinite

        for name, a in [ "square", general; "tall", tall; "batched", many ] do
            case $"qr, {name}" [ a ] (fun xs ->
                let struct (q, r) = LinearAlgebra.qr xs[0]
                [| q; r |])

        for name, a in [ "eigh", general; "batched eigh", many ] do
            case name [ a ] (fun xs ->
                let struct (w, v) = LinearAlgebra.eigh xs[0]
                [| w; v |])

        let wide = reals [ 2; 4 ] [ 0.4; 1.3; -0.7; 2.1; 0.2; 0.5; -0.9; 0.8 ]

        for name, a in [ "square", general; "tall", tall; "wide", wide; "batched", many ] do
            case $"svd, {name}" [ a ] (fun xs ->
                let struct (u, s, v) = LinearAlgebra.svd xs[0]
                [| u; s; v |])
    ]

/// The GARCH(1,1) variances: constants captured, a carry, an output per step.
let private garch (p: Tensor) (y: Tensor) =
    let state, variances =
        Control.scan
            (fun s x ->
                let next = Ops.exp p[0] + 0.3 * p[1] * Ops.square x[0] + 0.2 * s[0]
                [| next |], [| next |])
            [| Ops.square p[2] |]
            [| y |]

    Ops.sum (Ops.log variances[0]) + state[0]

let private loops =
    [
        two "scan: captured, carry, outputs" (f [ 0.1; 0.4; 0.7 ]) y5 garch
        case "scan: reverse, several carries, an integer one" [ f [ 0.3; -0.5; 0.8 ]; Literal.f64 0.4 ] (fun xs ->
            let state, ys =
                Control.scanBy
                    true
                    3
                    (fun s x ->
                        let weight = Ops.convert s[0].DType s[2] + 1.0
                        let a = Ops.sin (s[0] * x[0]) + weight * s[1]
                        [| a; s[1] * xs[1]; s[2] + Tensor.OfInt 1 |], [| a * x[0]; weight; a |])
                    [| xs[1]; Ops.square xs[1]; Tensor.OfInt 2 |]
                    [| xs[0] |]
            // The third output is not used.
            [| state[0]; ys[0]; ys[1] |])
        two "map: captured, several results" (matrix 3 2 0.4) (f [ 0.3; -0.8 ]) (fun x a ->
            let ys = Control.mapMany (fun xs -> [| Ops.sin (xs[0] * a); Ops.sum (xs[0] * xs[1]) |]) [| x; x |]
            Ops.sum ys[0] * ys[1])
        one "scan: only outputs are used" x5 (fun x ->
            let _, ys =
                Control.scan (fun s x -> [| s[0] * x[0] + 1.0 |], [| s[0] * s[0] |]) [| Ops.scalarLike x 0.5 |] [| x |]

            Ops.sum ys[0])
        one "scan of length zero" (f [ 0.7 ]) (fun x ->
            let state, ys = Control.scanBy false 0 (fun s _ -> [| Ops.exp s[0] |], [| s[0] |]) [| x * x |] [||]
            state[0] + Ops.sum ys[0])
        two "scan: matrices, a captured matrix" (matrix 3 3 0.1) (matrix 4 3 0.2) (fun a xs ->
            let state, ys =
                Control.scan
                    (fun s x -> let next = Ops.tanh (Ops.dot a s[0] + x[0]) in [| next |], [| Ops.sum next |])
                    [| xs[0] |]
                    [| xs |]

            Ops.sum state[0] * Ops.sum (Ops.exp ys[0]))
        two "scan in scan, captures of captures" (f [ 0.6; -0.2; 0.9 ]) (Literal.f64 0.7) (fun x a ->
            let outer (s: Tensor[]) (xo: Tensor[]) =
                let inner (t: Tensor[]) (xi: Tensor[]) =
                    let next = Ops.sin (t[0] * xi[0] + a * s[0]) + xo[0]
                    [| next |], [| next * a |]

                let state, ys = Control.scan inner [| s[0] |] [| x |]
                [| state[0] |], [| Ops.sum ys[0] |]

            let state, ys = Control.scan outer [| a |] [| x |]
            state[0] + Ops.sum ys[0])
        two "cond in scan" (f [ 0.6; -0.2; 0.9; -1.4 ]) (Literal.f64 0.7) (fun x a ->
            let step (s: Tensor[]) (x: Tensor[]) =
                let next =
                    Control.cond (Ops.greater x[0] (Ops.scalarLike x[0] 0.0)) (fun () -> Ops.exp (s[0] * a)) (fun () ->
                        s[0] - a * x[0])

                [| next |], [||]

            (fst (Control.scan step [| a |] [| x |]))[0])
        two "cond: both branches use other things" x5 (Literal.f64 0.3) (fun x a ->
            Control.cond (Ops.less a (Ops.scalarLike a 0.5)) (fun () -> Ops.sum (x * a)) (fun () -> Ops.exp a))
        two "cond: the other branch" x5 (Literal.f64 0.7) (fun x a ->
            Control.cond (Ops.less a (Ops.scalarLike a 0.5)) (fun () -> Ops.sum (x * a)) (fun () -> Ops.exp a))
        one "scan in cond" x5 (fun x ->
            Control.cond
                (Ops.less x[1] (Ops.scalarLike x 0.5))
                (fun () -> (fst (Control.scan (fun s v -> [| Ops.sin (s[0] + v[0]) |], [||]) [| x[2] |] [| x |]))[0])
                (fun () -> Ops.sum x))
        one "a loop on data beside" x5 (fun x ->
            let n =
                Control.whileLoop
                    (fun s -> Ops.less s[0] (Ops.scalarLike x 9.0))
                    (fun s -> [| s[0] * 2.0 |])
                    [| Ops.scalarLike x 1.0 |]

            n[0] * Ops.sum (Ops.square x))
    ]

/// Those that take any real element type.
let inAnyReal =
    List.concat
        [
            unaries
            elementwise
            specials
            reductions
            orders
            moves
            windowed
            accesses
            linearAlgebra
            transforms
            customs
            loops
        ]

let all = inAnyReal @ decompositions
