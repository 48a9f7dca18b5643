// The meaning of the primitives that move, index, reduce, contract, factor and draw, by hand-made examples and by
// identities between primitives.
module Ppl.Core.Tests.ArrayTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Kernels
open Ppl.Core.Tests.Values

let private inf = infinity
let private evaluate primitive args = (Reference.evaluate primitive (List.toArray args))[0]
let private move op x expected = gives expected (Primitive.Move op) x
let private matrix = ints [ 2; 3 ] [ 1; 2; 3; 4; 5; 6 ]

[<Fact>]
let ``constant and iota`` () =
    gives (f [ -0.0; nan ]) (Primitive.Constant(f [ -0.0; nan ])) []
    let iota dtype shape axis = Primitive.Iota(TensorType.create dtype (Shape.ofList shape), axis)
    gives (ints [ 2; 3 ] [ 0; 1; 2; 0; 1; 2 ]) (iota DType.I32 [ 2; 3 ] 1) []
    gives (reals [ 2; 3 ] [ 0.0; 0.0; 0.0; 1.0; 1.0; 1.0 ]) (iota DType.F64 [ 2; 3 ] 0) []
    gives (ints [ 0 ] []) (iota DType.I32 [ 0 ] 0) []

[<Fact>]
let ``reshape, transpose and reverse`` () =
    move (MoveOp.Reshape(Shape.ofList [ 3; 2 ])) [ matrix ] (ints [ 3; 2 ] [ 1; 2; 3; 4; 5; 6 ])
    move (MoveOp.Reshape Shape.scalar) [ f [ 7.0 ] ] (Literal.f64 7.0)
    move (MoveOp.Transpose [| 1; 0 |]) [ matrix ] (ints [ 3; 2 ] [ 1; 4; 2; 5; 3; 6 ])
    move (MoveOp.Transpose [| 2; 0; 1 |]) [ ints [ 1; 2; 3 ] [ 1..6 ] ] (ints [ 3; 1; 2 ] [ 1; 4; 2; 5; 3; 6 ])
    move (MoveOp.Transpose [||]) [ Literal.i32 7 ] (Literal.i32 7)
    move (MoveOp.Reverse [| 0 |]) [ matrix ] (ints [ 2; 3 ] [ 4; 5; 6; 1; 2; 3 ])
    move (MoveOp.Reverse [| 1; 0 |]) [ matrix ] (ints [ 2; 3 ] [ 6; 5; 4; 3; 2; 1 ])
    move (MoveOp.Reverse [| 0 |]) [ f [] ] (f [])

