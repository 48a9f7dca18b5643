// A whole NUTS transition mapped over chains, loops inside loops with lanes that stop at different times: the same as each
// chain by itself, bit for bit in the reference evaluator.
module Ppl.Inference.Tests.Mcmc.NutsLanesTests

open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Randomness
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Inference
open Ppl.Inference.Mcmc
open Ppl.Inference.Tests.Targets

let private chains = 4
let private maxDepth = 5

let private kernel =
    NutsKernel.create Integrator.leapfrog MetricKind.Identity maxDepth 2 Banana.logDensity

/// (stream key, step number, log step size, factor, limit, position, log density, gradient), chain by chain.
let private arguments: Literal[][] =
    let starts = Banana.draws 5UL chains

    Array.init chains (fun chain ->
        let state = kernel.State.ToArray(kernel.Init(Tensor.OfFloats starts[chain]))

        Array.concat
            [
                [| Key.ofSeed (uint64 (100 + chain)); Tensor.OfInt 7 |]
                [| Ops.log (Ops.scalar (0.05 + 0.2 * float chain)); Ops.scalar 1.0; Tensor.OfInt maxDepth |]
                state
            ]
        |> Array.map _.Value)

let private stacked (rows: Literal[][]) =
    Array.init rows[0].Length (fun i -> (Ops.stack (rows |> Array.map (fun row -> Tensor.OfLiteral row[i]))).Value)

let private single = Kernel.stepProgram kernel
let private inFront = Vmap.program chains (single.Inputs |> Array.map (fun _ -> true)) single
let private together = Kernel.inLanes chains single

[<Fact>]
let ``a transition of several chains is that of each chain`` () =
    Verify.program together
    let expected = arguments |> Array.map (Reference.run single)
    // The chains take different numbers of steps.
    let leapfrogs = expected |> Array.map (fun results -> (Literal.ints results[6])[0])
    Assert.True((Array.distinct leapfrogs).Length > 1, $"%A{leapfrogs}")
    Assert.Equal<Literal[]>(stacked expected, Reference.run together (stacked arguments))
    Assert.Equal<Literal[]>(stacked expected, Reference.run inFront (stacked arguments))

/// What the loops of a program carry, the inner loops included.
let rec private carried (program: Program) : TensorType list =
    [
        for eq in program.Equations do
            match eq.Primitive with
            | Primitive.Control(ControlOp.While(_, _, body)) ->
                yield! Program.outputTypes body
                yield! carried body
            | _ -> ()
    ]

[<Fact>]
let ``the leaf that all lanes are at is one number`` () =
    let isCounter (ty: TensorType) = ty = TensorType.scalar DType.I32
    // The leaf and its ones, the level of the checks and the bits that are left.
    Assert.Equal(4, carried together |> List.filter isCounter |> List.length)

[<Fact>]
let ``compiled, several chains agree with each chain`` () =
    let engine = Ppl.Jit.CpuEngine() :> IEngine
    let each = engine.Compile(Simplify.program single)
    let all = engine.Compile(Simplify.program together)
    let expected = stacked (arguments |> Array.map each.Run)
    let actual = all.Run(stacked arguments)

    for i in 0 .. expected.Length - 1 do
        match expected[i].Data, actual[i].Data with
        | Storage.F64 xs, Storage.F64 ys ->
            Array.iter2
                (fun (x: float) y -> Assert.True(abs (x - y) <= 1e-9 * (1.0 + abs x), $"result {i}: {x:R}, {y:R}"))
                xs
                ys
        | _ -> Assert.Equal(expected[i], actual[i])
