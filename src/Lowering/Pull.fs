// Evaluation by demand: the value of a variable at a position, one element or eight. Rearrangements only change the
// position; elementwise operations recurse; what was computed for a position is remembered. Nothing here decides what
// is stored in memory: that is Schedule's choice, and any choice gives the same values.
// Relies on Region and Fold. Read Store next.
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

/// Loads from a place of a buffer; lanes beyond the active ones are not read where that could leave the buffer.
let private loadPlace (r: Region) elem (view: View) (place: Affine) active =
    let e = r.Emitter
    let floor = max r.Floor view.Depth
    let address = View.address view.Buffer place

    if place.Lane = 0 then
        e.Let(floor, elem, Lanes.One, Op.Load(address, 1))
    elif place.Lane = 1 || active >= 8 then
        e.Let(floor, elem, Lanes.Eight, Op.Load(address, place.Lane))
    else
        let lanes = e.Binary(0, BinaryOp.Min, e.LaneIndex, e.Int(active - 1))
        e.Let(floor, elem, Lanes.Eight, Op.Gather(address, place.Lane, lanes))

let private literalElement (e: Emitter) (literal: Literal) i =
    match literal.Data with
    | Storage.F64 data -> e.Real data[i]
    | Storage.I32 data -> e.Int data[i]
    | Storage.Bool data -> e.Mask data[i]

/// The axis along which the lanes go and that is not contiguous, if there is exactly one lane axis of step 1.
let private laneAxis (at: At) =
    match at.Index with
    | Index.Axes axes ->
        let axis = axes |> Array.findIndex (fun a -> a.Lane <> 0)
        if axes[axis].Lane = 1 then axis else -1
    | Index.Flat _ -> -1

/// A view of a whole constant, read at a position: as a number, in lanes, or in lanes of a copy with that axis last.
let private loadConstant (r: Region) (view: View) (literal: Literal) (at: At) (place: Affine) =
    let elem = ElementType.ofDType literal.Type.DType

    if Affine.isConst place && place.Const < literal.Type.Shape.Count then
        literalElement r.Emitter literal place.Const
    elif place.Lane > 1 && laneAxis at >= 0 then
        match at.Index with
        | Index.Axes axes ->
            let struct (buffer, strides) = r.Constants.MovedLast(literal, laneAxis at)
            let view = { view with Buffer = buffer; Strides = strides; Source = ValueNone }
            loadPlace r elem view (Affine.dot strides axes) at.Active
        | Index.Flat _ -> loadPlace r elem view place at.Active
    else
        loadPlace r elem view place at.Active

/// The literal behind a variable, if it is a constant.
let rec tryLiteral (r: Region) v =
    match r.Aliases[v], r.Definition v with
    | ValueSome(struct (outer, w)), _ -> tryLiteral outer w
    | ValueNone, ValueSome { Primitive = Primitive.Constant literal } -> ValueSome literal
    | _ -> ValueNone

let wholeConstant (r: Region) (literal: Literal) =
    { View.whole (r.Constants.Buffer literal) literal.Type.Shape 0 with Source = ValueSome literal }

/// The first and last coordinate that the active lanes reach, if they are known now.
let private staticRange (a: Affine) active =
    if a.Terms.Length > 0 then
        ValueNone
    else
        let last = a.Const + a.Lane * (if a.Lane = 0 then 0 else active - 1)
        ValueSome(struct (min a.Const last, max a.Const last))

let withAxis (axes: Affine[]) axis a =
    let copy = Array.copy axes
    copy[axis] <- a
    copy

/// All positions along the named axes, the others as given.
let rec enumerate (shape: Shape) (over: int list) (axes: Affine[]) : Affine[] list =
    match over with
    | [] -> [ axes ]
    | axis :: rest ->
        [
            for i in 0 .. shape[axis] - 1 do
                yield! enumerate shape rest (withAxis axes axis (Affine.constant i))
        ]

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
    else
        equation r v eq at

