using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Ppl.SourceGenerator.Tests;

public class IncrementalTests
{
    private static IncrementalStepRunReason[] Reasons(string before, string after, string step)
    {
        var first = Harness.Compilation(before);
        GeneratorDriver driver = Harness.Driver().RunGenerators(first);
        var tree = first.SyntaxTrees.Single();
        var edited = CSharpSyntaxTree.ParseText(after, (CSharpParseOptions)tree.Options, tree.FilePath);
        var result = driver.RunGenerators(first.ReplaceSyntaxTree(tree, edited)).GetRunResult();
        return [.. result.Results.Single().TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason)];
    }

    [Fact]
    public void Moving_a_line_generates_nothing_anew() =>
        Assert.All(
            Reasons(Samples.EightSchools, "// a new first line\n" + Samples.EightSchools, ModelGenerator.SpecStep),
            reason => Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged));

    [Fact]
    public void Changing_the_body_generates_nothing_anew() =>
        Assert.All(
            Reasons(Samples.EightSchools, Samples.EightSchools.Replace("HalfCauchy(5)", "HalfCauchy(2)"), ModelGenerator.SpecStep),
            reason => Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged));

    [Fact]
    public void Renaming_a_site_generates_anew() =>
        Assert.Contains(
            IncrementalStepRunReason.Modified,
            Reasons(Samples.EightSchools, Samples.EightSchools.Replace("Mu", "Mean"), ModelGenerator.SpecStep));
}
