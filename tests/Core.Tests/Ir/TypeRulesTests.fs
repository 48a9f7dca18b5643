// Each wrong call of a primitive is refused with the right id and a message that names the operation and the types.
module Ppl.Core.Tests.TypeRulesTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir

let private ty (text: string) =
    let at = text.IndexOf '['
    let extents = text.Substring(at + 1, text.Length - at - 2)
    let dtype = (DType.tryParse (text.Substring(0, at))).Value
    let extents = if extents = "" then [||] else extents.Split ',' |> Array.map int
    TensorType.create dtype (Shape.ofArray extents)

/// Types as in a message, separated by spaces.
let private types (text: string) = text.Split(' ', System.StringSplitOptions.RemoveEmptyEntries) |> Array.map ty

let private refuses id primitive given (words: string list) =
    let error = Assert.Throws<PplException>(fun () -> TypeRules.results primitive (types given) |> ignore)
    Assert.Equal(id, error.Id)

    for word in Primitive.name primitive :: words do
        Assert.Contains(word, error.What)

let private gives expected primitive given =
    Assert.Equal<TensorType[]>(types expected, TypeRules.results primitive (types given))

let private unary = Primitive.Unary
let private binary = Primitive.Binary
let private move = Primitive.Move

[<Fact>]
let ``elementwise operations refuse other element types`` () =
    refuses "PPL5002" (unary UnaryOp.Exp) "i32[3]" [ "f64"; "i32[3]" ]
    refuses "PPL5002" (unary UnaryOp.Floor) "i32[]" [ "i32[]" ]
    refuses "PPL5002" (unary UnaryOp.Not) "f64[3]" [ "bool"; "f64[3]" ]
    refuses "PPL5002" (unary UnaryOp.Neg) "bool[3]" [ "i32 or u32"; "bool[3]" ]
    refuses "PPL5002" (unary UnaryOp.IsNaN) "i32[3]" [ "i32[3]" ]
    refuses "PPL5002" (binary BinaryOp.Add) "bool[2] bool[2]" [ "bool[2]" ]
    refuses "PPL5002" (binary BinaryOp.Pow) "i32[2] i32[2]" [ "i32[2]" ]
    refuses "PPL5002" (binary BinaryOp.Rem) "f64[2] f64[2]" [ "f64[2]" ]
    refuses "PPL5002" (binary BinaryOp.And) "f64[2] f64[2]" [ "f64[2]" ]
    refuses "PPL5002" (binary BinaryOp.ShiftLeft) "bool[2] bool[2]" [ "bool[2]" ]
    refuses "PPL5002" (binary BinaryOp.Add) "f64[2] i32[2]" [ "f64[2]"; "i32[2]" ]
    refuses "PPL5002" (Primitive.Compare CompareOp.Lt) "bool[2] bool[2]" [ "bool[2]" ]
    refuses "PPL5002" Primitive.Select "f64[2] f64[2] f64[2]" [ "f64[2]" ]
    refuses "PPL5002" Primitive.Select "bool[2] f64[2] i32[2]" [ "f64[2]"; "i32[2]" ]

[<Fact>]
let ``elementwise operations refuse other shapes and name both`` () =
    refuses "PPL5001" (binary BinaryOp.Add) "f64[2] f64[3]" [ "f64[2]"; "f64[3]" ]
    refuses "PPL5001" (binary BinaryOp.Add) "f64[2] f64[]" [ "f64[2]"; "f64[]" ]
    refuses "PPL5001" (Primitive.Compare CompareOp.Eq) "bool[2] bool[1]" [ "bool[2]"; "bool[1]" ]
    refuses "PPL5001" Primitive.Select "bool[3] f64[2] f64[2]" [ "bool[3]"; "f64[2]" ]
    refuses "PPL5001" Primitive.Select "bool[2] f64[2] f64[3]" [ "f64[2]"; "f64[3]" ]

