// What runs refuse: each with its id, the place and what to do.
module Ppl.Inference.Tests.Runs.RefusalTests

open System
open Xunit
open Ppl.Core
open Ppl.Core.Tensors
open Ppl.Inference
open Ppl.Inference.Adaptation
open Ppl.Inference.Mcmc
open Ppl.Inference.Tests.Runs.Fixture

let private target = normals [| 1.0; 1.0 |]
let private run = options 1 10 10 1UL
let private refusal (f: unit -> RunResult) = Assert.Throws<PplException>(fun () -> f () |> ignore)

let private option (name: string) f =
    let error = refusal f
    Assert.Equal("PPL2001", error.Id)
    Assert.Contains(name, error.What)
    Assert.NotEmpty error.Advice

let private nuts options run () = Nuts.sample engine options run target
let private adapting adaptation = nuts { NutsOptions.Default with Adaptation = adaptation } run

[<Fact>]
let ``options of a run`` () =
    option "Chains" (nuts NutsOptions.Default { run with Chains = 0 })
    option "Draws" (nuts NutsOptions.Default { run with Draws = 0 })
    option "Warmup" (nuts NutsOptions.Default { run with Warmup = -1 })
    option "Threads" (nuts NutsOptions.Default { run with Threads = -1 })
    option "Start" (nuts NutsOptions.Default { run with Start = Start.Jittered nan })
    option "Start" (nuts NutsOptions.Default { run with Start = Start.Jittered -1.0 })
    option "Start" (nuts NutsOptions.Default { run with Start = Start.At [||] })
    option "Start" (nuts NutsOptions.Default { run with Start = Start.At [| [| 1.0 |] |] })

[<Fact>]
let ``options of samplers`` () =
    option "MaxTreeDepth" (nuts { NutsOptions.Default with MaxTreeDepth = 0 } run)
    option "MaxTreeDepth" (nuts { NutsOptions.Default with MaxTreeDepth = 21 } run)
    option "Steps" (fun () -> Hmc.sample engine { HmcOptions.Default with Steps = 0 } run target)
    option "Jitter" (fun () -> Hmc.sample engine { HmcOptions.Default with Jitter = 1.0 } run target)
    option "Jitter" (fun () -> Hmc.sample engine { HmcOptions.Default with Jitter = nan } run target)

[<Fact>]
let ``options of adaptation`` () =
    let a = AdaptationOptions.Default

    for bad in [ 0.0; 1.0; -0.5; nan ] do
        option "TargetAcceptance" (adapting { a with TargetAcceptance = bad })

    for bad in [ 0.0; -1.0; nan; infinity ] do
        option "InitialStepSize" (adapting { a with InitialStepSize = bad })

    option "InitialBuffer" (adapting { a with InitialBuffer = -1 })
    option "FirstWindow" (adapting { a with FirstWindow = 1 })
    option "FinalBuffer" (adapting { a with FinalBuffer = -1 })

    option
        "Source"
        (adapting { a with Metric = MetricChoice.Fixed MetricKind.Dense; Source = MetricSource.DrawsAndGradients })

/// A target of two sites, the second of this density.
let private twoSites (second: Tensor -> Tensor) =
    let first (q: Tensor) = -0.5 * Ops.square q[0]

    { normals [| 1.0; 1.0 |] with
        LogDensity = fun q -> first q + second q[1]
        LogDensityBySite = fun q -> [| "a", first q; "b", second q[1] |]
        Coordinates = [| "a"; "b" |]
    }

let private noStart target start =
    let error = refusal (fun () -> Nuts.sample engine NutsOptions.Default { run with Start = start } target)
    Assert.Equal("PPL2103", error.Id)
    Assert.Equal("b", error.Site)
    Assert.NotEmpty error.Advice
    error

[<Fact>]
let ``no finite density: the table of sites, and the site to look at`` () =
    let error = noStart (twoSites (fun x -> Ops.log (x * 0.0))) (Start.Jittered 2.0)
    Assert.Contains("100 tries", error.What)
    Assert.Contains("a -", error.What)
    Assert.Contains("b -", error.What)
    noStart (twoSites (fun x -> Ops.log (-1.0 - Ops.square x))) (Start.Jittered 2.0) |> ignore

[<Fact>]
let ``a finite density with an infinite derivative`` () =
    // sqrt(0 x) is 0 everywhere, its derivative 0/0.
    let error = noStart (twoSites (fun x -> Ops.sqrt (0.0 * x))) (Start.Jittered 2.0)
    Assert.Contains("derivative", error.What)

[<Fact>]
let ``a given start that is not finite`` () =
    let error = noStart (twoSites (fun x -> Ops.log x - x)) (Start.At [| [| 0.3; -1.0 |] |])
    Assert.Contains("1 tries", error.What)

[<Fact>]
let ``a start is looked for until it is found`` () =
    // Finite on a quarter of the coordinate's range.
    let narrow = twoSites (fun x -> Ops.log (x - 1.0) - x)
    let result = Nuts.sample engine NutsOptions.Default { run with Chains = 4 } narrow
    Assert.Equal(4, result.Chains.Length)

[<Fact>]
let ``a value of another name`` () =
    let error =
        refusal (fun () ->
            let result = nuts NutsOptions.Default run ()
            result.Value "y" |> ignore
            result)

    Assert.Equal("PPL5008", error.Id)
    Assert.Contains("x", error.Advice)
