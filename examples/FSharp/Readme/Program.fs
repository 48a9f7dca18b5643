open Ppl.Core.Tensors
open Ppl.Core.Probability.Families
open Ppl.Core.Models
open Ppl.Inference
open Ppl.Jit

let level = Tensor.OfFloats [| -0.86; -0.30; -0.05; 0.73 |]
let deaths = Tensor.OfInts [| 0; 1; 3; 5 |]

let dose =
    model {
        let! intercept = sample "intercept" (normal 0.0 2.0)
        let! slope = sample "slope" (normal 0.0 10.0)
        let! _ = deterministic "half" (-intercept / slope)
        do! observe "deaths" (binomialLogit 5 (intercept + slope * level)) deaths
    }

let target = SamplingTarget.ofTarget (Target.ofModel dose)
let run = Nuts.sample (CpuEngine()) NutsOptions.Default RunOptions.Default target
let half = run.DrawsOf(run.Value "half", 0) |> Array.concat |> Array.sort
printfn $"{run.Verdict}: half of the animals die at level {half[half.Length / 2]:F2}"
