// Whole runs: right numbers, the same bits for any number of threads, cancellation that keeps the draws.
using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;
using static Ppl.Dist;

namespace Ppl.Facade.Tests;

public class RunTests
{
    private sealed class Listener(Action<RunProgress> act) : IProgress<RunProgress>
    {
        public void Report(RunProgress value) => act(value);
    }

    /// <summary>mu ~ N(0, 10^2), y ~ N(mu, 2^2): the posterior is normal with known mean and sd.</summary>
    private static LooseModel Conjugate()
    {
        double[] y = [3.1, 4.4, 2.0, 5.2];
        return new(p => p.Observe(y, Normal(p.Sample("mu", Normal(0, 10)), 2)));
    }

    /// <summary>A target whose transitions are slow enough to be cancelled in the middle.</summary>
    private static LooseModel Slow() => new(static p => p.Sample("x", Normal(0, 1).Each(200)));

    [Theory]
    [InlineData("nuts", Metric.Diagonal)]
    [InlineData("nuts", Metric.DiagonalFromGradients)]
    [InlineData("nuts", Metric.Dense)]
    [InlineData("nuts", Metric.Identity)]
    [InlineData("hmc", Metric.Diagonal)]
    public async Task AConjugatePosteriorIsFound(string sampler, Metric metric)
    {
        var builder = Conjugate().Infer().Metric(metric).Warmup(500).Draws(1000).Seed(20261121);
        var posterior = await (sampler == "hmc" ? builder.Hmc() : builder.Nuts()).RunAsync();
        var precision = (1 / 100.0) + (4 / 4.0);
        var (mean, sd) = ((3.1 + 4.4 + 2.0 + 5.2) / 4 / precision, Math.Sqrt(1 / precision));
        var mu = posterior.Scalar("mu");

        // Two comparisons at 5 standard errors: false-alarm rate 1.2e-6 for each case; the seed is fixed.
        Assert.InRange(Math.Abs(mu.Mean().Value - mean), 0, 5 * mu.Mean().Mcse!.Value);
        Assert.InRange(Math.Abs(mu.Sd().Value - sd), 0, 5 * mu.Sd().Mcse!.Value);
        Assert.True(posterior.Health.Ok, posterior.Health.ToString());
        Assert.Equal(0, posterior.Health.ExitCode);
        Assert.Equal(sampler, posterior.Statistics.Sampler);
        Assert.False(posterior.IsPartial);
    }

    [Fact]
    public async Task ThreadsDoNotChangeTheDraws()
    {
        var builder = EightSchools.Data().Infer().Chains(3).Warmup(60).Draws(30).Seed(5);
        var one = await builder.Threads(1).RunAsync();
        var three = await builder.Threads(3).RunAsync();
        Assert.Equal(one.Each().Select(static d => (d.Mu, d.Tau)), three.Each().Select(static d => (d.Mu, d.Tau)));
        Assert.NotEqual(one.Mu.ToArray(), (await builder.Seed(6).RunAsync()).Mu.ToArray());
    }

    [Fact]
    public async Task TheWorkIsNotDoneOnThePool()
    {
        var onPool = new ConcurrentBag<bool>();
        await Conjugate().Short().RunAsync(new Listener(_ => onPool.Add(Thread.CurrentThread.IsThreadPoolThread)));
        Assert.NotEmpty(onPool);
        Assert.DoesNotContain(true, onPool);
    }

    [Fact]
    public async Task ProgressReachesTheEndOfEveryChain()
    {
        var reports = new ConcurrentQueue<RunProgress>();
        await Conjugate().Short().RunAsync(new Listener(reports.Enqueue));
        Assert.Equal([0, 1], reports.Where(static p => p.Draw == p.Total).Select(static p => p.Chain).Order());
        Assert.All(reports, static p => Assert.Equal((2, 100), (p.Chains, p.Total)));
        Assert.All(reports.Where(static p => p.Draw == p.Total), static p => Assert.Equal((RunPhase.Sampling, TimeSpan.Zero), (p.Phase, p.Eta)));
    }

    [Fact]
    public async Task CancellationKeepsTheDraws()
    {
        using var cancel = new CancellationTokenSource();
        var listener = new Listener(p =>
        {
            if (p.Phase == RunPhase.Sampling)
            {
                cancel.Cancel();
            }
        });
        var run = Slow().Infer().Chains(2).Warmup(20).Draws(100_000).Threads(2).RunAsync(listener, cancel.Token);
        var error = await Assert.ThrowsAsync<RunCanceledException<LooseModel>>(() => run);
        Assert.IsAssignableFrom<OperationCanceledException>(error);
        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.True(error.Partial.IsPartial);
        Assert.InRange(error.Partial.Count, 1, 199_999);
        Assert.Equal(error.Partial.Count, error.Partial.Vector("x")[199].Count);
        Assert.Equal(error.Partial.Count, error.Partial.Statistics.Chains.Sum(static c => c.Draws));
    }

    [Fact]
    public async Task ARunCancelledBeforeItBeginsHasNoDrawsAndSaysSo()
    {
        var error = await Assert.ThrowsAsync<RunCanceledException<LooseModel>>(
            () => Slow().Short().RunAsync(null, new CancellationToken(canceled: true)));
        Assert.Equal(0, error.Partial.Count);
        var mean = error.Partial.Vector("x")[0].Mean();
        Assert.False(mean.HasValue);
        Assert.Contains("no draws", mean.Reason);
        Assert.Equal(HealthVerdict.CannotJudge, error.Partial.Health.Verdict);
    }

    [Fact]
    public async Task AStoppedRunKeepsItsDrawsOnRequest()
    {
        using var sampling = new ManualResetEventSlim();
        var listener = new Listener(p =>
        {
            if (p.Phase == RunPhase.Sampling)
            {
                sampling.Set();
            }
        });
        var run = Slow().Infer().Chains(1).Warmup(20).Draws(200_000).Start(listener);
        sampling.Wait();
        var partial = await run.StopAsync(keep: true);
        Assert.True(partial.IsPartial);
        Assert.InRange(partial.Count, 1, 199_999);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.StopAsync(keep: false));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Completion);
    }

    [Fact]
    public async Task StoppingAFinishedRunGivesTheWholeOfIt()
    {
        var run = Conjugate().Short().Start();
        var whole = await run.Completion;
        var stopped = await run.StopAsync(keep: true);
        Assert.False(stopped.IsPartial);
        Assert.Equal(whole.Scalar("mu").ToArray(), stopped.Scalar("mu").ToArray());
    }

    [Fact]
    public void RunWaits() => Assert.Equal(100, Conjugate().Short().Run().Count);

    [Fact]
    public async Task TheCentredEightSchoolsWarn()
    {
        var posterior = await EightSchools.Data().Infer().Seed(20261121).RunAsync();
        Assert.False(posterior.Health.Ok);
        Assert.Equal(3, posterior.Health.ExitCode);
        var divergences = Assert.Single(posterior.Diagnostics, static d => d.Id == "PPL2101");
        Assert.Equal(posterior.Statistics.Divergences, divergences.Positions.Count);
        Assert.Equal(DiagnosticSeverity.Warning, divergences.Severity);
        Assert.NotEmpty(divergences.Advice);
    }
}