[<Fact>]
let ``wrong numbers of arguments are refused`` () =
    refuses "PPL5001" (unary UnaryOp.Exp) "" [ "1"; "0" ]
    refuses "PPL5001" (unary UnaryOp.Exp) "f64[] f64[2]" [ "1"; "2"; "f64[2]" ]
    refuses "PPL5001" (binary BinaryOp.Add) "f64[]" [ "2"; "1" ]
    refuses "PPL5001" Primitive.Select "bool[] f64[]" [ "3"; "2" ]
    refuses "PPL5001" (Primitive.Constant(Literal.f64 1.0)) "f64[]" [ "0"; "1" ]
    refuses "PPL5001" (move (MoveOp.Reshape Shape.scalar)) "" [ "1"; "0" ]
    refuses "PPL5001" (move (MoveOp.Concat 0)) "" [ "at least one" ]
    refuses "PPL5001" (Primitive.Index(IndexOp.DynamicSlice [||])) "" [ "at least 1" ]
    refuses "PPL5001" (Primitive.Index IndexOp.DynamicUpdate) "f64[]" [ "at least 2"; "1" ]
    refuses "PPL5001" (Primitive.Factor FactorOp.Cholesky) "" [ "1"; "0" ]

[<Fact>]
let ``axes must exist and be named once`` () =
    refuses "PPL5003" (Primitive.Iota(ty "f64[3]", 1)) "" [ "axis 1"; "[3]" ]
    refuses "PPL5003" (Primitive.Reduce(ReduceOp.Sum, [| 2 |])) "f64[3,4]" [ "axis 2"; "[3,4]" ]
    refuses "PPL5003" (Primitive.Reduce(ReduceOp.Max, [| -1 |])) "f64[3,4]" [ "axis -1"; "[3,4]" ]
    refuses "PPL5003" (Primitive.Reduce(ReduceOp.Sum, [| 1; 1 |])) "f64[3,4]" [ "twice" ]
    refuses "PPL5003" (Primitive.Cumulate(CumulateOp.Sum, 0, false)) "f64[]" [ "axis 0"; "[]" ]
    refuses "PPL5003" (Primitive.Order(OrderOp.Sort 2)) "f64[3,2]" [ "sort"; "axis 2"; "[3,2]" ]
    refuses "PPL5003" (move (MoveOp.Transpose [| 0; 0 |])) "f64[3,4]" [ "twice" ]
    refuses "PPL5003" (move (MoveOp.Transpose [| 0 |])) "f64[3,4]" [ "f64[3,4]" ]
    refuses "PPL5003" (move (MoveOp.Reverse [| 5 |])) "i32[3]" [ "axis 5"; "[3]" ]
    refuses "PPL5003" (move (MoveOp.Concat 1)) "f64[2] f64[3]" [ "axis 1"; "[2]" ]
    refuses "PPL5003" (move (MoveOp.Broadcast(Shape.ofList [ 2; 3 ], [| 1; 0 |]))) "f64[2,3]" [ "f64[2,3]" ]
    refuses "PPL5003" (move (MoveOp.Broadcast(Shape.ofList [ 2; 3 ], [||]))) "f64[3]" [ "f64[3]" ]
    refuses "PPL5003" (Primitive.Index(IndexOp.Take 1)) "f64[3] i32[]" [ "axis 1"; "[3]" ]
    refuses "PPL5003" (Primitive.Index(IndexOp.ScatterAdd 1)) "f64[3] i32[] f64[]" [ "axis 1"; "[3]" ]

[<Fact>]
let ``rearrangements need fitting shapes`` () =
    refuses "PPL5001" (move (MoveOp.Reshape(Shape.ofList [ 2; 2 ]))) "f64[3]" [ "f64[3]"; "[2,2]" ]
    refuses "PPL5001" (move (MoveOp.Broadcast(Shape.ofList [ 2; 3 ], [| 0 |]))) "f64[3]" [ "f64[3]"; "[2,3]" ]
    refuses "PPL5001" (move (MoveOp.Broadcast(Shape.ofList [ 2; 3 ], [| 2 |]))) "f64[3]" [ "f64[3]"; "[2,3]" ]
    refuses "PPL5001" (move (MoveOp.Slice([| 0 |], [| 1 |], [| 1 |]))) "f64[3,4]" [ "f64[3,4]" ]
    refuses "PPL5004" (move (MoveOp.Slice([| 0 |], [| 4 |], [| 1 |]))) "f64[3]" [ "0..4"; "f64[3]" ]
    refuses "PPL5004" (move (MoveOp.Slice([| 2 |], [| 1 |], [| 1 |]))) "f64[3]" [ "2..1"; "f64[3]" ]
    refuses "PPL5004" (move (MoveOp.Slice([| 0 |], [| 1 |], [| 0 |]))) "f64[3]" [ "by 0"; "f64[3]" ]
    refuses "PPL5001" (move (MoveOp.Pad([| -1 |], [| 0 |]))) "f64[3]" [ "f64[3]" ]
    refuses "PPL5001" (move (MoveOp.Pad([| 1; 1 |], [| 0; 0 |]))) "f64[3]" [ "f64[3]" ]
    refuses "PPL5001" (move (MoveOp.Concat 0)) "f64[2,3] f64[2,4]" [ "axis 0"; "f64[2,3]"; "f64[2,4]" ]
    refuses "PPL5001" (move (MoveOp.Concat 0)) "f64[2] i32[2]" [ "f64[2]"; "i32[2]" ]
    refuses "PPL5001" (move (MoveOp.Concat 0)) "f64[2] f64[2,1]" [ "f64[2]"; "f64[2,1]" ]

