// The name and type of a quantity of a model. Read Prob next.
using System.Collections.Generic;

namespace Ppl;

/// <summary>A quantity of a model: its address, the names of its axes and, as a type, what its values are.</summary>
/// <typeparam name="T">Real, RealVec, RealMat, Int or IntVec.</typeparam>
/// <param name="name">The address; in a model class, the member's name.</param>
/// <param name="axes">The axes along the leading dimensions, outermost first.</param>
public sealed class Site<T>(string name, params string[] axes)
    where T : IValue<T>
{
    /// <summary>The address.</summary>
    public string Name { get; } = Guard.Given(name);

    /// <summary>The axes along the leading dimensions, outermost first.</summary>
    public IReadOnlyList<string> Axes { get; } = Guard.Given(axes);

    /// <summary>The address.</summary>
    public override string ToString() => Name;
}