[<Fact>]
let ``broadcast repeats along new axes and axes of extent one`` () =
    let to' shape axes = MoveOp.Broadcast(Shape.ofList shape, axes)
    move (to' [ 2; 3 ] [| 1 |]) [ i [ 1; 2; 3 ] ] (ints [ 2; 3 ] [ 1; 2; 3; 1; 2; 3 ])
    move (to' [ 3; 2 ] [| 0 |]) [ i [ 1; 2; 3 ] ] (ints [ 3; 2 ] [ 1; 1; 2; 2; 3; 3 ])
    move (to' [ 2; 2 ] [| 0; 1 |]) [ ints [ 2; 1 ] [ 1; 2 ] ] (ints [ 2; 2 ] [ 1; 1; 2; 2 ])
    move (to' [ 3 ] [||]) [ Literal.bool true ] (b [ true; true; true ])
    move (to' [ 0; 3 ] [| 1 |]) [ i [ 1; 2; 3 ] ] (ints [ 0; 3 ] [])
    move (to' [ 0 ] [| 0 |]) [ i [ 9 ] ] (i [])

[<Fact>]
let ``slice, pad and concat`` () =
    move (MoveOp.Slice([| 0; 1 |], [| 2; 3 |], [| 1; 1 |])) [ matrix ] (ints [ 2; 2 ] [ 2; 3; 5; 6 ])
    move (MoveOp.Slice([| 1 |], [| 6 |], [| 2 |])) [ i [ 0..5 ] ] (i [ 1; 3; 5 ])
    move (MoveOp.Slice([| 0 |], [| 5 |], [| 3 |])) [ i [ 0..5 ] ] (i [ 0; 3 ])
    move (MoveOp.Slice([| 2 |], [| 2 |], [| 1 |])) [ i [ 0..5 ] ] (i [])
    move (MoveOp.Slice([| 0 |], [| 6 |], [| Int32.MaxValue |])) [ i [ 4..9 ] ] (i [ 4 ])
    move (MoveOp.Pad([| 1 |], [| 2 |])) [ f [ nan; -0.0 ] ] (f [ 0.0; nan; -0.0; 0.0; 0.0 ])
    move (MoveOp.Pad([| 1; 0 |], [| 0; 1 |])) [ ints [ 1; 2 ] [ 1; 2 ] ] (ints [ 2; 3 ] [ 0; 0; 0; 1; 2; 0 ])
    move (MoveOp.Pad([| 1 |], [| 1 |])) [ b [] ] (b [ false; false ])
    move (MoveOp.Concat 0) [ i [ 1; 2 ]; i []; i [ 3 ] ] (i [ 1; 2; 3 ])
    move (MoveOp.Concat 1) [ matrix; ints [ 2; 1 ] [ 7; 8 ] ] (ints [ 2; 4 ] [ 1; 2; 3; 7; 4; 5; 6; 8 ])

[<Fact>]
let ``windows overlap`` () =
    let windows axes sizes strides dilations = MoveOp.Windows(axes, sizes, strides, dilations)
    let five = i [ 0..4 ]
    move (windows [| 0 |] [| 3 |] [| 1 |] [| 1 |]) [ five ] (ints [ 3; 3 ] [ 0; 1; 2; 1; 2; 3; 2; 3; 4 ])
    move (windows [| 0 |] [| 2 |] [| 2 |] [| 2 |]) [ five ] (ints [ 2; 2 ] [ 0; 2; 2; 4 ])
    move (windows [| 0 |] [| 2 |] [| 1 |] [| 5 |]) [ five ] (ints [ 0; 2 ] [])
    move (windows [||] [||] [||] [||]) [ five ] five
    move (windows [| 1 |] [| 2 |] [| 1 |] [| 1 |]) [ matrix ] (ints [ 2; 2; 2 ] [ 1; 2; 2; 3; 4; 5; 5; 6 ])
    // The sizes follow in the order of the axes that are named.
    let both axes = windows axes [| 1; 2 |] [| 1; 1 |] [| 1; 1 |]
    move (both [| 0; 1 |]) [ matrix ] (ints [ 2; 2; 1; 2 ] [ 1; 2; 2; 3; 4; 5; 5; 6 ])
    move (both [| 1; 0 |]) [ matrix ] (ints [ 1; 3; 1; 2 ] [ 1; 4; 2; 5; 3; 6 ])

[<Fact>]
let ``take clamps its indices`` () =
    let take axis = Primitive.Index(IndexOp.Take axis)
    gives (f [ 1.0; 3.0; 3.0; 1.0 ]) (take 0) [ f [ 1.0; 2.0; 3.0 ]; i [ 0; 2; 99; -5 ] ]
    gives (ints [ 2; 2 ] [ 3; 1; 6; 4 ]) (take 1) [ matrix; i [ 2; 0 ] ]
    gives (i [ 4; 5; 6 ]) (take 0) [ matrix; Literal.i32 1 ]
    gives (ints [ 1; 2; 3 ] [ 4; 5; 6; 1; 2; 3 ]) (take 0) [ matrix; ints [ 1; 2 ] [ 1; 0 ] ]
    gives (ints [ 2; 0 ] []) (take 1) [ matrix; i [] ]
    gives (f []) (take 0) [ f []; i [] ]

[<Fact>]
let ``scatterAdd adds repeated indices in order and clamps`` () =
    let scatter axis = Primitive.Index(IndexOp.ScatterAdd axis)
    gives (i [ 11; 2; 53 ]) (scatter 0) [ i [ 1; 2; 3 ]; i [ 0; 2; 7 ]; i [ 10; 20; 30 ] ]
    gives (f [ 6.0; 0.0 ]) (scatter 0) [ f [ 0.0; 0.0 ]; i [ 0; 0; -3 ]; f [ 1.0; 2.0; 3.0 ] ]
    // (1e16 + 1) - 1e16 = 0 shows the order.
    gives (f [ 0.0 ]) (scatter 0) [ f [ 1e16 ]; i [ 0; 0 ]; f [ 1.0; -1e16 ] ]
    gives (ints [ 2; 3 ] [ 1; 2; 13; 4; 5; 26 ]) (scatter 1) [ matrix; Literal.i32 2; i [ 10; 20 ] ]
    gives (f [ 1.0 ]) (scatter 0) [ f [ 1.0 ]; i []; f [] ]

[<Fact>]
let ``dynamic blocks are moved inside`` () =
    let slice sizes = Primitive.Index(IndexOp.DynamicSlice sizes)
    let at (n: int) = Literal.i32 n
    gives (i [ 2; 3 ]) (slice [| 2 |]) [ i [ 1; 2; 3 ]; at 1 ]
    gives (i [ 2; 3 ]) (slice [| 2 |]) [ i [ 1; 2; 3 ]; at 2 ]
    gives (i [ 1; 2 ]) (slice [| 2 |]) [ i [ 1; 2; 3 ]; at -9 ]
    gives (ints [ 1; 2 ] [ 5; 6 ]) (slice [| 1; 2 |]) [ matrix; at Int32.MaxValue; at 1 ]
    gives (ints [ 0; 2 ] []) (slice [| 0; 2 |]) [ matrix; at 5; at 0 ]
    gives (Literal.i32 7) (slice [||]) [ Literal.i32 7 ]
    let update = Primitive.Index IndexOp.DynamicUpdate
    gives (f [ 1.0; 8.0; 9.0 ]) update [ f [ 1.0; 2.0; 3.0 ]; f [ 8.0; 9.0 ]; at 4 ]
    gives (ints [ 2; 3 ] [ 1; 2; 3; 0; 5; 6 ]) update [ matrix; ints [ 1; 1 ] [ 0 ]; at 1; at 0 ]
    gives (f [ 1.0 ]) update [ f [ 1.0 ]; f []; at 0 ]

[<Fact>]
let ``reductions over nothing give the neutral element`` () =
    let reduce op = Primitive.Reduce(op, [| 0 |])
    let empty, none = reals [ 0; 2 ] [], ints [ 0; 2 ] []
    gives (f [ 0.0; 0.0 ]) (reduce ReduceOp.Sum) [ empty ]
    gives (f [ 1.0; 1.0 ]) (reduce ReduceOp.Prod) [ empty ]
    gives (f [ -inf; -inf ]) (reduce ReduceOp.Max) [ empty ]
    gives (f [ inf; inf ]) (reduce ReduceOp.Min) [ empty ]
    gives (i [ 0; 0 ]) (reduce ReduceOp.Sum) [ none ]
    gives (i [ 1; 1 ]) (reduce ReduceOp.Prod) [ none ]
    gives (i [ Int32.MinValue; Int32.MinValue ]) (reduce ReduceOp.Max) [ none ]
    gives (i [ Int32.MaxValue; Int32.MaxValue ]) (reduce ReduceOp.Min) [ none ]
    gives (b [ false; false ]) (reduce ReduceOp.Any) [ bools [ 0; 2 ] [] ]
    gives (b [ true; true ]) (reduce ReduceOp.All) [ bools [ 0; 2 ] [] ]
    gives (f []) (Primitive.Reduce(ReduceOp.Sum, [| 1 |])) [ empty ]

[<Fact>]
let ``reductions over chosen axes`` () =
    let reduce op axes = Primitive.Reduce(op, axes)
    gives (i [ 5; 7; 9 ]) (reduce ReduceOp.Sum [| 0 |]) [ matrix ]
    gives (i [ 6; 15 ]) (reduce ReduceOp.Sum [| 1 |]) [ matrix ]
    gives (Literal.i32 21) (reduce ReduceOp.Sum [| 1; 0 |]) [ matrix ]
    gives matrix (reduce ReduceOp.Prod [||]) [ matrix ]
    gives (i [ 3; 6 ]) (reduce ReduceOp.Max [| 1 |]) [ matrix ]
    gives (i [ 1; 2; 3 ]) (reduce ReduceOp.Min [| 0 |]) [ matrix ]
    gives (i [ 4; 10; 18 ]) (reduce ReduceOp.Prod [| 0 |]) [ matrix ]
    let p = bools [ 2; 2 ] [ true; false; true; true ]
    gives (b [ true; true ]) (reduce ReduceOp.Any [| 0 |]) [ p ]
    gives (b [ true; false ]) (reduce ReduceOp.All [| 0 |]) [ p ]
    // The middle axis of three.
    gives (ints [ 2; 2 ] [ 4; 6; 12; 14 ]) (reduce ReduceOp.Sum [| 1 |]) [ ints [ 2; 2; 2 ] [ 1..8 ] ]

[<Fact>]
let ``reductions of reals: NaN wins, zeros are ordered, sums start from zero`` () =
    let reduce op x expected = gives (Literal.f64 expected) (Primitive.Reduce(op, [| 0 |])) [ f x ]
    reduce ReduceOp.Max [ 1.0; nan; inf ] nan
    reduce ReduceOp.Min [ nan; -inf ] nan
    reduce ReduceOp.Max [ -0.0; 0.0; -0.0 ] 0.0
    reduce ReduceOp.Min [ 0.0; -0.0; 0.0 ] -0.0
    reduce ReduceOp.Max [ -inf ] -inf
    reduce ReduceOp.Sum [ -0.0 ] 0.0
    reduce ReduceOp.Sum [ inf; -inf ] nan
    // In index order: ((1e16 + 1) - 1e16) + 1 = 1.
    reduce ReduceOp.Sum [ 1e16; 1.0; -1e16; 1.0 ] 1.0
    reduce ReduceOp.Prod [ 0.0; inf ] nan
    reduce ReduceOp.Prod [ -0.0; 2.0 ] -0.0

[<Fact>]
let ``running sums from either end`` () =
    let cumulate axis reverse = Primitive.Cumulate(CumulateOp.Sum, axis, reverse)
    gives (i [ 1; 3; 6 ]) (cumulate 0 false) [ i [ 1; 2; 3 ] ]
    gives (i [ 6; 5; 3 ]) (cumulate 0 true) [ i [ 1; 2; 3 ] ]
    gives (ints [ 2; 3 ] [ 1; 2; 3; 5; 7; 9 ]) (cumulate 0 false) [ matrix ]
    gives (ints [ 2; 3 ] [ 6; 5; 3; 15; 11; 6 ]) (cumulate 1 true) [ matrix ]
    gives (f [ 0.0; nan; nan ]) (cumulate 0 false) [ f [ -0.0; nan; 1.0 ] ]
    gives (f []) (cumulate 0 true) [ f [] ]

[<Fact>]
let ``running products, extremes and log-sum-exps`` () =
    let cumulate op axis reverse = Primitive.Cumulate(op, axis, reverse)
    gives (i [ 2; 0; 0 ]) (cumulate CumulateOp.Prod 0 false) [ i [ 2; 0; 5 ] ]
    gives (i [ Int32.MinValue ]) (cumulate CumulateOp.Prod 0 false) [ i [ Int32.MinValue ] ]
    gives (f [ 30.0; 15.0; -5.0 ]) (cumulate CumulateOp.Prod 0 true) [ f [ 2.0; -3.0; -5.0 ] ]
    gives (ints [ 2; 3 ] [ 1; 2; 3; 4; 5; 6 ]) (cumulate CumulateOp.Max 0 false) [ matrix ]
    gives (ints [ 2; 3 ] [ 1; 2; 3; 1; 2; 3 ]) (cumulate CumulateOp.Min 0 false) [ matrix ]
    gives (f [ -0.0; 0.0; nan; nan ]) (cumulate CumulateOp.Max 0 false) [ f [ -0.0; 0.0; nan; inf ] ]
    gives (f [ nan; nan; -inf ]) (cumulate CumulateOp.Min 0 true) [ f [ 1.0; nan; -inf ] ]
    let logSumExp reverse = cumulate CumulateOp.LogSumExp 0 reverse
    gives (f [ -inf; -inf; 3.0; inf; inf; nan ]) (logSumExp false) [ f [ -inf; -inf; 3.0; inf; -inf; nan ] ]
    gives (f [ 1000.0; 1000.0 + Math.Log 2.0; 1000.0 + Math.Log 2.0 ]) (logSumExp false) [ f [ 1000.0; 1000.0; 0.0 ] ]
    gives (f []) (logSumExp true) [ f [] ]
    // ln(0.1 + 0.2), ln(0.1 + 0.2 + 0.7)
    let sums = evaluate (logSumExp false) [ f (List.map log [ 0.1; 0.2; 0.7 ]) ] |> Literal.floats
    Assert.Equal(log 0.3, sums[1], 1e-15)
    Assert.Equal(0.0, sums[2], 1e-15)

[<Fact>]
let ``sorts are stable and put NaN last`` () =
    let sort axis = Primitive.Order(OrderOp.Sort axis)
    let argSort axis = Primitive.Order(OrderOp.ArgSort axis)
    let x = f [ nan; 1.0; -0.0; inf; 0.0; -inf; nan; -0.0 ]
    gives (f [ -inf; -0.0; 0.0; -0.0; 1.0; inf; nan; nan ]) (sort 0) [ x ]
    gives (i [ 5; 2; 4; 7; 1; 3; 0; 6 ]) (argSort 0) [ x ]
    gives (i [ Int32.MinValue; -1; 3; Int32.MaxValue ]) (sort 0) [ i [ 3; Int32.MaxValue; -1; Int32.MinValue ] ]
    let table = ints [ 2; 3 ] [ 5; 1; 3; 2; 4; 3 ]
    gives (ints [ 2; 3 ] [ 2; 1; 3; 5; 4; 3 ]) (sort 0) [ table ]
    gives (ints [ 2; 3 ] [ 1; 0; 0; 0; 1; 1 ]) (argSort 0) [ table ]
    gives (ints [ 2; 3 ] [ 1; 3; 5; 2; 3; 4 ]) (sort 1) [ table ]
    gives (f []) (sort 0) [ f [] ]
    gives (ints [ 0; 2 ] []) (argSort 1) [ reals [ 0; 2 ] [] ]

[<Fact>]
let ``the first extreme counts, and NaN beats all`` () =
    let largest axis = Primitive.Order(OrderOp.ArgMax axis)
    let smallest axis = Primitive.Order(OrderOp.ArgMin axis)
    gives (Literal.i32 1) (largest 0) [ f [ 1.0; 7.0; 7.0 ] ]
    gives (Literal.i32 0) (largest 0) [ f [ -0.0; 0.0 ] ]
    gives (Literal.i32 2) (largest 0) [ f [ inf; 1.0; nan; nan ] ]
    gives (Literal.i32 2) (smallest 0) [ f [ -inf; 1.0; nan; nan ] ]
    gives (Literal.i32 0) (smallest 0) [ f [ -inf; -inf ] ]
    gives (i [ 1; 0; 1 ]) (largest 0) [ ints [ 2; 3 ] [ 1; 9; 3; 4; 5; 6 ] ]
    gives (i [ 0; 2 ]) (smallest 1) [ ints [ 2; 3 ] [ 1; 9; 3; 4; 5; -6 ] ]
    gives (i []) (largest 1) [ ints [ 0; 0 ] [] ]

[<Fact>]
let ``searches count what is below, or not above`` () =
    let search right = Primitive.Order(OrderOp.SearchSorted right)
    let sorted = f [ -1.0; 0.0; 0.0; 2.0; nan ]
    let values = f [ -inf; 0.0; -0.0; 1.0; 2.0; inf; nan ]
    gives (i [ 0; 1; 1; 3; 3; 4; 4 ]) (search false) [ sorted; values ]
    gives (i [ 0; 3; 3; 3; 4; 4; 5 ]) (search true) [ sorted; values ]
    gives (ints [ 2; 1 ] [ 2; 0 ]) (search false) [ ints [ 2; 2 ] [ 1; 2; 7; 8 ]; ints [ 2; 1 ] [ 3; 3 ] ]
    gives (i [ 0 ]) (search false) [ f []; f [ 1.0 ] ]

[<Fact>]
let ``stopGradient is its argument, of any type`` () =
    for x in [ f [ nan; -0.0 ]; i [ 3 ]; b [ true ] ] do
        gives x (Primitive.Unary UnaryOp.StopGradient) [ x ]

let private dot batchLeft batchRight contractLeft contractRight =
    Primitive.Contract
        {
            BatchLeft = batchLeft
            BatchRight = batchRight
            ContractLeft = contractLeft
            ContractRight = contractRight
        }

[<Fact>]
let ``dot products`` () =
    let a, c = reals [ 2; 2 ] [ 1.0; 2.0; 3.0; 4.0 ], reals [ 2; 2 ] [ 5.0; 6.0; 7.0; 8.0 ]
    gives (reals [ 2; 2 ] [ 19.0; 22.0; 43.0; 50.0 ]) (dot [||] [||] [| 1 |] [| 0 |]) [ a; c ]
    gives (reals [ 2; 2 ] [ 17.0; 23.0; 39.0; 53.0 ]) (dot [||] [||] [| 1 |] [| 1 |]) [ a; c ]
    gives (Literal.f64 70.0) (dot [||] [||] [| 0; 1 |] [| 0; 1 |]) [ a; c ]
    gives (Literal.f64 69.0) (dot [||] [||] [| 0; 1 |] [| 1; 0 |]) [ a; c ]
    // Batched: row i of a with row i of c; then column i of a with row i of c.
    gives (f [ 17.0; 53.0 ]) (dot [| 0 |] [| 0 |] [| 1 |] [| 1 |]) [ a; c ]
    gives (f [ 23.0; 46.0 ]) (dot [| 1 |] [| 0 |] [| 0 |] [| 1 |]) [ a; c ]
    gives (reals [ 2; 2 ] [ 3.0; 4.0; 6.0; 8.0 ]) (dot [||] [||] [||] [||]) [ f [ 1.0; 2.0 ]; f [ 3.0; 4.0 ] ]
    gives (reals [ 2; 0 ] []) (dot [||] [||] [| 1 |] [| 0 |]) [ a; reals [ 2; 0 ] [] ]
    gives (reals [ 2; 1 ] [ 0.0; 0.0 ]) (dot [||] [||] [| 1 |] [| 0 |]) [ reals [ 2; 0 ] []; reals [ 0; 1 ] [] ]

[<Fact>]
let ``cholesky factors and gives NaN from a non-positive pivot on`` () =
    let cholesky = Primitive.Factor FactorOp.Cholesky
    // The upper triangle is not read.
    gives (reals [ 2; 2 ] [ 2.0; 0.0; 1.0; 3.0 ]) cholesky [ reals [ 2; 2 ] [ 4.0; nan; 2.0; 10.0 ] ]
    gives (reals [ 1; 1; 1 ] [ 3.0 ]) cholesky [ reals [ 1; 1; 1 ] [ 9.0 ] ]
    gives (reals [ 0; 0 ] []) cholesky [ reals [ 0; 0 ] [] ]
    let singular = reals [ 3; 3 ] [ 1.0; 0.0; 0.0; 1.0; 1.0; 0.0; 2.0; 5.0; 9.0 ]
    gives (reals [ 3; 3 ] [ 1.0; 0.0; 0.0; 1.0; nan; 0.0; 2.0; nan; nan ]) cholesky [ singular ]
    gives (reals [ 2; 2 ] [ nan; 0.0; nan; nan ]) cholesky [ reals [ 2; 2 ] [ -1.0; 0.0; 0.0; 1.0 ] ]
    gives (reals [ 2; 1; 1 ] [ nan; 2.0 ]) cholesky [ reals [ 2; 1; 1 ] [ nan; 4.0 ] ]

[<Fact>]
let ``triangularSolve reads one triangle`` () =
    let solve lower transpose = Primitive.Factor(FactorOp.TriangularSolve(lower, transpose))
    let rhs = reals [ 2; 1 ] [ 4.0; 11.0 ]
    gives (reals [ 2; 1 ] [ 2.0; 3.0 ]) (solve true false) [ reals [ 2; 2 ] [ 2.0; nan; 1.0; 3.0 ]; rhs ]
    gives (reals [ 2; 1 ] [ 2.0; 3.0 ]) (solve false true) [ reals [ 2; 2 ] [ 2.0; 1.0; nan; 3.0 ]; rhs ]
    let rhs = reals [ 2; 1 ] [ 7.0; 9.0 ]
    gives (reals [ 2; 1 ] [ 2.0; 3.0 ]) (solve false false) [ reals [ 2; 2 ] [ 2.0; 1.0; nan; 3.0 ]; rhs ]
    gives (reals [ 2; 1 ] [ 2.0; 3.0 ]) (solve true true) [ reals [ 2; 2 ] [ 2.0; nan; 1.0; 3.0 ]; rhs ]
    gives (reals [ 1; 1 ] [ inf ]) (solve true false) [ reals [ 1; 1 ] [ 0.0 ]; reals [ 1; 1 ] [ 1.0 ] ]
    gives (reals [ 2; 0 ] []) (solve true false) [ reals [ 2; 2 ] [ 1.0; 0.0; 0.0; 1.0 ]; reals [ 2; 0 ] [] ]

[<Fact>]
let ``L times its transpose is the matrix, op(L) times the solution the right-hand side`` () =
    let rng = Random 3
    let random shape = Literal.create shape (Storage.F64(Array.init shape.Count (fun _ -> rng.NextDouble())))
    let times = dot [| 0 |] [| 0 |] [| 2 |]
    let m = random (Shape.ofList [ 3; 4; 4 ])
    let gram = evaluate (times [| 2 |]) [ m; m ]
    let l = evaluate (Primitive.Factor FactorOp.Cholesky) [ gram ]
    Assert.InRange(distance gram (evaluate (times [| 2 |]) [ l; l ]), 0.0, 1e-14)
    let rhs = random (Shape.ofList [ 3; 4; 2 ])

    for transpose in [ false; true ] do
        let x = evaluate (Primitive.Factor(FactorOp.TriangularSolve(true, transpose))) [ l; rhs ]

        let op =
            evaluate (Primitive.Move(MoveOp.Transpose(if transpose then [| 0; 2; 1 |] else [| 0; 1; 2 |]))) [ l ]

        Assert.InRange(distance rhs (evaluate (times [| 1 |]) [ op; x ]), 0.0, 1e-12)

[<Fact>]
let ``random streams are the documented Philox blocks`` () =
    let k0, k1 = 0x12345678, -2
    let key = i [ k0; k1 ]
    let block c tag = Philox.Block(uint32 (c: int), 0u, 0u, tag, uint32 k0, uint32 k1).ToTuple()
    let w0, w1, _, _ = block -7 0x666F6C64u
    gives (i [ int w0; int w1 ]) (Primitive.Random RandomOp.FoldIn) [ key; Literal.i32 -7 ]

    let uniform (low: uint32) (high: uint32) =
        let bits = (uint64 high <<< 32) ||| uint64 low
        (float (bits >>> 12) + 0.5) * Math.Pow(2.0, -52.0)

    let expected =
        [ 0..1 ]
        |> List.collect (fun c ->
            let w0, w1, w2, w3 = block c 0x756E6966u
            [ uniform w0 w1; uniform w2 w3 ])

    gives (f (List.take 3 expected)) (Primitive.Random(RandomOp.Uniform(Shape.ofList [ 3 ]))) [ key ]
    let w0, w1, w2, w3 = block 0 0x62697473u
    let v0, _, _, _ = block 1 0x62697473u
    let bits = Primitive.Random(RandomOp.Bits(Shape.ofList [ 5 ]))
    gives (i (List.map int [ w0; w1; w2; w3; v0 ])) bits [ key ]

[<Fact>]
let ``more draws of a key begin with the same draws`` () =
    let draw n = Literal.floats (evaluate (Primitive.Random(RandomOp.Uniform(Shape.ofList [ n ]))) [ i [ 1; 2 ] ])
    Assert.Equal<float[]>(draw 5, (draw 40)[..4])
    Assert.All(draw 1000, (fun u -> Assert.True(u > 0.0 && u < 1.0)))