[<Fact>]
let ``access needs integer indices, and something to index`` () =
    let take, scatter = Primitive.Index(IndexOp.Take 0), Primitive.Index(IndexOp.ScatterAdd 0)
    refuses "PPL5002" take "f64[3] f64[2]" [ "i32"; "f64[2]" ]
    refuses "PPL5004" take "f64[0] i32[2]" [ "axis 0"; "f64[0]" ]
    refuses "PPL5002" scatter "bool[3] i32[2] bool[2]" [ "bool[3]" ]
    refuses "PPL5004" scatter "f64[0] i32[2] f64[2]" [ "axis 0"; "f64[0]" ]
    refuses "PPL5001" scatter "f64[3] i32[2] f64[3]" [ "f64[3]"; "f64[2]"; "i32[2]" ]
    let slice sizes = Primitive.Index(IndexOp.DynamicSlice sizes)
    refuses "PPL5001" (slice [| 1 |]) "f64[3]" [ "1 starts" ]
    refuses "PPL5001" (slice [| 1 |]) "f64[3] f64[]" [ "i32[]"; "f64[]" ]
    refuses "PPL5001" (slice [| 1; 1 |]) "f64[3] i32[]" [ "f64[3]" ]
    refuses "PPL5004" (slice [| 4 |]) "f64[3] i32[]" [ "block of 4"; "f64[3]" ]
    let update = Primitive.Index IndexOp.DynamicUpdate
    refuses "PPL5002" update "f64[3] i32[2] i32[]" [ "f64[3]"; "i32[2]" ]
    refuses "PPL5001" update "f64[3] f64[4] i32[]" [ "f64[4]"; "f64[3]" ]
    refuses "PPL5001" update "f64[3] f64[] i32[]" [ "f64[]"; "f64[3]" ]

[<Fact>]
let ``windows need one positive size, stride and dilation per axis`` () =
    let windows axes sizes strides dilations = move (MoveOp.Windows(axes, sizes, strides, dilations))
    refuses "PPL5003" (windows [| 1 |] [| 2 |] [| 1 |] [| 1 |]) "f64[3]" [ "windows"; "axis 1"; "[3]" ]
    refuses "PPL5001" (windows [| 0 |] [| 2; 2 |] [| 1 |] [||]) "f64[3]" [ "one size" ]
    refuses "PPL5004" (windows [| 0 |] [| 2 |] [| 0 |] [| 1 |]) "f64[3]" [ "strides"; "positive" ]

[<Fact>]
let ``orders need numbers, and something to choose from`` () =
    refuses "PPL5002" (Primitive.Order(OrderOp.Sort 0)) "bool[3]" [ "sort"; "bool[3]" ]
    refuses "PPL5004" (Primitive.Order(OrderOp.ArgMax 0)) "f64[0,2]" [ "argMax"; "axis 0"; "f64[0,2]" ]
    refuses "PPL5002" (Primitive.Cumulate(CumulateOp.LogSumExp, 0, false)) "i32[3]" [ "cumulateLogSumExp"; "i32[3]" ]
    let search = Primitive.Order(OrderOp.SearchSorted false)
    refuses "PPL5001" search "f64[3]" [ "2"; "1" ]
    refuses "PPL5002" search "f64[3] i32[2]" [ "f64[3]"; "i32[2]" ]
    refuses "PPL5001" search "f64[2,3] f64[3,3]" [ "last axis"; "f64[2,3]"; "f64[3,3]" ]
    refuses "PPL5001" search "f64[] f64[]" [ "last axis" ]

let private dot batchLeft batchRight contractLeft contractRight =
    Primitive.Contract
        {
            BatchLeft = batchLeft
            BatchRight = batchRight
            ContractLeft = contractLeft
            ContractRight = contractRight
        }

