// The names of primitives in program texts and messages, and the facts about them that need no more than their family.
// Relies on Primitive. Read Program next.
namespace Ppl.Core.Ir

open FSharp.Reflection

/// Total functions on primitives.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Primitive =

    /// The members of one of the small enumerations (UnaryOp, BinaryOp, ...), in the order of their declaration.
    let members<'op> : 'op[] =
        FSharpType.GetUnionCases typeof<'op>
        |> Array.map (fun case -> FSharpValue.MakeUnion(case, [||]) |> unbox<'op>)

    // Written out: reflection and ToString of a union cost a tenth of a second in a cold process.

    let private unaryName op =
        match op with
        | UnaryOp.Neg -> "neg"
        | UnaryOp.Abs -> "abs"
        | UnaryOp.Sign -> "sign"
        | UnaryOp.Floor -> "floor"
        | UnaryOp.Reciprocal -> "reciprocal"
        | UnaryOp.Square -> "square"
        | UnaryOp.Sqrt -> "sqrt"
        | UnaryOp.Exp -> "exp"
        | UnaryOp.Expm1 -> "expm1"
        | UnaryOp.Log -> "log"
        | UnaryOp.Log1p -> "log1p"
        | UnaryOp.Sin -> "sin"
        | UnaryOp.Cos -> "cos"
        | UnaryOp.Tan -> "tan"
        | UnaryOp.Asin -> "asin"
        | UnaryOp.Acos -> "acos"
        | UnaryOp.Atan -> "atan"
        | UnaryOp.Sinh -> "sinh"
        | UnaryOp.Cosh -> "cosh"
        | UnaryOp.Tanh -> "tanh"
        | UnaryOp.Asinh -> "asinh"
        | UnaryOp.Acosh -> "acosh"
        | UnaryOp.Atanh -> "atanh"
        | UnaryOp.Exp2 -> "exp2"
        | UnaryOp.Log2 -> "log2"
        | UnaryOp.Cbrt -> "cbrt"
        | UnaryOp.Log1mExp -> "log1mExp"
        | UnaryOp.Sigmoid -> "sigmoid"
        | UnaryOp.Softplus -> "softplus"
        | UnaryOp.Erf -> "erf"
        | UnaryOp.Erfc -> "erfc"
        | UnaryOp.Erfinv -> "erfinv"
        | UnaryOp.Lgamma -> "lgamma"
        | UnaryOp.Digamma -> "digamma"
        | UnaryOp.Trigamma -> "trigamma"
        | UnaryOp.Ndtr -> "ndtr"
        | UnaryOp.LogNdtr -> "logNdtr"
        | UnaryOp.Ndtri -> "ndtri"
        | UnaryOp.BesselI0e -> "besselI0e"
        | UnaryOp.BesselI1e -> "besselI1e"
        | UnaryOp.Not -> "not"
        | UnaryOp.IsFinite -> "isFinite"
        | UnaryOp.IsNaN -> "isNaN"
        | UnaryOp.StopGradient -> "stopGradient"

    let private binaryName op =
        match op with
        | BinaryOp.Add -> "add"
        | BinaryOp.Sub -> "sub"
        | BinaryOp.Mul -> "mul"
        | BinaryOp.Div -> "div"
        | BinaryOp.Rem -> "rem"
        | BinaryOp.Pow -> "pow"
        | BinaryOp.Max -> "max"
        | BinaryOp.Min -> "min"
        | BinaryOp.And -> "and"
        | BinaryOp.Or -> "or"
        | BinaryOp.Xor -> "xor"
        | BinaryOp.ShiftLeft -> "shiftLeft"
        | BinaryOp.ShiftRight -> "shiftRight"

    let private specialName op =
        match op with
        | SpecialOp.Atan2 -> "atan2"
        | SpecialOp.Polygamma -> "polygamma"
        | SpecialOp.GammaP -> "gammaP"
        | SpecialOp.GammaQ -> "gammaQ"
        | SpecialOp.GammaPByShape -> "gammaPByShape"
        | SpecialOp.BetaI -> "betaI"
        | SpecialOp.BetaIByA -> "betaIByA"
        | SpecialOp.BetaIByB -> "betaIByB"

    /// How many arguments a special function takes.
    let specialArity op =
        match op with
        | SpecialOp.BetaI
        | SpecialOp.BetaIByA
        | SpecialOp.BetaIByB -> 3
        | _ -> 2

    let private compareName op =
        match op with
        | CompareOp.Eq -> "eq"
        | CompareOp.Ne -> "ne"
        | CompareOp.Lt -> "lt"
        | CompareOp.Le -> "le"
        | CompareOp.Gt -> "gt"
        | CompareOp.Ge -> "ge"

    let private reduceName op =
        match op with
        | ReduceOp.Sum -> "reduceSum"
        | ReduceOp.Prod -> "reduceProd"
        | ReduceOp.Max -> "reduceMax"
        | ReduceOp.Min -> "reduceMin"
        | ReduceOp.Any -> "reduceAny"
        | ReduceOp.All -> "reduceAll"

    let private cumulateName op =
        match op with
        | CumulateOp.Sum -> "cumulateSum"
        | CumulateOp.Prod -> "cumulateProd"
        | CumulateOp.Max -> "cumulateMax"
        | CumulateOp.Min -> "cumulateMin"
        | CumulateOp.LogSumExp -> "cumulateLogSumExp"

    /// The name in program texts and messages.
    let name primitive =
        match primitive with
        | Primitive.Constant _ -> "constant"
        | Primitive.Iota _ -> "iota"
        | Primitive.Unary op -> unaryName op
        | Primitive.Binary op -> binaryName op
        | Primitive.Special op -> specialName op
        | Primitive.Compare op -> compareName op
        | Primitive.Select -> "select"
        | Primitive.Convert _ -> "convert"
        | Primitive.Reduce(op, _) -> reduceName op
        | Primitive.Cumulate(op, _, _) -> cumulateName op
        | Primitive.Order(OrderOp.Sort _) -> "sort"
        | Primitive.Order(OrderOp.ArgSort _) -> "argSort"
        | Primitive.Order(OrderOp.ArgMax _) -> "argMax"
        | Primitive.Order(OrderOp.ArgMin _) -> "argMin"
        | Primitive.Order(OrderOp.SearchSorted _) -> "searchSorted"
        | Primitive.Move(MoveOp.Reshape _) -> "reshape"
        | Primitive.Move(MoveOp.Transpose _) -> "transpose"
        | Primitive.Move(MoveOp.Broadcast _) -> "broadcast"
        | Primitive.Move(MoveOp.Slice _) -> "slice"
        | Primitive.Move(MoveOp.Pad _) -> "pad"
        | Primitive.Move(MoveOp.Concat _) -> "concat"
        | Primitive.Move(MoveOp.Reverse _) -> "reverse"
        | Primitive.Move(MoveOp.Windows _) -> "windows"
        | Primitive.Index(IndexOp.Take _) -> "take"
        | Primitive.Index(IndexOp.ScatterAdd _) -> "scatterAdd"
        | Primitive.Index(IndexOp.DynamicSlice _) -> "dynamicSlice"
        | Primitive.Index IndexOp.DynamicUpdate -> "dynamicUpdate"
        | Primitive.Contract _ -> "dot"
        | Primitive.Factor FactorOp.Cholesky -> "cholesky"
        | Primitive.Factor FactorOp.CholeskyVjp -> "choleskyVjp"
        | Primitive.Factor(FactorOp.TriangularSolve _) -> "triangularSolve"
        | Primitive.Factor(FactorOp.Solve _) -> "solve"
        | Primitive.Factor FactorOp.LogAbsDet -> "logAbsDet"
        | Primitive.Factor FactorOp.DetSign -> "detSign"
        | Primitive.Factor FactorOp.Qr -> "qr"
        | Primitive.Factor FactorOp.Eigh -> "eigh"
        | Primitive.Factor FactorOp.Svd -> "svd"
        | Primitive.Fourier _ -> "fourier"
        | Primitive.Random RandomOp.FoldIn -> "foldIn"
        | Primitive.Random(RandomOp.Uniform _) -> "uniform"
        | Primitive.Random(RandomOp.Bits _) -> "bits"
        | Primitive.Control(ControlOp.Cond _) -> "cond"
        | Primitive.Control(ControlOp.While _) -> "while"
        | Primitive.Control(ControlOp.Scan _) -> "scan"
        | Primitive.Control(ControlOp.Checkpoint _) -> "checkpoint"
        | Primitive.Control(ControlOp.CustomGrad _) -> "customGrad"
        | Primitive.Custom _ -> "custom"

    /// Whether element i of the result depends on element i of each argument alone.
    let isElementwise primitive =
        match primitive with
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Special _
        | Primitive.Compare _
        | Primitive.Select
        | Primitive.Convert _ -> true
        | _ -> false

    /// Whether x op y = y op x, bit for bit.
    let isCommutative op =
        match op with
        | BinaryOp.Add
        | BinaryOp.Mul
        | BinaryOp.And
        | BinaryOp.Or
        | BinaryOp.Xor -> true
        | BinaryOp.Max
        | BinaryOp.Min
        | BinaryOp.Sub
        | BinaryOp.Div
        | BinaryOp.Rem
        | BinaryOp.Pow
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> false
