// The state of lowering one program body: how each variable can be had (a view of a buffer, values already computed, a
// variable of the enclosing body, or its equation evaluated where it is needed), and static facts about equations.
// Relies on Index. Read Fold next.
namespace Ppl.Lowering

open System.Collections.Generic
open Ppl.Core
open Ppl.Core.Ir

/// How an equation is lowered.
[<RequireQualifiedAccess; Struct>]
type internal Role =
    /// Evaluated element by element wherever it is used.
    | Inline
    /// A fused loop nest accumulates it.
    | Reduction
    /// Statements of its own: kernels, control flow, sequential loops, assembly of parts.
    | Opaque

/// Choices of the lowering.
[<NoComparison>]
type LowerOptions =
    {
        /// Tensors of up to so many elements are straight-line values.
        Small: int
        /// Whether a product that one sum needs is added without being rounded first.
        FuseProducts: bool
    }

/// Extents of a matrix product.
[<Struct; NoComparison; NoEquality>]
type internal Product = { Batch: int; Rows: int; Columns: int; Inner: int }

/// Static facts and limits that decide how things are lowered.
[<RequireQualifiedAccess>]
module internal Facts =

    /// Reductions keep at most so many accumulators in one loop.
    let accumulators = 32

    let private product (shape: Shape) (axes: int[]) = axes |> Array.fold (fun n axis -> n * shape[axis]) 1

    /// The axes that are neither batch nor contracted.
    let freeAxes rank (batch: int[]) (contracted: int[]) =
        [|
            for axis in 0 .. rank - 1 do
                if not (Array.contains axis batch || Array.contains axis contracted) then
                    axis
        |]

    let matrixProduct (axes: DotAxes) (left: Shape) (right: Shape) =
        {
            Batch = product left axes.BatchLeft
            Rows = product left (freeAxes left.Rank axes.BatchLeft axes.ContractLeft)
            Columns = product right (freeAxes right.Rank axes.BatchRight axes.ContractRight)
            Inner = product left axes.ContractLeft
        }

    let private contractRole small axes (left: TensorType) (right: TensorType) =
        let p = matrixProduct axes left.Shape right.Shape
        let count = p.Batch * p.Rows * p.Columns

        if p.Rows >= 8 && p.Columns >= 8 && p.Inner >= 8 && p.Rows * p.Columns * p.Inner >= 4096 then
            Role.Opaque
        elif p.Inner <= small && (count > small || count * p.Inner <= 512) then
            Role.Inline
        elif p.Rows >= 4 && p.Columns >= 4 && count * p.Inner >= 2048 then
            Role.Opaque
        else
            Role.Reduction

    let private reduceRole small (operand: TensorType) (result: TensorType) =
        let n = operand.Shape.Count
        let kept = result.Shape.Count

        if n <= small || kept = 0 || n / kept <= 8 || (n / kept <= 16 && kept > small) then
            Role.Inline
        else
            Role.Reduction

    let role small (eq: Equation) (typeOf: Var -> TensorType) =
        let ifLarge role = if (typeOf eq.Outs[0]).Shape.Count > small then role else Role.Inline

        match eq.Primitive with
        | Primitive.Constant _
        | Primitive.Iota _
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Special _
        | Primitive.Compare _
        | Primitive.Select
        | Primitive.Convert _
        | Primitive.Index(IndexOp.Take _)
        | Primitive.Index(IndexOp.DynamicSlice _) -> Role.Inline
        | Primitive.Reduce _ -> reduceRole small (typeOf eq.Args[0]) (typeOf eq.Outs[0])
        | Primitive.Contract axes -> contractRole small axes (typeOf eq.Args[0]) (typeOf eq.Args[1])
        | Primitive.Move(MoveOp.Concat _)
        | Primitive.Move(MoveOp.Pad _) -> ifLarge Role.Opaque
        | Primitive.Cumulate(CumulateOp.LogSumExp, _, _)
        | Primitive.Order _ -> Role.Opaque
        | Primitive.Cumulate _ -> ifLarge Role.Opaque
        | Primitive.Move _ -> Role.Inline
        | Primitive.Index(IndexOp.ScatterAdd _)
        | Primitive.Index IndexOp.DynamicUpdate
        | Primitive.Factor _
        | Primitive.Fourier _
        | Primitive.Random _
        | Primitive.Control _
        | Primitive.Custom _ -> Role.Opaque

    /// Rough cost of one element of an elementwise operation, in additions.
    let opCost primitive =
        match primitive with
        | Primitive.Unary op ->
            match op with
            | UnaryOp.StopGradient -> 0
            | UnaryOp.Neg
            | UnaryOp.Abs
            | UnaryOp.Square
            | UnaryOp.Not
            | UnaryOp.IsNaN
            | UnaryOp.IsFinite
            | UnaryOp.Sign
            | UnaryOp.Floor -> 1
            | UnaryOp.Sqrt
            | UnaryOp.Reciprocal -> 6
            | UnaryOp.Exp
            | UnaryOp.Expm1
            | UnaryOp.Log
            | UnaryOp.Log1p
            | UnaryOp.Sin
            | UnaryOp.Cos
            | UnaryOp.Tan
            | UnaryOp.Asin
            | UnaryOp.Acos
            | UnaryOp.Atan
            | UnaryOp.Tanh
            | UnaryOp.Exp2
            | UnaryOp.Log2
            | UnaryOp.Sigmoid
            | UnaryOp.Softplus -> 20
            | UnaryOp.Erf
            | UnaryOp.Erfc
            | UnaryOp.Erfinv
            | UnaryOp.Sinh
            | UnaryOp.Cosh
            | UnaryOp.Asinh
            | UnaryOp.Acosh
            | UnaryOp.Atanh
            | UnaryOp.Cbrt
            | UnaryOp.Log1mExp
            | UnaryOp.BesselI0e
            | UnaryOp.BesselI1e
            | UnaryOp.Lgamma
            | UnaryOp.Digamma
            | UnaryOp.Trigamma
            | UnaryOp.Ndtr
            | UnaryOp.LogNdtr
            | UnaryOp.Ndtri -> 50
        | Primitive.Binary BinaryOp.Pow
        | Primitive.Special SpecialOp.Atan2 -> 50
        | Primitive.Special _ -> 2000
        | Primitive.Binary(BinaryOp.Div | BinaryOp.Rem) -> 6
        | _ -> 1

    /// Whether a reshape only adds or removes axes of one element.
    let isTrivialReshape (source: Shape) (target: Shape) =
        let a = Index.wideAxes source
        let b = Index.wideAxes target

        a.Count = b.Count && Seq.forall2 (fun x y -> source[x] = target[y]) a b

