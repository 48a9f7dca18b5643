// The attributes of model classes. The source generator reads them; at run time they do nothing.
// Read Prob next: what a model's body may say.
using System;

namespace Ppl;

/// <summary>
/// Marks a partial class as a model. The generator adds its sites, schema, typed draws and result accessors.
/// </summary>
/// <param name="name">The model's name in reports and files; the class's name if it is left out.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ModelAttribute(string? name = null) : Attribute
{
    /// <summary>The model's name in reports and files, or null for the class's name.</summary>
    public string? Name { get; } = name;
}

/// <summary>Marks a <c>string[]</c> property as a named axis: one label for each element, no label twice.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AxisAttribute : Attribute;

/// <summary>Marks a property as observed data: the body passes it to <c>Prob.Observe</c>.</summary>
/// <param name="axes">The axes along the dimensions of the data, outermost first.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ObservedAttribute(params string[] axes) : Attribute
{
    /// <summary>The axes along the dimensions of the data, outermost first.</summary>
    public string[] Axes { get; } = axes;
}

/// <summary>Marks a property as known: data that the model conditions on but does not explain.</summary>
/// <param name="axes">The axes along the dimensions of the data, outermost first.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FixedAttribute(params string[] axes) : Attribute
{
    /// <summary>The axes along the dimensions of the data, outermost first.</summary>
    public string[] Axes { get; } = axes;
}

/// <summary>
/// Marks a static partial property of type <see cref="Site{T}"/> as a quantity to be inferred. Its address is the
/// property's name; the body gives it a distribution (<c>Prob.Sample</c>) or a value (<c>Prob.Deterministic</c>).
/// </summary>
/// <param name="axes">The axes along the leading dimensions of the site, outermost first.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LatentAttribute(params string[] axes) : Attribute
{
    /// <summary>The axes along the leading dimensions of the site, outermost first.</summary>
    public string[] Axes { get; } = axes;
}

/// <summary>Marks the method <c>void M(Prob p)</c> that is the model.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BodyAttribute : Attribute;
