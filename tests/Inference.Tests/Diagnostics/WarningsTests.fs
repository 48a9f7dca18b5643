// Diagnostics as data: each id at, above and below its limit, the verdict, and a page for every id.
module Ppl.Inference.Tests.Diagnostics.WarningsTests

open System
open System.IO
open Ppl.Inference.Diagnostics
open Ppl.Inference.Tests.Diagnostics.Noise
open Xunit

let private limits = Limits.Default

let private flags chains draws at = Array.init chains (fun c -> Array.init draws (fun t -> List.contains (c, t) at))

let private healthy = Summary.ofDraws "mu" (iid 21 4 500)

let private only (diagnostics: Diagnostic list) = Assert.Single diagnostics

[<Fact>]
let ``a divergence is reported with its place`` () =
    let d = only (Warnings.divergences limits (flags 4 100 [ 2, 7; 2, 9 ]))
    Assert.Equal("PPL2101", d.Id)
    Assert.Equal(0.005, d.Value)
    Assert.Equal(Some 2, d.Chain)
    Assert.Equal<struct (int * int)[]>([| struct (2, 7); struct (2, 9) |], d.Positions)
    Assert.StartsWith("2 of 400 draws", d.Message)
    Assert.Empty(Warnings.divergences limits (flags 4 100 []))
    Assert.Empty(Warnings.divergences { limits with Divergences = 0.005 } (flags 4 100 [ 2, 7; 2, 9 ]))
    Assert.Equal(None, (only (Warnings.divergences limits (flags 4 100 [ 0, 1; 1, 1 ]))).Chain)
    Assert.Empty(Warnings.divergences limits [||])

[<Fact>]
let ``saturated trees are a matter of cost`` () =
    let d = only (Warnings.treeDepth limits 10 (flags 1 100 [ 0, 3 ]))
    Assert.Equal("PPL2102", d.Id)
    Assert.Equal(Severity.Info, d.Severity)
    Assert.Contains("depth 10", d.Message)

[<Theory>]
[<InlineData(1.01, false, 0)>]
[<InlineData(1.011, true, 1)>]
[<InlineData(1.5, true, 2)>]
[<InlineData(Double.PositiveInfinity, true, 2)>]
let ``R-hat is reported above its limit`` (value: float, reported: bool, severity: int) =
    match Warnings.rHat limits { healthy with RHat = Ok value } with
    | [] -> Assert.False reported
    | diagnostics ->
        let d = only diagnostics
        Assert.True reported
        Assert.Equal("PPL2104", d.Id)
        Assert.Equal(Some "mu", d.Site)
        Assert.Equal(severity, int d.Severity)

[<Fact>]
let ``the smaller ESS is reported against the number of chains`` () =
    let s = { healthy with EssBulk = Ok 399.0; EssTail = Ok 250.0 }
    let d = only (Warnings.ess limits 4 s)
    Assert.Equal("PPL2105", d.Id)
    Assert.Equal(250.0, d.Value)
    Assert.Equal(400.0, d.Limit)
    Assert.StartsWith("tail ESS of mu is 250, below 400", d.Message)
    Assert.Empty(Warnings.ess limits 2 s)
    Assert.Empty(Warnings.ess limits 4 { s with EssBulk = Ok 400.0; EssTail = Error Absence.Constant })

[<Fact>]
let ``E-BFMI is reported for the chains that have it low`` () =
    let d = only (Warnings.eBfmi limits [| Ok 0.9; Ok 0.29; Error Absence.Constant; Ok 0.3 |])
    Assert.Equal("PPL2106", d.Id)
    Assert.Equal(Some 1, d.Chain)

[<Fact>]
let ``a random walk of energies has low E-BFMI, independent energies about two`` () =
    let noise = Array.head (iid 31 1 1000)
    let walk = Array.scan (+) 0.0 noise
    Assert.True(valueOf (Energy.bfmi walk) < 0.1)
    // The ratio is 2 with standard deviation about 0.06: five of these, false-alarm rate below 1e-6.
    Assert.InRange(valueOf (Energy.bfmi noise), 1.7, 2.3)
    Assert.Equal(Error Absence.Constant, Energy.bfmi (Array.replicate 50 1.0))
    Assert.Equal(Error(Absence.NonFinite(0, 1)), Energy.bfmi [| 1.0; nan |])

[<Fact>]
let ``the verdict follows the worst finding`` () =
    let verdict chains summaries = Warnings.verdict chains summaries (Warnings.ofSummaries limits chains summaries)

    let constant = Summary.ofDraws "one" (Array.init 4 (fun _ -> Array.replicate 500 1.0))
    Assert.Equal(Verdict.Good, verdict 4 [ healthy; constant ])
    Assert.Equal(Verdict.LookAtThis, verdict 4 [ { healthy with RHat = Ok 1.02 } ])
    Assert.Equal(Verdict.LookAtThis, verdict 4 [ { healthy with EssTail = Ok 50.0 } ])
    Assert.Equal(Verdict.DoNotUse, verdict 4 [ healthy; { healthy with RHat = Ok 1.2 } ])
    Assert.Equal(Verdict.CannotJudge, verdict 1 [ Summary.ofDraws "mu" (iid 22 1 2000) ])
    Assert.Equal(Verdict.CannotJudge, verdict 4 [ Summary.ofDraws "mu" (iid 23 4 10) ])

[<Fact>]
let ``every diagnostic has advice and a page`` () =
    let rec root (folder: DirectoryInfo) =
        if File.Exists(Path.Combine(folder.FullName, "Ppl.sln")) then
            folder.FullName
        else
            root (nonNull folder.Parent)

    let pages = Path.Combine(root (DirectoryInfo AppContext.BaseDirectory), "docs", "diagnostics")
    let bad = { healthy with RHat = Ok 2.0; EssBulk = Ok 1.0 }

    let all =
        [
            yield! Warnings.divergences limits (flags 1 1 [ 0, 0 ])
            yield! Warnings.treeDepth limits 10 (flags 1 1 [ 0, 0 ])
            yield! Warnings.ofSummaries limits 4 [ bad ]
            yield! Warnings.eBfmi limits [| Ok 0.1 |]
        ]

    Assert.Equal<string list>([ "PPL2101"; "PPL2102"; "PPL2104"; "PPL2105"; "PPL2106" ], [ for d in all -> d.Id ])

    for d in all do
        Assert.False(String.IsNullOrWhiteSpace d.Advice)
        let page = File.ReadAllText(Path.Combine(pages, d.Id + ".md"))
        Assert.StartsWith("# " + d.Id, page)

        for part in [ "## Cause"; "## Example"; "## What to do" ] do
            Assert.Contains(part, page)
