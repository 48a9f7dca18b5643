// Random well-typed programs with arguments, over every primitive, nested control flow included. Shared with the tests of
// engines. Most programs stay finite: growing and singular functions get a bounded or positive argument; about one in
// six is wild, with NaN, infinities and extreme numbers among its constants and arguments.
// Relies on RandomBuild. Read ShrinkPrograms next.
module Ppl.Core.Tests.RandomPrograms

open System
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Tests.RandomBuild

let private jumps op = (op = UnaryOp.Floor || op = UnaryOp.Sign || op = UnaryOp.StopGradient)

let private unary (b: Build) =
    let op = b.OneOf Primitive.members<UnaryOp>

    let dtype =
        match op with
        | UnaryOp.Not -> DType.Bool
        | UnaryOp.StopGradient -> b.DType
        | UnaryOp.Neg
        | UnaryOp.Abs
        | UnaryOp.Sign
        | UnaryOp.Square -> b.OneOf [| DType.F64; DType.I32 |]
        | _ -> DType.F64
        |> b.Vary

    if not (b.IsSmooth && jumps op && DType.isReal dtype) then
        let x = b.Of dtype
        b.Unary(op, (if b.Tame && DType.isReal dtype then intoDomain b op x else x)) |> ignore

let private binary (b: Build) =
    let op = b.OneOf Primitive.members<BinaryOp>

    let dtype =
        match op with
        | BinaryOp.Pow -> DType.F64
        | BinaryOp.Rem
        | BinaryOp.ShiftLeft
        | BinaryOp.ShiftRight -> DType.I32
        | BinaryOp.And
        | BinaryOp.Or
        | BinaryOp.Xor -> b.OneOf [| DType.Bool; DType.I32 |]
        | _ -> b.OneOf [| DType.F64; DType.F64; DType.I32 |]
        |> b.Vary

    let x = b.Of dtype
    let y = b.Need(b.TypeOf x)
    let tame = DType.isReal dtype && b.Tame

    let args =
        match op with
        | BinaryOp.Div when tame -> [| x; positive b y |]
        | BinaryOp.Pow when tame -> [| positive b x; bounded b y |]
        | _ -> [| x; y |]

    b.Add(Primitive.Binary op, args) |> ignore

let private special (b: Build) =
    // Those that are derivatives by a shape have none by it: programs to be differentiated leave them out.
    let differentiable op =
        match op with
        | SpecialOp.GammaPByShape
        | SpecialOp.BetaIByA
        | SpecialOp.BetaIByB -> false
        | _ -> true

    let op =
        Primitive.members<SpecialOp>
        |> Array.filter (fun op -> not b.IsSmooth || differentiable op)
        |> b.OneOf

    let first = b.Of(b.Vary DType.F64)

    let args =
        Array.append [| first |] (Array.init (Primitive.specialArity op - 1) (fun _ -> b.Need(b.TypeOf first)))

    let probability x = b.Unary(UnaryOp.Sigmoid, bounded b x)
    let last = args.Length - 1

    let args =
        match op with
        | SpecialOp.Atan2 when b.Tame -> [| args[0]; positive b args[1] |]
        | SpecialOp.Polygamma ->
            // The order has no derivative: it comes out of floor.
            let order = b.Unary(UnaryOp.Floor, fillLike b first (0.5 + float (b.Below 4)))
            [| order; (if b.Tame then positive b args[1] else args[1]) |]
        | SpecialOp.BetaI
        | SpecialOp.BetaIByA
        | SpecialOp.BetaIByB when b.Tame ->
            args |> Array.mapi (fun i x -> if i = last then probability x else positive b x)
        | _ when b.Tame -> Array.map (positive b) args
        | _ -> args

    b.Add(Primitive.Special op, args) |> ignore