/// Constant data as buffers, each once, also with one axis moved last so that it can be read in lanes.
[<Sealed>]
type internal ConstantPool(emitter: Emitter) =
    let whole = Dictionary<Literal, BufferId>(HashIdentity.Reference)
    let moved = Dictionary<struct (BufferId * int), BufferId>()

    let add (literal: Literal) =
        emitter.NewBuffer
            {
                Elem = Elem.ofDType literal.Type.DType
                Length = literal.Type.Shape.Count
                Place = Place.Constant literal
            }

    /// The elements in the order in which an axis comes last.
    let permute (shape: Shape) (axis: int) (data: Storage) =
        let inner = Shape.strides shape
        let stride, extent = inner[axis], shape[axis]

        let source i =
            let outer, along = i / extent, i % extent
            // `outer` counts the other axes in order: split it around the axis that moved.
            let high, low = outer / stride, outer % stride
            high * stride * extent + along * stride + low

        Storage.gather (Array.init shape.Count source) data

    /// The buffer of a literal.
    member _.Buffer(literal: Literal) =
        match whole.TryGetValue literal with
        | true, buffer -> buffer
        | _ ->
            let buffer = add literal
            whole[literal] <- buffer
            buffer

    /// The same elements with an axis moved last, and the strides of the axes in that order.
    member this.MovedLast(literal: Literal, axis: int) : struct (BufferId * int[]) =
        let shape = literal.Type.Shape
        let key = struct (this.Buffer literal, axis)
        let extent = shape[axis]

        let strides =
            Shape.strides shape
            |> Array.mapi (fun i stride ->
                if i = axis then 1
                elif i < axis then stride
                else stride * extent)

        match moved.TryGetValue key with
        | true, buffer -> struct (buffer, strides)
        | _ ->
            let data = permute shape axis literal.Data
            let buffer = add (Literal.create (Shape.ofArray [| shape.Count |]) data)
            moved[key] <- buffer
            struct (buffer, strides)

