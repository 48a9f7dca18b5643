// Evaluation by demand: the value of a variable at a position, one element or eight. Rearrangements only change the
// position; elementwise operations recurse; what was computed for a position is remembered. Nothing here decides what
// is stored in memory: that is Schedule's choice, and any choice gives the same values.
// Relies on Unrolled and Orientation. Read Nest next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Pull

open System
open Ppl.Core
open Ppl.Core.Ir

let private atLane (lane: int) (at: At) =
    let fix (a: Affine) = if a.Lane = 0 then a else { a with Const = a.Const + lane * a.Lane; Lane = 0 }

    match at.Index with
    | Index.Axes axes -> At.axes 8 (Array.map fix axes)
    | Index.Flat a -> At.flat 8 (fix a)

/// Sums of more additions than it takes to put a vector together from eight scalars.
let private packedSum = 16

/// Whether these are sums that have all been computed one by one already.
let private isKnownByElement (r: Region) v (eq: Equation) (at: At) (linear: Affine) =
    let isKnown lane = r.Memo.ContainsKey(struct (v, Affine.constant (linear.Const + lane * linear.Lane)))

    match eq.Primitive with
    | Primitive.Contract _
    | Primitive.Reduce _ ->
        linear.Terms.Length = 0
        && linear.Lane <> 0
        && r.Cost v > packedSum
        && Seq.forall isKnown [ 0 .. at.Active - 1 ]
    | _ -> false

/// The value of a variable at a position: eight lanes, or one if the position has no lane or all lanes agree.
let rec eval (r: Region) (v: Var) (at: At) : Value =
    let linear = if r.Count v = 1 then Affine.zero else Index.linear (r.Shape v) at.Index
    let key = struct (v, linear)

    match r.Memo.TryGetValue key with
    | true, hit when hit.Active >= at.Active || linear.Lane = 0 -> hit.Value
    | _ ->
        let value = compute r v at linear
        r.Memo[key] <- { Value = value; Active = at.Active }
        value

and private compute (r: Region) v (at: At) (linear: Affine) =
    match r.Elements[v], r.Blocks[v], r.Views[v], r.Aliases[v] with
    | ValueSome items, _, _, _ when Affine.isConst linear -> items[linear.Const]
    | ValueSome _, _, _, _ when linear.Terms.Length = 0 -> packed r v at
    | _, ValueSome blocks, _, _ when linear.Terms.Length = 0 && linear.Lane = 1 && linear.Const % 8 = 0 ->
        blocks[linear.Const / 8]
    | _, ValueSome blocks, _, _ when Affine.isConst linear -> lane r blocks[linear.Const / 8] (linear.Const % 8)
    | _, _, ValueSome view, _ -> load r v view at
    | ValueSome _, _, _, _
    | _, ValueSome _, _, _ -> load r v (asView r v) at
    | _, _, _, ValueSome(struct (outer, w)) -> eval outer w at
    | ValueNone, ValueNone, ValueNone, ValueNone ->
        match r.Definition v with
        | ValueSome eq when r.Role v = Role.Inline -> tryLaneOfBlock r v eq at linear
        | ValueSome _ ->
            r.Demand v
            compute r v at linear
        | ValueNone -> Errors.bug "Pull" $"parameter {v} is not bound"

and private lane (r: Region) block i =
    let e = r.Emitter
    e.Let(r.Floor, (e.TypeOf block).Elem, Lanes.One, Op.Lane(block, i))

/// One element of a small tensor with an expensive formula is a lane of the vector that computes eight at once.
and private tryLaneOfBlock (r: Region) v (eq: Equation) (at: At) (linear: Affine) =
    let n = r.Count v

    if linear.Terms.Length > 0 && n > 1 && r.IsSmall v && r.Cost v > 8 then
        inMemory r v at
    elif isKnownByElement r v eq at linear then
        packElements r v at
    elif
        Affine.isConst linear
        && n >= 3
        && r.IsSmall v
        && Primitive.isElementwise eq.Primitive
        && r.Cost v >= 20
    then
        let start = linear.Const / 8 * 8
        let block = eval r v (At.block n start)

        if (r.Emitter.TypeOf block).Lanes = Lanes.One then
            block
        else
            lane r block (linear.Const - start)
    elif Affine.isConst linear && n > 4 && r.IsSmall v then
        laneOfProduct r v eq at
    else
        equation r v eq at