[<Fact>]
let ``contractions and factorisations need fitting matrices`` () =
    refuses "PPL5001" (dot [||] [||] [| 1 |] [| 0 |]) "f64[2,3] f64[2,3]" [ "f64[2,3]" ]
    refuses "PPL5001" (dot [| 0 |] [||] [||] [||]) "f64[2] f64[2]" [ "f64[2]" ]
    refuses "PPL5002" (dot [||] [||] [| 0 |] [| 0 |]) "f64[2] i32[2]" [ "i32[2]" ]
    refuses "PPL5003" (dot [| 0 |] [| 0 |] [| 0 |] [| 1 |]) "f64[2] f64[2,2]" [ "twice" ]
    refuses "PPL5003" (dot [||] [||] [| 1 |] [| 0 |]) "f64[2] f64[2]" [ "axis 1"; "[2]" ]
    let cholesky = Primitive.Factor FactorOp.Cholesky
    refuses "PPL5001" cholesky "f64[2,3]" [ "f64[2,3]" ]
    refuses "PPL5001" cholesky "f64[3]" [ "f64[3]" ]
    refuses "PPL5002" cholesky "i32[3,3]" [ "i32[3,3]" ]
    refuses "PPL5001" (Primitive.Factor FactorOp.CholeskyVjp) "f64[3,3] f64[2,2]" [ "f64[3,3]"; "f64[2,2]" ]
    refuses "PPL5001" (Primitive.Factor FactorOp.Qr) "f64[2,3]" [ "f64[2,3]"; "rows" ]
    refuses "PPL5001" (Primitive.Factor FactorOp.Svd) "f64[3]" [ "f64[3]" ]
    refuses "PPL5001" (Primitive.Factor FactorOp.Eigh) "f64[2,3]" [ "f64[2,3]" ]
    refuses "PPL5001" (Primitive.Factor FactorOp.LogAbsDet) "f64[2,3]" [ "f64[2,3]" ]
    refuses "PPL5002" (Primitive.Factor FactorOp.Qr) "i32[3,2]" [ "i32[3,2]" ]
    refuses "PPL5001" (Primitive.Factor(FactorOp.Solve false)) "f64[3,3] f64[2,1]" [ "f64[3,3]"; "f64[2,1]" ]
    refuses "PPL5001" (Primitive.Special SpecialOp.GammaP) "f64[3] f64[2]" [ "f64[3]"; "f64[2]" ]
    refuses "PPL5001" (Primitive.Special SpecialOp.BetaI) "f64[3] f64[3]" [ "3 arguments" ]
    refuses "PPL5002" (Primitive.Special SpecialOp.Atan2) "i32[3] i32[3]" [ "i32[3]" ]
    let solve = Primitive.Factor(FactorOp.TriangularSolve(true, false))
    refuses "PPL5001" solve "f64[3,3] f64[2,1]" [ "f64[3,3]"; "f64[2,1]" ]
    refuses "PPL5001" solve "f64[3,3] f64[3]" [ "f64[3,3]"; "f64[3]" ]
    refuses "PPL5001" solve "f64[2,3,3] f64[1,3,1]" [ "f64[2,3,3]"; "f64[1,3,1]" ]

[<Fact>]
let ``random primitives need a key`` () =
    refuses "PPL5002" (Primitive.Random RandomOp.FoldIn) "i32[3] i32[]" [ "i32[2]"; "i32[3]" ]
    refuses "PPL5002" (Primitive.Random RandomOp.FoldIn) "i32[2] f64[]" [ "i32[]"; "f64[]" ]
    refuses "PPL5002" (Primitive.Random(RandomOp.Uniform Shape.scalar)) "" [ "i32[2]" ]
    refuses "PPL5002" (Primitive.Random(RandomOp.Bits Shape.scalar)) "f64[2]" [ "f64[2]" ]

let private identity (text: string) : Program =
    let types = types text
    let vars = Array.mapi (fun n _ -> n) types
    { Inputs = vars; Equations = [||]; Outputs = vars; Types = types }