let private compare (b: Build) =
    let op = b.OneOf Primitive.members<CompareOp>

    let dtypes =
        [|
            if not b.IsSmooth then
                DType.F64
            DType.I32
            if op = CompareOp.Eq || op = CompareOp.Ne then
                DType.Bool
        |]

    let x = b.Of(b.Vary(b.OneOf dtypes))
    b.Add(Primitive.Compare op, [| x; b.Need(b.TypeOf x) |]) |> ignore

let private select (b: Build) =
    let x = b.Of b.DType
    let p = b.Need(TensorType.create DType.Bool (b.TypeOf x).Shape)
    b.Add(Primitive.Select, [| p; x; b.Need(b.TypeOf x) |]) |> ignore

let private convert (b: Build) =
    let x = b.Of b.DType
    let target = b.DType

    if not b.IsSmooth || not (DType.isReal (b.TypeOf x).DType) || DType.isReal target then
        b.Add(Primitive.Convert target, [| x |]) |> ignore

let private reduce (b: Build) =
    let op = b.OneOf Primitive.members<ReduceOp>

    let dtype =
        match op with
        | ReduceOp.Any
        | ReduceOp.All -> DType.Bool
        | (ReduceOp.Sum | ReduceOp.Prod) when b.Family = Exact -> DType.I32
        | _ -> b.OneOf [| DType.F64; DType.F64; DType.I32 |]
        |> b.Vary

    let x = b.Of dtype
    let x = if op = ReduceOp.Prod && DType.isReal dtype then bounded b x else x
    b.Add(Primitive.Reduce(op, b.Shuffle(b.Subset(b.Axes x))), [| x |]) |> ignore

let private cumulate (b: Build) =
    let op = b.OneOf Primitive.members<CumulateOp>
    let dtype = if op = CumulateOp.LogSumExp then DType.F64 else b.OneOf [| DType.F64; DType.I32 |]
    let dtype = b.Vary dtype
    let x = b.Ranked dtype
    let x = if op = CumulateOp.Prod && DType.isReal dtype then bounded b x else x
    let axis = b.OneOf(b.Axes x)
    b.Add(Primitive.Cumulate(op, axis, b.Chance 0.5), [| x |]) |> ignore

let private order (b: Build) =
    let x = b.Ranked(b.Vary(b.OneOf [| DType.F64; DType.I32 |]))
    let axis = b.OneOf(b.Axes x)
    let ty = b.TypeOf x
    let hasElements = ty.Shape[axis] > 0
    let isJump = b.IsSmooth && DType.isReal ty.DType

    match b.Below 5 with
    | 1 when not isJump -> b.Add(Primitive.Order(OrderOp.ArgSort axis), [| x |]) |> ignore
    | 2 when hasElements && not isJump -> b.Add(Primitive.Order(OrderOp.ArgMax axis), [| x |]) |> ignore
    | 3 when hasElements && not isJump -> b.Add(Primitive.Order(OrderOp.ArgMin axis), [| x |]) |> ignore
    | 4 when not isJump ->
        let last = ty.Shape.Rank - 1
        let extents = ty.Shape.ToArray()
        extents[last] <- b.Extent
        let values = b.Need { ty with Shape = Shape.ofArray extents }
        let sorted = b.One(Primitive.Order(OrderOp.Sort last), [| x |])
        b.Add(Primitive.Order(OrderOp.SearchSorted(b.Chance 0.5)), [| sorted; values |]) |> ignore
    | _ -> b.Add(Primitive.Order(OrderOp.Sort axis), [| x |]) |> ignore

/// Another shape with as many elements.
let private sameCount (b: Build) (shape: Shape) =
    let n = shape.Count
    let divisors = [| 1..n |] |> Array.filter (fun d -> n % d = 0)
    let split = if n = 0 then [| 0; b.Extent |] else (let d = b.OneOf divisors in [| d; n / d |])
    let ones = if b.Chance 0.3 then [| 1 |] else [||]
    Shape.ofArray (Array.append split ones |> b.Shuffle)

