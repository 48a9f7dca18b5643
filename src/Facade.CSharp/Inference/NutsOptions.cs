// Options of the samplers. They are checked, and copied, when the builder gets them.
using Ppl.Core;

namespace Ppl;

/// <summary>Options of the no-U-turn sampler.</summary>
public sealed record NutsOptions
{
    /// <summary>The wanted mean acceptance statistic, between 0 and 1. Default 0.8 (Stan).</summary>
    /// <remarks>Nearer to 1: smaller steps, fewer divergences, more work.</remarks>
    public double TargetAccept { get; set; } = 0.8;

    /// <summary>
    /// The largest number of doublings of a trajectory, 1 to 20. Default 10: at most 1,023 steps (Stan).
    /// </summary>
    public int MaxTreeDepth { get; set; } = 10;
}

/// <summary>Options of Hamiltonian Monte Carlo with trajectories of fixed length.</summary>
public sealed record HmcOptions
{
    /// <summary>The wanted mean acceptance statistic, between 0 and 1. Default 0.8.</summary>
    public double TargetAccept { get; set; } = 0.8;

    /// <summary>The number of leapfrog steps of a trajectory, at least 1. Default 16.</summary>
    public int Steps { get; set; } = 16;

    /// <summary>
    /// Step sizes vary by this fraction from one trajectory to the next, from 0 to below 1. Default 0.2.
    /// </summary>
    public double Jitter { get; set; } = 0.2;
}

/// <summary>The metric of Hamiltonian samplers: which scales and correlations of the posterior they learn.</summary>
public enum Metric
{
    /// <summary>
    /// Dense for at most 32 coordinates if the warm-up is long enough to learn it (1,000 transitions: 25 coordinates), else
    /// diagonal.
    /// </summary>
    Automatic,

    /// <summary>The variances of the coordinates, from the draws (Stan's default).</summary>
    Diagonal,

    /// <summary>
    /// The variances of the coordinates, from draws and gradients: learnt from few draws (nutpie's default).
    /// </summary>
    DiagonalFromGradients,

    /// <summary>All covariances: for few, strongly correlated parameters.</summary>
    Dense,

    /// <summary>None.</summary>
    Identity,
}

/// <summary>Checks of settings at the moment they are given: PPL2001 with name, value and advice.</summary>
internal static class Setting
{
    public static void Require(bool holds, string name, object value, string advice)
    {
        if (!holds)
        {
            var shown = System.FormattableString.Invariant($"the option {name} is {value}");
            throw new PplException("PPL2001", shown, advice);
        }
    }

    public static int AtLeast(int least, string name, int value)
    {
        Require(value >= least, name, value, $"give at least {least}");
        return value;
    }

    public static NutsOptions Checked(NutsOptions o)
    {
        Acceptance(o.TargetAccept);
        AtLeast(1, nameof(o.MaxTreeDepth), o.MaxTreeDepth);
        Require(o.MaxTreeDepth <= 20, nameof(o.MaxTreeDepth), o.MaxTreeDepth, "give at most 20: a million steps per draw");
        return o with { };
    }

    public static HmcOptions Checked(HmcOptions o)
    {
        Acceptance(o.TargetAccept);
        AtLeast(1, nameof(o.Steps), o.Steps);
        Require(o.Jitter is >= 0 and < 1, nameof(o.Jitter), o.Jitter, "give a number from 0 to below 1");
        return o with { };
    }

    private static void Acceptance(double value) =>
        Require(value is > 0 and < 1, "TargetAccept", value, "give a number strictly between 0 and 1, usually 0.8 to 0.99");
}
