// Control flow on trees: equal to Control on the flattened tensors, with derivatives; structures that change are named.
module Ppl.Core.Tests.TreeControlTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Trees

type private State = { Position: Tensor; Momentum: Tensor; Name: string }

let private vector (xs: float list) = Tensor.OfFloats(List.toArray xs)
let private start = { Position = Ops.scalar 1.0; Momentum = Ops.scalar 0.5; Name = "pendulum" }

let private fails id (action: unit -> 'T) =
    let error = Assert.Throws<PplException>(fun () -> action () |> ignore)
    Assert.Equal(id, error.Id)
    error.What

/// One step of a driven pendulum, in floats.
let private swing h (q: float, p: float) (force: float) =
    let p = p - h * sin q + force
    q + h * p, p

let private step h (s: State) (force: Tensor) =
    let momentum = s.Momentum - h * Ops.sin s.Position + force
    let next = { s with Position = s.Position + h * momentum; Momentum = momentum }
    next, struct (next.Position, next.Momentum)

let private forces = [ 0.1; -0.2; 0.3; 0.0 ]

[<Fact>]
let ``a scan over records folds its step`` () =
    let last, struct (positions, momenta) = TreeControl.scan (step (Ops.scalar 0.1)) start (vector forces)
    let path = forces |> List.scan (swing 0.1) (1.0, 0.5) |> List.tail
    Assert.Equal<float>(List.map fst path, positions.ToFloats())
    Assert.Equal<float>(List.map snd path, momenta.ToFloats())
    Assert.Equal(fst (List.last path), last.Position.ToFloat())
    Assert.Equal("pendulum", last.Name)

[<Fact>]
let ``a scan from the back is a scan of the reversed sequence`` () =
    let last, struct (positions, _) = TreeControl.scanBack (step (Ops.scalar 0.1)) start (vector forces)
    let path = List.rev forces |> List.scan (swing 0.1) (1.0, 0.5) |> List.tail
    Assert.Equal<float>(path |> List.map fst |> List.rev, positions.ToFloats())
    Assert.Equal(snd (List.last path), last.Momentum.ToFloat())

[<Fact>]
let ``a fixed number of steps needs no sequence`` () =
    let last, all = TreeControl.repeat 4 (fun s -> step (Ops.scalar 0.1) s (Ops.scalar 0.0)) start
    let struct (positions, _) = all
    Assert.Equal(4, positions.Shape[0])
    Assert.Equal(last.Position.ToFloat(), (positions.ToFloats())[3])

let private energy run (h: Tensor, start: State) =
    let last, struct (positions, _) = run (step h) start (vector forces)
    Ops.sum (Ops.square positions) + last.Momentum

[<Fact>]
let ``derivatives pass scans over records, checkpointed or not`` () =
    let at = Ops.scalar 0.1, start
    let gradient = OnTrees.grad (energy TreeControl.scan) at
    let again = OnTrees.grad (energy TreeControl.scanCheckpointed) at
    let floats tree = Tree.leaves tree |> Array.collect _.ToFloats()
    Array.iter2 (fun (a: float) b -> Assert.Equal(a, b, 12)) (floats gradient) (floats again)
    let tangent = Ops.scalar 1.0, { start with Position = Ops.scalar 2.0; Momentum = Ops.scalar -1.0 }
    let _, forward = OnTrees.jvp (energy TreeControl.scan) at tangent
    let inner = Array.map2 (*) (floats gradient) (floats tangent) |> Array.sum
    Assert.Equal(forward.ToFloat(), inner, 12)

[<Fact>]
let ``a loop of unknown length keeps its record`` () =
    let halve s = { s with Position = s.Position / 2.0 }
    let last = TreeControl.whileLoop (fun s -> Ops.greater s.Position (Ops.scalar 0.2)) halve start
    Assert.Equal(0.125, last.Position.ToFloat())
    Assert.Equal(0.5, last.Momentum.ToFloat())

[<Fact>]
let ``a branch gives the record of the chosen side, concrete or traced`` () =
    let choose condition =
        TreeControl.cond condition (fun () -> start) (fun () -> { start with Position = start.Position * 3.0 })

    Assert.Equal(3.0, (choose (Tensor.OfBool false)).Position.ToFloat())

    let program = Trace.program [| TensorType.scalar DType.Bool |] (fun xs -> Tree.leaves (choose xs[0]))
    let run (flag: bool) = Trace.replay program [| Tensor.OfBool flag |] |> Array.head |> _.ToFloat()
    Assert.Equal(1.0, run true)
    Assert.Equal(3.0, run false)

[<Fact>]
let ``a map over records is the stack of its values, as vmap says`` () =
    let f (p: {| A: Tensor; B: Tensor |}) = {| Sum = p.A + Ops.sum p.B; Twice = 2.0 * p.B |}
    let batch = {| A = vector [ 1.0; 2.0 ]; B = Tensor.OfMatrix(array2D [ [ 3.0; 4.0 ]; [ 5.0; 6.0 ] ]) |}
    let mapped, lanes = TreeControl.map f batch, OnTrees.vmap f batch
    Assert.Equal<float>([| 8.0; 13.0 |], mapped.Sum.ToFloats())
    Assert.Equal<float>(lanes.Twice.ToFloats(), mapped.Twice.ToFloats())

[<Fact>]
let ``a checkpoint changes no value and no derivative`` () =
    let f (s: State) = Ops.exp (s.Position * s.Momentum)
    let plain, kept = OnTrees.valueAndGrad f start, OnTrees.valueAndGrad (TreeControl.checkpoint f) start
    Assert.Equal((fst plain).ToFloat(), (fst kept).ToFloat())
    Assert.Equal((snd plain).Momentum.ToFloat(), (snd kept).Momentum.ToFloat())

[<Fact>]
let ``a derivative by hand is used as given`` () =
    let f (s: State) = {| Out = s.Position * s.Momentum |}
    let backward (s: State) _ (c: {| Out: Tensor |}) = { s with Position = 10.0 * c.Out; Momentum = 20.0 * c.Out }
    let gradient = OnTrees.grad (fun s -> (TreeControl.customGrad f backward s).Out) start
    Assert.Equal(10.0, gradient.Position.ToFloat())
    Assert.Equal(20.0, gradient.Momentum.ToFloat())

[<Fact>]
let ``fixed points and roots are differentiable in records`` () =
    // y = theta.A cos y + theta.B; dy/dB = 1 / (1 + A sin y)
    let g (p: {| A: Tensor; B: Tensor |}) y = p.A * Ops.cos y + p.B
    let at = {| A = Ops.scalar 0.5; B = Ops.scalar 0.2 |}
    let solve p = TreeControl.fixedPoint IterationOptions.Default g (Ops.scalar 0.0) p
    let value, gradient = OnTrees.valueAndGrad solve at
    let y = value.ToFloat()
    Assert.Equal(0.5 * cos y + 0.2, y, 11)
    Assert.Equal(1.0 / (1.0 + 0.5 * sin y), gradient.B.ToFloat(), 10)
    let root p = TreeControl.solve IterationOptions.Default (fun p y -> g p y - y) (Ops.scalar 0.0) p
    Assert.Equal(y, (root at).ToFloat(), 11)

[<Fact>]
let ``states and branches that change their structure are named`` () =
    let grows (s: {| X: Tensor |}) _ = {| X = Ops.stack [| s.X; s.X |] |}, s.X

    let what =
        fails "PPL5501" (fun () -> TreeControl.scan grows {| X = Ops.scalar 1.0 |} (vector [ 1.0; 2.0 ]))

    Assert.Contains("the state after a step", what)
    Assert.Contains("X", what)
    let renames (s: State) = { s with Name = s.Name + "!" }

    fails "PPL5501" (fun () -> TreeControl.whileLoop (fun s -> Ops.less s.Position (Ops.scalar 0.0)) renames start)
    |> ignore

    fails "PPL5501" (fun () ->
        Trace.program [| TensorType.scalar DType.Bool |] (fun xs ->
            let some, none = (fun () -> Some start.Position), (fun () -> None)
            TreeControl.cond xs[0] some none |> Option.toArray))
    |> ignore

    fails "PPL5008" (fun () -> TreeControl.scan (fun (s: Tensor) () -> s, s) (Ops.scalar 1.0) ())
    |> ignore

    fails "PPL5001" (fun () -> TreeControl.scan (fun (s: Tensor) (x: Tensor) -> s, x) (Ops.scalar 1.0) (Ops.scalar 1.0))
    |> ignore

// ---- vectors and Jacobians of trees

[<Fact>]
let ``ravel and back is the identity`` () =
    let tree =
        {|
            A = Tensor.OfMatrix(array2D [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ])
            B = [ Ops.scalar 5.0 ]
            C = "kept"
        |}

    let flat, back = Tree.ravel tree
    Assert.Equal<float>([| 1.0; 2.0; 3.0; 4.0; 5.0 |], flat.ToFloats())
    let again = back (flat * 2.0)
    Assert.Equal<float>([| 2.0; 4.0; 6.0; 8.0 |], again.A.ToFloats())
    Assert.Equal(10.0, again.B[0].ToFloat())
    Assert.Equal("kept", again.C)
    fails "PPL5001" (fun () -> back (vector [ 1.0 ])) |> ignore
    Assert.Equal(0, (fst (Tree.ravel "nothing")).Shape.Count)

[<Fact>]
let ``the Jacobian by a record is a record of Jacobians`` () =
    let f (p: {| X: Tensor; Y: Tensor |}) = p.X * p.Y
    let at = {| X = vector [ 2.0; 3.0 ]; Y = Ops.scalar 5.0 |}
    let jacobian = OnTrees.jacobian f at
    Assert.Equal<int>([| 2; 2 |], jacobian.X.Shape.ToArray())
    Assert.Equal<float>([| 5.0; 0.0; 0.0; 5.0 |], jacobian.X.ToFloats())
    Assert.Equal<float>([| 2.0; 3.0 |], jacobian.Y.ToFloats())
    fails "PPL5002" (fun () -> OnTrees.jacobian (fun (x: Tensor) -> x) (Tensor.OfInt 1)) |> ignore
