// What the parser found out about a model class, without symbols or syntax: equal specs give equal text, so an edit that
// changes neither costs nothing. Read ModelParser for how it is made, ModelWriter for what becomes of it.
namespace Ppl.SourceGenerator;

/// <summary>A [Model] class.</summary>
internal sealed record ModelSpec(
    string Namespace,
    EquatableArray<string> Containers,
    string ClassName,
    string Keyword,
    string Accessibility,
    string ModelName,
    string BodyName,
    bool HasExtensionMembers,
    EquatableArray<SiteSpec> Sites,
    EquatableArray<MemberSpec> Members);

/// <summary>A [Latent] property: its declaration and the rank of its values.</summary>
internal sealed record SiteSpec(string Name, string Accessibility, string ValueType, int Rank, EquatableArray<string> Axes);

/// <summary>An [Axis], [Observed] or [Fixed] property.</summary>
internal sealed record MemberSpec(string Name, string Kind, EquatableArray<string> Axes);

/// <summary>A diagnostic to be reported: descriptor id, place, arguments.</summary>
internal sealed record DiagnosticSpec(string Id, LocationSpec Location, EquatableArray<string> Arguments);

/// <summary>A place in a file, free of syntax trees.</summary>
internal sealed record LocationSpec(string Path, int Start, int Length, int Line, int Column, int EndLine, int EndColumn);

/// <summary>A class's model, if it has one, and what is to be said about it.</summary>
internal sealed record ParseResult(ModelSpec? Model, EquatableArray<DiagnosticSpec> Diagnostics);