/// A value computed for a position, and how many of its lanes are right.
[<Struct; NoComparison; NoEquality>]
type internal Evaluated = { Value: Value; Active: int }

/// The halves of a log-sum-exp: Top = max of Source over its last axes, Total = sum of e^(Source - Top). Guarded: an infinite
/// maximum is not subtracted.
[<NoComparison; NoEquality>]
type internal ExponentialSum = { Source: Var; Top: Var; Total: Var; Guarded: bool }

/// One program body being lowered.
[<Sealed; AllowNullLiteral>]
type internal Region
    (options: LowerOptions, emitter: Emitter, constants: ConstantPool, program: Program, depth: int, floor: int) =
    let count = program.Types.Length
    let counts = program.Types |> Array.map (fun ty -> ty.Shape.Count)
    let definitions: Equation voption[] = Array.create count ValueNone
    let roles = Array.create count Role.Inline
    let uses = Array.zeroCreate<int> count
    let live = Array.create program.Equations.Length false

    do
        for v in program.Outputs do
            uses[v] <- uses[v] + 1

        for i in program.Equations.Length - 1 .. -1 .. 0 do
            let eq = program.Equations[i]

            if eq.Outs |> Array.exists (fun v -> uses[v] > 0) then
                live[i] <- true

                for v in eq.Args do
                    uses[v] <- uses[v] + 1

        for eq in program.Equations do
            let role = Facts.role options.Small eq (fun v -> program.Types[v])

            for v in eq.Outs do
                definitions[v] <- ValueSome eq
                roles[v] <- role

    member _.Options = options
    member _.Emitter = emitter
    member _.Constants = constants
    member _.Program = program
    /// The depth of the block that the body's straight-line code goes into.
    member _.Depth = depth
    /// The outermost depth that computations of this body may move to.
    member _.Floor = floor
    member _.Definition v = definitions[v]
    member _.Role v = roles[v]
    /// Gives a variable statements of its own.
    member _.TakeOver v = roles[v] <- Role.Opaque
    /// Reductions that are computed together, by both of their results.
    member val ExponentialSums = Dictionary<Var, ExponentialSum>()
    member _.Uses v = uses[v]
    member _.IsLive equation = live[equation]
    member _.Type v = program.Types[v]
    member _.Shape v = program.Types[v].Shape
    member _.Count v = counts[v]
    member _.IsSmall v = counts[v] <= options.Small
    member val Views: View voption[] = Array.create count ValueNone
    /// Each element as a value.
    member val Elements: Value[] voption[] = Array.create count ValueNone
    /// Vectors of eight elements in row-major order.
    member val Blocks: Value[] voption[] = Array.create count ValueNone
    /// The variable of an enclosing body that this parameter stands for.
    member val Aliases: struct (Region * Var) voption[] = Array.create count ValueNone
    /// Computed by a loop into a buffer of its own.
    member val Stored: bool[] = Array.create count false
    /// Whether a value depends on what a scan carries: the time from one carried value to the next is what counts there.
    member val Recurrent: bool[] = Array.create count false

    /// Marks what depends on these parameters.
    member this.MarkRecurrent(parameters: Var[]) =
        for v in parameters do
            this.Recurrent[v] <- true

        for eq in program.Equations do
            if eq.Args |> Array.exists (fun v -> this.Recurrent[v]) then
                for v in eq.Outs do
                    this.Recurrent[v] <- true

    /// Where a result must be stored in the end, and may be stored from the start.
    member val Destinations: View voption[] = Array.create count ValueNone
    /// Results assembled from parts: where, and which parts are there already.
    member val Assemblies = Dictionary<Var, struct (View * bool[])>()
    /// Carried parameters whose memory the one equation that reads them may turn into the next carried value.
    member val Owned = HashSet<Var>()
    /// Updates of a carried tensor that are done in its own memory after everything else.
    member val InPlace = HashSet<Var>()
    member val Memo = Dictionary<struct (int * Affine), Evaluated>(PositionComparer())
    member val Costs: int[] = Array.create count -1
    member val FlatSafe: sbyte[] = Array.create count -1y

    /// Emits the loops of a variable that is needed now and was not scheduled before; set by Schedule.
    member val Demand: Var -> unit = ignore with get, set

    /// The equation behind a variable that has not been given any other form yet.
    member this.Deferred v =
        if this.Views[v].IsSome || this.Elements[v].IsSome || this.Blocks[v].IsSome || this.Aliases[v].IsSome then
            ValueNone
        else
            definitions[v]

    /// Rough cost of one element if it is evaluated where it is needed.
    member this.Cost(v: Var) : int =
        if this.Costs[v] < 0 then
            this.Costs[v] <- min 10000 (this.InlineCost v)

        this.Costs[v]

    member private this.InlineCost v =
        match this.Aliases[v] with
        | ValueSome(struct (outer, w)) -> outer.Cost w
        | ValueNone ->
            match definitions[v] with
            | ValueSome eq when roles[v] = Role.Inline && not this.Stored[v] && this.Views[v].IsNone ->
                // A small operand of something large is computed once, outside the loops.
                let argument x = if this.IsSmall x && not (this.IsSmall v) then 1 else this.Cost x
                let argCost () = eq.Args |> Array.sumBy argument

                match eq.Primitive with
                | Primitive.Constant _ -> 1
                | Primitive.Reduce _ -> (1 + argCost ()) * max 1 (counts[eq.Args[0]] / max 1 counts[v])
                | Primitive.Contract axes ->
                    let p = Facts.matrixProduct axes (this.Shape eq.Args[0]) (this.Shape eq.Args[1])
                    (1 + argCost ()) * p.Inner
                | Primitive.Cumulate _ -> (1 + argCost ()) * counts[v]
                | Primitive.Move _ -> argCost ()
                | Primitive.Index(IndexOp.Take _) -> 3 + this.Cost eq.Args[1]
                | Primitive.Index _ -> 1
                | primitive -> Facts.opCost primitive + argCost ()
            | _ -> 1

    /// Whether a loop over the row-major order of v can evaluate it without knowing the position per axis.
    member this.IsFlatSafe(v: Var) : bool =
        if this.FlatSafe[v] < 0y then
            this.FlatSafe[v] <- if this.ComputeFlatSafe v then 1y else 0y

        this.FlatSafe[v] = 1y

    member private this.ComputeFlatSafe v =
        let shape = this.Shape v

        if (Index.wideAxes shape).Count <= 1 then
            true
        else
            match this.Views[v], this.Aliases[v] with
            | ValueSome view, _ -> View.isContiguous shape view
            | ValueNone, ValueSome(struct (outer, w)) -> outer.IsFlatSafe w
            | ValueNone, ValueNone ->
                match definitions[v] with
                | ValueSome eq when roles[v] = Role.Inline ->
                    match eq.Primitive with
                    | Primitive.Constant _ -> true
                    | Primitive.Move(MoveOp.Broadcast _) ->
                        counts[eq.Args[0]] = 1 || (counts[eq.Args[0]] = counts[v] && this.IsFlatSafe eq.Args[0])
                    | Primitive.Move(MoveOp.Reshape _) -> this.IsFlatSafe eq.Args[0]
                    | primitive when Primitive.isElementwise primitive -> eq.Args |> Array.forall this.IsFlatSafe
                    | _ -> false
                | _ -> true