and private load (r: Region) v view (at: At) =
    match View.tryPlace (r.Shape v) at view with
    | ValueNone -> packed r v at
    | ValueSome place ->
        match view.Source with
        | ValueSome literal -> loadConstant r view literal at place
        | ValueNone -> loadPlace r (ElementType.ofDType (r.Type v).DType) view place at.Active

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
        e.Let(r.Floor, ElementType.ofDType (r.Type v).DType, Lanes.Eight, Op.Pack items)

/// Continues with the position per axis; lanes that cross rows are evaluated one by one.
and private withAxes (r: Region) v at (next: Affine[] -> Value) =
    match Index.tryAxes (r.Shape v) at with
    | ValueSome axes -> next axes
    | ValueNone -> packed r v at

and private equation (r: Region) v (eq: Equation) at : Value =
    let e = r.Emitter
    let elem = ElementType.ofDType (r.Type v).DType
    let arg i = eval r eq.Args[i] at

    match eq.Primitive with
    | Primitive.Constant literal ->
        match Facts.tryUniform literal with
        | ValueSome x -> e.Number(elem, x)
        | ValueNone ->
            r.Views[v] <- ValueSome(wholeConstant r literal)
            load r v r.Views[v].Value at
    | Primitive.Iota(_, axis) -> withAxes r v at (fun axes -> coordinate r elem axes[axis])
    | Primitive.Unary op -> e.Unary(r.Floor, elem, op, arg 0)
    | Primitive.Binary op -> binary r op eq at
    | Primitive.Compare op -> e.Compare(r.Floor, op, arg 0, arg 1)
    | Primitive.Select -> e.Select(r.Floor, arg 0, arg 1, arg 2)
    | Primitive.Convert _ ->
        let x = arg 0

        if (e.TypeOf x).Elem = elem then
            x
        else
            e.Let(r.Floor, elem, (e.TypeOf x).Lanes, Op.Convert(elem, x))
    | Primitive.Reduce(op, axes) -> withAxes r v at (reduce r v eq op axes at)
    | Primitive.Contract axes -> withAxes r v at (contract r v eq axes at)
    | Primitive.Cumulate(_, axis, reverse) -> withAxes r v at (cumulate r v eq axis reverse at)
    | Primitive.Move op -> move r v eq op at
    | Primitive.Index(IndexOp.Take axis) -> withAxes r v at (take r v eq axis at)
    | Primitive.Index(IndexOp.DynamicSlice _) -> load r v (asView r v) at
    | Primitive.Index _
    | Primitive.Factor _
    | Primitive.Random _
    | Primitive.Control _ -> Errors.bug "Pull" $"{Primitive.name eq.Primitive} is not evaluated by element"

/// A coordinate as a number.
and private coordinate (r: Region) elem (a: Affine) =
    let e = r.Emitter
    let mutable sum = e.Int a.Const

    for struct (factor, value) in a.Terms do
        let scaled = if factor = 1 then value else e.Binary(0, BinaryOp.Mul, value, e.Int factor)
        sum <- e.Binary(0, BinaryOp.Add, sum, scaled)

    if a.Lane <> 0 then
        let lanes = if a.Lane = 1 then e.LaneIndex else e.Binary(0, BinaryOp.Mul, e.LaneIndex, e.Int a.Lane)

        sum <- e.Binary(0, BinaryOp.Add, lanes, sum)

    if elem = Elem.Int then
        sum
    else
        e.Let(0, elem, (e.TypeOf sum).Lanes, Op.Convert(elem, sum))

/// A product that only one addition needs is not evaluated on its own; nor is one that a recurrence waits for: each
/// addition that needs it multiplies again, which costs nothing beside waiting.
and term (r: Region) v at : Fold.Term =
    let fuses = r.Options.FuseProducts && (r.Uses v = 1 || r.Recurrent[v])

    match r.Deferred v with
    | ValueSome eq when fuses && not r.Stored[v] && (r.Type v).DType = DType.F64 ->
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