/// One element of a small matrix product is a lane of its row or column, if these are as easily had.
and private laneOfProduct (r: Region) v (eq: Equation) (at: At) =
    match Orientation.ofProduct r v eq, Index.tryAxes (r.Shape v) at with
    | ValueSome axis, ValueSome axes ->
        let line = Index.withAxis axes axis { Affine.zero with Lane = 1 }
        let block = eval r v (At.axes ((r.Shape v)[axis]) line)

        if (r.Emitter.TypeOf block).Lanes = Lanes.One then
            block
        else
            lane r block axes[axis].Const
    | _ -> equation r v eq at

and private load (r: Region) v view (at: At) =
    match View.tryPlace (r.Shape v) at view with
    | ValueNone when (Index.linear (r.Shape v) at.Index).Terms.Length > 0 ->
        // A loop over the row-major order of what lies in another arrangement: it reads a copy.
        r.Demand v
        load r v r.Views[v].Value at
    | ValueNone -> packed r v at
    | ValueSome place ->
        match view.Source with
        | ValueSome literal -> Loads.constant r view literal at place
        | ValueNone -> Loads.fromView r (Elem.ofDType (r.Type v).DType) view place at.Active

/// Computes the whole variable into memory before the loops around this position, and loads.
and private inMemory (r: Region) v (at: At) = load r v (asView r v) at

/// Eight lanes put together from single elements if these are known now; from memory inside loops.
and private packed (r: Region) v (at: At) : Value =
    if (Index.linear (r.Shape v) at.Index).Terms.Length > 0 && r.Views[v].IsNone then
        inMemory r v at
    else
        packElements r v at

and private packElements (r: Region) v (at: At) : Value =
    let e = r.Emitter
    let items = Array.init 8 (fun i -> eval r v (atLane (min i (at.Active - 1)) at))

    if items |> Array.forall (fun item -> item = items[0]) then
        items[0]
    else
        e.Let(r.Floor, Elem.ofDType (r.Type v).DType, Lanes.Eight, Op.Pack items)

/// Continues with the position per axis; lanes that cross rows are evaluated one by one.
and private withAxes (r: Region) v at (next: Affine[] -> Value) =
    match Index.tryAxes (r.Shape v) at with
    | ValueSome axes -> next axes
    | ValueNone -> packed r v at

and private equation (r: Region) v (eq: Equation) at : Value =
    let e = r.Emitter
    let elem = Elem.ofDType (r.Type v).DType
    let arg i = eval r eq.Args[i] at

    match eq.Primitive with
    | Primitive.Constant literal ->
        if literal.Type.Shape.Count = 0 then
            e.Number(elem, 0.0)
        elif Storage.isUniform literal.Data then
            e.Element(literal, 0)
        else
            r.Views[v] <- ValueSome(Loads.wholeConstant r literal)
            load r v r.Views[v].Value at
    | Primitive.Iota(_, axis) -> withAxes r v at (fun axes -> coordinate r elem axes[axis])
    | Primitive.Unary UnaryOp.StopGradient -> arg 0
    | Primitive.Unary op -> e.Unary(r.Floor, elem, op, arg 0)
    | Primitive.Binary op -> binary r op eq at
    | Primitive.Special op -> e.Special(r.Floor, op, Array.init eq.Args.Length arg)
    | Primitive.Compare op -> e.Compare(r.Floor, op, arg 0, arg 1)
    | Primitive.Select -> e.Select(r.Floor, arg 0, arg 1, arg 2)
    | Primitive.Convert _ -> e.Convert(r.Floor, elem, arg 0)
    | Primitive.Reduce(op, axes) ->
        let part at = if op = ReduceOp.Sum then term r eq.Args[0] at else Fold.Whole(eval r eq.Args[0] at)
        withAxes r v at (Unrolled.reduce r v eq op axes at part)
    | Primitive.Contract dot ->
        withAxes r v at (fun axes -> Unrolled.contract r v eq dot at (factors r eq dot axes) axes)
    | Primitive.Cumulate(op, axis, reverse) -> withAxes r v at (cumulate r v eq op axis reverse at)
    | Primitive.Move op -> move r v eq op at
    | Primitive.Index(IndexOp.Take axis) -> withAxes r v at (take r v eq axis at)
    | Primitive.Index(IndexOp.DynamicSlice _) -> load r v (asView r v) at
    | Primitive.Index _
    | Primitive.Order _
    | Primitive.Factor _
    | Primitive.Fourier _
    | Primitive.Random _
    | Primitive.Control _
    | Primitive.Custom _ -> Errors.bug "Pull" $"{Primitive.name eq.Primitive} is not evaluated by element"

