// The one entry to inference: model.Infer().Nuts(...).Chains(4)....RunAsync(). Every call returns a new value, so that a
// builder can be shared and reused; every option is checked when it is given (PPL2001). Relies on InferenceSettings and
// InferenceRun. Read Posterior next.
using System;
using System.Threading;
using System.Threading.Tasks;
using Ppl.Core.Ir;
using Ppl.Jit;

namespace Ppl;

/// <summary>What a run of a model will do. Immutable: each method returns a new value.</summary>
/// <typeparam name="TModel">The model's class.</typeparam>
public sealed class InferenceBuilder<TModel>
{
    private readonly ModelDefinition definition;
    private readonly InferenceSettings settings;

    internal InferenceBuilder(ModelDefinition definition, InferenceSettings settings)
    {
        this.definition = definition;
        this.settings = settings;
    }

    /// <summary>Samples with the no-U-turn sampler (the default).</summary>
    /// <param name="configure">Changes the options; they are checked on return.</param>
    public InferenceBuilder<TModel> Nuts(Action<NutsOptions>? configure = null)
    {
        var options = new NutsOptions();
        configure?.Invoke(options);
        return With(settings with { Nuts = Setting.Checked(options), Hmc = null });
    }

    /// <summary>Samples with Hamiltonian Monte Carlo with trajectories of fixed length.</summary>
    /// <param name="configure">Changes the options; they are checked on return.</param>
    public InferenceBuilder<TModel> Hmc(Action<HmcOptions>? configure = null)
    {
        var options = new HmcOptions();
        configure?.Invoke(options);
        return With(settings with { Hmc = Setting.Checked(options) });
    }

    /// <summary>The number of independent chains, at least 1. Default 4: R-hat compares them.</summary>
    public InferenceBuilder<TModel> Chains(int count) =>
        With(settings with { Chains = Setting.AtLeast(1, nameof(Chains), count) });

    /// <summary>Transitions per chain that learn step size and metric and are not kept. Default 1,000.</summary>
    public InferenceBuilder<TModel> Warmup(int count) =>
        With(settings with { Warmup = Setting.AtLeast(0, nameof(Warmup), count) });

    /// <summary>Draws per chain that are kept, at least 1. Default 1,000.</summary>
    public InferenceBuilder<TModel> Draws(int count) =>
        With(settings with { Draws = Setting.AtLeast(1, nameof(Draws), count) });

    /// <summary>The seed of all randomness: same seed, same bits. Default 0.</summary>
    public InferenceBuilder<TModel> Seed(ulong seed) => With(settings with { Seed = seed });

    /// <summary>The number of threads; 0, the default, is one per processor. It does not change the draws.</summary>
    public InferenceBuilder<TModel> Threads(int count) =>
        With(settings with { Threads = Setting.AtLeast(0, nameof(Threads), count) });

    /// <summary>What the sampler learns about scales and correlations. Default: automatic.</summary>
    public InferenceBuilder<TModel> Metric(Metric metric)
    {
        Setting.Require(Enum.IsDefined(metric), nameof(Metric), metric, "give one of the named values");
        return With(settings with { Metric = metric });
    }

    /// <summary>
    /// Whether sums of squares over data that are linear in the parameters, as in linear regressions, are computed from a
    /// triangular factor of the data, made once when the sampler is compiled. Default true: it is faster by the number of
    /// observations per parameter, and changes the density by rounding alone.
    /// </summary>
    public InferenceBuilder<TModel> CompressData(bool compress) => With(settings with { CompressData = compress });

    /// <summary>
    /// Whether recurrences that are linear in their state, as in models of time series, and the reverse passes of all
    /// recurrences are computed for eight steps side by side. Default true: it is two to four times as fast from about
    /// fifty steps on, and changes the density by rounding alone.
    /// </summary>
    public InferenceBuilder<TModel> SplitRecurrences(bool split) => With(settings with { SplitRecurrences = split });

    /// <summary>
    /// Runs this many chains together, in the SIMD lanes of one thread (default 1: each chain on its own). 8 suits
    /// <see cref="Hmc"/> on small models with 8 chains or more. It does not pay for <see cref="Nuts"/>, where all chains
    /// wait for the longest tree. What a chain draws changes by rounding alone.
    /// </summary>
    public InferenceBuilder<TModel> Lanes(int count)
    {
        Setting.Require(count is >= 1 and <= 64, nameof(Lanes), count, "give a number from 1 to 64, usually 8");
        return With(settings with { Lanes = count });
    }

    /// <summary>The engine that compiles and runs the sampler. Default: machine code for this processor.</summary>
    public InferenceBuilder<TModel> Engine(IEngine engine) => With(settings with { Engine = Guard.Given(engine) });

    /// <summary>
    /// What the log density of the model and its gradient were compiled to: the fused loops with their work and memory
    /// traffic, the constants, and, if asked, the time of each part. Print it: it is a table.
    /// </summary>
    /// <param name="time">Whether to run the parts, for about half a second, and time each.</param>
    /// <exception cref="Ppl.Core.PplException">PPL1xxx: the data; PPL6xxx: the model.</exception>
    public Explanation Explain(bool time = false) => Density.Explain(definition.MakeTarget(), settings, time);

    /// <summary>
    /// Starts a run on threads of its own and returns at once: a handle that can stop it and keep its draws.
    /// </summary>
    /// <param name="progress">Told how far the chains have come; called from their threads.</param>
    /// <param name="cancellationToken">Ends the run within 250 ms; its draws are kept in the exception.</param>
    public InferenceRun<TModel> Start(
        IProgress<RunProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(new RunJob(definition, settings, progress), cancellationToken);

    /// <summary>Runs on threads of its own.</summary>
    /// <param name="progress">Told how far the chains have come; called from their threads.</param>
    /// <param name="cancellationToken">Ends the run within 250 ms.</param>
    /// <exception cref="Ppl.Core.PplException">
    /// PPL1xxx: the data; PPL2103: no finite starting point; PPL6xxx: the model.
    /// </exception>
    /// <exception cref="RunCanceledException{TModel}">The run was cancelled; it holds the draws made so far.</exception>
    public Task<Posterior<TModel>> RunAsync(
        IProgress<RunProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Start(progress, cancellationToken).Completion;

    /// <summary>Runs and waits. For programs without async; the work is on threads of its own all the same.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public Posterior<TModel> Run(
        IProgress<RunProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(progress, cancellationToken).GetAwaiter().GetResult();

    private InferenceBuilder<TModel> With(InferenceSettings changed) => new(definition, changed);
}
