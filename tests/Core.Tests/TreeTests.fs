// Trees of tensors: taking apart and putting together is the identity for every kind of value, paths name what the user wrote,
// differences are said with both sides, derivatives of functions of trees are those of the flattened functions, and compiled
// functions trace once per structure.
module Ppl.Core.Tests.TreeTests

open System
open System.Collections.Generic
open System.Collections.Immutable
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Core.Trees

type Activation =
    | Identity
    | Scaled of by: Tensor
    | Mixed of Tensor * float

type Dense = { Weight: Tensor; Bias: Tensor option }

type Encoder = { Layers: Dense[]; Scale: struct (Tensor * int); Activation: Activation }

type Net =
    {
        Encoder: Encoder
        Tables: Map<string, Tensor>
        Heads: int
        Rates: float list
        Norm: (Tensor -> Tensor)
    }

let private vector (xs: float list) = Tensor.OfFloats(List.toArray xs)

let private dense k = { Weight = vector [ k; k + 1.0 ]; Bias = Some(Ops.scalar (10.0 * k)) }

let private norm = Ops.square >> Ops.sum

let private net =
    {
        Encoder =
            {
                Layers = [| dense 1.0; { dense 2.0 with Bias = None } |]
                Scale = struct (Ops.scalar 3.0, 7)
                Activation = Scaled(by = Ops.scalar 4.0)
            }
        Tables = Map [ "b", vector [ 5.0 ]; "a", vector [ 6.0 ] ]
        Heads = 8
        Rates = [ 0.1; nan ]
        Norm = norm
    }

let private floats (tensors: Tensor[]) = tensors |> Array.collect _.ToFloats()

let private fails id (action: unit -> unit) =
    let error = Assert.Throws<PplException>(action)
    Assert.Equal(id, error.Id)
    error.What

// ---- taking apart and putting together

[<Fact>]
let ``paths are what the user wrote, in order`` () =
    let expected =
        [|
            "Encoder.Layers[0].Weight"
            "Encoder.Layers[0].Bias"
            "Encoder.Layers[1].Weight"
            "Encoder.Scale.Item1"
            "Encoder.Activation.by"
            "Tables[\"a\"]"
            "Tables[\"b\"]"
        |]

    Assert.Equal<string>(expected, Tree.paths net)
    Assert.Equal<float>([| 1.0; 2.0; 10.0; 2.0; 3.0; 3.0; 4.0; 6.0; 5.0 |], floats (Tree.leaves net))

[<Fact>]
let ``unflatten is the inverse of flatten`` () =
    let leaves, structure = Tree.flatten net
    let again: Net = Tree.unflatten structure leaves
    let leaves2, structure2 = Tree.flatten again
    Assert.Equal(structure, structure2)
    Assert.Equal(structure.GetHashCode(), structure2.GetHashCode())
    Array.iter2 (fun (x: Tensor) y -> Assert.Same(x, y)) leaves leaves2
    Assert.Equal(8, again.Heads)
    Assert.True(Double.IsNaN again.Rates[1])
    let struct (_, seven) = again.Encoder.Scale
    Assert.Equal(7, seven)