let private slice (b: Build) (shape: Shape) =
    let parts =
        shape.ToArray()
        |> Array.map (fun extent ->
            let start = b.Below(extent + 1)
            start, start + b.Below(extent - start + 1), 1 + b.Below 3)

    MoveOp.Slice(
        Array.map (fun (s, _, _) -> s) parts,
        Array.map (fun (_, l, _) -> l) parts,
        Array.map (fun (_, _, s) -> s) parts
    )

let private broadcast (b: Build) (shape: Shape) =
    let added = Array.init (b.Below 2) (fun _ -> -1)
    let sources = Array.append [| 0 .. shape.Rank - 1 |] added |> b.Shuffle
    let order = sources |> Array.indexed |> Array.filter (fun (_, own) -> own >= 0)
    // Own axes must stay in order; where they stand among the new ones is free.
    let places = Array.map fst order
    let target = Array.init sources.Length (fun _ -> b.Extent)

    places
    |> Array.iteri (fun own place ->
        if shape[own] <> 1 || b.Chance 0.5 then
            target[place] <- shape[own])

    MoveOp.Broadcast(Shape.ofArray target, places)

let private windows (b: Build) (shape: Shape) =
    let axes = b.Subset [| 0 .. shape.Rank - 1 |]
    let each most = axes |> Array.map (fun _ -> 1 + b.Below most)
    MoveOp.Windows(axes, each 3, each 2, each 2)

let private move (b: Build) =
    let x = b.Of b.DType
    let shape = (b.TypeOf x).Shape
    let each () = Array.init shape.Rank (fun _ -> b.Below 3)

    let op =
        match b.Below 7 with
        | 6 -> windows b shape
        | 0 -> MoveOp.Reshape(sameCount b shape)
        | 1 -> MoveOp.Transpose(b.Shuffle(b.Axes x))
        | 2 -> broadcast b shape
        | 3 -> slice b shape
        | 4 -> MoveOp.Pad(each (), each ())
        | _ -> MoveOp.Reverse(b.Subset(b.Axes x))

    if b.IsSmall(Primitive.Move op, [| x |]) then
        b.Add(Primitive.Move op, [| x |]) |> ignore

let private concat (b: Build) =
    let x = b.Ranked b.DType
    let axis = b.OneOf(b.Axes x)

    let more =
        Array.init (b.Below 3) (fun _ ->
            let extents = (b.TypeOf x).Shape.ToArray()
            extents[axis] <- b.Extent
            b.Need { b.TypeOf x with Shape = Shape.ofArray extents })

    b.Add(Primitive.Move(MoveOp.Concat axis), Array.append [| x |] more) |> ignore

let private take (b: Build) =
    let scatter = b.Chance 0.5
    let x = b.Ranked(if scatter then b.Vary(b.OneOf [| DType.F64; DType.I32 |]) else b.DType)
    let axis = b.OneOf(b.Axes x)

    let indices =
        b.Pick((fun ty -> ty.DType = DType.I32 && ty.Shape.Rank < 3), i32 (Shape.ofList [ b.Below 4 ]))

    if (b.TypeOf x).Shape[axis] > 0 then
        let op = Primitive.Index(IndexOp.Take axis)

        if b.IsSmall(op, [| x; indices |]) then
            if scatter then
                let u = b.Need(b.ResultType(op, [| x; indices |]))
                b.Add(Primitive.Index(IndexOp.ScatterAdd axis), [| x; indices; u |]) |> ignore
            else
                b.Add(op, [| x; indices |]) |> ignore

let private block (b: Build) =
    let x = b.Of b.DType
    let ty = b.TypeOf x
    let sizes = ty.Shape.ToArray() |> Array.map (fun extent -> b.Below(extent + 1))
    let starts = Array.init ty.Shape.Rank (fun _ -> b.Need(i32 Shape.scalar))

    if b.Chance 0.5 then
        b.Add(Primitive.Index(IndexOp.DynamicSlice sizes), Array.append [| x |] starts) |> ignore
    else
        let u = b.Need { ty with Shape = Shape.ofArray sizes }
        b.Add(Primitive.Index IndexOp.DynamicUpdate, Array.append [| x; u |] starts) |> ignore