/// A coordinate as a number.
and coordinate (r: Region) elem (a: Affine) =
    let e = r.Emitter
    let mutable sum = e.Int a.Const

    for struct (factor, value) in a.Terms do
        let scaled = if factor = 1 then value else e.Binary(0, BinaryOp.Mul, value, e.Int factor)
        sum <- e.Binary(0, BinaryOp.Add, sum, scaled)

    if a.Lane <> 0 then
        let lanes = if a.Lane = 1 then e.LaneIndex else e.Binary(0, BinaryOp.Mul, e.LaneIndex, e.Int a.Lane)

        sum <- e.Binary(0, BinaryOp.Add, lanes, sum)

    e.Convert(0, elem, sum)

/// A product that only one addition needs is not evaluated on its own; nor is one that a recurrence waits for: each
/// addition that needs it multiplies again, which costs nothing beside waiting.
and term (r: Region) v at : Fold.Term =
    let fuses = r.Options.FuseProducts && (r.Uses v = 1 || r.Recurrent[v])

    match r.Deferred v with
    | ValueSome eq when fuses && not r.Stored[v] && DType.isReal (r.Type v).DType ->
        match eq.Primitive with
        | Primitive.Binary BinaryOp.Mul -> Fold.Product(eval r eq.Args[0] at, eval r eq.Args[1] at)
        | Primitive.Unary UnaryOp.Square ->
            let x = eval r eq.Args[0] at
            Fold.Product(x, x)
        | _ -> Fold.Whole(eval r v at)
    | _ -> Fold.Whole(eval r v at)

and private binary (r: Region) op (eq: Equation) (at: At) =
    let e = r.Emitter
    let x, y = eq.Args[0], eq.Args[1]

    match op with
    | BinaryOp.Add ->
        // Of two products, the one that a recurrence waits for is fused.
        let x, y = if r.Recurrent[x] && not r.Recurrent[y] then y, x else x, y

        match term r y at with
        | Fold.Product(a, b) -> e.Fma(r.Floor, a, b, eval r x at)
        | Fold.Whole right ->
            match term r x at with
            | Fold.Product(a, b) -> e.Fma(r.Floor, a, b, right)
            | Fold.Whole left -> e.Binary(r.Floor, op, left, right)
    | BinaryOp.Sub ->
        match term r y at with
        | Fold.Product(a, b) -> e.Fnma(r.Floor, a, b, eval r x at)
        | Fold.Whole right -> e.Binary(r.Floor, op, eval r x at, right)
    | _ -> e.Binary(r.Floor, op, eval r x at, eval r y at)

/// The product of both operands at a position of the result and of the contracted axes.
and factors (r: Region) (eq: Equation) dot axes inner active =
    let struct (left, right) = Unrolled.operandAxes r eq dot axes inner
    Fold.Product(eval r eq.Args[0] (At.axes active left), eval r eq.Args[1] (At.axes active right))

and private cumulate (r: Region) v (eq: Equation) op axis reverse (at: At) (axes: Affine[]) =
    let n = (r.Shape v)[axis]

    match Fold.tryRunning op, Affine.staticRange axes[axis] at.Active with
    | ValueSome running, ValueSome(struct (i, j)) when i = j ->
        let own = eval r eq.Args[0] at
        let first = if reverse then n - 1 else 0

        if i = first then
            own
        else
            let previous = Index.withAxis axes axis (Affine.constant (if reverse then i + 1 else i - 1))
            r.Emitter.Binary(r.Floor, running, eval r v (At.axes at.Active previous), own)
    | _ -> packed r v at

