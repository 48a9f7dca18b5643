// What a run is asked to do, as an immutable value, and its translation to the core's options.
// Relies on Ppl.Inference. Read InferenceBuilder next.
using Ppl.Core.Ir;
using Ppl.Inference;
using Ppl.Inference.Adaptation;
using Ppl.Inference.Mcmc;
using Ppl.Inference.Runs;
using Ppl.Jit;

namespace Ppl;

/// <summary>The settings of a run. Exactly one of Nuts and Hmc is used: Hmc where it is given.</summary>
internal sealed record InferenceSettings
{
    public NutsOptions Nuts { get; init; } = new();

    public HmcOptions? Hmc { get; init; }

    public int Chains { get; init; } = 4;

    public int Warmup { get; init; } = 1000;

    public int Draws { get; init; } = 1000;

    public ulong Seed { get; init; }

    /// <summary>0: one per processor.</summary>
    public int Threads { get; init; }

    public Metric Metric { get; init; } = Metric.Automatic;

    public bool CompressData { get; init; } = true;

    public bool SplitRecurrences { get; init; } = true;

    public int Lanes { get; init; } = 1;

    /// <summary>Builders made from one another share it, and with it the compiled programs.</summary>
    public IEngine Engine { get; init; } = new CpuEngine();

    /// <summary>Compiles the sampler that these settings describe.</summary>
    public CompiledSampler Compile(SamplingTarget target)
    {
        var leapfrog = IntegratorModule.leapfrog;
        return Hmc is { } hmc
            ? Sampler.hmc(Engine, new(hmc.Steps, hmc.Jitter, leapfrog, Adaptation(hmc.TargetAccept)), Run, target)
            : Sampler.nuts(Engine, new(Nuts.MaxTreeDepth, leapfrog, Adaptation(Nuts.TargetAccept)), Run, target);
    }

    private RunOptions Run =>
        new(Chains, Warmup, Draws, Seed, Threads, RunOptions.Default.Start, CompressData, SplitRecurrences, Lanes);

    private AdaptationOptions Adaptation(double targetAccept)
    {
        var d = AdaptationOptions.Default;
        var source = Metric == Metric.DiagonalFromGradients ? MetricSource.DrawsAndGradients : MetricSource.Draws;
        return new(targetAccept, d.InitialStepSize, Kind, source, d.InitialBuffer, d.FirstWindow, d.FinalBuffer);
    }

    private MetricChoice Kind =>
        Metric switch
        {
            Metric.Automatic => MetricChoice.Automatic,
            Metric.Dense => MetricChoice.NewFixed(MetricKind.Dense),
            Metric.Identity => MetricChoice.NewFixed(MetricKind.Identity),
            _ => MetricChoice.NewFixed(MetricKind.Diagonal),
        };
}