let private contract (b: Build) =
    let x = b.Of(b.Vary DType.F64)
    let shape = (b.TypeOf x).Shape
    let role = b.Axes x |> Array.map (fun _ -> b.OneOf [| "batch"; "sum"; "sum"; "free"; "free" |])
    let named name = b.Axes x |> Array.filter (fun axis -> role[axis] = name) |> b.Shuffle
    let batch, summed = named "batch", named "sum"
    // The axes of the right operand: those paired with axes of the left one, and at most one of its own, in any order.
    let right = Array.concat [ batch; summed; Array.create (b.Below 2) -1 ] |> b.Shuffle

    let y =
        b.Need
            { b.TypeOf x with
                Shape = Shape.ofArray (right |> Array.map (fun axis -> if axis < 0 then b.Extent else shape[axis]))
            }

    let paired = Array.map (fun axis -> Array.IndexOf(right, axis))

    let axes =
        {
            BatchLeft = batch
            BatchRight = paired batch
            ContractLeft = summed
            ContractRight = paired summed
        }

    if b.IsSmall(Primitive.Contract axes, [| x; y |]) then
        b.Add(Primitive.Contract axes, [| x; y |]) |> ignore

/// factor I for a shape [.., n, n]
let private diagonal dtype (shape: Shape) factor =
    let n = shape[shape.Rank - 1]

    Storage.F64(Array.init shape.Count (fun i -> if i % (n * n) / n = i % n then factor else 0.0))
    |> Literal.create shape
    |> fun x -> (Reference.evaluate (Primitive.Convert dtype) [| x |])[0]

let private factor (b: Build) =
    let n = b.Below 5
    let outer = Array.init (b.Below 2) (fun _ -> b.Below 3)
    let matrices k = Array.append outer [| n; k |] |> Shape.ofArray
    let dtype = b.Vary DType.F64
    let matrix k = TensorType.create dtype (matrices k)
    let m = b.Need(matrix n)
    let diagonally x = b.One(Primitive.Binary BinaryOp.Add, [| x; b.Constant(diagonal dtype (matrices n) 2.0) |])

    if b.Chance 0.5 then
        let rank = outer.Length
        let each = [| 0 .. rank - 1 |]
        let last = [| rank + 1 |]
        let gram = { BatchLeft = each; BatchRight = each; ContractLeft = last; ContractRight = last }

        let m =
            if b.Tame then
                (let t = bounded b m in diagonally (b.One(Primitive.Contract gram, [| t; t |])))
            else
                m

        b.Add(Primitive.Factor FactorOp.Cholesky, [| m |]) |> ignore
    elif b.Chance 0.4 then
        let l = if b.Tame then diagonally (bounded b m) else m
        b.Add(Primitive.Factor FactorOp.CholeskyVjp, [| l; b.Need(matrix n) |]) |> ignore
    else
        let l = if b.Tame then diagonally (bounded b m) else m
        let rhs = b.Need(matrix (b.Below 4))

        b.Add(Primitive.Factor(FactorOp.TriangularSolve(b.Chance 0.5, b.Chance 0.5)), [| l; rhs |])
        |> ignore

