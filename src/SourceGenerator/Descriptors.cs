// All diagnostics of the generator. Ids are never reused; each has a page in docs/diagnostics.
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Ppl.SourceGenerator;

/// <summary>The diagnostics PPL0001 and up.</summary>
internal static class Descriptors
{
    public static readonly DiagnosticDescriptor NotPartial = Error(
        "PPL0001", "A model class must be partial", "'{0}' must be declared partial, so that the generator can add its sites to it");

    public static readonly DiagnosticDescriptor NeverSampled = Warning(
        "PPL0002", "A latent site is never sampled", "The body never mentions '{0}': give it a distribution with p.Sample({0}, ...), or remove the property");

    public static readonly DiagnosticDescriptor SampledTwice = Error(
        "PPL0003", "A latent site is sampled twice", "'{0}' is sampled again on the same path; each address may be used once");

    public static readonly DiagnosticDescriptor NeverObserved = Warning(
        "PPL0004", "Observed data are never observed", "The body never mentions '{0}': say where the data came from with p.Observe({0}, ...), or mark them [Fixed]");

    public static readonly DiagnosticDescriptor NoBody = Error(
        "PPL0005", "A model needs one body", "'{0}' must have exactly one method marked [Body], of the form void M(Prob p)");

    public static readonly DiagnosticDescriptor SiteForm = Error(
        "PPL0006", "A latent site has the wrong form", "'{0}' must be declared: static partial Site<Real> {0} {{ get; }} (or Site<RealVec>, Site<RealMat>)");

    public static readonly DiagnosticDescriptor MemberType = Error(
        "PPL0007", "A data member has an unsupported type", "'{0}' has type {1}; {2}");

    public static readonly DiagnosticDescriptor Container = Error(
        "PPL0008", "A model class has an unsupported place", "'{0}' is generic or lies in a type that is generic or not partial; declare it in a namespace");

    public static readonly DiagnosticDescriptor UnknownAxis = Error(
        "PPL0010", "Unknown axis", "'{1}' is not an axis of this model ({2}); name a property that is marked [Axis]: nameof(...)");

    public static readonly DiagnosticDescriptor AxisCount = Error(
        "PPL0011", "Axes and dimensions disagree", "'{0}' has {1} dimension(s) but names {2} axis or axes");

    public static readonly DiagnosticDescriptor OldLanguage = Warning(
        "PPL0090", "Typed accessors need C# 14", "'{0}': results have no typed accessors below C# 14; use posterior[{0}.Site] instead");

    private static readonly Dictionary<string, DiagnosticDescriptor> ById = new[]
    {
        NotPartial, NeverSampled, SampledTwice, NeverObserved, NoBody, SiteForm, MemberType, Container, UnknownAxis, AxisCount, OldLanguage,
    }.ToDictionary(descriptor => descriptor.Id);

    /// <summary>The descriptor of that id.</summary>
    public static DiagnosticDescriptor Find(string id) => ById[id];

    private static DiagnosticDescriptor Error(string id, string title, string message) => Make(id, title, message, DiagnosticSeverity.Error);

    private static DiagnosticDescriptor Warning(string id, string title, string message) => Make(id, title, message, DiagnosticSeverity.Warning);

    private static DiagnosticDescriptor Make(string id, string title, string message, DiagnosticSeverity severity) =>
        new(id, title, message, "Ppl.Model", severity, isEnabledByDefault: true, helpLinkUri: $"docs/diagnostics/{id}.md");
}