[<Fact>]
let ``control flow needs sub-programs that fit`` () =
    let cond a b = Primitive.Control(ControlOp.Cond(identity a, identity b))
    refuses "PPL5001" (cond "f64[2]" "f64[2]") "f64[] f64[2]" [ "condition"; "bool[]"; "f64[]" ]
    refuses "PPL5001" (cond "f64[2]" "f64[2]") "bool[] f64[3]" [ "first branch"; "f64[2]"; "f64[3]" ]
    refuses "PPL5001" (cond "f64[2]" "f64[3]") "bool[] f64[2]" [ "second branch"; "f64[3]"; "f64[2]" ]
    refuses "PPL5001" (cond "" "") "" [ "condition" ]
    let loop constants body = Primitive.Control(ControlOp.While(constants, identity "bool[]", identity body))
    refuses "PPL5001" (loop 0 "bool[]") "f64[]" [ "condition"; "bool[]"; "f64[]" ]
    refuses "PPL5001" (loop 0 "f64[]") "bool[]" [ "body"; "f64[]"; "bool[]" ]
    refuses "PPL5001" (loop 1 "bool[]") "bool[]" [ "carries" ]
    refuses "PPL5004" (loop 2 "bool[]") "bool[]" [ "2"; "1" ]
    refuses "PPL5004" (loop -1 "bool[]") "bool[]" [ "-1" ]

    let scan constants carry length body =
        Primitive.Control(ControlOp.Scan(constants, carry, length, false, identity body))

    refuses "PPL5001" (scan 0 0 3 "f64[]") "f64[4]" [ "length 3"; "f64[4]" ]
    refuses "PPL5001" (scan 0 0 3 "f64[]") "f64[]" [ "length 3"; "f64[]" ]
    refuses "PPL5001" (scan 0 1 3 "f64[]") "i32[]" [ "f64[]"; "i32[]" ]
    refuses "PPL5001" (scan 1 1 3 "f64[] i32[]") "f64[] i32[]" [ "carries" ]
    refuses "PPL5004" (scan 0 2 3 "f64[]") "f64[]" [ "2"; "1" ]
    refuses "PPL5004" (scan 0 1 -3 "f64[]") "f64[]" [ "-3" ]

[<Fact>]
let ``right calls have the documented types`` () =
    gives "bool[2]" (unary UnaryOp.IsNaN) "f64[2]"
    gives "bool[2]" (Primitive.Compare CompareOp.Lt) "i32[2] i32[2]"
    gives "i32[2,3]" (Primitive.Convert DType.I32) "f64[2,3]"
    gives "f64[3]" (Primitive.Reduce(ReduceOp.Sum, [| 2; 0 |])) "f64[2,3,4]"
    gives "f64[4,2,3]" (move (MoveOp.Transpose [| 2; 0; 1 |])) "f64[2,3,4]"
    gives "f64[2,5,6,4]" (Primitive.Index(IndexOp.Take 1)) "f64[2,3,4] i32[5,6]"
    gives "i32[2,3]" (Primitive.Order(OrderOp.ArgSort 0)) "f64[2,3]"
    gives "bool[4,2,3]" (move (MoveOp.Windows([| 1 |], [| 3 |], [| 2 |], [| 2 |]))) "bool[4,7]"
    gives "i32[3]" (Primitive.Order(OrderOp.ArgMin 0)) "i32[2,3]"
    gives "i32[2,5]" (Primitive.Order(OrderOp.SearchSorted true)) "f64[2,3] f64[2,5]"
    gives "f64[5,2,4,7]" (dot [| 1 |] [| 0 |] [| 2 |] [| 2 |]) "f64[2,5,3,4] f64[5,7,3]"
    gives "f64[2,3,3]" (Primitive.Factor FactorOp.CholeskyVjp) "f64[2,3,3] f64[2,3,3]"
    gives "f64[2,3,1]" (Primitive.Factor(FactorOp.TriangularSolve(true, true))) "f64[2,3,3] f64[2,3,1]"
    gives "f64[2,3,1]" (Primitive.Factor(FactorOp.Solve true)) "f64[2,3,3] f64[2,3,1]"
    gives "f64[2]" (Primitive.Factor FactorOp.LogAbsDet) "f64[2,3,3]"
    gives "f64[2,7,2]" (Primitive.Factor FactorOp.Qr) "f64[2,5,2]"
    gives "f64[4,3]" (Primitive.Factor FactorOp.Eigh) "f64[3,3]"
    gives "f64[8,2]" (Primitive.Factor FactorOp.Svd) "f64[2,5]"
    gives "f64[4]" (Primitive.Special SpecialOp.BetaI) "f64[4] f64[4] f64[4]"
    gives "f64[] f64[3,2]" (Primitive.Control(ControlOp.Scan(0, 1, 3, false, identity "f64[] f64[2]"))) "f64[] f64[3,2]"
