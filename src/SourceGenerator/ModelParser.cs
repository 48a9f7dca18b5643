// From the symbols of a [Model] class to its spec and diagnostics: everything is decided here, nothing in the writer.
// Relies on ModelSpec, Descriptors, BodyFacts. Read ModelWriter next.
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ppl.SourceGenerator;

/// <summary>Parses one class.</summary>
internal sealed class ModelParser
{
    // C# 14, in which extension properties appeared; the Roslyn version that this is built on has no name for it.
    private const int ExtensionMembersVersion = 1400;

    private static readonly Dictionary<string, int> SiteRanks = new() { ["Real"] = 0, ["RealVec"] = 1, ["RealMat"] = 2 };

    private readonly INamedTypeSymbol type;
    private readonly ClassDeclarationSyntax syntax;
    private readonly LanguageVersion language;
    private readonly List<DiagnosticSpec> diagnostics = [];

    private ModelParser(INamedTypeSymbol type, ClassDeclarationSyntax syntax, LanguageVersion language)
    {
        this.type = type;
        this.syntax = syntax;
        this.language = language;
    }

    /// <summary>What there is to generate for and to say about a class that carries [Model].</summary>
    public static ParseResult Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        var type = (INamedTypeSymbol)context.TargetSymbol;
        var syntax = (ClassDeclarationSyntax)context.TargetNode;
        var parser = new ModelParser(type, syntax, ((CSharpParseOptions)syntax.SyntaxTree.Options).LanguageVersion);
        var model = parser.Model(context.Attributes[0], cancellation);
        bool failed = parser.diagnostics.Any(d => Descriptors.Find(d.Id).DefaultSeverity == DiagnosticSeverity.Error);
        return new ParseResult(failed ? null : model, new(parser.diagnostics));
    }

    private static bool IsPartial(SyntaxNode declaration) =>
        declaration is TypeDeclarationSyntax type && type.Modifiers.Any(SyntaxKind.PartialKeyword);

    private static AttributeData? Attribute(ISymbol symbol, string name) =>
        symbol.GetAttributes().FirstOrDefault(a => a.AttributeClass is { } c && c.Name == name && c.ContainingNamespace.ToDisplayString() == "Ppl");

    private static string[] Axes(AttributeData attribute) =>
        attribute.ConstructorArguments.FirstOrDefault() is { Kind: TypedConstantKind.Array } names
            ? names.Values.Select(value => value.Value as string ?? string.Empty).ToArray()
            : [];

    private ModelSpec? Model(AttributeData attribute, CancellationToken cancellation)
    {
        if (!CheckPlace())
        {
            return null;
        }

        var properties = type.GetMembers().OfType<IPropertySymbol>().ToArray();
        var axes = properties.Where(p => Attribute(p, "AxisAttribute") is not null).Select(p => p.Name).ToArray();
        cancellation.ThrowIfCancellationRequested();
        var members = properties.Select(p => Member(p, axes)).OfType<MemberSpec>().ToArray();
        var sites = properties.Select(p => Site(p, axes)).OfType<SiteSpec>().ToArray();
        var body = Body();
        cancellation.ThrowIfCancellationRequested();
        CheckBody(body, sites, members);
        bool extensions = (int)language >= ExtensionMembersVersion;

        if (!extensions)
        {
            Report(Descriptors.OldLanguage, type, type.Name);
        }

        return new ModelSpec(
            type.ContainingNamespace.IsGlobalNamespace ? string.Empty : type.ContainingNamespace.ToDisplayString(),
            new(Containers().Select(c => c.Name).Reverse()),
            type.Name,
            type.IsRecord ? "record" : "class",
            SyntaxFacts.GetText(type.DeclaredAccessibility),
            attribute.ConstructorArguments.FirstOrDefault() is { Kind: TypedConstantKind.Primitive, Value: string name } ? name : type.Name,
            body?.Name ?? string.Empty,
            extensions,
            new(sites),
            new(members));
    }

    private IEnumerable<INamedTypeSymbol> Containers()
    {
        for (var outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            yield return outer;
        }
    }

    private bool CheckPlace()
    {
        if (!IsPartial(syntax))
        {
            Report(Descriptors.NotPartial, syntax.Identifier.GetLocation(), type.Name);
            return false;
        }

        bool generic = type.IsGenericType || Containers().Any(outer => outer.IsGenericType);
        bool closed = syntax.Ancestors().OfType<TypeDeclarationSyntax>().Any(outer => !IsPartial(outer));

        if (generic || closed)
        {
            Report(Descriptors.Container, syntax.Identifier.GetLocation(), type.Name);
            return false;
        }

        return true;
    }

    private MemberSpec? Member(IPropertySymbol property, string[] axes)
    {
        foreach (var kind in new[] { "Axis", "Observed", "Fixed" })
        {
            if (Attribute(property, kind + "Attribute") is { } attribute)
            {
                var own = Axes(attribute);
                CheckAxes(property, own, axes);
                CheckMemberType(property, kind, own);
                return new MemberSpec(property.Name, kind, new(own));
            }
        }

        return null;
    }

    private void CheckMemberType(IPropertySymbol property, string kind, string[] own)
    {
        string name = property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat).TrimEnd('?');

        if (kind == "Axis")
        {
            if (name != "string[]")
            {
                Report(Descriptors.MemberType, property, property.Name, name, "an axis is a string[] of labels");
            }

            return;
        }

        int rank = name switch
        {
            "double" or "int" or "bool" => 0,
            "double[]" or "int[]" or "bool[]" => 1,
            "double[,]" => 2,
            _ => -1,
        };

        if (rank < 0)
        {
            Report(Descriptors.MemberType, property, property.Name, name, "data are double, int, double[], int[] or double[,]");
        }
        else if (own.Length > 0 && own.Length != rank)
        {
            Report(Descriptors.AxisCount, property, property.Name, rank.ToString(), own.Length.ToString());
        }
    }

    private SiteSpec? Site(IPropertySymbol property, string[] axes)
    {
        if (Attribute(property, "LatentAttribute") is not { } attribute)
        {
            return null;
        }

        var own = Axes(attribute);
        CheckAxes(property, own, axes);
        bool form = property.IsStatic && property.IsPartialDefinition && property.SetMethod is null;

        if (!form
            || property.Type is not INamedTypeSymbol { Name: "Site", TypeArguments: { Length: 1 } values }
            || !SiteRanks.TryGetValue(values[0].Name, out int rank))
        {
            Report(Descriptors.SiteForm, property, property.Name);
            return null;
        }

        if (own.Length > rank)
        {
            Report(Descriptors.AxisCount, property, property.Name, rank.ToString(), own.Length.ToString());
        }

        return new SiteSpec(property.Name, SyntaxFacts.GetText(property.DeclaredAccessibility), values[0].Name, rank, new(own));
    }

    private void CheckAxes(IPropertySymbol property, string[] own, string[] axes)
    {
        foreach (var axis in own.Where(axis => !axes.Contains(axis)))
        {
            string known = axes.Length == 0 ? "it has none" : "axes: " + string.Join(", ", axes);
            Report(Descriptors.UnknownAxis, property, property.Name, axis, known);
        }
    }

    private IMethodSymbol? Body()
    {
        var bodies = type.GetMembers().OfType<IMethodSymbol>().Where(m => Attribute(m, "BodyAttribute") is not null).ToArray();

        if (bodies.Length == 1
            && bodies[0] is { ReturnsVoid: true, IsStatic: false, IsGenericMethod: false, Parameters.Length: 1 } body
            && body.Parameters[0].Type.Name == "Prob")
        {
            return body;
        }

        Report(Descriptors.NoBody, syntax.Identifier.GetLocation(), type.Name);
        return null;
    }

    private void CheckBody(IMethodSymbol? body, SiteSpec[] sites, MemberSpec[] members)
    {
        if (body?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is not MethodDeclarationSyntax method)
        {
            return;
        }

        var facts = new BodyFacts(method);

        foreach (var site in sites)
        {
            if (!facts.Mentions(site.Name))
            {
                Report(Descriptors.NeverSampled, type.GetMembers(site.Name)[0], site.Name);
            }
            else if (facts.SecondSample(site.Name) is { } second)
            {
                Report(Descriptors.SampledTwice, second.GetLocation(), site.Name);
            }
        }

        foreach (var member in members.Where(m => m.Kind == "Observed" && !facts.Mentions(m.Name)))
        {
            Report(Descriptors.NeverObserved, type.GetMembers(member.Name)[0], member.Name);
        }
    }

    private void Report(DiagnosticDescriptor descriptor, ISymbol symbol, params string[] arguments) =>
        Report(descriptor, symbol.Locations[0], arguments);

    private void Report(DiagnosticDescriptor descriptor, Location location, params string[] arguments)
    {
        var span = location.GetLineSpan();
        diagnostics.Add(
            new(
                descriptor.Id,
                new(
                    span.Path,
                    location.SourceSpan.Start,
                    location.SourceSpan.Length,
                    span.StartLinePosition.Line,
                    span.StartLinePosition.Character,
                    span.EndLinePosition.Line,
                    span.EndLinePosition.Character),
                new(arguments)));
    }
}
