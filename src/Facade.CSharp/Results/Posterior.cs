// The result of a run, typed by the model. Relies on RunOutcome, DrawStore and the files of this folder.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Ppl.Inference.Diagnostics;

namespace Ppl;

/// <summary>The draws of a run of a model, what is estimated from them, and whether they can be trusted.</summary>
/// <remarks>Immutable and safe to share between threads.</remarks>
/// <typeparam name="TModel">The model's class.</typeparam>
public sealed class Posterior<TModel>
{
    private readonly RunOutcome outcome;
    private readonly Lazy<ScalarSummary[]> summaries;
    private readonly Lazy<Diagnostic[]> diagnostics;

    internal Posterior(RunOutcome outcome)
    {
        this.outcome = outcome;
        summaries = new(() => Summarise(Ppl.Inference.Diagnostics.Summary.defaultLevel));
        diagnostics = new(Diagnose);
        Statistics = new RunStatistics(outcome);
    }

    /// <summary>The number of chains.</summary>
    public int Chains => Store.Lengths.Count;

    /// <summary>The number of draws of all chains together.</summary>
    public int Count => Store.Lengths.Sum();

    /// <summary>Whether the run was stopped before all draws were made.</summary>
    public bool IsPartial => outcome.Result.IsPartial;

    /// <summary>How the sampler worked.</summary>
    public RunStatistics Statistics { get; }

    /// <summary>What is wrong with the run; empty if nothing was found.</summary>
    public IReadOnlyList<RunDiagnostic> Diagnostics => Array.ConvertAll(diagnostics.Value, RunDiagnostic.Of);

    /// <summary>Whether the draws can be trusted.</summary>
    public Health Health => new((HealthVerdict)(int)Bridge.Verdict(Chains, summaries.Value, diagnostics.Value));

    /// <summary>The draws of a number.</summary>
    public ScalarDraws this[Site<Real> site] => Scalar(Guard.Given(site).Name);

    /// <summary>The draws of a vector.</summary>
    public VectorDraws this[Site<RealVec> site] => Vector(Guard.Given(site).Name);

    /// <summary>The draws of a matrix.</summary>
    public MatrixDraws this[Site<RealMat> site] => Matrix(Guard.Given(site).Name);

    private DrawStore Store => outcome.Store;

    /// <summary>The draws of a number by its address (PPL6002, PPL5001).</summary>
    public ScalarDraws Scalar(string address) => Store.Site(address, 0).Flat(0);

    /// <summary>The draws of a vector by its address (PPL6002, PPL5001).</summary>
    public VectorDraws Vector(string address) => new(Store.Site(address, 1));

    /// <summary>The draws of a matrix by its address (PPL6002, PPL5001).</summary>
    public MatrixDraws Matrix(string address) => new(Store.Site(address, 2));

    /// <summary>All draws, chain by chain, each as a value that <paramref name="read"/> makes of it.</summary>
    public IEnumerable<TDraw> Each<TDraw>(Func<DrawReader, TDraw> read)
    {
        Guard.Given(read);
        return Enumerable.Range(0, Chains).SelectMany(Readers).Select(read);
    }

    /// <summary>The draws of a function of all sites, under a name.</summary>
    public ScalarDraws Map(string name, Func<DrawReader, double> function)
    {
        Guard.Given(function);
        var chains = Enumerable.Range(0, Chains).Select(chain => Readers(chain).Select(function).ToArray());
        return new(Guard.Given(name), [.. chains]);
    }

    /// <summary>One row for each number: mean, sd, interval, ESS, R-hat and Monte Carlo errors.</summary>
    /// <param name="level">The probability that the intervals hold. Default 0.89, as in ArviZ.</param>
    public SummaryTable Summary(double level = 0.89) =>
        new(level, level == Ppl.Inference.Diagnostics.Summary.defaultLevel ? summaries.Value : Summarise(level));

    /// <summary>
    /// Writes all draws to one file, as R's posterior::as_draws_df reads it: columns .chain, .iteration, .draw (from 1),
    /// then the numbers, elements as theta[1]. The file is replaced when all is written.
    /// </summary>
    public Task SaveDrawsCsvAsync(string path, CancellationToken cancellationToken = default) =>
        TextFile.WriteAsync(Guard.Given(path), DrawsCsv.Lines(Store), cancellationToken);

    /// <summary>
    /// Writes one file per chain, directory/model-1.csv and so on, in CmdStan's form (rstan, cmdstanr, cmdstanpy).
    /// </summary>
    /// <returns>The paths of the files.</returns>
    public async Task<IReadOnlyList<string>> SaveStanCsvAsync(
        string directory,
        CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(Guard.Given(directory));
        var paths = new string[Chains];
        for (var chain = 0; chain < Chains; chain++)
        {
            paths[chain] = Path.Combine(directory, $"{StanCsv.Clean(outcome.Model)}-{chain + 1}.csv");
            var lines = StanCsv.Lines(outcome.Model, outcome.Settings, Store, outcome.Result.Chains[chain]);
            await TextFile.WriteAsync(paths[chain], lines, cancellationToken).ConfigureAwait(false);
        }

        return paths;
    }

    private IEnumerable<DrawReader> Readers(int chain) =>
        Enumerable.Range(0, Store.Lengths[chain]).Select(draw => new DrawReader(Store, chain, draw));

    private ScalarSummary[] Summarise(double level) =>
    [
        .. from site in Store.Sites
           from element in Enumerable.Range(0, site.Elements)
           select site.Flat(element).Summarise(level),
    ];

    private Diagnostic[] Diagnose() =>
        Bridge.Diagnostics(
            Flags("diverging"),
            Flags("saturated"),
            outcome.Result.Sampler.Limit,
            Statistics.Values("energy"),
            summaries.Value);

    private bool[][] Flags(string name) =>
        Statistics.Names.Contains(name)
            ? Array.ConvertAll(Statistics.Values(name), static chain => Array.ConvertAll(chain, static x => x != 0))
            : [.. Enumerable.Repeat(Array.Empty<bool>(), Chains)];
}
