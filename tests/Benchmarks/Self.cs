// This program started once more, as a process of its own.
using System;
using System.Diagnostics;
using System.IO;

namespace Ppl.Benchmarks;

internal static class Self
{
    /// <summary>How to start this program with other arguments, whether it runs by `dotnet` or by its own executable.</summary>
    public static ProcessStartInfo With(params string[] arguments)
    {
        string process = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(process) == "dotnet";
        return new(process, isHost ? [typeof(Self).Assembly.Location, .. arguments] : arguments);
    }
}
