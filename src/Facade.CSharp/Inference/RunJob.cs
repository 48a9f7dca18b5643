// One run from the checks of the data to the draws, on a thread that belongs to it. Relies on ModelDefinition,
// InferenceSettings and Ppl.Inference.Runs. Read InferenceRun next.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Ppl.Inference;
using Ppl.Inference.Runs;
using CoreProgress = Ppl.Inference.RunProgress;

namespace Ppl;

/// <summary>Told when a run begins and ends, besides its progress.</summary>
internal interface IRunListener
{
    void Started(int chains);

    void Ended();
}

/// <summary>What a run has produced.</summary>
internal sealed record RunOutcome(
    string Model,
    InferenceSettings Settings,
    RunResult Result,
    DrawStore Store,
    TimeSpan CompileTime);

/// <summary>A run that has not begun yet.</summary>
internal sealed class RunJob(ModelDefinition definition, InferenceSettings settings, IProgress<RunProgress>? progress)
{
    /// <summary>Runs on a new thread: the thread pool stays free for the rest of the program.</summary>
    public Task<RunOutcome> StartOnOwnThread(CancellationToken stop)
    {
        var completion = new TaskCompletionSource<RunOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => Complete(completion, stop)) { IsBackground = true, Name = "Ppl run" };
        thread.Start();
        return completion.Task;
    }

    private void Complete(TaskCompletionSource<RunOutcome> completion, CancellationToken stop)
    {
        try
        {
            completion.SetResult(Run(stop));
        }
        catch (Exception error)
        {
            completion.SetException(error);
        }
    }

    private RunOutcome Run(CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var target = SamplingTargetModule.ofTarget(definition.MakeTarget());
        definition.RequireDeclared([.. target.Values.Select(static v => v.Name)]);
        var sampler = settings.Compile(target);
        var compileTime = clock.Elapsed;
        var listener = progress as IRunListener;
        listener?.Started(settings.Chains);
        try
        {
            var result = Ppl.Inference.Runs.Run.all(sampler, Control(stop));
            return new(definition.Name, settings, result, Store(result), compileTime);
        }
        finally
        {
            listener?.Ended();
        }
    }

    private RunControl Control(CancellationToken stop) =>
        new(stop, progress is null ? null : new Relay(progress, settings.Chains), RunControl.Default.ReportEvery);

    private DrawStore Store(RunResult result) =>
        new(
            [.. result.Values.Select(value => SiteOf(value, result.Chains))],
            [.. result.Chains.Select(static c => c.Draws.Count)]);

    private SiteDraws SiteOf(ReportedValue value, IEnumerable<ChainResult> chains) =>
        new(
            value.Name,
            value.Shape.ToArray(),
            definition.AxesOf(value.Name),
            [.. chains.Select(chain => Block(chain.Draws, value))]);

    /// <summary>The columns of one value from the rows of a chain.</summary>
    private static double[] Block(Draws draws, ReportedValue value)
    {
        var block = new double[draws.Count * value.Length];
        for (var t = 0; t < draws.Count; t++)
        {
            Array.Copy(draws.Rows, (t * draws.RowLength) + value.Offset, block, t * value.Length, value.Length);
        }

        return block;
    }

    /// <summary>Translates the core's reports, with the time that is left.</summary>
    private sealed class Relay(IProgress<RunProgress> listener, int chains) : IProgress<CoreProgress>
    {
        private readonly long started = Stopwatch.GetTimestamp();

        public void Report(CoreProgress p)
        {
            var left = Stopwatch.GetElapsedTime(started) * ((double)(p.Total - p.Transition) / Math.Max(1, p.Transition));
            var phase = p.Phase == Ppl.Inference.RunPhase.Warmup ? RunPhase.Warmup : RunPhase.Sampling;
            listener.Report(
                new(phase, p.Chain, chains, p.Transition, p.Total, p.Divergences, p.StepSize, p.StepsPerTransition, left));
        }
    }
}
