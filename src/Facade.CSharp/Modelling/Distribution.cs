// A distribution over values of a known type. Made by Dist. Read Dist next.
using System;
using Ppl.Core.Probability;
using Ppl.Core.Tensors;

namespace Ppl;

/// <summary>A distribution over values of type <typeparamref name="T"/>.</summary>
/// <typeparam name="T">Real, RealVec, RealMat, Int or IntVec.</typeparam>
public sealed class Distribution<T>
    where T : IValue<T>
{
    internal Distribution(IDistribution core) => Core = core;

    internal IDistribution Core { get; }

    /// <summary>The distribution that a core distribution is: the door for families of your own.</summary>
    /// <param name="core">Its batch and event dimensions together are those of T.</param>
    /// <exception cref="ArgumentException">The dimensions are not those of T.</exception>
    public static Distribution<T> Of(IDistribution core)
    {
        var rank = Guard.Given(core).Batch.Rank + core.Event.Rank;
        return rank == T.Rank
            ? new(core)
            : throw new ArgumentException($"{core.Name} has values of {rank} dimensions, not {T.Rank}", nameof(core));
    }

    /// <summary>Family and names of the parameters, for example normal(loc, scale).</summary>
    public override string ToString() => Core.Name;

    /// <summary>The log density (log mass) of a value.</summary>
    /// <param name="value">Of the distribution's shape (PPL5001).</param>
    public Real LogDensity(T value) => new(Reductions.sum(Core.LogDensity(Guard.Given(value).Tensor)));
}

/// <summary>Independent copies of distributions.</summary>
public static class DistributionExtensions
{
    /// <summary>One independent copy for each label of an axis.</summary>
    public static Distribution<RealVec> Each(this Distribution<Real> distribution, string[] axis) =>
        distribution.Each(Guard.Given(axis).Length);

    /// <summary>This many independent copies.</summary>
    public static Distribution<RealVec> Each(this Distribution<Real> distribution, int count) =>
        new(Bridge.Copies(Guard.Given(distribution).Core, NotNegative(count)));

    /// <summary>One independent copy for each label of an axis, row by row.</summary>
    public static Distribution<RealMat> Each(this Distribution<RealVec> distribution, string[] axis) =>
        distribution.Each(Guard.Given(axis).Length);

    /// <summary>This many independent copies, row by row.</summary>
    public static Distribution<RealMat> Each(this Distribution<RealVec> distribution, int count) =>
        new(Bridge.Copies(Guard.Given(distribution).Core, NotNegative(count)));

    /// <summary>One independent copy for each label of an axis.</summary>
    public static Distribution<IntVec> Each(this Distribution<Int> distribution, string[] axis) =>
        distribution.Each(Guard.Given(axis).Length);

    /// <summary>This many independent copies.</summary>
    public static Distribution<IntVec> Each(this Distribution<Int> distribution, int count) =>
        new(Bridge.Copies(Guard.Given(distribution).Core, NotNegative(count)));

    private static int NotNegative(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count;
    }
}