and private reduce (r: Region) v (eq: Equation) op reducedAxes (at: At) (axes: Affine[]) =
    let x = eq.Args[0]
    let shape = r.Shape x
    let n = if r.Count v = 0 then 0 else r.Count x / r.Count v
    let elem = ElementType.ofDType (r.Type v).DType
    let kept = Facts.freeAxes shape.Rank reducedAxes [||]
    let full = Array.create shape.Rank Affine.zero
    kept |> Array.iteri (fun i axis -> full[axis] <- axes[i])
    let wide = reducedAxes |> Array.filter (fun axis -> shape[axis] <> 1)
    let scalar = (Affine.dot (Shape.strides shape) full).Lane = 0

    let part at = if op = ReduceOp.Sum then term r x at else Fold.Whole(eval r x at)

    let blocks = (n + 7) / 8
    let lastActive = n - 8 * (blocks - 1)

    if scalar && n >= 5 && n = r.Count x then
        let terms = Array.init blocks (fun b -> part (At.block n (8 * b)))
        Fold.lanes r.Emitter r.Floor elem op terms lastActive
    elif scalar && n >= 5 && wide.Length = 1 then
        let position b = { Affine.constant (8 * b) with Lane = 1 }

        let terms =
            Array.init blocks (fun b -> part (At.axes (min 8 (n - 8 * b)) (withAxis full wide[0] (position b))))

        Fold.lanes r.Emitter r.Floor elem op terms lastActive
    elif n = 0 then
        Fold.identity r.Emitter elem op
    else
        let positions = enumerate shape (List.ofArray reducedAxes) full |> Array.ofList
        Fold.chains r.Emitter r.Floor elem op (Array.map (fun p -> part (At.axes at.Active p)) positions)

/// The positions of both operands of a product at a position of the result and of the contracted axes.
and operandAxes (r: Region) (eq: Equation) (dot: DotAxes) (axes: Affine[]) (inner: Affine[]) =
    let side v (batch: int[]) (contracted: int[]) first =
        let shape = r.Shape v
        let position = Array.create shape.Rank Affine.zero
        batch |> Array.iteri (fun i axis -> position[axis] <- axes[i])

        Facts.freeAxes shape.Rank batch contracted
        |> Array.iteri (fun i axis -> position[axis] <- axes[first + i])

        contracted |> Array.iteri (fun i axis -> position[axis] <- inner[i])
        position

    let batch = dot.BatchLeft.Length
    let left = (r.Shape eq.Args[0]).Rank - batch - dot.ContractLeft.Length

    struct (side eq.Args[0] dot.BatchLeft dot.ContractLeft batch,
            side eq.Args[1] dot.BatchRight dot.ContractRight (batch + left))

/// The product of both operands at a position of the result and of the contracted axes.
and factors (r: Region) (eq: Equation) dot axes inner active =
    let struct (left, right) = operandAxes r eq dot axes inner
    Fold.Product(eval r eq.Args[0] (At.axes active left), eval r eq.Args[1] (At.axes active right))

and private contract (r: Region) v (eq: Equation) dot (at: At) (axes: Affine[]) =
    let e = r.Emitter
    let shape = r.Shape eq.Args[0]
    let extents = dot.ContractLeft |> Array.map (fun axis -> shape[axis])
    let n = Array.fold (*) 1 extents
    let scalar = (Affine.dot (Shape.strides (r.Shape v)) axes).Lane = 0

    if scalar && n >= 5 && extents.Length = 1 then
        let blocks = (n + 7) / 8

        let terms =
            Array.init blocks (fun b ->
                let inner = [| { Affine.constant (8 * b) with Lane = 1 } |]
                factors r eq dot axes inner (min 8 (n - 8 * b)))

        Fold.lanes e r.Floor Elem.Real ReduceOp.Sum terms (n - 8 * (blocks - 1))
    else
        let inners =
            enumerate (Shape.ofArray extents) [ 0 .. extents.Length - 1 ] (Array.create extents.Length Affine.zero)

        let terms = inners |> List.map (fun inner -> factors r eq dot axes inner at.Active) |> Array.ofList
        Fold.chains e r.Floor Elem.Real ReduceOp.Sum terms