let private roundTrip (tree: 'T) (count: int) =
    let leaves, structure = Tree.flatten tree
    Assert.Equal(count, leaves.Length)
    Assert.Equal(count, structure.LeafCount)
    Assert.Equal(count, Set.count (set structure.Paths))
    let again: 'T = Tree.unflatten structure leaves
    Assert.Equal(structure, Tree.structure again)
    Assert.Equal((Unchecked.nonNull (box tree)).GetType(), (Unchecked.nonNull (box again)).GetType())

[<Fact>]
let ``every kind of collection comes back as it was`` () =
    let x = vector [ 1.0 ]
    let pairs = [ KeyValuePair("q", x); KeyValuePair("p", x) ]
    roundTrip x 1
    roundTrip [| x; x |] 2
    roundTrip [ x; x; x ] 3
    roundTrip (x, 1, "text", [ x ]) 2
    roundTrip (Some(Some x)) 1
    roundTrip (ValueSome x) 1
    roundTrip (Ok x: Result<Tensor, string>) 1
    roundTrip (Mixed(x, 2.0)) 1
    roundTrip (List<Tensor> [ x; x ]) 2
    roundTrip (ImmutableArray.Create(x, x)) 2
    roundTrip (ImmutableArray<Tensor>()) 0
    roundTrip (ImmutableList.Create(x, x)) 2
    roundTrip (Map [ 2, x; 1, x ]) 2
    roundTrip (Dictionary pairs) 2
    roundTrip (SortedDictionary(Dictionary pairs)) 2
    roundTrip (ImmutableDictionary.CreateRange pairs) 2
    roundTrip (ImmutableSortedDictionary.CreateRange pairs) 2
    roundTrip (Collections.Frozen.FrozenDictionary.ToFrozenDictionary pairs) 2
    roundTrip (Collections.ObjectModel.ReadOnlyDictionary(Dictionary pairs)) 2
    roundTrip (Collections.ObjectModel.ReadOnlyCollection [| x |]) 1
    roundTrip {| W = x; N = 3 |} 1

[<Fact>]
let ``a dictionary keeps its comparer and forgets the order of insertion`` () =
    let make (keys: string list) =
        let d = Dictionary<string, Tensor>(StringComparer.OrdinalIgnoreCase)
        keys |> List.iteri (fun i key -> d[key] <- Ops.scalar (float i))
        d

    let first, second = make [ "a"; "b" ], make [ "b"; "a" ]
    Assert.Equal(Tree.structure first, Tree.structure second)
    let total = Tree.map2 Ops.add first second
    Assert.Equal(1.0, total["A"].ToFloat())
    Assert.Equal(1.0, total["B"].ToFloat())

[<Fact>]
let ``fixed values are copied, so that a structure never changes`` () =
    let counts = [| 1; 2 |]
    let structure = Tree.structure (counts, vector [])
    counts[0] <- 9
    Assert.Equal(Tree.structure ([| 1; 2 |], vector []), structure)

[<Fact>]
let ``random trees come back and map2 meets every tensor once`` () =
    let rec grow (rng: Random) depth : objnull =
        match rng.Next(if depth = 0 then 2 else 7) with
        | 0 -> Tensor.OfFloats(Array.init (rng.Next 3) (fun _ -> rng.NextDouble()))
        | 1 -> box (rng.Next 3)
        | 2 -> box (Array.init (rng.Next 4) (fun _ -> grow rng (depth - 1)))
        | 3 -> box (List.init (rng.Next 4) (fun _ -> grow rng (depth - 1)))
        | 4 -> box (grow rng (depth - 1), grow rng (depth - 1))
        | 5 -> box (Map(List.init (rng.Next 4) (fun i -> $"k{i}", grow rng (depth - 1))))
        | _ -> box (Some(grow rng (depth - 1)))

    for seed in 1..300 do
        let tree = grow (Random seed) 4
        let leaves, structure = Tree.flatten tree
        let again: objnull = Tree.unflatten structure leaves
        Assert.Equal(structure, Tree.structure again)
        let doubled = Tree.map2 Ops.add tree again |> Tree.leaves
        Assert.Equal<float>(floats leaves |> Array.map (fun x -> x + x), floats doubled)
        Assert.Equal(structure.Paths.Length, Set.count (set structure.Paths))

// ---- differences and refusals

[<Fact>]
let ``the first difference is named with its path and both sides`` () =
    let differ (other: Net) = fails "PPL5501" (fun () -> Tree.map2 Ops.add net other |> ignore)
    let layers change = { net with Encoder = { net.Encoder with Layers = change net.Encoder.Layers } }

    Assert.Contains("at Heads: Int32 8 in the first, Int32 9 in the second", differ { net with Heads = 9 })
    let missing = differ (layers (Array.map (fun layer -> { layer with Bias = None })))
    Assert.Contains("at Encoder.Layers[0].Bias: FSharpOption<Tensor>.Some { a tensor f64[] } in the first", missing)
    Assert.Contains("nothing (null) in the second", missing)
    Assert.Contains("at Encoder.Layers: Dense[] of 2", differ (layers (Array.take 1)))
    let tables = Map [ "a", vector [ 1.0 ]; "c", vector [ 2.0 ] ]
    Assert.Contains("at Tables", differ { net with Tables = tables })
    Assert.Contains("at Rates[0]: Double 0.1 in the first, Double -0.1", differ { net with Rates = [ -0.1; nan ] })
    Assert.Contains("at Norm", differ { net with Norm = id })
    let activation = { net with Encoder = { net.Encoder with Activation = Identity } }
    Assert.Contains("at Encoder.Activation: Activation.Scaled", differ activation)

[<Fact>]
let ``different shapes are named with both types`` () =
    let other = { net with Tables = net.Tables.Add("b", vector [ 1.0; 2.0 ]) }
    let message = fails "PPL5501" (fun () -> Tree.requireSame "update" net other)
    Assert.Contains("update: the trees differ at Tables[\"b\"]: f64[1] in the first, f64[2] in the second", message)
    let tangent () = OnTrees.jvp (fun (n: Net) -> n.Encoder.Layers[0].Weight) net other |> ignore
    Assert.Contains("at Tables[\"b\"]", fails "PPL5501" tangent)

[<Fact>]
let ``zero and minus zero are different fixed values`` () =
    Assert.NotEqual(Tree.structure (0.0, 1), Tree.structure (-0.0, 1))
    Assert.Equal(Tree.structure nan, Tree.structure nan)

type Hidden(weight: Tensor) =
    let twice = weight + weight
    member _.Twice = twice

[<Fact>]
let ``what cannot be rebuilt is refused with its path`` () =
    let refuse (tree: objnull) = fails "PPL5502" (fun () -> Tree.flatten tree |> ignore)
    Assert.Contains("type Hidden at [1]", refuse [| box 1; box (Hidden(vector [])) |])
    Assert.Contains("array", refuse (Array2D.create 1 1 (vector [])))
    Assert.Contains("collection", refuse (HashSet [ 1 ], HashSet<Tensor>() |> box |> Array.singleton))
    let endless: obj[] = [| 1 |]
    endless[0] <- endless
    Assert.Contains("contains itself", refuse endless)

[<Fact>]
let ``a wrong number of tensors is an argument error`` () =
    let structure = Tree.structure net
    fails "PPL5008" (fun () -> (Tree.unflatten structure [||]: Net) |> ignore) |> ignore
    fails "PPL5502" (fun () -> (Tree.unflatten (Tree.structure 1) [||]: string) |> ignore) |> ignore

// ---- derivatives

let private apply (net: Net) (x: Tensor) =
    let struct (scale, k) = net.Encoder.Scale

    let layer (x: Tensor) (layer: Dense) =
        let y = Ops.tanh (x * layer.Weight)

        match layer.Bias with
        | Some bias -> y + bias
        | None -> y

    let hidden = net.Encoder.Layers |> Array.fold layer x

    match net.Encoder.Activation with
    | Identity -> hidden
    | Scaled by -> by * hidden * scale * float k
    | Mixed(by, f) -> by * hidden * f
    |> fun y -> y + net.Tables["a"] * net.Tables["b"]

let private loss x net = net.Norm(apply net x)

[<Fact>]
let ``the gradient of a function of a record is such a record, equal to that of the flattened function`` () =
    let x = vector [ 0.3; -0.2 ]
    let leaves, structure = Tree.flatten net
    let value, gradient = OnTrees.valueAndGrad (loss x) net

    let flatValue, flatGradient =
        Grad.valueAndGradMany (fun xs -> loss x (Tree.unflatten structure xs)) leaves

    Assert.Equal(flatValue.ToFloat(), value.ToFloat())
    Assert.Equal<float>(floats flatGradient, floats (Tree.leaves gradient))
    Assert.Equal(structure, Tree.structure gradient)
    Assert.Equal<float>(floats flatGradient, floats (Tree.leaves (OnTrees.grad (loss x) net)))

[<Fact>]
let ``reverse and forward derivatives agree through trees`` () =
    let x = vector [ 0.3; -0.2 ]
    let f (net: Net) = {| Out = apply net x; Loss = loss x net; Name = "fixed" |}
    let tangent = net |> Tree.map (fun t -> Ops.cos t)
    let forwardValue, forward = OnTrees.jvp f net tangent
    let value, pull = OnTrees.vjp f net
    Assert.Equal("fixed", value.Name)
    Assert.Equal(forwardValue.Loss.ToFloat(), value.Loss.ToFloat())
    let cotangent = value |> Tree.map (fun t -> Ops.sin t)

    let inner a b =
        Array.map2 (fun (x: Tensor) y -> (Ops.sum (x * y)).ToFloat()) (Tree.leaves a) (Tree.leaves b)
        |> Array.sum

    Assert.Equal(inner cotangent forward, inner (pull cotangent) tangent, 9)

[<Fact>]
let ``the rest of the value comes along, and integers get zeros`` () =
    let f (w: Tensor, k: Tensor) = Ops.sum (w * Ops.toFloat k), [ w + 1.0 ]
    let (value, rest), (gw, gk) = OnTrees.valueAndGradWith f (vector [ 2.0; 3.0 ], Tensor.OfInts [| 4; 5 |])
    Assert.Equal(23.0, value.ToFloat())
    Assert.Equal<float>([| 3.0; 4.0 |], rest[0].ToFloats())
    Assert.Equal<float>([| 4.0; 5.0 |], gw.ToFloats())
    Assert.Equal<int>([| 0; 0 |], Literal.ints gk.Value)

[<Fact>]
let ``gradients of gradients work on trees`` () =
    let cube (p: {| X: Tensor |}) = Ops.sum (p.X * p.X * p.X)
    let second = OnTrees.grad (fun p -> Ops.sum (OnTrees.grad cube p).X) {| X = vector [ 1.0; 2.0 ] |}
    Assert.Equal<float>([| 6.0; 12.0 |], second.X.ToFloats())

[<Fact>]
let ``Hessian products are forward derivatives of gradients`` () =
    // f = sum x^3 + x0 y: the Hessian is 6 diag x, and 1 between x0 and y.
    let f (p: {| X: Tensor; Y: Tensor |}) = Ops.sum (p.X * p.X * p.X) + p.X[0] * p.Y
    let at = {| X = vector [ 1.0; 2.0 ]; Y = Ops.scalar 5.0 |}
    let gradient, product = OnTrees.hvp f at {| X = vector [ 1.0; -1.0 ]; Y = Ops.scalar 10.0 |}
    Assert.Equal<float>([| 8.0; 12.0; 1.0 |], floats (Tree.leaves gradient))
    Assert.Equal<float>([| 16.0; -12.0; 1.0 |], floats (Tree.leaves product))

[<Fact>]
let ``a function mapped over trees is the stack of its values`` () =
    let shared = vector [ 0.5; -1.5 ]
    let f (p: {| X: Tensor; Y: Tensor list |}) = {| Out = Ops.tanh (p.X * shared) + p.Y[0]; Sum = Ops.sum p.X |}
    let slice i = {| X = vector [ float i; 2.0 ]; Y = [ Ops.scalar (float i * 0.1) ] |}
    let stacked = Tree.mapMany Ops.stack (Array.init 3 slice)
    let mapped = OnTrees.vmap f stacked

    for i in 0..2 do
        let one = f (slice i)
        Assert.Equal<float>(one.Out.ToFloats(), mapped.Out[i].ToFloats())
        Assert.Equal(one.Sum.ToFloat(), mapped.Sum[i].ToFloat())

// ---- compiled functions

/// The engine that defines the meaning.
type private ReferenceCompiled(program: Program) =
    let inputs = Array.create<Literal option> program.Inputs.Length None
    let mutable outputs: Literal[] = [||]

    interface ICompiled with
        member _.Program = program
        member _.NewInstance() = new ReferenceCompiled(program) :> IInstance
        member _.Run arguments = Reference.run program arguments

    interface IInstance with
        member _.SetInput(n, value) = inputs[n] <- Some value
        member _.Input n = Span(Literal.floats inputs[n].Value)
        member _.InputFloat32 n = Span(Literal.float32s inputs[n].Value)
        member _.Invoke() = outputs <- Reference.run program (Array.map Option.get inputs)
        member _.Output n = ReadOnlySpan(Literal.floats outputs[n])
        member _.OutputFloat32 n = ReadOnlySpan(Literal.float32s outputs[n])
        member _.GetOutput n = outputs[n]
        member _.Read(n, index) = (Literal.floats outputs[n])[index]
        member _.Feed(from, into) = inputs[into] <- Some outputs[from]
        member _.Dispose() = ()

let private engine =
    { new IEngine with
        member _.Name = "reference"
        member _.Compile program = new ReferenceCompiled(program) :> ICompiled
    }

[<Fact>]
let ``a compiled function traces once per structure and types`` () =
    let x = vector [ 0.3; -0.2 ]
    let step (net: Net, x: Tensor) = OnTrees.valueAndGrad (loss x) net
    let compiled = TreeFunction(engine, step)
    let value, gradient = step (net, x)

    for _ in 1..3 do
        let value2, gradient2 = compiled.Invoke((net, x))
        Assert.Equal(value.ToFloat(), value2.ToFloat(), 12)

        Array.iter2
            (fun (a: float) b -> Assert.Equal(a, b, 12))
            (floats (Tree.leaves gradient))
            (floats (Tree.leaves gradient2))

    Assert.Equal(1, compiled.TraceCount)
    compiled.Invoke((Tree.map (fun t -> t + 1.0) net, x)) |> ignore
    Assert.Equal(1, compiled.TraceCount)
    compiled.Invoke(({ net with Heads = 9 }, x)) |> ignore
    Assert.Equal(2, compiled.TraceCount)
    compiled.Invoke(({ net with Tables = net.Tables.Add("b", vector [ 1.0; 2.0 ]) }, x)) |> ignore
    Assert.Equal(3, compiled.TraceCount)
    compiled.Invoke((net, x)) |> ignore
    Assert.Equal(3, compiled.TraceCount)

[<Fact>]
let ``a compiled function becomes part of a program that calls it`` () =
    let compiled = TreeFunction(engine, (fun (p: {| X: Tensor |}) -> Ops.sum (p.X * p.X)))
    let gradient = OnTrees.grad compiled.Invoke {| X = vector [ 3.0 ] |}
    Assert.Equal(6.0, gradient.X.ToFloats()[0])

[<Fact>]
let ``old versions are dropped, failures are not kept`` () =
    let mutable fail = true

    let compiled =
        TreeFunction(
            engine,
            fun (x: Tensor, _: int) ->
                if fail then
                    Errors.argument "test" "failing" "stop"

                x + 1.0
        )

    let x = vector [ 1.0 ]
    fails "PPL5008" (fun () -> compiled.Invoke((x, 0)) |> ignore) |> ignore
    fail <- false

    for k in 0..199 do
        Assert.Equal(2.0, compiled.Invoke((x, k)).ToFloats()[0])

    Assert.Equal(201, compiled.TraceCount)
    compiled.Invoke((x, 199)) |> ignore
    Assert.Equal(201, compiled.TraceCount)
    compiled.Invoke((x, 0)) |> ignore
    Assert.Equal(202, compiled.TraceCount)
