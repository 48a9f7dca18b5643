// Tensors as users and rules see them: a concrete value, or a variable of a program that is being traced. The same
// function runs on both: on concrete tensors an operation is evaluated at once, otherwise it becomes an equation.
// Relies on Builder and Reference. Read Ops next.
namespace Ppl.Core.Tensors

open System
open Ppl.Core
open Ppl.Core.Ir

/// What a tensor is made of.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Content =
    | Known of Literal
    | Traced of Builder * Var

/// An n-dimensional array of f64, f32, i64, i32, u32 or bool: a concrete value or a traced variable.
/// Tensors are not compared: x > 0.0 is a question for the program, asked with Ops.greater and answered by Ops.select or
/// Control.cond.
[<Sealed; NoComparison; NoEquality>]
type Tensor internal (content: Content, ty: TensorType) =

    member internal _.Content = content

    /// Element type and shape.
    member _.Type = ty

    /// The extents.
    member _.Shape = ty.Shape

    /// The element type.
    member _.DType = ty.DType

    /// Whether the value is not known yet because a program is being traced.
    member _.IsTraced =
        match content with
        | Content.Known _ -> false
        | Content.Traced _ -> true

    /// A concrete tensor.
    static member OfLiteral(value: Literal) = Tensor(Content.Known value, value.Type)

    /// A real scalar.
    static member OfFloat(x: float) = Tensor.OfLiteral(Literal.f64 x)

    /// An integer scalar.
    static member OfInt(x: int) = Tensor.OfLiteral(Literal.i32 x)

    /// A truth value.
    static member OfBool(x: bool) = Tensor.OfLiteral(Literal.bool x)

    /// A real scalar of single precision.
    static member OfFloat32(x: float32) = Tensor.OfLiteral(Literal.f32 x)

    /// A 64-bit integer scalar.
    static member OfInt64(x: int64) = Tensor.OfLiteral(Literal.i64 x)

    /// An unsigned integer scalar.
    static member OfUInt32(x: uint32) = Tensor.OfLiteral(Literal.u32 x)

    static member private Vector(data: Storage) =
        let count = Storage.length data
        Tensor.OfLiteral(Literal.create (Shape.ofList [ count ]) (Storage.slice 0 count data))

    /// A vector of reals; the elements are copied.
    static member OfFloats(xs: float[]) = Tensor.Vector(Storage.F64 xs)

    /// A vector of integers; the elements are copied.
    static member OfInts(xs: int[]) = Tensor.Vector(Storage.I32 xs)

    /// A vector of reals of single precision; the elements are copied.
    static member OfFloat32s(xs: float32[]) = Tensor.Vector(Storage.F32 xs)

    /// A vector of 64-bit integers; the elements are copied.
    static member OfInt64s(xs: int64[]) = Tensor.Vector(Storage.I64 xs)

    /// A vector of unsigned integers; the elements are copied.
    static member OfUInt32s(xs: uint32[]) = Tensor.Vector(Storage.U32 xs)

    /// A matrix of reals; the elements are copied.
    static member OfMatrix(xs: float[,]) =
        let rows, columns = xs.GetLength 0, xs.GetLength 1
        let data = Array.init (rows * columns) (fun i -> xs[i / columns, i % columns])
        Tensor.OfLiteral(Literal.create (Shape.ofList [ rows; columns ]) (Storage.F64 data))

    /// The concrete value; an error (PPL5005) for a traced tensor.
    member _.Value =
        match content with
        | Content.Known value -> value
        | Content.Traced _ -> Errors.traced "Tensor.Value"

    /// The elements of a concrete real tensor in row-major order.
    member this.ToFloats() = Array.copy (Literal.floats this.Value)

    /// The elements of a concrete tensor of single precision in row-major order.
    member this.ToFloat32s() = Array.copy (Literal.float32s this.Value)

    /// The elements of a concrete 64-bit integer tensor in row-major order.
    member this.ToInt64s() = Array.copy (Literal.int64s this.Value)

    /// The elements of a concrete integer tensor in row-major order.
    member this.ToInts() = Array.copy (Literal.ints this.Value)

    /// The elements of a concrete unsigned integer tensor in row-major order.
    member this.ToUInt32s() = Array.copy (Literal.uint32s this.Value)

    /// The only element of a concrete f64 tensor.
    member this.ToFloat() =
        match Literal.floats this.Value with
        | [| x |] -> x
        | _ -> Errors.shapes "ToFloat" $"{ty} is not a scalar"

    /// For example f64[3] {1, 2, 3}, or traced f64[3].
    override _.ToString() =
        match content with
        | Content.Known value ->
            let elements: string seq =
                match value.Data with
                | Storage.F64 xs -> xs |> Seq.truncate 8 |> Seq.map string
                | Storage.F32 xs -> xs |> Seq.truncate 8 |> Seq.map string
                | Storage.I64 xs -> xs |> Seq.truncate 8 |> Seq.map string
                | Storage.I32 xs -> xs |> Seq.truncate 8 |> Seq.map string
                | Storage.U32 xs -> xs |> Seq.truncate 8 |> Seq.map string
                | Storage.Bool xs -> xs |> Seq.truncate 8 |> Seq.map string

            let dots = if ty.Shape.Count > 8 then ", ..." else ""
            string ty + " {" + String.Join(", ", elements) + dots + "}"
        | Content.Traced _ -> $"traced {ty}"

    // ---- application: members rather than functions because operators must belong to the type

    /// The branch that this thread is tracing, if any: what is written there must run only there, even if it uses nothing
    /// but tensors of the surroundings. (In bodies of loops such equations go to the surroundings: they are computed once.)
    [<ThreadStatic; DefaultValue>]
    static val mutable private branch: Builder | null

    static member internal Confined(builder: Builder, f: unit -> 'a) : 'a =
        let outer = Tensor.branch
        Tensor.branch <- builder

        try
            f ()
        finally
            Tensor.branch <- outer

    static member private Innermost(args: Tensor[]) : Builder | null =
        let mutable found: Builder | null = null

        for arg in args do
            match arg.Content with
            | Content.Traced(builder, _) ->
                match found with
                | null -> found <- builder
                | best when builder.Order > best.Order -> found <- builder
                | _ -> ()
            | Content.Known _ -> ()

        match found, Tensor.branch with
        | null, _ -> null
        | best, (NonNull branch) when branch.Order > best.Order -> branch
        | best, _ -> best

    static member internal Lift(builder: Builder, tensor: Tensor) : Var =
        match tensor.Content with
        | Content.Known value -> builder.Emit(Primitive.Constant value, [||])[0]
        | Content.Traced(own, v) when Object.ReferenceEquals(own, builder) -> v
        | Content.Traced(outer, v) -> builder.Capture(outer, v)

    static member internal Variable(builder: Builder, v: Var) = Tensor(Content.Traced(builder, v), builder.TypeOf v)

    /// The results of a primitive: evaluated if all arguments are concrete, an equation of the innermost program else.
    static member Apply(primitive: Primitive, args: Tensor[]) : Tensor[] =
        match Tensor.Innermost args with
        | null ->
            TypeRules.results primitive (args |> Array.map _.Type) |> ignore
            Reference.evaluate primitive (args |> Array.map _.Value) |> Array.map Tensor.OfLiteral
        | builder ->
            let vars = args |> Array.map (fun arg -> Tensor.Lift(builder, arg))
            builder.Emit(primitive, vars) |> Array.map (fun v -> Tensor.Variable(builder, v))

    static member internal BroadcastTo(shape: Shape, x: Tensor) : Tensor =
        if x.Shape = shape then
            x
        else
            let offset = shape.Rank - x.Shape.Rank
            let axes = Array.init x.Shape.Rank (fun i -> i + offset)
            Tensor.Apply(Primitive.Move(MoveOp.Broadcast(shape, axes)), [| x |])[0]

    static member internal Pair(primitive: Primitive, x: Tensor, y: Tensor) : Tensor =
        // Before anything is broadcast, so that the message has the types that the caller gave.
        if x.DType <> y.DType then
            Errors.dtypes (Primitive.name primitive) $"the arguments differ in type: {x.Type}, {y.Type}"
        elif x.Shape = y.Shape then
            Tensor.Apply(primitive, [| x; y |])[0]
        else
            match Shape.tryBroadcast x.Shape y.Shape with
            | Some shape -> Tensor.Apply(primitive, [| Tensor.BroadcastTo(shape, x); Tensor.BroadcastTo(shape, y) |])[0]
            | None -> Errors.shapes (Primitive.name primitive) $"{x.Type} and {y.Type} do not broadcast"

    static member private Binary(op: BinaryOp, x: Tensor, y: Tensor) = Tensor.Pair(Primitive.Binary op, x, y)

    /// A number beside a tensor: of single precision if the tensor is, else f64.
    static member private Beside(x: Tensor, number: float) =
        if x.DType = DType.F32 then Tensor.OfFloat32(float32 number) else Tensor.OfFloat number

    /// x + y, broadcast
    static member (+)(x: Tensor, y: Tensor) = Tensor.Binary(BinaryOp.Add, x, y)

    /// x + y
    static member (+)(x: Tensor, y: float) = Tensor.Binary(BinaryOp.Add, x, Tensor.Beside(x, y))

    /// x + y
    static member (+)(x: float, y: Tensor) = Tensor.Binary(BinaryOp.Add, Tensor.Beside(y, x), y)

    /// x - y, broadcast
    static member (-)(x: Tensor, y: Tensor) = Tensor.Binary(BinaryOp.Sub, x, y)

    /// x - y
    static member (-)(x: Tensor, y: float) = Tensor.Binary(BinaryOp.Sub, x, Tensor.Beside(x, y))

    /// x - y
    static member (-)(x: float, y: Tensor) = Tensor.Binary(BinaryOp.Sub, Tensor.Beside(y, x), y)

    /// x * y, broadcast
    static member (*)(x: Tensor, y: Tensor) = Tensor.Binary(BinaryOp.Mul, x, y)

    /// x * y
    static member (*)(x: Tensor, y: float) = Tensor.Binary(BinaryOp.Mul, x, Tensor.Beside(x, y))

    /// x * y
    static member (*)(x: float, y: Tensor) = Tensor.Binary(BinaryOp.Mul, Tensor.Beside(y, x), y)

    /// x / y, broadcast
    static member (/)(x: Tensor, y: Tensor) = Tensor.Binary(BinaryOp.Div, x, y)

    /// x / y
    static member (/)(x: Tensor, y: float) = Tensor.Binary(BinaryOp.Div, x, Tensor.Beside(x, y))

    /// x / y
    static member (/)(x: float, y: Tensor) = Tensor.Binary(BinaryOp.Div, Tensor.Beside(y, x), y)

    /// -x
    static member (~-)(x: Tensor) : Tensor = Tensor.Apply(Primitive.Unary UnaryOp.Neg, [| x |])[0]

    /// Elements start..finish (both included, as F# slices are) along the first axes; the other axes whole.
    member private this.Sliced(ranges: struct (int option * int option)[]) : Tensor =
        let rank = ty.Shape.Rank

        if ranges.Length > rank then
            Errors.axis "slice" $"{ranges.Length} ranges for {ty}"

        let bound choose otherwise axis =
            if axis < ranges.Length then
                Option.defaultValue (otherwise axis) (choose ranges[axis])
            else
                otherwise axis

        let start = Array.init rank (bound (fun struct (start, _) -> start) (fun _ -> 0))
        let last = Array.init rank (bound (fun struct (_, finish) -> finish) (fun axis -> ty.Shape[axis] - 1))
        let limit = Array.map2 (fun start last -> max start (last + 1)) start last
        Tensor.Apply(Primitive.Move(MoveOp.Slice(start, limit, Array.create rank 1)), [| this |])[0]

    /// x[a..b]: elements a to b, both included, along the first axis. PPL5004: outside the tensor.
    member this.GetSlice(start: int option, finish: int option) : Tensor = this.Sliced [| struct (start, finish) |]

    /// x[a..b, c..d]: elements a to b and c to d, all included, along the first two axes. PPL5004: outside the tensor.
    member this.GetSlice(start0: int option, finish0: int option, start1: int option, finish1: int option) : Tensor =
        this.Sliced [| struct (start0, finish0); struct (start1, finish1) |]

    /// The element i along the first axis, which is dropped.
    member this.Item
        with get (i: int): Tensor =
            if ty.Shape.Rank = 0 then
                Errors.axis "index" $"{ty} has no axis"

            let rank = ty.Shape.Rank
            let extents = ty.Shape.ToArray()
            let start = Array.init rank (fun axis -> if axis = 0 then i else 0)
            let limit = Array.mapi (fun axis e -> if axis = 0 then i + 1 else e) extents
            let block = Tensor.Apply(Primitive.Move(MoveOp.Slice(start, limit, Array.create rank 1)), [| this |])[0]
            Tensor.Apply(Primitive.Move(MoveOp.Reshape(Shape.tail ty.Shape)), [| block |])[0]

/// Applying primitives to tensors.
[<RequireQualifiedAccess>]
module Bind =

    /// The variable that stands for a tensor in a program under construction.
    let lift (builder: Builder) (tensor: Tensor) : Var = Tensor.Lift(builder, tensor)

    /// The tensor that stands for a variable of a program under construction.
    let variable (builder: Builder) (v: Var) = Tensor.Variable(builder, v)

    /// The results of a primitive: evaluated if all arguments are concrete, an equation of the innermost program else.
    let many primitive (args: Tensor[]) : Tensor[] = Tensor.Apply(primitive, args)

    /// The result of a primitive that has one.
    let one primitive (args: Tensor[]) : Tensor = Tensor.Apply(primitive, args)[0]