/// General solves and decompositions, of matrices whose eigenvalues and singular values are well apart: others have no
/// factors that would be the same after a rounding error.
let private decomposition (b: Build) =
    let n = b.Below 4
    let outer = Array.init (b.Below 2) (fun _ -> b.Below 3)
    let shape = Array.append outer [| n; n |] |> Shape.ofArray
    let dtype = b.Vary DType.F64
    let m = bounded b (b.Need(TensorType.create dtype shape))
    let small = b.One(Primitive.Binary BinaryOp.Mul, [| m; fillLike b m 0.3 |])

    let entries =
        Array.init shape.Count (fun i -> if i % (n * n) / n = i % n then 3.0 * float (1 + i % n) else 0.0)

    let entries = Literal.create shape (Storage.F64 entries)
    let apart = b.Constant((Reference.evaluate (Primitive.Convert dtype) [| entries |])[0])
    let a = b.One(Primitive.Binary BinaryOp.Add, [| apart; small |])

    let op =
        b.OneOf
            [|
                FactorOp.Solve(b.Chance 0.5)
                FactorOp.LogAbsDet
                FactorOp.DetSign
                FactorOp.Qr
                FactorOp.Eigh
                FactorOp.Svd
            |]

    let args =
        match op with
        | FactorOp.Solve _ ->
            [| a; b.Need(TensorType.create dtype (Array.append outer [| n; b.Below 4 |] |> Shape.ofArray)) |]
        | _ -> [| a |]

    b.Add(Primitive.Factor op, args) |> ignore

let private fourier (b: Build) =
    let outer = Array.init (b.Below 2) (fun _ -> b.Below 3)
    let shape = Array.append outer [| 2; b.Extent |] |> Shape.ofArray
    let x = b.Need(TensorType.create (b.Vary DType.F64) shape)
    // Errors are relative to the largest element.
    let x = if b.IsSmooth || b.Tame then bounded b x else x
    b.Add(Primitive.Fourier(b.Chance 0.5), [| x |]) |> ignore

let private custom (b: Build) =
    let x = b.Need(TensorType.create (b.Vary DType.F64) b.Shape)

    if b.Chance 0.5 then
        b.Add(Primitive.Custom CustomCases.bump, [| x |]) |> ignore
    else
        let x = bounded b x
        b.Add(Primitive.Custom CustomCases.twist, [| x; bounded b (b.Need(b.TypeOf x)) |]) |> ignore

let private random (b: Build) =
    let key = b.Need TypeRules.key

    match b.Below 3 with
    | 0 -> b.Add(Primitive.Random RandomOp.FoldIn, [| key; b.Need(i32 Shape.scalar) |])
    | 1 -> b.Add(Primitive.Random(RandomOp.Uniform b.Shape), [| key |])
    | _ -> b.Add(Primitive.Random(RandomOp.Bits b.Shape), [| key |])
    |> ignore

let private source (b: Build) =
    if b.Chance 0.3 then
        b.Constant(b.Literal(TensorType.create b.DType b.Shape)) |> ignore
    else
        let ty =
            TensorType.create
                (b.Vary(b.OneOf [| DType.F64; DType.I32 |]))
                (Shape.ofArray (Array.init (1 + b.Below 2) (fun _ -> b.Extent)))

        b.Add(Primitive.Iota(ty, b.Below ty.Shape.Rank), [||]) |> ignore

let private someType (b: Build) = TensorType.create b.DType b.Shape
let private some (b: Build) most = Array.init (b.Below(most + 1)) (fun _ -> b.Of b.DType)

let rec private steps (b: Build) count =
    for _ in 1..count do
        if b.Depth < 2 && b.Chance 0.12 then
            b.OneOf [| cond; whileLoop; scan; call |] b
        else
            b.OneOf rules[(if b.Family = Exact then 3 else 0) ..] b

/// A closed program of these types; the first results may be prescribed.
and private inner (b: Build) (inputs: TensorType[]) (prescribed: Build -> Var[] -> Var[]) (outputs: TensorType[]) =
    let child = b.Child()
    let vars = Array.map child.Input inputs
    let first = prescribed child vars
    steps child (b.Below 4)
    child.Finish(vars, Array.append first (Array.map child.Need outputs))

and private cond (b: Build) =
    let p = b.Need(TensorType.scalar DType.Bool)
    let operands = some b 3
    let results = Array.init (1 + b.Below 2) (fun _ -> someType b)
    let branch () = inner b (Array.map b.TypeOf operands) (fun _ _ -> [||]) results

    b.Add(Primitive.Control(ControlOp.Cond(branch (), branch ())), Array.append [| p |] operands)
    |> ignore

