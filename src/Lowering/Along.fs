// Work along one axis: running sums, products, ... as sequential loops, the search for an extreme, and sorts, which are
// kernels on dense rows. Relies on Opaque. Read Control next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Along

open System
open Ppl.Core
open Ppl.Core.Ir

/// The shape of all lines along an axis, and whether the loop over the innermost of them goes in lanes.
let private acrossLines (shape: Shape) axis =
    let others = Shape.ofArray (shape.ToArray() |> Array.mapi (fun i n -> if i = axis then 1 else n))
    let wide = Index.wideAxes others
    let inLanes = wide.Count > 0 && wide[wide.Count - 1] > axis && shape[wide[wide.Count - 1]] >= 4
    struct (others, inLanes)

// ---- running operations

/// The variables of a running operation before its first element.
let private start (e: Emitter) elem op lanes =
    let variable first =
        let variable = e.NewVariable elem lanes
        e.Do(Stmt.Set(variable, (if lanes = Lanes.Eight then e.Wide first else first)))
        variable

    match op with
    | CumulateOp.Sum -> [| variable (Fold.identity e elem ReduceOp.Sum) |]
    | CumulateOp.Prod -> [| variable (Fold.identity e elem ReduceOp.Prod) |]
    | CumulateOp.Max -> [| variable (Fold.identity e elem ReduceOp.Max) |]
    | CumulateOp.Min -> [| variable (Fold.identity e elem ReduceOp.Min) |]
    // The largest so far, and the sum of e^(x - largest).
    | CumulateOp.LogSumExp -> [| variable (e.Real -infinity); variable (e.Real 0.0) |]

/// Takes one more element; the value to show. The operations and their order are those of the reference evaluator.
let private advance (e: Emitter) op (state: Variable[]) item =
    let here = e.Depth
    let binary op a b = e.Binary(here, op, a, b)
    let unary op a = e.Unary(here, Elem.Real, op, a)
    let last = e.Get state[0]

    match Fold.tryRunning op with
    | ValueSome running ->
        let next = binary running last item
        e.Do(Stmt.Set(state[0], next))
        next
    | ValueNone ->
        let total = e.Get state[1]
        let apart = unary UnaryOp.Abs (binary BinaryOp.Sub last item)
        // Equal infinities differ by nothing here.
        let distance = e.Select(here, e.Compare(here, CompareOp.Eq, last, item), e.Real 0.0, apart)
        let shrink = unary UnaryOp.Exp (unary UnaryOp.Neg distance)
        let shrunk = binary BinaryOp.Add (binary BinaryOp.Mul total shrink) (e.Real 1.0)
        let isAbove = e.Compare(here, CompareOp.Gt, item, last)
        let sum = e.Select(here, isAbove, shrunk, binary BinaryOp.Add total shrink)
        let top = binary BinaryOp.Max last item
        e.Do(Stmt.Set(state[0], top))
        e.Do(Stmt.Set(state[1], sum))
        binary BinaryOp.Add top (unary UnaryOp.Log sum)

let private cumulate (r: Region) (eq: Equation) op axis reverse =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape v
    let target = Places.allocate r v
    let struct (others, inLanes) = acrossLines shape axis

    Places.overElements e others inLanes (fun axes active ->
        let state = start e (Places.elem r v) op (if inLanes then Lanes.Eight else Lanes.One)
        let counter = e.Counter()
        e.Open()

        let along =
            if reverse then
                Affine.shift (shape[axis] - 1) (Affine.scale -1 (Affine.counter counter))
            else
                Affine.counter counter

        let position = Index.withAxis axes axis along
        let item = Pull.eval r eq.Args[0] (At.axes active position)
        let shown = advance e op state (if inLanes then e.Wide item else item)
        let place = Affine.add target.Offset (Affine.dot target.Strides position)
        let count = if inLanes then active else 1
        e.Store(e.Depth, View.address target.Buffer place, max 1 place.Lane, count, shown)
        let block = e.Close()
        e.Do(Stmt.For(counter, 0, shape[axis], 1, block)))

    r.Views[v] <- ValueSome target

// ---- extremes