and private move (r: Region) v (eq: Equation) op (at: At) =
    let x = if eq.Args.Length > 0 then eq.Args[0] else -1
    let next axes = eval r x (At.axes at.Active axes)

    match op with
    | MoveOp.Reshape shape -> reshape r x shape at
    | MoveOp.Transpose permutation -> withAxes r v at (Moves.transposed permutation >> next)
    | MoveOp.Broadcast _ when r.Count x = 1 -> eval r x (At.element 0)
    | MoveOp.Broadcast(_, along) ->
        match at.Index with
        | Index.Flat _ when r.Count x = r.Count v -> eval r x at
        | _ -> withAxes r v at (Moves.broadcast (r.Shape x) along >> next)
    | MoveOp.Slice(start, _, stride) -> withAxes r v at (Moves.sliced start stride >> next)
    | MoveOp.Reverse along -> withAxes r v at (Moves.reversed (r.Shape v) along >> next)
    | MoveOp.Windows(along, _, strides, dilations) -> withAxes r v at (Moves.windowed along strides dilations >> next)
    | MoveOp.Pad(low, _) -> withAxes r v at (pad r v x low at)
    | MoveOp.Concat axis -> withAxes r v at (concat r v eq axis at)

and private reshape (r: Region) x (shape: Shape) (at: At) =
    match at.Index with
    | Index.Axes axes when Facts.isTrivialReshape (r.Shape x) shape ->
        eval r x (At.axes at.Active (Moves.reshaped (r.Shape x) shape axes))
    | index ->
        let flat = Index.linear shape index

        if flat.Terms.Length > 0 && not (r.IsFlatSafe x) then
            asView r x |> ignore

        eval r x (At.flat at.Active flat)

and private pad (r: Region) v x low (at: At) (axes: Affine[]) =
    let e = r.Emitter
    let shape = r.Shape x
    let source = axes |> Array.mapi (fun i a -> Affine.shift -low[i] a)
    let mutable inside = true
    let mutable outside = false

    for axis in 0 .. axes.Length - 1 do
        if shape[axis] <> (r.Shape v)[axis] then
            match Affine.staticRange source[axis] at.Active with
            | ValueSome(struct (first, last)) ->
                inside <- inside && first >= 0 && last < shape[axis]
                outside <- outside || last < 0 || first >= shape[axis]
            | ValueNone -> inside <- false

    if outside then e.Number(Elem.ofDType (r.Type v).DType, 0.0)
    elif inside then eval r x (At.axes at.Active source)
    else packed r v at

and private concat (r: Region) v (eq: Equation) axis (at: At) (axes: Affine[]) =
    match Affine.staticRange axes[axis] at.Active with
    | ValueNone -> packed r v at
    | ValueSome(struct (first, last)) ->
        let mutable part = 0
        let mutable start = 0

        while first >= start + (r.Shape eq.Args[part])[axis] do
            start <- start + (r.Shape eq.Args[part])[axis]
            part <- part + 1

        if last < start + (r.Shape eq.Args[part])[axis] then
            eval r eq.Args[part] (At.axes at.Active (Index.withAxis axes axis (Affine.shift -start axes[axis])))
        else
            match tryWindow r eq part (first - start) at axes with
            | ValueSome value -> value
            | ValueNone -> packed r v at

/// Eight successive elements of two vectors of eight, one after the other.
and private tryWindow (r: Region) (eq: Equation) part lane (at: At) (axes: Affine[]) : Value voption =
    let isVector i = i < eq.Args.Length && (r.Shape eq.Args[i]).Rank = 1 && r.Count eq.Args[i] = 8

    if at.Active = 8 && axes[0].Lane = 1 && isVector part && isVector (part + 1) then
        let e = r.Emitter
        let block x = e.Wide(eval r x (At.block 8 0))
        let first, second = block eq.Args[part], block eq.Args[part + 1]
        ValueSome(e.Let(r.Floor, (e.TypeOf first).Elem, Lanes.Eight, Op.Window(first, second, lane)))
    else
        ValueNone

