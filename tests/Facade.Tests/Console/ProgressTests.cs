// Progress on the console: plain lines exactly, the live table through a console that writes into a string.
using System;
using System.IO;
using Spectre.Console;
using Xunit;

namespace Ppl.Facade.Tests;

public class ProgressTests
{
    private static RunProgress At(int chain, int draw, int divergences = 0) =>
        new(draw <= 50 ? RunPhase.Warmup : RunPhase.Sampling, chain, 2, draw, 100, divergences, 0.5, 7.25, TimeSpan.FromSeconds(3));

    [Fact]
    public void PlainLinesComeOncePerTenth()
    {
        var text = new StringWriter { NewLine = "\n" };
        var progress = new ConsoleProgress(text);
        foreach (var draw in new[] { 1, 9, 10, 11, 19, 25, 29, 60, 100 })
        {
            progress.Report(At(0, draw));
        }

        progress.Report(At(1, 100, divergences: 3));
        Assert.Equal(
            """
            chain 1/2   10%  warm-up   10/100  divergences 0  step size 0.5  gradients/draw 7.2
            chain 1/2   25%  warm-up   25/100  divergences 0  step size 0.5  gradients/draw 7.2
            chain 1/2   60%  sampling  60/100  divergences 0  step size 0.5  gradients/draw 7.2
            chain 1/2  100%  sampling  100/100  divergences 0  step size 0.5  gradients/draw 7.2
            chain 2/2  100%  sampling  100/100  divergences 3  step size 0.5  gradients/draw 7.2

            """,
            text.ToString());
    }

    [Fact]
    public void APlainListenerCanWatchASecondRun()
    {
        var text = new StringWriter { NewLine = "\n" };
        var progress = new ConsoleProgress(text);
        progress.Report(At(0, 100));
        progress.Report(At(0, 10));
        Assert.Equal(2, text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void TheLiveTableShowsEveryChain()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 120;
        var progress = new ConsoleProgress(console);
        var listener = (IRunListener)progress;
        listener.Started(2);
        progress.Report(At(0, 100));
        progress.Report(At(1, 75, divergences: 4));
        listener.Ended();
        Assert.Contains("gradients/draw", text.ToString());
        Assert.Contains("100/100", text.ToString());
        Assert.Contains("75/100", text.ToString());
        Assert.Contains("###############.....", text.ToString());
    }
}