/// Whether an item is further out than the best so far, NaN being furthest.
let private isBetter (e: Emitter) op item best =
    let here = e.Depth

    match (e.TypeOf item).Elem with
    | Elem.Real ->
        let isBehind = e.Compare(here, (if op = ReduceOp.Max then CompareOp.Le else CompareOp.Ge), item, best)
        let isOpen = e.Compare(here, CompareOp.Eq, best, best)
        e.Binary(here, BinaryOp.And, e.Unary(here, Elem.Mask, UnaryOp.Not, isBehind), isOpen)
    | _ -> e.Compare(here, (if op = ReduceOp.Max then CompareOp.Gt else CompareOp.Lt), item, best)

/// The index of the first extreme of a line, or of eight lines at once.
let private extremeOfLines (r: Region) (eq: Equation) op axis inLanes (axes: Affine[]) active : Value =
    let e = r.Emitter
    let x = eq.Args[0]
    let shape = r.Shape x
    let lanes = if inLanes then Lanes.Eight else Lanes.One
    let wide value = if inLanes then e.Wide value else value
    let at along = wide (Pull.eval r x (At.axes active (Index.withAxis axes axis along)))
    let best = e.NewVariable (Places.elem r x) lanes
    let index = e.NewVariable Elem.Int lanes
    e.Do(Stmt.Set(best, at Affine.zero))
    e.Do(Stmt.Set(index, wide (e.Int 0)))
    let domain: Nest.Domain = { Extents = [| shape[axis] |]; Parallel = 0; Vector = -1 }

    Nest.loop e domain 0 1 (fun along _ _ ->
        let item, so = at along, e.Get best
        let better = isBetter e op item so
        e.Do(Stmt.Set(best, e.Select(e.Depth, better, item, so)))
        let place = wide (Pull.coordinate r Elem.Int along)
        e.Do(Stmt.Set(index, e.Select(e.Depth, better, place, e.Get index))))

    e.Get index

/// The index of the first extreme of one line, eight elements at a time: the best of each lane, then the first of those.
let private extremeInLanes (r: Region) (eq: Equation) op axis (axes: Affine[]) : Value =
    let e = r.Emitter
    let x = eq.Args[0]
    let shape = r.Shape x
    let at along active = e.Wide(Pull.eval r x (At.axes active (Index.withAxis axes axis along)))
    let best = e.NewVariable (Places.elem r x) Lanes.Eight
    let index = e.NewVariable Elem.Int Lanes.Eight
    e.Do(Stmt.Set(best, at Affine.zero 8))
    e.Do(Stmt.Set(index, e.Wide(e.Int 0)))

    Nest.loop e (Nest.flat shape[axis]) 0 1 (fun along active _ ->
        let item, so = at along active, e.Get best
        let better = isBetter e op item so
        let better = if active < 8 then e.Binary(e.Depth, BinaryOp.And, better, e.LaneMask active) else better
        e.Do(Stmt.Set(best, e.Select(e.Depth, better, item, so)))
        let place = e.Wide(Pull.coordinate r Elem.Int along)
        e.Do(Stmt.Set(index, e.Select(e.Depth, better, place, e.Get index))))

    let here = e.Depth
    let ends = e.Get best
    let top = e.Wide(e.Let(here, (e.TypeOf ends).Elem, Lanes.One, Op.ReduceLanes(op, ends)))
    // NaN is not equal to itself, but if the extreme is NaN, every lane that has one is as good.
    let isTop = e.Unary(here, Elem.Mask, UnaryOp.Not, isBetter e op top ends)
    let places = e.Select(here, isTop, e.Get index, e.Int Int32.MaxValue)
    e.Let(here, Elem.Int, Lanes.One, Op.ReduceLanes(ReduceOp.Min, places))

let private extreme (r: Region) (eq: Equation) op axis =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape eq.Args[0]
    let target = Places.allocate r v
    let struct (others, inLanes) = acrossLines shape axis

    Places.overElements e others inLanes (fun axes active ->
        let index =
            if not inLanes && shape[axis] >= 16 then
                extremeInLanes r eq op axis axes
            else
                extremeOfLines r eq op axis inLanes axes active

        let position = Array.append axes[.. axis - 1] axes[axis + 1 ..]
        let place = Affine.add target.Offset (Affine.dot target.Strides position)
        let lanes = if inLanes then active else 1
        e.Store(e.Depth, View.address target.Buffer place, max 1 place.Lane, lanes, index))

    r.Views[v] <- ValueSome target