and private take (r: Region) v (eq: Equation) axis (at: At) (axes: Affine[]) =
    let e = r.Emitter
    let x, indices = eq.Args[0], eq.Args[1]
    let width = (r.Shape indices).Rank
    let limit = (r.Shape x)[axis] - 1
    let own = Array.sub axes axis width
    let known = Loads.tryLiteral r indices
    let position = Index.linear (r.Shape indices) (Index.Axes own)

    let source a =
        Array.concat [ Array.sub axes 0 axis; [| a |]; Array.sub axes (axis + width) (axes.Length - axis - width) ]

    match known with
    | ValueSome literal when Affine.isConst position ->
        let i = (Literal.ints literal)[position.Const]
        eval r x (At.axes at.Active (source (Affine.constant (max 0 (min limit i)))))
    | _ ->
        let index = eval r indices (At.axes at.Active own)
        let legal = known.IsSome && Array.forall (fun i -> i >= 0 && i <= limit) (Literal.ints known.Value)
        let index = if legal && at.Active = 8 then index else e.Clamp(index, limit)
        let view = asView r x
        let place = Affine.add view.Offset (Affine.dot view.Strides (source Affine.zero))
        let elem = Elem.ofDType (r.Type v).DType
        let stride = view.Strides[axis]

        if (e.TypeOf index).Lanes = Lanes.One then
            let place = Affine.add place { Affine.counter index with Terms = [| struct (stride, index) |] }
            Loads.fromView r elem view place at.Active
        elif place.Lane <> 0 then
            packed r v at
        else
            let address = View.address view.Buffer place
            e.Let(max r.Floor view.Depth, elem, Lanes.Eight, Op.Gather(address, stride, index))

/// The elements of a variable in memory without moving them, if they are there or are a rearrangement of what is there.
and tryView (r: Region) (v: Var) : View voption =
    match r.Views[v], r.Aliases[v] with
    | ValueSome view, _ -> ValueSome view
    | ValueNone, ValueSome(struct (outer, w)) -> ValueSome(asView outer w)
    | ValueNone, ValueNone ->
        match r.Deferred v with
        | ValueSome { Primitive = Primitive.Constant literal } -> ValueSome(Loads.wholeConstant r literal)
        | ValueSome({ Primitive = Primitive.Move(MoveOp.Concat _ | MoveOp.Pad _) }) -> ValueNone
        | ValueSome({ Primitive = Primitive.Move op } as eq) when r.Role v = Role.Inline ->
            tryView r eq.Args[0] |> ValueOption.bind (Moves.view op (r.Shape eq.Args[0]))
        | ValueSome({ Primitive = Primitive.Index(IndexOp.DynamicSlice _) } as eq) -> ValueSome(dynamicView r eq)
        | _ -> ValueNone

and private dynamicView (r: Region) (eq: Equation) =
    let view = asView r eq.Args[0]

    { view with
        Offset = Affine.add view.Offset (startPlace r eq 1 (r.Shape eq.Outs[0]) view)
        Source = ValueNone
    }

/// Where a dynamic block of this shape starts: its clamped starts, which are the arguments from `first` on.
and startPlace (r: Region) (eq: Equation) first (block: Shape) (view: View) =
    let shape = r.Shape eq.Args[0]
    let mutable place = Affine.zero

    for axis in 0 .. shape.Rank - 1 do
        let room = shape[axis] - block[axis]

        if room > 0 then
            let start = eq.Args[first + axis]

            let position =
                match Loads.tryLiteral r start with
                | ValueSome literal -> Affine.constant (max 0 (min room (Literal.ints literal).[0]))
                | ValueNone -> Affine.counter (r.Emitter.Clamp(eval r start (At.element 0), room))

            place <- Affine.add place (Affine.scale view.Strides[axis] position)

    place

/// The elements of a variable in memory, computed and stored now if they are not there yet.
and asView (r: Region) (v: Var) : View =
    match tryView r v with
    | ValueSome view -> view
    | ValueNone ->
        r.Demand v

        // A reduction gives values first; asked again, they are put into memory.
        if r.Views[v].IsNone then
            r.Demand v

        r.Views[v].Value
