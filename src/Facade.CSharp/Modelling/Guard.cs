// Argument checks at the border of C#: null arrives here and goes no further.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Ppl;

/// <summary>Checks of callers' arguments.</summary>
internal static class Guard
{
    /// <summary>
    /// The argument, if it is not null; else an <see cref="System.ArgumentNullException"/> with its name.
    /// </summary>
    public static T Given<T>([NotNull] T? argument, [CallerArgumentExpression(nameof(argument))] string? name = null)
    {
        System.ArgumentNullException.ThrowIfNull(argument, name);
        return argument;
    }
}