and private cumulate (r: Region) v (eq: Equation) axis reverse (at: At) (axes: Affine[]) =
    let n = (r.Shape v)[axis]

    match staticRange axes[axis] at.Active with
    | ValueSome(struct (i, j)) when i = j ->
        let own = eval r eq.Args[0] at
        let first = if reverse then n - 1 else 0

        if i = first then
            own
        else
            let previous = withAxis axes axis (Affine.constant (if reverse then i + 1 else i - 1))
            r.Emitter.Binary(r.Floor, BinaryOp.Add, eval r v (At.axes at.Active previous), own)
    | _ -> packed r v at

and private move (r: Region) v (eq: Equation) op (at: At) =
    let x = if eq.Args.Length > 0 then eq.Args[0] else -1
    let next axes = eval r x (At.axes at.Active axes)

    match op with
    | MoveOp.Reshape shape ->
        match at.Index with
        | Index.Axes axes when Facts.isTrivialReshape (r.Shape x) shape ->
            let source = r.Shape x
            let full = Array.create source.Rank Affine.zero
            let own, other = Index.wideAxes source, Index.wideAxes shape

            for i in 0 .. own.Count - 1 do
                full[own[i]] <- axes[other[i]]

            next full
        | index ->
            let flat = Index.linear shape index

            if flat.Terms.Length > 0 && not (r.IsFlatSafe x) then
                asView r x |> ignore

            eval r x (At.flat at.Active flat)
    | MoveOp.Transpose permutation ->
        withAxes r v at (fun axes ->
            let source = Array.create axes.Length Affine.zero
            permutation |> Array.iteri (fun i axis -> source[axis] <- axes[i])
            next source)
    | MoveOp.Broadcast(_, along) ->
        if r.Count x = 1 then
            eval r x (At.element 0)
        elif
            r.Count x = r.Count v
            && (match at.Index with
                | Index.Flat _ -> true
                | Index.Axes _ -> false)
        then
            eval r x at
        else
            withAxes r v at (fun axes ->
                along
                |> Array.mapi (fun own axis -> if (r.Shape x)[own] = 1 then Affine.zero else axes[axis])
                |> next)
    | MoveOp.Slice(start, _, stride) ->
        withAxes r v at (fun axes ->
            axes |> Array.mapi (fun i a -> Affine.shift start[i] (Affine.scale stride[i] a)) |> next)
    | MoveOp.Reverse reversed ->
        withAxes r v at (fun axes ->
            axes
            |> Array.mapi (fun i a ->
                if Array.contains i reversed then
                    Affine.shift ((r.Shape v)[i] - 1) (Affine.scale -1 a)
                else
                    a)
            |> next)
    | MoveOp.Pad(low, _) -> withAxes r v at (pad r v x low at)
    | MoveOp.Concat axis -> withAxes r v at (concat r v eq axis at)

and private pad (r: Region) v x low (at: At) (axes: Affine[]) =
    let e = r.Emitter
    let shape = r.Shape x
    let source = axes |> Array.mapi (fun i a -> Affine.shift -low[i] a)
    let mutable inside = true
    let mutable outside = false

    for axis in 0 .. axes.Length - 1 do
        if shape[axis] <> (r.Shape v)[axis] then
            match staticRange source[axis] at.Active with
            | ValueSome(struct (first, last)) ->
                inside <- inside && first >= 0 && last < shape[axis]
                outside <- outside || last < 0 || first >= shape[axis]
            | ValueNone -> inside <- false

    if outside then e.Number(ElementType.ofDType (r.Type v).DType, 0.0)
    elif inside then eval r x (At.axes at.Active source)
    else packed r v at

