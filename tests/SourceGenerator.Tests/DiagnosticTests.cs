using System.Linq;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Ppl.SourceGenerator.Tests;

/// <summary>One smallest bad program for each id.</summary>
public class DiagnosticTests
{
    private static void Reports(string id, string mentions, string before, string after)
    {
        Assert.Contains(before, Samples.EightSchools);
        var diagnostics = Harness.Diagnostics(Samples.EightSchools.Replace(before, after));
        var diagnostic = Assert.Single(diagnostics);
        Assert.Equal(id, diagnostic.Id);
        Assert.Contains(mentions, diagnostic.GetMessage());
        Assert.Equal("Model.cs", diagnostic.Location.GetLineSpan().Path);
        Assert.EndsWith($"{id}.md", diagnostic.Descriptor.HelpLinkUri);
    }

    [Fact]
    public void PPL0001_a_class_that_is_not_partial() => Reports("PPL0001", "'EightSchools'", "sealed partial class", "sealed class");

    [Fact]
    public void PPL0002_a_site_that_is_never_sampled() =>
        Reports("PPL0002", "'Tau'", "p.Sample(Tau, HalfCauchy(5))", "new Real(1.0)");

    [Fact]
    public void PPL0003_a_site_that_is_sampled_twice() =>
        Reports("PPL0003", "'Mu'", "var tau = p", "p.Sample(Mu, Normal(0, 1)); var tau = p");

    [Fact]
    public void PPL0003_not_in_two_branches() =>
        Assert.Empty(
            Harness.Diagnostics(
                Samples.EightSchools.Replace(
                    "var mu = p.Sample(Mu, Normal(0, 5));",
                    "Real mu; if (Sigma[0] > 1) { mu = p.Sample(Mu, Normal(0, 5)); } else { mu = p.Sample(Mu, Normal(0, 1)); }")));

    [Fact]
    public void PPL0004_data_that_are_never_observed() => Reports("PPL0004", "'Y'", "p.Observe(Y, Normal(theta, Sigma));", string.Empty);

    [Fact]
    public void PPL0005_no_body() => Reports("PPL0005", "'EightSchools'", "[Body]", string.Empty);

    [Fact]
    public void PPL0005_a_body_of_another_form() => Reports("PPL0005", "'EightSchools'", "void Define(Prob p)", "int Define(Prob p)");

    [Fact]
    public void PPL0006_a_site_that_is_not_partial() =>
        Reports("PPL0006", "'Mu'", "public static partial Site<Real> Mu { get; }", "public static Site<Real> Mu { get; } = new(\"Mu\");");

    [Fact]
    public void PPL0006_a_site_of_another_type() => Reports("PPL0006", "'Mu'", "Site<Real> Mu", "Site<Int> Mu");

    [Fact]
    public void PPL0007_an_axis_that_is_not_labels() => Reports("PPL0007", "'School' has type int[]", "string[] School", "int[] School");

    [Fact]
    public void PPL0007_data_of_another_type() => Reports("PPL0007", "'Sigma' has type decimal[]", "double[] Sigma", "decimal[] Sigma");

    [Fact]
    public void PPL0008_a_model_in_a_closed_type() =>
        Assert.Equal(
            "PPL0008",
            Assert.Single(
                Harness.Diagnostics(
                    Samples.EightSchools.Replace("[Model(\"eight-schools\")]", "public static class Outer { [Model]") + "}")).Id);

    [Fact]
    public void PPL0010_an_unknown_axis() =>
        Reports("PPL0010", "'Pupil' is not an axis of this model (axes: School)", "[Fixed(nameof(School))]", "[Fixed(\"Pupil\")]");

    [Fact]
    public void PPL0011_more_axes_than_dimensions() =>
        Reports("PPL0011", "'Sigma' has 1 dimension(s) but names 2", "[Fixed(nameof(School))]", "[Fixed(nameof(School), nameof(School))]");

    [Fact]
    public void PPL0090_a_language_without_extension_properties()
    {
        var result = Harness.Run(Samples.EightSchools, LanguageVersion.CSharp13);
        Assert.Equal("PPL0090", Assert.Single(result.Diagnostics).Id);
        Assert.DoesNotContain("extension(", result.GeneratedTrees.Single().ToString());
    }

    [Fact]
    public void An_error_generates_nothing() =>
        Assert.Empty(Harness.Run(Samples.EightSchools.Replace("sealed partial class", "sealed class")).GeneratedTrees);
}
