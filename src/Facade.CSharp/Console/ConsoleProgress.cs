// Progress of a run for people: a live table on a terminal, otherwise one plain line per chain each tenth of its way.
// Besides Print, nothing else in this library writes to the console. Relies on Spectre.Console.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;
using Spectre.Console;
using static System.FormattableString;

namespace Ppl;

/// <summary>
/// Shows how far a run has come: <c>RunAsync(new ConsoleProgress(), ct)</c>. On a terminal a live table; where output is
/// redirected, or where the variables CI or NO_COLOR are set, plain lines. Used by one run at a time.
/// </summary>
public sealed class ConsoleProgress : IProgress<RunProgress>, IRunListener
{
    private readonly IProgress<RunProgress> view;

    /// <summary>Writes to standard output.</summary>
    public ConsoleProgress() =>
        view = IsPlain() ? new PlainProgress(System.Console.Out) : new LiveProgress(AnsiConsole.Console);

    /// <summary>Writes plain lines.</summary>
    public ConsoleProgress(TextWriter writer) => view = new PlainProgress(Guard.Given(writer));

    internal ConsoleProgress(IAnsiConsole console) => view = new LiveProgress(console);

    /// <inheritdoc/>
    public void Report(RunProgress value) => view.Report(value);

    void IRunListener.Started(int chains) => (view as IRunListener)?.Started(chains);

    void IRunListener.Ended() => (view as IRunListener)?.Ended();

    private static bool IsPlain() =>
        System.Console.IsOutputRedirected
        || Environment.GetEnvironmentVariable("CI") is not (null or "")
        || Environment.GetEnvironmentVariable("NO_COLOR") is not (null or "");
}

/// <summary>One line per chain each tenth of its way. Lines are whole, whichever threads they come from.</summary>
internal sealed class PlainProgress(TextWriter writer) : IProgress<RunProgress>
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, int> shown = [];

    public void Report(RunProgress p)
    {
        var tenth = 10 * p.Draw / Math.Max(1, p.Total);
        lock (gate)
        {
            if (tenth == 0 || shown.GetValueOrDefault(p.Chain) >= tenth)
            {
                return;
            }

            // The last report of a chain forgets it: the same listener may watch another run.
            shown[p.Chain] = p.Draw == p.Total ? 0 : tenth;
            writer.WriteLine(Line(p));
        }
    }

    private static string Line(RunProgress p)
    {
        var phase = p.Phase == RunPhase.Warmup ? "warm-up " : "sampling";
        var (step, gradients) = (Invariant($"{p.StepSize:G3}"), Invariant($"{p.GradientsPerDraw:F1}"));
        return $"chain {p.Chain + 1}/{p.Chains}  {100 * p.Draw / p.Total,3}%  {phase}  {p.Draw}/{p.Total}"
            + $"  divergences {p.Divergences}  step size {step}  gradients/draw {gradients}";
    }
}

/// <summary>A table that is redrawn ten times a second by a thread of its own.</summary>
internal sealed class LiveProgress(IAnsiConsole console) : IProgress<RunProgress>, IRunListener
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Columns =
        ["chain", "phase", "progress", "draws", "divergences", "step size", "gradients/draw", "left"];

    private readonly Lock gate = new();
    private readonly ManualResetEventSlim ended = new();
    private RunProgress?[] chains = [];
    private Thread? painter;

    public void Report(RunProgress value)
    {
        lock (gate)
        {
            chains[value.Chain] = value;
        }
    }

    public void Started(int count)
    {
        chains = new RunProgress?[count];
        ended.Reset();
        painter = new Thread(Paint) { IsBackground = true, Name = "Ppl progress" };
        painter.Start();
    }

    public void Ended()
    {
        ended.Set();
        painter?.Join();
    }

    private void Paint()
    {
        try
        {
            console.Live(Table()).Start(Repaint);
        }
        catch (InvalidOperationException)
        {
            // Another live display has the console (two runs at once): the run goes on without a picture.
        }
    }

    private void Repaint(LiveDisplayContext context)
    {
        while (!ended.Wait(Period))
        {
            context.UpdateTarget(Table());
        }

        context.UpdateTarget(Table());
    }

    private Table Table()
    {
        var table = new Table().AddColumns(Columns);
        lock (gate)
        {
            for (var chain = 0; chain < chains.Length; chain++)
            {
                table.AddRow(Cells(chain, chains[chain]));
            }
        }

        return table;
    }

    private static string[] Cells(int chain, RunProgress? report)
    {
        if (report is not { } p)
        {
            return [$"{chain + 1}", "start", "", "", "", "", "", ""];
        }

        var filled = 20 * p.Draw / Math.Max(1, p.Total);
        var colour = p.Divergences > 0 ? "yellow" : "green";
        return
        [
            $"{chain + 1}",
            p.Draw == p.Total ? "done" : p.Phase == RunPhase.Warmup ? "warm-up" : "sampling",
            $"[{colour}]{new string('#', filled)}[/]{new string('.', 20 - filled)}",
            $"{p.Draw}/{p.Total}",
            p.Divergences > 0 ? $"[yellow]{p.Divergences}[/]" : "0",
            p.StepSize.ToString("G3", CultureInfo.InvariantCulture),
            p.GradientsPerDraw.ToString("F1", CultureInfo.InvariantCulture),
            p.Eta.ToString(p.Eta.TotalHours < 1 ? @"mm\:ss" : @"d\.hh\:mm\:ss", CultureInfo.InvariantCulture),
        ];
    }
}
