// docs/worked-example.md shows one function on its way to IL. Its five printed stages are what this code prints, word
// for word. To bring the page up to date after a change of the compiler, run these tests with PPL_WRITE_DOCS=1.
module Ppl.Engine.Tests.WorkedExample

open System
open System.IO
open System.Text.RegularExpressions
open Xunit
open Ppl.Core
open Ppl.Core.Ir
open Ppl.Core.Tensors
open Ppl.Core.Transforms
open Ppl.Jit
open Ppl.Lowering

// begin: function
let private y = Tensor.OfFloats [| 1.0 .. 12.0 |]

let private loss (m: Tensor) = Ops.sum (Ops.sqrt (1.0 + Ops.square (y - m)))
// end: function

let private page =
    let rec above (folder: DirectoryInfo | null) =
        match folder with
        | NonNull folder ->
            let file = Path.Combine(folder.FullName, "docs", "worked-example.md")
            if File.Exists file then file else above folder.Parent
        | Null -> Errors.bug "WorkedExample" "the tests run outside the repository"

    above (DirectoryInfo AppContext.BaseDirectory)

let private source =
    let file =
        Path.Combine(Path.GetDirectoryName page |> string, "..", "tests", "Engine.Tests", "WorkedExample.fs")

    let found =
        Regex.Match(File.ReadAllText file, "// begin: function\n(.*?)// end: function", RegexOptions.Singleline)

    found.Groups[1].Value.Replace("let private", "let")

let private traced =
    Trace.program [| TensorType.scalar DType.F64 |] (fun args ->
        let value, gradient = Grad.valueAndGrad loss args[0]
        [| value; gradient |])

let private simplified = Simplify.program traced
let private loops = Lower.program simplified

let private il =
    let settings = { CompilerSettings.Default with VectorBits = 512 }
    let struct (bodies, _) = Compiler.bodies settings loops
    bodies |> Array.map IlText.body |> String.concat "\n"

/// What each marked block of the page must hold.
let private stages =
    [
        "function", source
        "traced", Text.print traced
        "simplified", Text.print simplified
        "loops", Print.program loops
        "il", il
    ]
    |> List.map (fun (name, text) -> name, text.Trim() + "\n")

let private block name = Regex($"(<!-- stage: {name} -->\n```\w*\n)(.*?)(```)", RegexOptions.Singleline)

if Environment.GetEnvironmentVariable "PPL_WRITE_DOCS" = "1" then
    let put text (name, stage) =
        (block name).Replace(text, MatchEvaluator(fun found -> found.Groups[1].Value + stage + "```"))

    File.WriteAllText(page, List.fold put (File.ReadAllText page) stages)

[<Theory>]
[<InlineData "function">]
[<InlineData "traced">]
[<InlineData "simplified">]
[<InlineData "loops">]
[<InlineData "il">]
let ``the page shows what the compiler prints`` (name: string) =
    let found = (block name).Match(File.ReadAllText page)
    Assert.True(found.Success, $"the page has no stage {name}")
    Assert.Equal((Map.ofList stages)[name], found.Groups[2].Value)

[<Fact>]
let ``the loss of the page and its slope are those of the formula`` () =
    let compiled = (CpuEngine() :> IEngine).Compile simplified
    let results = compiled.Run [| Literal.f64 5.0 |]

    let terms =
        [ for y in 1.0 .. 12.0 -> sqrt (1.0 + (y - 5.0) ** 2.0), (5.0 - y) / sqrt (1.0 + (y - 5.0) ** 2.0) ]

    Assert.Equal(List.sumBy fst terms, (Literal.floats results[0])[0], 12)
    Assert.Equal(List.sumBy snd terms, (Literal.floats results[1])[0], 12)