// ---- sorts and searches

let private addressOf (view: View) = View.address view.Buffer view.Offset

let private otherAxes (shape: Shape) axis = Facts.freeAxes shape.Rank [| axis |] [||]

/// The lines along an axis as dense rows, copied if need be.
let private asRows (r: Region) v axis =
    let struct (rows, _) = Places.asMatrices r v (otherAxes (r.Shape v) axis) [||] [| axis |]
    rows

/// Copies what lies with its axes in another order into row-major memory.
let private copyInOrder (r: Region) elem (shape: Shape) (source: View) (target: View) =
    let e = r.Emitter
    let wide = Index.wideAxes shape
    let inLanes = shape[wide[wide.Count - 1]] >= 4

    Places.overElements e shape inLanes (fun axes active ->
        let value =
            Loads.fromView r elem source (Affine.add source.Offset (Affine.dot source.Strides axes)) active

        let place = Affine.add target.Offset (Affine.dot target.Strides axes)
        e.Store(e.Depth, View.address target.Buffer place, 1, (if inLanes then active else 1), value))

/// The result of a kernel that treats the lines along an axis as dense rows.
let private onRows (r: Region) (eq: Equation) axis (kernel: Address -> Address -> Elem -> int -> int -> Kernel) =
    let e = r.Emitter
    let v, x = eq.Outs[0], eq.Args[0]
    let shape, elem = r.Shape v, Places.elem r v
    let source = asRows r x axis
    let target = Places.allocate r v
    let order = Array.append (otherAxes shape axis) [| axis |]
    let strides = Places.denseStrides shape order
    let isInOrder = View.isContiguous shape { target with Strides = strides }
    let rows = if isInOrder then target else View.whole (e.Scratch elem (r.Count v)) shape r.Depth

    if shape.Count > 0 then
        let n = shape[axis]
        e.Do(Stmt.Call(kernel (addressOf rows) (addressOf source) (Places.elem r x) (shape.Count / n) n))

        if not isInOrder then
            copyInOrder r elem shape { rows with Strides = strides } target

    r.Views[v] <- ValueSome target

let private search (r: Region) (eq: Equation) right =
    let v = eq.Outs[0]
    let shape = r.Shape v
    let sorted, values = Places.dense r eq.Args[0], Places.dense r eq.Args[1]
    let target = Places.allocate r v

    if shape.Count > 0 then
        let n, m = (r.Shape eq.Args[0])[shape.Rank - 1], shape[shape.Rank - 1]
        let elem, rows = Places.elem r eq.Args[0], shape.Count / m

        Kernel.Search(addressOf target, addressOf sorted, addressOf values, elem, rows, n, m, right)
        |> Stmt.Call
        |> r.Emitter.Do

    r.Views[v] <- ValueSome target

/// Emits the equation at the depth of the region.
let emit (r: Region) (eq: Equation) =
    r.Emitter.Within(
        r.Depth,
        fun () ->
            match eq.Primitive with
            | Primitive.Cumulate(op, axis, reverse) -> cumulate r eq op axis reverse
            | Primitive.Order(OrderOp.Sort axis) ->
                onRows r eq axis (fun into from elem rows n -> Kernel.Sort(into, from, elem, rows, n))
            | Primitive.Order(OrderOp.ArgSort axis) ->
                onRows r eq axis (fun into from elem rows n -> Kernel.ArgSort(into, from, elem, rows, n))
            | Primitive.Order(OrderOp.ArgMax axis) -> extreme r eq ReduceOp.Max axis
            | Primitive.Order(OrderOp.ArgMin axis) -> extreme r eq ReduceOp.Min axis
            | Primitive.Order(OrderOp.SearchSorted right) -> search r eq right
            | primitive -> Errors.bug "Along" $"{Primitive.name primitive} does not work along an axis"
    )
