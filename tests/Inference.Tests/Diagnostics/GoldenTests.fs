// Every diagnostic against golden/diagnostics.json, made by an independent implementation (golden/make_diagnostics.py),
// and known-wrong variants against the same numbers: the comparison must reject them.
module Ppl.Inference.Tests.Diagnostics.GoldenTests

open System
open System.Reflection
open System.Text.Json
open Ppl.Inference.Diagnostics
open Ppl.Inference.Tests.Diagnostics.Noise
open Xunit

type private Case = { Name: string; Draws: float[][]; Expected: Map<string, float option>; Bfmi: float }

let private document =
    lazy
        (use stream = nonNull (Assembly.GetExecutingAssembly().GetManifestResourceStream "diagnostics.json")

         (JsonDocument.Parse stream).RootElement)

let private floats (element: JsonElement) = [| for x in element.EnumerateArray() -> x.GetDouble() |]

let private optional (element: JsonElement) =
    if element.ValueKind = JsonValueKind.Null then None else Some(element.GetDouble())

let private cases =
    lazy
        [
            for case in document.Value.GetProperty("cases").EnumerateArray() ->
                {
                    Name = string (case.GetProperty "name")
                    Draws = [| for chain in case.GetProperty("draws").EnumerateArray() -> floats chain |]
                    Expected =
                        Map [ for p in case.GetProperty("expected").EnumerateObject() -> p.Name, optional p.Value ]
                    Bfmi = case.GetProperty("bfmi_chain0").GetDouble()
                }
        ]

let private close tolerance (expected: float) (actual: float) =
    abs (actual - expected) <= tolerance * max 1e-300 (abs expected)

let private agrees expected (actual: Judged) =
    match expected, actual with
    | Some e, Ok a -> close 1e-9 e a || abs (a - e) < 1e-15
    | None, Error Absence.Constant -> true
    | _ -> false

/// The cases in which a diagnostic is not what the golden table says.
let private disagreements column diagnostic =
    [
        for case in cases.Value do
            let actual = diagnostic (checkedChains case.Draws)

            if not (agrees case.Expected[column] actual) then
                $"{case.Name}: expected %A{case.Expected[column]}, got %A{actual}"
    ]

let private columns: Map<string, Chains -> Judged> =
    Map
        [
            "mean", Chains.mean
            "sd", Chains.sd
            "q10", Chains.quantile 0.1 >> Ok
            "eti_lower", Chains.eti 0.89 >> fst >> Ok
            "eti_upper", Chains.eti 0.89 >> snd >> Ok
            "rhat", Rhat.rank
            "rhat_bulk", Rhat.bulk
            "rhat_folded", Rhat.folded
            "rhat_classic", Rhat.classic
            "ess_bulk", Ess.bulk
            "ess_tail", Ess.tail
            "ess_mean", Ess.mean
            "ess_sd", Ess.sd
            "ess_median", Ess.quantile 0.5
            "mcse_mean", Mcse.mean
            "mcse_sd", Mcse.sd
            "mcse_median", Mcse.median
            "mcse_q10", Mcse.quantile 0.1
        ]

[<Fact>]
let ``the table has every column and the hard cases`` () =
    Assert.Equal(15, cases.Value.Length)

    for case in cases.Value do
        Assert.Equal<string seq>(Map.keys columns, Map.keys case.Expected)

[<Theory>]
[<InlineData "mean">]
[<InlineData "sd">]
[<InlineData "q10">]
[<InlineData "eti_lower">]
[<InlineData "eti_upper">]
[<InlineData "rhat">]
[<InlineData "rhat_bulk">]
[<InlineData "rhat_folded">]
[<InlineData "rhat_classic">]
[<InlineData "ess_bulk">]
[<InlineData "ess_tail">]
[<InlineData "ess_mean">]
[<InlineData "ess_sd">]
[<InlineData "ess_median">]
[<InlineData "mcse_mean">]
[<InlineData "mcse_sd">]
[<InlineData "mcse_median">]
[<InlineData "mcse_q10">]
let ``equals the independent implementation in every case`` column = Assert.Empty(disagreements column columns[column])

[<Fact>]
let ``E-BFMI equals the independent implementation`` () =
    for case in cases.Value do
        Assert.True(close 1e-10 case.Bfmi (valueOf (Energy.bfmi case.Draws[0])), case.Name)

// Known-wrong variants.

/// R-hat of whole chains: blind to drift inside a chain.
let private rhatNotSplit (chains: Chains) : Judged =
    let scores = Halves.normalScores chains.Draws
    let n = float chains.Length

    if scores.Length < 2 then
        Ok 1.0
    else
        let between = scores |> Array.map Moments.mean |> Moments.variance
        let within = scores |> Array.averageBy Moments.variance
        Ok(sqrt ((n - 1.0) / n + between / within))

/// ESS from the first autocorrelation alone, as if every chain were AR(1).
let private essByLagOne (chains: Chains) : Judged =
    let halves = Halves.split chains.Draws
    let autocovariance = Autocovariance.mean halves
    let rho = autocovariance[1] / autocovariance[0]
    Ok(float (halves.Length * halves[0].Length) * (1.0 - rho) / (1.0 + rho))

/// Tail ESS from the lower tail alone.
let private essLowerTail chains = Ess.quantile 0.05 chains

/// MCSE as if draws were independent.
let private mcseNaive (chains: Chains) : Judged = Ok(valueOf (Chains.sd chains) / sqrt (float chains.Sorted.Length))

[<Fact>]
let ``known-wrong variants are rejected`` () =
    Assert.NotEmpty(disagreements "rhat" rhatNotSplit)
    Assert.NotEmpty(disagreements "rhat" Rhat.classic)
    Assert.NotEmpty(disagreements "rhat" Rhat.bulk)
    Assert.NotEmpty(disagreements "ess_mean" essByLagOne)
    Assert.NotEmpty(disagreements "ess_bulk" Ess.mean)
    Assert.NotEmpty(disagreements "ess_tail" essLowerTail)
    Assert.NotEmpty(disagreements "mcse_mean" mcseNaive)

[<Fact>]
let ``only the right R-hat sees drift, shift and scale`` () =
    let rhat diagnostic name =
        let case = cases.Value |> List.find (fun case -> case.Name = name)
        valueOf (diagnostic (checkedChains case.Draws))

    for name in [ "one drifting chain"; "different means"; "different scales" ] do
        Assert.True(rhat Rhat.rank name > 1.1, name)

    Assert.True(rhat rhatNotSplit "one drifting chain" < 1.01)
    Assert.True(rhat Rhat.bulk "different scales" < 1.01)

[<Fact>]
let ``normal and beta quantiles equal a 40-digit table`` () =
    let special = document.Value.GetProperty "special"

    for row in special.GetProperty("normal_quantile").EnumerateArray() do
        let row = floats row
        Assert.True(close 2e-15 row[1] (Inverse.normal row[0]) || row[0] = 0.5, $"p = {row[0]}")

    Assert.Equal(0.0, Inverse.normal 0.5)

    for row in special.GetProperty("beta_quantile").EnumerateArray() do
        let row = floats row
        let actual = Inverse.beta row[0] row[1] row[2]
        Assert.True(close 1e-12 row[3] actual, $"Beta({row[0]}, {row[1]}) at {row[2]}: {row[3]} but {actual}")
