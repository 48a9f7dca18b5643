// What a model's body may say. Every statement goes to an interpreter, which decides what it means: a draw, a term of
// the density, a row of the list of sites. Relies on Bridge. Read ModelDefinition next.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Ppl.Core;
using Ppl.Core.Models;
using Ppl.Core.Probability;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>
/// The statements of a model: choices, observations, factors, derived values. The body that receives it is ordinary C#
/// which really runs, once for each interpretation; a value that it gets back may be traced and then has no number yet.
/// </summary>
public sealed class Prob
{
    private readonly IInterpreter interpreter;
    private readonly IReadOnlyDictionary<string, Axis> axes;

    internal Prob(IInterpreter interpreter, IReadOnlyDictionary<string, Axis> axes)
    {
        this.interpreter = interpreter;
        this.axes = axes;
    }

    /// <summary>A random choice: its value.</summary>
    /// <param name="site">The address. Each address may be used once (PPL6001).</param>
    /// <param name="distribution">Its leading dimensions are those of the site's axes (PPL1004).</param>
    public T Sample<T>(Site<T> site, Distribution<T> distribution)
        where T : IValue<T>
    {
        var core = Guard.Given(distribution).Core;
        return T.Of(interpreter.Sample(Place(Guard.Given(site), Dimensions(core), core.Name), core));
    }

    /// <summary>A random choice at an address given as text: its value.</summary>
    /// <param name="address">The address. Each may be used once (PPL6001).</param>
    /// <param name="distribution">The distribution of the value.</param>
    public T Sample<T>(string address, Distribution<T> distribution)
        where T : IValue<T> => Sample(new Site<T>(address), distribution);

    /// <summary>A value that a distribution has produced: data.</summary>
    /// <param name="value">The data (PPL1001 NaN, PPL1002 infinite, PPL1004 shape, PPL1005 outside the support).</param>
    /// <param name="distribution">Where the data came from.</param>
    /// <param name="address">The address; the text of <paramref name="value"/> if it is left out.</param>
    public void Observe(
        Real value,
        Distribution<Real> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, Guard.Given(distribution).Core, address);

    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        RealVec value,
        Distribution<RealVec> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, Guard.Given(distribution).Core, address);

    /// <summary>Independent values from one distribution: data.</summary>
    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        RealVec value,
        Distribution<Real> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, distribution.Each(Guard.Given(value).Length).Core, address);

    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        RealMat value,
        Distribution<RealMat> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, Guard.Given(distribution).Core, address);

    /// <summary>Independent rows from one distribution: data.</summary>
    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        RealMat value,
        Distribution<RealVec> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, distribution.Each(Guard.Given(value).Rows).Core, address);

    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        Int value,
        Distribution<Int> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, Guard.Given(distribution).Core, address);

    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        IntVec value,
        Distribution<IntVec> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, Guard.Given(distribution).Core, address);

    /// <summary>Independent values from one distribution: data.</summary>
    /// <inheritdoc cref="Observe(Real, Distribution{Real}, string)"/>
    public void Observe(
        IntVec value,
        Distribution<Int> distribution,
        [CallerArgumentExpression(nameof(value))] string address = "") =>
        Observe(value, distribution.Each(Guard.Given(value).Length).Core, address);

    /// <summary>A term of the log density.</summary>
    /// <param name="address">The address. Each may be used once (PPL6001).</param>
    /// <param name="logWeight">Added to the log density.</param>
    public void Factor(string address, Real logWeight) =>
        interpreter.Factor(Bridge.Site(address, []), Guard.Given(logWeight).Tensor);

    /// <summary>Terms of the log density; their sum is added.</summary>
    /// <param name="address">The address. Each may be used once (PPL6001).</param>
    /// <param name="logWeights">Their sum is added to the log density.</param>
    public void Factor(string address, RealVec logWeights) =>
        interpreter.Factor(Bridge.Site(address, []), Guard.Given(logWeights).Tensor);

    /// <summary>A derived value, reported like a choice: the value itself.</summary>
    /// <param name="site">The address. Each may be used once (PPL6001).</param>
    /// <param name="value">Its leading dimensions are those of the site's axes (PPL1004).</param>
    public T Deterministic<T>(Site<T> site, T value)
        where T : IValue<T>
    {
        var tensor = Guard.Given(value).Tensor;
        interpreter.Deterministic(Place(Guard.Given(site), tensor.Shape.ToArray(), "the derived value"), tensor);
        return value;
    }

    /// <summary>A derived value at an address given as text: the value itself.</summary>
    /// <param name="address">The address. Each may be used once (PPL6001).</param>
    /// <param name="value">The value.</param>
    public T Deterministic<T>(string address, T value)
        where T : IValue<T> => Deterministic(new Site<T>(address), value);

    private void Observe<T>(T value, IDistribution distribution, string address)
        where T : IValue<T>
    {
        var name = address.StartsWith("this.", StringComparison.Ordinal) ? address["this.".Length..] : address;
        interpreter.Observe(Bridge.Site(name, []), distribution, Guard.Given(value).Tensor);
    }

    private static int[] Dimensions(IDistribution d) => [.. d.Batch.ToArray(), .. d.Event.ToArray()];

    /// <summary>The core's site, once the dimensions are known to be those of the axes.</summary>
    private Site Place<T>(Site<T> site, int[] dimensions, string what)
        where T : IValue<T>
    {
        var named = site.Axes.Select(axis => Named(site.Name, axis)).ToArray();
        var sizes = named.Select(static axis => axis.Size).ToArray();
        if (!dimensions.Take(sizes.Length).SequenceEqual(sizes))
        {
            var declared = string.Join(" x ", named.AsEnumerable());
            throw new PplException(
                "PPL1004",
                $"the axes are {declared}, but {what} has the shape [{string.Join(",", dimensions)}]",
                $"copy the distribution along the axis, as in Normal(mu, tau).Each({site.Axes[^1]}), or correct the axes",
                site.Name);
        }

        return Bridge.Site(site.Name, named);
    }

    private Axis Named(string site, string axis) =>
        axes.TryGetValue(axis, out var found) ? found : throw DataChecks.UnknownAxis(site, axis, axes.Keys);
}