and private concat (r: Region) v (eq: Equation) axis (at: At) (axes: Affine[]) =
    match staticRange axes[axis] at.Active with
    | ValueNone -> packed r v at
    | ValueSome(struct (first, last)) ->
        let mutable part = 0
        let mutable start = 0

        while first >= start + (r.Shape eq.Args[part])[axis] do
            start <- start + (r.Shape eq.Args[part])[axis]
            part <- part + 1

        if last < start + (r.Shape eq.Args[part])[axis] then
            eval r eq.Args[part] (At.axes at.Active (withAxis axes axis (Affine.shift -start axes[axis])))
        else
            packed r v at

and private take (r: Region) v (eq: Equation) axis (at: At) (axes: Affine[]) =
    let e = r.Emitter
    let x, indices = eq.Args[0], eq.Args[1]
    let width = (r.Shape indices).Rank
    let limit = (r.Shape x)[axis] - 1
    let own = Array.sub axes axis width
    let known = tryLiteral r indices
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
        let elem = ElementType.ofDType (r.Type v).DType
        let stride = view.Strides[axis]

        if (e.TypeOf index).Lanes = Lanes.One then
            let place = Affine.add place { Affine.counter index with Terms = [| struct (stride, index) |] }
            loadPlace r elem view place at.Active
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
        | ValueSome { Primitive = Primitive.Constant literal } -> ValueSome(wholeConstant r literal)
        | ValueSome({ Primitive = Primitive.Move op } as eq) when r.Role v = Role.Inline -> movedView r eq op
        | ValueSome({ Primitive = Primitive.Index(IndexOp.DynamicSlice _) } as eq) -> ValueSome(dynamicView r eq)
        | _ -> ValueNone

and private movedView (r: Region) (eq: Equation) op =
    let plain (view: View) = { view with Source = ValueNone }

    match op with
    | MoveOp.Concat _
    | MoveOp.Pad _ -> ValueNone
    | _ ->
        match tryView r eq.Args[0] with
        | ValueNone -> ValueNone
        | ValueSome view ->
            let shape = r.Shape eq.Args[0]

            match op with
            | MoveOp.Reshape target ->
                if View.isContiguous shape view then
                    ValueSome { plain view with Strides = Shape.strides target }
                elif Facts.isTrivialReshape shape target then
                    let strides = Array.zeroCreate target.Rank
                    let own, other = Index.wideAxes shape, Index.wideAxes target

                    for i in 0 .. own.Count - 1 do
                        strides[other[i]] <- view.Strides[own[i]]

                    ValueSome { plain view with Strides = strides }
                else
                    ValueNone
            | MoveOp.Transpose permutation ->
                ValueSome { plain view with Strides = Array.map (fun axis -> view.Strides[axis]) permutation }
            | MoveOp.Broadcast(target, along) ->
                let strides = Array.zeroCreate target.Rank

                along
                |> Array.iteri (fun own axis -> strides[axis] <- if shape[own] = 1 then 0 else view.Strides[own])

                ValueSome { plain view with Strides = strides }
            | MoveOp.Slice(start, _, stride) ->
                ValueSome
                    { plain view with
                        Offset = Affine.add view.Offset (Affine.dot view.Strides (Array.map Affine.constant start))
                        Strides = Array.map2 (*) view.Strides stride
                    }
            | MoveOp.Reverse axes ->
                let last = Array.init shape.Rank (fun i -> if Array.contains i axes then max 0 (shape[i] - 1) else 0)

                ValueSome
                    { plain view with
                        Offset = Affine.add view.Offset (Affine.dot view.Strides (Array.map Affine.constant last))
                        Strides = view.Strides |> Array.mapi (fun i s -> if Array.contains i axes then -s else s)
                    }
            | MoveOp.Pad _
            | MoveOp.Concat _ -> ValueNone

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
                match tryLiteral r start with
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
