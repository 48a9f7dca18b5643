// A run under way: wait for it, or stop it and keep what it has. Relies on RunJob. Read Posterior next.
using System;
using System.Threading;
using System.Threading.Tasks;

namespace Ppl;

/// <summary>A run under way, on threads of its own.</summary>
/// <typeparam name="TModel">The model's class.</typeparam>
public sealed class InferenceRun<TModel>
{
    private readonly CancellationTokenSource stop;
    private readonly Task<RunOutcome> outcome;

    internal InferenceRun(RunJob job, CancellationToken cancellationToken)
    {
        // Never disposed: it has no timer, and the caller's token forgets it when the run ends.
        stop = new CancellationTokenSource();
        var registration = cancellationToken.Register(stop.Cancel);
        outcome = job.StartOnOwnThread(stop.Token);
        Completion = CompleteAsync(registration, cancellationToken);
    }

    /// <summary>The result; a <see cref="RunCanceledException{TModel}"/> if the run was cancelled or stopped.</summary>
    public Task<Posterior<TModel>> Completion { get; }

    /// <summary>Ends the run within 250 ms.</summary>
    /// <param name="keep">
    /// True: the posterior of the draws made so far, with <c>IsPartial</c> set (or the whole one, if the run had ended
    /// already). False: an <see cref="OperationCanceledException"/>.
    /// </param>
    public async Task<Posterior<TModel>> StopAsync(bool keep)
    {
        await stop.CancelAsync().ConfigureAwait(false);
        var result = await outcome.ConfigureAwait(false);
        return keep
            ? new(result)
            : throw new OperationCanceledException("the run was stopped and its draws were not kept");
    }

    private async Task<Posterior<TModel>> CompleteAsync(CancellationTokenRegistration registration, CancellationToken token)
    {
        await using (registration.ConfigureAwait(false))
        {
            var posterior = new Posterior<TModel>(await outcome.ConfigureAwait(false));
            return posterior.IsPartial ? throw new RunCanceledException<TModel>(posterior, token) : posterior;
        }
    }
}
