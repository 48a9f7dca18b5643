// `startup`: milliseconds from the start of a new process to the first gradient of a model, the runtime's own start
// included, over several processes; and for comparison the same for a process that does nothing.
using System;
using System.Diagnostics;
using System.Linq;

namespace Ppl.Benchmarks;

internal static class Startup
{
    /// <summary>The command of the child process.</summary>
    public const string Child = "first-gradient";

    private const int Processes = 9;
    private const string DefaultModel = "eight_schools_noncentered";

    /// <summary>Times the models of these names (none: eight schools).</summary>
    public static Table Run(string[] models)
    {
        var table = new Table("model", "milliseconds", "emptyProcessMilliseconds");
        double empty = Median("nothing");
        foreach (string model in models.Length == 0 ? [DefaultModel] : models)
        {
            table.Add(("model", model), ("milliseconds", Median(model)), ("emptyProcessMilliseconds", empty));
        }

        return table;
    }

    /// <summary>What the child does: one gradient, or nothing.</summary>
    public static int RunChild(string[] arguments)
    {
        if (arguments is not [string model] || model == "nothing")
        {
            return 0;
        }

        using var ours = CompiledGradient.Of(model);
        for (int i = 0; i < ours.Dimension; i++)
        {
            ours.Point[i] = 0.1 + (0.01 * i);
        }

        return double.IsFinite(ours.Evaluate()) && double.IsFinite(ours.Gradient[0]) ? 0 : 1;
    }

    private static double Median(string model) =>
        Timing.Median(Enumerable.Range(0, Processes).Select(_ => Milliseconds(model)).ToArray());

    private static double Milliseconds(string model)
    {
        long start = Stopwatch.GetTimestamp();
        using var child = Process.Start(Self.With(Child, model))!;
        child.WaitForExit();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"The child process for {model} ended with {child.ExitCode}.");
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
