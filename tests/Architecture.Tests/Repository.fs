// The repository as the tests see it: its root, its source files, its built assemblies.
module Ppl.Architecture.Tests.Repository

open System
open System.IO
open System.Reflection

/// The folder that holds Ppl.sln.
let root =
    let rec up (folder: DirectoryInfo | null) =
        match folder with
        | null -> invalidOp "Ppl.sln is in no folder above the tests"
        | folder when File.Exists(Path.Combine(folder.FullName, "Ppl.sln")) -> folder.FullName
        | folder -> up folder.Parent

    up (DirectoryInfo AppContext.BaseDirectory)

let path (parts: string list) = Path.Combine(Array.ofList (root :: parts))

/// The F# and C# files below a folder of the repository, without build outputs.
let sources (folder: string list) =
    let separator = Path.DirectorySeparatorChar

    Directory.EnumerateFiles(path folder, "*.*", SearchOption.AllDirectories)
    |> Seq.filter (fun file -> file.EndsWith ".fs" || file.EndsWith ".fsi" || file.EndsWith ".cs")
    |> Seq.filter (fun file ->
        not (file.Contains $"{separator}obj{separator}" || file.Contains $"{separator}bin{separator}"))
    |> Seq.sort
    |> Seq.toArray

/// "file:line text" of the lines of files for which a test holds; comments are cut off.
let linesWhere (holds: string -> bool) (files: string[]) =
    [|
        for file in files do
            for number, line in Seq.indexed (File.ReadLines file) do
                let code =
                    match line.IndexOf "//" with
                    | -1 -> line
                    | at -> line.Substring(0, at)

                if holds code then
                    $"{Path.GetRelativePath(root, file)}:{number + 1} {line.Trim()}"
    |]

let assembly name = Assembly.Load(AssemblyName name)

/// The names of the assemblies that an assembly refers to.
let references name =
    (assembly name).GetReferencedAssemblies()
    |> Array.choose (fun reference -> Option.ofObj reference.Name)
    |> Array.sort
