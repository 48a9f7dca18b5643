using System.IO;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Ppl.SourceGenerator.Tests;

public class GeneratedTextTests
{
    private static string Golden(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [Fact]
    public void The_text_for_eight_schools_is_the_approved_one() =>
        Assert.Equal(Golden("EightSchools.approved.txt"), Harness.Text(Samples.EightSchools));

    [Fact]
    public void The_same_input_gives_the_same_text() =>
        Assert.Equal(Harness.Text(Samples.EightSchools), Harness.Text(Samples.EightSchools));

    [Fact]
    public void A_correct_model_is_not_commented_on() => Assert.Empty(Harness.Diagnostics(Samples.EightSchools));

    [Fact]
    public void The_generated_half_compiles_with_the_written_half()
    {
        // Without accessors: this Roslyn cannot parse C# 14's extension blocks. Facade.Tests and the examples compile them.
        var compilation = Harness.Compilation(Samples.EightSchools, LanguageVersion.CSharp13);
        Harness.Driver(LanguageVersion.CSharp13).RunGeneratorsAndUpdateCompilation(compilation, out var updated, out _);
        Assert.Empty(updated.GetDiagnostics().Where(d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error));
    }

    [Fact]
    public void A_nested_model_compiles()
    {
        var nested = Samples.EightSchools.Replace("[Model(\"eight-schools\")]", "public static partial class Outer { [Model]") + "}";
        var compilation = Harness.Compilation(nested, LanguageVersion.CSharp13);
        Harness.Driver(LanguageVersion.CSharp13).RunGeneratorsAndUpdateCompilation(compilation, out var updated, out _);
        Assert.Empty(updated.GetDiagnostics().Where(d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error));
    }
}
