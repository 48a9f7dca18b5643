// Small runs with the reference evaluator as engine, shared by the tests of this folder.
module Ppl.Inference.Tests.Runs.Fixture

open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Inference
open Ppl.Inference.Tests

let engine = ReferenceEngine() :> IEngine

/// Independent normal coordinates with these standard deviations.
let normals (sds: float[]) =
    let scale = Tensor.OfFloats sds
    SamplingTarget.ofDensity "x" sds.Length (fun q -> -0.5 * Ops.sum (Ops.square (q / scale)))

/// A short run.
let options chains warmup draws seed =
    { RunOptions.Default with Chains = chains; Warmup = warmup; Draws = draws; Seed = seed }

/// All numbers that a run drew, as bits.
let bits (result: RunResult) =
    result.Chains
    |> Array.map (fun c ->
        Array.concat [ c.Draws.Positions; c.Draws.Rows; c.Draws.LogDensities; c.Draws.Statistics ]
        |> Array.map System.BitConverter.DoubleToInt64Bits)
