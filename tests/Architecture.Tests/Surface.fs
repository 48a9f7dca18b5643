// The public face: no FSharp.Core type in the facade's signatures, documentation everywhere, a page for every id.
module Ppl.Architecture.Tests.Surface

open System
open System.IO
open System.Reflection
open System.Text.RegularExpressions
open Xunit
open Ppl.Architecture.Tests

let rec private mentionsFSharp (ty: Type) =
    let inside =
        if ty.HasElementType then
            match ty.GetElementType() with
            | null -> false
            | element -> mentionsFSharp element
        else
            ty.IsGenericType && ty.GetGenericArguments() |> Array.exists mentionsFSharp

    inside
    || (match ty.Namespace with
        | null -> false
        | name -> name.StartsWith "Microsoft.FSharp")

let private members (ty: Type) =
    let flags =
        BindingFlags.Public ||| BindingFlags.Instance ||| BindingFlags.Static ||| BindingFlags.DeclaredOnly

    [|
        for m in ty.GetMethods flags do
            m.Name, Array.append [| m.ReturnType |] (m.GetParameters() |> Array.map _.ParameterType)
        for c in ty.GetConstructors flags do
            ".ctor", c.GetParameters() |> Array.map _.ParameterType
        for f in ty.GetFields flags do
            f.Name, [| f.FieldType |]
    |]

[<Fact>]
let ``no F# library type in the facade's public signatures`` () =
    let offenders =
        [|
            for ty in (Repository.assembly "Ppl").GetExportedTypes() do
                for name, types in members ty do
                    if Array.exists mentionsFSharp types then
                        $"{ty.FullName}.{name}"
        |]

    Assert.Empty offenders

let private documented (assembly: Assembly) =
    let file = Path.ChangeExtension(assembly.Location, ".xml") |> Unchecked.nonNull

    Regex.Matches(File.ReadAllText file, "<member name=\"[MTPFE]:([^\"(]*)")
    |> Seq.map _.Groups[1].Value
    |> Set.ofSeq

let private compilerMade (m: MemberInfo) =
    m.GetCustomAttributes() |> Seq.exists (fun a -> a.GetType().Name = "CompilerGeneratedAttribute")

[<Theory>]
[<InlineData "Ppl.Core">]
[<InlineData "Ppl.Lowering">]
[<InlineData "Ppl.Jit">]
[<InlineData "Ppl.Inference">]
[<InlineData "Ppl.Neural">]
let ``public types and functions are documented`` (name: string) =
    let assembly = Repository.assembly name
    let known = documented assembly

    let undocumented =
        [|
            for ty in assembly.GetExportedTypes() do
                // Cases and closures of unions are nested types; their documentation is the case's.
                if not (ty.IsNested || compilerMade ty) && not (known.Contains(string ty.FullName)) then
                    string ty.FullName

                let isModule = ty.IsAbstract && ty.IsSealed

                if isModule then
                    for m in ty.GetMethods(BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.DeclaredOnly) do
                        let full = $"{string ty.FullName}.{m.Name}".Replace('+', '.')
                        let generic = if m.IsGenericMethod then $"{full}``{m.GetGenericArguments().Length}" else full
                        // Active patterns, and the copies of inline functions that take their constraints as arguments.
                        let isPattern = m.Name.StartsWith "|" || m.Name.EndsWith "$W"

                        if
                            not (
                                m.IsSpecialName
                                || isPattern
                                || compilerMade m
                                || known.Contains full
                                || known.Contains generic
                            )
                        then
                            full
        |]

    Assert.Empty undocumented

[<Fact>]
let ``every id has a page with cause, example and fix`` () =
    let ids =
        Repository.sources [ "src" ]
        |> Array.collect (fun file ->
            [| for m in Regex.Matches(File.ReadAllText file, "\"(PPL\\d{4})\"") -> m.Groups[1].Value |])
        |> Array.distinct
        |> Array.sort

    Assert.NotEmpty ids

    let missing =
        ids
        |> Array.filter (fun id -> not (File.Exists(Repository.path [ "docs"; "diagnostics"; $"{id}.md" ])))

    Assert.Empty missing
