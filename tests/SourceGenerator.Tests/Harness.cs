// Runs the generator on a piece of source, as the compiler would.
using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Ppl.SourceGenerator.Tests;

internal static class Harness
{
    // C# 14; the Roslyn version that generators are built on has no name for it.
    public const LanguageVersion CSharp14 = (LanguageVersion)1400;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static CSharpCompilation Compilation(string source, LanguageVersion version = LanguageVersion.Preview) =>
        CSharpCompilation.Create(
            "Consumer",
            [CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(version), "Model.cs")],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    public static CSharpGeneratorDriver Driver(LanguageVersion version = LanguageVersion.Preview) =>
        CSharpGeneratorDriver.Create(
            [new ModelGenerator().AsSourceGenerator()],
            parseOptions: new CSharpParseOptions(version),
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static GeneratorDriverRunResult Run(string source, LanguageVersion version = LanguageVersion.Preview) =>
        Driver(version).RunGenerators(Compilation(source, version)).GetRunResult();

    /// <summary>The only generated file.</summary>
    public static string Text(string source) => Run(source).GeneratedTrees.Single().ToString();

    /// <summary>The ids of what the generator reports.</summary>
    public static ImmutableArray<Diagnostic> Diagnostics(string source, LanguageVersion version = LanguageVersion.Preview) =>
        Run(source, version).Diagnostics;
}
