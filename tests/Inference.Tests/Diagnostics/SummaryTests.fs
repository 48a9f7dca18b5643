// The summary table: ArviZ's columns, the rounding rule digit by digit, absence as a dash.
module Ppl.Inference.Tests.Diagnostics.SummaryTests

open System
open System.Globalization
open Ppl.Inference.Diagnostics
open Ppl.Inference.Tests.Diagnostics.Noise
open Xunit

let private row mean sd mcseMean mcseSd =
    { Summary.ofDraws "x" [| [||] |] with
        Mean = Ok mean
        Sd = Ok sd
        EtiLower = Ok(mean - sd)
        EtiUpper = Ok(mean + sd)
        EssBulk = Ok 1234.99
        EssTail = Ok 987.1
        RHat = Ok 1.0049
        McseMean = Ok mcseMean
        McseSd = Ok mcseSd
    }

let private cell column s = (Summary.cells s)[Array.IndexOf(Summary.columns 0.89, column)]

[<Fact>]
let ``columns are those of ArviZ`` () =
    Assert.Equal(
        "mean sd eti89_lb eti89_ub ess_bulk ess_tail r_hat mcse_mean mcse_sd",
        String.Join(" ", Summary.columns 0.89)
    )

    Assert.Contains("eti94_lb", Summary.columns 0.94)

// Expected strings follow from the rule: decimals up to the leading digit of 2 MCSE.
[<Theory>]
[<InlineData(4.41234, 0.11, "4.4", "0.11")>]
[<InlineData(4.41234, 0.049, "4.41", "0.049")>] // 2 MCSE = 0.098
[<InlineData(4.41234, 0.051, "4.4", "0.051")>] // 2 MCSE = 0.102
[<InlineData(4.41234, 2.0, "4", "2")>]
[<InlineData(4412.34, 7.26, "4.41e+03", "7.3")>] // 2 MCSE above ten: exponent form
[<InlineData(-0.04, 0.11, "0", "0.11")>] // no minus zero
[<InlineData(2.0000001, 0.011, "2", "0.011")>] // no trailing zeros
[<InlineData(1234567.8912, 0.01, "1234567.89", "0.01")>]
[<InlineData(1.23456e-7, 1.2e-9, "1.23e-07", "1.2e-09")>]
let ``mean is shown to two MCSE, MCSE to two digits`` (mean: float, mcse: float, shownMean: string, shownMcse: string) =
    let s = row mean 1.0 mcse 0.1
    Assert.Equal(shownMean, cell "mean" s)
    Assert.Equal(shownMcse, cell "mcse_mean" s)

[<Fact>]
let ``sd follows its own MCSE, ESS is rounded down, R-hat has two decimals`` () =
    let s = row 4.41234 3.14159 0.11 0.0049
    Assert.Equal<string[]>([| "4.4"; "3.142"; "1.3"; "7.6"; "1234"; "987"; "1.00"; "0.11"; "0.0049" |], Summary.cells s)
    Assert.Equal("inf", cell "r_hat" { s with RHat = Ok infinity })

[<Fact>]
let ``the text does not depend on the culture`` () =
    let before = CultureInfo.CurrentCulture
    let german = CultureInfo.InvariantCulture.Clone() :?> CultureInfo
    german.NumberFormat.NumberDecimalSeparator <- ","

    try
        CultureInfo.CurrentCulture <- german
        Assert.Equal("4.4", cell "mean" (row 4.41234 1.0 0.11 0.1))
    finally
        CultureInfo.CurrentCulture <- before

[<Fact>]
let ``ten draws have a mean but no diagnostics`` () =
    let s = Summary.ofDraws "x" (iid 3 4 10)
    Assert.True(Result.isOk s.Mean && Result.isOk s.Sd && Result.isOk s.EtiLower)

    for absent in [ s.EssBulk; s.EssTail; s.RHat; s.McseMean; s.McseSd ] do
        Assert.Equal(Error(Absence.TooFewDraws(10, 12)), absent)

    Assert.Equal("-", cell "r_hat" s)
    Assert.Equal("-", cell "mcse_mean" s)

[<Fact>]
let ``a row is the diagnostics of its draws`` () =
    let draws = autoregressive 8 4 250 0.3
    let chains = checkedChains draws
    let s = Summary.ofDrawsAt 0.5 "x" draws
    Assert.Equal(Rhat.rank chains, s.RHat)
    Assert.Equal(Ess.bulk chains, s.EssBulk)
    Assert.Equal(Ess.tail chains, s.EssTail)
    Assert.Equal(Mcse.mean chains, s.McseMean)
    Assert.Equal(Mcse.sd chains, s.McseSd)
    Assert.Equal(Ok(Chains.quantile 0.25 chains), s.EtiLower)
    Assert.Equal(Ok(Chains.quantile 0.75 chains), s.EtiUpper)

[<Fact>]
let ``non-finite draws leave a row of reasons`` () =
    let s = Summary.ofDraws "x" [| [| 1.0; infinity |] |]
    Assert.All(Summary.cells s, (fun text -> Assert.Equal(Summary.absentCell, text)))
    Assert.Equal(Error(Absence.NonFinite(0, 1)), s.Mean)
