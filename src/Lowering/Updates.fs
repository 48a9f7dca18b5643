// Indexed updates: scattered sums and replaced blocks, in the memory of the argument where nobody reads it afterwards.
// Relies on Places. Read Matrices next.
[<RequireQualifiedAccess>]
module internal Ppl.Lowering.Updates

open Ppl.Core
open Ppl.Core.Ir

/// Whether every index is known and legal.
let private areLegal (r: Region) indices limit =
    match Loads.tryLiteral r indices with
    | ValueSome literal -> Array.forall (fun i -> i >= 0 && i <= limit) (Literal.ints literal)
    | ValueNone -> false

/// target[.., index, ..] += update at one position of the update.
let private addOne (r: Region) (eq: Equation) axis legal (target: View) (axes: Affine[]) active =
    let e = r.Emitter
    let indices, update = eq.Args[1], eq.Args[2]
    let width = (r.Shape indices).Rank
    let index = Pull.eval r indices (At.axes active (Array.sub axes axis width))
    let index = if legal then index else e.Clamp(index, (r.Shape eq.Args[0])[axis] - 1)
    let around = Array.concat [ axes[.. axis - 1]; [| Affine.zero |]; axes[axis + width ..] ]
    let place = Affine.add target.Offset (Affine.dot target.Strides around)
    let place = Affine.add place (Affine.scale target.Strides[axis] (Affine.counter index))
    let address = View.address target.Buffer place
    let lanes = if place.Lane = 0 then Lanes.One else Lanes.Eight
    let old = e.Let(e.Depth, Places.elem r update, lanes, Op.Load(address, max 1 place.Lane))
    let sum = e.Binary(e.Depth, BinaryOp.Add, old, Pull.eval r update (At.axes active axes))
    e.Store(e.Depth, address, max 1 place.Lane, (if place.Lane = 0 then 1 else active), sum)

/// Independent copies of the target of a long scatter, so that a sum does not wait for the store just before it.
let private scatterCopies = 4

/// Whether the update is one long run of scalars and the target is short beside it.
let private isLongScatter (r: Region) (eq: Equation) =
    let n = r.Count eq.Args[2]
    (r.Shape eq.Args[0]).Rank = 1 && n >= 64 && r.Count eq.Args[0] * scatterCopies <= 2 * n

let private longScatter (r: Region) (eq: Equation) legal =
    let e = r.Emitter
    let v = eq.Outs[0]
    let shape = r.Shape v
    let size = (r.Count v + 7) / 8 * 8
    let wide = Index.wideAxes (r.Shape eq.Args[2])
    let memory = e.Scratch (Places.elem r v) (size * scatterCopies)
    let copy i = { View.whole memory shape r.Depth with Offset = Affine.constant (i * size) }
    Nest.store r eq.Args[0] (copy 0)
    Nest.zeroFill r (Places.elem r v) memory (Affine.constant size) (size * (scatterCopies - 1))

    let add i (position: Affine) =
        let axes = Array.create (r.Shape eq.Args[2]).Rank Affine.zero
        axes[wide[0]] <- position
        addOne r eq 0 legal (copy i) axes 8

    let n = r.Count eq.Args[2]
    let counter = e.Counter()
    e.Open()

    for i in 0 .. scatterCopies - 1 do
        add i (Affine.shift i (Affine.counter counter))

    let whole = n / scatterCopies * scatterCopies
    let block = e.Close()
    e.Do(Stmt.For(counter, 0, whole, scatterCopies, block))

    for i in whole .. n - 1 do
        add (i - whole) (Affine.constant i)

    let target = Places.allocate r v

    let load i (a: Affine) =
        let address = View.address memory (Affine.shift (i * size) { a with Lane = 0 })
        e.Let(e.Depth, Places.elem r v, Lanes.Eight, Op.Load(address, 1))

    Nest.loop e (Nest.flat (r.Count v)) 0 1 (fun a active _ ->
        let sum x y = e.Binary(e.Depth, BinaryOp.Add, x, y)
        let total = sum (sum (load 0 a) (load 2 a)) (sum (load 1 a) (load 3 a))
        let place = Affine.add target.Offset { a with Lane = 0 }
        e.Store(e.Depth, View.address target.Buffer place, 1, active, total))

    target

/// The statements of a scattered sum.
let scatterAdd (r: Region) (eq: Equation) axis =
    let e = r.Emitter
    let v = eq.Outs[0]
    let indices, update = eq.Args[1], eq.Args[2]
    let width = (r.Shape indices).Rank
    let shape = r.Shape update
    let wide = Index.wideAxes shape
    let legal = areLegal r indices ((r.Shape v)[axis] - 1)

    if wide.Count = 1 && isLongScatter r eq then
        r.Views[v] <- ValueSome(longScatter r eq legal)
    else
        let target = Places.updatable r eq.Args[0] v

        let inLanes =
            wide.Count > 0
            && (let last = wide[wide.Count - 1]
                last >= axis + width && shape[last] >= 4)

        Places.overElements e shape inLanes (addOne r eq axis legal target)
        r.Views[v] <- ValueSome target

/// The statements of a replaced block.
let dynamicUpdate (r: Region) (eq: Equation) =
    let v = eq.Outs[0]
    let block = eq.Args[1]
    let target = Places.updatable r eq.Args[0] v
    let place = Pull.startPlace r eq 2 (r.Shape block) target
    Nest.store r block { target with Offset = Affine.add target.Offset place }
    r.Views[v] <- ValueSome target
