// Cancellation loses nothing: the exception carries what was drawn.
using System;
using System.Threading;

namespace Ppl;

/// <summary>A run was cancelled. <see cref="Partial"/> holds everything that was drawn before.</summary>
/// <typeparam name="TModel">The model's class.</typeparam>
public sealed class RunCanceledException<TModel> : OperationCanceledException
{
    internal RunCanceledException(Posterior<TModel> partial, CancellationToken token)
        : base($"the run was cancelled after {partial.Count} draws; they are in Partial", token) => Partial = partial;

    /// <summary>The draws made before the run was cancelled; possibly none.</summary>
    public Posterior<TModel> Partial { get; }
}
