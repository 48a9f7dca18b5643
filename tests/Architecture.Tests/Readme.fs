// The samples in the README and in docs are programs of this repository, word for word, so they compile.
module Ppl.Architecture.Tests.Readme

open System.IO
open System.Text.RegularExpressions
open Xunit
open Ppl.Architecture.Tests

/// The fenced blocks of a page that a comment in front ties to a file.
let private samplesOf (page: string) =
    [|
        for found in
            Regex.Matches(File.ReadAllText page, @"<!-- sample: (\S+) -->\n```\w+\n(.*?)```", RegexOptions.Singleline) do
            found.Groups[1].Value, found.Groups[2].Value
    |]

let private samples = samplesOf (Repository.path [ "README.md" ])

[<Fact>]
let ``the README has a C# and an F# sample`` () =
    Assert.Contains(samples, (fun (file: string, _) -> file.EndsWith ".cs"))
    Assert.Contains(samples, (fun (file: string, _) -> file.EndsWith ".fs"))

[<Fact>]
let ``the samples are the files that are built`` () =
    let pages = Directory.GetFiles(Repository.path [ "docs" ], "*.md")

    for file, sample in Array.append samples (Array.collect samplesOf pages) do
        Assert.Equal(File.ReadAllText(Repository.path (List.ofArray (file.Split '/'))), sample)

[<Fact>]
let ``a sample fits on a page`` () =
    for file, sample in samples do
        let lines = sample.Split '\n' |> Array.filter (fun line -> line.Trim() <> "")
        Assert.True(lines.Length <= 20, $"{file} has {lines.Length} lines of code")
