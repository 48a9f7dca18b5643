// The generator: attributed classes to (spec, diagnostics); one pipeline prints source from the spec alone, another reports
// the diagnostics, so that moving a line generates nothing anew.
// Relies on ModelParser and ModelWriter.
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Ppl.SourceGenerator;

/// <summary>Writes the other half of each class that carries [Model].</summary>
[Generator]
public sealed class ModelGenerator : IIncrementalGenerator
{
    /// <summary>The name of the step that parses a class.</summary>
    public const string ParseStep = "ParseModel";

    /// <summary>The name of the step that holds what is printed.</summary>
    public const string SpecStep = "ModelSpec";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var results = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                "Ppl.ModelAttribute",
                static (node, _) => node is ClassDeclarationSyntax,
                static (syntax, cancellation) => ModelParser.Parse(syntax, cancellation))
            .WithTrackingName(ParseStep);

        var models = results.Select(static (result, _) => result.Model).Where(static model => model is not null).WithTrackingName(SpecStep);

        context.RegisterSourceOutput(
            models,
            static (output, model) => output.AddSource(ModelWriter.FileName(model!), ModelWriter.Write(model!)));

        context.RegisterSourceOutput(results, static (output, result) =>
        {
            foreach (var diagnostic in result.Diagnostics)
            {
                output.ReportDiagnostic(Diagnostic(diagnostic));
            }
        });
    }

    private static Diagnostic Diagnostic(DiagnosticSpec spec)
    {
        var place = spec.Location;
        var location = Location.Create(
            place.Path,
            new TextSpan(place.Start, place.Length),
            new LinePositionSpan(new(place.Line, place.Column), new(place.EndLine, place.EndColumn)));
        return Microsoft.CodeAnalysis.Diagnostic.Create(Descriptors.Find(spec.Id), location, spec.Arguments.Cast<object>().ToArray());
    }
}