/// The first carried value counts up to a small limit, so that the loop ends.
and private whileLoop (b: Build) =
    let constants, carry = some b 2, some b 2
    let counter = b.Constant(Literal.i32 (b.Below 3))
    let args = Array.concat [ constants; [| counter |]; carry ]
    let types = Array.map b.TypeOf args
    let limit = b.Below 5

    let below (child: Build) (vars: Var[]) =
        child.Add(Primitive.Compare CompareOp.Lt, [| vars[constants.Length]; child.Constant(Literal.i32 limit) |])

    let count (child: Build) (vars: Var[]) =
        child.Add(Primitive.Binary BinaryOp.Add, [| vars[constants.Length]; child.Constant(Literal.i32 1) |])

    let condition = inner b types below [||]
    let body = inner b types count (Array.map b.TypeOf carry)
    b.Add(Primitive.Control(ControlOp.While(constants.Length, condition, body)), args) |> ignore

and private scan (b: Build) =
    let length = b.OneOf [| 0; 1; 2; 3; 4 |]
    let constants, carry = some b 2, some b 2

    let sequences =
        Array.init (b.Below 3) (fun _ ->
            let longEnough (ty: TensorType) = ty.Shape.Rank > 0 && ty.Shape[0] = length
            b.Pick(longEnough, TensorType.create b.DType (Shape.ofArray [| length; 1 + b.Below 3 |])))

    let row v = { b.TypeOf v with Shape = Shape.tail (b.TypeOf v).Shape }

    let inputs =
        Array.concat [ Array.map b.TypeOf constants; Array.map b.TypeOf carry; Array.map row sequences ]

    let rows = Array.init (b.Below 3) (fun _ -> someType b)
    let body = inner b inputs (fun _ _ -> [||]) (Array.append (Array.map b.TypeOf carry) rows)
    let op = ControlOp.Scan(constants.Length, carry.Length, length, b.Chance 0.5, body)
    b.Add(Primitive.Control op, Array.concat [ constants; carry; sequences ]) |> ignore

/// A part to be computed again for derivatives, or one with the derivative that it has anyway, given by hand.
and private call (b: Build) =
    let operands = some b 3
    let types = Array.map b.TypeOf operands
    let body = inner b types (fun _ _ -> [||]) (Array.init (1 + b.Below 2) (fun _ -> someType b))

    let rule () =
        let results = Program.outputTypes body
        let n, m = types.Length, results.Length

        Trace.program (Array.concat [ types; results; results ]) (fun args ->
            snd (Grad.vjp (Trace.replay body) args[.. n - 1]) args[n + m ..])

    let op =
        if b.Chance 0.5 then
            ControlOp.Checkpoint body
        else
            // There is none through loops of unknown length, and none of trigamma.
            try
                ControlOp.CustomGrad(0, body, rule ())
            with :? PplException as error when error.Id = "PPL5006" ->
                ControlOp.Checkpoint body

    b.Add(Primitive.Control op, operands) |> ignore

/// The first three sum reals in an order that engines choose.
and private rules: (Build -> unit)[] =
    [|
        contract
        factor
        fourier
        decomposition
        unary
        unary
        unary
        unary
        special
        binary
        binary
        compare
        select
        convert
        reduce
        reduce
        cumulate
        order
        move
        move
        move
        concat
        take
        block
        random
        custom
        source
    |]

/// A program of about this many equations, and arguments for it; a pure function of the seed.
let generate family (seed: int) equations : Program * Literal[] =
    let rng = Random seed
    let b = Build(rng, family, rng.NextDouble() < 0.16, 0)
    let inputs = Array.init (b.Below 4) (fun _ -> b.Input(someType b))
    let arguments = inputs |> Array.map (fun v -> b.Literal(b.TypeOf v))
    steps b (1 + equations)
    let outputs = Array.init (1 + b.Below 3) (fun _ -> b.Of b.DType)
    b.Finish(inputs, outputs), arguments
