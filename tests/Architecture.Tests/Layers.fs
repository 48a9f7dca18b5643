// The rules of the architecture, read off the built assemblies and the sources.
module Ppl.Architecture.Tests.Layers

open System
open Xunit
open Ppl.Architecture.Tests

let private ours =
    [ "Ppl.Kernels"; "Ppl.Core"; "Ppl.Lowering"; "Ppl.Jit"; "Ppl.Inference"; "Ppl.Neural"; "Ppl" ]

let private usesOnly name (allowed: string list) =
    let used = Repository.references name |> Array.filter (fun reference -> List.contains reference ours)
    Assert.Empty(used |> Array.except allowed)

[<Fact>]
let ``the numeric kernels use nothing of ours`` () = usesOnly "Ppl.Kernels" []

[<Fact>]
let ``the core uses the numeric kernels only`` () = usesOnly "Ppl.Core" [ "Ppl.Kernels" ]

[<Fact>]
let ``lowering uses the core and the kernels`` () = usesOnly "Ppl.Lowering" [ "Ppl.Core"; "Ppl.Kernels" ]

[<Fact>]
let ``the jit uses lowering, the core and the kernels`` () =
    usesOnly "Ppl.Jit" [ "Ppl.Core"; "Ppl.Kernels"; "Ppl.Lowering" ]

[<Fact>]
let ``inference sees the core and no engine`` () = usesOnly "Ppl.Inference" [ "Ppl.Core" ]

[<Fact>]
let ``neural parts see the core and no engine`` () = usesOnly "Ppl.Neural" [ "Ppl.Core" ]

[<Fact>]
let ``only the jit emits code`` () =
    for name in ours |> List.except [ "Ppl.Jit" ] do
        let emit = Repository.references name |> Array.filter (fun r -> r.StartsWith "System.Reflection.Emit")
        Assert.True(emit.Length = 0, name + " refers to " + String.Join(", ", emit))

[<Fact>]
let ``third-party packages stay where they belong`` () =
    for name in ours do
        let foreign =
            Repository.references name
            |> Array.filter (fun r -> not (r.StartsWith "System" || r = "FSharp.Core" || r = "netstandard"))
            |> Array.except ours

        let allowed = if name = "Ppl" then [ "Spectre.Console" ] else []
        Assert.Empty(foreign |> Array.except allowed)

let private folders =
    [ "Core.FSharp"; "Lowering"; "Inference"; "Neural"; "Facade.CSharp"; "SourceGenerator" ]

let private safeSources =
    folders |> List.toArray |> Array.collect (fun folder -> Repository.sources [ "src"; folder ])

[<Fact>]
let ``pointers and native calls stay in the kernels and the jit`` () =
    let words = [ "NativePtr"; "NativeInterop"; "unsafe "; "DllImport"; "LibraryImport"; "stackalloc" ]
    let holds (line: string) = words |> List.exists line.Contains
    Assert.Empty(Repository.linesWhere holds safeSources)

[<Fact>]
let ``no untyped failure and nothing unfinished`` () =
    let words = [ "failwith"; "NotImplementedException"; "Unchecked.defaultof"; "TODO"; "FIXME" ]
    let holds (line: string) = words |> List.exists line.Contains
    let emitting = Repository.sources [ "src"; "Kernels.CSharp" ]
    Assert.Empty(Repository.linesWhere holds (Array.append safeSources emitting))

[<Fact>]
let ``no global mutable state`` () =
    let holds (line: string) = line.StartsWith "let mutable" || line.StartsWith "    let mutable global"
    Assert.Empty(Repository.linesWhere holds (Repository.sources [ "src" ]))

[<Fact>]
let ``no ambient clock or randomness below the facade`` () =
    let words =
        [
            "DateTime.Now"
            "DateTime.UtcNow"
            "System.Random"
            "Random.Shared"
            "Guid.NewGuid"
            "Environment.TickCount"
        ]

    let holds (line: string) = words |> List.exists line.Contains
    let inner = [| "Core.FSharp"; "Lowering"; "Jit"; "Inference"; "Neural" |]

    Assert.Empty(
        Repository.linesWhere holds (inner |> Array.collect (fun folder -> Repository.sources [ "src"; folder ]))
    )

[<Fact>]
let ``no transcendental function of the platform's library in replayable code`` () =
    // Their bits depend on the machine; ours are in VectorMath. Constants of a program are computed at trace time.
    let words = [ "MathF."; "TensorPrimitives." ]
    // Rounded once, hence the same everywhere.
    let exact = [ "MathF.FusedMultiplyAdd"; "MathF.Sqrt"; "MathF.Abs" ]

    let holds (line: string) =
        let rest = exact |> List.fold (fun (line: string) word -> line.Replace(word, "")) line
        words |> List.exists rest.Contains

    Assert.Empty(Repository.linesWhere holds (Repository.sources [ "src" ]))
